"""Reflection and health: what grpcurl and a kubelet ask for."""

import queue
import threading
import time
import unittest

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool

import protos
from engine import LONG, Engine, unit
from grpc_node import GrpcNode, text
from stub_node import Answer, StubNode

VERSIONS = ("v1alpha", "v1")


class ServicesTest(unittest.TestCase):
    def setUp(self):
        self.node = GrpcNode()
        self.addCleanup(self.node.close)

    def start(self, *flags, **more):
        self.engine = Engine(unit("m", self.node), *flags, **more)
        self.addCleanup(self.engine.stop)
        client = self.engine.grpc()
        self.addCleanup(client.close)
        return client


class Reflection:
    """A stream of questions to one version of the service."""

    def __init__(self, client, version):
        kind = f"grpc.reflection.{version}.ServerReflection"
        # Both versions have the same wire format.
        self.request = protos.message("grpc.reflection.v1alpha.ServerReflectionRequest")
        answer = protos.message("grpc.reflection.v1alpha.ServerReflectionResponse")
        self.questions = queue.Queue()
        self.answers = client.channel.stream_stream(
            f"/{kind}/ServerReflectionInfo", response_deserializer=answer.FromString)(
                iter(self.questions.get, None), timeout=LONG)

    def ask(self, **question):
        self.questions.put(self.request(**question).SerializeToString())
        return next(self.answers)

    def close(self):
        self.questions.put(None)
        return list(self.answers)

    def files(self, **question):
        answer = self.ask(**question)
        return [descriptor_pb2.FileDescriptorProto.FromString(data)
                for data in answer.file_descriptor_response.file_descriptor_proto]


class ReflectionTest(ServicesTest):
    def asked(self):
        client = self.start()
        for version in VERSIONS:
            with self.subTest(version):
                reflection = Reflection(client, version)
                yield reflection
                self.assertEqual(reflection.close(), [])

    def test_services(self):
        for reflection in self.asked():
            answer = reflection.ask(list_services="")
            names = {service.name for service in answer.list_services_response.service}
            self.assertLessEqual({"seldon.protos.Seldon", "seldon.protos.Model",
                                  "seldon.protos.Generic", "grpc.health.v1.Health",
                                  "grpc.reflection.v1alpha.ServerReflection"}, names)
            self.assertEqual(answer.original_request.WhichOneof("message_request"), "list_services")

    def test_services_of_every_protocol(self):
        client = self.start("--protocol", "seldon,tensorflow,v2")
        reflection = Reflection(client, VERSIONS[0])
        for service in ("seldon.protos.Seldon", "tensorflow.serving.PredictionService",
                        "tensorflow.serving.ModelService", "inference.GRPCInferenceService"):
            with self.subTest(service):
                files = reflection.files(file_containing_symbol=service)
                package, name = service.rsplit(".", 1)
                self.assertIn((package, name), [(file.package, each.name) for file in files
                                                for each in file.service])
        listed = reflection.ask(list_services="").list_services_response.service
        self.assertIn("inference.GRPCInferenceService", [service.name for service in listed])
        self.assertEqual(reflection.close(), [])

    def test_everything_that_is_listed_can_be_described(self):
        client = self.start("--protocol", "seldon,tensorflow,v2")
        for version in VERSIONS:
            reflection = Reflection(client, version)
            listed = reflection.ask(list_services="").list_services_response.service
            names = {service.name for service in listed}
            self.assertLessEqual({f"grpc.reflection.{v}.ServerReflection" for v in VERSIONS}, names)
            for service in names:
                with self.subTest(version=version, service=service):
                    package, name = service.rsplit(".", 1)
                    files = {file.name: file for file in reflection.files(file_containing_symbol=service)}
                    described = [each for file in files.values() if file.package == package
                                 for each in file.service if each.name == name]
                    self.assertEqual(len(described), 1)
                    # Its methods by their own names, its messages, and each file by its name.
                    for method in described[0].method:
                        self.assertTrue(reflection.files(file_containing_symbol=f"{service}.{method.name}"))
                        for kind in (method.input_type, method.output_type):
                            self.assertTrue(reflection.files(file_containing_symbol=kind.lstrip(".")))
                    for file in files:
                        self.assertTrue(reflection.files(file_by_filename=file))
            self.assertEqual(reflection.close(), [])

    def test_a_stock_client_can_call_by_it_alone(self):
        """Gathers the files of a symbol and what they import, and predicts with what they say."""
        for reflection in self.asked():
            files = {}
            for file in reflection.files(file_containing_symbol="seldon.protos.Seldon"):
                files[file.name] = file
            while missing := {d for f in files.values() for d in f.dependency} - set(files):
                for file in reflection.files(file_by_filename=missing.pop()):
                    files[file.name] = file
            pool = descriptor_pool.DescriptorPool()
            done = set()

            def add(name):
                if name not in done:
                    done.add(name)
                    for needed in files[name].dependency:
                        add(needed)
                    pool.AddSerializedFile(files[name].SerializeToString())

            for name in files:
                add(name)
            service = pool.FindServiceByName("seldon.protos.Seldon")
            self.assertEqual([m.name for m in service.methods],
                             ["Predict", "SendFeedback", "ModelMetadata", "GraphMetadata"])
            predict = service.FindMethodByName("Predict")
            self.assertEqual((predict.input_type.full_name, predict.output_type.full_name),
                             ("seldon.protos.SeldonMessage",) * 2)
            for field in ("status", "meta", "data", "binData", "strData", "jsonData", "customData"):
                self.assertIn(field, predict.input_type.fields_by_name)
            self.assertIn("tftensor", pool.FindMessageTypeByName(
                "seldon.protos.DefaultData").fields_by_name)

    def test_symbols_of_every_kind(self):
        for reflection in self.asked():
            name = None
            for symbol in ("seldon.protos.Seldon", "seldon.protos.Seldon.Predict",
                           "seldon.protos.SeldonMessage", "seldon.protos.Metric.MetricType",
                           "seldon.protos.SeldonMessage.strData"):
                answer = reflection.ask(file_containing_symbol=symbol)
                self.assertTrue(answer.file_descriptor_response.file_descriptor_proto, symbol)
                first = descriptor_pb2.FileDescriptorProto.FromString(
                    answer.file_descriptor_response.file_descriptor_proto[0])
                self.assertEqual(first.package, "seldon.protos")
                name = name or first.name
                self.assertEqual(first.name, name)
            self.assertEqual(reflection.files(file_by_filename=name)[0].name, name)
            for symbol in ("grpc.health.v1.Health", "tensorflow.TensorProto",
                           "google.protobuf.Value"):
                self.assertTrue(reflection.files(file_containing_symbol=symbol), symbol)

    def test_what_is_not_there(self):
        for reflection in self.asked():
            for question in ({"file_containing_symbol": "no.such.Symbol"},
                             {"file_by_filename": "no/such.proto"},
                             {"file_containing_extension": {
                                 "containing_type": "no.such.Type", "extension_number": 1}},
                             {"all_extension_numbers_of_type": "no.such.Type"}):
                answer = reflection.ask(**question)
                self.assertEqual(answer.error_response.error_code, 5, question)
            self.assertTrue(reflection.files(file_containing_symbol="seldon.protos.Model"))

    def test_a_symbol_is_not_as_long_as_the_caller_likes(self):
        client = self.start()
        for version in VERSIONS:
            with self.subTest(version), self.assertRaises(grpc.RpcError) as caught:
                Reflection(client, version).ask(file_containing_symbol="x" * 5000)
            self.assertEqual(caught.exception.code(), grpc.StatusCode.INVALID_ARGUMENT)


class HealthTest(ServicesTest):
    SERVICES = ("", "seldon.protos.Seldon", "seldon.protos.Model", "seldon.protos.Generic")

    def test_check(self):
        client = self.start()
        for service in self.SERVICES:
            self.assertEqual(client.check(service), "SERVING", service)
        for service in ("no.such.Service", "seldon", "Seldon"):
            self.assertEqual(client.check(service), "NOT_FOUND", service)

    def test_a_name_is_not_as_long_as_the_caller_likes(self):
        """The gRPC thread would parse it, copy it and tell it back while everybody waits."""
        client = self.start()
        self.assertEqual(client.check("x" * 1000), "NOT_FOUND")
        for size in (1100, 4_000_000):
            self.assertEqual(client.check("x" * size), "INVALID_ARGUMENT")
            watch = self.follow(client.watch("x" * size), queue.Queue())
            self.assertEqual(watch.get(timeout=LONG)[0], "INVALID_ARGUMENT")
        self.assertEqual(client.check(), "SERVING")

    def test_it_follows_ready(self):
        client = self.start()
        self.assertEqual(client.check(), "SERVING")
        self.node.stop()
        self.engine.wait_until("/ready", 503)
        for service in self.SERVICES:
            self.assertEqual(client.check(service), "NOT_SERVING", service)
        self.node.start()
        self.engine.wait_until("/ready", 200)
        for service in self.SERVICES:
            self.assertEqual(client.check(service), "SERVING", service)

    def test_not_serving_before_it_is_ready(self):
        self.node.stop()
        client = self.start(wait="/live")
        self.assertEqual(client.check(), "NOT_SERVING")

    def follow(self, watch, into):
        def loop():
            try:
                for status in watch:
                    into.put((status, time.monotonic()))
            except Exception as error:  # noqa: BLE001: the end of the stream, told as a status
                into.put((error.code().name, time.monotonic()))

        threading.Thread(target=loop, daemon=True).start()
        return into

    def test_watch(self):
        client = self.start()
        told = {service: self.follow(client.watch(service, timeout=2 * LONG), queue.Queue())
                for service in self.SERVICES}
        for seen in told.values():
            self.assertEqual(seen.get(timeout=LONG)[0], "SERVING")
        self.node.stop()
        for seen in told.values():
            self.assertEqual(seen.get(timeout=LONG)[0], "NOT_SERVING")
        self.assertEqual(self.engine.get("/ready").status, 503)
        self.node.start()
        for seen in told.values():
            self.assertEqual(seen.get(timeout=LONG)[0], "SERVING")
        time.sleep(0.3)
        self.assertTrue(all(seen.empty() for seen in told.values()), "tells only what changes")

    def test_watch_of_an_unknown_service_stays_open(self):
        client = self.start()
        watch = client.watch("no.such.Service")
        seen = self.follow(watch, queue.Queue())
        self.assertEqual(seen.get(timeout=LONG)[0], "SERVICE_UNKNOWN")
        time.sleep(0.2)
        self.assertTrue(seen.empty())
        watch.cancel()
        self.assertEqual(seen.get(timeout=LONG)[0], "CANCELLED")

    def test_1000_watches_that_come_and_go(self):
        client = self.start()
        before = self.engine.descriptors()
        for _ in range(10):
            watches = [client.watch() for _ in range(100)]
            for watch in watches:
                self.assertEqual(next(watch), "SERVING")
            for watch in watches:
                watch.cancel()
        self.assertEqual(client.check(), "SERVING")
        deadline = time.monotonic() + LONG
        while self.engine.descriptors() > before + 3:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_cancelled_watches_leave_other_calls_alone(self):
        """Each once took a unit of work from the loop of the gRPC thread, until that stopped."""
        with StubNode(Answer(body=b'{"strData":"x"}')) as rest:
            engine = Engine(unit("m", rest))
            self.addCleanup(engine.stop)
            with engine.grpc() as client:
                for _ in range(10):
                    watch = client.watch()
                    self.assertEqual(next(watch), "SERVING")
                    watch.cancel()
                    self.assertEqual(client.predict(text("x")).code, "OK")

    def test_watch_in_a_drain(self):
        """NOT_SERVING while calls are still served."""
        engine = Engine(unit("m", self.node), "--shutdown_delay", f"{LONG}s")
        self.addCleanup(engine.kill)
        with engine.grpc() as client:
            seen = self.follow(client.watch(timeout=2 * LONG), queue.Queue())
            self.assertEqual(seen.get(timeout=LONG)[0], "SERVING")
            sent = engine.terminate()
            status, at = seen.get(timeout=LONG)
            self.assertEqual(status, "NOT_SERVING")
            self.assertLess(at - sent, LONG / 2)
            self.assertEqual(client.predict(text("x")).code, "OK")
            self.assertEqual(client.check(), "NOT_SERVING")

    def test_watch_does_not_hold_the_drain_up(self):
        client = self.start("--graceful_timeout", f"{LONG}s")
        seen = self.follow(client.watch(timeout=2 * LONG), queue.Queue())
        self.assertEqual(seen.get(timeout=LONG)[0], "SERVING")
        sent = self.engine.terminate()
        self.assertEqual(seen.get(timeout=LONG)[0], "NOT_SERVING")
        self.assertEqual(self.engine.wait(), 0)
        self.assertLess(self.engine.exited - sent, LONG / 2)


if __name__ == "__main__":
    unittest.main()
