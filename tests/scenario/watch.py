# SPDX-License-Identifier: GPL-2.0-or-later
"""Watches the nodes from the side of the operator: `show node` on a connection of its own, every few milliseconds.

Times are seconds since the epoch, because the logs of sipp have those.
"""
import json
import socket
import threading
import time

EVERY_S = 0.01
ANSWER_S = 5


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(ANSWER_S)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.next_id = 0

    def rows(self, method):
        self.next_id += 1
        request = {"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": {}}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        rows, columns = [], []
        while True:
            answer = json.loads(self.lines.readline())
            if "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            part = answer.get("params") or answer.get("result")
            columns = part.get("columns") or columns
            rows += [dict(zip(columns, row)) for row in part["rows"]]
            if answer.get("id") == self.next_id:
                return rows


class Watch:
    """The history of the nodes: every change of a row of `show node`, with the time it was seen."""

    def __init__(self, path):
        self.connection = Connection(path)
        self.now = {}  # name: row; a new dict each time, so readers need no lock
        self.changes = []  # (seconds, name, row before, row now)
        self.open = True
        self.error = None
        self.look()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def look(self):
        rows = {row["name"]: row for row in self.connection.rows("show.node")}
        seen_s = time.time()
        for name, row in rows.items():
            before = self.now.get(name)
            if before != row:
                self.changes.append((seen_s, name, before or row, row))
        self.now = rows

    def serve(self):
        try:
            while self.open:
                self.look()
                time.sleep(EVERY_S)
        except Exception as error:  # told by first(), in the thread that needs what is missing
            self.error = error

    def first(self, since_s, name, holds):
        """When holds(before, now) was first seen true of a node since then; None if never."""
        if self.error:
            raise RuntimeError(f"watching the nodes failed: {self.error}")
        for seen_s, changed, before, row in list(self.changes):
            if changed == name and seen_s >= since_s and holds(before, row):
                return seen_s
        return None

    def close(self):
        self.open = False
        self.thread.join(ANSWER_S)
