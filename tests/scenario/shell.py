# SPDX-License-Identifier: GPL-2.0-or-later
"""A person at sluicectl's prompt: the program on a terminal of its own (a pty), its keys typed by steps."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading

ROWS, COLUMNS = 50, 160
# One thing a terminal of this kind is told: a control sequence with its number and letter, or a byte.
TOLD = re.compile(rb"\x1b\[([0-9]*)[0-9;?]*([A-Za-z])|\x1b[=>]|(.)", re.DOTALL)
CUT = re.compile(rb"(\x1b(\[[0-9;?]*)?)?$")


class Screen:
    """What a terminal shows, without an end: lines, of which the last is where the cursor stands."""

    def __init__(self):
        self.lines = [""]
        self.column = 0
        self.cut = b""  # the beginning of a sequence whose end was not read yet
        self.taken = (0, 0)  # line and column behind what steps have seen already

    def put(self, char):
        line = self.lines[-1].ljust(self.column)
        self.lines[-1] = line[: self.column] + char + line[self.column + 1 :]
        self.column += 1

    def byte(self, char):
        if char == "\n":
            self.lines.append("")
        elif char == "\r":
            self.column = 0
        elif char == "\b":
            self.column = max(0, self.column - 1)
        elif char >= " ":
            self.put(char)

    def sequence(self, number, letter):
        if letter == "C":
            self.column += number or 1
        elif letter == "D":
            self.column = max(0, self.column - (number or 1))
        elif letter in "KJ":
            self.lines[-1] = self.lines[-1][: self.column]

    def tell(self, some):
        some = self.cut + some
        self.cut = CUT.search(some)[0]
        for number, letter, byte in TOLD.findall(some[: len(some) - len(self.cut)]):
            if letter:
                self.sequence(int(number or 0), letter.decode())
            else:
                self.byte(byte.decode("latin-1"))

    def fresh(self):
        line, column = self.taken
        return "\n".join([self.lines[line][column:], *self.lines[line + 1 :]])

    def take(self, found):
        before = self.fresh()[: found.end()]
        line, column = self.taken
        newlines = before.count("\n")
        self.taken = (line + newlines, len(before) - before.rfind("\n") - 1 if newlines else column + len(before))


class Shell:
    def __init__(self, command, folder):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        # No ~/.editrc of whoever runs the test; a terminal that can move its cursor.
        environment = {"HOME": str(folder), "TERM": "vt100", "PATH": os.environ["PATH"]}
        self.child = subprocess.Popen(
            ["setsid", "--ctty", "--wait", *map(str, command)], stdin=slave, stdout=slave, stderr=slave, env=environment
        )
        os.close(slave)
        self.lock = threading.Lock()
        self.screen = Screen()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            try:
                some = os.read(self.master, 4096)
            except OSError:  # the last one who had the terminal open is gone
                return
            with self.lock:
                self.screen.tell(some)

    def edits(self):
        """Whether the line editor has the terminal: what is typed before that, the terminal shows by itself."""
        return not termios.tcgetattr(self.master)[3] & termios.ECHO

    def type(self, keys):
        os.write(self.master, keys.encode())

    def shown(self):
        """What a person has not seen yet."""
        with self.lock:
            return self.screen.fresh()

    def take(self, pattern):
        """Sees all up to the end of what matches; False when nothing does."""
        with self.lock:
            found = re.search(pattern, self.screen.fresh(), re.MULTILINE)
            if found:
                self.screen.take(found)
            return found is not None

    def running(self):
        return self.child.poll() is None
