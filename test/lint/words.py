"""words.py - what public text may not say

Comments, messages and documents are about the gateway alone: no registry or
machine is named, no path of somebody's disk, no ticket, none of the words
below.
"""
import hashlib
import re

# Words that have no business here, as the first ten digits of their SHA-256, lower case.
FORBIDDEN = set("""
053ea4804e 32e83e92d4 386ebc0efd 3ea125d0bf 487b91042c 57de4cf401 5d72436256 60965168ce
6f7ac1823d 7d3194f79e 9205101997 add92b9cde c247e9808f c70eca6b0f c857d09db2 de2187af3f
fc5a1047f5
""".split())
WORD = re.compile(r"\b[A-Za-z]+\b")
WORDS_IN = (".c", ".h", ".md", ".py", ".mjs", ".html", ".yaml", ".txt", ".json", ".ids", ".mk",
            ".npmrc", "Makefile", "/run", "/install", "/run-demo", "/fresh-debian", "LICENSE")

URL = re.compile(r"\bhttps?://([^\s/\"'<>)`\\:{}%]+)")
HOSTS = re.compile(r"\d+\.\d+\.\d+\.\d+|[\w.-]*\b(example|invalid|test|internal|local)"
                   r"(\.(com|org|net))?|\[.*|\$.*|json-schema\.org|www\.w3\.org")
REGISTRY = re.compile(r"\b(?:\w+\.)*(?:debian|npmjs|pypi|docker|ghcr|quay|gcr|crates|golang)"
                      r"\.(?:org|com|io)\b")
MACHINE_PATH = re.compile(r"(?<![\w.}*~)\]-])/(?:home|root|Users|work|mnt|media)/[\w.-]+")
TICKET = re.compile(r"\b(?:issue|ticket|fixes|closes|bug|PR)\s*#?\d+\b|(?<![&\w\"'(])#\d+\b(?!\.)", re.I)


def text_lines(tree):
    for path in tree.paths(*WORDS_IN):
        for number, line in tree.lines(path):
            yield path, number, line


def words(tree):
    for path, number, line in text_lines(tree):
        for word in WORD.findall(line):
            digest = hashlib.sha256(word.lower().encode()).hexdigest()[:10]
            if digest in FORBIDDEN:
                yield path, number, f'"{word}" says nothing about the gateway'


def hosts(tree):
    for path, number, line in text_lines(tree):
        for host in URL.findall(line):
            host = host.rsplit("@", 1)[-1].split("?")[0].rstrip(".,;")
            if "." in host and not HOSTS.fullmatch(host):
                yield path, number, f"a machine is named: {host}"
        if match := REGISTRY.search(line):
            yield path, number, f"a registry is named: {match.group(0)}"


def machine_paths(tree):
    for path, number, line in text_lines(tree):
        if match := MACHINE_PATH.search(line):
            yield path, number, f"a path of one machine: {match.group(0)}"


def tickets(tree):
    for path in tree.paths(".c", ".h"):
        for number, line in tree.comments(path):
            if TICKET.search(line):
                yield path, number, "a ticket number"


CHECKS = [words, hosts, machine_paths, tickets]
