"""The image: built from the unmodified Dockerfile, run without privilege, asked, stopped."""
import json
import pathlib
import re
import unittest

import containers
import program
import wire

ACCOUNT = "123e4567-e89b-12d3-a456-426614174000"
CLIENT = f"/api/v1/accounts/{ACCOUNT}/data-products"
EXAMPLE = (b'{"name":"Sales Analytics","description":"Sales data product for reporting",'
           b'"dataSourceId":"default","dataAssets":[{"externalId":"asset-123",'
           b'"tableName":"orders","schemaName":"sales"}]}')
COMPILERS = re.compile(r"^(.*-)?(cc|gcc|g\+\+|c\+\+|clang|cpp|ld|as|make|pkg-config|npm|node)(-[\d.]+)?$")
LISTENING = r"listening address=(\S+) role=%s"


def setUpModule():
    global STORE
    STORE = containers.Store()
    STORE.base()
    STORE.build("dpgw")
    STORE.build("dpgw-demo", "--target", "demo")


class Contents(unittest.TestCase):
    """What is in the image, and what is not."""

    def test_nothing_that_builds(self):
        with STORE.files("dpgw") as root:
            programs = [p.name for folder in ("usr/bin", "usr/sbin", "usr/local/bin")
                        for p in (root / folder).iterdir()]
            self.assertIn("dpgw", programs)
            self.assertEqual([name for name in programs if COMPILERS.match(name)], [])
            self.assertFalse((root / "src").exists())
            self.assertEqual(list(root.glob("usr/include/*.h")), [])
            self.assertEqual(list(root.glob("var/lib/apt/lists/*Packages*")), [])

    def test_what_it_needs(self):
        with STORE.files("dpgw") as root:
            for file in ("etc/dpgw/gateway.yaml", "etc/dpgw/mapping.yaml",
                         "usr/share/dpgw/mapping.schema.json", "etc/ssl/certs/ca-certificates.crt"):
                self.assertTrue((root / file).is_file(), file)

    def test_how_it_is_run(self):
        config = STORE.about("dpgw")["Config"]
        self.assertEqual(config["User"], "65532:65532")
        self.assertEqual(config["Entrypoint"] + config["Cmd"], ["/usr/bin/dpgw", "serve"])
        self.assertEqual(config["StopSignal"], "SIGTERM")
        self.assertEqual(sorted(config["ExposedPorts"]), ["8080/tcp", "9901/tcp"])

    def test_the_version_is_the_makefile_s(self):
        makefile = (program.ROOT / "Makefile").read_text()
        version = re.search(r"^VERSION := (.+)$", makefile, re.MULTILINE)[1]
        container = STORE.container("dpgw-version", "dpgw", "version")
        container.wait_line(rf"\b{re.escape(version)}\b")
        self.assertEqual(container.wait_end(), 0)


class Running(unittest.TestCase):
    """Service and gateway, each in a container."""

    def start(self, name, image, *arguments, env=None):
        container = STORE.container(name, image, *arguments, env=env)
        self.addCleanup(container.stop)
        return container

    def setUp(self):
        super().setUp()
        self.service = self.start("dpgw-service", "dpgw-demo", "--listen", "127.0.0.1:0")
        port = self.service.wait_line(r"listening address=\S*:(\d+)").group(1)
        self.gate = self.start("dpgw-gateway", "dpgw", env={
            "DPGW_LISTEN": "127.0.0.1:0", "DPGW_ADMIN": "127.0.0.1:0",
            "DPGW_LIMITS__CONNECTIONS": "1000", "DPGW_UPSTREAM__URL": f"http://127.0.0.1:{port}"})
        self.client = self.gate.wait_line(LISTENING % "client").group(1)
        self.admin = self.gate.wait_line(LISTENING % "admin").group(1)

    def test_the_example_and_the_end(self):
        with wire.Connection(self.client) as connection:
            connection.send(wire.request_bytes("POST", CLIENT, EXAMPLE,
                                               [("Content-Type", "application/json")]))
            reply = connection.reply()
        self.assertEqual(reply.status, 201)
        self.assertEqual(json.loads(reply.body)["data"]["dataProduct"]["name"], "Sales Analytics")
        self.assertNotIn(b"workspace", reply.body)
        self.assertEqual(self.gate.stop(), 0)
        self.gate.wait_line("stopped")
        self.assertEqual([line for line in self.gate.lines if " error " in line], [])

    def test_health(self):
        check = STORE.about("dpgw")["Healthcheck"]["Test"]
        self.assertEqual(check, ["CMD", "/usr/bin/dpgw", "probe"])
        podman = [*STORE.podman, "exec", "dpgw-gateway", *check[1:]]
        STORE.run(*podman, f"http://{self.admin}/healthz")
        STORE.run(*podman, f"http://{self.admin}/readyz")
        with self.assertRaisesRegex(AssertionError, "answered 404"):
            STORE.run(*podman, f"http://{self.admin}/none")

    def test_nothing_to_gain(self):
        [container] = json.loads(STORE.run(*STORE.podman, "inspect", "dpgw-gateway"))
        status = pathlib.Path(f"/proc/{container['State']['Pid']}/status").read_text(encoding="utf-8")
        about = dict(line.split(":\t", 1) for line in status.splitlines())
        self.assertEqual(about["Uid"].split(), ["65532"] * 4)
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            self.assertEqual(int(about[capabilities], 16), 0, capabilities)
        self.assertEqual(about["NoNewPrivs"], "1")
