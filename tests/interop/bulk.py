# SPDX-License-Identifier: GPL-2.0-or-later
"""Many bytes through an echo, over one or many connections at once: what comes back must be what left, byte for byte.

Each connection sends its own part of one block of random bytes over and over, so that bytes of another connection, or
of another place of the same, have the wrong hash.
"""
import hashlib
import random
import selectors
import time

from deadline import Failure

BLOCK = 1 << 20
STALL_S = 15
PIECE = 1 << 17


class Stream:
    def __init__(self, connection, block, offset, size):
        self.connection = connection
        self.block = memoryview(block + block)
        self.offset, self.size = offset, size
        self.sent = self.received = 0
        self.sent_hash, self.received_hash = hashlib.sha256(), hashlib.sha256()
        self.buffer = memoryview(bytearray(PIECE))

    def send(self):
        """True when all was sent."""
        at = (self.offset + self.sent) % BLOCK
        piece = self.block[at : at + min(PIECE, self.size - self.sent)]
        count = self.connection.send(piece)
        self.sent_hash.update(piece[:count])
        self.sent += count
        if self.sent == self.size:
            self.connection.shutdown(1)
        return self.sent == self.size

    def receive(self):
        """True at the end of what comes."""
        count = self.connection.recv_into(self.buffer)
        self.received_hash.update(self.buffer[:count])
        self.received += count
        return count == 0

    def judge(self):
        if self.received != self.size:
            raise Failure(f"{self.received} of {self.size} bytes came back")
        if self.sent_hash.digest() != self.received_hash.digest():
            raise Failure(f"the {self.size} bytes that came back are not those that left")


def echo(connections, size, seed):
    """Sends size bytes in all, in equal parts; the seconds it took."""
    block = random.Random(seed).randbytes(BLOCK)
    each = size // len(connections)
    streams = [Stream(connection, block, i * 4099, each) for i, connection in enumerate(connections)]
    selector = selectors.DefaultSelector()
    begin = last = time.monotonic()
    for stream in streams:
        stream.connection.setblocking(False)
        selector.register(stream.connection, selectors.EVENT_READ | selectors.EVENT_WRITE, stream)
    while selector.get_map():
        for key, events in selector.select(1):
            turn(selector, key.data, events)
            last = time.monotonic()
        if time.monotonic() - last > STALL_S:
            stuck = [f"{s.sent}/{s.received}" for s in streams if s.received < s.size]
            raise Failure(f"nothing moved for {STALL_S} s; sent/received of {each}: {' '.join(stuck)}")
    for stream in streams:
        stream.judge()
        stream.connection.close()
    return time.monotonic() - begin


def turn(selector, stream, events):
    if events & selectors.EVENT_WRITE and stream.send():
        selector.modify(stream.connection, selectors.EVENT_READ, stream)
    if events & selectors.EVENT_READ and stream.receive():
        selector.unregister(stream.connection)
