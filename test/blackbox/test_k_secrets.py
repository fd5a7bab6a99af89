"""Secrets: credentials and bodies never reach a log line or a gateway's own error."""
import json
import re

import cases
import upstream
import wire

# Each is planted in one place; none may be seen in the log.
SECRETS = {
    "authorization": "PLANTED-AUTH-1", "cookie": "PLANTED-COOKIE-2", "request": "PLANTED-BODY-3",
    "reply": "PLANTED-REPLY-4", "query": "PLANTED-QUERY-5", "invalid": "PLANTED-INVALID-6",
    "setcookie": "PLANTED-SETCOOKIE-7", "proxy": "PLANTED-PROXY-8", "key": "PLANTED-KEY-9",
}


def leaks(lines):
    return [line for line in lines if re.search("PLANTED", line)]


class Secrets(cases.Case):
    def test_the_check_can_fail(self):
        self.assertEqual(leaks(["a line", "with PLANTED-AUTH-1 in it"]),
                         ["with PLANTED-AUTH-1 in it"])

    def exchange_everything(self, gate):
        fields = [("Authorization", "Bearer " + SECRETS["authorization"]),
                  ("Cookie", "session=" + SECRETS["cookie"]),
                  ("Proxy-Authorization", "Basic " + SECRETS["proxy"])]
        secret = json.dumps({"accessToken": SECRETS["request"],
                             "connectionString": SECRETS["request"],
                             SECRETS["key"]: 1}).encode()
        broken = secret[:-1] + b',"' + SECRETS["invalid"].encode() + b'" x'
        for method, target, body in (
                ("GET", cases.CLIENT + "?token=" + SECRETS["query"], None),
                ("POST", cases.CLIENT, secret), ("POST", cases.CLIENT, broken),
                ("POST", cases.CLIENT, b'{"dataProductId":"%s","workspaceId":1}'
                 % SECRETS["invalid"].encode()),
                ("POST", "/nothing?x=" + SECRETS["query"], secret),
                ("PUT", cases.CLIENT + "?x=" + SECRETS["query"], secret),
                ("GET", cases.CLIENT + "/..?x=" + SECRETS["query"], None),
                ("GET", cases.CLIENT + "/bad?x=" + SECRETS["query"], None)):
            reply = gate.once(method, target, body, fields)
            if reply.status >= 400:
                self.assertEqual(leaks([reply.body.decode()]), [])

    def test_no_secret_in_any_log(self):
        good = wire.reply_bytes(200, b'{"accessToken":"%s"}' % SECRETS["reply"].encode(),
                                [("Set-Cookie", "s=" + SECRETS["setcookie"])])
        bad = wire.reply_bytes(200, b'{"accessToken":"%s"' % SECRETS["reply"].encode())
        for log in ("logfmt", "json"):
            with self.subTest(log):
                service = self.upstream(upstream.always(
                    lambda request: bad if "/bad" in request.target else good))
                gate = self.gateway(service, {"log.level": "debug", "log.format": log})
                gate.tolerate("(?i)upstream_invalid")
                self.exchange_everything(gate)
                self.assertEqual(gate.stop(), 0)
                self.assertGreater(len(gate.lines), 3)
                self.assertEqual(leaks(gate.lines), [])
