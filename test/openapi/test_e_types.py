"""A typed client made from openapi/data-products.yaml knows the new names, and only those."""
import json
import re
import shlex
import shutil
import subprocess

import cases
import description
import nodes
import program
import tools

HERE = program.ROOT / "test/openapi"
OPTIONS = {"strict": True, "noEmit": True, "target": "esnext", "module": "nodenext",
           "allowImportingTsExtensions": True, "types": []}
WALK = 'import("./client.ts").then(async (c) => console.log(JSON.stringify(await c.walk("%s"))))'
README = re.compile(r"```\nnpm install openapi-fetch [^\n]+\n(npx [^\n]+)\n```.*?```ts\n(.*?)```", re.S)
ERROR = re.compile(r"^(\S+)\((\d+),\d+\): error (TS\d+): (.*)$", re.M)


class Types(cases.Case):
    def setUp(self):
        super().setUp()
        (self.folder / "package.json").write_text('{"type": "module"}')
        (self.folder / "node_modules").symlink_to(nodes.MODULES)
        self.generate(description.DATA_PRODUCTS)

    def generate(self, file):
        status, out, error = tools.run(tools.OPENAPI_TYPESCRIPT, file, "-o", "data-products.d.ts",
                                       cwd=self.folder)
        self.assertEqual(status, 0, out + error)

    def complaints(self, name):
        """{line: what tsc says of it} of the file NAME."""
        if not (self.folder / name).exists():
            shutil.copy(HERE / name, self.folder)
        (self.folder / "tsconfig.json").write_text(
            json.dumps({"compilerOptions": OPTIONS, "files": [name]}))
        status, out, _ = tools.run(tools.TSC, "--project", ".", "--pretty", "false",
                                   cwd=self.folder)
        found = {int(m[2]): f"{m[3]}: {m[4]}" for m in ERROR.finditer(out)}
        self.assertEqual(status != 0, bool(found), out)
        return found

    def test_the_new_names_are_accepted(self):
        self.assertEqual(self.complaints("client.ts"), {})

    def test_the_readme_shows_how(self):
        text = (program.ROOT / "README.md").read_text()
        [(command, code)] = README.findall(text)
        self.assertEqual(shlex.split(command)[:2], ["npx", "openapi-typescript"])
        (self.folder / "openapi").symlink_to(description.FOLDER)
        (self.folder / "data-products.d.ts").unlink()
        status, out, error = tools.run(tools.OPENAPI_TYPESCRIPT, *shlex.split(command)[2:],
                                       cwd=self.folder)
        self.assertEqual(status, 0, out + error)
        (self.folder / "readme.ts").write_text(code)
        self.assertEqual(self.complaints("readme.ts"), {})
        (self.folder / "readme.ts").write_text(code.replace("externalDataProductId", "external"))
        self.assertEqual(len(self.complaints("readme.ts")), 1)

    def test_the_old_names_are_refused(self):
        wrong = [n for n, line in enumerate((HERE / "mistakes.ts").read_text().splitlines(), 1)
                 if line.endswith("// wrong")]
        self.assertGreater(len(wrong), 3)
        self.assertEqual(sorted(self.complaints("mistakes.ts")), wrong)

    def test_the_client_is_served(self):
        gate = self.gateway(self.service())
        shutil.copy(HERE / "client.ts", self.folder)
        done = subprocess.run([nodes.node(), "-e", WALK % f"http://{gate.client}"], text=True,
                              cwd=self.folder, env=nodes.environment(), capture_output=True,
                              timeout=tools.TOOL_SECONDS, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), {
            "created": "ws-abc123", "listed": ["Sales Analytics"], "assets": ["orders"],
            "missing": "DATA_PRODUCT_NOT_FOUND"})
