"""Every row of heads.txt and chunks.txt gets the verdict that stands there, at every cut."""
import unittest

import judge
import table


def said(pairs):
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs]


class Rules(unittest.TestCase):
    """A case is one rule with all its rows."""

    def judged(self, rows):
        for row, verdict in zip(rows, judge.whole([row.data for row in rows]), strict=True):
            self.assertTrue(verdict.matches(row), f"{row.verdict} {row}: {verdict}")
            yield row, verdict
        for data, cut, whole, other in judge.cut_faults([row.data for row in rows]):
            self.fail(f"cut {cut} changes {whole} to {other}: {data[:300]!r}")

    def check_heads(self, rows):
        for _ in self.judged(rows):
            pass

    def check_chunks(self, rows):
        for row, verdict in self.judged(rows):
            if verdict.requests:
                first = verdict.requests[0]
                self.assertEqual((first.content, said(first.trailers)),
                                 (row.content, row.trailers), row)


def rules(rows):
    """ROWS by their rule."""
    found = {}
    for row in rows:
        found.setdefault(row.rule, []).append(row)
    return found


def add_cases(file, rows, check):
    for number, (rule, some) in enumerate(rules(rows).items(), 1):
        case = lambda self, check=check, some=some: check(self, some)  # noqa: E731
        case.__doc__ = rule
        setattr(Rules, f"test_{file}_{number:02}", case)


add_cases("heads", table.heads(), Rules.check_heads)
add_cases("chunks", table.chunks(), Rules.check_chunks)


class Tables(unittest.TestCase):
    def test_the_tables_are_as_long_as_they_should_be(self):
        self.assertGreaterEqual(len(table.heads()), 1600)
        self.assertGreaterEqual(len(table.chunks()), 850)

    def test_no_two_rows_have_one_name(self):
        for rows in (table.heads(), table.chunks()):
            names = [(row.rule, row.name) for row in rows]
            self.assertEqual(len(set(names)), len(names))
