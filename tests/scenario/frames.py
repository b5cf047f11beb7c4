# SPDX-License-Identifier: GPL-2.0-or-later
"""Ethernet frames, right ones and wrong ones: every field can be given another value than the right one."""
import socket
import struct

from isolation import TAP
from scenario import KERNEL_MAC, LB_MAC

ETHERTYPE = {"ip4": 0x0800, "arp": 0x0806, "ip6": 0x86DD}


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def pseudo(source, to, protocol, length):
    if len(source) == 4:
        return source + to + struct.pack("!BBH", 0, protocol, length)
    return source + to + struct.pack("!IHBB", length, 0, 0, protocol)


def udp(fields, source, to):
    payload = fields.get("payload", "").encode("latin-1")
    length = fields.get("udp_length", 8 + len(payload))
    ports = (fields.get("from_port", 5060), fields.get("to_port", 5060))
    head = struct.pack("!HHHH", *ports, length, 0)
    right = checksum(pseudo(source, to, 17, len(head + payload)) + head + payload) or 0xFFFF
    return head[:6] + struct.pack("!H", fields.get("udp_checksum", right)) + payload


def icmp(fields, source, to):
    v6 = len(source) == 16
    body = bytes.fromhex(fields.get("icmp_body", "00010001"))
    head = struct.pack("!BBH", fields.get("icmp_type", 128 if v6 else 8), fields.get("icmp_code", 0), 0)
    cover = pseudo(source, to, 58, len(head + body)) if v6 else b""
    right = checksum(cover + head + body)
    return head[:2] + struct.pack("!H", fields.get("icmp_checksum", right)) + body


TCP_FLAGS = "FSRPAU"


def tcp(fields, source, to):
    payload = fields.get("payload", "").encode("latin-1")
    flags = sum(1 << TCP_FLAGS.index(letter) for letter in fields["tcp_flags"])
    ports = (fields.get("from_port", 5060), fields.get("to_port", 5060))
    numbers = (fields.get("seq", 0) % 2**32, fields.get("ack", 0) % 2**32)
    head = struct.pack("!HHIIBBHHH", *ports, *numbers, 5 << 4, flags, fields.get("window", 65535), 0, 0)
    right = checksum(pseudo(source, to, 6, len(head + payload)) + head + payload)
    return head[:16] + struct.pack("!HH", right, 0) + payload


def upper(fields, source, to):
    """(protocol, bytes) above IP: UDP unless the fields speak of TCP or ICMP, or give the bytes themselves."""
    if "data" in fields:
        return fields.get("protocol", 17), bytes.fromhex(fields["data"])
    if "icmp_type" in fields or "icmp_checksum" in fields:
        return (58 if len(source) == 16 else 1), icmp(fields, source, to)
    if "tcp_flags" in fields:
        return 6, tcp(fields, source, to)
    return fields.get("protocol", 17), udp(fields, source, to)


def ip4(fields):
    source, to = packed(fields["from"]), packed(fields["to"])
    protocol, data = upper(fields, source, to)
    options = bytes.fromhex(fields.get("ip_options", ""))
    header_words = fields.get("ihl", 5 + len(options) // 4)
    first = fields.get("version", 4) << 4 | header_words
    length = fields.get("total_length", 20 + len(options) + len(data))
    fragment = fields.get("fragment", 0)  # flags and offset, as they stand in the header
    head = struct.pack("!BBHHHBBH", first, 0, length, fields.get("id", 1), fragment, fields.get("ttl", 64), protocol, 0)
    head += source + to + options
    right = checksum(head)
    return head[:10] + struct.pack("!H", fields.get("ip_checksum", right)) + head[12:] + data


def ip6(fields):
    source, to = packed(fields["from"]), packed(fields["to"])
    protocol, data = upper(fields, source, to)
    extension = bytes.fromhex(fields.get("extension", ""))
    first = fields.get("version", 6) << 28
    length = fields.get("payload_length", len(extension) + len(data))
    next_header = fields.get("next_header", protocol)
    return struct.pack("!IHBB", first, length, next_header, fields.get("ttl", 64)) + source + to + extension + data


def arp(fields):
    kinds = struct.pack("!HHBBH", fields.get("hardware", 1), 0x0800, fields.get("hlen", 6), 4, fields.get("operation", 1))
    source = mac(fields.get("sender_mac", KERNEL_MAC)) + packed(fields["from"])
    return kinds + source + bytes(6) + packed(fields["to"])


BUILD = {"ip4": ip4, "ip6": ip6, "arp": arp, "hex": lambda fields: bytes.fromhex(fields.get("data", ""))}


def frame(kind, fields):
    to, source = mac(fields.get("to_mac", LB_MAC)), mac(fields.get("from_mac", KERNEL_MAC))
    ethertype = fields.get("ethertype", ETHERTYPE.get(kind, 0x0800))
    whole = to + source + struct.pack("!H", ethertype) + BUILD[kind](fields)
    return whole[: len(whole) - fields.get("cut", 0)]


def send(kind, fields, times):
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as raw:
        raw.bind((TAP, 0))
        for _ in range(times):
            raw.send(frame(kind, fields))
