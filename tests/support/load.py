"""Load from Python: closed loops over keep-alive connections, plain or pipelined."""

import threading
import time

import raw_http
from engine import BODY, JSON, PREDICTIONS


class Load:
    """`connections` loops until `count` requests are sent in all, or stop() is called.

    Counts statuses; `errors` has what went wrong on the wire. A connection that the engine closed
    after a whole answer that said `Connection: close` is opened again; any other end is an error.
    `patience`: an idle connection may be closed after that many seconds, so who was silent for as long
    and gets no answer at all has reached nobody.
    """

    def __init__(self, port, connections=8, count=None, pipeline=1, verb="POST", path=PREDICTIONS,
                 body=BODY, headers=JSON, patience=float("inf")):
        self.port, self.pipeline, self.patience = port, pipeline, patience
        self.request = raw_http.request_bytes(verb, path, body, headers)
        self.left = count if count is not None else float("inf")
        self.statuses, self.errors, self.latencies = {}, [], []
        self.lock = threading.Lock()
        self.stopped = False
        self.refused_since = None
        self.threads = [threading.Thread(target=self.loop, daemon=True)
                        for _ in range(connections)]

    def start(self):
        self.began = time.monotonic()
        for thread in self.threads:
            thread.start()
        return self

    def stop(self):
        self.stopped = True
        return self.join()

    def join(self):
        for thread in self.threads:
            thread.join()
        self.took = time.monotonic() - self.began
        return self

    @property
    def total(self):
        return sum(self.statuses.values())

    def take(self):
        with self.lock:
            size = int(min(self.pipeline, self.left))
            self.left -= size
            return size

    def loop(self):
        statuses, errors, latencies = {}, [], []
        client = None
        while not self.stopped and (size := self.take()) > 0:
            done = 0
            try:
                if client is None:
                    last_sent = time.monotonic()
                    client = raw_http.Client(self.port)
            except OSError:
                # Nobody listens any more: that is no lost request, it never reached the engine.
                self.refused_since = self.refused_since or time.monotonic()
                break
            try:
                sent, before, began = None, last_sent, time.monotonic()
                last_sent = began
                client.send(self.request * size)
                sent = time.monotonic()
                closes = False
                while done < size:
                    answer = client.read()
                    done += 1
                    statuses[answer.status] = statuses.get(answer.status, 0) + 1
                    if answer.get("Connection") == "close":
                        closes = True
                        break
                latencies.append(time.monotonic() - began)
                if closes:
                    client.close()
                    client = None
            except (OSError, raw_http.Closed) as error:
                silent = (sent or time.monotonic()) - before
                if done > 0 or client.reader.buffer or silent < self.patience:
                    errors.append(error)
                client.close()
                client = None
        if client is not None:
            client.close()
        with self.lock:
            for status, count in statuses.items():
                self.statuses[status] = self.statuses.get(status, 0) + count
            self.errors += errors
            self.latencies += latencies
