# SPDX-License-Identifier: GPL-2.0-or-later
"""The verbs of a scenario. A step is a table: its first key is the verb, the value what it acts on, the rest options.

Each verb is a function of (world, value, **options); its docstring is its line in docs/TESTING.md.
"""
import re
import shlex
import socket
import subprocess
import time

import expect
import failures
import floods
import frames
import isolation
import rude
from deadline import DEFAULT_MS, Failure, hold, until
from stub import response_to, wire_text

COMMAND_S = 20


def start(world, name):
    """Starts a peer and waits until its port is bound; "sluice" is the daemon: waits until sluicectl gets an answer."""
    if name == "sluice":
        world.daemon.start()
    else:
        world.peers.start(name)


def signal(world, name, kind="KILL"):
    """Sends a signal to a process and all it started; after KILL waits until it is gone."""
    process = world.process(name)
    if kind == "KILL":
        process.kill()
    else:
        process.signal(kind)


def wait_exit(world, name, code=0, within_ms=DEFAULT_MS):
    """Waits until a process has ended by itself, with this status."""
    world.process(name).wait_exit(code, within_ms)


def wait_row(world, words, where=None, has=None, within_ms=DEFAULT_MS):
    """Waits until a row of `sluicectl WORDS`, chosen by `where`, has these values."""

    def look():
        row = world.control.row(*shlex.split(words), **(where or {}))
        if row is None:
            return False, "no such row"
        return expect.row_holds(has, row), {column: row[column] for column in has}

    until(f"{words} {where or ''} has {has}", look, within_ms)


def wait_node(world, name, within_ms=DEFAULT_MS, **has):
    """Waits until `show node` has these values for a node."""
    wait_row(world, "show node", {"name": name}, has, within_ms)


def wait_counter(world, name, value, within_ms=DEFAULT_MS):
    """Waits until a counter has a value."""
    wait_row(world, "show stats", {"name": name}, {"value": value}, within_ms)


def wait_calls(world, name, within_ms=DEFAULT_MS, **has):
    """Waits until sipp's own statistics (written once a second) have these values."""

    def look():
        try:
            figures = world.peers.sipp_figures(name)
        except FileNotFoundError:
            return False, "no statistics yet"
        return expect.row_holds(has, figures), figures

    until(f"the calls of {name} are {has}", look, within_ms)


def calls(world, name, **has):
    """Compares the figures of a sipp client that has ended: created, successful, failed, retransmissions."""
    figures = world.peers.sipp_figures(name)
    if not expect.row_holds(has, figures):
        raise Failure(f"calls of {name}: {figures}, expected {has}")


def ctl(world, words, code=0, match="", match_error="", absent=""):
    """Runs sluicectl; compares its status, and its output with regular expressions."""
    done = world.control.run(*shlex.split(words))
    judge(f"sluicectl {words}", done, code, match, absent)
    if match_error and not re.search(match_error, done.stderr):
        raise Failure(f"sluicectl {words}: stderr lacks /{match_error}/: {done.stderr.strip()}")


def run(world, command, code=0, match="", absent=""):
    """Runs a command; compares its status and output."""
    done = subprocess.run(
        shlex.split(command), capture_output=True, text=True, timeout=COMMAND_S, cwd=world.folder, stdin=subprocess.DEVNULL
    )
    judge(command, done, code, match, absent)


def judge(what, done, code, match, absent):
    if done.returncode != code:
        raise Failure(f"{what}: status {done.returncode}, expected {code}\n{done.stdout}{done.stderr}")
    if match and not re.search(match, done.stdout, re.MULTILINE):
        raise Failure(f"{what}: the output lacks /{match}/\n{done.stdout}")
    if absent and re.search(absent, done.stdout, re.MULTILINE):
        raise Failure(f"{what}: the output has /{absent}/\n{done.stdout}")


def send(world, name, text=None, kept=None, to=None, to_port=5060, times=1, hex=None):
    """A stub sends a message to the balancer: as text, as bytes in hex, or one that was kept."""
    stub = world.peers[name]
    if kept is not None:
        owner, _, what = kept.rpartition(".")
        message = (world.peers[owner] if owner else stub).kept[what]
    else:
        message = bytes.fromhex(hex) if hex is not None else wire_text(text)
    for _ in range(times):
        stub.send(message, to or world.balancer, to_port)


def receive(world, name, match="", absent="", keep="", within_ms=DEFAULT_MS):
    """The next message a stub receives must match; it becomes the one that `reply` answers, and can be kept."""
    stub = world.peers[name]

    def look():
        return not stub.received.empty(), "nothing"

    until(f"{name} receives a message", look, within_ms)
    message, sender = stub.received.get()
    stub.last = (message, sender)
    text = message.decode("latin-1").replace("\r\n", "\n")
    if match and not re.search(match, text, re.MULTILINE):
        raise Failure(f"{name} received a message that lacks /{match}/:\n{text}")
    if absent and re.search(absent, text, re.MULTILINE):
        raise Failure(f"{name} received a message that has /{absent}/:\n{text}")
    if keep:
        stub.kept[keep] = message


def reply(world, name, status="200 OK", headers=(), tag="stub"):
    """A stub answers the message it received last."""
    stub = world.peers[name]
    message, sender = stub.last
    stub.answer(response_to(message, status, headers, tag.encode()), sender)


def forward(world, name):
    """A stub sends the message it received last back to the balancer, as a proxy does: under a Via of its own."""
    stub = world.peers[name]
    message, _ = stub.last
    stub.send(stub.with_via(message), world.balancer, 5060)


def settle(world, names, within_ms=DEFAULT_MS):
    """Waits until nodes are up, and lets those begin that are held because they were not there for the first probes."""
    for name in names:
        wait_node(world, name, health="up", within_ms=within_ms)
        if "held" in world.control.row("show", "node", name=name)["flags"]:
            ctl(world, f"set node {name} failback")
            wait_node(world, name, flags="/^(?!.*held)/")


def silence(world, name, for_ms=300):
    """Nothing may reach a stub for so long."""
    stub = world.peers[name]

    def still():
        if not stub.received.empty():
            message, _ = stub.received.get()
            raise Failure(f"{name} received what it should not:\n{message.decode('latin-1')}")

    hold(still, for_ms)


def probes(world, name, status="", headers=(), silent=False):
    """How a stub answers probes from now on: a status with headers, or not at all."""
    stub = world.peers[name]
    stub.answers_probes = not silent
    if status:
        stub.probe_status, stub.probe_headers = status, tuple(headers)


def close(world, name):
    """A stub closes its port: what comes now is answered with ICMP port unreachable."""
    world.peers[name].close()


def connect(world, name, to_port=5060):
    """A stub over TCP opens a connection and sends on it from now on; the ones before stay open and are forgotten."""
    world.peers[name].connect(world.balancer, to_port)


def end(world, name, how):
    """A stub over TCP ends its newest connection: half (it still reads), fin, or reset."""
    world.peers[name].end(how)


def ended(world, name, index=-1, within_ms=DEFAULT_MS):
    """Waits until the balancer has closed or reset a stub's connection: the newest, or the one of that index."""
    stub = world.peers[name]
    until(f"the balancer ends a connection of {name}", lambda: (stub.connections[index].ended, "it is open"), within_ms)


def alive(world, name, index=-1):
    """The balancer must not have ended a stub's connection: the newest, or the one of that index."""
    if world.peers[name].connections[index].ended:
        raise Failure(f"the balancer has ended connection {index} of {name}")


def blackhole(world, address):
    """Takes an address away from the kernel: what is sent there disappears without any answer, ARP included."""
    isolation.take_address(address)


def unblackhole(world, address):
    """Gives the address back."""
    isolation.give_address(address)


def fail(world, name, how):
    """A node over TCP fails: kill, stop, blackhole, reboot or resets; the balancer must know in the time promised."""
    failures.fail(world, name, how)


def mend(world, name, how):
    """A node that failed so is well again; waits until it is up."""
    failures.mend(world, name, how)


def refused(world, port):
    """A datagram to this port of the balancer must be answered with ICMP port unreachable."""
    family = socket.AF_INET6 if ":" in world.balancer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(DEFAULT_MS / 1000)
        client.connect((world.balancer, port))
        client.send(b"x")
        try:
            client.recv(1)
        except ConnectionRefusedError:
            return
        except TimeoutError:
            pass
    raise Failure(f"no ICMP port unreachable from port {port}")


def frame(world, kind, times=1, **fields):
    """Puts a frame on the wire: ip4, ip6, arp or hex, any field of it wrong on purpose (frames.py names them)."""
    fields.setdefault("from", world.address("client", kind))
    fields.setdefault("to", world.address("lb", kind))
    frames.send(kind, fields, times)


def flood(world, kind, family="v4", per_second=1000, for_ms=1000):
    """Floods the balancer with frames: syn (from addresses where nobody is), beginning (fragments without an end)."""
    floods.flood(world, kind, family, per_second, for_ms)


def ghosts(world, count, address, text):
    """A host opens so many connections, sends a text on each, and is never heard of again."""
    floods.Ghosts(world, address, wire_text(text).decode("latin-1")).open(count)


def deaf(world, name, count, text, for_ms=1000):
    """A stub over TCP opens so many connections, on which it sends a text again and again and reads nothing."""
    world.peers[name].be_deaf(world.balancer, count, wire_text(text), for_ms)


def keys(world, name, text):
    """Types at the prompt of a shell: \\t is TAB, \\r is Enter, \\u0004 is Ctrl-D, \\u001b[A is the arrow up."""
    shell = world.peers[name]
    until(f"{name} is at a prompt", lambda: (shell.edits(), "the terminal echoes"))
    shell.type(text)


def screen(world, name, match, within_ms=DEFAULT_MS):
    """A shell must show what matches; it and all before it is then taken from the screen."""
    shell = world.peers[name]
    until(f"{name} shows /{match}/", lambda: (shell.take(match), shell.shown()), within_ms)


def shell_ends(world, name, code, within_ms=DEFAULT_MS):
    """Waits until a shell has ended by itself, with this status."""
    shell = world.peers[name]
    until(f"{name} ends", lambda: (not shell.running(), "it runs"), within_ms)
    if shell.child.returncode != code:
        raise Failure(f"{name} ended with {shell.child.returncode}, expected {code}\n{shell.shown()}")


def second_start(world, match):
    """Starts a second daemon with the same configuration: it must end with status 1 and say what matches."""
    command = [world.daemon.program, "--config", world.daemon.config_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=COMMAND_S, stdin=subprocess.DEVNULL)
    if done.returncode != 1 or not re.search(match, done.stderr):
        raise Failure(f"a second daemon: status {done.returncode}, expected 1 and /{match}/\n{done.stderr}")


def mark(world, name):
    """Remembers this moment."""
    world.marks[name] = time.monotonic()


def elapsed(world, name, max_ms):
    """No more than so much time may have passed since a mark."""
    passed_ms = (time.monotonic() - world.marks[name]) * 1000
    world.say(f"since {name}: {passed_ms:.0f} ms")
    if passed_ms > max_ms:
        raise Failure(f"{passed_ms:.0f} ms since {name}, at most {max_ms}")


def cpu(world, name, max_percent, over_ms=2000):
    """A process may use at most this share of one core, measured over so long."""
    process = world.process(name)
    begin = process.cpu_seconds()
    hold(world.daemon.check_running, over_ms)
    percent = (process.cpu_seconds() - begin) / (over_ms / 1000) * 100
    world.say(f"cpu of {name}: {percent:.1f} %")
    if percent > max_percent:
        raise Failure(f"{name} used {percent:.1f} % of a core, at most {max_percent} %")


def quiet(world, for_ms):
    """Lets time pass in which only the daemon must stay alive; where an event can be waited for, wait for it."""
    hold(world.daemon.check_running, for_ms)


def rude_client(world, behaviour, count=1):
    """Opens the control socket and behaves badly until the end: half_line, never_reads, garbage, too_long, idle."""
    world.rude += [rude.CLIENTS[behaviour](world.control.socket) for _ in range(count)]


def compare(world, title, rows):
    """Figures against each other, for shares: each row is [words, where, column, expected]."""
    for words, where, column, expected in rows:
        row = world.control.row(*shlex.split(words), **where)
        if row is None or not expect.row_holds({column: expected}, row):
            raise Failure(f"{title}: {words} {where}: {column} is {row and row[column]}, expected {expected}")


def log(world, match, absent=False):
    """The daemon's log must have a line that matches (or must have none)."""

    def look():
        text = world.daemon.process.log_path.read_text(errors="replace")
        found = re.search(match, text, re.MULTILINE)
        return bool(found) != absent, "the log: " + world.daemon.process.tail()

    until(f"the log {'lacks' if absent else 'has'} /{match}/", look, 0 if absent else DEFAULT_MS)


VERBS = {
    verb.__name__: verb
    for verb in (
        start, signal, wait_exit, wait_row, wait_node, wait_counter, wait_calls, calls, ctl, run, send, receive, reply, forward,
        settle, silence, probes, close, connect, end, ended, alive, blackhole, unblackhole, refused, frame, mark, elapsed, cpu, quiet, rude_client, compare, log,
        keys, screen, shell_ends, second_start, fail, mend, flood, ghosts, deaf,
    )
}  # fmt: skip


def perform(world, step):
    """One step. What is wrong with the step itself is told like any other failure."""
    (verb, value), *options = step.items()
    if verb not in VERBS:
        raise Failure(f"no verb '{verb}'; there are: {', '.join(VERBS)}")
    try:
        VERBS[verb](world, value, **dict(options))
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{shlex.join(map(str, error.cmd))}: no end within {error.timeout} s") from error
