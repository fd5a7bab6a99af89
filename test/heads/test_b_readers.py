"""What the gateway accepts, h11 and http_parser frame the same; what may differ is a named rule."""
import unittest

import corpus
import judge
import mutations
import readers
import reliability
import table

MUTATED = 20000
SAMPLE = b"GET /p HTTP/1.1\r\nHost: h\r\nX: a\r\n\r\n"


class Readers(unittest.TestCase):
    def compare(self, datas):
        """Judges and compares DATAS; every request has to be read alike."""
        comparison = readers.Comparison()
        for data, verdict in zip(datas, judge.whole(datas), strict=True):
            comparison.add(data, verdict)
        self.assertEqual(comparison.faults, [])
        return comparison

    def test_the_table_of_heads(self):
        comparison = self.compare([row.data for row in table.heads()])
        self.assertGreaterEqual(comparison.alike, 650)

    def test_the_table_of_chunked_bodies(self):
        comparison = self.compare([row.data for row in table.chunks()])
        self.assertGreaterEqual(comparison.alike, 60)

    def test_mutated_heads_and_bodies(self):
        sources = [row.data for row in table.heads() + table.chunks()]
        comparison = self.compare(list(mutations.mutated(sources, MUTATED)))
        self.assertGreaterEqual(comparison.alike, MUTATED // 4)
        reliability.record("heads-readers", [(
            f"{MUTATED} mutated heads and bodies: requests accepted, read alike by h11 and by "
            "http_parser or refused by a rule named, read otherwise",
            f"{comparison.count}, {comparison.count}, 0", "make test SUITES=heads")])

    def test_the_public_corpus(self):
        cases = corpus.cases()
        if cases:
            comparison = self.compare([case.data for case in cases])
            self.assertGreaterEqual(comparison.alike, 40)

    def test_every_difference_is_needed(self):
        comparison = self.compare([row.data for row in table.heads() + table.chunks()])
        named = {why for _, _, _, why in readers.DIFFERENCES}
        self.assertEqual(comparison.permitted, named)


class ReadersDisagree(unittest.TestCase):
    """The comparison itself can fail."""

    def changed(self, change):
        verdict = judge.whole([SAMPLE])[0]
        change(verdict.requests[0])
        comparison = readers.Comparison()
        comparison.add(SAMPLE + SAMPLE, verdict)
        return {fault[0] for fault in comparison.faults}

    def test_each_part_is_compared(self):
        for part, value in (("method", "PUT"), ("target", "/q"), ("fields", []),
                            ("content", b"x"), ("size", len(SAMPLE) + 1)):
            with self.subTest(part):
                found = self.changed(lambda request, part=part, value=value:
                                     setattr(request, part, value))
                self.assertEqual(found, set(readers.PARSERS))

    def test_a_refusal_without_a_rule_is_a_fault(self):
        self.assertIsNone(readers.permitted("h11", "refused: illegal chunk header", b"\r\n5 \r\n"))
        self.assertIsNone(readers.permitted("h11", "refused: something", SAMPLE))
