#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs scenarios against the built daemon: python3 tests/scenario [-j N] [--build DIR] [--keep] [NAME...].

One PASS, FAIL or SKIP line a run. NAME is a scenario or one of its variants; without names all are run. Each run has
its logs, its configuration and the commands it started under BUILD/scenario/NAME/.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import isolation
from scenario import SECONDS_MAX, all_variants
from steps import VERBS

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
TAIL_LINES = 25
# A run waits most of its time, for timers and for calls that last: it and its peers need a core for a third of it. Two
# for each core leave room for all of them to begin at once; of those that measure time there is one for each core.
TIMED_JOBS = min(os.cpu_count() or 1, 4)
JOBS = 2 * TIMED_JOBS


def arguments():
    parser = argparse.ArgumentParser(prog="tests/scenario", description="Runs scenarios against the built daemon.")
    parser.add_argument("-j", "--jobs", type=int, default=JOBS, help=f"how many at once ({JOBS})")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build to test (build)")
    parser.add_argument("--keep", action="store_true", help="leave a single run alive at its end, to look around")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    parser.add_argument("--verbs", action="store_true", help="only say what steps can do")
    parser.add_argument("names", nargs="*", metavar="NAME")
    return parser.parse_args()


def choose(names):
    found = all_variants()
    unknown = [name for name in names if not any(name in (v.name, v.file.stem) for v in found)]
    if unknown:
        sys.exit(f"no such scenario: {', '.join(unknown)}")
    return [v for v in found if not names or v.name in names or v.file.stem in names]


class Runner:
    def __init__(self, options):
        self.options = options
        self.build = options.build.resolve()
        self.logs = self.build / "scenario"
        self.lock = threading.RLock()  # again: a signal may come while this thread holds it
        self.children = set()
        self.stopping = False
        self.failed = 0

    def run(self, variant):
        """Starts one run, waits for it, prints its line. Killing the child ends everything it started."""
        absent = [tool for tool in variant.needs if not shutil.which(tool)]
        if absent:
            return self.report("SKIP", variant, f"not installed: {', '.join(absent)}")
        folder = self.logs / variant.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        keep = ["--keep"] if self.options.keep else []
        inside = [sys.executable, str(HERE / "inside.py"), str(self.build), str(folder), variant.name]
        command = isolation.command([*inside, *keep], f"scenario-{variant.name}")
        build = "" if self.build == ROOT / "build" else f"--build {self.build} "
        (folder / "replay").write_text(f"python3 tests/scenario {build}{variant.name}\n")
        with self.lock:
            if self.stopping:
                return None
            log = None if self.options.keep else (folder / "steps.log").open("w")
            # Its own group: Ctrl-C comes to this process alone, which then ends the runs.
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log and subprocess.STDOUT, start_new_session=True
            )
            self.children.add(child)
        try:
            child.wait(None if self.options.keep else SECONDS_MAX + 30)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        with self.lock:
            self.children.discard(child)
        if self.stopping:
            return None
        return self.judge(variant, folder, child.returncode)

    def judge(self, variant, folder, status):
        verdict_file = folder / "verdict"
        verdict = verdict_file.read_text() if verdict_file.exists() else f"the run itself ended with status {status}"
        if status == 0 and not verdict:
            return self.report("PASS", variant)
        return self.report("FAIL", variant, verdict or f"status {status}", folder)

    def report(self, word, variant, text="", folder=None):
        with self.lock:
            first, *rest = text.splitlines() or [""]
            print(f"{word} {variant.name}" + (f": {first}" if first else ""))
            if word == "FAIL":
                self.failed += 1
                steps = (folder / "steps.log").read_text().splitlines() if (folder / "steps.log").exists() else []
                for line in rest[-TAIL_LINES:] + ["..."] + steps[-6:]:
                    print(f"    {line}")
                print(f"    logs: {folder}/   again: {(folder / 'replay').read_text().strip()}")
            sys.stdout.flush()

    def stop(self, *_):
        with self.lock:
            self.stopping = True
            for child in self.children:
                child.kill()


def main():
    options = arguments()
    chosen = choose(options.names)
    if options.verbs:
        for name, verb in sorted(VERBS.items()):
            print(f"{name:<14} {verb.__doc__}")
        return 0
    if options.list:
        for variant in chosen:
            print(f"{variant.name:<36} {variant.table['title']}")
        return 0
    if os.geteuid() != 0:
        sys.exit("scenarios need root: each makes namespaces and a TAP device")
    if not (options.build / "control" / "sluice").exists():
        sys.exit(f"{options.build}/control/sluice is not there: ./run build")
    if options.keep and len(chosen) != 1:
        sys.exit("--keep needs the name of one variant (see --list)")
    runner = Runner(options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, runner.stop)
    for timed, jobs in ((False, options.jobs), (True, min(options.jobs, TIMED_JOBS))):
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(runner.run, [variant for variant in chosen if variant.timed == timed]))
    if runner.stopping:
        return 130
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
