# SPDX-License-Identifier: GPL-2.0-or-later
"""A stub over TCP: as a client it connects when it first sends, as a node it listens; it keeps each connection it had."""
import contextlib
import queue
import re
import select
import socket
import struct
import threading
import time

from stub import response_to

READ_MAX = 65535
DEAF_BYTES = 2048  # of what it might read; the kernel takes twice that
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


def length_of(message):
    """Of the first message in these bytes, or None while its end is not there. Line ends between messages are one."""
    if message.startswith(b"\r\n"):
        return 2
    head, blank, _ = message.partition(b"\r\n\r\n")
    if not blank:
        return None
    found = re.search(rb"^(?:content-length|l)[ \t]*:[ \t]*(\d+)", head, re.IGNORECASE | re.MULTILINE)
    total = len(head) + 4 + (int(found[1]) if found else 0)
    return total if len(message) >= total else None


class Connection:
    def __init__(self, stub, sock):
        self.stub = stub
        self.socket = sock
        self.ended = False  # the balancer closed it, or reset it
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        waiting = b""
        with contextlib.suppress(OSError):
            while data := self.socket.recv(READ_MAX):
                waiting += data
                while waiting and (length := length_of(waiting)):
                    self.stub.take(waiting[:length], self)
                    waiting = waiting[length:]
        self.ended = True

    def send(self, message):
        self.socket.sendall(message)


class StreamStub:
    def __init__(self, address, port, listens, answers_probes):
        self.address, self.port = address, port
        self.family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.received = queue.Queue()
        self.kept = {}
        self.last = None  # (bytes, connection) of the message the last receive step took
        self.answers_probes = answers_probes
        self.answers_all = False  # 200 to every request, so that no step need do it
        self.probe_status = "200 OK"
        self.probe_headers = ()
        self.connections = []  # the newest is the one that is used
        self.deaf = []
        self.listener = self.listen() if listens else None

    def bound(self, port):
        sock = socket.socket(self.family, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.address, port))
        return sock

    def listen(self):
        listener = self.bound(self.port)
        listener.listen()
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()
        return listener

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                self.connections.append(Connection(self, sock))

    def take(self, message, connection):
        if self.answers_probes and re.match(rb"OPTIONS sip:[^@ ]* ", message):
            with contextlib.suppress(OSError):
                connection.send(response_to(message, self.probe_status, self.probe_headers))
        elif self.answers_all and not message.startswith((b"SIP/2.0 ", b"ACK ", b"\r\n")):
            with contextlib.suppress(OSError):
                connection.send(response_to(message, "200 OK"))
        else:
            self.received.put((message, connection))

    def connect(self, address, port):
        """A new connection; the ones before it stay open, as those of a peer that has forgotten them."""
        sock = self.bound(0)
        sock.connect((address, port))
        self.connections.append(Connection(self, sock))

    def send(self, message, address, port):
        if not self.connections:
            self.connect(address, port)
        self.connections[-1].send(message)

    def answer(self, message, connection):
        connection.send(message)

    def with_via(self, request):
        """The request with a Via of this stub on top."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        start, rest = request.split(b"\r\n", 1)
        return start + f"\r\nVia: SIP/2.0/TCP {host}:{self.port};branch=z9hG4bK-stub\r\n".encode() + rest

    def be_deaf(self, address, count, message, for_ms):
        """On connections of their own, which stay open to the end: sends as much as is taken, and reads nothing."""
        self.deaf = [self.bound(0) for _ in range(count)]
        for sock in self.deaf:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, DEAF_BYTES)
            sock.connect((address, 5060))
            sock.setblocking(False)
        rest = dict.fromkeys(self.deaf, message)
        end = time.monotonic() + for_ms / 1000
        while (left_s := end - time.monotonic()) > 0:
            _, writable, _ = select.select([], self.deaf, [], left_s)
            for sock in writable:
                with contextlib.suppress(OSError):
                    rest[sock] = rest[sock][sock.send(rest[sock]) :] or message

    def end(self, how):
        """half: sends FIN and goes on reading; fin: closes; reset: sends RST."""
        newest = self.connections[-1].socket
        if how == "reset":
            newest.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            newest.close()
        else:
            newest.shutdown(socket.SHUT_WR if how == "half" else socket.SHUT_RDWR)

    def close(self):
        """Stops to listen, and resets all connections: what comes now is answered with RST."""
        if self.listener:
            with contextlib.suppress(OSError):
                self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()
        for connection in self.connections:
            with contextlib.suppress(OSError):
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                connection.socket.shutdown(socket.SHUT_RD)
                connection.socket.close()
