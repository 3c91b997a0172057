"""deploy/ is admitted where Pod Security is "restricted", and scripts/demo runs whatever is taken."""

import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import unittest

import engine
import plain_yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
           "projected", "secret"}


def at(tree, path):
    """The value at "a.b.c"; None where there is none."""
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, dict) else None
    return tree


def either(pod, container, path):
    """Of a container, else of its pod."""
    own = at(container, "securityContext." + path)
    return at(pod, "securityContext." + path) if own is None else own


# The rules of the profile "restricted" (and of "baseline", which it includes) for a container:
# what they look at, and whether that is allowed.
OF_A_CONTAINER = [
    ("runAsNonRoot", lambda pod, one: either(pod, one, "runAsNonRoot") is True),
    ("runAsUser", lambda pod, one: either(pod, one, "runAsUser") != 0),
    ("seccompProfile", lambda pod, one: either(pod, one, "seccompProfile.type")
     in ("RuntimeDefault", "Localhost")),
    ("allowPrivilegeEscalation",
     lambda pod, one: at(one, "securityContext.allowPrivilegeEscalation") is False),
    ("privileged", lambda pod, one: not at(one, "securityContext.privileged")),
    ("capabilities.drop", lambda pod, one: "ALL" in (at(one, "securityContext.capabilities.drop")
                                                     or [])),
    ("capabilities.add", lambda pod, one: set(at(one, "securityContext.capabilities.add") or [])
     <= {"NET_BIND_SERVICE"}),
    ("procMount", lambda pod, one: at(one, "securityContext.procMount") in (None, "Default")),
    ("hostPort", lambda pod, one: all(not port.get("hostPort") for port in one.get("ports", []))),
    ("seLinuxOptions", lambda pod, one: either(pod, one, "seLinuxOptions") is None),
    ("appArmorProfile", lambda pod, one: either(pod, one, "appArmorProfile.type")
     in (None, "RuntimeDefault", "Localhost")),
    ("windowsOptions", lambda pod, one: not either(pod, one, "windowsOptions.hostProcess")),
    ("probe host", lambda pod, one: all(
        not at(one, f"{probe}.{kind}.host") for probe in
        ("livenessProbe", "readinessProbe", "startupProbe") for kind in ("httpGet", "tcpSocket"))),
]
OF_A_POD = [
    ("hostNetwork", lambda pod: not pod.get("hostNetwork")),
    ("hostPID", lambda pod: not pod.get("hostPID")),
    ("hostIPC", lambda pod: not pod.get("hostIPC")),
    ("sysctls", lambda pod: not at(pod, "securityContext.sysctls")),
    ("volumes", lambda pod: all(set(volume) - {"name"} <= VOLUMES
                                for volume in pod.get("volumes", []))),
]


def broken_rules(pod):
    broken = [name for name, holds in OF_A_POD if not holds(pod)]
    containers = pod.get("initContainers", []) + pod["containers"]
    return broken + [f"{one['name']}: {name}" for one in containers
                     for name, holds in OF_A_CONTAINER if not holds(pod, one)]


class PodTest(unittest.TestCase):
    def setUp(self):
        documents = plain_yaml.load_all((ROOT / "deploy/pod.yaml").read_text(encoding="utf-8"))
        self.by_kind = {document["kind"]: document for document in documents}

    def test_it_is_admitted_as_restricted(self):
        pod = self.by_kind["Pod"]["spec"]
        self.assertEqual(len(pod["containers"]), 2)
        self.assertEqual(broken_rules(pod), [])

    def test_the_rules_find_what_they_forbid(self):
        pod = self.by_kind["Pod"]["spec"]
        for context in (pod["securityContext"], pod["containers"][1]["securityContext"]):
            for name in list(context):
                if name in ("runAsUser", "runAsGroup", "readOnlyRootFilesystem"):
                    continue
                value = context.pop(name)
                self.assertNotEqual(broken_rules(pod), [], name)
                context[name] = value
        for name, value in (("hostNetwork", True), ("volumes", [{"name": "x", "hostPath": {}}])):
            self.assertIn(name, broken_rules({**pod, name: value}))

    def test_its_graph_is_one(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "graph.yaml")
            file.write_text(self.by_kind["ConfigMap"]["data"]["graph.yaml"], encoding="utf-8")
            checked = engine.run("check", str(file))
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)

    def test_the_image_has_a_numeric_user(self):
        text = (ROOT / "deploy/Dockerfile").read_text(encoding="utf-8")
        user = re.findall(r"^USER (\S+)$", text, flags=re.M)
        self.assertEqual(len(user), 1)
        self.assertRegex(user[0], r"^[1-9]\d*(:[1-9]\d*)?$")


class DemoTest(unittest.TestCase):
    """scripts/demo with a binary that is built already; cmake is a word that does nothing."""

    def demo(self, *arguments, **environment):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = pathlib.Path(folder.name)
        (root / "scripts").mkdir()
        (root / "scripts/demo").write_bytes((ROOT / "scripts/demo").read_bytes())
        (root / "scripts/demo").chmod(0o755)
        for tool in ("scripts/configure", "scripts/setup", "cmake"):
            (root / tool).write_text("#!/bin/sh\n")
            (root / tool).chmod(0o755)
        (root / "examples").symlink_to(ROOT / "examples")
        (root / "build").mkdir()
        (root / "build/infergraph").symlink_to(engine.BINARY)
        made = {**engine.clean_environment(), "TMPDIR": str(root), **environment}
        made["PATH"] = f"{root}:{made.get('PATH', os.environ['PATH'])}"
        for name in ("PORT", "GRPC_PORT"):
            if name not in environment:
                made.pop(name, None)
        run = subprocess.run([str(root / "scripts/demo"), *arguments], env=made, text=True,
                             capture_output=True, timeout=120, check=False)
        return run, root

    def test_it_goes_through_with_the_ports_that_it_is_given(self):
        ports = {"PORT": str(engine.free_port()), "GRPC_PORT": str(engine.free_port())}
        run, root = self.demo(**ports)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn(f"--http_port {ports['PORT']} --grpc_port {ports['GRPC_PORT']}", run.stdout)
        self.assertIn('service="predictions"', run.stdout)
        self.assertEqual(list(root.glob("*.log")), [])  # and cleans up
        self.assertEqual(engine.run("check", str(ROOT / "examples/quickstart/graph.yaml"))
                         .returncode, 0)

    def test_it_takes_free_ports_where_the_usual_ones_are_taken(self):
        held = []
        for port in (8000, 5001):
            sock = socket.socket()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.addCleanup(sock.close)
            try:
                sock.bind(("127.0.0.1", port))
                sock.listen()
                held.append(sock)
            except OSError:
                pass  # somebody else has it, which is as good
        run, _ = self.demo()
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertIn("--http_port 0 --grpc_port 0", run.stdout)

    def test_a_port_that_was_asked_for_and_is_taken_is_named(self):
        for name in ("PORT", "GRPC_PORT"):
            with socket.socket() as sock:
                sock.bind(("127.0.0.1", 0))
                sock.listen()
                port = sock.getsockname()[1]
                run, _ = self.demo(**{"PORT": "0", "GRPC_PORT": "0", name: str(port)})
            self.assertEqual(run.returncode, 1, run.stdout)
            self.assertIn(f"port {port} is taken", run.stderr)
            self.assertIn(name, run.stderr)

    def test_with_keep_the_engine_goes_on(self):
        run, _ = self.demo("--keep", PORT="0", GRPC_PORT="0")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        process = int(re.search(r"Stop it: kill (\d+)", run.stdout).group(1))
        os.kill(process, 0)
        os.kill(process, signal.SIGTERM)


if __name__ == "__main__":
    unittest.main()
