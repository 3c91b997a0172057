"""gRPC nodes: which method over which transport, deadlines, balance, loss and recovery."""

import collections
import pathlib
import threading
import time
import unittest

import protos
from engine import Engine, JSON, LONG, unit
from fast_grpc_node import FastGrpcNode
from fast_node import FastNode
from faulty_proxy import FaultyProxy
from grpc_client import FEEDBACK, PREDICT
from grpc_node import Failure, GrpcNode, Hang, Reply, route, text
from names import Names
from stub_node import Answer, DeafNode, RefusedPort, StubNode


class NodesTest(unittest.TestCase):
    def node(self, answer=None, **more):
        node = GrpcNode(answer, **more)
        self.addCleanup(node.close)
        return node

    def start(self, graph, *flags, **more):
        engine = Engine(graph, *flags, **more)
        self.addCleanup(engine.stop)
        client = engine.grpc()
        self.addCleanup(client.close)
        return engine, client

    def ok(self, outcome):
        self.assertEqual(outcome.code, "OK", outcome)
        return outcome


def methods(node):
    return [call.method.removeprefix("/seldon.protos.") for call in node.calls()]


class MethodTest(NodesTest):
    def called(self, kind, feedback=False, children=(), **more):
        """The methods that a node of this type gets for one Predict and, if asked, one feedback."""
        node = self.node(lambda call: Reply(route(0) if call.method.endswith("Route")
                                            else text("x")))
        _, client = self.start(unit("n", node, kind, children, **more))
        self.ok(client.predict(text("x")))
        if feedback:
            self.ok(client.call(FEEDBACK, protos.Feedback(reward=1)))
        return methods(node)

    def leaf(self):
        return unit("leaf", self.node())

    def test_by_type(self):
        self.assertEqual(self.called("MODEL", True), ["Model/Predict", "Model/SendFeedback"])
        self.assertEqual(self.called("TRANSFORMER", True), ["Transformer/TransformInput"])
        self.assertEqual(self.called("OUTPUT_TRANSFORMER", True, [self.leaf()]),
                         ["OutputTransformer/TransformOutput"])
        self.assertEqual(self.called("ROUTER", True, [self.leaf()]),
                         ["Router/Route", "Model/SendFeedback"])
        self.assertEqual(self.called("COMBINER", True, [self.leaf()]), ["Combiner/Aggregate"])

    def test_without_a_type(self):
        self.assertEqual(
            self.called(None, True, [self.leaf()], methods=[
                "TRANSFORM_INPUT", "ROUTE", "AGGREGATE", "TRANSFORM_OUTPUT", "SEND_FEEDBACK"]),
            ["Transformer/TransformInput", "Router/Route", "Combiner/Aggregate",
             "OutputTransformer/TransformOutput", "Model/SendFeedback"])

    OTHERS = (("TRANSFORMER", [], "Transformer/TransformInput", "Generic/TransformInput"),
              ("OUTPUT_TRANSFORMER", [], "OutputTransformer/TransformOutput", "Generic/TransformOutput"),
              ("ROUTER", [], "Router/Route", "Generic/Route"),
              ("COMBINER", [], "Combiner/Aggregate", "Generic/Aggregate"),
              (None, ["TRANSFORM_INPUT"], "Transformer/TransformInput", "Generic/TransformInput"),
              (None, ["TRANSFORM_OUTPUT"], "OutputTransformer/TransformOutput",
               "Generic/TransformOutput"),
              (None, ["ROUTE"], "Router/Route", "Generic/Route"),
              (None, ["AGGREGATE"], "Combiner/Aggregate", "Generic/Aggregate"))

    def node_with(self, *only):
        node = GrpcNode(lambda call: Reply(route(0) if call.method.endswith("Route") else text("x")),
                        only=only)
        self.addCleanup(node.close)
        return node

    def test_the_other_service_after_unimplemented(self):
        """A component that has one of the two is asked for both once, then for that one."""
        for kind, with_methods, first, other in self.OTHERS:
            for served in (first, other):
                with self.subTest(kind=kind, served=served):
                    node = self.node_with(served)
                    graph = unit("n", node, kind, [self.leaf()], methods=with_methods)
                    engine, client = self.start(graph, "--threads", 1)
                    for _ in range(3):
                        self.ok(client.predict(text("x")))
                    self.assertEqual(methods(node), [served] * 3)
                    calls = {}
                    for labels, count in engine.metrics().find(
                            "seldon_api_executor_client_requests_seconds_count", model_name="n"):
                        calls[labels["service"], labels["code"]] = count
                    expected = {("/seldon.protos." + served, "OK"): 3}
                    if served == other:
                        expected["/seldon.protos." + first, "Unimplemented"] = 1
                    self.assertEqual(calls, expected)

    def test_feedback_of_a_router(self):
        for served in ("Model/SendFeedback", "Router/SendFeedback"):
            node = self.node_with("Router/Route", served)
            _, client = self.start(unit("n", node, "ROUTER", [self.leaf()]))
            for _ in range(2):
                self.ok(client.call(FEEDBACK, protos.Feedback(reward=1)))
            self.assertEqual(methods(node), [served] * 2)
        node = self.node_with("Generic/SendFeedback")
        _, client = self.start(unit("n", node, None, methods=["SEND_FEEDBACK"]))
        self.ok(client.call(FEEDBACK, protos.Feedback(reward=1)))
        self.assertEqual(methods(node), ["Generic/SendFeedback"])

    def test_neither_service(self):
        node = self.node_with("Model/Predict")
        _, client = self.start(unit("n", node, "TRANSFORMER", [self.leaf()]))
        for _ in range(2):
            self.assertEqual(client.predict(text("x")).code, "UNIMPLEMENTED")

    def test_another_error_is_no_reason_to_ask_elsewhere(self):
        node = self.node(Failure("INTERNAL", "no"))
        _, client = self.start(unit("n", node, "TRANSFORMER", [self.leaf()]))
        self.assertEqual(client.predict(text("x")).code, "INTERNAL")
        self.assertEqual(methods(node), ["Transformer/TransformInput"])

    def test_a_component_that_is_replaced(self):
        node = self.node_with("Generic/TransformInput")
        _, client = self.start(unit("n", node, "TRANSFORMER", [self.leaf()]))
        self.ok(client.predict(text("x")))
        node.only = {"/seldon.protos.Transformer/TransformInput"}
        for _ in range(2):
            self.ok(client.predict(text("x")))
        self.assertEqual(methods(node), ["Generic/TransformInput"] + ["Transformer/TransformInput"] * 2)

    def test_a_type_with_methods_keeps_to_its_services(self):
        self.assertEqual(
            self.called("TRANSFORMER", True, [self.leaf()], methods=["TRANSFORM_OUTPUT", "SEND_FEEDBACK"]),
            ["Transformer/TransformInput", "OutputTransformer/TransformOutput", "Model/SendFeedback"])

    def test_aggregate_gets_the_children_in_order(self):
        top, children = self.node(), [self.node(Reply(text(f"c{i}"), delay=0.1 * (2 - i)))
                                      for i in range(3)]
        _, client = self.start(unit("c", top, "COMBINER", [
            unit(f"m{i}", node) for i, node in enumerate(children)]))
        self.ok(client.predict(text("x")))
        got = top.last.message("SeldonMessageList")
        self.assertEqual([m.strData for m in got.seldonMessages], ["c0", "c1", "c2"])

    def test_aggregate_keeps_unknown_fields(self):
        odd = b"\x2a\x01x" + b"\xa2\x38\x03new"
        top = self.node()
        _, client = self.start(unit("c", top, "COMBINER", [unit("m", self.node(Reply(odd)))]))
        self.ok(client.predict(text("x")))
        self.assertIn(odd, top.last.body)


class TransportTest(NodesTest):
    """The transport of a node: its endpoint.type, else the only port it has, else the front's."""

    def both(self):
        rest = StubNode(Answer(body=b'{"strData":"rest"}'))
        self.addCleanup(rest.close)
        rpc = self.node(Reply(text("grpc")))
        return rest, rpc

    def answers(self, endpoint, *flags):
        """What (the REST front, the gRPC front) get over a node with this endpoint."""
        graph = unit("m", None, endpoint={"service_host": "127.0.0.1", **endpoint})
        engine, client = self.start(graph, *flags, wait="/live")
        return (engine.predict(b'{"strData":"x"}').json()["strData"],
                self.ok(client.predict(text("x"))).message().strData)

    def test_type_decides(self):
        rest, rpc = self.both()
        ports = {"httpPort": rest.port, "grpcPort": rpc.port, "service_port": rest.port}
        self.assertEqual(self.answers({**ports, "type": "REST"}), ("rest", "rest"))
        self.assertEqual(self.answers({**ports, "type": "GRPC"}), ("grpc", "grpc"))
        self.assertEqual(self.answers({**ports, "type": "GRPC"}, "--transport", "rest"),
                         ("grpc", "grpc"))

    def test_the_only_port(self):
        rest, rpc = self.both()
        self.assertEqual(self.answers({"httpPort": rest.port}), ("rest", "rest"))
        self.assertEqual(self.answers({"grpcPort": rpc.port}), ("grpc", "grpc"))

    def test_the_front(self):
        rest, rpc = self.both()
        ports = {"httpPort": rest.port, "grpcPort": rpc.port}
        for flags in ((), ("--transport", "rest"), ("--transport", "grpc")):
            self.assertEqual(self.answers(ports, *flags), ("rest", "grpc"))

    def test_service_port_stands_in(self):
        """An operator of 1.2.1 writes neither httpPort nor grpcPort."""
        rest, rpc = self.both()
        self.assertEqual(self.answers({"service_port": rpc.port, "type": "GRPC"}), ("grpc", "grpc"))
        self.assertEqual(self.answers({"service_port": rest.port, "type": "REST"}), ("rest", "rest"))


class DeadlineTest(NodesTest):
    def timed(self, client, code, **options):
        began = time.monotonic()
        outcome = client.predict(text("x"), **options)
        self.assertEqual(outcome.code, code, outcome)
        return outcome, time.monotonic() - began

    def test_of_the_annotation(self):
        node = self.node(Hang())
        engine, client = self.start(unit("m", node), annotations={"seldon.io/grpc-timeout": "300"})
        deadline = time.monotonic() + LONG
        while not node.calls():  # on a busy machine the first may not come so far
            self.assertLess(time.monotonic(), deadline)
            outcome, took = self.timed(client, "DEADLINE_EXCEEDED")
            self.assertTrue(0.25 < took < LONG / 2, took)
            self.assertIn("m", outcome.details)
        self.assertLess(node.last.time_remaining, 0.32)
        self.assertTrue(node.wait_for(lambda n: n.last.cancelled))
        self.assertEqual(engine.predict().status, 504)

    def test_the_shorter_of_both(self):
        node = self.node()
        _, client = self.start(unit("m", node), annotations={"seldon.io/grpc-timeout": "30000"})
        self.ok(client.predict(timeout=20))
        self.assertTrue(10 < node.last.time_remaining < 20.2)
        self.ok(client.predict(timeout=60))
        self.assertTrue(20.2 < node.last.time_remaining < 30.2)

    def test_each_call_has_it_anew(self):
        t, m = self.node(Reply(delay=0.4)), self.node()
        _, client = self.start(unit("t", t, "TRANSFORMER", [unit("m", m)]),
                               annotations={"seldon.io/grpc-timeout": "9000"})
        self.ok(client.predict())
        # A busy machine takes some of it on the way.
        deadline = time.monotonic() + LONG
        while m.last.time_remaining < 8.8:
            self.assertLess(time.monotonic(), deadline, m.last.time_remaining)
            self.ok(client.predict())

    def test_rest_timeout_is_not_for_grpc(self):
        node = self.node(Reply(delay=0.4))
        _, client = self.start(unit("m", node), annotations={"seldon.io/rest-timeout": "100"})
        self.ok(client.predict())

    def test_bad_values_are_none(self):
        node = self.node(Reply(delay=0.2))
        for value in ("soon", "", "0", "-5", "99999999999999999999"):
            with self.subTest(value):
                _, client = self.start(unit("m", node), annotations={"seldon.io/grpc-timeout": value})
                self.ok(client.predict())

    def test_a_node_that_never_says_a_word(self):
        with DeafNode() as deaf:
            deaf.transport = "GRPC"
            engine, client = self.start(unit("m", deaf), annotations={"seldon.io/grpc-timeout": "400"})
            began = time.monotonic()
            self.assertIn(client.predict().code, ("DEADLINE_EXCEEDED", "UNAVAILABLE"))
            self.assertLess(time.monotonic() - began, LONG / 2)
            self.assertIn(engine.predict().status, (503, 504))


class LossTest(NodesTest):
    def test_unreachable_names_the_node(self):
        with RefusedPort() as dead:
            dead.transport = "GRPC"
            engine, client = self.start(unit("modest", dead), wait="/live")
            began = time.monotonic()
            for _ in range(20):
                outcome = client.predict(text("x"))
                self.assertEqual(outcome.code, "UNAVAILABLE")
                self.assertIn("modest", outcome.details)
                self.assertIn(f"127.0.0.1:{dead.port}", outcome.details)
            # Some seconds for each if it waited for a connection.
            self.assertLess(time.monotonic() - began, LONG / 2)
            answer = engine.predict()
            told = answer.json()["status"]
            self.assertEqual((answer.status, told["code"], told["reason"], told["status"]),
                             (503, 503, "UNAVAILABLE", "FAILURE"))
            self.assertIn("modest", told["info"])
            self.assertIn(f"127.0.0.1:{dead.port}", told["info"])

    def test_an_unreachable_router_takes_nothing_down(self):
        """The reference dies here."""
        with RefusedPort() as dead:
            dead.transport = "GRPC"
            child = self.node()
            engine, client = self.start(unit("r", dead, "ROUTER", [unit("m", child)]), wait="/live")
            for _ in range(3):
                self.assertEqual(client.predict(text("x")).code, "UNAVAILABLE")
                self.assertEqual(engine.predict().status, 503)
            self.assertTrue(engine.alive())
            self.assertEqual(child.calls(), [])

    def test_a_node_that_restarts(self):
        node = self.node()
        _, client = self.start(unit("m", node))
        for _ in range(5):
            self.ok(client.predict(text("x")))
            node.restart()
            deadline = time.monotonic() + LONG
            while client.predict(text("x")).code != "OK":
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)

    def test_back_off(self):
        """A node that is gone is not hammered, and found again soon after it is back."""
        node = self.node()
        with FaultyProxy(node.port) as proxy:
            proxy.transport = "GRPC"
            _, client = self.start(unit("m", proxy))
            self.ok(client.predict(text("x")))
            proxy.refuse = True
            proxy.cut_all()
            before, began = proxy.accepted, time.monotonic()
            while time.monotonic() - began < 4:
                self.assertEqual(client.predict(text("x")).code, "UNAVAILABLE")
                time.sleep(0.005)
            # Readiness looks in every 5 s; each of the engine's threads may hold a channel.
            self.assertLess(proxy.accepted - before, 10 * (time.monotonic() - began))
            proxy.refuse = False
            deadline = time.monotonic() + LONG
            while client.predict(text("x")).code != "OK":
                self.assertLess(time.monotonic(), deadline, "not found again")
                time.sleep(0.05)

    def test_calls_in_flight_when_the_wire_goes(self):
        node = self.node(Reply(delay=0.5))
        with FaultyProxy(node.port) as proxy:
            proxy.transport = "GRPC"
            engine, client = self.start(unit("m", proxy))
            for reset in (False, True):
                proxy.reset = reset
                calls = [client.start(PREDICT, text("x")) for _ in range(20)]
                self.assertTrue(node.wait_for(lambda n: len(n.calls()) >= 20))
                proxy.cut_all()
                codes = {client.finish(PREDICT, call).code for call in calls}
                self.assertLessEqual(codes, {"OK", "UNAVAILABLE"})
                node.forget()
            proxy.reset = False
            deadline = time.monotonic() + LONG
            while client.predict(text("x")).code != "OK":
                self.assertLess(time.monotonic(), deadline)
            self.assertTrue(engine.alive())

    def test_feedback_is_never_repeated(self):
        """Whatever the wire does: a reward must not count twice."""
        node = self.node(Reply(delay=0.05))
        with FaultyProxy(node.port) as proxy:
            proxy.transport = "GRPC"
            _, client = self.start(unit("m", proxy))
            for number in range(60):
                if number % 3 == 0:
                    cut = threading.Timer(0.02, proxy.cut_all)
                    cut.start()
                client.call(FEEDBACK, protos.Feedback(reward=number + 1))
            cut.join()
            before = len(node.calls())
            node.on("Model/SendFeedback", Failure("UNAVAILABLE", "busy"))
            deadline = time.monotonic() + LONG
            while not node.calls()[before:]:  # the connection comes back
                number += 1
                outcome = client.call(FEEDBACK, protos.Feedback(reward=number + 1))
                self.assertEqual(outcome.code, "UNAVAILABLE")
                self.assertLess(time.monotonic(), deadline)
            rewards = collections.Counter(c.message("Feedback").reward for c in node.calls())
            self.assertEqual({r: n for r, n in rewards.items() if n > 1}, {})
            self.assertEqual(rewards[number + 1.0], 1)

    def test_a_node_that_speaks_rest_alone(self):
        with FastNode() as rest:
            rest.transport = "GRPC"
            engine, client = self.start(unit("m", rest), annotations={"seldon.io/grpc-timeout": "1000"})
            outcome = client.predict(text("x"))
            self.assertIn(outcome.code, ("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"))
            self.assertIn("m", outcome.details)
            self.assertTrue(engine.alive())

    def test_a_large_answer(self):
        big = text("y" * (30 << 20))
        node = self.node(Reply(big))
        _, client = self.start(unit("m", node))
        self.assertEqual(len(self.ok(client.predict()).body), big.ByteSize())
        _, client = self.start(unit("m", node), "--max_response_bytes", "1000000")
        outcome = client.predict()
        self.assertIn(outcome.code, ("INTERNAL", "RESOURCE_EXHAUSTED"))
        self.assertIn("m", outcome.details)


def connections(node):
    """How many callers are connected to it, as the kernel knows."""
    ip = "".join(f"{int(part):02X}" for part in reversed(node.host.split(".")))
    remote = f"{ip}:{node.port:04X}"
    rows = [line.split() for table in ("tcp", "tcp6")
            for line in pathlib.Path("/proc/net", table).read_text().splitlines()[1:]]
    return sum(row[2].endswith(remote) and row[3] == "01" for row in rows)  # established


class BalanceTest(NodesTest):
    ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3")

    def setUp(self):
        self.names = Names(*self.ADDRESSES)
        self.addCleanup(self.names.close)
        if not self.names.works():
            self.skipTest("no mount namespaces here")

    def three(self, answer=None):
        nodes = [GrpcNode(answer, host=self.ADDRESSES[0])]
        nodes += [GrpcNode(answer, host=host, port=nodes[0].port) for host in self.ADDRESSES[1:]]
        for node in nodes:
            self.addCleanup(node.close)
        return nodes

    def wait_for(self, condition):
        deadline = time.monotonic() + LONG
        while not condition():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def over(self, nodes, *flags, **more):
        return self.start(unit("m", nodes[0], host=self.names.host), *flags,
                          wrapper=self.names.wrapper, **more)

    def drive(self, engine, count, threads=8, send=None):
        """The codes of `count` calls from several callers."""
        codes, lock, left = collections.Counter(), threading.Lock(), [count]

        def loop():
            with engine.grpc() as client:
                while True:
                    with lock:
                        if left[0] <= 0:
                            return
                        left[0] -= 1
                    outcome = send(client) if send else client.predict(text("x"))
                    with lock:
                        codes[outcome.code] += 1

        workers = [threading.Thread(target=loop) for _ in range(threads)]
        for worker in workers:
            worker.start()
        return workers, codes

    def finish(self, driven):
        for worker in driven[0]:
            worker.join()
        return dict(driven[1])

    def shares(self, nodes):
        counts = [len(node.calls("Model/Predict")) for node in nodes]
        return [100 * count / sum(counts) for count in counts]

    def test_a_third_each(self):
        nodes = self.three()
        engine, client = self.over(nodes)
        self.assertEqual(self.finish(self.drive(engine, 3000)), {"OK": 3000})
        for share in self.shares(nodes):
            self.assertAlmostEqual(share, 33.3, delta=5)
        for node in nodes:
            node.forget()
        for _ in range(900):  # one caller, one at a time
            self.ok(client.predict(text("x")))
        for share in self.shares(nodes):
            self.assertAlmostEqual(share, 33.3, delta=5)

    def test_rest_callers_are_spread_alike(self):
        nodes = self.three()
        engine, _ = self.over(nodes)
        with engine.client() as client:
            for _ in range(900):
                self.assertEqual(client.ask("POST", "/api/v1.0/predictions", b"{}", JSON).status, 200)
        for share in self.shares(nodes):
            self.assertAlmostEqual(share, 33.3, delta=5)

    def test_one_that_dies_loses_no_prediction(self):
        """Neither when it is killed, nor when it shuts down; and it is found again."""
        nodes = [FastGrpcNode(self.ADDRESSES[0], delay=0.002)]
        nodes += [FastGrpcNode(host, nodes[0].port, 0.002) for host in self.ADDRESSES[1:]]
        for node in nodes:
            self.addCleanup(node.kill)
        engine, client = self.over(nodes)
        for number in (1, 0, 2):
            driven = self.drive(engine, 1500)
            self.wait_for(lambda: sum(driven[1].values()) > 300)
            nodes[number].kill()
            self.assertEqual(self.finish(driven), {"OK": 1500}, number)
            nodes[number].start()
            # Two must not be away at a time.
            self.wait_for(lambda: self.ok(client.predict(text("x"))) and
                          connections(nodes[number]) > 0)

    def test_one_that_shuts_down_loses_no_prediction(self):
        nodes = self.three(Reply(text("x"), delay=0.002))
        engine, _ = self.over(nodes)
        driven = self.drive(engine, 1500)
        self.assertTrue(nodes[1].wait_for(lambda n: len(n.calls()) > 100))
        nodes[1].server.stop(5).wait()  # GOAWAY; what is in flight may end
        self.assertEqual(self.finish(driven), {"OK": 1500})
        for node in (nodes[0], nodes[2]):
            self.assertGreater(len(node.calls()), 400)

    def test_a_name_that_changes(self):
        nodes = self.three()
        self.names.set(*self.ADDRESSES[:2])
        engine, client = self.over(nodes, "--dns_refresh", "500ms")
        for _ in range(100):
            self.ok(client.predict(text("x")))
        self.assertEqual(nodes[2].calls(), [])
        self.names.set(*self.ADDRESSES[1:])
        self.wait_for(lambda: self.ok(client.predict(text("x"))) and nodes[2].calls())
        for node in nodes:
            node.forget()
        for _ in range(100):
            self.ok(client.predict(text("x")))
        self.assertEqual([bool(node.calls()) for node in nodes], [False, True, True])

    def test_a_slow_one_gets_less(self):
        nodes = self.three(Reply(text("x"), delay=0.002))
        nodes[0].default = Reply(text("x"), delay=0.5)
        engine, _ = self.over(nodes)
        self.assertEqual(self.finish(self.drive(engine, 600)), {"OK": 600})
        self.assertLess(self.shares(nodes)[0], 20)

    def test_one_connection_an_address(self):
        nodes = self.three()
        engine, _ = self.over(nodes, "--threads", "1")
        self.assertEqual(self.finish(self.drive(engine, 600)), {"OK": 600})
        for node in nodes:
            self.assertLessEqual(len(node.peers()), 2, node.peers())

    def test_all_gone_and_back(self):
        nodes = self.three()
        _, client = self.over(nodes)
        self.ok(client.predict(text("x")))
        for node in nodes:
            node.stop()
        self.assertEqual(client.predict(text("x")).code, "UNAVAILABLE")
        nodes[2].start()
        deadline = time.monotonic() + LONG
        while client.predict(text("x")).code != "OK":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
