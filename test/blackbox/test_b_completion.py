"""The completion for bash: what it offers at the end of a line."""
import subprocess

import cases
import program

SCRIPT = """
source gateway/completion/dpgw.bash
complete -p dpgw >&2
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_dpgw
printf '%s\\n' "${COMPREPLY[@]}"
"""


def offered(*words):
    """What bash is told for the line of WORDS, whose last one is under the cursor."""
    done = subprocess.run(["bash", "--norc", "-euc", SCRIPT, "bash", *words], cwd=program.ROOT,
                          capture_output=True, text=True, check=False)
    if done.returncode or done.stderr != "complete -o filenames -F _dpgw dpgw\n":
        raise AssertionError(f"{done.returncode}: {done.stderr}")
    return sorted(done.stdout.split())


class Completion(cases.Case):
    def test_commands(self):
        self.assertEqual(offered("dpgw", "t"), ["test", "translate"])
        self.assertEqual(offered("dpgw", "--v"), ["--version"])
        for command in offered("dpgw", ""):
            with self.subTest(command):
                self.assertEqual(program.run(command, "--help")[0], 0)

    def test_options_of_the_command(self):
        self.assertEqual(offered("dpgw", "translate", "--r"),
                         ["--request", "--response", "--route"])
        self.assertEqual(offered("dpgw", "serve", "-"), ["--config", "--help", "--set", "-c"])
        self.assertEqual(offered("dpgw", "version", "-"), ["--help"])

    def test_values_of_options(self):
        self.assertEqual(offered("dpgw", "check", "--format", ""), ["json", "text"])
        self.assertEqual(offered("dpgw", "drift", "--format", ""), ["json", "yaml"])
        self.assertEqual(offered("dpgw", "diff", "--fail-on", "b"), ["breaking"])
        self.assertEqual(offered("dpgw", "check", "--set", ""), [])
        self.assertIn("text/event-stream", offered("dpgw", "translate", "--type", "te"))

    def test_a_value_after_an_equals_sign(self):
        self.assertEqual(offered("dpgw", "check", "--format", "="), ["json", "text"])
        self.assertEqual(offered("dpgw", "check", "--format", "=", "j"), ["json"])

    def test_files_and_methods(self):
        self.assertEqual(offered("dpgw", "check", "-c", "config/gateway.y"),
                         ["config/gateway.yaml"])
        self.assertEqual(offered("dpgw", "diff", "config/mapping.y"), ["config/mapping.yaml"])
        self.assertEqual(offered("dpgw", "explain", "P"), ["PATCH", "POST", "PUT"])
