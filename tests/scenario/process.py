# SPDX-License-Identifier: GPL-2.0-or-later
"""A process of the scenario: its own process group, its output in a log, its command line kept for a replay."""
import os
import shlex
import signal
import subprocess

from deadline import DEFAULT_MS, Failure, until


class Process:
    def __init__(self, name, arguments, folder, run_number=1):
        self.name = name
        self.arguments = [str(argument) for argument in arguments]
        suffix = f".{run_number}" if run_number > 1 else ""
        self.log_path = folder / f"{name}{suffix}.log"
        with (folder / "commands").open("a") as commands:
            commands.write(f"{shlex.join(self.arguments)} >{self.log_path.name} 2>&1 &\n")
        with self.log_path.open("w") as log:
            self.child = subprocess.Popen(
                self.arguments,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self):
        return self.child.pid

    def running(self):
        return self.child.poll() is None

    def tail(self, lines=12):
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def signal(self, name):
        """To the whole group: Kamailio is several processes."""
        try:
            os.killpg(self.pid, getattr(signal, f"SIG{name}"))
        except ProcessLookupError as error:
            raise Failure(f"{self.name} has ended already, with status {self.child.poll()}") from error

    def kill(self):
        self.signal("KILL")
        self.child.wait()

    def wait_exit(self, code, within_ms=DEFAULT_MS):
        until(f"{self.name} ends", lambda: (not self.running(), "it runs"), within_ms)
        if code != "any" and self.child.returncode != code:
            raise Failure(f"{self.name} ended with {self.child.returncode}, expected {code}\n{self.tail()}")

    def cpu_seconds(self):
        """Of all its threads, from /proc: user and system time."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
