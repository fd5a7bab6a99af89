"""containers.py - images and containers of these tests alone, without a daemon

Storage, registries and policy are the tests' own, below build/image: nothing
of the machine's is used or changed, and no image is ever pulled.
"""
import contextlib
import json
import os
import pathlib
import resource
import subprocess

import program

FOLDER = program.ROOT / "build/image"
BASE = "debian:bookworm-slim"
SOURCES = ("/etc/apt/sources.list", *map(str, pathlib.Path("/etc/apt").glob("sources.list.d/debian*")))
BUILD_SECONDS = 1500
LIMITS = {"nofile": (resource.RLIMIT_NOFILE, 16384), "nproc": (resource.RLIMIT_NPROC, 4096)}


def limits():
    """Options that keep a container below this process's own hard limits: runc may not raise them."""
    for name, (what, most) in LIMITS.items():
        hard = resource.getrlimit(what)[1]
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard // 2)
        yield from ("--ulimit", f"{name}={allowed}:{allowed}")


class Store:
    """Where images and containers are kept."""

    def __init__(self):
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / "registries.conf").write_text("")
        (FOLDER / "policy.json").write_text('{"default": [{"type": "insecureAcceptAnything"}]}')
        self.env = {"CONTAINERS_REGISTRIES_CONF": str(FOLDER / "registries.conf")}
        driver = "overlay" if pathlib.Path("/proc/filesystems").read_text().count("overlay") else "vfs"
        self.where = ["--root", str(FOLDER / "storage"), "--runroot", str(FOLDER / "run"),
                      "--storage-driver", driver]
        self.podman = ["podman", *self.where, "--cgroup-manager", "cgroupfs", "--runtime", "runc"]

    def run(self, *command, seconds=120):
        """Standard output of COMMAND; a failure is one of the test, with what it said."""
        done = subprocess.run(command, env=dict(os.environ, **self.env), cwd=program.ROOT,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=seconds, check=False)
        assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def base(self):
        """Makes Debian's slim image of this machine's own Debian sources, once."""
        tar = FOLDER / "base.tar"
        if not tar.exists():
            [sources] = [s for s in SOURCES
                         if os.path.exists(s) and "bookworm" in pathlib.Path(s).read_text()][:1]
            made = tar.with_suffix(".part.tar")
            self.run("mmdebstrap", "--quiet", "--variant=minbase", "bookworm", str(made), sources,
                     seconds=BUILD_SECONDS)
            made.rename(tar)
        self.run(*self.podman, "import", str(tar), BASE)

    def build(self, tag, *options):
        """Builds docker/Dockerfile, as it is, as the image TAG."""
        self.run("buildah", *self.where, "bud", "--isolation", "chroot", "--network", "host",
                 "--pull-never", "--layers", "--format", "docker",
                 "--signature-policy", str(FOLDER / "policy.json"),
                 "-f", "docker/Dockerfile", "-t", tag, *options, ".", seconds=BUILD_SECONDS)

    def about(self, tag):
        [image] = json.loads(self.run(*self.podman, "image", "inspect", tag))
        return image

    @contextlib.contextmanager
    def files(self, tag):
        """The image's files, below the path that this yields."""
        try:
            yield pathlib.Path(self.run(*self.podman, "image", "mount", tag).strip())
        finally:
            self.run(*self.podman, "image", "unmount", tag)

    def container(self, name, image, *arguments, env=None):
        """IMAGE running as NAME: read-only, no capability, no root, on this machine's network."""
        variables = [part for key, value in (env or {}).items() for part in ("-e", f"{key}={value}")]
        return program.Program(
            [*self.podman, "run", "--rm", "--name", name, "--network", "host", "--read-only",
             "--cap-drop", "all", "--security-opt", "no-new-privileges", "--no-healthcheck",
             *limits(), "--log-driver", "none", *variables, image, *arguments],
            cwd=program.ROOT, env=self.env)
