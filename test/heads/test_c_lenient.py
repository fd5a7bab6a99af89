"""A head that reads more than it should is caught: by the tables, and where it frames, by a parser.

Each variant changes one place of the grammar's source, is built with the
judge, and judges the same rows and mutated heads as the gateway's own.
"""
import os
import pathlib
import shlex
import subprocess
import tempfile
import unittest

import judge
import mutations
import program
import readers
import table

MUTATED = 4000
HTTP = program.ROOT / "gateway/http"
SOURCES = [*HTTP.glob("*.c"), *(program.ROOT / "gateway/base" / f"{name}.c"
                                for name in ("text", "buf")), program.ROOT / "test/heads/judge.c"]

# (what it takes too, file, what stands there, what stands there instead, a parser notices)
VARIANTS = [
    ("a length beside a coding", "head.c", "if (r->chunked && head->has_length)", "if (0)", True),
    ("a second length", "head.c", "if (r->head->has_length)", "if (0)", True),
    ("a coding in 1.0", "head.c", "if (r->chunked && head->minor == 0)", "if (0)", False),
    ("any coding that begins so", "head.c", "!text_eq_nocase(value, TEXT(\"chunked\"))",
     "!text_starts(value, TEXT(\"chunked\"))", True),
    ("a coding that is not known, as none", "head.c",
     "    if (r->chunked || !text_eq_nocase(value, TEXT(\"chunked\")))\n",
     "    if (!text_eq_nocase(value, TEXT(\"chunked\")))\n        return 0;\n    if (r->chunked)\n",
     True),
    ("a second Host", "head.c", "if (r->head->host.at)", "if (0)", True),
    ("no Host", "head.c", "if (!head->host.at && head->minor > 0)", "if (0)", True),
    ("another version", "head.c", "if (version.at[5] != '1')", "if (0)", False),
    ("two empty lines first", "head.c", "    int status = read_request_line(r);\n",
     "    if (text_starts(r->rest, TEXT(\"\\r\\n\")))\n"
     "        r->rest = text_from_offset(r->rest, 2);\n"
     "    int status = read_request_line(r);\n", True),
    ("a space before the colon", "field.c", "    if (at == end || *at != ':'",
     "    while (at < end && *at == ' ')\n        at++;\n    if (at == end || *at != ':'", True),
    ("any control byte in a value", "field.c", "while (at < end && http_is(*at, IN_VALUE))",
     "while (at < end && *at != '\\r' && *at != '\\n')", True),
    ("a length that overflows", "field.c",
     "text_to_u64(value, length_out) && *length_out <= INT64_MAX", "text_to_u64(value, length_out)",
     False),
    ("a size behind a sign", "chunked.c", "        return http_is(byte, IN_HEX) ? size_digit(c, byte) "
     ": BROKEN;\n", "        return byte == '+' ? AT_SIZE : http_is(byte, IN_HEX) ? "
     "size_digit(c, byte) : BROKEN;\n", True),
    ("white space behind a size", "chunked.c", "return byte == '\\r' ? BROKEN : after_part(byte);",
     "return after_part(byte);", True),
    ("a size that overflows", "chunked.c", "if (c->left > (uint64_t)INT64_MAX >> 4)", "if (0)", True),
    ("LF behind a size", "chunked.c", "return c == ';' ? AT_EXT_NAME : c == '\\r'",
     "if (c == '\\n')\n        return IN_CONTENT;\n    return c == ';' ? AT_EXT_NAME : c == '\\r'", True),
    ("anything for the CR behind content", "chunked.c",
     "return byte == '\\r' ? AT_CONTENT_FEED : BROKEN;", "return AT_CONTENT_FEED;", True),
    ("a user in the target", "target.c", "    if (!http_authority_ok(out->authority))",
     "    out->authority = text_from_offset(out->authority, text_find(out->authority, '@') <\n"
     "        out->authority.len ? text_find(out->authority, '@') + 1 : 0);\n"
     "    if (!http_authority_ok(out->authority))", False),
]


class Workshop:
    """Builds variants of the judge in a folder of its own."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.objects = {}
        for source in SOURCES:
            self.objects[source.name] = self.compile(source, source.stem)

    def compile(self, source, name):
        made = self.folder / f"{name}.o"
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-std=c11", "-O0", "-D_GNU_SOURCE", "-w",
                        f"-I{program.ROOT / 'gateway'}", "-c", "-o", made, source], check=True)
        return made

    def variant(self, number, file, old, new):
        """The path of a judge in which OLD is NEW in FILE."""
        text = (HTTP / file).read_text()
        assert text.count(old) == 1, f"{file} holds {text.count(old)} times {old!r}"
        source = self.folder / f"variant{number}.c"
        source.write_text(text.replace(old, new))
        made = self.compile(source, f"variant{number}")
        objects = dict(self.objects, **{file: made})
        path = self.folder / f"judge{number}"
        subprocess.run([*shlex.split(os.environ.get("CC", "cc")), "-o", path, *objects.values()], check=True)
        return str(path)


class Lenient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="dpgw-lenient-")
        cls.addClassCleanup(folder.cleanup)
        cls.workshop = Workshop(folder.name)
        cls.rows = table.heads() + table.chunks()
        cls.datas = [row.data for row in cls.rows]
        cls.datas += mutations.mutated(cls.datas, MUTATED)

    def test_the_table_and_the_parsers_catch_each_variant(self):
        for number, (name, file, old, new, noticed) in enumerate(VARIANTS):
            with self.subTest(name):
                verdicts = judge.whole(self.datas, self.workshop.variant(number, file, old, new))
                caught = [row for row, verdict in zip(self.rows, verdicts)
                          if not verdict.matches(row)]
                self.assertNotEqual(caught, [], "no row of the tables")
                comparison = readers.Comparison()
                for data, verdict in zip(self.datas, verdicts, strict=True):
                    comparison.add(data, verdict)
                self.assertEqual(bool(comparison.faults), noticed, "by the parsers")

    def test_without_a_change_nothing_is_caught(self):
        path = self.workshop.variant("none", "head.c", "int http_head_parse(", "int http_head_parse(")
        verdicts = judge.whole(self.datas, path)
        self.assertTrue(all(verdict.matches(row) for row, verdict in zip(self.rows, verdicts)))
