"""diff and test: what they print where, and that diff tells of all that translate does."""
import random
import subprocess

import cases
import gateway
import program
import terminal

OLD, NEW = "test/diff/old.yaml", "test/diff/new.yaml"
NAMES = ("a", "b", "c")


class Changes(cases.Case):
    def on_terminal(self, env=None):
        status, shown, _ = terminal.run("diff", OLD, NEW, env=env)
        self.assertEqual(status, 0)
        return shown

    def test_colour_on_a_terminal_only(self):
        self.assertIn("\x1b[31mbreaking", self.on_terminal())
        self.assertNotIn("\x1b", self.on_terminal(env={"NO_COLOR": "1"}))
        self.assertIn("\x1b", self.on_terminal(env={"NO_COLOR": ""}))
        status, printed, _ = program.run("diff", OLD, NEW)
        self.assertEqual((status, printed.count("\x1b")), (0, 0))

    def test_shipped_mapping_and_itself(self):
        mapping = "config/mapping.yaml"
        self.assertEqual(program.run("diff", "--fail-on", "compatible", mapping, mapping),
                         (0, "", ""))

    def test_a_failing_test_fails_the_pipeline(self):
        status, printed, _ = program.run("test", "config/tests/requests.yaml",
                                         "test/trials/failing.yaml")
        self.assertEqual((status, printed.splitlines()[-1]), (1, "11 passed, 12 failed"))

    def test_no_room_for_the_output(self):
        for command in (("diff", OLD, NEW), ("test", "config/tests/requests.yaml")):
            with open("/dev/full", "w") as full:
                done = subprocess.run([program.build_path("DPGW", "dpgw"), *command], stdout=full,
                                      cwd=program.ROOT, env=program.environment(), check=False,
                                      stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, 74, done.stderr)

    # --- what diff does not tell, translate does not do ------------------------

    def rules(self, dice):
        """A few rules over few names: fields, opaque paths, values."""
        at = [f"$.{dice.choice(NAMES)}", f"$..{dice.choice(NAMES)}", "$.*"]
        fields = [f"  {name}: {{upstream: u{name}" +
                  (f", at: \"{dice.choice(at)}\"}}" if dice.random() < 0.3 else "}")
                  for name in dice.sample(NAMES, 2)]
        values = [f"  - {{at: \"{dice.choice(at)}\", map: {{v: {dice.choice('uw')}}}}}"
                  for _ in range(2)]
        return [fields, [f"  - \"{dice.choice(at)}\""], values]

    def changed(self, dice, rules):
        """RULES in another order, or with one less."""
        part = dice.choice(rules)
        others = [dice.sample(entries, len(entries)) for entries in rules]
        if dice.random() < 0.6:
            others[rules.index(part)].pop()
        return others

    def mapping(self, rules):
        lines = ["version: 1", "routes: [{client: /x, upstream: /x, methods: [GET, POST]}]",
                 "collisions: {request: keep}"]
        for key, entries in zip(("fields", "opaque", "values"), rules):
            lines += [f"{key}:", *entries] if entries else []
        return "\n".join(lines) + "\n"

    def document(self, dice, depth=0):
        """A JSON text with names and values of both dialects."""
        if depth == 3 or dice.random() < 0.3:
            return dice.choice(('"v"', '"u"', '"w"', "1"))
        names = dice.sample(NAMES + ("ua", "ub"), 3)
        return "{" + ",".join(f'"{n}":{self.document(dice, depth + 1)}' for n in names) + "}"

    def translated(self, mapping, direction, documents):
        """What MAPPING makes of DOCUMENTS, one record each; a refusal ends it."""
        settings = dict(gateway.SETTINGS, mapping=str(mapping))
        settings["upstream.url"] = "http://127.0.0.1:9000"
        config = self.folder / "gateway.yaml"
        config.write_text(gateway.settings_yaml(settings))
        return program.run("translate", "-c", str(config), f"--{direction}", "--route", "POST /x",
                           "--type", "application/x-ndjson", stdin=documents)[:2]

    def test_what_is_not_told_does_not_happen(self):
        dice = random.Random(11)
        old, new = self.folder / "old.yaml", self.folder / "new.yaml"
        silent = told = 0
        for _ in range(24):
            rules = self.rules(dice)
            old.write_text(self.mapping(rules))
            new.write_text(self.mapping(self.changed(dice, rules)))
            status, printed, error = program.run("diff", str(old), str(new))
            if status == 78:
                self.assertIn("error:", error)
                continue  # a path that can match no reply
            self.assertEqual((status, error), (0, ""))
            if [line for line in printed.splitlines()[:-1] if "ETag" not in line]:
                told += 1
                continue
            silent += 1
            documents = "\n".join(self.document(dice) for _ in range(40)).encode() + b"\n"
            for direction in ("request", "response"):
                self.assertEqual(self.translated(old, direction, documents),
                                 self.translated(new, direction, documents),
                                 (direction, old.read_text(), new.read_text()))
        self.assertGreater(told, 3)
        self.assertGreater(silent, 3)
