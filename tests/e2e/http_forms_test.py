"""Requests as nobody should write them, by the byte: what is refused, and what is read how."""

import unittest

from engine import BODY, Engine, JSON, PREDICTIONS, unit
from raw_http import request_bytes
from stub_node import Answer, StubNode

HOST = b"Host: x\r\n"
POST = b"POST " + PREDICTIONS.encode() + b" HTTP/1.1\r\n" + HOST


def get(target=b"/live", version=b"HTTP/1.1", headers=HOST, verb=b"GET"):
    return verb + b" " + target + b" " + version + b"\r\n" + headers + b"\r\n"


def post(headers, body=b""):
    return POST + headers + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"
NO_BODY = b"0\r\n\r\n"

# name, bytes, status
TABLE = (
    ("plain", get(), 200),
    # versions
    ("1.0", get(version=b"HTTP/1.0", headers=b""), 200),
    ("0.9", b"GET /live\r\n\r\n", 400),
    ("0.9 told", get(version=b"HTTP/0.9"), 400),
    ("1.2", get(version=b"HTTP/1.2"), 400),
    ("2.0", get(version=b"HTTP/2.0"), 400),
    ("2", get(version=b"HTTP/2"), 400),
    ("1.1 in small letters", get(version=b"http/1.1"), 400),
    ("1.10", get(version=b"HTTP/1.10"), 400),
    ("no version", b"GET /live \r\n" + HOST + b"\r\n", 400),
    ("space after the version", get(version=b"HTTP/1.1 "), 400),
    # the request line
    ("two spaces", b"GET  /live HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a tab", b"GET\t/live HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("space before", b" GET /live HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("space in the target", get(b"/li ve"), 400),
    ("NUL in the target", get(b"/li\0ve"), 400),
    ("DEL in the target", get(b"/li\x7fve"), 400),
    ("control in the target", get(b"/li\x01ve"), 400),
    ("bare LF", b"GET /live HTTP/1.1\nHost: x\n\n", 400),
    ("bare CR", b"GET /live HTTP/1.1\rHost: x\r\r", 400),
    ("verb with a slash", get(verb=b"G/T"), 400),
    ("verb with a NUL", get(verb=b"G\0T"), 400),
    ("an odd verb", get(verb=b"BREW"), 200),
    # targets
    ("fragment", get(b"/live#x"), 400),
    ("fragment behind a query", get(b"/live?a#x"), 400),
    ("no slash", get(b"live"), 400),
    ("backslash", get(b"\\live"), 400),
    ("bad escape", get(b"/live%"), 400),
    ("bad escape 2", get(b"/%zzlive"), 400),
    ("escaped NUL", get(b"/live%00"), 400),
    ("escaped letters", get(b"/%6Civ%65"), 200),
    ("escaped slash", get(b"/%2Flive"), 404),
    ("query", get(b"/live?x=%zz&y=/"), 200),
    ("latin-1", get(b"/l\xefve"), 404),
    ("absolute-form", get(b"http://other:1/live"), 200),
    ("absolute-form of TLS", get(b"HTTPS://other/live"), 200),
    ("absolute-form with IPv6", get(b"http://[::1]:8000/live"), 200),
    ("absolute-form without a path", get(b"http://other"), 404),
    ("userinfo", get(b"http://u:p@other/live"), 400),
    ("user", get(b"http://u@other/live"), 400),
    ("another scheme", get(b"ftp://other/live"), 400),
    ("no host", get(b"http:///live"), 400),
    ("bad port", get(b"http://other:x/live"), 400),
    ("asterisk", get(b"*", verb=b"OPTIONS"), 200),
    ("asterisk of GET", get(b"*"), 400),
    ("authority", get(b"x:443"), 400),
    # verbs for proxies
    ("CONNECT", get(b"x:443", verb=b"CONNECT"), 405),
    ("CONNECT /live", get(b"/live", verb=b"CONNECT"), 405),
    ("CONNECT /nope", get(b"/nope", verb=b"CONNECT"), 405),
    ("TRACE /live", get(verb=b"TRACE"), 405),
    ("TRACE /ready", get(b"/ready", verb=b"TRACE"), 405),
    ("TRACE metrics", get(b"/prometheus", verb=b"TRACE"), 405),
    ("TRACE predictions", get(PREDICTIONS.encode(), verb=b"TRACE"), 405),
    ("TRACE /nope", get(b"/nope", verb=b"TRACE"), 405),
    # Host
    ("Host lacks", get(headers=b""), 400),
    ("two Hosts", get(headers=HOST + b"Host: y\r\n"), 400),
    ("two equal Hosts", get(headers=HOST + HOST), 400),
    ("two Hosts in 1.0", get(version=b"HTTP/1.0", headers=HOST + HOST), 400),
    ("empty Host", get(headers=b"Host:\r\n"), 400),
    ("Host with a space", get(headers=b"Host: a b\r\n"), 400),
    ("Host with a slash", get(headers=b"Host: a/b\r\n"), 400),
    ("Host with a user", get(headers=b"Host: u@h\r\n"), 400),
    ("Host with a list", get(headers=b"Host: a, b\r\n"), 400),
    ("Host with a bad port", get(headers=b"Host: a:b\r\n"), 400),
    ("Host with two dots", get(headers=b"Host: a..b\r\n"), 400),
    ("Host that is no IPv6", get(headers=b"Host: [::1\r\n"), 400),
    ("bad Host in 1.0", get(version=b"HTTP/1.0", headers=b"Host: a/b\r\n"), 400),
    ("Host with IPv6", get(headers=b"Host: [::1]:8000\r\n"), 200),
    ("Host with _", get(headers=b"Host: my_model.ns.svc.:8000\r\n"), 200),
    ("folded Host", get(headers=b"Host:\r\n x\r\n"), 400),
    # headers
    ("space before the colon", get(headers=b"Host : x\r\n"), 400),
    ("space before another's colon", get(headers=HOST + b"X-A : x\r\n"), 400),
    ("space in a name", get(headers=HOST + b"X A: x\r\n"), 400),
    ("no colon", get(headers=HOST + b"X-A\r\n"), 400),
    ("no name", get(headers=HOST + b": x\r\n"), 400),
    ("first line folded", get(headers=b" X: y\r\n" + HOST), 400),
    ("bare LF in a header", get(headers=HOST + b"X-A: a\nX-B: b\r\n"), 400),
    ("bare CR in a header", get(headers=HOST + b"X-A: a\rX-B: b\r\n"), 400),
    ("NUL in a header", get(headers=HOST + b"X-A: a\0b\r\n"), 400),
    ("control in a header", get(headers=HOST + b"X-A: a\x08b\r\n"), 400),
    ("non-ASCII name", get(headers=HOST + b"X-\xe4: a\r\n"), 400),
    ("name with _", get(headers=HOST + b"x_a: b\r\n"), 200),
    ("other folded", get(headers=HOST + b"X-A: a\r\n b\r\n"), 200),
    ("tabs", get(headers=HOST + b"X-A:\ta\tb\t\r\n"), 200),
    ("latin-1 value", get(headers=HOST + b"X-A: \xe4\r\n"), 200),
    ("folded Connection", get(headers=HOST + b"Connection: keep-alive,\r\n x\r\n"), 400),
    ("many names in Connection", get(headers=HOST + b"Connection: " + b"a," * 60 + b"b\r\n"), 400),
    ("some names in Connection", get(headers=HOST + b"Connection: " + b"a," * 20 + b"b\r\n"), 200),
    # Content-Length
    ("length", post(b"Content-Length: 3\r\n", b"abc"), 200),
    ("length with spaces", post(b"Content-Length:  3 \r\n", b"abc"), 200),
    ("no length", post(b"Content-Length:\r\n"), 400),
    ("length with a sign", post(b"Content-Length: +3\r\n", b"abc"), 400),
    ("negative", post(b"Content-Length: -3\r\n", b"abc"), 400),
    ("minus nothing", post(b"Content-Length: -0\r\n"), 400),
    ("hex", post(b"Content-Length: 0x3\r\n", b"abc"), 400),
    ("fraction", post(b"Content-Length: 3.0\r\n", b"abc"), 400),
    ("exponent", post(b"Content-Length: 3e0\r\n", b"abc"), 400),
    ("digits apart", post(b"Content-Length: 3 3\r\n", b"abc"), 400),
    ("quoted", post(b'Content-Length: "3"\r\n', b"abc"), 400),
    ("beyond 64 bits", post(b"Content-Length: 18446744073709551616\r\n"), 400),
    ("far too large", post(b"Content-Length: 18446744073709551615\r\n"), 413),
    ("list", post(b"Content-Length: 3, 4\r\n", b"abcd"), 400),
    ("list with nothing", post(b"Content-Length: 3,\r\n", b"abc"), 400),
    ("semicolon", post(b"Content-Length: 3;4\r\n", b"abcd"), 400),
    ("two lengths", post(b"Content-Length: 3\r\nContent-Length: 4\r\n", b"abcd"), 400),
    ("two equal lengths", post(b"Content-Length: 3\r\nContent-Length: 3\r\n", b"abc"), 200),
    ("folded length", post(b"Content-Length:\r\n 3\r\n", b"abc"), 400),
    ("length folded behind", post(b"Content-Length: 3\r\n \r\n", b"abc"), 400),
    ("length in two lines", post(b"Content-Length: 1\r\n 2\r\n", b"abc"), 400),
    # Transfer-Encoding
    ("chunked", post(CHUNKED, b"3\r\nabc\r\n0\r\n\r\n"), 200),
    ("Chunked", post(b"transfer-encoding: CHUNKED\r\n", NO_BODY), 200),
    ("chunked in 1.0", b"POST " + PREDICTIONS.encode() + b" HTTP/1.0\r\n" + CHUNKED + b"\r\n" + NO_BODY, 400),
    ("chunked and length", post(CHUNKED + b"Content-Length: 5\r\n", NO_BODY), 400),
    ("length and chunked", post(b"Content-Length: 5\r\n" + CHUNKED, NO_BODY), 400),
    ("chunked twice", post(CHUNKED + CHUNKED, NO_BODY), 400),
    ("chunked, chunked", post(b"Transfer-Encoding: chunked, chunked\r\n", NO_BODY), 400),
    ("gzip, chunked", post(b"Transfer-Encoding: gzip, chunked\r\n", NO_BODY), 400),
    ("chunked, identity", post(b"Transfer-Encoding: chunked, identity\r\n", NO_BODY), 400),
    ("identity", post(b"Transfer-Encoding: identity\r\n"), 400),
    ("empty", post(b"Transfer-Encoding:\r\n"), 400),
    ("quoted coding", post(b'Transfer-Encoding: "chunked"\r\n', NO_BODY), 400),
    ("chunked with a parameter", post(b"Transfer-Encoding: chunked;q=1\r\n", NO_BODY), 400),
    ("xchunked", post(b"Transfer-Encoding: xchunked\r\n", NO_BODY), 400),
    ("vertical tab", post(b"Transfer-Encoding: \x0bchunked\r\n", NO_BODY), 400),
    ("folded coding", post(b"Transfer-Encoding:\r\n chunked\r\n", NO_BODY), 400),
    ("coding folded behind", post(b"Transfer-Encoding: chunked\r\n x\r\n", NO_BODY), 400),
    # chunks
    ("chunk with an extension", post(CHUNKED, b'3;a=b;c="d"\r\nabc\r\n0\r\n\r\n'), 200),
    ("chunk with a sign", post(CHUNKED, b"+3\r\nabc\r\n0\r\n\r\n"), 400),
    ("chunk with 0x", post(CHUNKED, b"0x3\r\nabc\r\n0\r\n\r\n"), 400),
    ("chunk too long", post(CHUNKED, b"3\r\nabcd\r\n0\r\n\r\n"), 400),
    ("chunk of bare LF", post(CHUNKED, b"3\nabc\n0\n\n"), 400),
    ("chunk without a size", post(CHUNKED, b";a\r\nabc\r\n0\r\n\r\n"), 400),
    ("chunk beyond 64 bits", post(CHUNKED, b"10000000000000000\r\nabc\r\n0\r\n\r\n"), 400),
    ("chunk with a long line", post(CHUNKED, b"3;" + b"a" * 9000), 400),
    ("trailer with a length", post(CHUNKED, b"0\r\nContent-Length: 5\r\n\r\n"), 400),
)

# path, what the node is asked for
NAMES = (
    ("/v1/models/m%3Apredict", "/v1/models/m:predict"),
    ("/v1/models/a%20b%3apredict", "/v1/models/a%20b:predict"),
    ("/v1/models/a%2fb:predict", "/v1/models/a%2Fb:predict"),
    ("/v1/models/\xe4|b:predict", "/v1/models/%E4%7Cb:predict"),
    ("/v1/models/m/versions/3%3Apredict", "/v1/models/m/versions/3:predict"),
    ("/v1/models/%6D:predict", "/v1/models/m:predict"),
    ("/v1/models/a%0d%0aX-Y%3a%20z:predict", "/v1/models/a%0D%0AX-Y:%20z:predict"),
    ("/v1/models/..%2F..%2Fetc:predict", "/v1/models/..%2F..%2Fetc:predict"),
)
# These never reach a node.
DOTTED = ("/v1/models/..:predict", "/v1/models/%2e%2e:predict", "/v1/models/.%2E%3Apredict",
          "/v1/models/.:predict", "/v1/models/m/versions/..:predict",
          "/v1/models/m/labels/%2e%2e:predict", "/v1/models/m/../n:predict",
          "/v1/models/%2e%2e/%2e%2e/live:predict")


class FormsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.node = StubNode(lambda request: Answer(body=request.body))
        cls.engine = Engine(unit("m", cls.node))

    @classmethod
    def tearDownClass(cls):
        cls.engine.stop()
        cls.node.close()

    def test_every_form(self):
        for name, data, status in TABLE:
            with self.subTest(name), self.engine.client() as client:
                answer = client.send(data).read()
                self.assertEqual(answer.status, status, answer)
                if status == 405:
                    self.assertIn("GET" if b"predictions" not in data else "POST", answer.get("Allow"))
                if status in (400, 413):
                    self.assertEqual(answer.get("Connection"), "close")
                    self.assertTrue(client.is_closed())
                elif answer.get("Connection") != "close" and answer.version == "HTTP/1.1":
                    # Nothing of it was taken for the next request.
                    again = client.send(request_bytes("POST", PREDICTIONS, BODY, JSON)).read()
                    self.assertEqual((again.status, again.body), (200, BODY))

    def test_every_form_a_byte_at_a_time(self):
        for name, data, status in TABLE:
            if len(data) > 300:
                continue
            with self.subTest(name), self.engine.client() as client:
                try:
                    for at in range(len(data)):
                        client.send(data[at:at + 1])
                except OSError:
                    pass  # refused before its end
                self.assertEqual(client.read().status, status)


class NamesTest(unittest.TestCase):
    def test_names_go_on_encoded_anew(self):
        with StubNode(lambda request: Answer(body=b'{"predictions":[1]}')) as node, \
                Engine(unit("m", node), "--protocol", "tensorflow") as engine:
            for path, asked in NAMES:
                with self.subTest(path):
                    node.forget()
                    answer = engine.ask("POST", path, b'{"instances":[1]}', JSON)
                    self.assertEqual(answer.status, 200, answer)
                    self.assertEqual(node.last.start_line, f"POST {asked} HTTP/1.1")
            node.forget()
            for path in DOTTED:
                with self.subTest(path):
                    answer = engine.ask("POST", path, b'{"instances":[1]}', JSON)
                    self.assertIn(answer.status, (301, 404), answer)
            self.assertEqual(node.calls(), [])


if __name__ == "__main__":
    unittest.main()
