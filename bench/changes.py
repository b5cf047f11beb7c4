#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long an operator's changes take on a large table, also while the daemon compiles: ./run bench changes.

Runs the daemon on a device that goes nowhere, with many routes, and speaks to its socket. Each figure is the time from
the request to the moment the workers act by it; `end_in_merge` is from SIGTERM to the end of the process. JSON on
standard output.
"""
import argparse
import json
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MERGE_AT = 128  # changed domains that make a merge worth its while: ROUTE_DELTA_MERGE
HEAD = """memory: {{huge_pages: off, memory_mb: 256}}
control: {{socket: {folder}/socket}}
log: {{level: debug}}
ports: [{{name: lan, device: "net_null0,no-rx=1", addresses: [10.0.0.1/24]}}]
listeners: [{{name: udp, address: 10.0.0.1}}]
nodes:
  - {{name: a, address: 10.0.0.11}}
  - {{name: b, address: 10.0.0.12}}
acl: [10.0.0.0/24]
domains: [domaina.com]
routes:
"""


class Operator:
    """One connection; a request at a time."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("r")
        self.number = 0

    def ask(self, method, **params):
        """Returns (answer, milliseconds)."""
        self.number += 1
        request = {"jsonrpc": "2.0", "id": self.number, "method": method, "params": params}
        begin = time.monotonic()
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        answer = {"params": 0}
        while "params" in answer:
            answer = json.loads(self.lines.readline())
        if "error" in answer:
            sys.exit(f"{method} {params}: {answer['error']}")
        return answer["result"], (time.monotonic() - begin) * 1000

    def drain(self, name, state):
        return self.ask("set.node.admin", name=name, state=state)[1]

    def weigh(self, weight):
        return self.ask("set.node", name="a", pairs={"weight": str(weight)})[1]

    def add(self, number, end="new"):
        return self.ask("add.route", pairs={"pattern": f".com.{end}{number}.*", "type": "domain", "next_hop": "b"})[1]


class Daemon:
    def __init__(self, folder, routes):
        self.folder = Path(folder)
        self.config = self.folder / "sluice.yaml"
        self.log = self.folder / "sluice.log"
        self.write(routes, "first")
        command = [ROOT / "build/control/sluice", "--config", self.config]
        self.child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log.open("w"), text=True)
        if self.child.stdout.readline() != "ready\n":
            sys.exit(self.log.read_text())
        self.operator, self.second = (Operator(self.folder / "socket") for _ in range(2))
        self.added = 0

    def write(self, routes, end):
        lines = (f"  - {{pattern: .com.{end}{i}.*, type: domain, next_hop: a}}\n" for i in range(routes))
        self.config.write_text(HEAD.format(folder=self.folder) + "".join(lines))

    def merges(self):
        return self.log.read_text().count("routes merged into a new base")


    def begin_merge(self):
        """Changes as many domains as begin a merge; returns once it runs."""
        before = self.merges()
        for _ in range(MERGE_AT):
            self.added += 1
            self.operator.add(self.added)
        if self.merges() != before:
            sys.exit("the merge was over too soon: take more routes")
        return before

    def wait_merge(self, before):
        begin = time.monotonic()
        while self.merges() == before:
            time.sleep(0.01)
        return (time.monotonic() - begin) * 1000


def in_background(call):
    """Calls in a thread; join() then gives what it returned."""
    result = []
    thread = threading.Thread(target=lambda: result.append(call()))
    thread.start()

    def join():
        thread.join()
        return result[0]

    return join


def quiet(daemon, figures):
    figures["drain_ms"] = daemon.operator.drain("a", "drain")
    daemon.operator.drain("a", "ready")
    figures["add_route_ms"] = daemon.operator.add(0)
    figures["weight_ms"] = daemon.operator.weigh(2)


def in_merge(daemon, figures):
    """Each on its own, and a drain behind a change of weight."""
    for name, change in (
        ("drain", lambda: daemon.operator.drain("a", "drain")),
        ("add_route", lambda: daemon.operator.add(0, "merge")),
        ("weight", lambda: daemon.operator.weigh(3)),
    ):
        before = daemon.begin_merge()
        figures[f"{name}_in_merge_ms"] = change()
        daemon.operator.drain("a", "ready")
        daemon.wait_merge(before)
    before = daemon.begin_merge()
    weight = in_background(lambda: daemon.operator.weigh(4))
    time.sleep(0.01)
    figures["drain_behind_weight_ms"] = daemon.second.drain("a", "drain")
    figures["weight_before_drain_ms"] = weight()
    daemon.second.drain("a", "ready")
    daemon.wait_merge(before)


def in_reload(daemon, figures, routes):
    """A drain while a file with other domains is read and compiled."""
    daemon.write(routes, "second")
    reload = in_background(lambda: daemon.operator.ask("reload")[1])
    time.sleep(0.05)
    figures["drain_in_reload_ms"] = daemon.second.drain("a", "drain")
    figures["reload_ms"] = reload()
    daemon.second.drain("a", "ready")


def end(daemon, figures):
    daemon.begin_merge()
    begin = time.monotonic()
    daemon.child.send_signal(signal.SIGTERM)
    daemon.child.wait()
    figures["end_in_merge_ms"] = (time.monotonic() - begin) * 1000
    if daemon.child.returncode != 0:
        sys.exit(f"sluice ended with status {daemon.child.returncode}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--routes", type=int, default=100000)
    options = parser.parse_args()
    figures = {"routes": options.routes}
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the daemon must not outlive us
    with tempfile.TemporaryDirectory(prefix="sluice-") as folder:
        daemon = Daemon(folder, options.routes)
        try:
            quiet(daemon, figures)
            in_merge(daemon, figures)
            in_reload(daemon, figures, options.routes)
            end(daemon, figures)
        finally:
            daemon.child.kill()
    print(json.dumps({name: round(value, 1) for name, value in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
