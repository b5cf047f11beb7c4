# SPDX-License-Identifier: GPL-2.0-or-later
"""What a test run is made of: results, and the two ways to read them from what a tool left behind.

A tool that is not meson says its results as lines on stdout, anything else there is log:
    PASS name
    FAIL name: what, and how to mend it
    SKIP name: why
"""
import json
import re
from dataclasses import dataclass
from pathlib import Path

PASS, FAIL, SKIP = "PASS", "FAIL", "SKIP"
LINE = re.compile(r"^(PASS|FAIL|SKIP) ([^\s:]+)(?:: ?| |$)(.*)$")
# An expected failure that happens is a pass; one that does not is a failure, as meson itself counts.
MESON = {"OK": PASS, "EXPECTEDFAIL": PASS, "SKIP": SKIP}


@dataclass
class Result:
    verdict: str
    name: str
    text: str = ""
    log: str = ""


def from_lines(output):
    """The results a tool printed. A FAIL keeps the indented lines that follow it."""
    results = []
    for line in output.splitlines():
        match = LINE.match(line)
        if match:
            results.append(Result(*match.groups()))
        elif results and results[-1].verdict == FAIL and line.startswith((" ", "\t")):
            results[-1].log += line + "\n"
    return results


def skip_reason(output):
    """The last line of a skipped test that says why: "SKIP: text", or cmocka's message."""
    for line in reversed(output.splitlines()):
        found = re.search(r"\bSKIP(?:PED)?\b[: ]+(.+)", line)
        if found:
            return found.group(1).strip()
    return "the test gave no reason"


def from_meson(path):
    """The results in meson's testlog.json: one JSON object a line."""
    results = []
    for line in Path(path).read_text(errors="replace").splitlines():
        row = json.loads(line)
        output = (row.get("stdout") or "") + (row.get("stderr") or "")
        verdict = MESON.get(row["result"], FAIL)
        name = row["name"].replace(" ", "")
        if verdict == SKIP:
            results.append(Result(SKIP, name, skip_reason(output)))
        elif verdict == FAIL:
            text = f"{row['result'].lower()}, exit status {row.get('returncode')}"
            results.append(Result(FAIL, name, text, output))
        else:
            results.append(Result(PASS, name))
    return results
