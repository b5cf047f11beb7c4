#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Lists which tests check which clause of which RFC about TCP: ./run clauses [TEXT].

The scenarios of tests/unit/tcp/scripts begin with the clause they check; a test in C names its clause in the comment
before it or in its body. With TEXT only clauses that contain it are shown. Nothing here is kept by hand.
"""
import re
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1] / "unit" / "tcp"
CLAUSE = r"RFC \d+(?: [A-Z]?\d+(?:\.\d+)*)?"


def scenarios():
    """Yields (clause, file, sentence)."""
    for path in sorted((TESTS / "scripts").glob("*.tcp")):
        for match in re.finditer(r"^scenario (.*?): (.*)$", path.read_text(), re.MULTILINE):
            yield match.group(1), path.name, match.group(2)


def tests_in_c():
    for path in sorted(TESTS.glob("test_*.c")):
        for match in re.finditer(r"^(/\*(?:(?!\*/).)*\*/\n)?static void (test_\w+)\(.*?^}", path.read_text(), re.M | re.S):
            for clause in sorted(set(re.findall(CLAUSE, match.group(0)))) or ["limits"]:
                yield clause, path.name, match.group(2).removeprefix("test_").replace("_", " ")


def order(clause):
    numbers = tuple(int(n) for n in re.findall(r"\d+", clause))
    return (not clause.startswith("RFC"), numbers, clause)


def main():
    wanted = " ".join(sys.argv[1:])
    rows = {}
    for clause, name, sentence in [*scenarios(), *tests_in_c()]:
        if wanted in clause:
            rows.setdefault(clause, []).append((name, sentence))
    for clause in sorted(rows, key=order):
        print(clause)
        for name, sentence in rows[clause]:
            print(f"    {name:<18} {sentence}")
    clauses = [clause for clause in rows if clause.startswith("RFC")]
    print(f"\n{len(clauses)} clauses of {len({c.split()[1] for c in clauses})} RFCs, {sum(map(len, rows.values()))} tests")
    return 0 if rows else 1


if __name__ == "__main__":
    sys.exit(main())
