"""reloads.py - a gateway under load that is reloaded again and again

wrk asks all the time, event streams and uploads begin under each mapping and
end under none but that; in between come mappings, good and bad.  A mapping
calls the service's `inner` by a name with its number, so every byte tells by
which one it was translated.
"""
import re
import signal
import subprocess
import threading

import program
import upstream
import wire

RULES_MORE = 150         # rules that nothing meets: a mapping that leaks is seen
CHUNK_EVENTS = 2         # events for each stream between two reloads
# Counts replies that are not {"name<number>":1}.
LUA = """
local bad, seen, threads = 0, 0, {}
function setup(thread) table.insert(threads, thread) end
function init() bad_replies, good_replies = 0, 0 end
function response(status, headers, body)
  if status == 200 and string.match(body, '^{"name%d+":1}$') then
    good_replies = good_replies + 1
  else
    bad_replies = bad_replies + 1
  end
end
function done()
  for _, thread in ipairs(threads) do
    io.write("good replies " .. thread:get("good_replies") ..
             " bad replies " .. thread:get("bad_replies") .. "\\n")
  end
end
"""


def name(number):
    return f"name{number}"


def mapping(number):
    """The mapping NUMBER."""
    more = "".join(f"  client{n}: service{n}\n" for n in range(RULES_MORE))
    return ('version: 1\nroutes:\n'
            '  - {client: "/c/{x}", upstream: "/s/{x}", methods: [GET, PUT]}\n'
            f'fields:\n  {name(number)}: inner\n{more}')


def bad_mapping(number):
    return mapping(number) + "  another: inner\n"


def events(began, first, count):
    """COUNT events from number FIRST on, as (client's bytes, service's), of a stream under BEGAN."""
    text = "".join(f'id: {n}\ndata: {{"%s":{n},"name999999":{n}}}\n\n' for n in range(first, first + count))
    names = name(began), "inner"
    return tuple(text.replace("%s", one).encode() for one in names)


def document(began, size):
    """A body of about SIZE bytes under mapping BEGAN: (client's bytes, service's)."""
    row = '{ "%s":1, "name999999":"%s" },\n'  # the last is no key, and no mapping's
    text = "[" + row * (size // len(row)) + "0]"
    return tuple(text.replace('"%s":1', f'"{one}":1').encode() for one in (name(began), "inner"))


class Service:
    """Answers wrk at once, keeps streams open and takes uploads whole."""

    def __init__(self):
        self.streams, self.uploads = {}, {}
        self.over = threading.Event()
        self.listener = upstream.Upstream(self.script)
        self.url = self.listener.url

    def script(self, connection):
        reply = wire.reply_bytes(200, b'{"inner":1}', [("Content-Type", "application/json")])
        while True:
            request = connection.head(3600)
            if "/stream" in request.target:
                self.stream(connection, request)
                continue
            connection.body(request)
            if request.method == "PUT":
                self.uploads[request.target] = request.body
            connection.send(reply)

    def stream(self, connection, request):
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                        b"Transfer-Encoding: chunked\r\n\r\n")
        self.streams[request.target] = connection
        self.listener.changed()
        self.over.wait(3600)
        connection.send(b"0\r\n\r\n")

    def say(self, target, text):
        self.streams[target].send(b"%x\r\n%s\r\n" % (len(text), text))

    def wait_stream(self, target):
        self.listener.wait(lambda: target in self.streams, target)

    def wait_more(self, count):
        """Until COUNT requests more have come."""
        wanted = len(self.listener.requests) + count
        self.listener.wait(lambda: len(self.listener.requests) >= wanted, "more requests")

    def close(self):
        self.over.set()
        self.listener.close()


class Stream:
    """An event stream that began under mapping BEGAN."""

    def __init__(self, gate, service, began, number):
        self.service, self.began, self.target = service, began, f"/s/stream{number}"
        self.expected, self.said = b"", 0
        self.connection = gate.connect()
        self.connection.send(wire.request_bytes("GET", f"/c/stream{number}"))
        service.wait_stream(self.target)

    def go_on(self):
        client, own = events(self.began, self.said, CHUNK_EVENTS)
        self.said += CHUNK_EVENTS
        self.expected += client
        self.service.say(self.target, own)

    def finish(self):
        reply = self.connection.reply()
        self.connection.close()
        assert (reply.status, reply.end) == (200, "clean"), reply
        assert reply.body == self.expected, (self.began, reply.body[:300], self.expected[:300])


class Upload:
    """A body that began under mapping BEGAN and is sent a slice at a time."""

    def __init__(self, gate, service, began, number, size):
        self.service, self.target, self.began = service, f"/s/upload{number}", began
        self.body, self.expected = document(began, size)
        self.step, self.sent = max(1, len(self.body) // 20), 0
        self.connection = gate.connect()
        head = wire.request_bytes("PUT", f"/c/upload{number}", None, [
            ("Content-Length", str(len(self.body))), ("Content-Type", "application/json"),
            ("Expect", "100-continue")])
        self.connection.send(head)
        self.connection.until(b"HTTP/1.1 100 Continue\r\n\r\n")  # so it has begun

    def go_on(self):
        last = len(self.body) - 1
        piece = self.body[self.sent:min(self.sent + self.step, last)]
        self.connection.send(piece)
        self.sent += len(piece)

    def finish(self):
        self.connection.send(self.body[self.sent:])
        reply = self.connection.reply("PUT")
        self.connection.close()
        assert (reply.status, reply.body) == (200, b'{"%s":1}' % name(self.began).encode()), reply
        assert self.service.uploads[self.target] == self.expected


class Wrk:
    """wrk, asking GATE on CONNECTIONS kept connections until it is stopped."""

    def __init__(self, folder, gate, connections):
        script = folder / "wrk.lua"
        script.write_text(LUA)
        self.child = subprocess.Popen(
            ["wrk", "-t", "2", "-c", str(connections), "-d", "600s", "--timeout", "60s",
             "-s", str(script), f"http://{gate.client}/c/1"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=program.environment())

    def stop(self):
        """(replies that were right, what was wrong)."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
        said = self.child.communicate(timeout=wire.PATIENCE)[0].decode()
        counts = re.findall(r"good replies (\d+) bad replies (\d+)", said)
        faults = re.findall(r".*(?:Socket errors|Non-2xx).*", said)
        assert self.child.returncode == 0 and len(counts) == 2, said
        bad = sum(int(b) for _, b in counts)
        return sum(int(g) for g, _ in counts), faults + ([f"{bad} wrong replies"] if bad else [])

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
            self.child.communicate()
