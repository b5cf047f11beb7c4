#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the libFuzzer harnesses: BUILD/tests/fuzz/fuzz_NAME with the seeds in tests/fuzz/corpus/NAME.

New inputs go to BUILD/fuzz-corpus/NAME and a crash to BUILD/fuzz-crash/NAME-*, so the seeds stay as they were
committed. Two harnesses run at a time. One PASS or FAIL line each.
"""
import argparse
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def command_of(harness, args):
    name = harness.name.removeprefix("fuzz_")
    found = args.build / "fuzz-corpus" / name
    found.mkdir(parents=True, exist_ok=True)
    crashes = args.build / "fuzz-crash"
    crashes.mkdir(exist_ok=True)
    command = [str(harness), f"-artifact_prefix={crashes}/{name}-", "-timeout=10", "-rss_limit_mb=2048"]
    if args.seconds:
        command.append(f"-max_total_time={args.seconds}")
    dictionary = ROOT / "tests" / "fuzz" / f"{name}.dict"
    if dictionary.exists():
        command.append(f"-dict={dictionary}")
    seeds = ROOT / "tests" / "fuzz" / "corpus" / name
    return command + args.options + [str(found)] + ([str(seeds)] if seeds.is_dir() else [])


def run_counted(harness, args):
    run = subprocess.run(command_of(harness, args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    lines = run.stdout.splitlines()
    if run.returncode == 0:
        done = next((line for line in reversed(lines) if line.startswith("Done ")), "")
        return f"PASS {harness.name}: {done}", True
    tail = "\n".join("    " + line for line in lines[-60:])
    return f"FAIL {harness.name}: replay with {harness} FILE, the file is named below\n{tail}", False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=Path)
    parser.add_argument("name", nargs="?")
    parser.add_argument("--seconds", type=int, default=60, help="0: one harness, until stopped")
    args, args.options = parser.parse_known_args()
    args.build = args.build.resolve()
    harnesses = sorted(p for p in (args.build / "tests" / "fuzz").glob("fuzz_*") if p.is_file() and os.access(p, os.X_OK))
    if args.name:
        harnesses = [p for p in harnesses if p.name.removeprefix("fuzz_") == args.name.removeprefix("fuzz_")]
    if not harnesses:
        sys.exit(f"no such fuzzer under {args.build}/tests/fuzz")
    if not args.seconds and len(harnesses) > 1:
        names = ", ".join(p.name.removeprefix("fuzz_") for p in harnesses)
        sys.exit(f"name one of them: {names}")
    if not args.seconds:
        command = command_of(harnesses[0], args)
        os.execv(command[0], command)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda harness: run_counted(harness, args), harnesses))
    print("\n".join(text for text, _ in outcomes))
    return 0 if all(good for _, good in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
