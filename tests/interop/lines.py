# SPDX-License-Identifier: GPL-2.0-or-later
"""The control socket of tapstack: a line is a call, and its answer a line."""
import socket

from deadline import Failure


class CallError(Failure):
    """The call's answer was an error; name is that of the errno."""

    def __init__(self, line, name):
        super().__init__(f"{line}: {name}")
        self.name = name


class Lines:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.file = self.socket.makefile("rw")

    def call(self, *words):
        """The words of the answer after "ok"; CallError if it is another."""
        line = " ".join(str(word) for word in words)
        self.file.write(line + "\n")
        self.file.flush()
        answer = self.file.readline().split()
        if not answer:
            raise Failure(f"tapstack ended at: {line}")
        if answer[0] != "ok":
            raise CallError(line[:80], answer[1])
        return answer[1:]

    def expect(self, name, *words):
        """The call must be answered by this error."""
        try:
            answer = self.call(*words)
        except CallError as error:
            if error.name == name:
                return
            raise
        raise Failure(f"{words} should be {name}, and was {answer}")

    def counter(self, name):
        return int(self.call("counter", name)[0])

    def roles(self, name):
        return {key: int(value) for key, value in (word.split("=") for word in self.call("roles", name))}

    def listen(self, family, port, backlog=16):
        sock = self.call("socket", family)[0]
        self.call("bind", sock, "0.0.0.0" if family == "v4" else "::", port)
        self.call("listen", sock, backlog)
        return sock

    def begin(self, family, address, port):
        """The number of a socket whose connection is on its way."""
        sock = self.call("socket", family)[0]
        self.expect("EINPROGRESS", "connect", sock, address, port)
        return sock

    def connect(self, family, address, port):
        sock = self.begin(family, address, port)
        self.call("wait", sock, "out", 5000)
        return sock

    def accept(self, listener):
        self.call("wait", listener, "in", 5000)
        return self.call("accept", listener)[0]

    def send(self, sock, data):
        return int(self.call("send", sock, data.hex())[0])

    def receive(self, sock, size=16384, within_ms=5000):
        """Waits for bytes or the end; b"" is the end."""
        self.call("wait", sock, "in", within_ms)
        answer = self.call("recv", sock, size)
        return bytes.fromhex(answer[1]) if len(answer) > 1 else b""
