"""The founding run: a TENSORFLOW_SERVER without its proxy, and the stand-ins of model servers."""

import json
import math
import pathlib
import subprocess
import tempfile
import types
import unittest

import engine
import protos
import raw_http
from engine import Engine, free_port
from grpc_client import GrpcClient

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "examples" / "tfserving"


def made_up_scores(row, outputs=10):
    """What a stand-in computes without a file of weights, written down a second time."""
    sums = []
    for j in range(outputs):
        total = (j * 5 % 7 - 3) / 16
        for i, value in enumerate(row):
            total += value * ((i * 7 + j * 13 + i * j * 3) % 23 - 11) / 64
        sums.append(math.exp(total))
    return [value / sum(sums) for value in sums]


def write(test, graph):
    """The graph in a file that goes with the test."""
    folder = tempfile.TemporaryDirectory(prefix="infergraph-e2e-")
    test.addCleanup(folder.cleanup)
    file = pathlib.Path(folder.name, "graph.json")
    file.write_text(json.dumps(graph))
    return file


class Stub:
    """A running `infergraph stub` over a graph file."""

    def __init__(self, file, *flags):
        self.process = subprocess.Popen([engine.BINARY, "stub", str(file), "--json", *flags],
                                        env=engine.clean_environment(), text=True,
                                        stdout=subprocess.PIPE)
        told = self.process.stdout.readline()
        if not told:
            raise AssertionError("the stand-ins did not start")
        self.nodes = {node["name"]: node for node in json.loads(told)["nodes"]}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def fetch(port, path, body=None, headers=()):
    """Status and bytes of an answer, whatever the status is."""
    answer = raw_http.ask(port, "GET" if body is None else "POST", path, body, headers)
    return answer.status, answer.body


class FoundingRunTest(unittest.TestCase):
    def setUp(self):
        # The ports of a pod may be taken on this machine, so the graph names others.
        self.rest, self.grpc = free_port(), free_port()
        deployed = json.loads(engine.run("check", str(EXAMPLE / "graph.yaml"), "--json").stdout)
        self.assertTrue(deployed["ok"])
        graph = engine.unit("mnist-model", kind=None, implementation="TENSORFLOW_SERVER",
                            modelUri="gs://seldon-models/tfserving/mnist-model", parameters=[
                                {"name": name, "type": "STRING", "value": value}
                                for name, value in (
                                    ("signature_name", "predict_images"),
                                    ("model_name", "mnist-model"),
                                    ("rest_endpoint", f"http://127.0.0.1:{self.rest}"),
                                    ("grpc_endpoint", f"127.0.0.1:{self.grpc}"))])
        self.graph = engine.deployment(graph, predictor="default", name="tfserving")

    def test_both_protocols_are_answered_by_the_model_itself(self):
        with Engine(self.graph, "--predictor", "default", "--protocol",
                    "seldon,tensorflow", wait=None) as running:
            with Stub(running.file) as stub:
                self.assertEqual(stub.nodes["mnist-model"]["personality"], "tfserving")
                self.assertEqual(stub.nodes["mnist-model"]["http_port"], self.rest)
                self.assertEqual(stub.nodes["mnist-model"]["grpc_port"], self.grpc)
                running.wait_until("/ready")
                body = (EXAMPLE / "request.json").read_bytes()
                expected = made_up_scores(json.loads(body)["data"]["ndarray"][0])

                answer = running.predict(body)
                self.assertEqual(answer.status, 200, answer.body)
                told = json.loads(answer.body)
                self.assertEqual(told["data"]["names"], [f"t:{i}" for i in range(10)])
                self.assertEqual(told["meta"], {})
                self.assert_close(told["data"]["ndarray"], expected)

                request = (EXAMPLE / "tensorflow.json").read_bytes()
                path = "/v1/models/mnist-model:predict"
                through = running.ask("POST", path, request)
                self.assertEqual(through.status, 200)
                self.assertEqual(through.body, fetch(self.rest, path, request)[1])
                self.assert_close(json.loads(through.body)["predictions"], expected)

                wrong = running.predict(b'{"data":{"ndarray":[[1,2]]}}')
                self.assertEqual(wrong.status, 400)
                self.assertIn(b"Matrix size-incompatible", wrong.body)

    def test_over_grpc_the_numbers_are_the_same(self):
        with Engine(self.graph, "--predictor", "default", wait=None) as running:
            with Stub(running.file):
                running.wait_until("/ready")
                body = json.loads((EXAMPLE / "request.json").read_bytes())
                expected = made_up_scores(body["data"]["ndarray"][0])
                with running.grpc() as client:
                    answer = client.predict(protos.from_json(body))
                self.assertEqual(answer.code, "OK", answer)
                self.assert_close(protos.to_json(answer.message())["data"]["ndarray"], expected)

    def assert_close(self, rows, expected):
        self.assertEqual(len(rows), 1)
        self.assertEqual(len(rows[0]), len(expected))
        for got, wanted in zip(rows[0], expected):
            self.assertAlmostEqual(got, wanted, delta=1e-6)


def at(port, transport="REST"):
    return types.SimpleNamespace(host="localhost", port=port, transport=transport)


def v2_request(datatype, shape, data):
    return json.dumps({"id": "7", "inputs": [
        {"name": "x", "datatype": datatype, "shape": shape, "data": data}]}).encode()


def deployed(protocol, graph):
    made = engine.deployment(graph)
    made["spec"]["protocol"] = protocol
    return made


class GraphTest(unittest.TestCase):
    """Whole graphs of the two protocols over nothing but stand-ins."""

    def outputs(self, running, request):
        answer = running.ask("POST", "/v2/models/any/infer", request, engine.JSON)
        self.assertEqual(answer.status, 200, answer.body)
        told = json.loads(answer.body)
        self.assertEqual(told["id"], "7")
        return told["outputs"][0]["data"]

    def test_a_v2_graph_with_a_router_and_a_combiner(self):
        graph = deployed("v2", engine.unit("in", at(free_port()), "TRANSFORMER", [
            engine.unit("router", at(free_port()), "ROUTER", [
                engine.unit("a", at(free_port())),
                engine.unit("both", at(free_port()), "COMBINER", [
                    engine.unit("b", at(free_port())), engine.unit("c", at(free_port()))])])]))
        with Engine(graph, "--protocol", "v2", wait=None) as running:
            with Stub(running.file, "--set", "router.route=round_robin") as stub:
                self.assertEqual({node["personality"] for node in stub.nodes.values()}, {"v2"})
                running.wait_until("/ready")
                large = [9007199254740993, -1]
                for _ in range(4):  # both branches
                    self.assertEqual(self.outputs(running, v2_request("INT64", [2], large)), large)
                stub.process.terminate()
                counts = json.loads(stub.process.stdout.read().splitlines()[-1])["nodes"]
        self.assertEqual(counts["router"]["route"], 4)
        self.assertEqual((counts["a"]["predict"], counts["b"]["predict"]), (2, 2))
        self.assertEqual(counts["both"]["aggregate"], 2)

    def test_a_tensorflow_graph_with_a_router_and_a_combiner(self):
        graph = deployed("tensorflow", engine.unit("router", at(free_port()), "ROUTER", [
            engine.unit("a", at(free_port())),
            engine.unit("both", at(free_port()), "COMBINER", [
                engine.unit("b", at(free_port())), engine.unit("c", at(free_port()))])]))
        with Engine(graph, "--protocol", "tensorflow", wait=None) as running:
            with Stub(running.file, "--set", "*.weights=2x3", "--set", "router.route=1"):
                running.wait_until("/ready")
                answer = running.ask("POST", "/v1/models/any:predict", b'{"instances":[[1.5,-2]]}')
                self.assertEqual(answer.status, 200, answer.body)
                scores = json.loads(answer.body)["predictions"][0]
        for got, wanted in zip(scores, made_up_scores([1.5, -2], 3)):
            self.assertAlmostEqual(got, wanted, delta=1e-6)

    def test_a_personality_can_be_set(self):
        port = free_port()
        graph = deployed("seldon", engine.unit("m", at(port), parameters=[
            {"name": "protocol", "value": "v2", "type": "STRING"}]))
        file = write(self, graph)
        with Stub(file) as stub:
            self.assertEqual(stub.nodes["m"]["personality"], "v2")
            self.assertEqual(fetch(port, "/v2/health/live")[0], 200)
        with Stub(file, "--set", "m.personality=tfserving") as stub:
            self.assertEqual(stub.nodes["m"]["personality"], "tfserving")
            self.assertEqual(fetch(port, "/v1/models/m")[0], 200)


class SharedTest(unittest.TestCase):
    """Several models behind one server, and a container that is used twice."""

    def test_several_models_behind_one_server(self):
        port = free_port()
        graph = deployed("v2", engine.unit("a", at(port), "TRANSFORMER", [
            engine.unit("b", at(port))]))
        with Engine(graph, "--protocol", "v2", wait=None) as running:
            with Stub(running.file, "--set", "b.weights=2x3", "--set", "b.models=also") as stub:
                for name, status in (("a", 200), ("b", 200), ("also", 200), ("c", 400)):
                    self.assertEqual(fetch(port, f"/v2/models/{name}/ready")[0], status, name)
                index = json.loads(fetch(port, "/v2/repository/index", b"{}")[1])
                self.assertEqual([model["name"] for model in index], ["a", "b", "also"])
                self.assertEqual({model["state"] for model in index}, {"READY"})
                metadata = json.loads(fetch(port, "/v2/models/b")[1])
                self.assertEqual(metadata["inputs"][0]["shape"], [-1, 2])
                running.wait_until("/ready")
                answer = running.ask("POST", "/v2/models/infer", json.dumps({"inputs": [
                    {"name": "images", "datatype": "FP32", "shape": [1, 2],
                     "data": [1, 2]}]}).encode(), engine.JSON)
                self.assertEqual(answer.status, 200, answer.body)
                stub.process.terminate()
                counts = json.loads(stub.process.stdout.read().splitlines()[-1])["nodes"]
        self.assertEqual((counts["a"]["predict"], counts["b"]["predict"]), (1, 1))

    def test_a_container_that_is_used_twice(self):
        port = free_port()
        graph = engine.deployment(engine.unit("out", at(port), "OUTPUT_TRANSFORMER", [
            engine.unit("in", at(port), "TRANSFORMER")]))
        with Stub(write(self, graph)) as stub:
            body = b'{"strData":"x"}'
            for path in ("/transform-input", "/transform-output", "/transform-output"):
                self.assertEqual(fetch(port, path, body, engine.JSON)[0], 200)
            stub.process.terminate()
            counts = json.loads(stub.process.stdout.read().splitlines()[-1])["nodes"]
        self.assertEqual(counts["in"]["transform-input"], 1)
        self.assertEqual(counts["out"]["transform-output"], 2)

    def test_tensorflow_takes_batches_of_plain_numbers(self):
        port = free_port()
        graph = deployed("tensorflow", engine.unit("half_plus_two", at(port)))
        path = "/v1/models/half_plus_two:predict"
        with Stub(write(self, graph)):
            for body, told in ((b'{"instances":[1.0,2.0,5.0]}', {"predictions": [2.5, 3.0, 4.5]}),
                               (b'{"inputs":[1,2]}', {"outputs": [2.5, 3.0]}),
                               (b'{"inputs":4}', {"outputs": 4.0}),
                               (b'{"instances":[{"images":1.0}]}', {"predictions": [2.5]})):
                status, answer = fetch(port, path, body)
                self.assertEqual((status, json.loads(answer)), (200, told))
            status, answer = fetch(port, path, b'{"instances":[[1.0,2.0]]}')
            self.assertEqual(status, 400)


class BoundsTest(unittest.TestCase):
    def test_a_short_message_makes_no_large_tensor(self):
        ports = {"tf": free_port(), "m": free_port()}
        graph = deployed("tensorflow", engine.unit("tf", at(ports["tf"], "GRPC")))
        small = protos.message("tensorflow.serving.PredictRequest")()
        small.model_spec.name = "tf"
        tensor = small.inputs["images"]
        tensor.dtype = 1
        for size in (1 << 20, 784):
            tensor.tensor_shape.dim.add(size=size)
        tensor.float_val.append(1)
        with Stub(write(self, graph)) as stub, GrpcClient(ports["tf"]) as client:
            answer = client.call("/tensorflow.serving.PredictionService/Predict", small)
            self.assertEqual(answer.code, "RESOURCE_EXHAUSTED", answer)
            status = pathlib.Path(f"/proc/{stub.process.pid}/status").read_text()
            peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
            self.assertLess(int(peak.split()[1]), 300_000)


class V2GrpcTest(unittest.TestCase):
    SERVICE = "/inference.GRPCInferenceService/"

    def test_single_calls_and_a_stream(self):
        port = free_port()
        graph = deployed("v2", engine.unit("m", at(port, "GRPC")))
        infer = protos.message("inference.ModelInferRequest")(model_name="m", inputs=[
            {"name": "x", "datatype": "UINT64", "shape": [1],
             "contents": {"uint64_contents": [2**64 - 1]}}])
        with Stub(write(self, graph)), GrpcClient(port) as client:
            for method in ("ServerLive", "ServerReady", "ServerMetadata"):
                self.assertEqual(client.call(self.SERVICE + method).code, "OK")
            answer = client.call(self.SERVICE + "ModelInfer", infer)
            self.assertEqual(answer.code, "OK", answer)
            told = answer.message("inference.ModelInferResponse")
            self.assertEqual(list(told.raw_output_contents), [b"\xff" * 8])
            unknown = protos.message("inference.ModelMetadataRequest")(name="x")
            self.assertEqual(client.call(self.SERVICE + "ModelMetadata", unknown).code,
                             "NOT_FOUND")
            stream = client.channel.stream_stream(self.SERVICE + "ModelStreamInfer")
            kind = protos.message("inference.ModelStreamInferResponse")
            wrong = protos.message("inference.ModelInferRequest")(model_name="x")
            requests = [message.SerializeToString() for message in (infer, wrong, infer)]
            told = [kind.FromString(one) for one in stream(iter(requests), timeout=engine.LONG)]
            self.assertEqual([bool(one.error_message) for one in told], [False, True, False])


class PrintTest(unittest.TestCase):
    def test_messages_of_grpc_are_printed_as_json(self):
        port = free_port()
        graph = deployed("tensorflow", engine.unit("m", at(port, "GRPC")))
        asked = protos.message("tensorflow.serving.GetModelStatusRequest")(
            model_spec={"name": "m"})
        flags = ("--print", "--count", "1")
        with Stub(write(self, graph), *flags) as stub, GrpcClient(port) as client:
            client.call("/tensorflow.serving.ModelService/GetModelStatus", asked)
            told = json.loads(stub.process.stdout.readline())
        self.assertEqual(told["in"], {"modelSpec": {"name": "m"}})
        self.assertEqual(told["out"]["model_version_status"][0]["state"], "AVAILABLE")


class BinaryTest(unittest.TestCase):
    def test_binary_tensors_over_http(self):
        port = free_port()
        halves = b"\x00\x3c\x01\x00"
        graph = deployed("v2", engine.unit("m", at(port)))
        head = json.dumps({"inputs": [{"name": "h", "datatype": "FP16", "shape": [2],
                                       "parameters": {"binary_data_size": 4}}],
                           "parameters": {"binary_data_output": True}}).encode()
        with Stub(write(self, graph)):
            answer = raw_http.ask(port, "POST", "/v2/models/m/infer", head + halves,
                                  (("Inference-Header-Content-Length", str(len(head))),))
        self.assertEqual(answer.status, 200, answer.body)
        size = int(answer.get("Inference-Header-Content-Length"))
        self.assertEqual(answer.body[size:], halves)
        self.assertEqual(json.loads(answer.body[:size])["outputs"][0]["datatype"], "FP16")


if __name__ == "__main__":
    unittest.main()
