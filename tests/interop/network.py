# SPDX-License-Identifier: GPL-2.0-or-later
"""Where a case plays: our stack on one device, the kernel's beside it or behind a bad wire, and who captures."""
import json
import subprocess

import isolation
from deadline import until
from lines import Lines
from process import Process

OURS, THEIRS = "slc0", "lin0"
ADDRESSES = {"v4": ("192.0.2.1", "192.0.2.2"), "v6": ("2001:db8::1", "2001:db8::2")}
ECHO, DISCARD, SOURCE = 7007, 7009, 7019  # no ports that a dissector knows
SOURCE_BYTES = 8 << 20
BUSY_MS = 20000  # what a busy machine may take to begin or end a process


class Network:
    def __init__(self, build, folder, seed, long):
        self.bin = build / "tests" / "interop"
        self.folder, self.seed, self.long = folder, seed, long
        self.stack = self.relay = self.lines = None
        self.device = OURS

    def say(self, text):
        print(text, flush=True)

    def ready(self, process):
        def look():
            return "ready" in process.tail() or not process.running(), process.tail()

        until(f"{process.name} is ready", look, BUSY_MS)

    def start(self, *options):
        """Our stack, with an echo, a sink and a source."""
        addresses = [f"--address={ours}/{24 if family == 'v4' else 64}" for family, (ours, _) in ADDRESSES.items()]
        roles = [f"--echo={ECHO}", f"--discard={DISCARD}", f"--source={SOURCE}:{SOURCE_BYTES}"]
        control = "/run/tapstack"
        program = self.bin / "tapstack" / "tapstack"
        arguments = [program, "--device", OURS, *addresses, "--control", control, *roles, *options]
        self.stack = Process("tapstack", arguments, self.folder)
        self.ready(self.stack)
        self.lines = Lines(control)

    def connect_directly(self):
        """The kernel has the other end of the device. It must compute its checksums before a capture sees them."""
        isolation.run("ethtool", "-K", OURS, "tx", "off", "tso", "off", "gso", "off")
        self.dress(OURS)

    def connect_badly(self, delay_ms=20, per_mille=20):
        """The kernel is behind a wire that delays all, and loses, repeats and reorders so many of 1,000 frames.

        And of 1,000 it damages a quarter as many: there a checksum must tell.
        """
        isolation.write(f"/proc/sys/net/ipv6/conf/{OURS}/disable_ipv6", "1")
        isolation.run("ip", "link", "set", OURS, "arp", "off")
        rates = [f"--{what}={per_mille}" for what in ("drop", "duplicate", "reorder")]
        rates.append(f"--damage={per_mille // 4}")
        wire = ["--device", OURS, "--tap", THEIRS, "--seed", self.seed, "--delay-ms", delay_ms, *rates]
        self.relay = Process("relay", [self.bin / "relay" / "relay", *wire], self.folder)
        self.ready(self.relay)
        self.device = THEIRS
        self.dress(THEIRS)

    def dress(self, device):
        for _, theirs in ADDRESSES.values():
            length = [f"{theirs}/64", "nodad"] if ":" in theirs else [f"{theirs}/24"]
            isolation.run("ip", "addr", "add", *length, "dev", device)

    def kernel(self):
        """Counters of the kernel's TCP in this namespace."""
        listing = subprocess.run(["nstat", "-a", "-z", "-j"], capture_output=True, text=True, check=True)
        return json.loads(listing.stdout)["kernel"]

    def figure(self, text):
        self.say(f"figure: {text}")

    def tell(self):
        """After a failure: what the stack and the kernel counted, for who reads the log."""
        if self.stack and self.stack.running() and self.lines:
            self.say("stack: " + " ".join(self.lines.call("counters")))
            self.say("kernel: " + " ".join(f"{name}={count}" for name, count in self.kernel().items() if count))

    def stop(self):
        """Whoever still runs must end well when asked to."""
        for process in (self.relay, self.stack):
            if process:
                process.signal("TERM")
                process.wait_exit(0, BUSY_MS)
                self.say(f"{process.name}: {process.tail(1)}")
