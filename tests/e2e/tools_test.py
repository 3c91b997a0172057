"""The subcommands check, stub and try: what one does with a graph before there is a cluster."""

import base64
import json
import pathlib
import select
import signal
import subprocess
import tempfile
import time
import types
import unittest
import urllib.error
import urllib.request

import raw_http
from engine import BINARY, LONG, Engine, clean_environment, deployment, free_port, run, unit
from stub_node import Answer, StubNode


def at(port):
    return types.SimpleNamespace(host="localhost", port=port)


def fetch(port, path, body=None, host="127.0.0.1"):
    """Status and parsed body of a component's answer."""
    try:
        request = urllib.request.Request(f"http://{host}:{port}{path}", data=body,
                                         headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=LONG) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


class ToolTest(unittest.TestCase):
    def write(self, text, name="graph.json"):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / name
        path.write_text(text if isinstance(text, str) else json.dumps(text))
        return str(path)

    def bandit(self):
        """A router over a model and a combiner of two; gives the file and the ports by name."""
        ports = {name: free_port() for name in ("router", "a", "blend", "b1", "b2")}
        graph = unit("router", at(ports["router"]), "ROUTER", [
            unit("a", at(ports["a"])),
            unit("blend", at(ports["blend"]), "COMBINER", [
                unit("b1", at(ports["b1"])), unit("b2", at(ports["b2"]))])])
        return self.write(deployment(graph)), ports

    def json_of(self, *arguments, code=0):
        done = run(*arguments, "--json")
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return json.loads(done.stdout)


class CheckTest(ToolTest):
    def test_draws_a_sound_graph(self):
        file, ports = self.bandit()
        done = run("check", file)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertTrue(lines[1].startswith("router    ROUTER"), lines)
        self.assertTrue(lines[5].startswith("   └─ b2  MODEL"), lines)
        self.assertIn(f"REST localhost:{ports['b2']}", lines[5])
        self.assertNotIn("\x1b", done.stdout)

    def test_tells_every_problem_with_its_path(self):
        file = self.write("""
            kind: SeldonDeployment
            apiVersion: machinelearning.seldon.io/v1
            metadata: {name: bad}
            spec:
              predictors:
              - name: main
                graph:
                  name: r
                  type: ROUTER
                  endpoint: {service_host: localhost, service_port: 9000}
                  children:
                  - {name: x, type: MODLE, endpoint: {service_port: 9001}}
                  - {name: r, type: MODEL, endpoint: {service_port: 9002}}
            """, "graph.yaml")
        done = run("check", file)
        self.assertEqual(done.returncode, 1)
        self.assertIn('spec.predictors[0].graph.children[0].type: "MODLE"', done.stdout)
        self.assertIn('did you mean "MODEL"?', done.stdout)
        self.assertIn("⚠ 1 warning", done.stdout)
        self.assertIn("spec.predictors[0].graph.children[1].name:", done.stdout)
        told = self.json_of("check", file, code=1)
        self.assertFalse(told["ok"])
        self.assertEqual([problem["path"] for problem in told["problems"]],
                         ["spec.predictors[0].graph.children[0].type"])
        self.assertEqual([problem["path"] for problem in told["warnings"]],
                         ["spec.predictors[0].graph.children[1].name"])
        self.assertEqual(len(told["predictors"][0]["graph"]["children"]), 2)

    def test_what_a_graph_tells_the_engine_is_judged_too(self):
        file = self.write("""
            apiVersion: machinelearning.seldon.io/v1
            kind: SeldonDeployment
            metadata: {name: d}
            spec:
              predictors:
              - name: p
                annotations: {seldon.io/engine-infergraph-max-conections: "5"}
                svcOrchSpec: {env: [{name: INFERGRAPH_IDLE_TIMEOUT, value: bogus}]}
                graph: {name: m, type: MODEL, endpoint: {service_host: x, service_port: 1}}
            """, "variables.yaml")
        told = self.json_of("check", file)["warnings"]
        self.assertEqual(len(told), 2, told)
        self.assertIn("INFERGRAPH_IDLE_TIMEOUT is \"bogus\", with which the engine doesn't start",
                      told[0]["message"] + told[1]["message"])
        self.assertIn("INFERGRAPH_MAX_CONECTIONS is no setting of this release",
                      told[0]["message"] + told[1]["message"])

    def test_a_file_that_is_not_there_is_a_problem(self):
        told = self.json_of("check", "/nonexistent/graph.yaml", code=1)
        self.assertEqual(len(told["problems"]), 1)
        self.assertIn("  /nonexistent/graph.yaml: can't read the file: No such file",
                      run("check", "/nonexistent/graph.yaml").stdout)

    def test_bad_usage(self):
        for arguments in (["check"], ["check", "a", "b"], ["check", "--nope", "a"],
                          ["stub", "x.yaml", "--set", "nonsense"], ["stub", "x", "--count", "0"],
                          ["try", "x.yaml", "--data", "words"], ["try", "x.yaml", "--timeout", "0"],
                          ["try", "x.yaml", "--set", "a.latency=1ms"]):
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_help(self):
        for tool in ("check", "stub", "try"):
            done = run(tool, "--help")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertIn(f"usage: infergraph {tool} FILE", done.stdout)


class StubTest(ToolTest):
    def start(self, file, *arguments):
        stub = subprocess.Popen([BINARY, "stub", file, "--json", *arguments], text=True,
                                stdout=subprocess.PIPE, env=clean_environment())
        self.addCleanup(stub.stdout.close)
        self.addCleanup(stub.wait)
        self.addCleanup(stub.kill)
        told = json.loads(stub.stdout.readline())
        self.assertEqual(told["event"], "listening")
        return stub, {node["name"]: node["port"] for node in told["nodes"]}

    def stop(self, stub, how=signal.SIGTERM):
        stub.send_signal(how)
        self.assertEqual(stub.wait(LONG), 0)
        counts = json.loads(stub.stdout.read().splitlines()[-1])
        self.assertEqual(counts["event"], "counts")
        return counts["nodes"]

    def test_stands_in_for_every_node_on_its_own_port(self):
        file, ports = self.bandit()
        stub, listening = self.start(file, "--set", "router.route=round_robin")
        self.assertEqual(listening, ports)
        routes = [fetch(ports["router"], "/route", b'{"data":{}}')[1]["data"]["ndarray"]
                  for _ in range(3)]
        self.assertEqual(routes, [[[0]], [[1]], [[0]]])
        for host in ("127.0.0.1", "[::1]", "localhost"):
            status, answer = fetch(ports["a"], "/predict",
                                   b'{"data":{"tensor":{"shape":[2,1],"values":[1,2]}}}', host)
            self.assertEqual(status, 200)
            self.assertEqual(answer["data"]["tensor"]["shape"], [2, 3])
        status, answer = fetch(ports["blend"], "/aggregate",
                               b'[{"data":{"ndarray":[[1]]}},{"data":{"ndarray":[[4]]}}]')
        self.assertEqual(answer["data"]["ndarray"], [[2.5]])
        self.assertEqual(fetch(ports["a"], "/send-feedback", b"{}"),
                         (200, {"data": {"tensor": {"shape": [0]}}, "meta": {}}))
        self.assertEqual(fetch(ports["a"], "/health/status")[0], 200)
        self.assertEqual(fetch(ports["a"], "/metadata")[1]["inputs"], [])
        status, answer = fetch(ports["a"], "/predict", b"no json")
        self.assertEqual((status, answer["status"]["reason"]), (400, "MICROSERVICE_BAD_DATA"))
        self.assertEqual(self.stop(stub), {
            "router": {"route": 3, "errors": 0},
            "a": {"predict": 4, "send-feedback": 1, "status": 1, "metadata": 1, "errors": 1},
            "blend": {"aggregate": 1, "errors": 0},
            "b1": {"errors": 0}, "b2": {"errors": 0}})

    def test_waits_without_holding_up_others(self):
        file, ports = self.bandit()
        self.start(file, "--set", "a.latency=300ms", "--set", f"b1.latency={LONG}s")
        with raw_http.Client(ports["b1"]) as slow:
            slow.send(raw_http.request_bytes("POST", "/predict", b'{"strData":"x"}'))
            began = time.monotonic()
            fetch(ports["a"], "/predict", b'{"strData":"x"}')
            self.assertGreaterEqual(time.monotonic() - began, 0.3)
            fetch(ports["b2"], "/predict", b'{"strData":"x"}')
            self.assertLess(time.monotonic() - began, LONG / 2)
            self.assertFalse(select.select([slow.sock], [], [], 0)[0])

    def test_unit_parameters_and_injected_errors(self):
        port = free_port()
        graph = unit("m", at(port), parameters=[
            {"name": "stub_error_rate", "value": "1", "type": "FLOAT"},
            {"name": "stub_payload", "value": "100", "type": "STRING"}])
        file = self.write(deployment(graph))
        stub, _ = self.start(file)
        status, answer = fetch(port, "/predict", b"{}")
        self.assertEqual(status, 500)
        self.assertEqual(answer["status"]["reason"], "MICROSERVICE_INTERNAL_ERROR")
        self.assertEqual((answer["status"]["code"], answer["status"]["status"]), (-1, 1))
        self.stop(stub, signal.SIGINT)
        self.start(file, "--set", "m.error_rate=0")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/predict", data=b"{}") as answer:
            body = answer.read()
        self.assertEqual(len(body), 100)
        self.assertEqual(json.loads(body)["data"]["ndarray"][0][0], 0.5)

    def test_stops_after_a_count_and_prints_what_it_got(self):
        file, ports = self.bandit()
        stub, _ = self.start(file, "--print", "--count", "2")
        fetch(ports["a"], "/predict", b'{"strData": "one"}')
        self.assertEqual(fetch(ports["b1"], "/transform-input", b'{"strData":"two"}')[0], 200)
        self.assertEqual(stub.wait(LONG), 0)
        first, second, counts = map(json.loads, stub.stdout.read().splitlines())
        self.assertEqual((first["node"], first["path"], first["status"]), ("a", "/predict", 200))
        self.assertEqual(first["in"], {"strData": "one"})
        self.assertEqual(second["out"], {"meta": {}, "strData": "two"})
        self.assertEqual(counts["nodes"]["a"]["predict"], 1)

    def test_says_which_port_is_taken(self):
        file, _ = self.bandit()
        self.start(file)
        done = run("stub", file)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn('node "router"', done.stderr)

    def test_two_nodes_on_one_port_are_refused(self):
        port = free_port()
        file = self.write(deployment(unit("a", at(port), "TRANSFORMER", [
            unit("b", types.SimpleNamespace(host="elsewhere", port=port))])))
        done = run("stub", file)
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"both have port {port}", done.stderr)
        self.assertEqual(run("try", file, "--stub").returncode, 0)

    def test_an_engine_runs_on_stand_ins(self):
        file, _ = self.bandit()
        stub, _ = self.start(file, "--set", "router.route=1")
        with Engine(json.loads(pathlib.Path(file).read_text())) as engine:
            answer = engine.predict(b'{"data":{"ndarray":[[1,2],[3,4]]}}')
            self.assertEqual(answer.status, 200)
            self.assertEqual(len(answer.json()["data"]["ndarray"]), 2)
        counts = self.stop(stub)
        self.assertEqual([counts[name].get("predict", 0) for name in ("a", "b1", "b2")], [0, 1, 1])
        self.assertEqual(counts["blend"]["aggregate"], 1)


class TryTest(ToolTest):
    def test_shows_the_way_through_its_own_stand_ins(self):
        file, _ = self.bandit()
        done = run("try", file, "--stub", "--set", "router.route=1", "--data", "1,2")
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in ("out → branch 1, blend", "○ a", "● b1", "✓ answer  200",
                     '{"data":{"ndarray":[[1,2]]}}'):
            self.assertIn(part, done.stdout)
        self.assertNotIn("\x1b", done.stdout)

    def test_json_tells_each_step(self):
        file, _ = self.bandit()
        told = self.json_of("try", file, "--stub", "--set", "router.route=1", "--set",
                            "b2.latency=500ms", "--data", "[[1],[2]]")
        self.assertTrue(told["ok"])
        nodes = {node["name"]: node for node in told["nodes"]}
        self.assertEqual([node["name"] for node in told["nodes"] if node["visited"]],
                         ["router", "blend", "b1", "b2"])
        self.assertEqual(nodes["router"]["branch"], 1)
        step = nodes["b2"]["steps"][0]
        self.assertEqual(step["in"], [{"data": {"ndarray": [[1], [2]]}}])
        self.assertGreaterEqual(step["seconds"], 0.5)
        self.assertLess(nodes["b1"]["seconds"], step["seconds"])
        self.assertEqual(nodes["blend"]["steps"][0]["in"],
                         [nodes["b1"]["steps"][0]["out"], step["out"]])
        self.assertEqual(told["answer"], nodes["blend"]["steps"][0]["out"])

    def test_calls_running_nodes(self):
        with StubNode(Answer(body=b'{"strData":"from the node"}')) as node:
            file = self.write(deployment(unit("m", node)))
            request = self.write('{"strData":"asked"}', "request.json")
            told = self.json_of("try", file, "--request", request)
            self.assertEqual(told["answer"], {"strData": "from the node"})
            self.assertEqual([got.body for got in node.requests], [b'{"strData":"asked"}'])

    def test_names_the_node_that_failed(self):
        file, ports = self.bandit()
        told = self.json_of("try", file, code=1)
        self.assertEqual((told["status"], told["error"]["node"]), (503, "router"))
        self.assertIn(str(ports["router"]), told["error"]["message"])
        self.assertIn("have stand-ins answer for the nodes: --stub", run("try", file).stdout)
        told = self.json_of("try", file, "--stub", "--set", "router.route=1", "--set",
                            "b2.error_rate=1", "--set", f"b1.latency={LONG}s", code=1)
        self.assertEqual((told["status"], told["error"]["node"]), (500, "b2"))
        self.assertEqual(told["answer"]["status"]["reason"], "MICROSERVICE_INTERNAL_ERROR")
        self.assertLess(told["seconds"], LONG / 2)
        told = self.json_of("try", file, "--stub", "--set", "router.route=7", code=1)
        self.assertEqual((told["status"], told["error"]["reason"]), (500, "INVALID_ROUTING"))
        told = self.json_of("try", file, "--stub", "--set", f"a.latency={LONG}s", "--timeout",
                            "1500ms", code=1)  # for the router too, on a busy machine
        self.assertEqual((told["status"], told["error"]["node"]), (504, "a"))

    def test_a_node_gets_the_time_that_the_graph_gives_it(self):
        file = self.write(deployment(unit("m", at(9000)),
                                     annotations={"seldon.io/rest-timeout": "100"}))
        told = self.json_of("try", file, "--stub", "--set", f"m.latency={LONG}s", code=1)
        self.assertEqual((told["status"], told["error"]["node"]), (504, "m"))
        self.assertLess(told["seconds"], LONG / 2)

    def test_feedback_goes_along_its_routing(self):
        file, _ = self.bandit()
        feedback = json.dumps({"reward": 1, "response": {"meta": {"routing": {"router": 0}}}})
        told = self.json_of("try", file, "--stub", "--feedback", "--data", feedback)
        self.assertEqual({node["name"] for node in told["nodes"] if node["steps"]},
                         {"router", "a"})

    def test_feedback_shows_the_routers_on_its_way(self):
        graph = unit("ab", None, "ROUTER", [unit("a", at(9000)), unit("b", at(9001))],
                     implementation="RANDOM_ABTEST",
                     parameters=[{"name": "ratioA", "value": "0.5", "type": "FLOAT"}])
        feedback = json.dumps({"reward": 1, "response": {"meta": {"routing": {"ab": 1}}}})
        told = self.json_of("try", self.write(deployment(graph)), "--stub", "--feedback", "--data",
                            feedback)
        self.assertEqual([node["name"] for node in told["nodes"] if node["visited"]], ["ab", "b"])

    def test_the_branch_of_a_router_can_be_chosen(self):
        graph = unit("ab", None, "ROUTER", [unit("a", at(9000)), unit("b", at(9001))],
                     implementation="RANDOM_ABTEST",
                     parameters=[{"name": "ratioA", "value": "0.5", "type": "FLOAT"}])
        file = self.write(deployment(graph))
        for branch, visited in (("0", ["ab", "a"]), ("1", ["ab", "b"]), ("-1", ["ab", "a", "b"])):
            with self.subTest(branch):
                told = self.json_of("try", file, "--stub", "--branch", f"ab={branch}")
                self.assertEqual([node["name"] for node in told["nodes"] if node["visited"]],
                                 visited)
        for wrong in ("ab=2", "ab=-3", "ab=x", "ab", "a=0", "nope=0"):
            done = run("try", file, "--stub", "--branch", wrong)
            self.assertEqual(done.returncode, 2, wrong)
            self.assertIn("--branch", done.stderr)

    def test_a_seed_makes_it_repeatable(self):
        graph = unit("ab", None, "ROUTER", [unit("a", at(9000)), unit("b", at(9001))],
                     implementation="RANDOM_ABTEST",
                     parameters=[{"name": "ratioA", "value": "0.5", "type": "FLOAT"}])
        file = self.write(deployment(graph))
        way = {}
        for seed in ("1", "2", "3", "4", "5", "6", "7", "8"):
            ways = set()
            for _ in range(2):
                told = self.json_of("try", file, "--stub", "--seed", seed)
                ways.add(next(node["branch"] for node in told["nodes"] if node["name"] == "ab"))
            self.assertEqual(len(ways), 1, seed)
            way[seed] = ways.pop()
        self.assertEqual(set(way.values()), {0, 1})

    def test_without_a_message_one_of_the_graphs_protocol_is_sent(self):
        def of(protocol, graph):
            made = deployment(graph)
            made["spec"]["protocol"] = protocol
            return self.write(made)
        for protocol, sent in (("seldon", "data"), ("v2", "inputs"), ("tensorflow", "instances")):
            for kind in ("REST", "GRPC"):
                with self.subTest(f"{protocol} {kind}"):
                    model = types.SimpleNamespace(host="localhost", port=9000, transport=kind)
                    told = self.json_of("try", of(protocol, unit("m", model)), "--stub")
                    self.assertTrue(told["ok"])
                    step = told["nodes"][0]["steps"][0]
                    if kind == "REST":
                        self.assertIn(sent, step["in"][0])
        # Shaped by what the model says of its inputs.
        told = self.json_of("try", of("tensorflow", unit("m", at(9000))), "--stub", "--set",
                            "m.weights=5x2")
        self.assertEqual(len(told["nodes"][0]["steps"][0]["in"][0]["instances"][0]), 5)
        told = self.json_of("try", of("v2", unit("m", at(9000))), "--stub", "--set",
                            "m.weights=5x2")
        self.assertEqual(told["nodes"][0]["steps"][0]["in"][0]["inputs"][0]["shape"], [1, 5])
        told = self.json_of("try", of("v2", unit("m", at(9000))), "--stub", "--data", "1,2")
        self.assertEqual(told["nodes"][0]["steps"][0]["in"][0]["inputs"][0]["data"], [1, 2])

    def test_a_step_shows_what_the_node_got(self):
        graph = unit("in", at(9000), "TRANSFORMER", [
            unit("m", at(9001), parameters=[
                {"name": "protocol", "value": "tensorflow", "type": "STRING"}])])
        told = self.json_of("try", self.write(deployment(graph)), "--stub", "--set",
                            "m.weights=2x3", "--data", "1,2")
        nodes = {node["name"]: node for node in told["nodes"]}
        self.assertEqual(nodes["in"]["steps"][0]["in"], [{"data": {"ndarray": [[1, 2]]}}])
        self.assertIn("instances", nodes["m"]["steps"][0]["in"][0])

    def test_prepackaged_servers_in_the_operators_layout(self):
        for name, protocol in (("TENSORFLOW_SERVER", None), ("SKLEARN_SERVER", None),
                               ("XGBOOST_SERVER", None), ("MLFLOW_SERVER", None),
                               ("TRITON_SERVER", "v2"), ("SKLEARN_SERVER", "v2"),
                               ("TENSORFLOW_SERVER", "tensorflow"), ("HUGGINGFACE_SERVER", "v2")):
            with self.subTest(f"{name} {protocol}"):
                made = deployment(unit("m", None, kind=None, implementation=name,
                                       modelUri="gs://bucket/model"))
                if protocol:
                    made["spec"]["protocol"] = protocol
                told = self.json_of("try", self.write(made), "--stub")
                self.assertTrue(told["ok"], told)

    def test_a_graph_from_stdin_a_list_and_the_environment(self):
        one, two = (deployment(unit(name, None, implementation="SIMPLE_MODEL"), name=name)
                    for name in ("one", "two"))
        several = json.dumps({"kind": "List", "apiVersion": "v1", "items": [one, two]})
        def tried(*arguments, text=None, environment=None):
            return subprocess.run([BINARY, "try", *arguments, "--json"], input=text, text=True,
                                  capture_output=True, check=False, timeout=LONG,
                                  env={**clean_environment(), **(environment or {})})
        done = tried("-", "--sdep", "two", text=several)
        self.assertEqual(json.loads(done.stdout)["nodes"][0]["name"], "two", done.stderr)
        self.assertEqual(tried("-", text=several).returncode, 1)
        done = tried(text="", environment={"ENGINE_PREDICTOR": base64.b64encode(
            json.dumps(one["spec"]["predictors"][0]).encode()).decode()})
        self.assertEqual(json.loads(done.stdout)["nodes"][0]["name"], "one", done.stderr)
        self.assertEqual(tried().returncode, 2)
        self.assertEqual(tried("-", "--request", "-", text=several).returncode, 2)

    def test_a_predictor_must_be_named_among_several(self):
        tree = deployment(unit("m", None, implementation="SIMPLE_MODEL"), predictor="one")
        tree["spec"]["predictors"].append({**tree["spec"]["predictors"][0], "name": "two"})
        file = self.write(tree)
        done = run("try", file)
        self.assertEqual(done.returncode, 2)
        self.assertIn("one, two", done.stderr)
        self.assertEqual(run("try", file, "--predictor", "three").returncode, 2)
        told = self.json_of("try", file, "--predictor", "two")
        self.assertEqual(told["answer"]["data"]["tensor"]["values"], [0.1, 0.9, 0.5])


if __name__ == "__main__":
    unittest.main()
