# SPDX-License-Identifier: GPL-2.0-or-later
"""Namespaces of one's own: network, mounts and processes.

Nothing here cleans up, because nothing can be left: the process that begins the namespaces is process 1 in them, and
when it ends, however it ends, the kernel ends the others and takes the devices and mounts away.
"""
import subprocess

UNSHARE = ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
TAP = "slc0"


def command(arguments, name):
    """The argument vector that runs `arguments` in namespaces of its own; `hostname` inside tells which these are."""
    return [*UNSHARE, "sh", "-c", 'hostname "$0" && exec "$@"', name[:60], *arguments]


def run(*arguments):
    subprocess.run(arguments, check=True, capture_output=True, text=True)


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def prepare():
    """To be called once, inside: a private /run (EAL and the daemons put their files there), and a quiet kernel."""
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    run("ip", "link", "set", "lo", "up")
    for family in ("all", "default"):
        ipv6 = f"/proc/sys/net/ipv6/conf/{family}"
        # No duplicate address detection: it would hold every address back for a second.
        write(f"{ipv6}/accept_dad", "0")
        write(f"{ipv6}/router_solicitations", "0")
        write(f"{ipv6}/autoconf", "0")
    # A new device stays silent until dress_tap() has given it a MAC address that differs from the balancer's.
    write("/proc/sys/net/ipv6/conf/default/disable_ipv6", "1")
    # Taking the first address of the device away must leave the others.
    write("/proc/sys/net/ipv4/conf/all/promote_secondaries", "1")
    # Nodes are to be there before the balancer, and with it the device that has their addresses.
    write("/proc/sys/net/ipv4/ip_nonlocal_bind", "1")
    write("/proc/sys/net/ipv6/ip_nonlocal_bind", "1")
    # ICMP must not be held back, as it is on a host that has to fear floods.
    write("/proc/sys/net/ipv4/icmp_ratelimit", "0")
    write("/proc/sys/net/ipv6/icmp/ratelimit", "0")


def dress_tap(addresses, mac):
    """Gives the kernel's side of the TAP device its own MAC address, and the addresses of all peers."""
    # The TAP PMD gives both sides the same MAC address; with two of them a frame to the wrong one is seen.
    run("ip", "link", "set", TAP, "address", mac, "up")
    write(f"/proc/sys/net/ipv6/conf/{TAP}/disable_ipv6", "0")
    commands = []
    for address in addresses:
        length, option = (64, " nodad") if ":" in address else (24, "")
        commands.append(f"addr replace {address}/{length} dev {TAP}{option}")
    # In one go: the balancer probes its nodes already.
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), check=True, capture_output=True, text=True)


def bound_udp(address, port):
    """Is there a socket on this address and port, by the kernel's own list?"""
    family = "-6" if ":" in address else "-4"
    host = f"[{address}]" if ":" in address else address
    listing = subprocess.run(["ss", family, "-Hlnu", "src", f"{host}:{port}"], capture_output=True, text=True)
    return bool(listing.stdout.strip())
