#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The house rules that a program can check: python3 tests/lint [RULE...]. One PASS or FAIL line a rule.

`python3 tests/lint --graph` prints the include graph for docs/ARCHITECTURE.md.

Each rule first proves itself: given the bad sample beside it, it must object, else its silence means nothing.
"""
import sys
import tempfile
from pathlib import Path

import compiled
import rooms
import shape
import words
from tree import Tree

ROOT = Path(__file__).resolve().parents[2]


def objects_to_sample(check, sample, prepare):
    with tempfile.TemporaryDirectory(prefix="lint-") as folder:
        root = Path(folder)
        for name, text in sample.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
        if prepare:
            prepare(root)
        return bool(list(check(Tree(root))))


def main():
    rules = shape.RULES + words.RULES + compiled.RULES
    wanted = sys.argv[1:]
    if wanted == ["--graph"]:
        print(rooms.graph())
        return 0
    unknown = set(wanted) - {rule[0] for rule in rules}
    if unknown:
        sys.exit(f"no such rule: {', '.join(sorted(unknown))}")
    tree, failed, done = Tree(ROOT), False, set()
    for name, check, sample, *prepare in rules:
        if wanted and name not in wanted:
            continue
        if objects_to_sample(check, sample, prepare[0] if prepare else None):
            print(f"PASS lint-proof-{name}")
        else:
            print(f"FAIL lint-proof-{name}: the rule says nothing about its bad sample")
            failed = True
        if check in done:
            continue
        done.add(check)
        findings = list(check(tree))
        if not findings:
            print(f"PASS lint-{name}")
            continue
        failed = True
        print(f"FAIL lint-{name}: {findings[0]}")
        for finding in findings[1:]:
            print(f"    {finding}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
