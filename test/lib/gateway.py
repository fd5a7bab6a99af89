"""gateway.py - the real gateway with a configuration of the test's own

It listens on free ports of the loopback and is stopped with SIGTERM; a test
that does not say otherwise wants exit status 0, no warning, no error and no
sanitizer report.
"""
import os
import re
import signal

import certificates
import program
import wire

# Small enough for a test to see a limit at work; everything else by default.
SETTINGS = {
    "listen": "127.0.0.1:0",
    "admin": "127.0.0.1:0",
    "workers": 2,
    "log.level": "info",
    "log.format": "logfmt",
    "reload": "signal",
}
# In logfmt and in JSON.
LISTENING = r"\blistening\b.*\baddress\W+([^\s\",]+)\W+role\W+%s\b"
# Said once at the start, and meant for people.
AS_ROOT = r" warn running as root |\"warn\",\"event\":\"running as root\""
# $OVER_TLS: whatever listens in plain HTTP by the test's account speaks TLS,
# unless the test has certificates of its own.
OVER_TLS = bool(os.environ.get("OVER_TLS"))
LEVEL = re.compile(r"^\S+ (warn|error) |\"level\":\"(warn|error)\"")


def yaml_value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(yaml_value(v) for v in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def settings_yaml(settings):
    """SETTINGS, with dots in their names, as the text of gateway.yaml."""
    return "\n".join(["version: 1", *yaml_lines(settings)]) + "\n"


def yaml_lines(settings, indent=""):
    """The lines of a map: what has no dot in its name first, then each group as a map."""
    groups = {}
    for name, value in settings.items():
        group, dot, key = name.partition(".")
        if dot:
            groups.setdefault(group, {})[key] = value
        else:
            yield f"{indent}{name}: {yaml_value(value)}"
    for group, inside in groups.items():
        yield f"{indent}{group}:"
        yield from yaml_lines(inside, indent + "  ")


def over_tls(values):
    """The settings VALUES with TLS on each listener that has no word of its own."""
    listen = values["listen"] if isinstance(values["listen"], list) else [values["listen"]]
    _, pair = certificates.usual()
    return {**values, "listen": [one if " " in one else f"{one} tls" for one in listen],
            "tls.certificates": [str(pair.certificate)], "tls.keys": [str(pair.key)]}


class Gateway(program.Program):
    """
    The gateway before the service at UPSTREAM_URL; run by the command UNDER,
    if given, which must become it, and from the file BINARY.
    """

    def __init__(self, folder, upstream_url, settings=None, mapping=None, env=None, boot=True,
                 under=(), binary=None, descriptors=()):
        self.config = folder / "gateway.yaml"
        mapping_file = program.ROOT / "config/mapping.yaml"
        if mapping is not None:
            mapping_file = folder / "mapping.yaml"
            mapping_file.write_text(mapping)
        values = dict(SETTINGS, mapping=str(mapping_file))
        values["upstream.url"] = upstream_url
        if os.geteuid() != 0:   # /proc would tell nobody but root about it
            values["core_dumps"] = "on"
        values.update(settings or {})
        if OVER_TLS and "tls.certificates" not in values:
            values = over_tls(values)
        self.config.write_text(settings_yaml({k: v for k, v in values.items() if v is not None}))
        binary = binary or program.build_path("DPGW", "dpgw")
        super().__init__([*under, str(binary), "serve", "-c", str(self.config)], cwd=folder,
                         env=env, descriptors=descriptors)
        self.expected = []       # patterns of complaints that must come
        # patterns of complaints that may come
        self.tolerated = [AS_ROOT] if os.geteuid() == 0 else []
        self.expected_status = 0
        self.client = self.admin = None
        if boot:
            self.client = self.client_address(self.wait_line(LISTENING % "client"))
            self.admin = self.wait_line(LISTENING % "admin").group(1)

    @staticmethod
    def client_address(match):
        """The address in a line `listening`, with the word that it is to be spoken to by."""
        spoken = re.search(r"\btls\W+true\b", match.string)
        return match.group(1) + (" tls" if spoken else "")

    def expect_line(self, pattern):
        """A complaint like PATTERN is what the test wants; at least one must come."""
        self.expected.append(pattern)

    def tolerate(self, pattern):
        """Complaints like PATTERN may come: the test provokes them."""
        self.tolerated.append(pattern)

    def connect(self, **options):
        return wire.Connection(self.client, **options)

    def once(self, method, target, body=None, fields=(), **options):
        """One request on a connection of its own, and its reply."""
        with self.connect() as connection:
            return connection.request(method, target, body, fields, **options)

    def complaints(self):
        """Warnings, errors and sanitizer reports that nobody expected."""
        return [line for line in self.lines
                if (LEVEL.search(line) or program.SANITIZER.search(line))
                and not any(re.search(p, line) for p in self.expected + self.tolerated)]

    def kill_if_running(self):
        if self.running:
            self.signal(signal.SIGKILL)
            self.wait_end()

    def finish(self):
        """Stops the gateway and judges what it said; raises AssertionError."""
        status = self.stop()
        text = "\n".join(self.lines[-60:])
        if status != self.expected_status:
            raise AssertionError(f"exit status {status}, wanted {self.expected_status}:\n{text}")
        if complaints := self.complaints():
            raise AssertionError("unexpected complaints:\n" + "\n".join(complaints[:20]))
        for pattern in self.expected:
            if not any(re.search(pattern, line) for line in self.lines):
                raise AssertionError(f"no line like {pattern!r}:\n{text}")
