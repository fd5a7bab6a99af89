"""language.py - yaml-language-server over its standard streams, as an editor speaks to it

Messages are JSON-RPC 2.0 with a Content-Length each.  The server runs behind
guard.mjs: it ends, and the test fails, if it asks the network for anything.
"""
import json
import pathlib
import subprocess
import threading

import nodes

HERE = pathlib.Path(__file__).resolve().parent
SERVER = nodes.MODULES / "yaml-language-server/bin/yaml-language-server"
SECONDS = 60


class Server:
    """A language server; SETTINGS are its `yaml` section in the editor's."""

    def __init__(self, **settings):
        self.settings = settings
        self.last = 0
        self.answers, self.published, self.news = {}, {}, threading.Condition()
        self.ended = False
        self.child = subprocess.Popen(
            [str(nodes.node()), "--import", (HERE / "guard.mjs").as_uri(), str(SERVER), "--stdio"],
            env=nodes.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE)
        threading.Thread(target=self._read, daemon=True).start()
        self.ask("initialize", processId=None, rootUri=None, capabilities={
            "workspace": {"configuration": True},
            "textDocument": {"completion": {"completionItem": {"documentationFormat": ["markdown"]}},
                             "hover": {"contentFormat": ["markdown"]}}})
        self.tell("initialized")

    def _send(self, **message):
        text = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.child.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self.child.stdin.flush()

    def _message(self):
        """The next message, or None at the end of the stream."""
        length = 0
        while line := self.child.stdout.readline().strip():
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.child.stdout.read(length)) if length else None

    def _read(self):
        while message := self._message():
            if "method" in message and "id" in message:
                self._answer(message)
                continue
            with self.news:
                if "id" in message:
                    self.answers[message["id"]] = message
                elif message["method"] == "textDocument/publishDiagnostics":
                    found = message["params"]
                    self.published[found["uri"]] = found["diagnostics"]
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def _answer(self, message):
        """What the server asks of an editor: its settings, and leave to do things."""
        result = None
        if message["method"] == "workspace/configuration":
            result = [self.settings if item.get("section") == "yaml" else None
                      for item in message["params"]["items"]]
        self._send(id=message["id"], result=result)

    def _wait(self, found):
        with self.news:
            self.news.wait_for(lambda: self.ended or found(), SECONDS)
            if not found():
                raise AssertionError(f"no answer; the server {'ended' if self.ended else 'waits'}")

    def ask(self, method, **params):
        """The result of a request."""
        self.last += 1
        number = self.last
        self._send(id=number, method=method, params=params)
        self._wait(lambda: number in self.answers)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["result"]

    def tell(self, method, **params):
        self._send(method=method, params=params)

    def open(self, beside, text):
        """Shows it TEXT as a file of its own in the folder of BESIDE: (its URI, diagnostics)."""
        self.last += 1
        uri = beside.with_name(f"{self.last}.{beside.name}").as_uri()
        self.tell("textDocument/didOpen", textDocument={
            "uri": uri, "languageId": "yaml", "version": 1, "text": text})
        self._wait(lambda: uri in self.published)
        return uri, self.published[uri]

    def at(self, method, uri, line, column):
        """The result of a request about a place; lines and columns count from 0."""
        return self.ask(f"textDocument/{method}", textDocument={"uri": uri},
                        position={"line": line, "character": column})

    def stop(self):
        """Ends it as an editor does: (exit status, what it wrote to standard error)."""
        try:
            self.ask("shutdown")
            self.tell("exit")
        except (AssertionError, OSError):
            pass  # it has ended by itself
        try:
            _, error = self.child.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.child.kill()
            raise
        return self.child.returncode, error.decode("utf-8", "replace")
