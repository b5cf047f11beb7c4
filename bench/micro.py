#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the micro benchmarks one after the other and says how the figures stand to their goals: ./run bench micro.

Each program's own JSON goes to build-release/bench/NAME.json, the rows of all with the goals to micro.json beside them. A
missed goal is said, not punished: how fast a machine is, is no fault of the code.
"""
import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build-release" / "bench"
PROGRAMS = ["parse", "route", "net", "tcp", "proxy", "transaction", "forward", "stream"]

# (program, row): (figure, least upper bound of its median)
GOALS = {
    ("parse", "invite-600"): ("ns", 300),
    ("forward", "request"): ("cycles", 1000),
}


def run(name):
    print(f"bench_{name} ...", file=sys.stderr, flush=True)
    text = subprocess.run([BUILD / f"bench_{name}"], check=True, capture_output=True, text=True).stdout
    (BUILD / f"{name}.json").write_text(text)
    return json.loads(text)


def spread(figures):
    return " / ".join(f"{figures[key]:,.0f}" for key in ("min", "median", "max"))


def verdict(name, row):
    goal = GOALS.get((name, row["name"]))
    if not goal:
        return ""
    figure, bound = goal
    met = row[figure]["median"] < bound
    row["goal"] = {"figure": figure, "below": bound, "met": met}
    return f"goal: {figure} < {bound:,}: {'met' if met else 'MISSED'}"


def amount(row):
    """What the row is about: the one key that is no figure, "bytes" or "patterns"."""
    key = next(k for k in row if k not in ("name", "iterations", "ns", "cycles", "value", "unit", "goal"))
    return f"{row[key]:,} {key}"


def show(name, report):
    print(f"\n{name}, for one {report['unit']}: min / median / max of {report['repetitions']} repetitions")
    for row in report["rows"]:
        line = f"  {row['name']:<24} {amount(row):>16}  ns {spread(row['ns']):<26} cycles {spread(row['cycles']):<28}"
        print(f"{line} {verdict(name, row)}".rstrip())
    for value in report.get("values", []):
        print(f"  {value['name']:<24} {amount(value):>16}  {value['value']:,.3f} {value['unit']}")


def main():
    reports = {name: run(name) for name in PROGRAMS}
    for name, report in reports.items():
        show(name, report)
    out = BUILD / "micro.json"
    out.write_text(json.dumps(reports, indent=1) + "\n")
    print(f"\n{out.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
