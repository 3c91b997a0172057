"""Model servers of protocols tensorflow and v2 behind stub_node and grpc_node: each answers with its
inputs, or with what `model` makes of {name: tensor}.
"""

import json

import protos
import tensors
from grpc_node import Failure, GrpcNode, Reply
from stub_node import Answer, StubNode

JSON = (("Content-Type", "application/json"),)


def signature_json(inputs, outputs, name="serving_default"):
    """The metadata of docs/wire/tensorflow.md §5; `inputs` maps names to datatypes of v2."""
    def infos(types):
        return {key: {"dtype": tensors.TENSORFLOW[datatype], "name": f"{key}:0", "tensor_shape": {
            "dim": [{"size": "-1", "name": ""}], "unknown_rank": False}}
            for key, datatype in types.items()}
    return {"model_spec": {"name": "m", "signature_name": "", "version": "1"},
            "metadata": {"signature_def": {"signature_def": {name: {
                "inputs": infos(inputs), "outputs": infos(outputs),
                "method_name": "tensorflow/serving/predict"}}}}}


class Served:
    """What all of them know: the model, its types, its signature's name. With `name` a server of
    protocol tensorflow has that model and no other; `state` is that of its one version."""

    def __init__(self, inputs, outputs=None, model=None, signature="serving_default", name=None):
        self.inputs, self.outputs = inputs, outputs or inputs
        self.model = model or (lambda named: named)
        self.signature = signature
        self.name = name
        self.state = "AVAILABLE"

    def has(self, name):
        return self.name is None or self.name == name


def tensorflow_rest(served, **more):
    """`served` may be changed while it runs."""
    def answer(request):
        path = request.target
        name = path.removeprefix("/v1/models/").split("/")[0].split(":")[0]
        if not served.has(name):
            return Answer(404, body=json.dumps({"error": f"Servable not found: {name}"}).encode())
        if request.verb == "GET" and path.endswith("/metadata"):
            return Answer(body=json.dumps(signature_json(
                served.inputs, served.outputs, served.signature)).encode())
        if request.verb == "GET":
            return Answer(body=json.dumps({"model_version_status": [
                {"version": "1", "state": served.state,
                 "status": {"error_code": "OK", "error_message": ""}}]}).encode())
        try:
            return Answer(body=json.dumps(predicted(json.loads(request.body))).encode())
        except (KeyError, ValueError, TypeError) as error:
            return Answer(400, body=json.dumps({"error": f"bad request: {error!r}"}).encode())

    def predicted(tree):
        rows = "instances" in tree
        given = tree["instances"] if rows else tree["inputs"]
        if rows and isinstance(given[0], dict) and "b64" not in given[0]:
            given = {key: [row[key] for row in given] for key in given[0]}
        if not isinstance(given, dict) or "b64" in given:
            given = {next(iter(served.inputs)): given}
        named = {}
        for name, value in given.items():
            datatype = served.inputs[name]
            shape, values = tensors.flat(value)
            for each in values:
                check(datatype, each)
            named[name] = (datatype, shape, values)
        made = {name: tensors.nested(shape, values)
                for name, (_, shape, values) in served.model(named).items()}
        only = next(iter(made.values())) if len(made) == 1 else None
        if not rows:
            return {"outputs": made if only is None else only}
        if only is not None:
            return {"predictions": only}
        return {"predictions": [dict(zip(made, row)) for row in zip(*made.values())]}

    def check(datatype, value):
        wanted = {"BOOL": bool, "BYTES": bytes}.get(datatype)
        if wanted is None:
            wanted = (int, float) if "INT" not in datatype else int
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise ValueError(f"{value!r} is not of type {datatype}")

    return StubNode(answer, **more)


def tensorflow_grpc(served, **more):
    def predict(call):
        request = protos.message("tensorflow.serving.PredictRequest").FromString(call.body)
        if not request.model_spec.name:
            return Failure("INVALID_ARGUMENT", "Missing ModelSpec")
        if not served.has(request.model_spec.name):
            return Failure("NOT_FOUND", "Servable not found")
        named = {name: tensors.from_tensor_proto(proto) for name, proto in request.inputs.items()}
        for name, tensor in named.items():
            if served.inputs.get(name) != tensor[0]:
                return Failure("INVALID_ARGUMENT", f"input {name} is of {tensor[0]}")
        response = protos.message("tensorflow.serving.PredictResponse")()
        response.model_spec.CopyFrom(request.model_spec)
        for name, tensor in served.model(named).items():
            if not request.output_filter or name in request.output_filter:
                response.outputs[name].CopyFrom(tensors.to_tensor_proto(tensor))
        return Reply(response)

    def metadata(_):
        response = protos.message("tensorflow.serving.GetModelMetadataResponse")()
        response.model_spec.name = "m"
        signatures = protos.message("tensorflow.serving.SignatureDefMap")()
        one = signatures.signature_def[served.signature]
        for types, into in ((served.inputs, one.inputs), (served.outputs, one.outputs)):
            for name, datatype in types.items():
                into[name].dtype = tensors.NUMBERS[tensors.TENSORFLOW[datatype]]
                into[name].tensor_shape.dim.add(size=-1)
        response.metadata["signature_def"].Pack(signatures)
        return Reply(response)

    def status(call):
        request = protos.message("tensorflow.serving.GetModelStatusRequest").FromString(call.body)
        if not served.has(request.model_spec.name):
            return Failure("NOT_FOUND", "Servable not found")
        response = protos.message("tensorflow.serving.GetModelStatusResponse")()
        states = protos.message("tensorflow.serving.ModelVersionStatus").State
        response.model_version_status.add(version=1, state=states.Value(served.state))
        return Reply(response)

    service = "/tensorflow.serving.PredictionService/"
    return (GrpcNode(**more).on(service + "Predict", predict)
            .on(service + "GetModelMetadata", metadata)
            .on("/tensorflow.serving.ModelService/GetModelStatus", status))


def v2_rest(served, **more):
    def answer(request):
        if request.verb == "GET":
            if not request.target.startswith("/v2/models/") or request.target.endswith("/ready"):
                return Answer(body=b"")
            return Answer(body=json.dumps({
                "name": "m", "versions": ["1"], "platform": "test",
                "inputs": [{"name": name, "datatype": datatype, "shape": [-1]}
                           for name, datatype in served.inputs.items()],
                "outputs": [{"name": name, "datatype": datatype, "shape": [-1]}
                            for name, datatype in served.outputs.items()]}).encode())
        try:
            named, tree = tensors.from_v2_json(request.body, request.get(tensors.JSON_SIZE), "inputs")
        except (KeyError, ValueError) as error:
            return Answer(400, body=json.dumps({"error": f"bad request: {error!r}"}).encode())
        binary = tree.get("parameters", {}).get("binary_data_output", False)
        more = {"model_name": "m", **({"id": tree["id"]} if "id" in tree else {})}
        body, headers = tensors.to_v2_json(served.model(named), "outputs", more, binary)
        return Answer(headers=headers, body=body)

    return StubNode(answer, **more)


def v2_grpc(served, raw=True, **more):
    def infer(call):
        request = protos.message("inference.ModelInferRequest").FromString(call.body)
        named = served.model(tensors.from_v2_proto(request))
        return Reply(tensors.to_v2_proto(named, "ModelInferResponse", raw, id=request.id,
                                         model_name=request.model_name))

    def metadata(_):
        response = protos.message("inference.ModelMetadataResponse")(name="m", versions=["1"])
        for types, into in ((served.inputs, response.inputs), (served.outputs, response.outputs)):
            for name, datatype in types.items():
                into.add(name=name, datatype=datatype, shape=[-1])
        return Reply(response)

    service = "/inference.GRPCInferenceService/"
    return (GrpcNode(**more).on(service + "ModelInfer", infer)
            .on(service + "ModelMetadata", metadata)
            .on(service + "ModelReady",
                Reply(protos.message("inference.ModelReadyResponse")(ready=True))))


def speaking(protocol, **parameters):
    """The `parameters` of a unit of that protocol."""
    given = {"protocol": protocol, **parameters}
    return [{"name": key, "value": value, "type": "STRING"} for key, value in given.items()]
