"""`dpgw probe`: what a container asks of the gateway in it."""
import cases
import program
import upstream
import wire


class Probe(cases.Case):
    """By the exit status, and silent where all is well."""

    def probe(self, *arguments):
        return program.run("probe", *arguments)

    def test_a_gateway_that_is_well(self):
        gate, _ = self.pair(settings={"admin": "127.0.0.1:0"})
        for page in ("/healthz", "/readyz", "/metrics?x=1"):
            self.assertEqual(self.probe(f"http://{gate.admin}{page}"), (0, "", ""))

    def test_a_page_that_says_no(self):
        gate, _ = self.pair(settings={"admin": "127.0.0.1:0"})
        for page in ("/none", ""):
            status, out, error = self.probe(f"http://{gate.admin}{page}")
            self.assertEqual((status, out), (1, ""))
            self.assertRegex(error, r"^dpgw probe: .+ answered 404: .+\n$")

    def test_nobody(self):
        nobody = upstream.NoListener()
        self.addCleanup(nobody.close)
        status, out, error = self.probe(nobody.url + "/healthz")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("no connection", error)

    def test_an_answer_that_never_comes(self):
        service = self.upstream(lambda connection: connection.head(seconds=wire.PATIENCE))
        status, _, error = self.probe(service.url + "/healthz")
        self.assertEqual(status, 1)
        self.assertRegex(error, "closed the connection|did not answer in time")

    def test_wrong_usage(self):
        for wrong in (["localhost"], ["ftp://localhost/"], ["http:///x"], ["http://a@b/"],
                      ["http://b/ x"], ["http://b/#x"], ["http://a", "http://b"], ["--none"]):
            with self.subTest(wrong):
                self.assertEqual(self.probe(*wrong)[0], 64)
        status, out, error = self.probe("--help")
        self.assertEqual((status, error), (0, ""))
        self.assertIn("usage: dpgw probe", out)
