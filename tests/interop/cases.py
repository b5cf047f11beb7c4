# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases: a function each, its name the case's, the first line of its docstring the title. {family} makes two."""
import socket
import struct
import threading
from dataclasses import dataclass

import bulk
import isolation
from deadline import Failure, until
from judge import Capture
from lines import CallError
from network import ADDRESSES, DISCARD, ECHO, SOURCE, SOURCE_BYTES

FAMILIES = {"v4": socket.AF_INET, "v6": socket.AF_INET6}
CASES = {}
GIB = 1 << 30
ECHO_FULL = {"TCP Zero Window segment": "an echo stops reading while what it sends has no room"}


@dataclass
class Case:
    title: str
    function: object
    family: str
    bulk: bool

    def run(self, network):
        self.function(network, self.family)


def case(families=("v4", "v6"), bulk=False):
    def add(function):
        for family in families:
            name = function.__name__.replace("_", "-") + (f"-{family}" if len(families) > 1 else "")
            CASES[name] = Case(function.__doc__.splitlines()[0], function, family, bulk)
        return function

    return add


def all_cases():
    return CASES


def dial(family, port, **options):
    """A connection of the kernel's to ours."""
    connection = socket.socket(FAMILIES[family])
    connection.settimeout(10)
    for name, value in options.items():
        connection.setsockopt(socket.SOL_SOCKET, getattr(socket, name), value)
    connection.connect((ADDRESSES[family][0], port))
    return connection


def listen(family, port, backlog=256):
    """A listener of the kernel's."""
    listener = socket.socket(FAMILIES[family])
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.settimeout(10)
    listener.bind((ADDRESSES[family][1], port))
    listener.listen(backlog)
    return listener


def expect(what, right, seen):
    if not right:
        raise Failure(f"{what}; seen: {seen}")


def read_all(connection):
    received = bytearray()
    while piece := connection.recv(1 << 17):
        received += piece
    return bytes(received)


def expect_reset(connection):
    try:
        seen = connection.recv(1)
    except ConnectionResetError:
        return
    raise Failure(f"the kernel's side should be reset, and read {seen!r}")


def report(network, what, size, seconds):
    rate = size / seconds / (1 << 20)
    network.figure(f"{what}: {size >> 20} MiB each way in {seconds:.1f} s, {rate:.1f} MiB/s each way")


def answered(network, family, port, count):
    """Connections that we open to the kernel, and echo on."""
    listener = listen(family, port)
    for _ in range(count):
        sock = network.lines.begin(family, ADDRESSES[family][1], port)
        network.lines.call("role", sock, "echo")
    connections = [listener.accept()[0] for _ in range(count)]
    listener.close()
    return connections


def all_echoes_ended(network):
    def look():
        echo = network.lines.roles("echo")
        return echo["begun"] == echo["ended"] and echo["failed"] == 0, echo

    until("all echoes have ended well", look, 10000)


def captured(network, *options):
    """The stack with these options on a good wire, on which everything is captured; and the stack's control lines."""
    network.start(*options)
    network.connect_directly()
    return Capture(network), network.lines


def echo_on_good_wire(network, what, connect):
    network.start()
    network.connect_directly()
    size = GIB if network.long else 32 << 20
    capture = None if network.long else Capture(network)
    report(network, what, size, bulk.echo(connect(), size, network.seed))
    all_echoes_ended(network)
    if capture:
        capture.judge(ECHO_FULL)


def echo_on_bad_wire(network, what, connect):
    network.start("--window=262144")
    network.connect_badly()
    size = GIB if network.long else 6 << 20
    report(network, f"{what}, bad wire", size, bulk.echo(connect(128 if network.long else 24), size, network.seed))
    all_echoes_ended(network)


def dialed(family, count):
    return [dial(family, ECHO) for _ in range(count)]


@case(bulk=True)
def echo(network, family):
    """The kernel connects to our echo: every byte comes back, and tshark finds nothing to say"""
    echo_on_good_wire(network, "the kernel connects", lambda: dialed(family, 1))


@case(bulk=True)
def echo_active(network, family):
    """We connect to the kernel and echo: every byte comes back, and tshark finds nothing to say"""
    echo_on_good_wire(network, "we connect", lambda: answered(network, family, 7100, 1))


@case(bulk=True)
def bad_wire(network, family):
    """The kernel connects to our echo over a wire that loses, repeats and reorders 2 % and takes 20 ms each way"""
    echo_on_bad_wire(network, "the kernel connects", lambda count: dialed(family, count))


@case(bulk=True)
def bad_wire_active(network, family):
    """We connect to the kernel and echo, over the same bad wire"""
    echo_on_bad_wire(network, "we connect", lambda count: answered(network, family, 7100, count))


@case()
def old_peer(network, family):
    """A kernel without SACK, timestamps and window scaling, on a smaller MTU, over the bad wire, both directions"""
    for option in ("sack", "timestamps", "window_scaling"):
        isolation.write(f"/proc/sys/net/ipv4/tcp_{option}", "0")
    network.start("--window=262144")
    network.connect_badly()
    isolation.run("ip", "link", "set", network.device, "mtu", "1300")
    connections = dialed(family, 16) + answered(network, family, 7100, 16)
    report(network, "old peer, bad wire", 4 << 20, bulk.echo(connections, 4 << 20, network.seed))
    all_echoes_ended(network)


@case()
def one_way(network, family):
    """A source and a sink of ours: a stream in one direction alone is whole"""
    capture, _ = captured(network)
    period = 1048573
    pattern = bytes(((at * 2654435761) & 0xFFFFFFFF) >> 24 for at in range(period))
    expected = (pattern * (SOURCE_BYTES // period + 1))[:SOURCE_BYTES]
    with dial(family, SOURCE) as source:
        received = read_all(source)
    expect("all bytes of the source", received == expected, f"{len(received)} bytes")
    with dial(family, DISCARD) as sink:
        sink.sendall(expected)
        sink.shutdown(socket.SHUT_WR)
        expect("the sink closes, too", sink.recv(1) == b"", "bytes")
    sunk = network.lines.roles("discard")
    expect("the sink has all", sunk["in"] == SOURCE_BYTES and sunk["failed"] == 0, sunk)
    capture.judge()


@case()
def reader_that_rests(network, family):
    """The kernel's reader rests until our window probes have gone out; then everything arrives"""
    capture, _ = captured(network)
    with dial(family, SOURCE, SO_RCVBUF=4096) as source:
        until("we probe the closed window", lambda: (network.lines.counter("tcp_window_probes") >= 2, "no probes"))
        received = read_all(source)
    expect("all bytes of the source", len(received) == SOURCE_BYTES, len(received))
    capture.judge(
        {
            "TCP Zero Window segment": "the kernel's reader rests: that is the case",
            "TCP Zero Window Probe": "so we ask with one byte",
            "ACK to a TCP Zero Window Probe": "and are answered",
            "TCP keep-alive segment": "tshark's name for a probe byte that is repeated",
            "ACK to a TCP keep-alive segment": "and its answer",
            "This frame is a (suspected) retransmission": "the probe's byte goes again when the window opens",
            "Duplicate ACK": "the kernel's answers to probes carry no news",
        }
    )


def must_fail(what, call):
    try:
        call()
    except Failure as failure:
        return str(failure)
    raise Failure(f"nobody noticed: {what}")


def echo_with_one_wrong_byte(connection):
    while piece := bytearray(connection.recv(1 << 16)):
        piece[len(piece) // 2] ^= 1
        connection.sendall(piece)
    connection.shutdown(socket.SHUT_WR)


@case(families=("v4",))
def judges_can_fail(network, family):
    """A wire that loses is not taken for a good one, nor wrong bytes for the right ones"""
    ours, theirs = socket.socketpair()
    liar = threading.Thread(target=echo_with_one_wrong_byte, args=(theirs,))
    liar.start()
    said = must_fail("wrong bytes", lambda: bulk.echo([ours], 1 << 18, network.seed))
    liar.join()
    expect("the hash told", "are not those that left" in said, said)
    network.start()
    network.connect_badly()
    capture = Capture(network)
    bulk.echo([dial(family, ECHO)], 1 << 18, network.seed)
    must_fail("a wire that loses", capture.judge)
    left = capture.unexplained({}, 0)
    expect("tshark sees retransmissions", any("retransmission" in note for note in left), dict(left))


@case()
def half_close(network, family):
    """Either side may close first, and the other goes on sending"""
    capture, lines = captured(network)
    listener = lines.listen(family, 7101)
    with dial(family, 7101) as theirs:
        ours = lines.accept(listener)
        theirs.shutdown(socket.SHUT_WR)
        expect("we see the end", lines.receive(ours) == b"", "bytes")
        lines.send(ours, b"still here")
        lines.call("close", ours)
        expect("the kernel reads on", read_all(theirs) == b"still here", "something else")
    with dial(family, 7101) as theirs:
        ours = lines.accept(listener)
        lines.call("shutdown", ours, "wr")
        expect("the kernel sees the end", theirs.recv(1) == b"", "bytes")
        until("our FIN is acknowledged", lambda: (lines.call("state", ours) == ["FIN-WAIT-2"], lines.call("state", ours)))
        theirs.sendall(b"and we there")
        expect("we read on", lines.receive(ours) == b"and we there", "something else")
    expect("then the end", lines.receive(ours) == b"", "bytes")
    lines.call("close", ours)
    capture.judge()


@case()
def resets(network, family):
    """RST in both directions, and connections nobody listens for: both sides learn of it at once, once"""
    capture, lines = captured(network)
    listener = lines.listen(family, 7102)
    theirs = dial(family, 7102)
    ours = lines.accept(listener)
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    theirs.close()
    lines.call("wait", ours, "hup", 5000)
    lines.expect("ECONNRESET", "recv", ours, 1)
    lines.expect("EPIPE", "send", ours, "00")
    with dial(family, 7102) as theirs:
        lines.call("abort", lines.accept(listener))
        expect_reset(theirs)
    with dial(family, 7102) as theirs:
        ours = lines.accept(listener)
        theirs.sendall(b"nobody reads this")
        lines.call("wait", ours, "in", 5000)
        lines.call("close", ours)
        expect_reset(theirs)
    try:
        dial(family, 7103)
        raise Failure("nobody of ours listens there")
    except ConnectionRefusedError:
        pass
    ours = lines.begin(family, ADDRESSES[family][1], 7104)
    lines.expect("ENOPROTOOPT", "setsockopt", ours, "SO_LINGER", 0)
    lines.call("setsockopt", ours, "TCP_NODELAY", 1)
    lines.call("wait", ours, "hup", 5000)
    expect("refused", lines.call("error", ours) == ["ECONNREFUSED"], "another error")
    capture.judge({"Connection reset (RST)": "that is the case"})


@case()
def both_close_at_once(network, family):
    """FINs that cross on the way: both sides pass through CLOSING and end well"""
    network.start("--time-wait-ms=2000")
    # Long enough for both calls below, however busy the machine is.
    network.connect_badly(delay_ms=200, per_mille=0)
    lines = network.lines
    listener = lines.listen(family, 7105)
    theirs = dial(family, 7105)
    ours = lines.accept(listener)
    lines.call("shutdown", ours, "wr")
    theirs.shutdown(socket.SHUT_WR)
    expect("our FIN is on its way", lines.call("state", ours) == ["FIN-WAIT-1"], lines.call("state", ours))
    until("theirs has crossed it", lambda: (lines.call("state", ours) == ["CLOSING"], lines.call("state", ours)), 2000)
    lines.call("wait", ours, "hup", 5000)
    expect("no error", lines.call("error", ours) == ["none"], "an error")
    expect("the kernel sees the end", theirs.recv(1) == b"", "bytes")
    expect("nothing was sent again", lines.counter("tcp_retransmissions") == 0, "retransmissions")


@case()
def port_reuse(network, family):
    """The same four numbers again while the other side is in TIME-WAIT: the new connection is taken at once"""
    capture, lines = captured(network, "--ports=40000-40000")
    listener = lines.listen(family, 7106)
    for _ in range(50):
        theirs = until("the kernel's last one is gone", lambda: dial_again(family, 7106), 5000)
        ours = lines.accept(listener)
        lines.call("close", ours)  # we close first: TIME-WAIT is ours
        expect("the kernel sees the end", theirs.recv(1) == b"", "bytes")
        theirs.close()
    reused = lines.counter("tcp_time_wait_reused")
    expect("each but the first out of TIME-WAIT", reused == 49, reused)
    remote = listen(family, 7107)
    for _ in range(50):
        ours = until("our only port is free", lambda: begin_again(lines, family, 7107), 5000)
        theirs, _ = remote.accept()
        theirs.close()  # now the kernel is the one that waits
        expect("we see the end", lines.receive(ours) == b"", "bytes")
        lines.call("close", ours)
    capture.judge({"A new tcp session is started with the same ports": "that is the case"})


def dial_again(family, port):
    """From the same port each time, as soon as the kernel's own end of the last connection is acknowledged."""
    connection = socket.socket(FAMILIES[family])
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    connection.settimeout(5)
    connection.bind((ADDRESSES[family][1], 41000))
    try:
        connection.connect((ADDRESSES[family][0], port))
    except OSError as error:
        connection.close()
        return False, error
    return True, connection


def begin_again(lines, family, port):
    """From our only port, as soon as our own end of the last connection is acknowledged."""
    sock = lines.call("socket", family)[0]
    try:
        lines.expect("EINPROGRESS", "connect", sock, ADDRESSES[family][1], port)
    except CallError as error:
        lines.call("close", sock)
        return False, error
    return True, sock


@case()
def many_short(network, family):
    """Thousands of short connections, opened by either side, none of them lost or left behind"""
    network.start()
    network.connect_directly()
    lines = network.lines
    for number in range(2000):
        with dial(family, ECHO) as theirs:
            word = b"%06d" % number
            theirs.sendall(word)
            expect("its echo", theirs.recv(100) == word, "something else")
    all_echoes_ended(network)
    listener = listen(family, 7108)
    for number in range(1000):
        sock = lines.begin(family, ADDRESSES[family][1], 7108)
        lines.call("role", sock, "echo")
        theirs, _ = listener.accept()
        with theirs:
            theirs.sendall(b"%06d" % number)
            expect("its echo", theirs.recv(100) == b"%06d" % number, "something else")
    all_echoes_ended(network)
    begun = lines.roles("echo")["begun"]
    expect("3,000 connections", begun == 3000, begun)
