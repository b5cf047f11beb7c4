# SPDX-License-Identifier: GPL-2.0-or-later
"""tshark's expert notes as a judge: on a good wire, each note must be one that a case allows, and say why.

A note is tshark's own text. Retransmissions are allowed as far as the two ends account for them as tail loss probes:
those are sent after twice the round trip, some milliseconds here, and a busy machine lets a process wait longer. When
it kept our stack away for as long as a retransmission timeout takes, that explains timeouts, too; the stack says how
long it was away.
"""
import re
import socket
import subprocess
import sys
from collections import Counter

from deadline import Failure, until
from network import ADDRESSES
from process import Process

# note (from its beginning): why it says nothing bad
ALWAYS = {
    "Connection establish request": "every connection begins so",
    "Connection establish acknowledge": "every connection begins so",
    "Connection finish": "every connection ends so",
    "This frame initiates the connection closing": "every connection ends so",
    "This frame undergoes the connection closing": "every connection ends so",
    "TCP Checksum 0xffff instead of 0x0000": "the kernel writes zero so, as UDP must; both mean the same",
    "TCP window update": "a reader that caught up tells that there is room again",
    "TCP window specified by the receiver is now completely full": "a sender uses all the room it is given",
}
# Allowed as often as the ends sent probes: the segments themselves, and what they make their receiver say.
PROBES = {
    "This frame is a (suspected) retransmission",
    "This frame is a (suspected) spurious retransmission",
    "This frame is a (suspected) fast retransmission",
    "Duplicate ACK",
}
# With probes as often as it likes: the kernel repeats the option on each segment that it had put together.
AFTER_PROBES = "D-SACK Sequence"
# The cases' ports have no dissector; one that takes any text keeps tshark from guessing.
PORTS = "tcp.port==7000-7999,echo"
DISSECT = ["-d", PORTS, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
SNAP_BYTES = 200
BUFFER_MIB = 128
TIMEOUT_MS = 150  # either end's is at least 200 ms after the last round trip
MARK, MARK_PORT, MARK_WITHIN = b"the end of this capture", 7999, 1 << 16


class Capture:
    """Of a device, from its making until judge()."""

    def __init__(self, network):
        self.network = network
        self.file = network.folder / "capture.pcapng"
        size = ["-s", SNAP_BYTES, "-B", BUFFER_MIB]
        self.dumpcap = Process("dumpcap", ["dumpcap", "-i", network.device, *size, "-w", self.file], network.folder)
        until("dumpcap captures", lambda: ("File: " in self.dumpcap.tail(), self.dumpcap.tail()), 20000)

    def stop(self):
        """When all has been written: a datagram of our own is the last."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mark:
            mark.sendto(MARK, (ADDRESSES["v4"][0], MARK_PORT))
        until("all is captured", lambda: (MARK in self.file.read_bytes()[-MARK_WITHIN:], "not its end"), 20000)
        self.dumpcap.signal("INT")
        self.dumpcap.wait_exit("any", 10000)
        lost = re.search(r"received/dropped on interface[^:]*: (\d+)/(\d+)", self.dumpcap.tail())
        if lost and int(lost.group(2)) > 0:
            raise Failure(f"the capture missed {lost.group(2)} frames: it cannot judge")

    def notes(self, what="_ws.expert"):
        """How often each note was made."""
        fields = ["-T", "fields", "-E", "separator=\t", "-E", "aggregator=\t", "-e", "_ws.expert.message"]
        command = ["tshark", "-r", self.file, *DISSECT, "-Y", what, *fields]
        listing = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=True)
        return Counter(note for line in listing.stdout.splitlines() for note in line.split("\t") if note)

    def judge(self, allowed=None):
        """allowed: {note: why}, beyond those of every connection. Failure on any other."""
        self.stop()
        probes = self.probes()
        left = self.unexplained(allowed or {}, probes)
        if left:
            found = ", ".join(f"{count} x {note}" for note, count in left.items())
            raise Failure(f"tshark has unexplained notes: {found} ({probes} tail loss probes were sent)")

    def unexplained(self, allowed, probes):
        """What tshark noted, but for what is allowed, and for what so many probes bring with them."""
        left = Counter()
        for note, count in sorted(self.notes().items()):
            self.network.say(f"note: {count:6} {note}")
            fine = any(note.startswith(begin) for begin in {**ALWAYS, **allowed})
            probe = count <= probes and any(note.startswith(begin) for begin in PROBES)
            if not fine and not probe and not (probes > 0 and note.startswith(AFTER_PROBES)):
                left[note] = count
        return left

    def probes(self):
        """How many segments may have been sent again: by timers for lost tails. Any other reason is a failure."""
        ours, kernel = self.network.lines.counter, self.network.kernel()
        away_ms = int(self.network.lines.call("away")[0])
        self.network.say(f"away: at most {away_ms} ms")
        if away_ms >= TIMEOUT_MS:
            return sys.maxsize
        bad = {name: ours(name) for name in ("tcp_timeouts", "tcp_fast_recoveries") if ours(name)}
        bad |= {name: kernel[name] for name in ("TcpExtTCPTimeouts", "TcpExtTCPFastRetrans") if kernel[name]}
        if bad:
            raise Failure(f"something was lost on a wire that loses nothing, away {away_ms} ms: {bad}")
        return ours("tcp_tail_probes") + kernel["TcpExtTCPLossProbes"]
