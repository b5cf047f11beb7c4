# SPDX-License-Identifier: GPL-2.0-or-later
"""Namespaces of one's own: network, mounts and processes.

Nothing here cleans up, because nothing can be left: the process that begins the namespaces is process 1 in them, and
when it ends, however it ends, the kernel ends the others and takes the devices and mounts away.
"""
import subprocess

UNSHARE = ["unshare", "--net", "--mount", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
TAP = "slc0"
KERNEL_LINK_LOCAL = "fe80::fe"


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
    # The kernel's side of a TAP device has the MAC address of the balancer's: they must not make the same link-local
    # address of it. dress_tap() gives the kernel another one.
    write("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1")
    # Starting its port may take the device down for a moment.
    write("/proc/sys/net/ipv6/conf/default/keep_addr_on_down", "1")
    # Should the first address of the device ever go, the others must stay.
    write("/proc/sys/net/ipv4/conf/all/promote_secondaries", "1")
    # Nodes are to be there before the balancer, and with it the device that has their addresses.
    write("/proc/sys/net/ipv4/ip_nonlocal_bind", "1")
    write("/proc/sys/net/ipv6/ip_nonlocal_bind", "1")
    # ICMP must not be held back, as it is on a host that has to fear floods.
    write("/proc/sys/net/ipv4/icmp_ratelimit", "0")
    write("/proc/sys/net/ipv6/icmp/ratelimit", "0")


def tap_is_there():
    """Not by /sys, which shows the devices of the namespace it was mounted in."""
    return subprocess.run(["ip", "link", "show", TAP], capture_output=True).returncode == 0


def dress_tap(addresses):
    """Gives the kernel's side of the TAP device the addresses of all peers. Its MAC address is the balancer's own."""
    commands = [f"link set {TAP} up"]
    for address in (KERNEL_LINK_LOCAL, *addresses):
        length, option = (64, " nodad") if ":" in address else (24, "")
        commands.append(f"addr replace {address}/{length} dev {TAP}{option}")
    # In one go: the balancer will probe its nodes in a moment.
    subprocess.run(["ip", "-batch", "-"], input="\n".join(commands), check=True, capture_output=True, text=True)


def with_length(address):
    return f"{address}/64" if ":" in address else f"{address}/24"


def take_address(address):
    """From the kernel: what is sent there disappears without any answer, ARP included."""
    run("ip", "addr", "del", with_length(address), "dev", TAP)


def give_address(address):
    """Back to the kernel."""
    run("ip", "addr", "replace", with_length(address), "dev", TAP, *(["nodad"] if ":" in address else []))


def bound(address, port, transport):
    """Does a socket receive on this address and port, by the kernel's own list?"""
    family = "-6" if ":" in address else "-4"
    host = f"[{address}]" if ":" in address else address
    listing = subprocess.run(["ss", family, "-Hln" + transport[0], "src", f"{host}:{port}"], capture_output=True, text=True)
    return bool(listing.stdout.strip())
