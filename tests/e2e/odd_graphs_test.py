"""Graphs as users have them: odd ones are served with a warning, several are chosen from, and what
check says is what the engine says."""

import base64
import json
import pathlib
import subprocess
import tempfile
import unittest

from engine import BINARY, LONG, PREDICTIONS, Engine, clean_environment, deployment, run, unit
from stub_node import Answer, StubNode

SIMPLE = {"name": "m", "implementation": "SIMPLE_MODEL"}


def messages(engine):
    """The texts of the log's lines at level warn."""
    lines = [json.loads(line) for line in engine.stderr().splitlines()]
    return [line["msg"] for line in lines if line["level"].lower().startswith("warn")]


def encoded(predictor):
    return base64.b64encode(json.dumps(predictor).encode()).decode()


def named(name, namespace="default"):
    tree = deployment(SIMPLE, name=name)
    tree["metadata"]["namespace"] = namespace
    return tree


class ServedTest(unittest.TestCase):
    def test_two_nodes_of_one_name(self):
        with StubNode(Answer(body=b'{"strData":"inner"}')) as node, \
                StubNode(Answer(body=b'{"strData":"outer"}')) as outer:
            graph = unit("twice", outer, "TRANSFORMER", [unit("twice", node)])
            with Engine(graph) as engine:
                answer = engine.predict(b'{"strData":"asked"}')
                self.assertEqual((answer.status, answer.json()["strData"]), (200, "inner"))
                self.assertEqual([got.target for got in outer.requests], ["/transform-input"])
                self.assertEqual(node.requests[-1].body, b'{"strData":"outer"}')
                self.assertEqual(engine.ask("GET", "/api/v1.0/status/twice").status, 200)
                self.assertEqual(outer.requests[-1].target, "/health/status")
                said = [line for line in messages(engine) if "is also the name of" in line]
                self.assertEqual(len(said), 1, engine.stderr())

    def test_a_fan_out_is_never_called_and_always_ready(self):
        with StubNode(Answer(body=b'{"strData":"a"}')) as node:
            graph = unit("fan", None, None, [unit("a", node)])
            with Engine(graph) as engine:
                self.assertEqual(engine.predict(b"{}").json(), {"strData": "a"})
                self.assertEqual(engine.ask("GET", "/api/v1.0/status/fan").status, 200)
            predictor = {"name": "example", "graph": graph}
            with Engine(None, env={"ENGINE_PREDICTOR": encoded(predictor)}) as engine:
                self.assertEqual(engine.predict(b"{}").json(), {"strData": "a"})

    def test_a_node_without_a_name(self):
        with StubNode(Answer(body=b'{"strData":"a"}')) as node:
            graph = unit("x", node)
            del graph["name"]
            with Engine(graph) as engine:
                self.assertEqual(engine.predict(b"{}").status, 200)
                self.assertIn("node-1", " ".join(messages(engine)))

    def test_an_ab_test_of_three_with_a_ratio_of_text(self):
        leaves = [{**SIMPLE, "name": name} for name in "abc"]
        graph = {"name": "ab", "implementation": "RANDOM_ABTEST", "children": leaves,
                 "parameters": [{"name": "ratioA", "value": " 1", "type": "STRING"}]}
        with Engine(graph) as engine:
            for _ in range(20):
                self.assertEqual(engine.predict(b'{"data":{"ndarray":[[1]]}}').status, 200)

    def test_at_most_twenty_warnings(self):
        graph = {**SIMPLE, **{f"odd{i}": 1 for i in range(50)}}
        with Engine(graph, env={"TRACING": "1", "JAEGER_AGENT_HOST": "h"}) as engine:
            said = messages(engine)
        odd = [line for line in said if "odd" in line]
        self.assertEqual(len(odd), 20, said)
        self.assertRegex(odd[0], r"graph\.json:1:\d+: spec\.predictors\[0\]\.graph\.odd0: is no key")
        self.assertEqual(len([line for line in said if "30 more warnings" in line]), 1, said)
        self.assertEqual(len([line for line in said if "tracing is not in this release" in line]), 2)

    def test_one_of_several_is_chosen(self):
        tree = {"apiVersion": "v1", "kind": "List",
                "items": [{"kind": "Service"}, named("other"), named("seldon-model")]}
        with Engine(None, "--file", self.file(tree)) as engine:
            self.assertEqual(engine.predict(b'{"data":{"ndarray":[[1]]}}').status, 200)
        done = run("--file", self.file({**tree, "items": [named("a"), named("b", "ns")]}))
        self.assertEqual(done.returncode, 1)
        self.assertIn('"default/a", "ns/b"', done.stderr)

    def test_the_graph_from_stdin(self):
        read = subprocess.run([BINARY, "--file", "-", "--http_port", "99999"], text=True,
                              input=json.dumps(named("x")), env=clean_environment(),
                              capture_output=True, timeout=LONG, check=False)
        self.assertEqual((read.returncode, len(read.stderr.splitlines())), (1, 1), read.stderr)
        read = subprocess.run([BINARY, "--file", "-"], text=True, input="kind: Nothing\n",
                              env=clean_environment(), capture_output=True, timeout=LONG, check=False)
        self.assertEqual(read.returncode, 1)
        self.assertIn('stdin:1:1: kind: "Nothing" must be SeldonDeployment', read.stderr)

    def file(self, tree):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "graph.json"
        path.write_text(json.dumps(tree))
        return str(path)


class CheckedTest(unittest.TestCase):
    def check(self, text, *flags, env=None, file=("-",)):
        done = subprocess.run([BINARY, "check", *file, "--json", *flags], input=text, text=True,
                              env=clean_environment(env), capture_output=True, timeout=LONG,
                              check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def test_warnings_fail_when_they_shall(self):
        graph = json.dumps(deployment({**SIMPLE, "childern": []}))
        code, told = self.check(graph)
        self.assertEqual((code, told["ok"], told["problems"]), (0, True, []))
        self.assertEqual(told["warnings"][0]["path"], "spec.predictors[0].graph.childern")
        self.assertEqual(told["warnings"][0]["line"], 1)
        self.assertIn('did you mean "children"?', told["warnings"][0]["message"])
        self.assertEqual(self.check(graph, "--strict")[0], 1)
        self.assertEqual(self.check(json.dumps(deployment(SIMPLE)), "--strict")[0], 0)

    def test_every_form_of_a_graph(self):
        predictor = {"name": "p", "graph": SIMPLE}
        for text in (json.dumps(predictor), encoded(predictor), "name: p\ngraph: {name: m, "
                     "implementation: SIMPLE_MODEL}\n", json.dumps(named("x"))):
            code, told = self.check(text)
            self.assertEqual((code, told["warnings"]), (0, []), text)
            self.assertEqual(told["predictors"][0]["graph"]["name"], "m")
        code, told = self.check("", env={"ENGINE_PREDICTOR": encoded(predictor)}, file=())
        self.assertEqual((code, told["predictors"][0]["name"]), (0, "p"))
        code, told = self.check("", env={"ENGINE_PREDICTOR": "nonsense"}, file=())
        self.assertEqual((code, told["problems"][0]["path"]), (1, "ENGINE_PREDICTOR"))
        self.assertEqual(self.check("", file=())[0], 2)

    def test_one_of_several(self):
        text = "".join(f"---\n{json.dumps(tree)}\n" for tree in (
            {"kind": "Service"}, named("a", "one"), named("a", "two"), named("b")))
        code, told = self.check(text)
        self.assertEqual(code, 1)
        self.assertIn('"one/a", "two/a", "default/b"', told["problems"][0]["message"])
        self.assertEqual(self.check(text, "--sdep", "b")[0], 0)
        self.assertEqual(self.check(text, "--sdep", "a")[0], 1)
        self.assertEqual(self.check(text, "--sdep", "a", "--namespace", "two")[0], 0)
        code, told = self.check(text, "--sdep", "c")
        self.assertIn('none is "c"', told["problems"][0]["message"])

    def test_the_line_is_shown(self):
        done = subprocess.run([BINARY, "check", "-"], text=True, capture_output=True, timeout=LONG,
                              input="spec:\n\tpredictors: []\n", env=clean_environment(),
                              check=False)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(done.stdout, "✗ 1 error\n  line 2, column 1: a tab in the indentation: "
                                      "YAML takes blanks only\n    | \\tpredictors: []\n")

    def test_try_and_stub_read_the_same(self):
        done = subprocess.run([BINARY, "try", "-"], text=True, capture_output=True, timeout=LONG,
                              input=json.dumps({"name": "p", "graph": SIMPLE}),
                              env=clean_environment(), check=False)
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
