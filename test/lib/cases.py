"""cases.py - what every black-box case has: a folder, a gateway, an upstream

Whatever a case starts is stopped after it, the gateway first and judged by
its exit status and its log.
"""
import pathlib
import tempfile
import time
import unittest

import gateway
import program
import upstream
import wire

ACCOUNT = "123e4567-e89b-12d3-a456-426614174000"
CLIENT = f"/api/v1/accounts/{ACCOUNT}/data-products"
SERVICE = f"/api/v1/accounts/{ACCOUNT}/workspaces"
OK = wire.reply_bytes(200, b'{"ok":true}')


class Case(unittest.TestCase):
    """One black-box case."""

    maxDiff = 4000

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="dpgw-test-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def upstream(self, script=None, **options):
        """A scripted upstream; without a script each request gets a small 200."""
        made = upstream.Upstream(script or upstream.always(OK), **options)
        self.addCleanup(made.close)
        return made

    def service(self, pause="1ms"):
        """The demo service with the example's ids and clock."""
        made = program.example_service(pause)
        self.addCleanup(self._stop_service, made)
        return made

    def _stop_service(self, made):
        status = made.stop()
        self.assertEqual(made.sanitizer_report(), [])
        self.assertEqual(status, 0, made.lines)

    def gateway(self, url, settings=None, mapping=None, **options):
        """The gateway before URL (or before something that has one)."""
        made = gateway.Gateway(self.folder, getattr(url, "url", url), settings, mapping, **options)
        self.addCleanup(made.kill_if_running)
        self.addCleanup(made.finish)
        return made

    def pair(self, script=None, settings=None, mapping=None, **options):
        """(gateway, scripted upstream)"""
        service = self.upstream(script, **options)
        return self.gateway(service, settings, mapping), service

    def wait_for(self, condition):
        """Waits until CONDITION() holds; it is asked again and again."""
        deadline = wire.deadline_in()
        while not condition():
            self.assertGreater(deadline, time.monotonic())
            time.sleep(0.002)

    def assert_error(self, reply, status, code):
        """REPLY is one of the gateway's own errors, in the envelope, telling nothing it must not."""
        self.assertEqual((reply.status, reply.end), (status, "clean"), reply)
        self.assertEqual(reply.field("Content-Type"), "application/json")
        body = reply.json()
        self.assertEqual(list(body), ["ok", "error"])
        self.assertIs(body["ok"], False)
        error = body["error"]
        self.assertEqual(error["code"], code, reply)
        self.assertIsInstance(error["message"], str)
        self.assertNotEqual(error["message"], "")
        self.assertIsInstance(error["details"], dict)
        self.assertNotIn(b"workspace", reply.body.lower())
        return error
