"""The walk over REST: which node is called with what, and whose answer is the answer."""

import json
import sys
import threading
import time
import unittest

from engine import BODY, Engine, JSON, LONG, unit
from stub_node import Answer, Drop, RefusedPort, Stall, StubNode, gzipped


def text(value):
    return Answer(body=json.dumps({"strData": value}, separators=(",", ":")).encode())


def route(branch):
    return Answer(body=b'{"data":{"names":["t:0"],"ndarray":[[%d]]},"meta":{}}' % branch)


def appending(name):
    """Answers with its name after what it got, so that the body tells the way."""
    return lambda request: Answer(body=request.body + b">" + name.encode() +
                                  request.target.replace("/", ":").encode())


def together(count):
    """Answers when so many are asked for one, each by `answer(body)`."""
    barrier = threading.Barrier(count, timeout=LONG / 2)

    def answer(body):
        def play(_):
            barrier.wait()
            return Answer(body=body)
        return play
    return answer


class WalkTest(unittest.TestCase):
    def nodes(self, **answers):
        nodes = {name: StubNode(answer) for name, answer in answers.items()}
        for node in nodes.values():
            self.addCleanup(node.close)
        return nodes

    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **more)
        self.addCleanup(engine.stop)
        return engine

    def error(self, answer, status, reason, *mentions):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.get("Content-Type"), "application/json")
        told = answer.json()["status"]
        self.assertEqual((told["code"], told["reason"], told["status"]),
                         (status, reason, "FAILURE"))
        for mention in mentions:
            self.assertIn(mention, told["info"])


class OrderTest(WalkTest):
    def test_transformers_around_a_model(self):
        n = self.nodes(t=appending("t"), m=appending("m"), o=appending("o"))
        engine = self.start(unit("o", n["o"], "OUTPUT_TRANSFORMER", [
            unit("t", n["t"], "TRANSFORMER", [unit("m", n["m"])])]))
        self.assertEqual(engine.predict(b"x").body,
                         b"x>t:transform-input>m:predict>o:transform-output")

    def test_model_with_children_is_a_first_step(self):
        n = self.nodes(a=appending("a"), b=appending("b"), c=appending("c"))
        engine = self.start(unit("a", n["a"], "MODEL", [
            unit("b", n["b"], "MODEL", [unit("c", n["c"])])]))
        self.assertEqual(engine.predict(b"x").body, b"x>a:predict>b:predict>c:predict")

    def test_type_and_methods_are_a_union(self):
        n = self.nodes(a=appending("a"), m=appending("m"))
        engine = self.start(unit("a", n["a"], "TRANSFORMER", [unit("m", n["m"])],
                                 methods=["TRANSFORM_OUTPUT"]))
        self.assertEqual(engine.predict(b"x").body,
                         b"x>a:transform-input>m:predict>a:transform-output")

    def test_transform_input_wins_over_predict(self):
        n = self.nodes(a=appending("a"))
        engine = self.start(unit("a", n["a"], "MODEL", methods=["TRANSFORM_INPUT"]))
        self.assertEqual(engine.predict(b"x").body, b"x>a:transform-input")

    def test_methods_alone(self):
        n = self.nodes(a=appending("a"), m=appending("m"))
        n["a"].on("/route", route(0))
        n["a"].on("/aggregate", text("sum"))
        engine = self.start(unit("a", n["a"], None, [unit("m", n["m"])], methods=[
            "TRANSFORM_INPUT", "ROUTE", "AGGREGATE", "TRANSFORM_OUTPUT"]))
        self.assertEqual(engine.predict(b"x").body, b'{"strData":"sum"}>a:transform-output')
        self.assertEqual([r.target for r in n["a"].calls()],
                         ["/transform-input", "/route", "/aggregate", "/transform-output"])
        self.assertEqual(n["a"].calls("/route")[0].body, b"x>a:transform-input")
        self.assertEqual(n["a"].calls("/aggregate")[0].body, b"[x>a:transform-input>m:predict]")

    def test_first_child_is_the_answer_without_aggregate(self):
        n = self.nodes(t=appending("t"), a=text("a"), b=text("b"))
        engine = self.start(unit("t", n["t"], "TRANSFORMER", [unit("a", n["a"]), unit("b", n["b"])]))
        self.assertEqual(engine.predict(b"x").body, b'{"strData":"a"}')
        self.assertEqual(n["b"].last.body, b"x>t:transform-input")

    def test_content_type_of_the_caller_and_of_each_answer_travel(self):
        n = self.nodes(t=Answer(headers=[("Content-Type", "text/x-t")], body=b"t"),
                       m=Answer(headers=[], body=b"m"), o=Answer(body=b"o"))
        engine = self.start(unit("o", n["o"], "OUTPUT_TRANSFORMER", [
            unit("t", n["t"], "TRANSFORMER", [unit("m", n["m"])])]))
        answer = engine.predict(b"x", [("Content-Type", "text/x-caller")])
        self.assertEqual(n["t"].last.get("Content-Type"), "text/x-caller")
        self.assertEqual(n["m"].last.get("Content-Type"), "text/x-t")
        self.assertIsNone(n["o"].last.get("Content-Type"))
        self.assertEqual(answer.get("Content-Type"), "application/json")

    def test_one_puid_for_every_node(self):
        n = self.nodes(t=appending("t"), m=appending("m"))
        engine = self.start(unit("t", n["t"], "TRANSFORMER", [unit("m", n["m"])]))
        puid = engine.predict().get("Seldon-Puid")
        self.assertEqual([n["t"].last.get("Seldon-Puid"), n["m"].last.get("Seldon-Puid")],
                         [puid, puid])

    def test_headers_of_an_earlier_node_do_not_reach_the_caller_or_the_next(self):
        n = self.nodes(t=Answer(headers=JSON + (("X-T", "1"),), body=b"{}"),
                       m=Answer(headers=JSON + (("X-M", "2"),), body=b"{}"))
        engine = self.start(unit("t", n["t"], "TRANSFORMER", [unit("m", n["m"])]))
        answer = engine.predict()
        self.assertEqual((answer.get("X-T"), answer.get("X-M")), (None, "2"))
        self.assertIsNone(n["m"].last.get("X-T"))

    def test_a_failing_step_ends_the_walk(self):
        n = self.nodes(t=Answer(409, body=b'{"no":1}'), m=appending("m"))
        engine = self.start(unit("t", n["t"], "TRANSFORMER", [unit("m", n["m"])]))
        answer = engine.predict()
        self.assertEqual((answer.status, answer.body), (409, b'{"no":1}'))
        self.assertEqual(n["m"].calls(), [])


class RouterTest(WalkTest):
    def setUp(self):
        self.n = self.nodes(r=text("unused"), a=appending("a"), b=appending("b"))

    def router(self, answer, **more):
        self.n["r"].on("/route", answer)
        return self.start(unit("r", self.n["r"], "ROUTER", [
            unit("a", self.n["a"]), unit("b", self.n["b"])], **more))

    def test_a_branch(self):
        engine = self.router(lambda request: route(int(request.body)))
        self.assertEqual(engine.predict(b"0").body, b"0>a:predict")
        self.assertEqual(engine.predict(b"1").body, b"1>b:predict")
        self.assertEqual([len(self.n[k].calls()) for k in "ab"], [1, 1])

    def test_all_branches(self):
        engine = self.router(route(-1))
        self.assertEqual(engine.predict(b"x").body, b"x>a:predict")
        self.assertEqual([len(self.n[k].calls()) for k in "ab"], [1, 1])

    def test_none_returns_the_input(self):
        engine = self.router(route(-2), methods=["AGGREGATE", "TRANSFORM_OUTPUT"])
        self.n["r"].on("/transform-output", appending("r"))
        self.assertEqual(engine.predict(b"x").body, b"x>r:transform-output")
        self.assertEqual([len(self.n[k].calls()) for k in "ab"], [0, 0])
        self.assertEqual(self.n["r"].calls("/aggregate"), [])

    def test_out_of_range_is_an_error_that_names_the_router(self):
        for branch in (2, 1000000, -3):
            engine = self.router(route(branch))
            self.error(engine.predict(), 500, "INVALID_ROUTING", '"r"')
            self.n["r"].on("/route", route(1))
            self.assertEqual(engine.predict(b"x").body, b"x>b:predict")

    def test_no_route_in_the_answer(self):
        for body in (b'{"data":{"names":[]}}', b'{"data":{"ndarray":[]}}', b'{"strData":"1"}', b"{}",
                     b'{"data":{"ndarray":[["a"]]}}', b"[]", b'{"data":null}'):
            with self.subTest(body):
                engine = self.router(Answer(body=body))
                self.error(engine.predict(), 500, "INVALID_ROUTING", '"r"')

    def test_an_answer_that_is_not_json(self):
        for body in (b"", b"nonsense", b'{"data":{"ndarray":[[1', b"\xff\xfe"):
            with self.subTest(body):
                engine = self.router(Answer(body=body))
                answer = engine.predict()
                self.assertIn(answer.status, (500, 502), answer)
                self.assertIn("r", answer.json()["status"]["info"])
                self.assertTrue(engine.alive())

    def test_every_form_of_a_route(self):
        engine = self.router(route(0))
        for body in (b'{"data":{"ndarray":[[1]]}}', b'{"data":{"ndarray":[1]}}', b"[1]",
                     b'{"data":{"tensor":{"shape":[1,1],"values":[1.0]}}}',
                     b'{"meta":{"tags":{"a":[9]}},"data":{"names":["t:0"],"ndarray":[[1.0]]}}',
                     b'{"data":{"tftensor":{"dtype":"DT_INT32","tensorShape":{"dim":[{"size":"1"},'
                     b'{"size":"1"}]},"intVal":[1]}}}', b' {"data": {"ndarray": [ [ 1 ] ] } }\n'):
            with self.subTest(body):
                self.n["r"].on("/route", Answer(body=body))
                self.assertEqual(engine.predict(b"x").body, b"x>b:predict")

    def test_odd_routes_are_taken_as_the_reference_takes_them(self):
        """A fraction is cut, data with nothing in it means all; each with one warning for the node."""
        engine = self.router(route(0))
        for body, calls in ((b'{"data":{"ndarray":[[1.9]]}}', [0, 1]), (b"[0.5]", [1, 0]),
                            (b'{"data":{"tensor":{"shape":[1],"values":[-0.5]}}}', [1, 0]),
                            (b'{"data":{}}', [1, 1]), (b'{"data":{},"meta":{}}', [1, 1])):
            with self.subTest(body):
                for node in self.n.values():
                    node.requests.clear()
                self.n["r"].on("/route", Answer(body=body))
                for _ in range(3):
                    self.assertEqual(engine.predict(b"x").status, 200)
                self.assertEqual([len(self.n[k].calls()) for k in "ab"], [3 * n for n in calls])
        deadline = time.monotonic() + LONG
        while (warned := [line for line in engine.stderr().splitlines() if "a router's" in line])[1:] == []:
            self.assertLess(time.monotonic(), deadline, engine.stderr())
            time.sleep(0.01)
        self.assertEqual(len(warned), 2, warned)
        for line in warned:
            self.assertIn('"node":"r"', line)
            self.assertIn('"level":"warn"', line)

    def test_gzipped_route(self):
        engine = self.router(gzipped(b'{"data":{"ndarray":[[1]]}}'))
        self.assertEqual(engine.predict(b"x").body, b"x>b:predict")

    def test_a_failing_router(self):
        engine = self.router(Answer(503, [("Content-Type", "text/plain")], b"busy"))
        answer = engine.predict()
        self.assertEqual((answer.status, answer.body), (503, b"busy"))

    def test_route_is_not_the_answer(self):
        engine = self.router(route(0))
        self.assertNotIn(b"ndarray", engine.predict(b"x").body)
        self.assertEqual(self.n["r"].last.body, b"x")


class CombinerTest(WalkTest):
    def combiner(self, a, b, **more):
        self.n = self.nodes(c=text("combined"), a=a, b=b)
        return self.start(unit("c", self.n["c"], "COMBINER", [
            unit("a", self.n["a"]), unit("b", self.n["b"])]), **more)

    def test_gets_a_json_array_in_order(self):
        engine = self.combiner(Answer(body=b'{"a": 1.00}', delay=0.05), Answer(body=b'{"b":"<&>"}'))
        self.assertEqual(engine.predict().body, b'{"strData":"combined"}')
        call = self.n["c"].last
        self.assertEqual((call.target, call.body), ("/aggregate", b'[{"a": 1.00},{"b":"<&>"}]'))
        self.assertEqual(call.get("Content-Type"), "application/json")
        self.assertEqual(len(self.n["c"].calls()), 1)

    def test_gzipped_children_are_decoded_for_it(self):
        engine = self.combiner(gzipped(b'{"a":1}'), Answer(body=b'{"b":2}'))
        self.assertEqual(engine.predict().status, 200)
        self.assertEqual(self.n["c"].last.body, b'[{"a":1},{"b":2}]')
        self.assertIsNone(self.n["c"].last.get("Content-Encoding"))

    def test_broken_gzip_is_the_nodes_fault(self):
        broken = Answer(headers=JSON + (("Content-Encoding", "gzip"),), body=b"\x1f\x8b\x08broken")
        engine = self.combiner(broken, Answer(body=b"{}"))
        self.error(engine.predict(), 502, "BAD_UPSTREAM", "a")

    def test_children_run_at_the_same_time(self):
        answer = together(2)
        engine = self.combiner(answer(b"{}"), answer(b"{}"))
        self.assertEqual(engine.predict().status, 200)

    def test_a_failing_child_cancels_the_others(self):
        engine = self.combiner(Stall(), Answer(400, body=b'{"bad":1}', delay=0.1))
        answer = engine.predict()
        self.assertEqual((answer.status, answer.body), (400, b'{"bad":1}'))
        self.assertTrue(self.n["a"].wait_for(
            lambda node: any(c.requests and c.closed_at for c in node.connections)),
            "the cancelled call's connection stays open")
        self.assertEqual(self.n["c"].calls(), [])

    def test_the_failure_of_the_lowest_child(self):
        engine = self.combiner(Answer(400, body=b"first"), Answer(409, body=b"second"))
        for _ in range(20):
            answer = engine.predict()
            self.assertIn((answer.status, answer.body), [(400, b"first"), (409, b"second")])

    def test_children_share_a_large_body(self):
        engine = self.combiner(Answer(body=b"1"), Answer(body=b"2"))
        body = bytes(range(256)) * (5 << 12)
        for _ in range(3):
            self.assertEqual(engine.predict(body).status, 200)
            for name in "ab":
                self.assertTrue(self.n[name].last.body == body)

    def test_sixteen_children(self):
        answer = together(16)
        nodes = [StubNode(answer(b"%d" % i)) for i in range(16)]
        for node in nodes:
            self.addCleanup(node.close)
        top = StubNode()
        self.addCleanup(top.close)
        engine = self.start(unit("c", top, "COMBINER", [
            unit(f"m{i}", node) for i, node in enumerate(nodes)]))
        self.assertEqual(engine.predict().status, 200)
        self.assertEqual(json.loads(top.last.body), list(range(16)))


class FeedbackTest(WalkTest):
    def test_follows_the_recorded_routing(self):
        n = self.nodes(r=text("r"), a=text("a"), b=text("b"))
        engine = self.start(unit("r", n["r"], "ROUTER", [unit("a", n["a"]), unit("b", n["b"])]))
        body = b'{"response":{"meta":{"routing":{"r":1}}},"reward":0.5}'
        answer = engine.feedback(body)
        self.assertEqual((answer.status, answer.body), (200, b'{"strData":"r"}'))
        self.assertEqual([len(n[k].calls("/send-feedback")) for k in "rab"], [1, 0, 1])
        self.assertEqual((n["b"].last.body, n["r"].last.body), (body, body))
        self.assertLess(n["b"].last.at, n["r"].last.at, "children come first")

    def test_reaches_all_without_routing(self):
        for body in (b'{"reward":1}', b'{"response":{"meta":{"routing":{}}}}',
                     b'{"response":{"meta":{"routing":{"r":-1}}}}'):
            with self.subTest(body):
                n = self.nodes(r=text("r"), a=text("a"), b=text("b"))
                engine = self.start(unit("r", n["r"], "ROUTER", [
                    unit("a", n["a"]), unit("b", n["b"])]))
                self.assertEqual(engine.feedback(body).status, 200)
                self.assertEqual([len(n[k].calls("/send-feedback")) for k in "rab"], [1, 1, 1])

    def test_out_of_range(self):
        n = self.nodes(r=text("r"), a=text("a"), b=text("b"))
        engine = self.start(unit("r", n["r"], "ROUTER", [unit("a", n["a"]), unit("b", n["b"])]))
        answer = engine.feedback(b'{"response":{"meta":{"routing":{"r":7}}}}')
        self.error(answer, 400, "INVALID_ARGUMENT", "7")

    def test_not_json_where_it_matters(self):
        n = self.nodes(r=text("r"), a=text("a"), b=text("b"))
        engine = self.start(unit("r", n["r"], "ROUTER", [unit("a", n["a"]), unit("b", n["b"])]))
        self.error(engine.feedback(b"{nope"), 400, "INVALID_ARGUMENT")

    def test_who_gets_it(self):
        n = self.nodes(t=text("t"), m=text("m"), o=text("o"))
        engine = self.start(unit("o", n["o"], "OUTPUT_TRANSFORMER", [
            unit("t", n["t"], "TRANSFORMER", [unit("m", n["m"])])]))
        self.assertEqual(engine.feedback(b'{"reward":1}').body, b'{"strData":"m"}')
        self.assertEqual([len(n[k].calls()) for k in "otm"], [0, 0, 1])

    def test_by_method(self):
        n = self.nodes(t=text("t"), m=text("m"))
        engine = self.start(unit("t", n["t"], "TRANSFORMER", [unit("m", n["m"])],
                                 methods=["SEND_FEEDBACK"]))
        self.assertEqual(engine.feedback(b'{"reward":1}').body, b'{"strData":"t"}')

    def test_nobody_takes_it(self):
        n = self.nodes(t=text("t"))
        engine = self.start(unit("t", n["t"], "TRANSFORMER"))
        answer = engine.feedback(b'{"reward":1}')
        self.assertEqual((answer.status, answer.json()), (200, {}))
        self.assertEqual(answer.get("Content-Type"), "application/json")


class NamedNodeTest(WalkTest):
    def setUp(self):
        n = self.n = self.nodes(r=text("r"), a=text("a"), b=text("b"))
        for name, node in n.items():
            node.on("/metadata", Answer(body=json.dumps({
                "name": name, "inputs": [f"{name}-in"], "outputs": [f"{name}-out"]}).encode()))
            node.on("/health/status", text(f"{name} is well"))

    def graph(self, kind, **more):
        return unit("r", self.n["r"], kind, [unit("a", self.n["a"]), unit("b", self.n["b"])], **more)

    def test_status_and_metadata_anywhere_in_the_graph(self):
        engine = self.start(self.graph("ROUTER"))
        for name in "rab":
            self.assertEqual(engine.get(f"/api/v1.0/status/{name}").json(),
                             {"strData": f"{name} is well"})
            self.assertEqual(engine.get(f"/api/v0.1/metadata/{name}").json()["name"], name)
        self.assertEqual({r.target for r in self.n["b"].calls()}, {"/health/status", "/metadata"})
        self.error(engine.get("/api/v1.0/status/c"), 404, "NOT_FOUND", "c")

    def test_graph_metadata_by_type(self):
        expected = {"MODEL": ("r-in", "a-out"), "TRANSFORMER": ("r-in", "a-out"),
                    "OUTPUT_TRANSFORMER": ("a-in", "r-out"), "COMBINER": ("a-in", "r-out"),
                    "ROUTER": ("a-in", "a-out")}
        for kind, (inputs, outputs) in expected.items():
            with self.subTest(kind):
                engine = self.start(self.graph(kind))
                told = engine.get("/api/v1.0/metadata").json()
                self.assertEqual(told["name"], "example")
                self.assertEqual(sorted(told["models"]), ["a", "b", "r"])
                self.assertEqual((told["graphinputs"], told["graphoutputs"]), ([inputs], [outputs]))

    def test_graph_metadata_by_methods(self):
        for methods, inputs, outputs in ((["TRANSFORM_INPUT", "TRANSFORM_OUTPUT"], "r-in", "r-out"),
                                         (["AGGREGATE"], "a-in", "r-out"),
                                         (["ROUTE"], "a-in", "a-out")):
            with self.subTest(methods):
                engine = self.start(self.graph(None, methods=methods))
                told = engine.get("/api/v1.0/metadata").json()
                self.assertEqual((told["graphinputs"], told["graphoutputs"]), ([inputs], [outputs]))

    def test_one_node_without_metadata_fails_the_whole(self):
        self.n["b"].on("/metadata", Answer(500, body=b'{"status":"none"}'))
        engine = self.start(self.graph("ROUTER"))
        answer = engine.get("/api/v1.0/metadata")
        self.assertEqual((answer.status, answer.body), (500, b'{"status":"none"}'))

    def test_builtin_units(self):
        engine = self.start(unit("s", None, None, implementation="SIMPLE_MODEL"))
        self.assertEqual(engine.get("/api/v1.0/status/s").status, 200)
        self.assertEqual(engine.get("/api/v1.0/metadata/s").status, 200)
        self.assertEqual(engine.get("/api/v1.0/metadata").status, 200)


class BuiltinTest(WalkTest):
    MODEL = {"names": ["class0", "class1", "class2"],
             "tensor": {"shape": [1, 3], "values": [0.1, 0.9, 0.5]}}

    def simple(self, name, implementation="SIMPLE_MODEL", children=(), **more):
        return unit(name, None, None, children, implementation=implementation, **more)

    def test_simple_model(self):
        engine = self.start(self.simple("s"))
        answer = engine.predict()
        self.assertEqual((answer.status, answer.json()["data"]), (200, self.MODEL))
        self.assertIsInstance(answer.json()["meta"], dict)
        self.assertEqual(answer.get("Content-Type"), "application/json")
        for body in ({"strData": "héllo <b>"}, {"binData": "AAEC"}):
            told = engine.predict(json.dumps(body, ensure_ascii=False).encode()).json()
            self.assertEqual({k: v for k, v in told.items() if k != "meta"}, body)

    def test_built_in_beats_type_and_endpoint(self):
        with StubNode() as node:
            engine = self.start(unit("s", node, "MODEL", implementation="SIMPLE_MODEL"))
            self.assertEqual(engine.predict().json()["data"], self.MODEL)
            self.assertEqual(node.calls(), [])

    def test_simple_router_takes_the_first(self):
        n = self.nodes(a=appending("a"), b=appending("b"))
        engine = self.start(self.simple("r", "SIMPLE_ROUTER", [unit("a", n["a"]), unit("b", n["b"])]))
        self.assertEqual({engine.predict(b"x").body for _ in range(5)}, {b"x>a:predict"})

    def test_ab_test_follows_its_ratio(self):
        n = self.nodes(a=text("a"), b=text("b"))
        for parameters, low, high in (
                ([], 60, 140),
                ([{"name": "other", "value": "x", "type": "STRING"},
                  {"name": "ratioA", "value": "0.9", "type": "FLOAT"}], 155, 199),
                ([{"name": "ratioA", "value": "1", "type": "INT"}], 200, 200),
                ([{"name": "ratioA", "value": "0.0", "type": "DOUBLE"}], 0, 0)):
            with self.subTest(parameters):
                for node in n.values():
                    node.forget()
                engine = self.start(self.simple("ab", "RANDOM_ABTEST", [
                    unit("a", n["a"]), unit("b", n["b"])], parameters=parameters))
                with engine.client() as client:
                    for _ in range(200):
                        client.ask("POST", "/api/v1.0/predictions", BODY, JSON)
                self.assertTrue(low <= len(n["a"].calls()) <= high, len(n["a"].calls()))
                self.assertEqual(len(n["a"].calls()) + len(n["b"].calls()), 200)

    def average(self, a, b):
        n = self.nodes(a=Answer(body=json.dumps({"data": a}).encode()),
                       b=Answer(body=json.dumps({"data": b}).encode()))
        engine = self.start(self.simple("avg", "AVERAGE_COMBINER", [
            unit("a", n["a"]), unit("b", n["b"])]))
        return engine.predict()

    def test_average(self):
        answer = self.average({"names": ["x", "y"], "ndarray": [[1, 2], [3, 4]]},
                              {"names": ["p", "q"], "tensor": {"shape": [2, 2], "values": [3, 4, 5, 7]}})
        self.assertEqual(answer.json()["data"], {"names": ["x", "y"], "ndarray": [[2, 3], [4, 5.5]]})
        answer = self.average({"tensor": {"shape": [1, 2], "values": [0.1, 0.2]}},
                              {"ndarray": [[0.3, 0.4]]})
        told = answer.json()["data"]
        self.assertEqual(told["tensor"]["shape"], [1, 2])
        for value, expected in zip(told["tensor"]["values"], (0.2, 0.3)):
            self.assertAlmostEqual(value, expected, 12)

    def test_what_cannot_be_averaged(self):
        tf = {"tftensor": {"dtype": "DT_DOUBLE", "tensorShape": {"dim": [{"size": "1"}]}}}
        for a, b in (({"ndarray": [[1, 2]]}, {"ndarray": [[1]]}),
                     ({"ndarray": [[1]]}, {"ndarray": [[1], [2]]}),
                     ({"ndarray": [1, 2]}, {"ndarray": [1, 2]}),
                     ({"ndarray": [[1], [2, 3]]}, {"ndarray": [[1], [2]]}),
                     ({"ndarray": [["a"]]}, {"ndarray": [[1]]}), (tf, tf)):
            with self.subTest((a, b)):
                self.error(self.average(a, b), 500, "INVALID_COMBINATION", "avg")


class RoutingInjectionTest(WalkTest):
    def test_routing_goes_into_meta(self):
        n = self.nodes(r=text("r"), a=Answer(body=b'{"meta":{"tags":{"k":1}},"strData":"a"}'),
                       b=text("b"))
        n["r"].on("/route", route(0))
        engine = self.start(unit("r", n["r"], "ROUTER", [unit("a", n["a"]), unit("b", n["b"])]),
                            env={"SELDON_ENABLE_ROUTING_INJECTION": "true"})
        told = engine.predict().json()
        self.assertEqual((told["strData"], told["meta"]["tags"]), ("a", {"k": 1}))
        self.assertEqual(told["meta"]["routing"]["r"], 0)

    def test_off_by_default_and_without_meta(self):
        n = self.nodes(r=text("r"), a=Answer(body=b'{"meta":{},"strData":"a"}'))
        n["r"].on("/route", route(0))
        graph = unit("r", n["r"], "ROUTER", [unit("a", n["a"])])
        self.assertEqual(self.start(graph).predict().body, b'{"meta":{},"strData":"a"}')
        n["a"].default = Answer(body=b'{"strData":"a"}')
        engine = self.start(graph, env={"SELDON_ENABLE_ROUTING_INJECTION": "true"})
        self.assertEqual(engine.predict().json(), {"strData": "a"})


class ShapeTest(WalkTest):
    def test_deep_graph(self):
        graph = unit("n0", None, None, implementation="SIMPLE_MODEL")
        for depth in range(1, 900):
            graph = unit(f"n{depth}", None, None, [graph], implementation="SIMPLE_ROUTER")
        sys.setrecursionlimit(100000)  # of our own JSON writer
        engine = self.start(graph)
        self.assertEqual(engine.predict().json()["data"], BuiltinTest.MODEL)
        self.assertEqual(engine.feedback(b'{"reward":1}').status, 200)
        self.assertEqual(engine.get("/api/v1.0/metadata").status, 200)

    def test_wide_graph(self):
        graph = unit("top", None, None, [
            unit(f"n{i}", None, None, implementation="SIMPLE_MODEL") for i in range(5000)],
            implementation="AVERAGE_COMBINER")
        engine = self.start(graph)
        values = engine.predict().json()["data"]["tensor"]["values"]
        for value, expected in zip(values, (0.1, 0.9, 0.5)):
            self.assertAlmostEqual(value, expected, 9)

    def test_requests_do_not_mix(self):
        n = self.nodes(t=lambda request: Answer(body=request.body), m=lambda request: Answer(
            body=request.body, delay=0.002))
        engine = self.start(unit("t", n["t"], "TRANSFORMER", [unit("m", n["m"])]))
        wrong = []

        def loop(number):
            with engine.client() as client:
                for i in range(50):
                    body = b"%d-%d-" % (number, i) + b"x" * (i * 37)
                    answer = client.ask("POST", "/api/v1.0/predictions", body)
                    if answer.body != body:
                        wrong.append((body, answer))

        threads = [threading.Thread(target=loop, args=(k,)) for k in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


class FailedChildTest(WalkTest):
    def test_unreachable_branch_names_itself(self):
        with RefusedPort() as dead:
            n = self.nodes(c=text("c"), a=text("a"))
            engine = self.start(unit("c", n["c"], "COMBINER", [
                unit("a", n["a"]), unit("gone", dead)]), wait="/live")
            self.error(engine.predict(), 503, "UNAVAILABLE", "gone", f"127.0.0.1:{dead.port}")

    def test_own_failure_before_cancelled_ones(self):
        n = self.nodes(c=text("c"), a=Stall(), b=Drop(delay=0.1))
        engine = self.start(unit("c", n["c"], "COMBINER", [unit("a", n["a"]), unit("b", n["b"])]))
        self.error(engine.predict(), 503, "UNAVAILABLE", "b")


if __name__ == "__main__":
    unittest.main()
