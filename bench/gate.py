#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Counts the instructions that messages cost and holds them against bench/gate.toml: ./run bench gate.

A clock on a shared machine is off by a third or more; a count is the same in each run, so a change that makes a
message dearer is seen at once, however little it is. Callgrind counts the development build, whose flags are fixed,
with each row of a benchmark as one call of measure_counted(). One line a row: PASS, FAIL or SKIP.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCH = ROOT / "build" / "bench"
LOWERED_BELOW = 0.9  # a count so far below its bound asks for a lower bound


def valgrind(program, arguments, folder):
    """Runs a benchmark; returns its report and the number of instructions of each row, in their order."""
    counted = ["--toggle-collect=measure_counted", "--dump-after=measure_counted"]
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", *counted]
    run = subprocess.run(
        [*command, BENCH / f"bench_{program}", *arguments],
        env={**os.environ, "MEASURE_COUNTED": "1"},
        capture_output=True,
        text=True,
    )
    if run.returncode != 0:
        raise RuntimeError(f"bench_{program} under valgrind: exit status {run.returncode}\n{run.stderr[-2000:]}")
    report = json.loads(run.stdout)
    totals = [
        int(re.search(r"^totals: (\d+)", Path(folder, f"out.{i}").read_text(), re.M).group(1))
        for i in range(1, len(report["rows"]) + 1)
    ]
    return report, totals


def counts(program, arguments):
    """Instructions for one iteration, by the row's name; of rows with the same name the first counts."""
    with tempfile.TemporaryDirectory() as folder:
        report, totals = valgrind(program, arguments, folder)
    found = {}
    for row, total in zip(report["rows"], totals):
        found.setdefault(row["name"], round(total / row["iterations"]))
    return found


def judge(name, count, bound):
    if count is None:
        return f"FAIL {name}: the benchmark has no such row: mend bench/gate.toml"
    figure = f"{count:,} instructions, at most {bound:,} allowed"
    if count > bound:
        return f"FAIL {name}: {figure}: find what became dearer, or raise the bound in bench/gate.toml and say why"
    if count < bound * LOWERED_BELOW:
        figure += ": lower the bound"
    return f"PASS {name}: {figure}"


def main():
    if not shutil.which("valgrind"):
        print("SKIP gate: not installed: valgrind (./run deps)")
        return 0
    lines = []
    for program, table in tomllib.loads((ROOT / "bench" / "gate.toml").read_text()).items():
        found = counts(program, table["arguments"])
        for row, bound in table["bounds"].items():
            lines.append(judge(f"gate-{program}-{row}", found.get(row), bound))
            print(lines[-1], flush=True)
    return 1 if any(line.startswith("FAIL") for line in lines) else 0


if __name__ == "__main__":
    sys.exit(main())
