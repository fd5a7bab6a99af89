"""docker/k8s: rendered by kubectl, judged by the models of the cluster's own API."""
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import nodes
import program
import yaml

HERE = pathlib.Path(__file__).resolve().parent
K8S = program.ROOT / "docker/k8s"
RENDERED = ("base", "overlays/demo", "overlays/prometheus")
LEAST = (1, 21)
LABEL = {"app.kubernetes.io/name": "dpgw"}
DRAIN_SECONDS = 30


def kubectl(*arguments):
    tool = shutil.which("kubectl")
    assert tool, "kubectl 1.21 or newer is needed; Debian 12 has an older one"
    done = subprocess.run([tool, *arguments], cwd=program.ROOT, capture_output=True, text=True,
                          check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def judged(*files):
    """{(kind, name): complaints} of the documents in FILES."""
    done = subprocess.run([nodes.node(), HERE / "cluster.mjs", *files], env=nodes.environment(),
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


class Cluster(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.documents = {}
        for name in RENDERED:
            text = kubectl("kustomize", str(K8S / name))
            (cls.folder / f"{name.replace('/', '-')}.yaml").write_text(text)
            cls.documents[name] = {(d["kind"], d["metadata"]["name"]): d
                                   for d in yaml.safe_load_all(text)}
        cls.base = cls.documents["base"]
        cls.deployment = cls.base["Deployment", "dpgw"]["spec"]
        cls.pod = cls.deployment["template"]["spec"]
        [cls.container] = cls.pod["containers"]

    def test_kubectl_is_new_enough(self):
        version = json.loads(kubectl("version", "--client", "-o", "json"))["clientVersion"]
        print(f"# kubectl {version['gitVersion']}")
        self.assertGreaterEqual((int(version["major"]), int(version["minor"].rstrip("+"))), LEAST)

    def test_the_models_take_all_of_it(self):
        verdicts = judged(*sorted(self.folder.glob("*.yaml")))
        self.assertEqual(len(verdicts), sum(len(d) for d in self.documents.values()))
        self.assertEqual([v for v in verdicts if v["complaints"]], [])

    def test_the_models_refuse_mistakes(self):
        """An unknown key, deep down, and a value of the wrong kind."""
        text = (self.folder / "base.yaml").read_text()
        for right, wrong in (("readOnlyRootFilesystem:", "readonlyRootFilesystem:"),
                             ("containerPort: 8080", "containerPort: http"),
                             ("periodSeconds: 2", "periodSeconds: 2s"),
                             ("averageUtilization:", "averageUtilisation:")):
            with self.subTest(wrong):
                self.assertIn(right, text)
                with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
                    file.write(text.replace(right, wrong, 1))
                    file.flush()
                    self.assertTrue(any(v["complaints"] for v in judged(file.name)))

    def test_the_overlay_that_readme_shows(self):
        """Written where README says, it is rendered, taken, and has what it sets."""
        readme = (program.ROOT / "README.md").read_text()
        overlay = re.search(r"overlays/own/kustomization.yaml`.*?^```yaml\n(.*?)^```", readme,
                            re.DOTALL | re.MULTILINE)[1]
        folder = pathlib.Path(tempfile.mkdtemp(prefix="own-", dir=K8S / "overlays"))
        self.addCleanup(shutil.rmtree, folder)
        (folder / "kustomization.yaml").write_text(overlay)
        text = kubectl("kustomize", str(folder))
        (folder / "rendered.yaml").write_text(text)
        self.assertEqual([v for v in judged(folder / "rendered.yaml") if v["complaints"]], [])
        documents = {d["kind"]: d for d in yaml.safe_load_all(text)}
        [container] = documents["Deployment"]["spec"]["template"]["spec"]["containers"]
        variables = {e["name"]: e["value"] for e in container["env"]}
        names = {e["name"] for e in self.container["env"]}
        self.assertEqual(set(variables), names, "the base's others stay")
        self.assertTrue(variables["DPGW_UPSTREAM__URL"].startswith("https://"))
        ports = [p["port"] for rule in documents["NetworkPolicy"]["spec"]["egress"]
                 for p in rule["ports"]]
        self.assertEqual(ports, [53, 53, 443])

    def test_readme_sizes_what_the_base_asks_for(self):
        """Its table of values is that of the files."""
        readme = (program.ROOT / "README.md").read_text()
        said = dict(re.findall(r"^\| ([^|]+?) \| ([^|]+?) \| [^|]+ \|$", readme.split(
            "### Sizing and rolling out")[1].split("\nA service that")[0], re.MULTILINE))
        scaler = self.base["HorizontalPodAutoscaler", "dpgw"]["spec"]
        mark = scaler["metrics"][0]["resource"]["target"]["averageUtilization"]
        pods = self.documents["overlays/prometheus"]["HorizontalPodAutoscaler", "dpgw"]
        resources = self.container["resources"]
        self.assertEqual(said, {
            "`docker/k8s/base`": "value",
            "CPU request, `DPGW_WORKERS`": resources["requests"]["cpu"],
            "mark of the autoscaler": f"{mark} % of the request",
            "memory limit": resources["limits"]["memory"],
            "memory request": resources["requests"]["memory"],
            "mark for `dpgw_exchanges`, `overlays/prometheus`":
                pods["spec"]["metrics"][1]["pods"]["target"]["averageValue"],
            "pods": f"{scaler['minReplicas']} to {scaler['maxReplicas']}"})
        self.assertEqual(set(resources["limits"]), {"memory"}, "README says why no CPU limit")

    def test_each_part_means_the_same_pods(self):
        self.assertEqual(self.deployment["selector"]["matchLabels"], LABEL)
        self.assertEqual(self.deployment["template"]["metadata"]["labels"], LABEL)
        self.assertEqual(self.base["Service", "dpgw"]["spec"]["selector"], LABEL)
        for kind, key in (("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector")):
            self.assertEqual(self.base[kind, "dpgw"]["spec"][key]["matchLabels"], LABEL)
        target = self.base["HorizontalPodAutoscaler", "dpgw"]["spec"]["scaleTargetRef"]
        self.assertEqual((target["kind"], target["name"]), ("Deployment", "dpgw"))
        self.assertNotIn("replicas", self.deployment, "the autoscaler's")

    def test_the_configuration_is_the_folder_and_can_change(self):
        """One ConfigMap of both files under a fixed name, mounted whole."""
        data = self.base["ConfigMap", "dpgw-config"]["data"]
        self.assertEqual(data, {name: (program.ROOT / "config" / name).read_text()
                                for name in ("gateway.yaml", "mapping.yaml")})
        [volume] = self.pod["volumes"]
        self.assertEqual(volume["configMap"]["name"], "dpgw-config")
        [mount] = self.container["volumeMounts"]
        self.assertEqual((mount["mountPath"], mount["readOnly"]), ("/etc/dpgw", True))
        self.assertNotIn("subPath", mount)

    def test_the_gateway_takes_its_variables(self):
        variables = {e["name"]: e["value"] for e in self.container["env"]}
        status, out, error = program.run("check", "--print", "-c", "config/gateway.yaml",
                                         env=variables)
        self.assertEqual((status, error), (0, ""))
        self.assertRegex(out, r"(?m)^admin +0\.0\.0\.0:9901 +\$DPGW_ADMIN$")
        self.assertFalse(self.pod["enableServiceLinks"])
        # As many threads as the CPUs that are asked for.
        self.assertEqual(variables["DPGW_WORKERS"], self.container["resources"]["requests"]["cpu"])

    def test_probes_ask_pages_that_there_are(self):
        for probe, path in (("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")):
            asked = self.container[probe]["httpGet"]
            self.assertEqual((asked["path"], asked["port"]), (path, "admin"))

    def test_it_has_time_to_drain(self):
        [command, seconds] = self.container["lifecycle"]["preStop"]["exec"]["command"]
        self.assertEqual(command, "sleep")
        self.assertGreater(self.pod["terminationGracePeriodSeconds"], int(seconds) + DRAIN_SECONDS)

    def test_it_may_do_nothing_else(self):
        context = {**self.pod["securityContext"], **self.container["securityContext"]}
        self.assertTrue(context["runAsNonRoot"] and context["readOnlyRootFilesystem"])
        self.assertFalse(context["allowPrivilegeEscalation"])
        self.assertEqual(context["capabilities"], {"drop": ["ALL"]})
        self.assertFalse(self.pod["automountServiceAccountToken"])
        # The image's own user.
        self.assertIn(f"USER {context['runAsUser']}:{context['runAsGroup']}",
                      (program.ROOT / "docker/Dockerfile").read_text())

    def test_the_version_is_the_makefile_s(self):
        version = re.search(r"^VERSION := (.+)$", (program.ROOT / "Makefile").read_text(),
                            re.MULTILINE)[1]
        images = {c["image"] for documents in self.documents.values()
                  for (kind, _), d in documents.items() if kind == "Deployment"
                  for c in d["spec"]["template"]["spec"]["containers"]}
        self.assertEqual(images, {f"dpgw:{version}", f"dpgw-demo:{version}"})

    def test_only_its_overlay_needs_the_operator(self):
        def metrics(name):
            autoscaler = self.documents[name]["HorizontalPodAutoscaler", "dpgw"]
            return [m["type"] for m in autoscaler["spec"]["metrics"]]
        self.assertEqual(metrics("base"), ["Resource"])
        self.assertEqual(metrics("overlays/prometheus"), ["Resource", "Pods"])
        kinds = {name: {kind for kind, _ in documents} for name, documents in self.documents.items()}
        self.assertNotIn("ServiceMonitor", kinds["base"] | kinds["overlays/demo"])
        monitor = self.documents["overlays/prometheus"]["ServiceMonitor", "dpgw"]["spec"]
        service = self.documents["overlays/prometheus"]["Service", "dpgw-admin"]
        self.assertLessEqual(monitor["selector"]["matchLabels"].items(),
                             service["metadata"]["labels"].items())
        self.assertEqual(monitor["endpoints"][0]["port"], service["spec"]["ports"][0]["name"])
