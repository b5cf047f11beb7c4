#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs one variant of one scenario, inside namespaces of its own: inside.py BUILD FOLDER VARIANT [--keep].

__main__.py starts it. The verdict goes to FOLDER/verdict (empty: passed), what happened to stdout.
"""
import signal
import sys
import time
import traceback
from pathlib import Path

import expect
import isolation
from daemon import Daemon
from deadline import Failure, until
from peers import Peers
from scenario import SECONDS_MAX, addresses, all_variants
from steps import perform


class World:
    """What the steps act on."""

    def __init__(self, build, folder, variant):
        self.folder = folder
        self.config, tables, self.steps, self.counters = variant.resolve("/run")
        self.balancer = self.config["listeners"][0]["address"]
        self.daemon = Daemon(build, self.config, folder)
        self.control = self.daemon.control
        self.peers = Peers(tables, folder, self.balancer, self.control.command)
        self.marks, self.rude = {}, []
        self.begin = time.monotonic()

    def say(self, text):
        print(f"{time.monotonic() - self.begin:8.3f}  {text}", flush=True)

    def process(self, name):
        if name == "sluice" and self.daemon.process:
            return self.daemon.process
        return self.peers[name]

    def host(self, name, family):
        return addresses(family)[name]

    def address(self, host, kind):
        return self.host(host, "v6" if kind == "ip6" else "v4")


def play(world):
    for number, step in enumerate(world.steps, 1):
        world.say(f"step {number}: {brief(step)}")
        try:
            perform(world, step)
        except Failure as failure:
            raise Failure(f"step {number} ({brief(step)}): {failure}") from failure
    # Counters of the workers reach control with a delay: wait for the right ones, then let the others be judged.
    if world.daemon.process and world.daemon.process.running():
        wait_counters(world)
        world.daemon.stop()


def wait_counters(world):
    def look():
        try:
            expect.check_counters(world.counters, world.control.counters())
        except Failure as failure:
            return False, str(failure)
        return True, ""

    try:
        until("the counters", look, 1000)
    except Failure:
        expect.check_counters(world.counters, world.control.counters())


def brief(step):
    text = ", ".join(f"{key} = {value!r}" for key, value in step.items())
    return text if len(text) < 160 else text[:160] + "..."


def too_long(*_):
    raise Failure(f"the scenario took more than {SECONDS_MAX} s")


def main():
    build, folder, name, *options = sys.argv[1:]
    folder = Path(folder)
    variant = next(variant for variant in all_variants() if variant.name == name)
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS_MAX)
    isolation.prepare()
    verdict = ""
    try:
        play(World(Path(build), folder, variant))
    except Failure as failure:
        verdict = str(failure)
    except Exception:  # a mistake in the runner must look like a failure too, never like a pass
        verdict = traceback.format_exc()
    signal.alarm(0)
    print(verdict or "passed", flush=True)
    if "--keep" in options:
        print(f"kept; look inside: nsenter -a -t $(pgrep -f 'inside.py .* {name} --keep' | tail -1); end: Ctrl-C")
        signal.pause()
    if variant.must_fail:
        missed = f"expected to fail with '{variant.must_fail}', but: {verdict or 'it passed'}"
        verdict = "" if variant.must_fail in verdict else missed
    (folder / "verdict").write_text(verdict)
    return 1 if verdict else 0


if __name__ == "__main__":
    sys.exit(main())
