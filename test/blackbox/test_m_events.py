"""Event streams and records: a decoder of our own sees the same events, renamed."""
import json
import random
import threading

import cases
import program
import wire

NAMES = {"workspace": "dataProduct", "workspaces": "dataProducts", "workspaceId": "dataProductId"}
TEXTS = ["[DONE]", "a workspaceId", '{"workspaceId":', "12 13", '"', ""]


def document(rng, depth=0):
    """A random JSON value with upstream names in it."""
    kind = rng.random()
    if depth > 3 or kind < 0.3:
        return rng.choice([1, -2.5, True, None, "workspaceId", "\u00e9\U0001f600\"\\\n", "", 1e300])
    if kind < 0.5:
        return [document(rng, depth + 1) for _ in range(rng.randrange(4))]
    keys = rng.sample([*NAMES, "a", "b c", "data", "id"], rng.randrange(5))
    return {key: document(rng, depth + 1) for key in keys}


def renamed(value):
    if isinstance(value, list):
        return [renamed(item) for item in value]
    if isinstance(value, dict):
        return {NAMES.get(key, key): renamed(item) for key, item in value.items()}
    return value


def decoded(stream):
    """The events of STREAM as (event, data, id), after the rules of WHATWG HTML."""
    events, data, kind, last = [], None, "", ""
    lines = stream.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    for line in lines[:-1]:
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if line == "":
            if data is not None:
                events.append((kind, "\n".join(data), last))
            data, kind = None, ""
        elif name == "data":
            data = (data or []) + [value]
        elif name == "event":
            kind = value
        elif name == "id":
            last = value
    return events


def written(rng, text, end):
    """The lines of one event with TEXT as its data."""
    extras = ["event: workspace", ": workspaceId", "id: 7", "retry: 1000", "other"]
    lines = [rng.choice(["data: ", "data:" if not line.startswith(" ") else "data: "]) + line
             for line in text.split("\n")]
    for extra in extras:
        if rng.random() < 0.2:
            lines.insert(rng.randrange(len(lines) + 1), extra)
    return "".join(line + end for line in [*lines, ""])


def made_stream(seed):
    """(a stream of 60 events, the values or texts that their data becomes)"""
    rng = random.Random(seed)
    stream, wanted = "\ufeff" if seed % 3 == 0 else "", []
    for _ in range(60):
        end = rng.choice(["\n", "\r\n", "\r"]) if seed % 2 else "\n"
        if stream.endswith("\r") and end == "\n":
            end = "\r"
        if rng.random() < 0.2:
            text = rng.choice(TEXTS)
            wanted.append(text)
        else:
            value = document(rng)
            text = json.dumps(value, indent=rng.choice([None, None, 0, 1]),
                              ensure_ascii=rng.random() < 0.5)
            wanted.append(renamed(value))
        stream += written(rng, text, end)
    return stream, wanted


class Events(cases.Case):
    def translated(self, stream, media):
        status, output, error = program.run("translate", "-c", "config/gateway.yaml", "--response",
                                            "--type", media, stdin=stream.encode())
        return status, output, error

    def test_a_decoder_sees_the_same_events_renamed(self):
        for seed in range(30):
            stream, wanted = made_stream(seed)
            status, output, error = self.translated(stream, "text/event-stream")
            self.assertEqual(status, 0, error)
            before, after = decoded(stream), decoded(output)
            self.assertEqual(len(before), len(wanted))
            self.assertEqual(len(after), len(wanted))
            for (kind, text, last), (new_kind, new_text, new_last), want in zip(before, after, wanted):
                self.assertEqual((new_kind, new_last), (kind, last))
                if isinstance(want, str) and text == want:
                    self.assertEqual(new_text, text)
                else:
                    self.assertEqual(json.dumps(json.loads(new_text)), json.dumps(want))

    def reply_in_steps(self, media, pieces):
        """A connection that gets the head of a reply of MEDIA, and a call that has the next of PIECES sent."""
        steps = threading.Semaphore(0)

        def script(connection):
            connection.request()
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: " + media +
                            b"\r\nTransfer-Encoding: chunked\r\n\r\n")
            for piece in pieces:
                self.assertTrue(steps.acquire(timeout=wire.PATIENCE))
                connection.send(b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b"0\r\n\r\n")
            connection.wait_for_end(seconds=3600)

        gate, _ = self.pair(script)
        connection = gate.connect()
        self.addCleanup(connection.close)
        connection.send(wire.request_bytes("POST", cases.CLIENT + "/p/chat/stream", b"{}"))
        self.assertEqual(connection.head("POST").status, 200)
        return connection, steps.release

    def test_an_event_leaves_whole_when_its_blank_line_has_come(self):
        connection, step = self.reply_in_steps(b"text/event-stream", [
            b'data: {"works', b'paceId":1}\r', b"\n: beat\r\n", b"\r", b"\n",
            b": beat\n", b'data: {"workspaceId":', b""])
        step()
        connection.until(b"data: \r\n")
        for _ in range(2):
            step()
            self.assertTrue(connection.quiet(0.05))
        step()
        connection.until(b'{"dataProductId":1}\r\n: beat\r\n\r\r\n')
        step()
        connection.until(b"\n\r\n")
        step()
        connection.until(b": beat\n\r\n")
        step()
        step()
        connection.until(b'{"dataProductId":')
        connection.until(b"0\r\n\r\n")

    def test_a_bad_tenth_record_cuts_the_reply_behind_the_ninth(self):
        pieces = [b'{"workspaceId":%d}\n' % number for number in range(9)]
        connection, step = self.reply_in_steps(b"application/x-ndjson",
                                               [*pieces, b'{"workspaceId":9,}\n'])
        for number in range(9):
            step()
            connection.until(b'{"dataProductId":%d}\n\r\n' % number)
        step()
        rest = connection.drain()
        self.assertNotIn(b"0\r\n\r\n", rest or b"")
        self.assertNotIn(b"9", rest or b"")
