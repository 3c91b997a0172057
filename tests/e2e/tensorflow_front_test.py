"""--protocol tensorflow: the paths and methods of TensorFlow Serving in front of a graph."""

import json
import unittest

import protos
from engine import Engine, JSON, unit
from grpc_node import Failure, Reply
from model_nodes import Served, tensorflow_grpc, tensorflow_rest
from stub_node import Answer, StubNode

PREDICT = "/tensorflow.serving.PredictionService/Predict"
BODY = b'{ "instances":[[1.0, 2.50]], "signature_name" : "s" }'


class FrontTest(unittest.TestCase):
    def start(self, graph, *nodes, protocol="tensorflow"):
        for node in nodes:
            self.addCleanup(node.close)
        engine = Engine(graph, "--protocol", protocol)
        self.addCleanup(engine.stop)
        self.client = engine.grpc()
        self.addCleanup(self.client.close)
        return engine


class RestTest(FrontTest):
    def setUp(self):
        self.node = StubNode(Answer(body=b'{\n    "predictions": [[1.0, 1e-7]\n    ]\n}'))
        self.engine = self.start(unit("m", self.node), self.node)

    def test_of_every_path(self):
        table = {
            "/v1/models/m:predict": "/v1/models/m:predict",
            "/v1/models/m/:predict": "/v1/models/m:predict",
            "/v1/models/other:predict": "/v1/models/other:predict",
            "/v1/models/a%2Fb:predict": "/v1/models/a%2Fb:predict",
            "/v1/models:predict": "/v1/models/m:predict",
            "/v1/models/:predict": "/v1/models/m:predict",
            "/v1/models/m/versions/3:predict": "/v1/models/m/versions/3:predict",
            "/v1/models/m/versions/3/:predict": "/v1/models/m/versions/3:predict",
            "/v1/models/m/labels/stable:predict": "/v1/models/m/labels/stable:predict",
            "/v1/models/m:classify": "/v1/models/m:classify",
            "/v1/models/m/versions/3:regress": "/v1/models/m/versions/3:regress",
        }
        for path, asked in table.items():
            with self.subTest(path):
                response = self.engine.ask("POST", path, BODY, JSON)
                self.assertEqual((response.status, response.body), (200, self.node.default.body))
                self.assertEqual((self.node.last.target, self.node.last.body), (asked, BODY))

    def test_of_status_and_metadata(self):
        for path in ("/v1/models/m", "/v1/models/m/metadata", "/v1/models/m/versions/2",
                     "/v1/models/m/labels/x/metadata", "/v1/models/other"):
            with self.subTest(path):
                self.assertEqual(self.engine.get(path).status, 200)
                self.assertEqual((self.node.last.verb, self.node.last.target), ("GET", path))

    def test_of_other_paths(self):
        for verb, path, status in (("POST", "/v1/models/m:explain", 404), ("GET", "/v1/foo", 404),
                                   ("POST", "/v1/models/m/versions/x:predict", 404),
                                   ("POST", "/v1/models/a/b:predict", 404),
                                   ("GET", "/v1/models/m:predict", 405),
                                   ("POST", "/v1/models/m", 405),
                                   ("POST", "/api/v1.0/predictions", 404),
                                   ("POST", "/v2/models/m/infer", 404)):
            with self.subTest(path):
                response = self.engine.ask(verb, path, BODY, JSON)
                self.assertEqual(response.status, status)
                self.assertEqual(list(response.json()), ["error"])
                for others, protocol in (("/api/", "seldon"), ("/v2/", "v2")):
                    self.assertEqual(path.startswith(others),
                                     f"protocol {protocol} is not served (--protocol)" in response.json()["error"])

    def test_passes_errors_on_as_they_stand(self):
        self.node.on("/v1/models/m:predict", Answer(404, body=b'{ "error": "Servable not found" }'))
        response = self.engine.ask("POST", "/v1/models/m:predict", BODY, JSON)
        self.assertEqual((response.status, response.body),
                         (404, b'{ "error": "Servable not found" }'))

    def test_names_the_node_in_its_own_errors(self):
        self.node.close()
        response = self.engine.ask("POST", "/v1/models/m:predict", BODY, JSON)
        self.assertEqual(response.status, 503)
        self.assertIn('node "m"', response.json()["error"])

    def test_echoes_feedback(self):
        feedback = b'{"reward": 1, "request": {}}'
        response = self.engine.feedback(feedback)
        self.assertEqual((response.status, response.body), (200, feedback))
        self.assertEqual(self.node.calls("/send-feedback"), [])

    def test_counts_by_the_nodes_own_path(self):
        self.engine.ask("POST", "/v1/models/other:predict", BODY, JSON)
        self.assertEqual(self.engine.metrics().value(
            "seldon_api_executor_client_requests_seconds_count", service="/v1/models/m:predict",
            model_name="m", code="200"), 1)


class ChainTest(FrontTest):
    def chain(self, first, second):
        return self.start(unit("one", first, children=[unit("two", second)]), first, second)

    def test_of_both_formats(self):
        first, second = StubNode(), StubNode(Answer(body=b'{"predictions": [3]}'))
        engine = self.chain(first, second)
        for answer, asked in ((b'{"predictions": [[1.0, 1e-7]]}', b'{"instances": [[1.0, 1e-7]]}'),
                              (b'{"outputs": {"a": 9007199254740993}}',
                               b'{"inputs": {"a": 9007199254740993}}')):
            first.on("/v1/models/one:predict", Answer(body=answer))
            response = engine.ask("POST", "/v1/models/any/versions/9:predict", BODY, JSON)
            self.assertEqual(response.body, b'{"predictions": [3]}')
            self.assertEqual(first.last.body, BODY)
            self.assertEqual((second.last.target, second.last.body),
                             ("/v1/models/two:predict", asked))

    def test_never_hides_an_error(self):
        first, second = StubNode(Answer(body=b'{"error": "out of memory"}')), StubNode()
        engine = self.chain(first, second)
        response = engine.ask("POST", "/v1/models:predict", BODY, JSON)
        self.assertEqual(response.status, 502)
        self.assertIn("out of memory", response.json()["error"])
        self.assertIn('node "one"', response.json()["error"])
        first.default = Answer(429, body=b'{"error": "slow down"}')
        response = engine.ask("POST", "/v1/models:predict", BODY, JSON)
        self.assertEqual((response.status, response.body), (429, b'{"error": "slow down"}'))

    def test_over_grpc(self):
        double = Served({"x": "FP32"}, model=lambda named: {
            "x": ("FP32", named["x"][1], [2 * v for v in named["x"][2]])})
        first, second = tensorflow_grpc(double), tensorflow_grpc(double)
        self.chain(first, second)
        request = protos.message("tensorflow.serving.PredictRequest")()
        request.model_spec.name = "any"
        request.inputs["x"].dtype = 1
        request.inputs["x"].tensor_shape.dim.add(size=2)
        request.inputs["x"].float_val.extend([1.5, 2.5])
        outcome = self.client.call(PREDICT, request)
        self.assertEqual(outcome.code, "OK", outcome)
        response = protos.message("tensorflow.serving.PredictResponse").FromString(outcome.body)
        self.assertEqual(list(response.outputs["x"].float_val), [6.0, 10.0])
        names = [protos.message("tensorflow.serving.PredictRequest").FromString(
            node.last.body).model_spec.name for node in (first, second)]
        self.assertEqual(names, ["one", "two"])


class GrpcTest(FrontTest):
    def test_of_every_method(self):
        node = tensorflow_grpc(Served({"x": "FP32"}))
        self.start(unit("m", node), node)
        kinds = {"Classify": "Classification", "Regress": "Regression",
                 "MultiInference": "MultiInference"}
        for method, kind in kinds.items():
            path = f"/tensorflow.serving.PredictionService/{method}"
            answer = protos.message(f"tensorflow.serving.{kind}Response")()
            node.on(path, Reply(answer))
            request = protos.message(f"tensorflow.serving.{kind}Request")()
            if method != "MultiInference":
                request.model_spec.name = "m"
            request.input.example_list.examples.add()
            self.assertEqual(self.client.call(path, request).code, "OK")
            self.assertTrue(node.last.body.endswith(request.SerializeToString()) or
                            node.last.body == request.SerializeToString(), method)

    def test_needs_no_model_spec(self):
        node = tensorflow_grpc(Served({"x": "FP32"}))
        self.start(unit("m", node), node)
        request = protos.message("tensorflow.serving.PredictRequest")()
        self.assertEqual(self.client.call(PREDICT, request).code, "OK")
        status = "/tensorflow.serving.ModelService/GetModelStatus"
        node.on(status, Reply(protos.message("tensorflow.serving.GetModelStatusResponse")()))
        outcome = self.client.call(status, b"")
        self.assertEqual(outcome.code, "OK", outcome)
        asked = protos.message("tensorflow.serving.GetModelStatusRequest").FromString(node.last.body)
        self.assertEqual(asked.model_spec.name, "m")
        metadata = self.client.call("/tensorflow.serving.PredictionService/GetModelMetadata",
                                    protos.message("tensorflow.serving.GetModelMetadataRequest")(
                                        metadata_field=["signature_def"]))
        self.assertEqual(metadata.code, "OK", metadata)

    def test_keeps_the_nodes_code(self):
        node = tensorflow_grpc(Served({"x": "FP32"})).on(PREDICT, Failure("NOT_FOUND", "no servable"))
        self.start(unit("m", node), node)
        outcome = self.client.call(PREDICT, b"")
        self.assertEqual(outcome.code, "NOT_FOUND")
        self.assertIn("no servable", outcome.details)
        self.assertIn('node "m"', outcome.details)

    def test_crosses_to_rest(self):
        node = tensorflow_rest(Served({"x": "INT64"}))
        self.start(unit("m", node), node)
        request = protos.message("tensorflow.serving.PredictRequest")()
        request.inputs["x"].dtype = 9
        request.inputs["x"].tensor_shape.dim.add(size=1)
        request.inputs["x"].int64_val.append(9007199254740993)
        outcome = self.client.call(PREDICT, request)
        self.assertEqual(outcome.code, "OK", outcome)
        response = protos.message("tensorflow.serving.PredictResponse").FromString(outcome.body)
        self.assertEqual(list(response.outputs["x"].int64_val), [9007199254740993])
        self.assertEqual(json.loads(node.last.body)["instances"], [9007199254740993])

    def test_of_examples_over_rest(self):
        node = StubNode(Answer(body=b'{"results": [[["cat", 0.75], ["dog", 0.25]]]}'))
        self.start(unit("m", node), node)
        request = protos.message("tensorflow.serving.ClassificationRequest")()
        example = request.input.example_list.examples.add()
        example.features.feature["age"].int64_list.value.append(7)
        outcome = self.client.call("/tensorflow.serving.PredictionService/Classify", request)
        self.assertEqual(outcome.code, "OK", outcome)
        response = protos.message("tensorflow.serving.ClassificationResponse").FromString(
            outcome.body)
        classes = response.result.classifications[0].classes
        self.assertEqual([(c.label, c.score) for c in classes], [("cat", 0.75), ("dog", 0.25)])
        self.assertEqual(node.last.target, "/v1/models/m:classify")
        self.assertEqual(json.loads(node.last.body)["examples"], [{"age": 7}])


if __name__ == "__main__":
    unittest.main()
