# SPDX-License-Identifier: GPL-2.0-or-later
"""The include graph, as docs/ARCHITECTURE.md draws it. This table is the only place that states it.

A file belongs to the first room whose pattern it matches. A room may include itself and the rooms named beside it,
nothing through them: what a room uses, it says.
"""
from fnmatch import fnmatch

BELOW_ALL = ["limits", "base"]
SNAPSHOT = ["policy", "node", "snapshot"]

# room: (files, rooms it may include, libraries whose headers it may include)
ROOMS = {
    "limits": (["dataplane/limits.h"], [], []),
    "base": (["dataplane/base/*"], ["limits"], []),
    "sip": (["dataplane/sip/*"], BELOW_ALL, []),
    "policy": (["dataplane/policy/*"], BELOW_ALL, ["hyperscan"]),
    "node": (["dataplane/node/*"], BELOW_ALL, []),
    "stats": (["dataplane/stats.*"], BELOW_ALL + ["sip"], []),  # the reasons of sip/error.def are counters
    "trace": (["dataplane/trace.*"], BELOW_ALL, []),
    "wire": (["dataplane/wire.h"], [], []),
    "snapshot": (["dataplane/snapshot.*"], BELOW_ALL + ["policy", "node"], []),
    "net": (["dataplane/net/*"], BELOW_ALL + ["stats", "wire"], ["dpdk"]),
    "tcp": (["dataplane/tcp/*"], BELOW_ALL + ["stats"], ["dpdk"]),
    "conn": (["dataplane/conn/*"], BELOW_ALL + ["stats", "sip", "tcp", "node"], ["dpdk"]),
    "proxy": (["dataplane/proxy/*"], BELOW_ALL + ["sip", "stats", "trace"] + SNAPSHOT, []),
    "rcu": (["dataplane/rcu.*"], BELOW_ALL, ["dpdk"]),
    "worker": (
        ["dataplane/worker/*"],
        BELOW_ALL + ["sip", "net", "tcp", "conn", "proxy", "stats", "trace", "wire", "rcu"] + SNAPSHOT,
        ["dpdk"],
    ),
    "plane": (
        ["dataplane/plane/*"],
        BELOW_ALL + ["net", "tcp", "conn", "proxy", "stats", "trace", "wire", "rcu", "snapshot", "worker"],
        ["dpdk", "jemalloc"],
    ),
    "config": (["config/*"], BELOW_ALL, ["yaml"]),
    "api": (["control/api.h"], [], []),
    "cli": (["control/cli/*"], ["api"], ["jansson", "libedit"]),
    "control": (
        ["control/*"],
        BELOW_ALL
        + ["sip", "net", "tcp", "conn", "proxy", "stats", "trace", "wire", "rcu", "worker", "plane", "config", "api"]
        + SNAPSHOT,
        ["dpdk", "hyperscan", "jansson", "cares", "jemalloc"],
    ),
}

# library: the header names that belong to it (the other headers of a library come through these)
LIBRARIES = {
    "dpdk": ["rte_*"],
    "hyperscan": ["hs.h", "hs/*", "hs_*.h"],
    "yaml": ["cyaml/*", "yaml.h"],
    "jansson": ["jansson*.h"],
    "cares": ["ares*.h"],
    "libedit": ["editline/*", "histedit.h"],
    "jemalloc": ["jemalloc/*"],
}

# library: the pkg-config module that gives its flags
PKG_CONFIG = {
    "dpdk": "libdpdk",
    "hyperscan": "libhs",
    "yaml": "yaml-0.1",
    "jansson": "jansson",
    "cares": "libcares",
    "libedit": "libedit",
    "jemalloc": "jemalloc",
}

# (calls, files that may make them, why): one library, one owner.
OWNERS = [
    (r"rte_eth_\w+\s*\(", ["dataplane/plane/port.c"], "the port is driven from one place"),
    (r"\bhs_\w+\s*\(", ["dataplane/policy/*"], "Hyperscan belongs to the policy room"),
    (r"\bjson_\w+\s*\(", ["control/*"], "JSON belongs to control"),
    (r"\brte_rcu_\w+\s*\(", ["dataplane/rcu.[ch]"], "grace periods belong to rcu.c"),
    (r"\bc?yaml_\w+\s*\(", ["config/*"], "YAML belongs to config"),
    (r"\bmallctl\w*\s*\(", ["control/*", "dataplane/plane/arena.c"], "control reads the allocator, each worker has its arena"),
]


def graph():
    """The table as docs/ARCHITECTURE.md shows it."""
    rows = []
    for room, (_, rooms, libraries) in ROOMS.items():
        seen = rooms + [f"<{library}>" for library in libraries]
        rows.append(f"{room:<9} <- {' '.join(seen) or '(nothing)'}")
    return "\n".join(rows)


def room_of(path):
    for name, (patterns, _, _) in ROOMS.items():
        if any(fnmatch(path, pattern) for pattern in patterns):
            return name
    return None


def library_of(header):
    for name, patterns in LIBRARIES.items():
        if any(fnmatch(header, pattern) for pattern in patterns):
            return name
    return None
