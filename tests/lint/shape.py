# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules on the shape of files and functions: how long, how named, how begun, whether built at all."""
import re
from pathlib import PurePath

from tree import Finding

FUNCTION_LINES_MAX = 70
PARAMETERS_MAX = 5
C_LINES_MAX = 600
H_LINES_MAX = 150
EMPTY_NAMES = ("util", "utils", "common", "misc", "helper", "helpers", "stuff")
LICENSE = "SPDX-License-Identifier: GPL-2.0-or-later"


def function_length(tree):
    for source in tree.c_files:
        for f in source.functions:
            if f.lines > FUNCTION_LINES_MAX:
                text = f"{f.name} has {f.lines} lines, at most {FUNCTION_LINES_MAX}: give its parts names"
                yield Finding(source.path, f.line, text)


def parameters(tree):
    for source in tree.c_files:
        for f in source.functions:
            if f.parameters > PARAMETERS_MAX:
                text = f"{f.name} takes {f.parameters} parameters, at most {PARAMETERS_MAX}: pass a struct"
                yield Finding(source.path, f.line, text)


def file_length(tree):
    for source in tree.c_files:
        limit = C_LINES_MAX if source.path.endswith(".c") else H_LINES_MAX
        if len(source.lines) > limit:
            text = f"{len(source.lines)} lines, at most {limit}: it holds more than one idea, split it"
            yield Finding(source.path, limit + 1, text)


def license_line(tree):
    for source in tree.sources:
        begin = 1 if source.lines and source.lines[0].startswith("#!") else 0
        if len(source.lines) <= begin or LICENSE not in source.lines[begin]:
            yield Finding(source.path, begin + 1, f"the first line must say {LICENSE}")


def file_name(tree):
    for source in tree.sources:
        words = re.split(r"[_\-]", PurePath(source.path).name.split(".")[0])
        for word in words:
            if word in EMPTY_NAMES:
                yield Finding(source.path, 1, f"'{word}' names no idea: call the file by what it holds")


def own_header_first(tree):
    for source in tree.product:
        path = PurePath(source.path)
        header = path.with_suffix(".h")
        if path.suffix != ".c" or not (tree.root / header).exists():
            continue
        first = source.includes[0] if source.includes else (1, "nothing", True)
        if PurePath(first[1]).name != header.name:
            yield Finding(source.path, first[0], f"include {header.name} first: it proves that the header is complete")


def header_guard(tree):
    for source in tree.c_files:
        if not source.path.endswith(".h"):
            continue
        match = re.search(r"^#ifndef (\w+)\n#define \1\n", source.text, re.MULTILINE)
        if not match:
            yield Finding(source.path, 1, "no include guard: #ifndef NAME_H, #define NAME_H, ..., #endif")


def no_switches(tree):
    """Which file is built is the build's choice; a .c file with #ifdef is two files in one."""
    for source in tree.product:
        if not source.path.endswith(".c"):
            continue
        for number, match in source.search(r"^\s*#\s*(if|ifdef|ifndef)\b.*"):
            yield Finding(source.path, number, "#if in a .c file: choose the file in meson.build instead")


def every_source_is_built(tree):
    """A test that no meson.build names never fails."""
    for source in tree.c_files:
        if not source.path.endswith(".c"):
            continue
        path = PurePath(source.path)
        named = False
        for folder in path.parents:
            build = tree.root / folder / "meson.build"
            if build.exists():
                # A test or a benchmark may be named by its stem, in a loop over names.
                stem = path.stem.removeprefix("test_").removeprefix("fuzz_").removeprefix("micro_")
                quoted = re.findall(r"'([^']*)'", build.read_text())
                names = {str(path.relative_to(folder)), path.stem, stem}
                named = named or any(word in names for word in quoted)
        if not named:
            yield Finding(source.path, 1, "no meson.build names this file: list it or delete it")


def no_leftovers(tree):
    for source in tree.c_files:
        for number, line in enumerate(source.lines, 1):
            match = re.search(r"\b(TODO|FIXME|XXX|HACK)\b", line)
            if match:
                yield Finding(source.path, number, f"{match.group(1)}: do it, or say in words what is not done and why")




def stats_documented(tree):
    """Each row ends in a sentence of documentation; a row may be broken over lines."""
    for source in tree.sources:
        if PurePath(source.path).name not in ("stats.def", "error.def"):
            continue
        rows = list(re.finditer(r"^\w+\((.*?)\)$", source.text, re.MULTILINE | re.DOTALL))
        for row in rows:
            number = source.text[: row.start()].count("\n") + 1
            doc = re.search(r'"([^"]*)"\s*$', row.group(1))
            if not doc or len(doc.group(1).split()) < 3:
                yield Finding(source.path, number, "the row has no line of documentation as its last field")


SPDX_C = f"/* {LICENSE} */\n"
LONG_BODY = "".join(f"\tx += {i};\n" for i in range(FUNCTION_LINES_MAX))

# rule, check, {file: text} that it must object to
RULES = [
    ("function-length", function_length, {"config/a.c": f"int f(int x)\n{{\n{LONG_BODY}\treturn x;\n}}\n"}),
    (
        "parameters",
        parameters,
        {"config/a.c": "static int f(int a, int (*b)(int, int), int c,\n\tint d, int e, int g)\n{\n\treturn a;\n}\n"},
    ),
    ("file-length", file_length, {"config/a.h": "\n" * (H_LINES_MAX + 1)}),
    ("license-line", license_line, {"config/a.c": "int x;\n"}),
    ("file-name", file_name, {"config/string_utils.c": SPDX_C}),
    ("own-header-first", own_header_first, {"config/a.c": "#include <stdio.h>\n#include \"config/a.h\"\n", "config/a.h": ""}),
    ("header-guard", header_guard, {"config/a.h": "int f(void);\n"}),
    ("no-switches", no_switches, {"control/a.c": "#ifdef FAST\nint x;\n#endif\n"}),
    ("every-source-is-built", every_source_is_built, {"tests/unit/x/test_a.c": "", "tests/unit/x/meson.build": "'b.c'"}),
    ("no-leftovers", no_leftovers, {"config/a.c": "/* " + "TO" + "DO: later */\n"}),
    ("stats-documented", stats_documented, {"dataplane/stats.def": 'STAT(rx, "packets", "")\n'}),
]
