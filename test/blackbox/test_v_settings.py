"""Every limit and timeout has a test at its edge, and its own bounds are held to the line."""
import sys

import cases
import edges
import gateway
import program
import upstream

sys.path.insert(0, str(program.ROOT / "test/lint"))
import settings  # noqa: E402
import test_n_tls  # noqa: E402,F401  what stands there is what is counted here
import test_v_held  # noqa: E402,F401
import test_v_limits  # noqa: E402,F401
import test_v_timeouts  # noqa: E402,F401
import test_v_waits  # noqa: E402,F401

ROWS = settings.rows((program.ROOT / settings.SOURCE).read_text())


class Complete(cases.Case):
    def printed(self):
        """The keys of all settings, as the gateway prints them."""
        status, out, error = program.run("check", "-c", "config/gateway.yaml", "--print")
        self.assertEqual((status, error), (0, ""))
        return [line.split()[0] for line in out.splitlines() if ":" not in line.split()[0]]

    def test_each_limit_and_timeout_has_a_test_at_its_edge(self):
        keys = self.printed()
        self.assertEqual(sorted(keys), sorted(row.key for row in ROWS))
        self.assertGreater(len([k for k in keys if k.partition(".")[0] in edges.GROUPS]), 30)
        self.assertEqual(edges.untested(keys), [])
        self.assertEqual(edges.unknown(keys), [])

    def test_a_setting_without_one_is_found(self):
        keys = self.printed()
        for key in edges.TESTED:
            rest = {k: v for k, v in edges.TESTED.items() if k != key}
            self.assertIn(key, edges.untested(keys, rest))
        self.assertEqual(edges.untested(keys + ["limits.new"]), ["limits.new"])
        self.assertEqual(edges.unknown(keys, {"limits.gone": []}), ["limits.gone"])


class Bounds(cases.Case):
    """What is outside a setting's bounds is refused at its line; what is just inside is taken."""

    # Settings that are bound by others besides, where all are at their own bounds.
    BESIDES = {"limits.request_head": "1MiB", "limits.buffer_high": "64MiB", "limits.buffer_low": 0}

    @staticmethod
    def plain(row, value):
        """VALUE as the file has it."""
        return f"{value}ms" if row.kind == "TIME" and value else value

    def check(self, values):
        """What `dpgw check` makes of VALUES: (status, complaints, the file)."""
        values = {"upstream.url": "http://127.0.0.1:9", "mapping": str(
            program.ROOT / "config/mapping.yaml"), **values}
        file = self.folder / "gateway.yaml"
        file.write_text(gateway.settings_yaml(values).replace('"unlimited"', "unlimited"))
        status, _, error = program.run("check", "-c", str(file))
        return status, error, file

    @staticmethod
    def places(file):
        """{key: "line:column" of its value} in FILE."""
        places, path = {}, []
        for number, line in enumerate(file.read_text().splitlines(), 1):
            name, _, value = line.partition(":")
            depth = (len(name) - len(name.strip())) // 2
            path = [*path[:depth], name.strip()]
            places[".".join(path)] = f"{number}:{line.find(value.strip(), len(name)) + 1}"
        return places

    def refused(self, values, why):
        """Each of VALUES is refused for WHY where it stands, and nothing else is."""
        status, error, file = self.check(values)
        self.assertEqual(status, 1)
        places = self.places(file)
        wanted = [f"{file}:{places[key]}: error: {key} can't be \"{value}\": it is too {why}"
                  for key, value in values.items()]
        found = [line for line in error.splitlines() if "error:" in line]
        self.assertEqual(sorted(found), sorted(wanted))

    def test_less_than_the_least_is_refused(self):
        values = {row.key: self.plain(row, row.minimum - 1) for row in ROWS if row.minimum > 0}
        # A bare 0 is no time: it must still be called too small.
        values.update({k: "0ms" for k, v in values.items() if k.startswith("timeouts.") and v == 0})
        self.refused(values, "small")

    def test_more_than_the_most_is_refused(self):
        self.refused({row.key: self.plain(row, row.maximum + 1) for row in ROWS
                      if 0 < row.maximum < settings.NOEND}, "large")

    def test_the_least_and_the_most_are_taken(self):
        for side in ("minimum", "maximum"):
            values = {}
            for row in ROWS:
                if row.maximum:
                    value = getattr(row, side)
                    values[row.key] = "unlimited" if value == settings.NOEND else self.plain(row, value)
            values.update(self.BESIDES)
            if side == "minimum":
                values["limits.buffer_high"] = "4KiB"
            else:
                values["limits.buffer_low"] = 64 * 2**20 - 1
            status, error, _ = self.check(values)
            self.assertEqual((status, error), (0, ""), side)
            named = [row.key for row in ROWS if row.maximum and row.key not in values]
            self.assertEqual(named, [])

    def test_what_is_taken_serves(self):
        """The least of everything that a request passes still lets a small one pass."""
        service = self.upstream(upstream.always(cases.OK))
        least = {row.key: self.plain(row, row.minimum) for row in ROWS
                 if row.key.startswith("limits.") and row.maximum}
        for key in ("request_line", "request_head", "request_fields", "response_head",
                    "response_fields", "body_json", "memory"):
            del least[f"limits.{key}"]
        gate = self.gateway(service, least)
        self.assertEqual(gate.once("POST", cases.CLIENT, b'{"a":1}').body, b'{"ok":true}')
