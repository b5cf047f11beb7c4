# SPDX-License-Identifier: GPL-2.0-or-later
"""The ways in which a node over TCP fails, each as the rest of the network sees it.

kill      the process is gone, its kernel resets the connections and refuses new ones
stop      the process hangs: its kernel acknowledges what comes, and nobody reads it
blackhole the host is cut off: nothing it is sent arrives, ARP included
reboot    the host loses power and comes back: the same address, a new process, and no memory of any connection
resets    the node works, but every connection to it is reset again and again
"""
import subprocess
import threading
import time

import isolation
from deadline import Failure, until
from watch import Watch

# From the failure to `show node` that says `down`. A process that is gone is known by what its kernel says; a host that
# is silent, by probes (docs/decisions/probes.md). Connections that are reset say nothing about the node.
DOWN_WITHIN_MS = {"kill": 100, "stop": 1000, "blackhole": 1000, "reboot": 1000}
STORM_S = 1.5
STORM_EVERY_S = 0.02


def destroy_connections(address, port):
    """The kernel forgets them; the other side is told by RST, if it can be reached."""
    host = f"[{address}]" if ":" in address else address
    done = subprocess.run(["ss", "-K", "-tn", "src", f"{host}:{port}"], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(f"ss -K: {done.stderr.strip()}")


def storm(address, port):
    end = time.monotonic() + STORM_S
    while time.monotonic() < end:
        destroy_connections(address, port)
        time.sleep(STORM_EVERY_S)


def begin(world, name, how):
    """Lets the node fail. Returns when that has been done; a storm goes on in the background."""
    peer = world.peers.tables[name]
    address, port = peer["at"], peer.get("port", 5060)
    if how == "kill":
        world.process(name).kill()
    elif how == "stop":
        world.process(name).signal("STOP")
    elif how in ("blackhole", "reboot"):
        isolation.take_address(address)
    elif how == "resets":
        threading.Thread(target=storm, args=(address, port), daemon=True).start()
    else:
        raise Failure(f"no failure is called '{how}'")
    if how == "reboot":
        # In this order: nobody hears what the kernel says when the process and its connections end.
        destroy_connections(address, port)
        world.process(name).kill()


def notice(world, name, how, watch, begun_s):
    """Waits until the balancer knows; Failure when that took too long."""
    if how not in DOWN_WITHIN_MS:
        return
    seen = until(
        f"{name} is down",
        lambda: ((at := watch.first(begun_s, name, lambda _, row: row["health"] == "down")) is not None, at),
    )
    took_ms = (seen - begun_s) * 1000
    world.say(f"{name} was down {took_ms:.0f} ms after {how}")
    if took_ms >= DOWN_WITHIN_MS[how]:
        raise Failure(f"{name} was down {took_ms:.0f} ms after {how}, promised: under {DOWN_WITHIN_MS[how]} ms")


def fail(world, name, how):
    watch = Watch(world.control.socket)
    begun_s = time.time()
    begin(world, name, how)
    notice(world, name, how, watch, begun_s)
    watch.close()


def mend(world, name, how):
    """The node is well again."""
    address = world.peers.tables[name]["at"]
    if how == "stop":
        world.process(name).signal("CONT")
    elif how in ("blackhole", "reboot"):
        isolation.give_address(address)
    if how in ("kill", "reboot"):
        world.peers.start(name)
    until(
        f"{name} is up again",
        lambda: ((row := world.control.row("show", "node", name=name))["health"] == "up", row),
        10000,
    )
