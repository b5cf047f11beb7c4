# SPDX-License-Identifier: GPL-2.0-or-later
"""A scenario file, its variants, and the variables in it. docs/TESTING.md tells how to write one."""
import copy
import itertools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FILES = HERE / "scenarios"
KNOWN = {"title", "base", "matrix", "timed", "needs", "must_fail", "vars", "config", "peers", "script", "counters"}
# More is worth knowing of a run than it has seconds: what hangs is a failure.
SECONDS_MAX = 90

# The kernel hangs the subnet's route on the first address of a device: taking that one away would leave every peer
# without a route for a moment. No scenario takes the client's, so it comes first.
HOSTS = {"lb": 1, "client": 100, "a": 11, "b": 12, "home": 13, "stranger": 200}
LB_MAC = "02:00:00:00:00:01"
KERNEL_MAC = LB_MAC  # the TAP PMD gives both ends of the device one address


def addresses(family):
    """{a} is an address, {a_host} the same as it stands in a URI or before a port."""
    found = {}
    for name, number in HOSTS.items():
        found[f"{name}4"], found[f"{name}6"] = f"10.99.0.{number}", f"fd99::{number}"
        found[name] = found[f"{name}{family[1]}"]
        found[f"{name}_host"] = found[name] if family == "v4" else f"[{found[name]}]"
    return found


def expand(value, variables):
    """Replaces {name} in all texts. A text that is only {name} becomes the variable itself, a number a number."""
    if isinstance(value, dict):
        return {key: expand(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item, variables) for item in value]
    if not isinstance(value, str):
        return value
    whole = re.fullmatch(r"\{(\w+)\}", value)
    if whole and whole[1] in variables:
        return variables[whole[1]]
    value = re.sub(r"\{pad(\d+)\}", lambda match: "x" * int(match[1]), value)
    return re.sub(r"\{(\w+)\}", lambda match: str(variables.get(match[1], match[0])), value)


def merge(base, change):
    """Sections merge key by key; anything else, lists too, is replaced."""
    for key, value in change.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = copy.deepcopy(value)
    return base


@dataclass
class Variant:
    """One run of a scenario: the file with one choice from each row of its matrix."""

    name: str
    file: Path
    table: dict
    choice: dict

    @property
    def timed(self):
        return self.table.get("timed", False)

    @property
    def must_fail(self):
        return self.table.get("must_fail", "")

    @property
    def needs(self):
        return self.table.get("needs", [])

    def resolve(self, run_folder):
        """(config, peers, steps, counters) with all variables replaced."""
        variables = {"workers": 1, "run": str(run_folder), "lb_mac": LB_MAC, **self.choice}
        variables |= addresses(self.choice.get("family", "v4"))
        variables |= expand(self.table.get("vars", {}), variables)
        base = tomllib.loads((HERE / "config" / f"{self.table.get('base', 'pair')}.toml").read_text())
        config = merge(base, self.table.get("config", {}))
        parts = (config, self.table.get("peers", {}), self.table["script"]["steps"], self.table.get("counters", {}))
        return tuple(expand(part, variables) for part in parts)


def label(key, value):
    return value if isinstance(value, str) else f"{key}{value}"


def variants(file):
    table = tomllib.loads(file.read_text())
    unknown = set(table) - KNOWN
    if unknown or "title" not in table or "script" not in table:
        raise SystemExit(f"{file.name}: needs a title and a script; unknown keys: {', '.join(sorted(unknown)) or 'none'}")
    rows = [[(key, value) for value in values] for key, values in table.get("matrix", {}).items()]
    for choice in itertools.product(*rows):
        name = "-".join([file.stem, *(label(key, value) for key, value in choice)])
        yield Variant(name, file, table, dict(choice))


def all_variants():
    return [variant for file in sorted(FILES.glob("*.toml")) for variant in variants(file)]
