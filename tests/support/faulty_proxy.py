"""A TCP proxy that spoils the wire between the engine and a node, or a caller and the engine."""

import socket
import struct
import threading
import time

from raw_http import LONG


class FaultyProxy:
    """Forwards to `port`. The faults are attributes and act on what flows from then on.

    delay     seconds before each piece is passed on
    trickle   bytes a piece, each after `delay`
    stall     True: nothing is passed on any more; False: what was held back goes on
    cut_after bytes from the server to the client, after which the connection is closed ...
    reset     ... or reset, if True
    refuse    new connections are closed at once
    Threads: two for each connection.
    """

    def __init__(self, port, host="127.0.0.1"):
        self.target = (host, port)
        self.delay = 0.0
        self.trickle = None
        self.stall = False
        self.cut_after = None
        self.reset = False
        self.refuse = False
        self.accepted = 0
        self.running = True
        self.pairs = []
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.host, self.port = "127.0.0.1", self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            if self.refuse:
                client.close()
                continue
            try:
                server = socket.create_connection(self.target, timeout=LONG)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            for sock in (client, server):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.pairs.append((client, server))
            for way in ((client, server, False), (server, client, True)):
                threading.Thread(target=self.pump, args=way, daemon=True).start()

    def pump(self, source, sink, is_answer):
        passed = 0
        try:
            while data := source.recv(1 << 16):
                step = self.trickle or len(data)
                for at in range(0, len(data), step):
                    piece = data[at:at + step]
                    if self.delay:
                        time.sleep(self.delay)
                    while self.stall and self.running:
                        time.sleep(0.005)
                    if is_answer and self.cut_after is not None:
                        piece = piece[:max(0, self.cut_after - passed)]
                    sink.sendall(piece)
                    passed += len(piece)
                    if is_answer and self.cut_after is not None and passed >= self.cut_after:
                        self.end(source, sink)
                        return
            if self.reset:
                self.end(source, sink)
            else:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            for sock in (source, sink):
                self.end(sock)

    def end(self, *socks):
        for sock in socks:
            try:
                if self.reset:
                    # Only wakes our own reader; a full shutdown would send a FIN first.
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    sock.shutdown(socket.SHUT_RD)
                else:
                    sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            sock.close()

    def cut_all(self):
        """Closes (or resets) every connection now."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            self.end(*pair)

    def close(self):
        self.running = False
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()
        self.cut_all()
