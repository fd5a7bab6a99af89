"""Large uploads: what arrives is right to the byte and the memory stays small."""
import os

import cases
import large
import uploads

# `uploads.py` alone sends the full size; here a part of it will do.
MIB = int(os.environ.get("UPLOAD_MIB", "64"))
RATE = int(float(os.environ.get("UPLOAD_RATE", "100")) * 1e6)


class Uploads(cases.Case):
    def try_one(self, name):
        row = uploads.measure(self.folder, name, MIB << 20, RATE)
        self.assertIsNone(large.fault_of(row), row)

    def test_a_file(self):
        self.try_one("file")

    def test_a_form_with_a_file(self):
        """The names of the form and its JSON part are exchanged, the file is left alone."""
        self.try_one("form")

    def test_the_generator_writes_both_dialects(self):
        _, pieces, length = uploads.form(3_000_000)
        client, service = (b"".join(side) for side in zip(*pieces))
        self.assertEqual(len(client), length)
        self.assertNotEqual(client, service)
        file = b"".join(uploads.file_pieces(3_000_000))
        for side in (client, service):
            self.assertEqual(side.count(file), 1)
        self.assertIn(b'name="workspaceId"\r\n\r\ndataProductId\r\n', service)
        self.assertIn(b'"workspaceType": "dataProductType"', service)
        self.assertEqual(file.count(b"\r\n--" + uploads.BOUNDARY.encode()), 0)

    def test_no_two_pieces_of_the_file_are_alike(self):
        pieces = list(uploads.file_pieces(5_000_000))
        self.assertEqual(sum(map(len, pieces)), 5_000_000)
        self.assertEqual(len(set(pieces)), len(pieces))
