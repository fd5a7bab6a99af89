#!/usr/bin/env python3
"""self_test.py - each check of lint finds what was planted for it, and nothing else

A case is (check, files, the complaints wanted); every check has at least one
that it must find and one that it must pass.  The last line is
`N passed, N failed`.
"""
import sys
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import binary  # noqa: E402
import consoles  # noqa: E402
import documents  # noqa: E402
import lint  # noqa: E402
import manuals  # noqa: E402
import mapping_schema  # noqa: E402
import rooms  # noqa: E402
import schema  # noqa: E402
import settings  # noqa: E402
import shape  # noqa: E402
import words  # noqa: E402
from tree import Tree  # noqa: E402

HEADER = {"gateway/base/text.h": "", "gateway/json/scan.h": "", "gateway/front/front.h": "",
          "gateway/http/head.h": ""}


def body(lines, row="    step(%d);"):
    """A C function of LINES lines."""
    return "void f(void)\n{\n" + "".join(row % n + "\n" for n in range(lines - 3)) + "}\n"


OUTCOME = '    X(OK, 200, "", NOBODY, "")\n    X(SLOW, 504, "UPSTREAM_TIMEOUT", UPSTREAM, "Late.")\n'
ERRORS = ("<!-- errors: begin -->\n| code | status | message | outcome in the log |\n"
          "|---|---|---|---|\n%s"
          "<!-- errors: end -->\n")
LATE = "| `UPSTREAM_TIMEOUT` | 504 | Late. | `SLOW` |\n"
SETTING = """#define SETTINGS_KIB UINT64_C(1024)
#define SETTINGS(X) \\
    X("limits.json_depth", limits.json_depth, NUMBER, "256", 1, 10 * SETTINGS_KIB, \\
      "open arrays and objects; " \\
      "beyond it 400")
"""
SETTINGS = ("<!-- settings: begin -->\n| setting | default | from, to | reload | what it is |\n"
            "|---|---|---|---|---|\n%s<!-- settings: end -->\n")
DEPTH = "| `limits.json_depth` | `256` | 1 to 10240 | live | open arrays and objects; beyond it 400 |\n"
FIXED = '#define SETTINGS_FIXED(X) \\\n    X("limits.json_number") \\\n    X("limits.json_depth")\n'
SHOWN = "version: 1\nlimits:\n  # json_depth: %s  # open arrays and objects; beyond it 400\n"
SCHEMA = schema.text(settings.rows(SETTING))
FIGURES = "| memory | 12 MiB |\n"

PAGE = ".Dd November 22, 2026\n.Dt %s\n.Os\n.Sh NAME\n.Nm %s\n.Nd a page\n.Sh DESCRIPTION\n%s"
SYNOPSIS = (".Sh SYNOPSIS\n.Nm\n.Cm serve\n.Op Fl c Ar file\n.Op Fl \\-set Ar key\n.Op Fl \\-fast\n"
            ".Sh DESCRIPTION\n")
MANUAL = {
    documents.SETTINGS: SETTING + '#define SETTINGS_FIXED(X) X("listen")\n\n',
    manuals.MAIN: ('    "  -c, --config FILE  x\\n"\n    "      --set KEY=VALUE  x\\n"\n'
                   '    "      --fast  x\\n"\n    "  -h, --help  x\\n";\n    CLI_SOURCE_OPTIONS,\n'
                   '    {"fast", no_argument, NULL, 1},\n    {"help", no_argument, NULL, 2},\n'
                   '    {"serve", serve, "run"},\n'),
    manuals.COMPLETION: "    serve) echo '-c --config --set --fast --help' ;;\n",
    manuals.PAGES[0]: PAGE.replace(".Sh DESCRIPTION\n", SYNOPSIS) % (
        "DPGW 1", "dpgw", ".Bl -tag -width Ds\n.It Cm serve\nRuns.\n.El\n"),
    manuals.PAGES[2]: PAGE % ("DPGW-MAPPING 5", "mapping", "Text.\n"),
}
MANUAL[manuals.PAGES[1]] = manuals.filled(
    PAGE % ("DPGW-GATEWAY 5", "gateway", '.\\" settings: begin\n.\\" settings: end\n'),
    MANUAL[documents.SETTINGS])
CASES = [
    (rooms.floors, {**HEADER, "gateway/http/a.c": '#include "base/text.h"\n'}, 0),
    (rooms.floors, {**HEADER, "gateway/http/a.c": '#include "json/scan.h"\n'}, 1),
    (rooms.floors, {**HEADER, "gateway/base/a.c": '#include "http/head.h"\n'}, 1),
    (rooms.floors, {**HEADER, "gateway/http/a.c": '#include "head.h"\n'}, 1),
    (rooms.floors, {**HEADER, "gateway/http/a.c": '#include "http/none.h"\n'}, 1),
    (rooms.floors, {"gateway/attic/a.c": ""}, 1),
    (rooms.floors, {**HEADER, "test/unit/json/a_test.c": '#include "front/front.h"\n'}, 1),
    (rooms.floors, {**HEADER, "gateway/main.c": '#include "front/front.h"\n'}, 0),
    (rooms.doors, {"gateway/front/front.c": "#include <event2/http.h>\n#include <stdio.h>\n"}, 0),
    (rooms.doors, {"gateway/server/worker.c": "#include <event2/http.h>\n"}, 1),
    (rooms.doors, {"gateway/json/a.c": "#include <event2/event.h>\n"}, 1),
    (rooms.doors, {"gateway/upstream/pool.c": "#include <curl/curl.h>\n"}, 1),
    (rooms.doors, {"gateway/mapping/a.c": "#include <yajl/yajl_parse.h>\n"}, 1),
    (rooms.doors, {"gateway/conf/conf.c": "#include <yaml.h>\n"}, 1),
    (rooms.doors, {"gateway/base/log.c": "#include <pthread.h>\n"}, 1),
    (rooms.doors, {"gateway/base/a.c": "#include <glib.h>\n"}, 1),
    (rooms.banned_calls, {"gateway/base/a.c": "int n = atoi(s);\n"}, 1),
    (rooms.banned_calls, {"test/unit/a.c": "    system (\"x\");\n"}, 1),
    (rooms.banned_calls, {"gateway/base/a.c": "/* not atoi(s) */ snprintf(\"rand()\");\n"}, 0),
    (shape.long_functions, {"gateway/base/a.c": body(80)}, 0),
    (shape.long_functions, {"gateway/base/a.c": body(81)}, 1),
    (shape.long_functions, {"gateway/base/a.c": body(120, "    case %d:")}, 0),
    (shape.long_functions, {"gateway/base/a.c": "void f(void)\n{\n    static const int a[] = {\n"
                            + "        1,\n" * 90 + "    };\n}\n"}, 0),
    (shape.long_files, {"gateway/base/a.c": "\n" * 500}, 0),
    (shape.long_files, {"gateway/base/a.c": "\n" * 501}, 1),
    (shape.big_files, {"test/x": "x" * (1 << 20)}, 0),
    (shape.big_files, {"test/x": "x" * ((1 << 20) + 1)}, 1),
    (shape.names, {"README.md": "", "gateway/base/text.c": "", ".ci/run": ""}, 0),
    (shape.names, {"notes.txt": "", "scripts/x": ""}, 2),
    (shape.names, {"gateway/base/util.c": "", "gateway/http/common.h": ""}, 2),
    (shape.unfinished, {"gateway/base/a.c": "/* TO" "DO later */\n"}, 1),
    (shape.unfinished, {"test/lib/a.py": "# FIX" "ME\n"}, 1),
    (shape.unfinished, {"gateway/base/a.c": "/* all there is to do */\n"}, 0),
    (shape.conflicts, {"gateway/completion/a": "a\n<<<<<<< main\nb\n=======\nc\n>>>>>>> mine\n"}, 2),
    (shape.conflicts, {"README.md": "a\r\n>>>>>>>\r\n"}, 1),
    (shape.conflicts, {"README.md": "Title\n=======\n> <<<<<<< main\n<<<<<<<<<<\n"}, 0),
    (shape.conflicts, {"test/fuzz/corpus/json/0": ">>>>>>> x\n"}, 0),
    (shape.dead_code, {"gateway/base/a.c": "// n = 1;\n/*\n * free(p);\n */\n"}, 2),
    (shape.dead_code, {"gateway/base/a.c": "#if 0\nint x;\n#endif\n"}, 1),
    (shape.dead_code, {"gateway/base/a.c": "/* frees it; see text_of(). */\nn = 1;\n"}, 0),
    (shape.typedefs, {"gateway/base/a.h": "typedef struct text text_t;\n"}, 1),
    (shape.typedefs, {"gateway/base/a.h": "struct text;\n"}, 0),
    (shape.typedefs, {"gateway/base/a.h": "typedef struct text *maker(int a);\n"}, 0),
    (shape.white_space, {"gateway/base/a.c": "int a; \n"}, 1),
    (shape.white_space, {"gateway/base/a.c": "\tint a;\n"}, 1),
    (shape.white_space, {"gateway/base/a.c": "int a;"}, 1),
    (shape.white_space, {"gateway/base/a.c": "int a;\n"}, 0),
    (words.words, {"README.md": "written by A" "I\n"}, 1),
    (words.words, {"gateway/base/a.c": "/* asked Cl" "aude */\n"}, 1),
    (words.words, {"gateway/base/a.c": "int ai_family; /* chat, cursor, again */\n"}, 0),
    (words.hosts, {"README.md": "see https:/" "/mirror.somewhere.net/x\n"}, 1),
    (words.hosts, {"docker/packages/a.txt": "deb.deb" "ian.org\n"}, 1),
    (words.hosts, {"README.md": "http://127.0.0.1:9000 https://api.example.com/v1\n"}, 0),
    (words.machine_paths, {"README.md": "in /ho" "me/someone/dpgw\n"}, 1),
    (words.machine_paths, {"test/lib/a.py": 'PATH = "/wo' 'rk/main"\n'}, 1),
    (words.machine_paths, {"README.md": "/etc/dpgw/gateway.yaml /usr/bin/python3\n"}, 0),
    (words.tickets, {"gateway/base/a.c": "/* see issue " "12 */\n"}, 1),
    (words.tickets, {"gateway/base/a.c": "/* fixed, #" "7 */\n"}, 1),
    (words.tickets, {"gateway/base/a.c": "#define X 1 /* chunk 2 of 3 */\n"}, 0),
    (documents.tables, {documents.OUTCOMES: OUTCOME, "README.md": ERRORS % LATE}, 0),
    (documents.tables, {documents.OUTCOMES: OUTCOME, "README.md": ERRORS % ""}, 1),
    (documents.tables, {documents.OUTCOMES: OUTCOME, "README.md": "no table\n"}, 1),
    (documents.tables, {documents.OUTCOMES: OUTCOME,
                        "README.md": ERRORS % LATE.replace("504", "502")}, 2),
    (documents.tables, {documents.OUTCOMES: OUTCOME, "README.md": ERRORS % (LATE + LATE)}, 1),
    (documents.tables, {documents.SETTINGS: SETTING, "README.md": SETTINGS % DEPTH}, 0),
    (documents.tables, {documents.SETTINGS: SETTING,
                        "README.md": SETTINGS % DEPTH.replace("256", "64")}, 2),
    (documents.tables, {documents.SETTINGS: SETTING + FIXED,
                        "README.md": SETTINGS % DEPTH.replace("live", "restart")}, 0),
    (documents.tables, {documents.SETTINGS: SETTING + FIXED, "README.md": SETTINGS % DEPTH}, 2),
    (documents.tables, {documents.SETTINGS: SETTING.replace("KIB, \\", "KIB * 2, \\"),
                        "README.md": SETTINGS % DEPTH}, 2),
    (documents.schemas, {documents.SETTINGS: SETTING, documents.SCHEMA: SCHEMA}, 0),
    (documents.schemas, {documents.SETTINGS: SETTING.replace("NUMBER", "COUNT"),
                         documents.SCHEMA: SCHEMA}, 1),
    *[(documents.schemas,
       {documents.MAPPING_SCHEMA: mapping_schema.text().replace(was, becomes, 1)}, complaints)
      for was, becomes, complaints in (
          ("", "", 0), ('"maxLength": 256', '"maxLength": 255', 1), ('"DELETE"', '"ERASE"', 1),
          ("  ", "    ", 1), ("{", "[", 1))],
    *[(documents.schemas, {documents.SETTINGS: SETTING,
                           documents.SCHEMA: SCHEMA.replace(was, becomes, 1)}, complaints)
      for was, becomes, complaints in (
          ('"json_depth"', '"json_deep"', 14),
          ('"default": 256', '"default": 255', 1), ('"minimum": 1', '"minimum": 2', 1),
          ('"maximum": 10240', '"maximum": 10000', 1), ("beyond it 400 (", "beyond it 413 (", 1),
          ('"version"\n', '"version", "limits"\n', 1), ('"pattern": "^', '"pattern": "', 1),
          ("  ", "    ", 1), ("{", "[", 1))],
    (documents.sample, {documents.SETTINGS: SETTING, documents.SAMPLE: SHOWN % "256"}, 0),
    (documents.sample, {documents.SETTINGS: SETTING,
                        documents.SAMPLE: (SHOWN % "256").replace("arrays", "lists")}, 1),
    (documents.sample, {documents.SETTINGS: SETTING, documents.SAMPLE: SHOWN % "255"}, 1),
    (documents.sample, {documents.SETTINGS: SETTING,
                        documents.SAMPLE: "version: 1\nlimits:\n  json_depth: 20 # less\n"}, 0),
    (documents.sample, {documents.SETTINGS: SETTING, documents.SAMPLE: "version: 1\n"}, 1),
    (documents.sample, {documents.SETTINGS: SETTING,
                        documents.SAMPLE: "limits: {json_depth: 1, json_deep: 2}\n"}, 1),
    (documents.sample, {documents.SETTINGS: SETTING,
                        documents.SAMPLE: 'limits: {json_depth: "a: 2"}\n'}, 0),
    (documents.figures, {"README.md": "<!-- numbers: begin %s -->\n%s<!-- numbers: end -->\n"
                         % (documents.digest(FIGURES), FIGURES)}, 0),
    (documents.figures, {"README.md": "<!-- numbers: begin %s -->\n%s<!-- numbers: end -->\n"
                         % (documents.digest(FIGURES), FIGURES.replace("12", "11"))}, 1),
    (documents.figures, {"README.md": "no figures\n"}, 1),
    (manuals.manuals, MANUAL, 0),
    *[(manuals.manuals, {**MANUAL, path: MANUAL[path].replace(was, becomes)}, 1)
      for path, was, becomes in (
          (manuals.PAGES[0], "Cm serve", "Cm server"), (manuals.COMPLETION, "serve", "s"),
          (manuals.PAGES[1], "256", "255"))],
    (manuals.options, MANUAL, 0),
    *[(manuals.options, {**MANUAL, path: MANUAL[path].replace(was, becomes)}, complaints)
      for path, was, becomes, complaints in (
          (manuals.MAIN, '"      --fast', '"      --quick', 2),
          (manuals.MAIN, '    {"fast", no_argument, NULL, 1},\n', "", 3),
          (manuals.MAIN, "CLI_SOURCE_OPTIONS", "", 6),
          (manuals.COMPLETION, "--fast", "--faster", 2), (manuals.COMPLETION, "serve)", "check)", 4),
          (manuals.PAGES[0], "\\-fast", "\\-slow", 2), (manuals.PAGES[0], "Fl c", "Fl d", 1),
          (manuals.PAGES[0], ".Cm serve\n.Op", ".Cm check\n.Op", 3))],
    (manuals.judged, MANUAL, 0),
    (manuals.judged, {**MANUAL, manuals.PAGES[1]: MANUAL[manuals.PAGES[1]] + ".Xx\n"}, 1),
]

HARDENED = """  Type:                              DYN (Position-Independent Executable file)
  GNU_STACK      0x000000 0x0000000000000000 0x0000000000000000 0x000000 0x000000 RW  0x10
  GNU_RELRO      0x0
 0x000000006ffffffb (FLAGS_1)            Flags: NOW PIE
     5: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND __stack_chk_fail@GLIBC_2.4 (3)
     6: 0000000000000000     0 FUNC    GLOBAL DEFAULT  UND __snprintf_chk@GLIBC_2.3.4 (2)
  LOAD           0x055010 0x0000000000055010 0x0000000000055010 0x003004 0x0270b0 RW  0x1000
  LOAD           0x008000 0x0000000000008000 0x0000000000008000 0x0386f1 0x0386f1 R E 0x1000
  [   416]  GNU C11 12.2.0 -g -O2 -fPIE -fstack-protector-strong -fstack-clash-protection
"""
SOFTENED = [("DYN (Position-Independent Executable file)", "EXEC"), ("NOW PIE", ""),
            ("GNU_RELRO", ""), (" RW  ", " RWE "), ("__stack_chk_fail", ""), ("__snprintf_chk", ""),
            ("0x0270b0 RW ", "0x0270b0 RWE"), (" -fPIE", ""), (" -fstack-protector-strong", ""),
            (" -fstack-clash-protection", ""), ("GNU C11", "GNU Fortran"),
            ("GNU_RELRO      0x0", "GNU_RELRO      0x0\n 0x0f (TEXTREL)    0x0"),
            ("GNU_RELRO      0x0", "GNU_RELRO      0x0\n 0x1d (RUNPATH)    Library runpath: [/x]")]


def encoded(files):
    return Tree({path: text.encode() for path, text in files.items()})


def check_cases():
    """(name, passed) of each planted tree."""
    for n, (check, files, wanted) in enumerate(CASES):
        found = list(check(encoded(files)))
        yield f"{check.__name__} {n}: {wanted} complaints", len(found) == wanted


def check_binary():
    yield "binary: a hardened program passes", not list(binary.judge("x", HARDENED))
    for was, becomes in SOFTENED:
        softened = HARDENED.replace(was, becomes)
        if becomes == "EXEC":
            softened = softened.replace(" PIE", "")
        yield f"binary: without {was.strip()}", len(list(binary.judge("x", softened))) >= 1


def check_tools():
    """clang-format and the shell's own syntax check can fail too."""
    root = pathlib.Path(__file__).resolve().parents[2]
    broken = Tree({"x.py": b"def f(:\n"})
    yield "scripts: broken python", len(list(lint.scripts(root, broken))) == 1
    for shown, wanted in (("a\nb\n", 0), ("a\n...\n", 0), ("a\n", 1), ("b\n...\n", 1)):
        text = f"```console\n$ printf 'a\\nb\\n'\n{shown}```\n"
        yield f"consoles: {shown!r}", len(list(consoles.judge(root, "x", text, "x"))) == wanted
    for check in lint.CHECKS:
        wanted = [w for c, _, w in CASES if c is check]
        yield f"{check.__name__}: planted and clean", 0 in wanted and any(wanted)


def main():
    passed = failed = 0
    for cases in (check_cases(), check_binary(), check_tools()):
        for name, good in cases:
            passed += good
            failed += not good
            if not good:
                print(f"not ok {name}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
