# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules on which words may stand where: includes between rooms, calls banned everywhere or on the packet path."""
import re
from fnmatch import fnmatch
from pathlib import PurePath

import rooms
from tree import Finding

# call: what to write instead
BANNED = {
    "strcpy": "snprintf, or a span",
    "strcat": "snprintf, or a span",
    "sprintf": "snprintf",
    "vsprintf": "vsnprintf",
    "gets": "getline",
    "strtok": "span_split or strsep",
    "atoi": "strtol, and check the end",
    "atol": "strtol, and check the end",
    "alloca": "a pool, or an array of a known size",
    "usleep": "a timer",
    "sleep": "a timer",
}

ON_PACKET_PATH = {
    **{name: "a pool sized at start" for name in ("malloc", "calloc", "realloc", "strdup", "free")},
    **{name: "a counter, or the trace ring" for name in ("printf", "fprintf", "puts", "perror", "syslog", "rte_log")},
    **{name: "the now_ns parameter" for name in ("clock_gettime", "gettimeofday", "time", "rte_rdtsc")},
    **{name: "a timer in the wheel" for name in ("nanosleep", "rte_delay_us", "rte_delay_ms", "poll", "select")},
    **{name: "a mailbox to control" for name in ("open", "read", "write", "socket", "sendto", "recvfrom", "ioctl")},
}

# Files of dataplane/ that do not run on the packet path, with the reason.
OFF_PACKET_PATH = {
    "dataplane/base/ensure.c": "ends the process",
    "dataplane/base/pool.c": "control's thread, when a worker is made and when it ends",
    "dataplane/plane/clock.c": "the loop's thread reads time for the worker",
    "dataplane/plane/eal.c": "control's thread, before any worker",
    "dataplane/plane/idle.c": "between two loops, when there is no packet",
    "dataplane/plane/plane.c": "control's thread",
    "dataplane/plane/port.c": "control's thread, but for the bursts behind the wire",
    "dataplane/proxy/txns_create.c": "control's thread, before and after the worker's",
    "dataplane/worker/worker_create.c": "control's thread, before and after the worker's",
    "dataplane/conn/conns_create.c": "the same",
    "dataplane/conn/directory_create.c": "the same",
    "dataplane/policy/*": "the build side runs on control's compile thread",
}


def include_direction(tree):
    for source in tree.product:
        room = rooms.room_of(source.path)
        if room is None:
            yield Finding(source.path, 1, "belongs to no room: add it to tests/lint/rooms.py and docs/ARCHITECTURE.md")
            continue
        _, may, libraries = rooms.ROOMS[room]
        for number, name, quoted in source.includes:
            if not quoted:
                library = rooms.library_of(name)
                if library and library not in libraries:
                    yield Finding(source.path, number, f"{room} must not use {library} (<{name}>)")
                continue
            target = resolve(tree, source, name)
            other = rooms.room_of(target) if target else None
            if other is None:
                text = f'"{name}" is not found from dataplane/ nor from the root: write the path from one of them'
                yield Finding(source.path, number, text)
            elif other != room and other not in may:
                yield Finding(source.path, number, f'{room} must not include {other} ("{name}"): turn the dependency around')
            elif target.endswith("_priv.h") and PurePath(target).parent != PurePath(source.path).parent:
                yield Finding(source.path, number, f'"{name}" is private to {other}: use its public header')


def resolve(tree, source, name):
    """The path from the root of an included file: dataplane/ comes first, as in the compiler's search order."""
    for folder in ("dataplane", "."):
        path = tree.root / folder / name
        if path.exists():
            return str(path.relative_to(tree.root))
    return None


def banned_calls(tree):
    pattern = r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\("
    for source in tree.c_files:
        for number, match in source.search(pattern):
            yield Finding(source.path, number, f"{match.group(1)} is banned: use {BANNED[match.group(1)]}")


def packet_path(tree):
    pattern = r"(?<![\w.>])(" + "|".join(ON_PACKET_PATH) + r")\s*\("
    for source in tree.product:
        if not source.path.startswith("dataplane/"):
            continue
        if any(fnmatch(source.path, free) for free in OFF_PACKET_PATH):
            continue
        for number, match in source.search(pattern):
            text = f"{match.group(1)} on a worker core: use {ON_PACKET_PATH[match.group(1)]}"
            yield Finding(source.path, number, text)


def one_owner(tree):
    for pattern, files, why in rooms.OWNERS:
        for source in tree.product:
            if any(fnmatch(source.path, allowed) for allowed in files):
                continue
            for number, match in source.search(pattern):
                called = match.group().rstrip("( ")
                yield Finding(source.path, number, f"{called} outside {' '.join(files)}: {why}")


def graph_drawn(tree):
    """The page's picture of the include graph is the table's, to the letter."""
    page = tree.root / "docs/ARCHITECTURE.md"
    text = page.read_text() if page.exists() else ""
    if f"<!-- include graph -->\n```\n{rooms.graph()}\n```\n" not in text:
        yield Finding("docs/ARCHITECTURE.md", 1, "its include graph is not tests/lint/rooms.py: put in `python3 tests/lint --graph`")


def const_casts(tree):
    """The compiler's -Wcast-qual sees casts; the way around it is a trip through an integer."""
    for source in tree.product:
        for number, _ in source.search(r"\*\)\s*\(?u?intptr_t\)?\s*\(?\s*\("):
            yield Finding(source.path, number, "a cast through an integer hides a const: change the type")


RULES = [
    ("include-direction", include_direction, {"dataplane/sip/a.c": '#include "net/b.h"\n', "dataplane/net/b.h": ""}),
    ("include-library", include_direction, {"dataplane/sip/a.c": "#include <rte_mbuf.h>\n"}),
    ("include-private", include_direction, {"control/a.c": '#include "sip/b_priv.h"\n', "dataplane/sip/b_priv.h": ""}),
    ("banned-calls", banned_calls, {"config/a.c": "int f(char *s)\n{\n\treturn atoi(s);\n}\n"}),
    ("packet-path", packet_path, {"dataplane/net/a.c": "void f(void)\n{\n\tprintf(\"x\");\n}\n"}),
    ("one-owner", one_owner, {"dataplane/worker/a.c": "void f(void)\n{\n\trte_eth_stats_reset(0);\n}\n"}),
    ("graph-drawn", graph_drawn, {"docs/ARCHITECTURE.md": "<!-- include graph -->\n```\nsip <- net\n```\n"}),
    ("const-casts", const_casts, {"config/a.c": "char *f(const char *p)\n{\n\treturn (char *)(uintptr_t)(p);\n}\n"}),
]
