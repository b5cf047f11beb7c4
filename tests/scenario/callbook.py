# SPDX-License-Identifier: GPL-2.0-or-later
"""What became of every call of a sipp caller, read from its short message log.

A line is: date, time, seconds since the epoch, S or R, Call-ID, "CSeq:n METHOD", first line of the message.
"""
from dataclasses import dataclass


@dataclass
class Call:
    begun_s: float  # the first INVITE left
    answered_s: float = 0  # the first final answer to the INVITE, 0: none
    ended_s: float = 0  # the 200 to BYE: the call went well from end to end, 0: it did not
    invites: int = 1  # how often the INVITE was sent
    refusal: str = ""  # the status line of a final answer that is no 200

    @property
    def well(self):
        return self.ended_s > 0 and not self.refusal


def read(path):
    calls = {}
    with path.open(errors="replace") as file:
        for line in file:
            fields = line.rstrip("\n").split("\t")
            if len(fields) == 7:
                note(calls, float(fields[2]), fields[3], fields[4], fields[5].split()[-1], fields[6])
    return list(calls.values())


def note(calls, when_s, way, call_id, method, first_line):
    call = calls.get(call_id)
    if way == "S" and method == "INVITE":
        if call is None:
            calls[call_id] = Call(when_s)
        else:
            call.invites += 1
        return
    if call is None or way != "R" or not first_line.startswith("SIP/2.0 ") or first_line[8] == "1":
        return
    if first_line[8] != "2":
        call.refusal = call.refusal or first_line[8:]
    elif method == "INVITE":
        call.answered_s = call.answered_s or when_s
    elif method == "BYE":
        call.ended_s = call.ended_s or when_s
