# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules that need a compiler or its output: each header stands alone, no hidden state."""
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch

import rooms
from tree import Finding

GCC = ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-march=x86-64-v3", "-fsyntax-only"]

# Writable variables with static storage that may be there (file, name, why). Everything else is state that no
# function's signature shows, and that two workers would share.
GLOBALS = [
    ("control/*", "*", "the daemon is one object; its signal handlers need a place to write to"),
]


def flags_of(libraries):
    if not libraries:
        return []
    modules = [rooms.PKG_CONFIG[name] for name in libraries]
    said = subprocess.run(["pkg-config", "--cflags", *modules], capture_output=True, text=True, check=True).stdout
    # DPDK's -march would lower the instruction set that the build uses.
    return [flag for flag in shlex.split(said) if not flag.startswith("-march=")]


def header_alone(tree):
    """Twice in a row, so that the guard is proven as well; a room gets the flags of its own libraries only."""
    headers = [source for source in tree.product if source.path.endswith(".h") and rooms.room_of(source.path)]
    flags = {name: flags_of(room[2]) for name, room in rooms.ROOMS.items()}

    def check(source):
        text = f'#include "{source.path}"\n' * 2
        command = [*GCC, *flags[rooms.room_of(source.path)], f"-I{tree.root}", f"-I{tree.root}/dataplane", "-x", "c", "-"]
        run = subprocess.run(command, input=text, capture_output=True, text=True, cwd=tree.root)
        if run.returncode == 0:
            return None
        error = next((line for line in run.stderr.splitlines() if "error:" in line), run.stderr.strip())
        found = re.match(r"(?:\S*?/)?([^:\s]+):(\d+):\d+: (?:fatal )?error: (.*)", error)
        line = int(found.group(2)) if found else 1
        return Finding(source.path, line, f"does not compile alone: {error}; include what it uses")

    with ThreadPoolExecutor(2) as pool:
        yield from filter(None, pool.map(check, headers))


def source_of(path):
    """build/dataplane/net/libnet.a.p/eth.c.o -> dataplane/net/eth.c, as meson names objects."""
    match = re.match(r"build/(.*?)/?[^/]+\.p/(.*)\.o$", path)
    return f"{match.group(1)}/{match.group(2)}" if match else path


def globals_listed(tree):
    for folder in ("dataplane", "config", "control"):
        objects = sorted((tree.root / "build" / folder).rglob("*.o"))
        if not objects:
            continue
        said = subprocess.run(["objdump", "-t", *map(str, objects)], capture_output=True, text=True, check=True).stdout
        yield from writable(tree, said)


def writable(tree, symbols):
    path = ""
    for line in symbols.splitlines():
        header = re.match(r"(\S+):\s+file format", line)
        if header:
            path = source_of(str(header.group(1)).removeprefix(f"{tree.root}/"))
        symbol = re.match(r"[0-9a-f]+ .{7} (\.data|\.bss|\.tdata|\.tbss)(\.\S*)?\s+([0-9a-f]+)\s+(\S+)$", line)
        if not symbol or int(symbol.group(3), 16) == 0 or (symbol.group(2) or "").startswith(".rel.ro"):
            continue
        name = symbol.group(4)
        if not any(fnmatch(path, files) and fnmatch(name, names) for files, names, _ in GLOBALS):
            text = f"'{name}' is a writable global ({symbol.group(1)}): make it const, or a member of its owner"
            yield Finding(path, 1, text)


def compile_sample(root):
    target = root / "build" / "dataplane" / "net" / "libnet.a.p"
    target.mkdir(parents=True)
    subprocess.run(["gcc", "-c", str(root / "dataplane/net/a.c"), "-o", str(target / "a.c.o")], check=True)


# rule, check, sample, and what has to be done with the sample first
RULES = [
    ("header-alone", header_alone, {"dataplane/sip/a.h": "#ifndef A\n#define A\nsize_t f(void);\n#endif\n"}),
    ("header-without-dpdk", header_alone, {"dataplane/sip/a.h": "#ifndef A\n#define A\n#include <rte_mbuf.h>\n#endif\n"}),
    ("globals", globals_listed, {"dataplane/net/a.c": "static int count;\nint f(void)\n{\n\treturn ++count;\n}\n"}, compile_sample),
]
