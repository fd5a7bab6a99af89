"""Large documents both ways: the digest is right and the memory stays small."""
import os

import cases
import large

# `large.py` alone runs the full size; here a sixteenth of it will do.
MIB = int(os.environ.get("LARGE_MIB", "64"))
RATE = int(float(os.environ.get("LARGE_RATE", "20")) * 1e6)


class Large(cases.Case):
    def try_one(self, document, way):
        row = large.measure(self.folder, document, way, (MIB << 20) // document[2], RATE)
        self.assertIsNone(large.fault_of(row), row)

    def test_array_up(self):
        self.try_one(large.DOCUMENTS[0], large.up)

    def test_array_down(self):
        self.try_one(large.DOCUMENTS[0], large.down)

    def test_string_up(self):
        self.try_one(large.DOCUMENTS[1], large.up)

    def test_string_down(self):
        self.try_one(large.DOCUMENTS[1], large.down)

    def test_the_generator_writes_both_dialects(self):
        """It changes names only, and a lost or doubled part would show."""
        client, service = (b"".join(side) for side in zip(*large.dialects.documents(200_000)))
        for theirs, ours in large.dialects.NAMES:
            if theirs not in ("dataProductId", "dataProducts", "dataProduct"):
                self.assertIn(b'"%s"' % theirs.encode(), client)
                self.assertNotIn(b'"%s"' % theirs.encode(), service)
                self.assertIn(b'"%s"' % ours.encode(), service)
        self.assertNotEqual(client[1000:2000], client[3000:4000])
        self.assertEqual(large.json.loads(client)[0]["note"],
                         "$ref(sales_workspace.orders) dataProductId")
