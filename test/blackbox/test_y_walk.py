"""README's sessions, step by step: their commands say what it shows.

Ports, digests, request ids and the names of the copies are this run's.
"""
import os
import pathlib
import re
import shutil
import subprocess

import cases
import program
import wire

SESSION = re.compile(r"```shell-session\n(.*?)```", re.S)


def steps(session):
    """[(command, what it shows)] of SESSION."""
    found = []
    for line in session.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return [(command, "\n".join(shown)) for command, shown in found]


def sessions(text):
    """The steps of each session in TEXT, a README."""
    return [steps(session) for session in SESSION.findall(text)]


def like(shown):
    """A pattern for what a command says, where README shows SHOWN: … is anything."""
    return ".*".join(re.escape(part) for part in shown.split("…"))


class Walk(cases.Case):
    def run_step(self, command, gate):
        ports = {"8080": gate.client.rpartition(":")[2], "9901": gate.admin.rpartition(":")[2]}
        command = re.sub(r"localhost:(8080|9901)", lambda m: "127.0.0.1:" + ports[m[1]], command)
        path = os.pathsep.join([str((program.ROOT / program.BUILD).resolve()), os.environ["PATH"]])
        done = subprocess.run(["bash", "-c", command], cwd=self.folder, text=True, check=False,
                              env=program.environment({"PATH": path}), timeout=wire.PATIENCE,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.stdout.rstrip("\n")

    def test_each_step_says_what_the_readme_shows(self):
        text = pathlib.Path(program.ROOT / "README.md").read_text()
        told = sessions(text)
        self.assertEqual(len(told), 2)
        for session in told:
            shutil.copytree(program.ROOT / "config", self.folder / "config", dirs_exist_ok=True)
            gate = self.gateway(self.service(),
                                {"mapping": str(self.folder / "config/mapping.yaml")})
            for command, shown in session:
                with self.subTest(command):
                    said = self.run_step(command, gate)
                    self.assertRegex(said, re.compile(f"^{like(shown)}$", re.S), said)
            gate.wait_line(r" reloaded ")

    def test_another_word_is_noticed(self):
        self.assertNotRegex('mapping "b"', f"^{like('mapping …a…')}$")
        self.assertEqual(sessions("```shell-session\n$ a\nb\nc\n$ d\n```"),
                         [[("a", "b\nc"), ("d", "")]])
