# SPDX-License-Identifier: GPL-2.0-or-later
"""The daemon under test, and the operator at its socket."""
import json
import subprocess

import isolation
import yamltext
from deadline import Failure, until
from process import Process
from scenario import HOSTS, addresses

START_MS = 20000
STOP_MS = 5000
CTL_S = 10


def peer_addresses():
    names = addresses("v4")
    return [names[f"{host}{family}"] for host in HOSTS for family in "46" if host != "lb"]


class Control:
    """sluicectl, as an operator runs it."""

    def __init__(self, program, socket):
        self.socket = socket
        self.command = [str(program), "-s", socket]

    def run(self, *words, json_output=False):
        options = ["-o", "json"] if json_output else []
        return subprocess.run(
            [*self.command, *options, *words], capture_output=True, text=True, timeout=CTL_S, stdin=subprocess.DEVNULL
        )

    def rows(self, *words):
        """The answer of a command with columns, as a list of rows."""
        done = self.run(*words, json_output=True)
        if done.returncode != 0:
            raise Failure(f"sluicectl {' '.join(words)}: status {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def row(self, *words, **key):
        for row in self.rows(*words):
            if all(str(row.get(column)) == value for column, value in key.items()):
                return row
        return None

    def counters(self):
        return {row["name"]: row["value"] for row in self.rows("show", "stats")}

    def answers(self):
        try:
            done = self.run("show", "version")
        except subprocess.TimeoutExpired:
            return False, "sluicectl hangs"
        return done.returncode == 0, done.stderr.strip()


class Daemon:
    def __init__(self, build, config, folder):
        self.folder = folder
        self.program = build / "control" / "sluice"
        self.control = Control(build / "control" / "cli" / "sluicectl", config["control"]["socket"])
        self.config_path = folder / "sluice.yaml"
        self.config_path.write_text(yamltext.dump(config))
        self.process = None
        self.starts = 0

    def start(self):
        self.starts += 1
        self.process = Process("sluice", [self.program, "--config", self.config_path], self.folder, self.starts)
        until("sluice makes its TAP device", self.tap_is_there, START_MS)
        isolation.dress_tap(peer_addresses())
        until("sluice answers its operator", self.answers, START_MS)

    def tap_is_there(self):
        self.check_running()
        return isolation.tap_is_there(), "no device"

    def answers(self):
        self.check_running()
        return self.control.answers()

    def check_running(self):
        if not self.process.running():
            status = self.process.child.returncode
            raise Failure(f"sluice ended with status {status}\n{self.process.tail()}")

    def stop(self):
        """SIGTERM must always end it cleanly, whatever the scenario did to it."""
        self.check_running()
        self.process.signal("TERM")
        self.process.wait_exit(0, STOP_MS)
