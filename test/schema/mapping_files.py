"""mapping_files.py - mapping files, good and bad: every place with everything that might stand there

A file is a place, a text with a hole in it, filled by a value; most have one
mistake or none.  What only the gateway refuses is said in SEMANTIC.
"""
import re

# Refusals that no schema can make: why, the code of the complaint, what its message holds, and
# what must stand in the file.
SEMANTIC = [
    ("two names become one", "two-to-one", "", ""),
    ("one name becomes two", "one-to-two", "", ""),
    ("a name stands on both sides", "both-sides", "", ""),
    ("two entries are the same set of paths", "same-paths", "", ""),
    ("no path reaches an entry", "unreachable", "", ""),
    ("the sides of a route have other parameters or another end", "unbound-parameter", "", ""),
    ("there is nothing wider to take out", "nothing-to-remove", "", r": (~|null)?[ }\n]"),
    ("a method stands in a list twice, once with what it becomes", "listed-twice", "", r"\{GET:"),
    ("a glob stands in the list in another case", "listed-twice", "glob", "watch"),
    ("a resource and its route have a parameter of one name", "bad-path", "of that name already",
     "resources"),
    ("a resource and its route are too long together", "bad-path", "at most", "resources"),
    ("nothing is below a route that ends in **", "bad-path", "nothing can be mirrored", "resources"),
    ("the paths in force are too many together", "too-many-paths", "", ""),
    ("names are measured in bytes, not in characters", "bad-name", "bytes long", "é"),
    ("the names in a path are, too", "bad-json-path", "bytes long", "é"),
    ("a number is written in decimal digits", "bad-value", "digits",
     r"max_body: (\+1|0x10|1\.0|1e3)\b"),
    ("the version is written 1", "bad-value", '"version" must be 1',
     r"version: (1\.0|0x1|0o1|01)\b"),
    ("a month has no such day", "bad-day", "must be a day", r"-(02-3|0[2469]-31|11-31|02-29)"),
    ("a month of a window has no such day", "bad-instant", "in UTC", r"-02-30T"),
    ("what ends is deprecated first", "sunset-first", "", ""),
    ("what is switched off is deprecated first", "brownout-first", "", ""),
    ("a window ends before it begins", "empty-window", "", ""),
    ("no route serves what takes over", "no-successor", "", ""),
    ("gateway.yaml has no such service", "unknown-service", "", "service"),
    ("a line ends in a line feed", "character", "carriage return", "\r"),
    ("a text has no NUL", "nul", "", ""),
]


def reason(text, complaint):
    """Why only the gateway makes COMPLAINT about the file TEXT; None if a schema must, too."""
    text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    for why, code, message, holds in SEMANTIC:
        if code == complaint["code"] and message in complaint["message"] and re.search(holds, text):
            return why
    return None


ANYTHING = r"""
1|0|-1|1.5|1.0|0x1|0o1|01|true|false|~|null||""|" "|x|"1"|"null"|[]|[x]|[1]|["x"]|[~]|[[]]|[{}]|{}|{a: b}|{a: 1}|{a: }
{a: ~}|{a: [b]}|{a: {}}|{a: {b: c}}|{"": b}|{1: b}|{a: ""}|GET|[GET]|[GET, POST]|[GET, GET]|[GET, {GET: POST}]|{GET: GET}
{PUT: POST}|[{PUT: POST}]|[{}, {}]|[GET, {}]|[get]|{get: GET}|{GET: get}|{GET: HEAD}|{HEAD: HEAD}|{HEAD: GET}
{OPTIONS: OPTIONS}|[OPTIONS, HEAD]|{PUT: POST, timeout: 3s}|{timeout: 3s, PUT: POST}|{methods: [GET]}|{methods: []}
{methods: }|{methods: {PUT: POST}}|{methods: {}}|{methods: [GET], resources: {y: [GET]}}|{methods: [GET], other: 1}
{path: "/a"}|[{path: "/a"}]|[{path: "/a", deprecated: "2026-03-02"}]|[{}, {path: "/a"}]|{upstream: b}|{upstream: }
{upstream: b, direction: up}|{upstream: b, at: "$.a"}|{upstream: b, other: 1}|{direction: both}|{at: "$.a"}
{at: "$.a", rewrite: url}|{at: "$.a", map: {x: y}}|{at: "$.a", map: {}}|{at: "$.a", map: }|{at: "$.a", map: [x]}
{at: "$.a", map: {x: y}, rewrite: url}|{at: "$.a", map: {x: }}|{at: "$.a", map: {x: ""}}|{at: "$.a", rewrite: uri}
{map: {x: y}}|{at: "$.a", rewrite: words, direction: request}|{at: "$.a", rewrite: name, when: x}|[{at: "$.a", rewrite: url}]
{request: keep}|{request: keep, response: reject}|{request: drop}|{reply: keep}|{request: }|{names_in: [a]}|{names_in: }
{names_in: a}|{names_in: [1]}|{fields_in: [a]}|{names_in: [""]}|{names: [a]}|{ignore: [a]}|{names: , other: 1}|{names: [""]}|reject|keep|both|request|response|up|url|words|name|map
auto|raw|off|unlimited|"a\n"|"a\tb"|"GET\n"|GRÜẞE|"$.a"|$|/a|"300s\n"|"/a\n"|"X-A\n"|"1\n"
"""
PATHS = r"""
/|//|/a|/a/|a|/a//b|/a/b|"/a b"|/a%20b|/a?x|"/a#x"|/a*|/a/*|/**|/a/**|/**/a|/a/**/b|/***|"/{x}"|"/{x}/{y}"|"/{x}/{x}"
"/{}"|"/a{x}"|"/{x}a"|"/{x"|"/x}"|"/{x y}"|"/{x.y-z_1}"|"/{é}"|/é|/a;b|/./a|/../a|/a/.|/a/..|/a/..;x|/a/...|/.a|/..a
/a~b|"/a!$&'()+,;=:@b"|'/a"b'|"/a|b"|"/a\\b"|"/a\n"|"/a\tb"|"/\x7f"|/{x}/**|"/{x}/{y}/{x}"|"/{x}/a/{xx}"|"/{X}/{x}"
"""
JSON_PATHS = r"""
"$"|$.a|$..a|"$.*"|"$[*]"|"$[ * ]"|"$..*"|"$..[*]"|"$['a']"|'$["a"]'|"$..['a']"|"$.['a']"|"$['']"|"$['a"|"$['a'"|"$[a]"
"$[0]"|"$[-1]"|"$[0:1]"|"$[?(@.a)]"|"$[(1)]"|"$['a','b']"|"$[ 'a' ]"|"$[\t'a'\t]"|"$[]"|a|.a|"$a"|"$."|"$.."|"$...a"|"$.a.b"
"$.a[*]..b['c d'].*"|"$.1a"|"$.a1"|"$.a-b"|"$.a b"|"$.é"|"$.a é"|"$.日本"|"$['a\\'b']"|"$['a\\\"b']"|'$["a\"b"]'
"$['a\\nb']"|"$['a\\xb']"|"$['a\\u00e9']"|"$['\\u00e']"|"$['\\ud83d\\ude00']"|"$['\\ud83d']"|"$['\\ude00']"|"$['\\ud83dx']"
"$['\\ud83d\\u0041']"|"$['a\nb']"|"$.a\n"|"$ .a"|" $.a"|"$.a "|"$['a']b"|"$['a']['b']"|"$[*][*]"|"$.a.['b']"|"$..a..b"
"$['\\\\']"|"$['a\\']"|"$['\x7f']"|"$.\x7f"|"$._a"|"$.a*"|"$.*a"|"$[ ]"|"$['é']"
"""
HEADERS = r"""
X-A|x-a|X_A|"X A"|"X:"|"X-A\n"|x|X-É|"!#$%&'*+-.^_`~"|"a|b"|Host|HOST|host|hosts|X-Host|Authorization|Connection|TE|te
TEx|Proxy-|Proxy-X|proxy-authorization|"proxy-\n"|proxy|Trailer|Transfer-Encoding|Upgrade|Content-Length|Content-Type
Expect|Keep-Alive|Cookie|""|1|"1"|"X,Y"|"X(Y)"|"[X]"|"X@Y"
"""
DAYS = r"""
"2026-03-02"|2026-03-02|"2026-3-2"|"2026-03-02 "|"2026-03-02\n"|"2026-02-30"|"2026-02-29"|"2028-02-29"|"2026-11-31"
"2026-00-10"|"2026-13-01"|"2026-03-00"|"2026-03-32"|"1969-12-31"|"1970-01-01"|"9999-12-31"|"02026-03-02"|20260302|2026
"2026/03/02"|"02.03.2026"|"2026-03-02T00:00:00Z"|""|~|true|[2026-03-02]|"٢٠٢٦-03-02"|"2026-03"|"2000-01-01"
"""
INSTANTS = r"""
"2026-12-01T09:00:00Z"|2026-12-01T09:00:00Z|"2026-12-01T09:00:00"|"2026-12-01T09:00Z"|"2026-12-01t09:00:00z"
"2026-12-01 09:00:00Z"|"2026-12-01T09:00:00+00:00"|"2026-12-01T09:00:00.5Z"|"2026-12-01T24:00:00Z"|"2026-12-01T23:59:60Z"
"2026-12-01T23:60:00Z"|"2026-02-30T09:00:00Z"|"1971-01-01T00:00:00Z"|"2026-12-01"|""|~|1|[]|"2026-12-01T09:00:00Z\n"
"""
CALLERS = r"""
X-Client-Name|"X Client"|User-Agent|Cookie|cookie|COOKIES|Authorization|authorization|Proxy-Authorization|proxy-x
X-É|""|~|1|"1"|"X-A\n"|Host|X_A|[X-A]|true
"""
TIMES = r"""
1ms|0ms|1s|0s|0|"0"|1|30|"30"|300s|300 s|300  s|1.5s|5m|24h|1d|1S|s|-1s|+1s|18446744073709551615ms|18446744073709551616ms
18446744073709551s|18446744073709552s|5124095576030h|5124095576031h|0001s|"1s "|" 1s"|off|1e3|0x10|"10s\n"|unlimited
"""
SIZES = r"""
1|0|"0"|"1"|01|"01"|1KiB|0KiB|1 KiB|1  KiB|1kib|1KB|1K|1.5MiB|64MiB|1GiB|1TiB|-1|+1|"+1"|0x10|1e3|1.0|unlimited|Unlimited
18446744073709551615|18446744073709551616|"18446744073709551615"|"18446744073709551616"|17179869183GiB|17179869184GiB
99999999999999999999|off|"1 "|"64MiB\n"|64MB
"""

ROUTE = '{client: "/a", upstream: "/b", methods: [GET]'
# Places by what belongs there; @ is the hole.
PLACES = {
    ANYTHING: [
        "version: @",
        *(f"{key}: @" for key in ("routes", "passthrough", "fields", "opaque", "values", "words",
                                  "query", "headers", "collisions", "watch", "route",
                                  "sunset")),
        'passthrough: [{path: "/a", deprecated: @}]', 'passthrough: [{path: "/a", brownout: @}]',
        'passthrough: [{path: "/a", deprecated: "2026-03-02", brownout: @}]',
        'passthrough: [{path: "/a", deprecated: "2026-03-02", brownout: [@]}]',
        'passthrough: [{path: "/a", deprecated: "2026-03-02", @}]',        "routes: [@]", "passthrough: [@]", "opaque: [@]", "values: [@]", "query: {names_in: @}",
        "query: {names_in: [@]}", "watch: {names: [@]}", "watch: {ignore: [@]}", "watch: {names: @}",
        "watch: {ignore: @}", "query: {other: @}", "fields: {a: @}", "fields: {a: {upstream: @}}",
        "fields: {a: {upstream: b, direction: @}}", "fields: {a: {upstream: b, @}}",
        "fields: {@: b}", "words: {a: @}", "words: {@: b}", "collisions: {request: @}",
        "collisions: {response: @}", "collisions: {@: keep}", 'values: [{at: "$.a", map: @}]',
        'values: [{at: "$.a", map: {x: @}}]', 'values: [{at: "$.a", map: {@: y}}]',
        'values: [{at: "$.a", rewrite: @}]', 'values: [{at: "$.a", rewrite: url, direction: @}]',
        'routes: [{client: "/a", upstream: "/b", methods: @}]',
        'routes: [{client: "/a", upstream: "/b", methods: [@]}]',
        'routes: [{client: "/a", upstream: "/b", methods: {PUT: @}}]',
        'routes: [{client: "/a", upstream: "/b", methods: {@: GET}}]',
        'routes: [{client: "/a", upstream: "/b", methods: [{PATCH: @}]}]',
        'routes: [{client: "/a", upstream: "/b", resources: @}]',
        'routes: [{client: "/a", upstream: "/b", resources: {r: @}}]',
        'routes: [{client: "/a", upstream: "/b", resources: {@: [GET]}}]',
        f"routes: [{ROUTE}, resources: @}}]", f"routes: [{ROUTE}, resources: {{r: @}}}}]",
        f"routes: [{ROUTE}, fields: {{a: @}}}}]",
        *(f"routes: [{ROUTE}, {key}: @}}]" for key in ("fields", "opaque", "values", "collisions",
                                                       "body", "service", "other")),
        *(f"routes: [{ROUTE}, resources: {{r: {{methods: [GET], {key}: @}}}}}}]" for key in (
            "fields", "opaque", "values", "collisions", "body", "service", "client")),
        'passthrough: [{path: "/a", service: @}]',
    ],
    PATHS: ["passthrough: [{path: @}]",
            f'passthrough: [{{path: "/p/{{x}}/**", deprecated: "2026-03-02", successor: @}}]',
            f'routes: [{ROUTE}]\npassthrough: [{{path: "/p/{{x}}/**", deprecated: "2026-03-02", successor: @}}]',
            "routes: [{client: @, upstream: @, methods: [GET]}]",
            'routes: [{client: "/a/{x}", upstream: @, methods: [GET]}]',
            'routes: [{client: "/a/{x}", upstream: "/b/{x}", resources: {@: [GET]}}]'],
    JSON_PATHS: ["opaque: [@]", "values: [{at: @, rewrite: url}]",
                 "fields: {a: {upstream: b, at: @}}",
                 f"routes: [{ROUTE}, resources: {{r: {{methods: [GET], opaque: [@]}}}}}}]"],
    DAYS: ['passthrough: [{path: "/a", deprecated: @}]',
           'passthrough: [{path: "/a", deprecated: "2020-01-01", sunset: @}]',
           'passthrough: [{path: "/a", sunset: @}]'],
    INSTANTS: [f'passthrough: [{{path: "/a", deprecated: "{since}", brownout: [{{{window}}}]}}]'
               for since in ("2020-01-01",)
               for window in ('from: @, to: "2026-12-01T10:00:00Z"',
                              'from: "2026-01-01T10:00:00Z", to: @', "from: @", "to: @, form: @")],
    CALLERS: ['passthrough: [{path: "/a", deprecated: "2020-01-01", caller: @}]',
              'passthrough: [{path: "/a", caller: @}]'],
    HEADERS: ["headers: {@: X-B}", "headers: {X-C: @}"],
    TIMES: [f"routes: [{ROUTE}, timeout: @}}]",
            f"routes: [{ROUTE}, resources: {{r: {{methods: [GET], timeout: @}}}}}}]"],
    SIZES: [f"routes: [{ROUTE}, max_body: @}}]",
            f"routes: [{ROUTE}, resources: {{r: {{methods: [GET], max_body: @}}}}}}]"],
}


def texts(values):
    """The values in a table of them."""
    return [one for line in values.strip("\n").splitlines() for one in line.split("|")]


def tails(values):
    """The PATHS as resources: without the slash before them."""
    return [re.sub(r'^(["\']?)/', r"\1", one, count=1) for one in texts(values)] + ['""', "/a"]


def long_names():
    """Names and paths just within and just beyond their bounds, in characters and in bytes."""
    for count in (255, 256, 257):
        name = "n" * count
        yield f"fields: {{{name}: b}}"
        yield f"fields: {{a: {name}}}"
        yield f"fields: {{a: {{upstream: {name}}}}}"
        yield f"words: {{{name}: b}}"
        yield f"words: {{a: {name}}}"
        yield f"query: {{names_in: [{name}]}}"
        yield f"watch: {{names: [{name}]}}"
        yield f"watch: {{ignore: [{name}]}}"
        yield f"headers: {{{name}: X-B}}"
        yield f'opaque: ["$.{name}"]'
        yield f"opaque: [\"$['{name}']\"]"
        yield f'values: [{{at: "$.a", map: {{{name}: b}}}}]'
        yield f'values: [{{at: "$.a", map: {{a: {name}}}}}]'
        yield f'passthrough: [{{path: "/{name}"}}]'
        yield f'routes: [{{client: "/a", upstream: "/b", resources: {{{name}: [GET]}}}}]'
    for count in (128, 129):
        yield f"fields: {{a: {'é' * count}}}"
        yield f'opaque: ["$.{"é" * count}"]'
    for count in (63, 64, 65):
        yield f'passthrough: [{{path: "{"/a" * count}"}}]'
        yield f'passthrough: [{{path: "{"/a" * count}/**"}}]'
    for count in (15, 16, 17):
        path = "".join(f"/{{p{n}}}" for n in range(count))
        yield f'passthrough: [{{path: "{path}"}}]'
        yield f'routes: [{{client: "/a{path}", upstream: "/b{path}", methods: [GET]}}]'


def whole():
    """Files whose entries concern one another."""
    for route, tail in (("/{x}", "{x}"), ("/{x}", "{y}"), ("/a" * 60, "b/" * 4 + "c"), ("/a/**", "b")):
        yield f'routes: [{{client: "{route}", upstream: "/b{route}", resources: {{"{tail}": [GET]}}}}]'
    yield 'routes: [{client: "/a", upstream: "/b", methods: [GET], fields: {a: }}]\nfields: {a: b}'
    yield 'routes: [{client: "/a", upstream: "/b", methods: [GET], fields: {c: ~}}]\nfields: {a: b}'
    yield 'routes: [{client: "/a", methods: [GET]}]'
    yield 'routes: [{upstream: "/a", methods: [GET]}]'
    yield 'routes: [{client: "/a", upstream: "/b"}]'
    for keys in ("timeout: 3s", "methods: [GET], other: 1", "PUT: GET", "GET: HEAD"):
        yield f"routes: [{ROUTE}, resources: {{r: {{{keys}}}}}}}]"
    for keys in ("at: $.a", "rewrite: url", "at: $.a, rewrite: url, map: {x: y}"):
        yield f"values: [{{{keys}}}]"
    for rule in ("", "{upstream: b}", "{upstream: b, other: 1}", "{at: $.a}"):
        yield f"fields: {{a: {rule}}}"
    yield f"routes: [{ROUTE[:-1]}, {{GET: POST}}]}}]"
    yield "watch: {names: [a, A]}"
    yield "watch: {names: [a, a]}"
    yield "watch: {ignore: [a, A]}"
    yield "fields:"
    yield "fields: {a: b, c: b}"
    yield "fields: {a: b, b: c}"
    yield "fields: {a: a}"
    yield "headers: {X-A: X-B, x-a: X-C}"
    yield 'passthrough: [{path: "/a"}, {path: "/a"}]'
    yield f'routes: [{ROUTE}}}]\npassthrough: [{{path: "/a/b"}}]'
    yield 'routes: [{client: "/a/**", upstream: "/b", methods: [GET]}]'
    yield "opaque: [" + ", ".join(f'"$..a{n}.*.*.b{n}.*.*"' for n in range(14)) + "]"
    yield 'fields: {a: "b\\0c"}'
    yield "fields: {a: b}\r"
    yield "fields: {a: b}\rwords: {a: b}"
    yield "fields: {a: b}\r\nwords: {c: d}\r"
    yield "fields: {a: b, a: c}"
    yield "fields: {? [a] : b}"
    yield "fields: &x {a: b}"
    yield "fields: !!map {a: b}"
    yield "opaque: [*x]"
    yield "fields: {a: b}\n---\nfields: {a: b}"
    yield "fields: [a"
    yield "fields: {a: b}\nversion: 1"


def filled(place, values):
    """PLACE with each of VALUES, as whole files."""
    first = "" if place.startswith("version") else "version: 1\n"
    return [f"{first}{place.replace('@', one)}\n" for one in values]


def files(every=1):
    """
    Every text, each a whole file.  Of what might stand anywhere each place
    gets one in EVERY, another place others.
    """
    found = ["", "version: 1\n", "version: 1.0\n", "version: 0x1\n", "[]\n", "x\n",
             "fields: {a: b}\n"]
    for values, places in PLACES.items():
        for turn, place in enumerate(places):
            if values == ANYTHING:
                found += filled(place, texts(values)[turn % every::every])
            else:
                made = tails(values) if "resources: {@" in place else texts(values)
                found += filled(place, made + texts('1|~|[]|{}|true|""||x'))
    found += [f"version: 1\n{text}\n" for text in (*long_names(), *whole())]
    return list(dict.fromkeys(found))
