"""values.py - what settings are given: everything that might stand there, as it is written

One file has one value for all settings, each on a line of its own.
"""
import itertools

import program
import settings

ROWS = settings.rows((program.ROOT / settings.SOURCE).read_text())
VALUES = """
0|1|-1|+1|00|007|64|1.5|1e3|64.0|0x40|0o17|"64"|"064"|"64KiB"|64KiB|64 KiB|64  KiB|64kib|64K|64KB|1 MiB|16MiB
16777216|1GiB|1TiB|1s|1 s|1  s|1500ms|1.5s|0s|0ms|"0"|"00"|0h|1h|24h|25h|1440m|1441m|86400s|86401s|86400000ms
86400001ms|1d|1S|off|on|none|auto|unlimited|"auto"|"off"|"unlimited"|Off|AUTO|~|null|true|""|" "|[]|[1]|{}|[a]|{a: 1}
99999999999999999999|18446744073709551615|18446744073709551616|18446744073709551615KiB|99999999999GiB|17179869183GiB
info|warn|debug|error|INFO|trace|client|upstream|json|logfmt|text|mapping.yaml|"a b"
http://h|http://h:80|http://h:80/|http://h/|http://h?x|https://h|http://u@h|http://|"http://:80"|HTTP://h|h:80
http://[::1]:9000|http://[::1]|http://[::1|http://[1.2.3.4]|http://h:65535|http://h:65536|http://h:065535|http://h:0655350
"http://h:"|"http://a b"|http://a/b@c|http://a_b-c.test
127.0.0.1:80|127.0.0.1:0|127.0.0.1:65535|127.0.0.1:65536|127.0.0.1:00080|127.0.0.1:000080|127.0.0.1|"127.0.0.1:"|":80"|localhost:80
1.2.3.256:80|01.2.3.4:80|1.2.3:80|"[::]:80"|"[::1]"|"[::1]:x"|"[1::2::3]:80"|"[::1.2.3.4]:80"|"[1:2:3:4:5:6:7:8]:80"
"[1:2:3:4:5:6:7:8:9]:80"|"[1:2:3:4:5:6:7::]:80"|"[fe80::1%eth0]:80"|"::1:80"|unix:/x|unix:x|"unix:"|unix:/a b|"unix:/a,b"
"127.0.0.1:1, 127.0.0.1:2"|"127.0.0.1:1 ,127.0.0.1:2"|"127.0.0.1:1,"|",127.0.0.1:1"|"127.0.0.1:1,,127.0.0.1:2"
[127.0.0.1:1, "[::]:2"]|[127.0.0.1:1, 127.0.0.1:1]|"127.0.0.1:1,127.0.0.1:1"|[127.0.0.1:1, x]|[127.0.0.1:1, 1]
["127.0.0.1:1, 127.0.0.1:2"]|[" 127.0.0.1:1"]|[[127.0.0.1:1]]|"unix:/x, unix:/y"|["unix:/a,b"]
10.0.0.0/8|10.0.0.0/0|0.0.0.0/0|10.0.0.0/32|10.0.0.0/33|10.0.0.1/8|10.0.0.0/|10.0.0.0/008|10.0.0.0/0008|10.0.0.0/-1
"::1"|"::/0"|"fe80::/10"|"::1/128"|"::1/129"|"fe80::1/10"|"::1/"|"::ffff:1.2.3.4"|"[::1]"|10.0.0|"/8"
[10.0.0.0/8, "::1"]|"10.0.0.0/8, ::1"|"none, 10.0.0.0/8"|[none]|["10.0.0.0/8 "]|nobody|1000:1000|"0:0"|a:b:c|":"|"a:"|":a"|root
"""


def texts():
    """Everything that is tried as every setting's value, as it is written in YAML."""
    found = [one for line in VALUES.strip().splitlines() for one in line.split("|")]
    found += ["unix:/" + "a" * 106, "unix:/" + "a" * 107, "http://" + "a" * 253, "http://" + "a" * 254]
    for make, joined in ((lambda n: f"127.0.0.1:{n}", 8), (lambda n: f"10.0.0.{n}", 32)):
        for count in (joined, joined + 1):
            listed = [make(n) for n in range(1, count + 1)]
            found += ["[" + ", ".join(listed) + "]", '"' + ", ".join(listed) + '"']
    return found


def around(row):
    """Texts just within and just beyond the bounds of ROW, in every unit."""
    found = []
    for unit, factor in settings.UNITS.get(row.kind, (("", 1),)):
        for bound in (row.minimum, row.maximum):
            for number in range(bound // factor - 1, bound // factor + 3):
                found.append(f"{number}{unit}")
    return found


def rests(key):
    """KEY, and what follows each of its dots."""
    parts = key.split(".")
    return [".".join(parts[i:]) for i in range(len(parts))]


def file_of(values):
    """(text, {line: place}) of a file in which each of VALUES, {key: YAML}, has a line of its own."""
    lines, places, inside = ["version: 1"], {}, []
    for key in sorted(values, key=lambda k: [(("." in rest), rest) for rest in rests(k)]):
        *sections, name = key.split(".")
        shared = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1],
                                                    zip(inside, sections)))
        for depth in range(shared, len(sections)):
            lines.append(f"{'  ' * depth}{sections[depth]}:")
        inside = sections
        lines.append(f"{'  ' * len(sections)}{name}: {values[key]}")
        places[len(lines)] = tuple(key.split("."))
    return "\n".join(lines) + "\n", places
