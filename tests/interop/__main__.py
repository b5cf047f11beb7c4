#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The stack against the kernel's, over TAP: python3 tests/interop [-j N] [--build DIR] [--long] [--list] [NAME...].

One PASS or FAIL line a case; --long gives bulk cases 1 GiB each way. Each case has namespaces of its own, and its logs
and captures under BUILD/interop/NAME/.
"""
import argparse
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "scenario"))
import isolation  # noqa: E402
from cases import all_cases  # noqa: E402

SECONDS_MAX = {False: 90, True: 3600}
TAIL_LINES = 25


def arguments():
    parser = argparse.ArgumentParser(prog="tests/interop", description="The stack against the kernel's, over TAP.")
    parser.add_argument("-j", "--jobs", type=int, default=2, help="how many at once (2)")
    parser.add_argument("--build", type=Path, default=ROOT / "build", help="the build to test (build)")
    parser.add_argument("--seed", type=int, default=1, help="of the bad wire and the bytes (1)")
    parser.add_argument("--long", action="store_true", help="1 GiB each way in the bulk cases, one case at a time")
    parser.add_argument("--list", action="store_true", help="only say what there is")
    parser.add_argument("names", nargs="*", metavar="NAME")
    return parser.parse_args()


def choose(options):
    cases = all_cases()
    names = options.names or [name for name, case in cases.items() if case.bulk or not options.long]
    unknown = [name for name in names if name not in cases]
    if unknown:
        sys.exit(f"no such case: {', '.join(unknown)}")
    return {name: cases[name] for name in names}


class Runner:
    def __init__(self, options):
        self.options = options
        self.lock = threading.Lock()
        self.children = set()
        self.stopping = False
        self.failed = 0

    def run(self, name):
        """Starts one case, waits for it, prints its line. Killing the child ends everything it started."""
        folder = self.options.build.resolve() / "interop" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        long = ["--long"] if self.options.long else []
        inside = [sys.executable, HERE / "case_run.py", self.options.build.resolve(), folder, name, self.options.seed]
        command = isolation.command([*map(str, inside), *long], f"interop-{name}")
        begin = time.monotonic()
        with self.lock:
            if self.stopping:
                return
            with (folder / "case.log").open("w") as log:
                child = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
                )
            self.children.add(child)
        try:
            child.wait(SECONDS_MAX[self.options.long] + 10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        with self.lock:
            self.children.discard(child)
            if not self.stopping:
                self.report(name, folder, child.returncode, time.monotonic() - begin)

    def report(self, name, folder, status, seconds):
        verdict = folder / "verdict"
        text = verdict.read_text() if verdict.exists() else f"the case itself ended with status {status}"
        log = (folder / "case.log").read_text(errors="replace").splitlines()
        if status == 0 and not text:
            print(f"PASS {name}", flush=True)
            figures = [line for line in log if line.startswith("figure: ")]
            for line in [f"{seconds:.1f} s", *figures] if self.options.long else []:
                print(f"    {line}", flush=True)
            return
        self.failed += 1
        first, *rest = text.splitlines() or [""]
        print(f"FAIL {name}: {first}")
        for line in rest[-TAIL_LINES:] + ["..."] + log[-6:]:
            print(f"    {line}")
        print(f"    logs: {folder}/   again: python3 tests/interop --seed {self.options.seed} {name}", flush=True)

    def stop(self, *_):
        # No lock: the signal may come while this thread holds it.
        self.stopping = True
        for child in list(self.children):
            child.kill()


def main():
    options = arguments()
    cases = choose(options)
    if options.list:
        for name, case in cases.items():
            print(f"{name:<24} {case.title}")
        return 0
    if os.geteuid() != 0:
        sys.exit("interop needs root: each case makes namespaces and a TAP device")
    if not (options.build / "tests/interop/tapstack/tapstack").exists():
        sys.exit(f"{options.build}/tests/interop/tapstack/tapstack is not there: ./run build")
    runner = Runner(options)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, runner.stop)
    with ThreadPoolExecutor(1 if options.long else options.jobs) as pool:
        list(pool.map(runner.run, cases))
    if runner.stopping:
        return 130
    return 1 if runner.failed else 0


if __name__ == "__main__":
    sys.exit(main())
