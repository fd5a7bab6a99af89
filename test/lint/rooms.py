"""rooms.py - who may know whom: floors, doors, banned calls

The floors are those of gateway/README.md, lowest first.  A room includes
itself and rooms of lower floors; an outside library is included only at its
door.  Tests of a room may include what the room may.
"""
import re

FLOORS = [["base"], ["json", "http", "coding"], ["mapping"], ["translate", "conf"],
          ["front", "upstream"], ["exchange"], ["server", "cli"]]
FLOOR = {room: n for n, rooms in enumerate(FLOORS) for room in rooms}

# Outside headers and the files that may include them; the first match decides.
DOORS = [
    (r"event2/http.*", r"gateway/front/front(_\w+)?\.[ch]"),
    (r"event2/bufferevent_ssl\.h", r"gateway/front/tls(_\w+)?\.[ch]"),
    (r"event2/(event|buffer|bufferevent|listener|util)(_\w+)?\.h",
     r"gateway/(front|upstream|exchange|server|cli)/.*|gateway/main\.c"),
    (r"yajl/.*", r"gateway/json/.*"),
    (r"yaml\.h", r"gateway/conf/yaml_tree(_\w+)?\.[ch]"),
    (r"curl/.*", r"gateway/upstream/curl_\w+\.[ch]"),
    (r"openssl/.*", r"gateway/front/tls(_\w+)?\.[ch]"),
    (r"zlib\.h|brotli/.*|zstd(_errors)?\.h", r"gateway/coding/.*"),
    (r"(pthread|semaphore)\.h", r"gateway/server/.*"),
    (r"systemd/.*", r"gateway/server/(notify|sockets)\.c"),
    (r"uthash\.h", r"gateway/server/.*"),
]
SYSTEM = set("""
assert ctype dirent errno fcntl fnmatch getopt inttypes langinfo libgen limits locale math netdb
poll pwd grp regex sched search setjmp signal stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib
endian sysexits
stdnoreturn string strings syslog termios time unistd wchar emmintrin immintrin malloc
""".split())
SYSTEM_FOLDERS = ("sys/", "netinet/", "arpa/", "net/", "linux/")

BANNED = re.compile(r"\b(v?sprintf|strcpy|strcat|gets|atoi|strtok|alloca|system|rand)\s*\(")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def includes(tree, path):
    """(line, quoted name or None, angled name or None) of each include."""
    for number, line in tree.lines(path):
        if match := INCLUDE.match(line):
            yield number, match.group(1), match.group(2)


def floors(tree):
    for path in tree.paths(".c", ".h", under="gateway/"):
        parts = path.split("/")
        if len(parts) == 2:
            continue
        room = parts[1]
        if room not in FLOOR:
            yield path, 0, f"no such room: {room}"
            continue
        for number, name, _ in includes(tree, path):
            if name:
                yield from judge(tree, path, room, number, name)
    for path in tree.paths("_test.c", under="test/unit/"):
        room = path.split("/")[2]
        for number, name, _ in includes(tree, path):
            if name and f"gateway/{name}" in tree.files:
                yield from judge(tree, path, room, number, name)


def judge(tree, path, room, number, name):
    """Complains if PATH, which stands in ROOM, may not include NAME."""
    if f"gateway/{name}" not in tree.files or "/" not in name:
        yield path, number, f'no such header: "{name}" (write "room/file.h")'
        return
    other = name.split("/")[0]
    if other != room and FLOOR.get(other, 99) >= FLOOR.get(room, -1):
        yield path, number, f"{room} (floor {FLOOR.get(room)}) may not know {other}"


def doors(tree):
    for path in tree.paths(".c", ".h", under="gateway/"):
        for number, _, name in includes(tree, path):
            if not name or name.removesuffix(".h") in SYSTEM or name.startswith(SYSTEM_FOLDERS):
                continue
            door = next((d for h, d in DOORS if re.fullmatch(h, name)), None)
            if door is None:
                yield path, number, f"no door is known for <{name}>"
            elif not re.fullmatch(door, path):
                yield path, number, f"<{name}> may be included only in {door}"


def banned_calls(tree):
    for path in tree.paths(".c", ".h"):
        for number, line in enumerate(tree.code(path).split("\n"), 1):
            if match := BANNED.search(line):
                yield path, number, f"{match.group(1)}() is banned"


CHECKS = [floors, doors, banned_calls]
