# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a configuration as YAML. Texts are quoted as JSON, which YAML reads as it is."""
import json


def scalar(value):
    return json.dumps(value)


def render(value, indent=0):
    pad = "  " * indent
    lines = []
    for key, item in value.items():
        if isinstance(item, dict):
            lines += [f"{pad}{key}:", *render(item, indent + 1)]
        elif isinstance(item, list) and item and isinstance(item[0], dict):
            lines.append(f"{pad}{key}:")
            for entry in item:
                inner = render(entry, indent + 2)
                lines += [f"{pad}  - {inner[0].lstrip()}", *inner[1:]]
        else:
            lines.append(f"{pad}{key}: {scalar(item)}")
    return lines


def dump(config):
    return "\n".join(render(config)) + "\n"
