"""The stand-in of a component answers as Seldon's own Python wrapper does.

tests/data/wrapper_exchanges.jsonl was recorded from the wrapper 1.18.2 (Flask 2.2, numpy 1.24)
around a model that predicts what the stand-in of a node called "m" does, routes to 0 and averages.
A line is [verb, target, Content-Type or null, body or null, status, body of the answer].
"""

import json
import pathlib
import re
import unittest

import protos
import raw_http
from engine import deployment, free_port, unit
from grpc_client import GrpcClient
from stub_servers_test import Stub, at, write

RECORDED = pathlib.Path(__file__).resolve().parent.parent / "data" / "wrapper_exchanges.jsonl"

# Texts of Python's own libraries, of which the stand-in only gives the sense.
FREE_TEXT = re.compile(r"Invalid JSON: |Expecting value: |^division by zero$|^list index out")


def exchanges():
    for line in RECORDED.read_text(encoding="ascii").splitlines():
        yield json.loads(line)


def without_free_text(body):
    told = json.loads(body)
    status = told.get("status", {})
    if FREE_TEXT.search(status.get("info", "")):
        status["info"] = ""
    return told


class RecordedTest(unittest.TestCase):
    def test_every_exchange(self):
        port = free_port()
        file = write(self, deployment(unit("m", at(port))))
        told = {200: 0, 400: 0, 500: 0}
        with Stub(file), raw_http.Client(port) as client:
            for verb, target, kind, body, status, answer in exchanges():
                with self.subTest(f"{verb} {target} {kind}: {body}"):
                    headers = () if kind is None else (("Content-Type", kind),)
                    data = None if body is None else body.encode()
                    got = client.ask(verb, target, data, headers)
                    told[got.status] += 1
                    self.assertEqual(got.status, status, got.body)
                    if "metadata" in target and status == 200:
                        continue  # tells of the image
                    if not answer.startswith("{"):
                        self.assertEqual(got.body.decode(), answer)
                        continue
                    self.assertEqual(without_free_text(got.body), without_free_text(answer))
                    if not FREE_TEXT.search(answer):
                        self.assertEqual(got.body.decode(), answer)  # to the byte
        self.assertGreater(min(told.values()), 40)


if __name__ == "__main__":
    unittest.main()
