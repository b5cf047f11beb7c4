# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of the control socket that nobody wants. Each returns its socket, which then stays open to the end."""
import contextlib
import socket

REQUEST = b'{"jsonrpc":"2.0","id":1,"method":"show.stats","params":{}}\n'
FLOOD_REQUESTS = 20000


def connected(path):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(2)
    client.connect(path)
    return client


def half_line(path):
    """Begins a request and never ends it."""
    client = connected(path)
    client.sendall(REQUEST[: len(REQUEST) // 2])
    return client


def never_reads(path):
    """Asks for as much as the daemon lets it, and reads nothing."""
    client = connected(path)
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
        for _ in range(FLOOD_REQUESTS):
            client.sendall(REQUEST)
    return client


def garbage(path):
    """Speaks no JSON, then JSON that is no request."""
    client = connected(path)
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        client.sendall(b"\x00\xff\xfe{]\n" + b"[1,2\n" + b'{"id":{}}\n' * 50 + b"null\n")
    return client


def too_long(path):
    """A line without an end."""
    client = connected(path)
    client.setblocking(False)
    with contextlib.suppress(BlockingIOError, BrokenPipeError, ConnectionResetError):
        for _ in range(64):
            client.sendall(b"x" * 65536)
    return client


def idle(path):
    """Connects and says nothing."""
    return connected(path)


CLIENTS = {client.__name__: client for client in (half_line, never_reads, garbage, too_long, idle)}
