#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job on real traffic: calls over two nodes, the active one killed under load, later back again.

./run demo [--kamailio] [--tcp] [--rate N] starts it. It runs in namespaces of its own, shows what happens once a
second, ends with a table and writes build/demo/result.json. Exit status 1 when a promise was broken: detection under a
second (over TCP 100 ms), no call begun after it failed, work returns to the first node. docs/OPERATIONS.md defines the
figures.
"""
import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import callbook
import isolation
from daemon import Control, peer_addresses
from deadline import Failure, until
from process import Process
from peers import kamailio_arguments, sipp_arguments
from scenario import addresses
from watch import Watch

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "demo"
EXAMPLES = ROOT / "config" / "example"
SOCKET = "/run/sluice/control.sock"  # the default of control.socket

NODES = {"node-a": "a", "node-b": "b"}  # as the configuration calls them, and whose address they have
ACTIVE, BACKUP = NODES

RATE = 300  # calls a second
TALK_MS = 500
LOAD_S = 30
KILL_AT_S = 8
RETURN_AT_S = 16
DETECT_MAX_MS = {"udp": 1000, "tcp": 100}  # the promise
READY_MS = 20000


class Demo:
    def __init__(self, options):
        self.at = addresses("v4")
        self.kamailio = options.kamailio
        self.rate = options.rate
        self.transport = "tcp" if options.tcp else "udp"
        self.config = EXAMPLES / ("demo-tcp.yaml" if options.tcp else "demo.yaml")
        self.processes = {}
        self.stages = []
        self.begin = time.monotonic()
        self.build = options.build.resolve()
        self.control = Control(self.build / "control" / "cli" / "sluicectl", SOCKET)
        self.watch = None
        self.killed_s = self.detected_s = self.returned_s = None

    def say(self, text):
        print(f"{time.monotonic() - self.begin:6.1f} s  {text}", flush=True)

    def start(self, name, arguments):
        self.processes[name] = Process(name, arguments, FOLDER, 2 if name in self.processes else 1)

    def start_sluice(self):
        self.start("sluice", [self.build / "control" / "sluice", "--config", self.config])
        until("sluice makes its TAP device", lambda: (self.sluice_runs() and isolation.tap_is_there(), "none"), READY_MS)
        isolation.dress_tap(peer_addresses())
        until("sluice answers", lambda: self.sluice_runs() and self.control.answers(), READY_MS)

    def sluice_runs(self):
        sluice = self.processes["sluice"]
        if not sluice.running():
            raise Failure(f"sluice ended with status {sluice.child.returncode}\n{sluice.tail()}")
        return True

    def start_node(self, name):
        if self.kamailio:
            twin = BACKUP if name == ACTIVE else ACTIVE
            peer = {"at": self.at[NODES[name]], "home": self.at["home"], "twin": self.at[NODES[twin]]}
            peer |= {"kamailio": "routing.cfg", "transport": self.transport}
            self.start(name, kamailio_arguments(peer, FOLDER))
        else:
            self.start_sipp(name, {"sipp": "node.xml", "at": self.at[NODES[name]]})
        until(f"{name} binds its port", lambda: (isolation.bound(self.at[NODES[name]], 5060, self.transport), "not bound"))

    def start_sipp(self, name, peer):
        self.start(name, sipp_arguments(name, {**peer, "transport": self.transport}, self.at["lb"], trace="short"))

    def wait_node(self, name, within_ms=READY_MS, **has):
        def look():
            row = self.watch.now[name]
            return all(row[column] == value for column, value in has.items()), row

        until(f"{name} is {has}", look, within_ms)

    def settle(self):
        """Both up and trusted: the device that has their addresses came after the first probes."""
        for name in NODES:
            self.wait_node(name, health="up")
            if flags(self.watch.now[name]):
                self.control.run("set", "node", name, "failback")
            until(f"{name} is trusted", lambda name=name: (not flags(self.watch.now[name]), "held"))

    def stage(self, title):
        """What the operator sees now."""
        self.stages.append((title, self.control.run("show", "node").stdout))
        self.say(title)

    def progress(self, until_s, load_begin):
        """A line a second until so many seconds of load have passed."""
        while time.monotonic() - load_begin < until_s:
            time.sleep(min(1.0, max(0.0, until_s - (time.monotonic() - load_begin))))
            nodes = "   ".join(
                f"{name}: {row['health']}{flags(row)}, {row['requests']} requests" for name, row in self.watch.now.items()
            )
            self.say(f"load {time.monotonic() - load_begin:4.1f} s   {nodes}")

    def kill(self):
        self.killed_s = time.time()
        self.processes[ACTIVE].signal("KILL")
        self.say(f"kill -9 of the active node, {ACTIVE}")

    def run(self):
        self.say("starting the balancer, two nodes" + (" (Kamailio) and their home node" if self.kamailio else ""))
        if self.kamailio:
            self.start_sipp("home", {"sipp": "home.xml", "at": self.at["home"]})
        self.start_node(ACTIVE)
        self.start_node(BACKUP)
        self.start_sluice()
        self.watch = Watch(SOCKET)
        self.settle()
        self.stage("both nodes are up")
        calls = self.rate * LOAD_S
        caller = {"sipp": "caller.xml", "at": self.at["client"], "calls": calls, "rate": self.rate, "talk_ms": TALK_MS}
        self.start_sipp("caller", caller)
        load_begin = time.monotonic()
        self.progress(KILL_AT_S, load_begin)
        self.kill()
        self.wait_node(ACTIVE, health="down")
        self.stage(f"{ACTIVE} is down, {BACKUP} has its work")
        self.progress(RETURN_AT_S, load_begin)
        self.start_node(ACTIVE)
        self.returned_s = time.time()
        self.say(f"{ACTIVE} is started again")
        self.wait_node(ACTIVE, health="up")
        self.stage(f"{ACTIVE} is up again, held until it has proved itself")
        self.progress(LOAD_S, load_begin)
        self.say("no more new calls, waiting for the last to end")
        self.processes["caller"].wait_exit("any", 45000)
        self.stage("all calls have ended")
        self.watch.close()
        self.processes["sluice"].signal("TERM")
        self.processes["sluice"].wait_exit(0)

    def times(self):
        """(detected, first answer by the backup, first new work of the returned node), each a time or None."""
        watch, killed, returned = self.watch, self.killed_s, self.returned_s
        detected = watch.first(killed, ACTIVE, lambda _, row: row["health"] == "down")
        answered = watch.first(killed, BACKUP, lambda before, row: row["responses"] > before["responses"])
        worked = watch.first(returned, ACTIVE, lambda before, row: row["requests"] > before["requests"])
        return detected, answered, worked

    def result(self):
        detected, answered, worked = self.times()
        calls = callbook.read(FOLDER / "caller.short")
        after = [call for call in calls if detected and call.begun_s > detected]
        return {
            "nodes": "kamailio" if self.kamailio else "sipp",
            "transport": self.transport,
            "rate": self.rate,
            "calls": len(calls),
            "answered": sum(call.answered_s > 0 for call in calls),
            "failed": sum(not call.well for call in calls),
            "begun_after_detection": len(after),
            "failed_after_detection": sum(not call.well for call in after),
            "saved_by_retransmission": sum(call.well and call.invites > 1 for call in calls),
            "detect_ms": span_ms(self.killed_s, detected),
            "failover_ms": span_ms(self.killed_s, answered),
            "failback_ms": span_ms(self.returned_s, worked),
            "requests": {name: row["requests"] for name, row in self.watch.now.items()},
            "responses": {name: row["responses"] for name, row in self.watch.now.items()},
        }


def flags(row):
    return "" if row["flags"] in ("", "-", None) else f" ({row['flags']})"


def span_ms(begin_s, end_s):
    return None if begin_s is None or end_s is None else round((end_s - begin_s) * 1000)


def broken_promises(result):
    detect_max_ms = DETECT_MAX_MS[result["transport"]]
    if result["detect_ms"] is None or result["detect_ms"] >= detect_max_ms:
        yield f"detection took {result['detect_ms']} ms, promised: under {detect_max_ms} ms"
    if result["failed_after_detection"]:
        yield f"{result['failed_after_detection']} calls begun after detection failed, promised: none"
    if result["failover_ms"] is None:
        yield "the backup answered no call"
    if result["failback_ms"] is None:
        yield f"{ACTIVE} got no work after its return"
    if result["calls"] != result["rate"] * LOAD_S:
        yield f"{result['calls']} calls were begun, not {result['rate'] * LOAD_S}"


def show(demo, result):
    print("\nWhat sluicectl said")
    for title, text in demo.stages:
        print(f"\n  {title}:")
        for line in text.splitlines():
            print(f"    {line}")
    rows = [
        ("calls", f"{result['calls']}, {result['rate']} a second, over {result['transport'].upper()}"),
        ("answered", result["answered"]),
        ("failed", f"{result['failed']}, of those begun after detection: {result['failed_after_detection']}"),
        ("saved by retransmission", result["saved_by_retransmission"]),
        ("detection", f"{result['detect_ms']} ms after kill -9"),
        ("first answer by the backup", f"{result['failover_ms']} ms after kill -9"),
        (f"new work back on {ACTIVE}", f"{result['failback_ms']} ms after its return"),
    ]
    for name in result["requests"]:
        rows.append((name, f"{result['requests'][name]} requests, {result['responses'][name]} responses"))
    width = max(len(label) for label, _ in rows)
    print()
    for label, value in rows:
        print(f"  {label:<{width}}  {value}")
    print(f"\n  {FOLDER.relative_to(ROOT)}/result.json has the figures, the logs lie beside it")


def inside(options):
    isolation.prepare()
    demo = Demo(options)
    try:
        demo.run()
    except Failure as failure:
        print(f"demo: {failure}\nlogs: {FOLDER.relative_to(ROOT)}/", file=sys.stderr)
        return 1
    result = demo.result()
    (FOLDER / "result.json").write_text(json.dumps(result, indent=2) + "\n")
    show(demo, result)
    broken = list(broken_promises(result))
    for text in broken:
        print(f"demo: broken promise: {text}", file=sys.stderr)
    return 1 if broken else 0


def main():
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__.splitlines()[0])
    parser.add_argument("--kamailio", action="store_true", help="Kamailio as the nodes")
    parser.add_argument("--tcp", action="store_true", help="everybody speaks SIP over TCP")
    parser.add_argument("--rate", type=int, default=RATE, help=f"calls a second ({RATE})")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build to show (build)")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        return inside(options)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    command = isolation.command([sys.executable, __file__, *sys.argv[1:], "--inside"], "sluice-demo")
    # Its own group, so that Ctrl-C comes here alone; the end of the child then ends all that runs inside.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: child.kill())
    return 130 if child.wait() < 0 else child.returncode


if __name__ == "__main__":
    sys.exit(main())
