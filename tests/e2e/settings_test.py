"""Settings of nodes: annotations of three levels, and parameters that are ours or the component's."""

import base64
import json
import pathlib
import socket
import tempfile
import unittest

import protos
from engine import Engine, deployment, run, unit
from grpc_node import GrpcNode, Reply
from stub_node import Answer, DeafNode, Stall, StubNode

V2 = Answer(body=b'{"model_name":"m","outputs":[{"name":"y","datatype":"FP64","shape":[1],"data":[1]}]}')


def parameters(**given):
    return [{"name": key, "value": value, "type": "STRING"} for key, value in given.items()]


class SettingsTest(unittest.TestCase):
    def node(self, answer=None):
        node = StubNode(answer)
        self.addCleanup(node.close)
        return node

    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **more)
        self.addCleanup(engine.stop)
        return engine

    def podinfo(self, **annotations):
        folder = tempfile.TemporaryDirectory(prefix="infergraph-e2e-")
        self.addCleanup(folder.cleanup)
        file = pathlib.Path(folder.name, "annotations")
        file.write_text("".join(f"infergraph.io/{key}={json.dumps(value)}\n"
                                for key, value in annotations.items()))
        return "--annotations_file", str(file)

    def target(self, engine, node):
        node.forget()
        engine.predict()
        return node.calls()[-1].target


class LevelsTest(SettingsTest):
    def test_the_nearest_counts(self):
        def protocol(value):
            return {"infergraph.io/m.protocol": value}

        v2, seldon = "/v2/models/m/infer", "/predict"
        pod = self.podinfo(**{"m.protocol": "v2"})
        for levels, flags, target in (
                ({}, (), seldon),
                ({}, pod, v2),
                ({"spec_annotations": protocol("seldon")}, pod, seldon),
                ({"annotations": protocol("v2"), "spec_annotations": protocol("seldon")}, (), v2),
                ({"annotations": protocol("nonsense")}, pod, v2),
                ({"annotations": protocol("")}, pod, seldon)):
            with self.subTest(levels, flags=flags):
                node = self.node(V2)
                engine = self.start(unit("m", node), *flags, **levels)
                self.assertEqual(self.target(engine, node), target)

    def test_of_a_pod_with_engine_predictor(self):
        node = self.node(V2)
        predictor = {"name": "example", "graph": unit("m", node)}
        encoded = base64.b64encode(json.dumps(predictor).encode()).decode()
        engine = self.start(None, *self.podinfo(protocol="v2", **{"m.model_name": "iris"}),
                            env={"ENGINE_PREDICTOR": encoded})
        self.assertEqual(self.target(engine, node), "/v2/models/iris/infer")

    def test_lines_for_names_that_are_no_keys(self):
        node = self.node(V2)
        lines = "two words.protocol: v2\ntwo words.model_name: iris\n"
        for engine in (self.start(unit("two words", node),
                                  annotations={"infergraph.io/settings": lines}),
                       self.start(unit("two words", node), *self.podinfo(settings=lines))):
            self.assertEqual(self.target(engine, node), "/v2/models/iris/infer")


class ComponentsTest(SettingsTest):
    def test_their_parameters_neither_stop_nor_change_anything(self):
        for own in ({"protocol": "udp"}, {"protocol": "tcp", "input_names": "sepal,petal"},
                    {"output_names": "a"}, {"model_name": "bert"}, {"rest_endpoint": "nowhere"}):
            with self.subTest(own):
                node = self.node()
                engine = self.start(unit("m", node, parameters=parameters(**own)))
                self.assertEqual(self.target(engine, node), "/predict")
                told = [name for name in own if name not in ("model_name", "rest_endpoint")]
                for name in told:
                    self.assertIn(f"infergraph.io/m.{name}", engine.stderr())

    def test_an_empty_annotation_leaves_them_their_parameter(self):
        node = self.node(V2)
        graph = unit("m", node, parameters=parameters(model_name="bert-base"))
        engine = self.start(graph, "--protocol", "v2")
        engine.ask("POST", "/v2/models/m/infer", b'{"inputs":[]}')
        graph = unit("t", children=[unit("m", node, parameters=parameters(model_name="bert-base"))],
                     node=node, kind="TRANSFORMER")
        body = b'{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[1]}]}'
        for annotations, model in (({}, "bert-base"), ({"infergraph.io/m.model_name": ""}, "m")):
            engine = self.start(graph, "--protocol", "v2", annotations=annotations)
            node.forget()
            self.assertEqual(engine.ask("POST", "/v2/models/g/infer", body).status, 200)
            self.assertEqual(node.calls()[-1].target, f"/v2/models/{model}/infer")

    def test_check_says_whose_they_are(self):
        graph = unit("m", children=[unit("n", parameters=parameters(protocol="v2"))],
                     parameters=parameters(protocol="udp", model_name="bert"))
        tree = deployment(graph, containers={"m": "own/m:1", "n": "own/n:1"}, annotations={
            "infergraph.io/m.model_name": "", "infergraph.io/m.timeout": "2s",
            "infergraph.io/n.protocl": "v2"})
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, "graph.json")
            file.write_text(json.dumps(tree))
            text = run("check", str(file)).stdout
            made = json.loads(run("check", "--json", str(file)).stdout)
        for line in (r"m  protocol = udp is the component's own",
                     r"m  model_name = bert is the component's own",
                     r"m  timeout = 2s", r"n  protocol = v2"):
            self.assertIn(line, text)
        (predictor,) = made["predictors"]
        said = {(s["name"], s["value"], s["from"], s["taken"])
                for s in predictor["graph"]["settings"]}
        self.assertEqual(said, {
            ("protocol", "udp", "parameter", False),
            ("model_name", "bert", "infergraph.io/m.model_name of the predictor", False),
            ("timeout", "2s", "infergraph.io/m.timeout of the predictor", True)})


class CombinerTest(SettingsTest):
    """Seldon's wrapper before 1.1 takes a SeldonMessageList and no array."""

    def wrapper(self, request):
        tree = json.loads(request.body)
        if not isinstance(tree, dict) or "seldonMessages" not in tree:
            return Answer(400)
        return Answer(body=json.dumps(tree["seldonMessages"][-1]).encode())

    def graph(self, combiner):
        children = [unit(name, self.node(Answer(body=json.dumps({"strData": name}).encode())))
                    for name in "ab"]
        return unit("c", combiner, kind="COMBINER", children=children)

    def test_gets_messages(self):
        for key in ("infergraph.io/c.aggregate_body", "infergraph.io/aggregate_body"):
            combiner = self.node(self.wrapper)
            engine = self.start(self.graph(combiner), annotations={key: "messages"})
            self.assertEqual(engine.predict().json(), {"strData": "b"})
            (sent,) = combiner.calls("/aggregate")
            self.assertEqual(sent.body, b'{"seldonMessages":[{"strData": "a"},{"strData": "b"}]}')
            self.assertEqual(sent.get("content-type"), "application/json")
            with engine.grpc() as channel:
                answer = channel.predict(protos.message("seldon.protos.SeldonMessage")(strData="x"))
            self.assertEqual(answer.message().strData, "b", answer)

    def test_gets_a_list_else(self):
        combiner = self.node(self.wrapper)
        for said in ({}, {"infergraph.io/c.aggregate_body": "list"}):
            engine = self.start(self.graph(combiner), annotations=said)
            self.assertEqual(engine.predict().status, 400)
            self.assertEqual(combiner.last.body, b'[{"strData": "a"},{"strData": "b"}]')


class TimeoutTest(SettingsTest):
    def test_of_one_node(self):
        late = {200: Answer(delay=0.3), 504: Stall()}
        for annotations, status in (({}, 200), ({"infergraph.io/m.timeout": "50ms"}, 504),
                                    ({"infergraph.io/timeout": "50"}, 504),
                                    ({"infergraph.io/other.timeout": "50"}, 200),
                                    ({"seldon.io/rest-timeout": "50"}, 504),
                                    ({"seldon.io/rest-timeout": "50",
                                      "infergraph.io/m.timeout": "0"}, 200)):
            with self.subTest(annotations):
                engine = self.start(unit("m", self.node(late[status])), annotations=annotations)
                self.assertEqual(engine.predict().status, status)


class LimitsTest(SettingsTest):
    def test_the_size_of_an_answer(self):
        large = json.dumps({"strData": "x" * 5000})
        nodes = (self.node(Answer(body=large.encode())),
                 GrpcNode(Reply(protos.message("seldon.protos.SeldonMessage")(strData="x" * 5000))))
        self.addCleanup(nodes[1].close)
        for node in nodes:
            for said, status in (({}, 200), ({"infergraph.io/m.max_response_bytes": "4Ki"}, 502),
                                 ({"infergraph.io/m.max_response_bytes": "8Ki"}, 200)):
                engine = self.start(unit("m", node), annotations=said)
                self.assertEqual(engine.predict().status, status, said)

    def test_the_time_to_connect(self):
        # Its backlog is full: what comes then hangs.
        node = DeafNode(backlog=0)
        self.addCleanup(node.listener.close)
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            self.addCleanup(filler.close)
            filler.setblocking(False)
            filler.connect_ex((node.host, node.port))
        engine = self.start(unit("m", node), "--connect_timeout", "60s", wait="/live",
                            annotations={"infergraph.io/m.connect_timeout": "300ms"})
        self.assertEqual(engine.predict().status, 503)


if __name__ == "__main__":
    unittest.main()
