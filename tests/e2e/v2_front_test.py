"""--protocol v2: the paths and methods of the Open Inference Protocol in front of a graph."""

import gzip
import unittest

import grpc

import protos
import tensors
from engine import BODY, Engine, JSON, unit
from grpc_node import Failure
from model_nodes import Served, speaking, tensorflow_rest, v2_grpc, v2_rest
from stub_node import Answer, StubNode

SERVICE = "/inference.GRPCInferenceService/"
X = ("FP32", [1, 2], [1.5, 0.25])
PLAIN = b'{"id":"7", "inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[[1.5,0.25]]}]}'


def request(named=None, **more):
    return tensors.to_v2_proto(named or {"x": X}, "ModelInferRequest", **more)


def response(outcome):
    return protos.message("inference.ModelInferResponse").FromString(outcome.body)


def doubled(named):
    return {"y": ("FP32", *[(t[1], [2 * v for v in t[2]]) for t in named.values()][0])}


class V2Test(unittest.TestCase):
    def start(self, graph, *nodes, protocol="v2"):
        for node in nodes:
            self.addCleanup(node.close)
        engine = Engine(graph, "--protocol", protocol)
        self.addCleanup(engine.stop)
        self.client = engine.grpc()
        self.addCleanup(self.client.close)
        return engine


class RestTest(V2Test):
    def test_of_every_path(self):
        node = StubNode(Answer(body=b'{"outputs": [] }'))
        engine = self.start(unit("m", node), node, protocol="kfserving")
        for verb, path, asked in (("POST", "/v2/models/m/infer", "/v2/models/m/infer"),
                                  ("POST", "/v2/models/other/infer", "/v2/models/other/infer"),
                                  ("POST", "/v2/models/m/versions/3/infer",
                                   "/v2/models/m/versions/3/infer"),
                                  ("POST", "/v2/models/infer", "/v2/models/m/infer"),
                                  ("GET", "/v2/models/m", "/v2/models/m"),
                                  ("GET", "/v2/models/infer", "/v2/models/infer"),
                                  ("GET", "/v2/models/m/versions/2", "/v2/models/m/versions/2"),
                                  ("GET", "/v2/models/m/ready", "/v2/models/m/ready"),
                                  ("GET", "/v2/models/m/versions/2/ready",
                                   "/v2/models/m/versions/2/ready")):
            with self.subTest(f"{verb} {path}"):
                answer = engine.ask(verb, path, PLAIN if verb == "POST" else None, JSON)
                self.assertEqual((answer.status, answer.body), (200, b'{"outputs": [] }'))
                self.assertEqual((node.last.verb, node.last.target), (verb, asked))
                if verb == "POST":
                    self.assertEqual(node.last.body, PLAIN)
        for path in ("/v2/health/live", "/v2/health/ready"):
            answer = engine.get(path)
            self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertIn("binary_tensor_data", engine.get("/v2").json()["extensions"])

    def test_of_other_paths(self):
        node = StubNode()
        engine = self.start(unit("m", node), node)
        for verb, path, status in (("POST", "/v2/models/m/generate", 404),
                                   ("POST", "/v2/repository/index", 404),
                                   ("POST", "/v2/models/m", 405), ("GET", "/v2/models/m/infer", 405),
                                   ("POST", "/api/v1.0/predictions", 404)):
            with self.subTest(path):
                answer = engine.ask(verb, path, PLAIN, JSON)
                self.assertEqual((answer.status, list(answer.json())), (status, ["error"]))
                self.assertEqual(path.startswith("/api/"),
                                 "protocol seldon is not served (--protocol)" in answer.json()["error"])

    def test_passes_binary_data_through(self):
        body, headers = tensors.to_v2_json({"x": X}, "inputs", binary=True)
        reply, reply_headers = tensors.to_v2_json({"y": X}, "outputs", binary=True)
        node = StubNode(Answer(headers=reply_headers, body=reply))
        engine = self.start(unit("m", node), node)
        answer = engine.ask("POST", "/v2/models/m/infer", body, headers)
        self.assertEqual(node.last.body, body)
        self.assertEqual(node.last.all(tensors.JSON_SIZE), [dict(headers)[tensors.JSON_SIZE]])
        self.assertEqual(answer.body, reply)
        self.assertEqual(answer.all(tensors.JSON_SIZE), [dict(reply_headers)[tensors.JSON_SIZE]])
        self.assertEqual(answer.get("Content-Type"), "application/octet-stream")
        raw = engine.ask("POST", "/v2/models/m/infer", b"\0\1\2\3",
                         ((tensors.JSON_SIZE, "0"), ("Content-Type", "application/octet-stream")))
        self.assertEqual((raw.status, node.last.body, node.last.get(tensors.JSON_SIZE)),
                         (200, b"\0\1\2\3", "0"))
        for size in ("x", str(len(body) + 1), "-1"):
            wrong = engine.ask("POST", "/v2/models/m/infer", body, ((tensors.JSON_SIZE, size),))
            self.assertEqual((wrong.status, list(wrong.json())), (400, ["error"]))

    def test_takes_gzip(self):
        node = v2_rest(Served({"x": "FP32"}, model=doubled))
        engine = self.start(unit("m", node, parameters=speaking("v2")), node, protocol="seldon,v2")
        packed = gzip.compress(PLAIN)
        node.default = Answer(body=b"{}")
        engine.ask("POST", "/v2/models/m/infer", packed, (*JSON, ("Content-Encoding", "gzip")))
        self.assertEqual((node.last.body, node.last.get("Content-Encoding")), (packed, "gzip"))

    def test_of_a_chain(self):
        first, second = StubNode(), StubNode(Answer(body=b'{"outputs":[]}'))
        engine = self.start(unit("one", first, children=[unit("two", second)]), first, second)
        first.default = Answer(body=b'{"model_name":"one","model_version":"1","id":"7",'
                                    b'"parameters":{"p":1},"outputs":[{"name":"y","shape":[1],'
                                    b'"datatype":"INT64","data":[9007199254740993]}]}')
        engine.ask("POST", "/v2/models/any/infer", PLAIN, JSON)
        self.assertEqual((first.last.target, first.last.body), ("/v2/models/one/infer", PLAIN))
        self.assertEqual(second.last.target, "/v2/models/two/infer")
        self.assertEqual(second.last.body,
                         b'{"id":"7","parameters":{"p":1},"inputs":[{"name":"y","shape":[1],'
                         b'"datatype":"INT64","data":[9007199254740993]}]}')
        reply, headers = tensors.to_v2_json({"y": X}, "outputs", {"id": "7"}, binary=True)
        first.default = Answer(headers=headers, body=reply)
        engine.ask("POST", "/v2/models/any/infer", PLAIN, JSON)
        named, tree = tensors.from_v2_json(second.last.body, second.last.get(tensors.JSON_SIZE),
                                           "inputs")
        self.assertEqual((named, tree["id"]), ({"y": X}, "7"))
        first.default = Answer(body=b'{"error": "not loaded"}')
        answer = engine.ask("POST", "/v2/models/any/infer", PLAIN, JSON)
        self.assertEqual(answer.status, 502)
        self.assertIn("not loaded", answer.json()["error"])
        self.assertIn('node "one"', answer.json()["error"])

    def test_renames_tensors(self):
        node = v2_rest(Served({"b": "FP32"}, model=lambda named: {"c": named["b"]}))
        engine = self.start(unit("m", node, parameters=speaking(
            "v2", input_names="x=b", output_names="c=d")), node)
        answer = engine.ask("POST", "/v2/models/m/infer", PLAIN, JSON)
        self.assertEqual(answer.json()["outputs"][0]["name"], "d", answer)
        self.assertEqual(answer.json()["id"], "7")

    def test_of_a_router_and_a_combiner(self):
        router = StubNode(Answer(body=b"[1]"))
        children = [StubNode(Answer(body=b'{"outputs":[%d]}' % i)) for i in range(2)]
        engine = self.start(unit("r", router, kind="ROUTER", children=[
            unit(f"c{i}", child) for i, child in enumerate(children)]), router, *children)
        answer = engine.ask("POST", "/v2/models/any/infer", PLAIN, JSON)
        self.assertEqual(answer.body, b'{"outputs":[1]}')
        self.assertEqual((router.last.target, router.last.body), ("/v2/models/r/route", PLAIN))
        self.assertEqual(children[1].last.body, PLAIN)
        combiner = StubNode(Answer(body=b'{"outputs":[9]}'))
        engine = self.start(unit("k", combiner, kind="COMBINER", children=[
            unit(f"c{i}", child) for i, child in enumerate(children)]), combiner)
        engine.ask("POST", "/v2/models/any/infer", PLAIN, JSON)
        self.assertEqual((combiner.last.target, combiner.last.body),
                         ("/v2/models/k/aggregate", b'[{"outputs":[0]},{"outputs":[1]}]'))

    def test_of_an_average(self):
        nodes = [v2_rest(Served({"x": "FP32"}, model=doubled)),
                 tensorflow_rest(Served({"x": "FP32"}))]
        graph = {"name": "mean", "implementation": "AVERAGE_COMBINER", "type": "COMBINER",
                 "children": [unit("a", nodes[0], parameters=speaking("v2")),
                              unit("b", nodes[1], parameters=speaking("tensorflow"))]}
        engine = self.start(graph, *nodes)
        answer = engine.ask("POST", "/v2/models/any/infer", PLAIN, JSON)
        self.assertEqual(answer.json()["outputs"][0]["data"], [2.25, 0.375], answer)
        self.assertEqual(answer.json()["id"], "7")

    def test_serves_two_protocols_at_once(self):
        node = v2_rest(Served({"x": "FP32"}, model=doubled))
        engine = self.start(unit("m", node, parameters=speaking("v2")), node, protocol="seldon,v2")
        self.assertEqual(engine.ask("POST", "/v2/models/m/infer", PLAIN, JSON).status, 200)
        self.assertEqual(engine.predict(BODY).json()["data"], {"names": ["t:0"], "ndarray": [[2]]})


class GrpcTest(V2Test):
    def test_of_every_method(self):
        node = v2_grpc(Served({"x": "FP32"}))
        self.start(unit("m", node), node)
        for method, kind, field in (("ServerLive", "ServerLive", "live"),
                                    ("ServerReady", "ServerReady", "ready"),
                                    ("ModelReady", "ModelReady", "ready")):
            outcome = self.client.call(SERVICE + method, b"")
            self.assertEqual(outcome.code, "OK", outcome)
            answer = protos.message(f"inference.{kind}Response").FromString(outcome.body)
            self.assertTrue(getattr(answer, field), method)
        outcome = self.client.call(SERVICE + "ServerMetadata", b"")
        self.assertEqual(protos.message("inference.ServerMetadataResponse").FromString(
            outcome.body).name, "infergraph")
        outcome = self.client.call(SERVICE + "ModelMetadata", b"")
        self.assertEqual(protos.message("inference.ModelMetadataResponse").FromString(
            outcome.body).inputs[0].name, "x")
        for method in ("ModelConfig", "RepositoryIndex", "SystemSharedMemoryStatus"):
            self.assertEqual(self.client.call(SERVICE + method, b"").code, "UNIMPLEMENTED")
        self.assertEqual(self.client.call(SERVICE + "ServerLive", b"").code, "OK")

    def test_passes_bytes_through(self):
        node = v2_grpc(Served({"x": "FP32"}))
        self.start(unit("m", node), node)
        sent = request(model_name="mine", id="7").SerializeToString() + b"\xfa\x3f\x01?"  # unknown
        outcome = self.client.call(SERVICE + "ModelInfer", sent)
        self.assertEqual(outcome.code, "OK", outcome)
        self.assertEqual(node.last.body, sent)
        self.assertEqual(response(outcome).id, "7")
        self.client.call(SERVICE + "ModelInfer", request())
        asked = protos.message("inference.ModelInferRequest").FromString(node.last.body)
        self.assertEqual(asked.model_name, "m")

    def test_of_a_chain(self):
        for raw in (True, False):
            nodes = [v2_grpc(Served({"x": "FP32"}, model=doubled), raw) for _ in range(2)]
            self.start(unit("one", nodes[0], children=[unit("two", nodes[1])]), *nodes)
            big = ("FP32", [1, 4096], [0.5] * 4096)
            sent = request({"x": big}, model_name="any", id="7")
            outcome = self.client.call(SERVICE + "ModelInfer", sent)
            self.assertEqual(outcome.code, "OK", outcome)
            self.assertEqual(tensors.from_v2_proto(response(outcome)),
                             {"y": ("FP32", [1, 4096], [2.0] * 4096)})
            asked = [protos.message("inference.ModelInferRequest").FromString(node.last.body)
                     for node in nodes]
            self.assertEqual([a.model_name for a in asked], ["one", "two"])
            self.assertEqual([a.id for a in asked], ["7", "7"])


class StreamTest(V2Test):
    def stream(self, messages):
        stub = self.client.channel.stream_stream(
            SERVICE + "ModelStreamInfer",
            response_deserializer=protos.message("inference.ModelStreamInferResponse").FromString)
        return list(stub(iter([m.SerializeToString() for m in messages]), timeout=60))

    def test_walks_a_graph_for_each_message(self):
        nodes = [v2_grpc(Served({"x": "FP32"}, model=doubled)) for _ in range(2)]
        self.start(unit("one", nodes[0], children=[unit("two", nodes[1])]), *nodes)
        infer = nodes[0].rules[SERVICE + "ModelInfer"]
        nodes[0].on(SERVICE + "ModelInfer", lambda call: (
            Failure("INVALID_ARGUMENT", "bad shape") if b"bad" in call.body else infer(call)))
        answers = self.stream([request(id="a"), request(id="bad"), request(id="b")])
        self.assertEqual([a.infer_response.id for a in answers], ["a", "", "b"])
        self.assertEqual(answers[1].error_message, 'bad shape (node "one")')
        self.assertEqual(tensors.from_v2_proto(answers[2].infer_response),
                         {"y": ("FP32", [1, 2], [6.0, 1.0])})

    def test_is_handed_on_to_a_single_node(self):
        node = StreamNode()
        self.start(unit("m", node), node)
        answers = self.stream([request(id="a"), request(id="b")])
        self.assertEqual([a.infer_response.id for a in answers], ["a", "a", "b", "b"])
        self.assertEqual(node.seen, ["a", "b"])
        node.fail = True
        with self.assertRaises(grpc.RpcError) as caught:
            self.stream([request(id="c")])
        self.assertEqual(caught.exception.code(), grpc.StatusCode.ABORTED)
        self.assertIn('node "m"', caught.exception.details())
        self.assertEqual(self.client.call(SERVICE + "ServerLive", b"").code, "OK")


class StreamNode:
    """A model that answers each request twice."""

    transport = "GRPC"

    def __init__(self):
        import concurrent.futures
        self.seen, self.fail = [], False
        handler = grpc.stream_stream_rpc_method_handler(self.serve)
        self.server = grpc.server(concurrent.futures.ThreadPoolExecutor(4))
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(
            "inference.GRPCInferenceService", {"ModelStreamInfer": handler}),))
        self.host, self.port = "127.0.0.1", self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def serve(self, messages, context):
        for message in messages:
            asked = protos.message("inference.ModelInferRequest").FromString(message)
            if self.fail:
                context.abort(grpc.StatusCode.ABORTED, "no more")
            self.seen.append(asked.id)
            answer = protos.message("inference.ModelStreamInferResponse")()
            answer.infer_response.id = asked.id
            yield answer.SerializeToString()
            yield answer.SerializeToString()

    def close(self):
        self.server.stop(None)


if __name__ == "__main__":
    unittest.main()
