"""The binary starts, says where it listens, answers its probes, and stops."""
import signal

import cases
import gateway
import program
import wire


class Boot(cases.Case):
    def test_version(self):
        status, out, _ = program.run("version")
        self.assertEqual(status, 0)
        self.assertRegex(out, r"\d+\.\d+\.\d+")

    def test_first_log_line_names_the_configuration(self):
        gate, _ = self.pair()
        self.assertIn("gateway.yaml", gate.lines[0])

    def test_port_0_is_told_and_works(self):
        gate, _ = self.pair()
        self.assertRegex(gate.client, r"^127\.0\.0\.1:[1-9]\d+$")
        self.assertRegex(gate.admin, r"^127\.0\.0\.1:[1-9]\d+$")
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

    def test_port_0_with_two_workers_is_one_port(self):
        gate, _ = self.pair()
        addresses = {m for line in gate.lines for m in [line.partition("address=")[2]]
                     if "role=client" in line}
        self.assertEqual(len(addresses), 1, gate.lines)
        for _ in range(60):
            self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

    def test_healthz_and_readyz(self):
        gate, _ = self.pair()
        for path in ("/healthz", "/readyz"):
            with wire.Connection(gate.admin) as admin:
                self.assertEqual(admin.request("GET", path).status, 200, path)

    def test_admin_has_nothing_else_and_clients_have_no_probes(self):
        gate, _ = self.pair()
        with wire.Connection(gate.admin) as admin:
            self.assertEqual(admin.request("GET", cases.CLIENT).status, 404)
        self.assert_error(gate.once("GET", "/healthz"), 404, "ROUTE_NOT_FOUND")

    def test_sigterm_ends_with_0(self):
        gate, _ = self.pair()
        gate.signal(signal.SIGTERM)
        self.assertEqual(gate.wait_end(), 0)

    def test_sigint_ends_with_0(self):
        gate, _ = self.pair()
        gate.signal(signal.SIGINT)
        self.assertEqual(gate.wait_end(), 0)

    def test_second_instance_ends_with_69(self):
        gate, service = self.pair()
        (self.folder / "second").mkdir()
        second = gateway.Gateway(self.folder / "second", service.url,
                                 {"listen": gate.client, "workers": 2}, boot=False)
        self.addCleanup(second.kill_if_running)
        self.assertEqual(second.wait_end(), 69, second.lines)
        self.assertTrue(any(gate.client in line for line in second.lines), second.lines)
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)

    def test_taken_admin_port_ends_with_69(self):
        gate, service = self.pair()
        (self.folder / "second").mkdir()
        second = gateway.Gateway(self.folder / "second", service.url, {"admin": gate.admin},
                                 boot=False)
        self.addCleanup(second.kill_if_running)
        self.assertEqual(second.wait_end(), 69, second.lines)

    def test_bad_configuration_ends_with_78(self):
        bad = gateway.Gateway(self.folder, "http://127.0.0.1:1", {"workerz": 2}, boot=False)
        self.addCleanup(bad.kill_if_running)
        self.assertEqual(bad.wait_end(), 78, bad.lines)
        self.assertTrue(any("workerz" in line for line in bad.lines), bad.lines)

    def test_missing_configuration_ends_with_78(self):
        status, _, error = program.run("serve", "-c", str(self.folder / "none.yaml"))
        self.assertEqual(status, 78, error)
        self.assertIn("none.yaml", error)

    def test_settings_from_the_environment_and_from_set(self):
        service = self.upstream()
        gate = self.gateway(service, env={"DPGW_TIMEOUTS__UPSTREAM_FIRST_BYTE": "7s"})
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
        status, out, error = program.run(
            "check", "--print", "-c", str(gate.config), "--set", "limits.json_depth=99",
            env={"DPGW_TIMEOUTS__UPSTREAM_FIRST_BYTE": "7s"})
        self.assertEqual(status, 0, error)
        self.assertRegex(out, r"(?m)limits\.json_depth\b.*\b99\b")
        self.assertRegex(out, r"(?m)timeouts\.upstream_first_byte\b.*\b7s\b")

    def test_unix_socket(self):
        service = self.upstream()
        path = self.folder / "dpgw.sock"
        gate = self.gateway(service, {"listen": ["127.0.0.1:0", f"unix:{path}"]})
        with wire.Connection(f"unix:{path}") as connection:
            self.assertEqual(connection.request("GET", cases.CLIENT).status, 200)
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 200)
