"""certificates.py - authorities of the test's own, and what they vouch for

Made by openssl(1) in the test's folder; keys are on P-256 unless asked
otherwise, as they take no time to make.
"""
import collections
import functools
import pathlib
import subprocess
import tempfile

Pair = collections.namedtuple("Pair", "certificate key")
KEYS = {"ec": ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "rsa": ["-newkey", "rsa:2048"]}
KEPT = []


def openssl(*arguments, **options):
    """Runs openssl(1), which must not fail; its standard output."""
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, timeout=60,
                          check=False, **options)
    if done.returncode:
        raise AssertionError(f"openssl {arguments}: {done.stderr.decode()}")
    return done.stdout


class Authority:
    """A certificate authority called NAME, whose files are in FOLDER."""

    def __init__(self, folder, name="authority"):
        self.folder, self.name, self.issued = pathlib.Path(folder), name, 0
        self.certificate, self.key = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        openssl("req", "-x509", *KEYS["ec"], "-nodes", "-keyout", self.key, "-out",
                self.certificate, "-days", 3650, "-subj", f"/O=Test/CN={name}", "-addext",
                "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, file, names=(), subject=None, days=90, key="ec", usage="serverAuth"):
        """
        The Pair FILE.pem and FILE.key: a certificate for NAMES with SUBJECT
        ("/O=Test/CN=first"), valid for DAYS from now; -1: until yesterday.
        """
        pair = Pair(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        request, extensions = self.folder / f"{file}.csr", self.folder / f"{file}.ext"
        subject = subject or f"/O=Test/CN={names[0] if names else file}"
        alternatives = ",".join(f"DNS:{n}" if not n[0].isdigit() else f"IP:{n}" for n in names)
        lines = [f"extendedKeyUsage={usage}", "basicConstraints=CA:FALSE"]
        lines += [f"subjectAltName={alternatives}"] if names else []
        extensions.write_text("\n".join(lines) + "\n")
        openssl("req", "-new", *KEYS[key], "-nodes", "-utf8", "-keyout", pair.key, "-out", request,
                "-subj", subject)
        self.issued += 1
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                "-set_serial", 1000 + self.issued, "-days", days, "-extfile", extensions, "-out",
                pair.certificate)
        return pair


@functools.cache
def usual():
    """One authority and a server's Pair for the whole process: (authority, pair)."""
    KEPT.append(tempfile.TemporaryDirectory(prefix="dpgw-tls-"))
    authority = Authority(KEPT[0].name)
    return authority, authority.issue("server", ["gateway.test", "127.0.0.1"])
