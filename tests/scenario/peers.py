# SPDX-License-Identifier: GPL-2.0-or-later
"""The peers of the balancer: sipp, Kamailio, stubs that the steps drive word by word, and any other command.

A peer's table has one of the keys sipp, kamailio, stub, shell or command, which says what it is.
"""
import csv
from pathlib import Path

import isolation
from deadline import Failure, until
from process import Process
from shell import Shell
from stream_stub import StreamStub
from stub import Stub

HERE = Path(__file__).parent
BIND_MS = 10000
RECEIVE_MS = 10000
SOCKET_BYTES = 4 << 20  # the kernel gives what it allows


def host(address):
    return f"[{address}]" if ":" in address else address


def sipp_arguments(name, peer, balancer, trace="full"):
    at, port = peer["at"], peer.get("port", 5060)
    arguments = ["sipp", "-sf", HERE / "sipp" / peer["sipp"], "-i", at, "-p", port, "-bind_local", "-nostdin"]
    # sipp asks for less than the kernel's default: on a busy machine its socket would drop what the balancer brought.
    arguments += ["-buff_size", SOCKET_BYTES]
    if peer.get("transport") == "tcp":
        # One connection for all calls, or one for each.
        arguments += ["-t", "tn" if peer.get("connections") == "each" else "t1", "-max_socket", 10000]
    keys = {"domain": "domaina.com", "node": name, "lb": balancer, "lb_port": 5060, **peer.get("keys", {})}
    for key, value in keys.items():
        arguments += ["-key", key, value]
    arguments += ["-trace_err", "-error_file", f"{name}.errors", "-trace_stat", "-stf", f"{name}.stat", "-fd", 1]
    if trace == "full":
        arguments += ["-trace_msg", "-message_file", f"{name}.messages"]
    else:
        arguments += ["-trace_shortmsg", "-shortmessage_file", f"{name}.short"]
    if "calls" in peer:
        arguments += ["-m", peer["calls"], "-r", peer.get("rate", 50), "-d", peer.get("talk_ms", 0)]
        # Without a limit a call whose node died waits for ever for an answer that nobody gives.
        arguments += ["-recv_timeout", RECEIVE_MS]
        arguments += ["-l", peer.get("open_max", 5000), f"{host(peer.get('to', balancer))}:{peer.get('to_port', 5060)}"]
    return arguments


def kamailio_arguments(peer, folder):
    transport = peer.get("transport", "udp")
    listen = f"{transport}:{host(peer['at'])}:{peer.get('port', 5060)}"
    home = f"sip:{host(peer['home'])}:{peer.get('home_port', 5060)};transport={transport}"
    arguments = ["kamailio", "-DD", "-E", "-m", 64, "-M", 8, "-f", HERE / "kamailio" / peer["kamailio"], "-l", listen]
    twin = host(peer["twin"])
    if transport == "tcp":
        arguments += ["-A", "OVER_TCP"]
    return [*arguments, "-A", f'HOME="{home}"', "-A", f'TWIN="{twin}"', "-w", folder, "-Y", folder]


def stub_of(peer):
    at, port, answers = peer["at"], peer.get("port", 5060), peer.get("answers_probes", True)
    if peer.get("transport") == "tcp":
        stub = StreamStub(at, port, peer.get("listens", False), answers)
        stub.answers_all = peer.get("answers_all", False)
        return stub
    return Stub(at, port, answers)


class Peers:
    def __init__(self, tables, folder, balancer, operator):
        self.tables = tables
        self.operator = operator  # the argument vector of sluicectl
        self.folder = folder
        self.balancer = balancer
        self.live = {}
        self.starts = {}

    def start(self, name):
        peer = self.tables.get(name)
        if peer is None:
            raise Failure(f"no peer is called {name}; there are: {', '.join(self.tables)}")
        self.starts[name] = self.starts.get(name, 0) + 1
        if "stub" in peer:
            self.live[name] = stub_of(peer)
            return
        if "shell" in peer:
            self.live[name] = Shell(self.operator, self.folder)
            return
        if "sipp" in peer:
            arguments = sipp_arguments(name, peer, self.balancer)
        elif "kamailio" in peer:
            arguments = kamailio_arguments(peer, self.folder)
        else:
            arguments = peer["command"]
        process = Process(name, arguments, self.folder, self.starts[name])
        self.live[name] = process
        if "at" in peer and "calls" not in peer:
            self.wait_bound(process, peer)

    def wait_bound(self, process, peer):
        def look():
            if not process.running():
                raise Failure(f"{process.name} ended with {process.child.returncode}\n{process.tail()}")
            return isolation.bound(peer["at"], peer.get("port", 5060), peer.get("transport", "udp")), "not bound"

        until(f"{process.name} binds its port", look, BIND_MS)

    def __getitem__(self, name):
        if name not in self.live:
            raise Failure(f"{name} was not started")
        return self.live[name]

    def sipp_figures(self, name):
        """The last line of sipp's own statistics, by column."""
        self[name]
        with (self.folder / f"{name}.stat").open(newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        if not rows:
            raise Failure(f"{name} wrote no statistics")
        last = rows[-1]
        return {
            "created": int(last["TotalCallCreated"]),
            "successful": int(last["SuccessfulCall(C)"]),
            "failed": int(last["FailedCall(C)"]),
            "retransmissions": int(last["Retransmissions(C)"]),
            "open": int(last["CurrentCall"]),
        }
