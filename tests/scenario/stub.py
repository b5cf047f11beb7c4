# SPDX-License-Identifier: GPL-2.0-or-later
"""A UDP socket that the steps drive: it sends and receives what they say, and answers probes if it plays a node."""
import contextlib
import queue
import re
import socket
import threading

RECEIVE_MAX = 65535


def headers(message, *names):
    """The lines of these headers, in their order in the message."""
    lines = message.split(b"\r\n\r\n", 1)[0].split(b"\r\n")[1:]
    wanted = tuple(name.lower().encode() + b":" for name in names)
    return [line for line in lines if line.lower().startswith(wanted)]


def response_to(request, status, extra=(), tag=b"stub"):
    """RFC 3261 8.2.6: Via, From, To, Call-ID and CSeq of the request, a tag if To has none."""
    lines = [b"SIP/2.0 " + status.encode()]
    for line in headers(request, "Via", "Record-Route", "From", "To", "Call-ID", "CSeq"):
        if line.lower().startswith(b"to:") and b";tag=" not in line.lower():
            line += b";tag=" + tag
        lines.append(line)
    lines += [line.encode() for line in extra]
    return b"\r\n".join([*lines, b"Content-Length: 0", b"", b""])


def wire_text(text):
    """A message as it stands in a scenario file: lines as people write them, without the blank line at the end."""
    head, _, body = text.strip("\n").partition("\n\n")
    return (head.replace("\n", "\r\n") + "\r\n\r\n" + body.replace("\n", "\r\n")).encode("latin-1")


class Stub:
    def __init__(self, address, port, answers_probes):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((address, port))
        self.received = queue.Queue()
        self.kept = {}
        self.last = None  # (bytes, sender) of the message the last receive step took
        self.answers_probes = answers_probes
        self.probe_status = "200 OK"
        self.probe_headers = ()
        self.open = True
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while self.open:
            try:
                message, sender = self.socket.recvfrom(RECEIVE_MAX)
            except OSError:
                return
            if self.answers_probes and re.match(rb"OPTIONS sip:[^@ ]* ", message):
                self.socket.sendto(response_to(message, self.probe_status, self.probe_headers), sender)
            else:
                self.received.put((message, sender))

    def send(self, message, address, port):
        self.socket.sendto(message, (address, port))

    def answer(self, message, sender):
        self.send(message, *sender[:2])

    def with_via(self, request):
        """The request with a Via of this stub on top."""
        address, port = self.socket.getsockname()[:2]
        host = f"[{address}]" if ":" in address else address
        start, rest = request.split(b"\r\n", 1)
        return start + f"\r\nVia: SIP/2.0/UDP {host}:{port};branch=z9hG4bK-stub\r\n".encode() + rest

    def close(self):
        """Closes the port: the kernel answers what comes now with ICMP port unreachable."""
        self.open = False
        # Linux refuses this for UDP (ENOTCONN), but wakes the thread that reads: only then the port is free.
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join()
