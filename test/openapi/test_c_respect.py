"""openapi/data-products.yaml walked through by Arazzo: generated from it, and made by hand."""
import json
import shutil

import cases
import description
import program
import tools
import wire
import yaml

JOURNEY = ["create", "list", "patch", "upload", "chat", "stream", "delete", "gone"]


class Respect(cases.Case):
    def setUp(self):
        super().setUp()
        for name in ("data-products.yaml", "journey.arazzo.yaml"):
            shutil.copy(description.FOLDER / name, self.folder)
        self.demo = program.example_service("1ms", "--bearer")
        self.addCleanup(self._stop_service, self.demo)

    def respect(self, name, token, address):
        """(status, executed steps, output) of the workflows in NAME, sent to ADDRESS."""
        status, out, error = tools.redocly(
            "respect", name, "--server", f"data-products=http://{address}", "--input",
            f"{token}=token-of-the-test", "--no-secrets-masking", "--json-output", "report.json",
            cwd=self.folder)
        report = json.loads((self.folder / "report.json").read_text())
        self.assertEqual(status == 0, report["status"] == "success", out)
        [file] = report["files"].values()
        steps = [step for workflow in file["executedWorkflows"]
                 for step in workflow["executedSteps"]]
        return status, steps, out + error

    def generate(self):
        """An Arazzo of every operation, made before it is read, changed and removed; its length."""
        status, out, error = tools.redocly("generate-arazzo", "data-products.yaml", "--output-file",
                                           "generated.arazzo.yaml", cwd=self.folder)
        self.assertEqual(status, 0, out + error)
        file = self.folder / "generated.arazzo.yaml"
        tree = yaml.safe_load(file.read_text())
        ordered = description.Description(description.DATA_PRODUCTS).in_order()
        rank = {operation.id: n for n, operation in enumerate(ordered)}
        tree["workflows"].sort(
            key=lambda w: rank[w["steps"][0]["operationId"].rpartition(".")[2]])
        file.write_text(yaml.safe_dump(tree, sort_keys=False))
        self.assertEqual(len(tree["workflows"]), len(ordered))
        return len(ordered)

    def test_every_operation_answers_as_generated(self):
        gate = self.gateway(self.demo)
        count = self.generate()
        status, steps, said = self.respect("generated.arazzo.yaml", "bearerAuth", gate.client)
        self.assertEqual(status, 0, said)
        self.assertEqual(len(steps), count)

    def test_the_journey_arrives(self):
        gate = self.gateway(self.demo)
        status, steps, said = self.respect("journey.arazzo.yaml", "token", gate.client)
        self.assertEqual(status, 0, said)
        self.assertEqual([step["stepId"] for step in steps], JOURNEY)

    def test_without_the_gateway_there_is_no_way(self):
        status, _, said = self.respect("journey.arazzo.yaml", "token", self.demo.address)
        self.assertNotEqual(status, 0, said)

    def test_a_gateway_that_forgets_a_name_is_noticed(self):
        mapping = (program.ROOT / "config/mapping.yaml").read_text()
        row = "  dataProductId:         workspaceId\n"
        self.assertIn(row, mapping)
        gate = self.gateway(self.demo, mapping=mapping.replace(row, ""))
        self.generate()
        status, _, said = self.respect("generated.arazzo.yaml", "bearerAuth", gate.client)
        self.assertNotEqual(status, 0, said)
        self.assertIn("dataProductId", said)

    def test_the_service_wants_the_token_that_the_gateway_hands_on(self):
        gate = self.gateway(self.demo)
        self.assertEqual(gate.once("GET", cases.CLIENT).status, 401)
        with wire.Connection(gate.client) as connection:
            reply = connection.request("GET", cases.CLIENT, None, [("Authorization", "Bearer t")])
        self.assertEqual(reply.status, 200)
