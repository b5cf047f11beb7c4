/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network layer of one worker over all its ports: Ethernet, ARP, IPv4, IPv6, neighbour discovery, ICMP,
 * UDP, and the segments of TCP. Everything here is called by the worker that owns it, on that worker's core.
 * Nothing allocates (but mbufs from the given pool), reads a clock or makes a system call after net_create().
 *
 * Ports are indices into net_config.ports and mean the same on every worker. What the layer drops, it counts
 * by reason in the net_* rows of stats.def.
 */
#ifndef NET_NET_H
#define NET_NET_H

#include "base/addr.h"
#include "base/ensure.h"
#include "net/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct net;

/* Room that net_udp_send() needs in front of a payload: Ethernet, IPv6, UDP. */
enum { NET_HEADROOM = 14 + 40 + 8 };

/* Copies the configuration. Needs a started EAL. Returns 0, -EINVAL (no port, wire, pool...) or -ENOMEM. */
must_use int net_create(const struct net_config *config, struct net **ret_net);

/* Frees what waits and what is staged without sending it. */
void net_destroy(struct net *net);

/*
 * Takes `count` frames that the port received; all of them belong to the layer from here on. now_ns never
 * decreases from call to call. The worker counts rx_packets, since a frame may have been handed over to it.
 */
void net_input(struct net *net, uint16_t port, struct rte_mbuf **mbufs, uint16_t count, uint64_t now_ns);

/*
 * Sends `payload` (data = the UDP payload, NET_HEADROOM bytes before it, not shared; may be a chain) as one
 * datagram, fragmented when it exceeds the MTU. The mbuf always passes. It leaves through the port that owns
 * src->ip, to the subnet or the port's gateway, and at the latest with net_flush(). A neighbour still unknown
 * delays it. Returns 0 (sent or waiting), -EADDRNOTAVAIL (src is not ours), -ENETUNREACH (no subnet or
 * gateway leads there), -EHOSTUNREACH (the next hop is known not to answer), -EINVAL (destination cannot be
 * an address of a peer), -EMSGSIZE (longer than UDP allows), -ENOBUFS. Each but 0 is also counted.
 */
must_use int net_udp_send(struct net *net, const struct endpoint *src, const struct endpoint *dst,
	struct rte_mbuf *payload, uint64_t now_ns);

/*
 * Sends a segment: one mbuf, not shared, data = the TCP header and its text, its checksum filled in here,
 * room for Ethernet and IPv6 in front. The mbuf always passes. It is never fragmented, here or on its way.
 * Returns as net_udp_send(); -EMSGSIZE (counted) is one longer than the link carries.
 */
must_use int net_tcp_send(struct net *net, const struct ip_addr *src, const struct ip_addr *dst,
	struct rte_mbuf *mbuf, uint64_t now_ns);

/* Gives the staged frames to the wires; counts tx_packets. What a wire refuses is dropped and counted. */
void net_flush(struct net *net);

/*
 * Timers: requests to neighbours, ageing, missing fragments, announcements. Call each loop; does nothing but
 * compare a time in most calls and a bounded amount of work in the others. Idle workers call it at least
 * every 10 ms.
 */
void net_tick(struct net *net, uint64_t now_ns);

/* Tells the links our addresses (RFC 5227 2.3, RFC 4861 7.2.6), now and from net_tick(). By one worker only.
 */
void net_announce(struct net *net, uint64_t now_ns);

/* An answer that another worker received. Used only if this worker itself has asked for it. */
void net_neigh_learn(struct net *net, const struct net_neighbour *neighbour, uint64_t now_ns);

/* The address of ours that a datagram to dst should carry. 0, or -ENETUNREACH. Not for the packet path. */
must_use int net_source_for(const struct net *net, const struct ip_addr *dst, struct ip_addr *ret_src);

/* May a connection to dst begin at src? True for net_source_for()'s choice and the others of its port like
 * it.
 */
bool net_source_fits(const struct net *net, const struct ip_addr *src, const struct ip_addr *dst);

/*
 * The payload as linear bytes: in place when it is contiguous, else copied to buf. NULL when buf_size is too
 * small. Valid as long as the mbuf and buf are.
 */
const char *net_udp_linear(const struct udp_datagram *datagram, char *buf, size_t buf_size);

/* fe80::/64 with the modified EUI-64 of the MAC (RFC 4291 appendix A). */
struct ip_addr net_link_local(const uint8_t mac[6]);

#endif
