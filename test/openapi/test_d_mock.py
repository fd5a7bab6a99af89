"""
Prism makes up answers from openapi/workspaces.yaml, the gateway translates
them, and Redocly's proxy compares what leaves with openapi/data-products.yaml.
"""
import json
import re
import shutil

import cases
import description
import program
import tools
import wire

LISTENING = r"(?:listening|Proxy listening) on http://([\d.:]+)"
START_SECONDS = 120
WATCHED = re.compile(r"\w*workspace\w*", re.I)
THEIRS = {"slackWorkspaceId", "slackWorkspaceName"}   # a third party's, as config/mapping.yaml has it
FORM = (b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n'
        b"Content-Type: text/plain\r\n\r\nabc\r\n--x--\r\n")


def upstream_path(path):
    """Where PATH of the gateway lies at the service."""
    return path.replace("data-products", "workspaces").replace("dataProductId", "workspaceId")


class Mock(cases.Case):
    def setUp(self):
        super().setUp()
        for name in ("workspaces.yaml", "data-products.yaml"):
            shutil.copy(description.FOLDER / name, self.folder)
        self.operations = description.Description(self.folder / "data-products.yaml").in_order()
        self.service_paths = description.Description(self.folder / "workspaces.yaml").paths
        self.prism = self.tool(tools.PRISM, "mock", "--dynamic", "--errors", "--port", "0",
                               "--seed", "gateway", "workspaces.yaml")
        self.upstream_url = "http://" + self.prism.wait_line(LISTENING, START_SECONDS).group(1)

    def tool(self, *arguments):
        made = tools.Tool(*arguments, cwd=self.folder)
        self.addCleanup(made.stop)
        return made

    def requests(self):
        """(operation, fields, body) for every status that the service's description has."""
        for operation in self.operations:
            media, body = operation.body()
            common = [("Authorization", "Bearer t"), ("Accept", "*/*")]
            about = self.service_paths[upstream_path(operation.path)][operation.method.lower()]
            for code in sorted(about["responses"]):
                if code != "default":
                    fields = [*common, ("Prefer", f"code={code}")]
                    yield operation, fields + ([("Content-Type", media)] if media else []), body
            if "multipart/form-data" in about.get("requestBody", {}).get("content", {}):
                yield operation, [*common, ("Content-Type", "multipart/form-data; boundary=x")], FORM

    def send_all(self, address):
        """The replies to all requests, sent to ADDRESS."""
        replies = []
        for operation, fields, body in self.requests():
            with wire.Connection(address) as connection:
                reply = connection.request(operation.method,
                                           operation.target() + operation.query(), body, fields)
            wanted = [value.removeprefix("code=") for name, value in fields if name == "Prefer"]
            self.assertEqual([str(reply.status)], wanted or [str(operation.status)],
                             (operation, reply))
            replies.append(reply)
        return replies

    def watch(self, mapping=None):
        """
        (replies, report, coverage) of all requests, sent through the proxy and
        the gateway with MAPPING; what the proxy says of them agrees.
        """
        gate = self.gateway(self.upstream_url, mapping=mapping)
        proxy = self.tool(tools.REDOCLY, "proxy", "--target", f"http://{gate.client}", "--port",
                          "0", "--har", "traffic.har", "--api", "data-products.yaml",
                          "--match-mode", "basepath", "--ignore-headers", "prefer")
        replies = self.send_all(proxy.wait_line(LISTENING, START_SECONDS).group(1))
        status = proxy.stop()
        said = [line for line in proxy.lines if re.search(r" → \[[a-z-]+\] ", line)]
        tools.redocly("drift", "traffic.har", "--api", "data-products.yaml", "--match-mode",
                      "basepath", "--ignore-headers", "prefer", "--format", "json", "--output",
                      "report.json", "--coverage-output", "coverage.json", cwd=self.folder)
        report = json.loads((self.folder / "report.json").read_text())
        self.assertEqual(len(said) > 0, report["run"]["totalProblems"] > 0, (said, report))
        self.assertEqual(status, 1 if report["run"]["findingsBySeverity"]["error"] else 0, said)
        return replies, report, json.loads((self.folder / "coverage.json").read_text())

    @staticmethod
    def leaks(replies):
        """The watched words that REPLIES hold, a third party's names excepted."""
        found = set()
        for reply in replies:
            found.update(WATCHED.findall(reply.body.decode()))
            for name, value in reply.fields:
                found.update(WATCHED.findall(f"{name}: {value}"))
        return found - THEIRS

    def test_what_leaves_is_what_the_description_promises(self):
        replies, report, coverage = self.watch()
        self.assertEqual(report["problems"], [])
        self.assertEqual(self.leaks(replies), set())
        run, totals = report["run"], coverage["totals"]
        self.assertEqual((run["documentedExchanges"], run["undocumentedExchanges"],
                          run["skippedExchanges"]), (len(replies), 0, 0))
        self.assertEqual(totals["operations"],
                         {"covered": len(self.operations), "total": len(self.operations)})
        missing = {item["name"] for operation in coverage["operations"]
                   for item in operation["missing"] if item["kind"] == "parameter"}
        self.assertEqual(missing, {"cursor"})   # it has no example

    def test_a_name_that_is_forgotten_is_a_violation_and_a_leak(self):
        mapping = (program.ROOT / "config/mapping.yaml").read_text()
        row = "  dataProductId:         workspaceId\n"
        self.assertIn(row, mapping)
        replies, report, _ = self.watch(mapping.replace(row, ""))
        self.assertEqual(self.leaks(replies), {"workspaceId"})
        self.assertGreater(report["run"]["findingsBySeverity"]["error"], 0)
