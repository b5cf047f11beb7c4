# SPDX-License-Identifier: GPL-2.0-or-later
"""Hosts that nobody wants, made of raw frames alone: the kernel knows nothing of them, so it takes nothing back.

Each flood returns when it is over; what else happens meanwhile goes on in other processes.
"""
import ipaddress
import socket
import struct
import time

import frames
from deadline import Failure
from isolation import TAP

DISTINCT_MAX = 5000  # frames made ahead: making one takes longer than sending it
GHOST_MAC = "02:00:00:00:00:aa"
GHOST_S = 10
PORTS_FROM = 20000


def made_up(family, number):
    """Addresses of the balancer's own subnet, where nobody is: an IPv4 one has fewer."""
    if family == "v6":
        return str(ipaddress.ip_address("fd99::") + (1 << 32) + number * 0x10001)
    return f"10.99.0.{201 + number % 50}"


def syn(world, family, number):
    return {
        "from": made_up(family, number),
        "from_port": PORTS_FROM + number % 20000,
        "tcp_flags": "S",
        "seq": number * 977,
    }


def beginning(world, family, number):
    """The first fragment of a datagram whose rest never comes, from a host that is not admitted."""
    fields = {"from": world.host("stranger", family), "payload": "x" * 992, "udp_length": 3000}
    if family == "v4":
        return fields | {"fragment": 0x2000, "id": number % 65535 + 1}
    return fields | {"next_header": 44, "extension": struct.pack("!BBHI", 17, 0, 1, number + 1).hex()}


FLOODS = {"syn": syn, "beginning": beginning}


def flood(world, kind, family, per_second, for_ms):
    def frame(number):
        return frames.frame("ip4" if family == "v4" else "ip6", {"to": world.balancer} | FLOODS[kind](world, family, number))

    count = per_second * for_ms // 1000
    ready = [frame(number) for number in range(min(count, DISTINCT_MAX))]
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((TAP, 0))
        begin = time.monotonic()
        for number in range(count):
            raw.send(ready[number % len(ready)])
            ahead_s = (number + 1) / per_second - (time.monotonic() - begin)
            if ahead_s > 0.005:
                time.sleep(ahead_s)


class Ghosts:
    """A host that opens connections, says something on each, and is never heard of again. It speaks IPv4."""

    def __init__(self, world, address, text):
        self.world, self.address, self.text = world, address, text
        self.raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.raw.bind((TAP, 0))
        self.raw.settimeout(0.1)
        self.accepted = 0

    def send(self, port, flags, seq, ack=0, text=""):
        fields = {"from": self.address, "to": self.world.balancer, "from_mac": GHOST_MAC, "from_port": port}
        self.raw.send(frames.frame("ip4", fields | {"tcp_flags": flags, "seq": seq, "ack": ack, "payload": text}))

    def answer(self, frame):
        """ARP, so that the balancer finds the host, and the third segment of a handshake, with the text."""
        me = frames.packed(self.address)
        if frame[12:14] == b"\x08\x06" and frame[38:42] == me:
            fields = {"from": self.address, "to": self.world.balancer, "sender_mac": GHOST_MAC, "from_mac": GHOST_MAC}
            self.raw.send(frames.frame("arp", fields | {"operation": 2}))
        elif frame[12:14] == b"\x08\x00" and frame[30:34] == me and frame[23] == 6 and frame[47] & 0x12 == 0x12:
            port, seq, ack = struct.unpack("!HII", frame[36:46])
            self.send(port, "AP", ack, seq + 1, self.text)
            self.accepted += 1

    def open(self, count):
        end = time.monotonic() + GHOST_S
        begun = 0
        while self.accepted < count:
            if time.monotonic() > end:
                raise Failure(f"only {self.accepted} of {count} connections were accepted")
            if begun < count and begun - self.accepted < 32:
                self.send(PORTS_FROM + begun, "S", 1)
                begun += 1
            else:
                try:
                    self.answer(self.raw.recv(65535))
                except TimeoutError:
                    continue
