/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions about addresses that only the network layer asks: what a port owns, what a peer may have. */
#ifndef NET_ADDR_PRIV_H
#define NET_ADDR_PRIV_H

#include "net/net_priv.h"

/* True for a unicast address of the port. */
static inline bool port_owns(const struct net_port *port, const struct ip_addr *ip)
{
	for (uint16_t i = 0; i < port->local_count; i++)
		if (ip_equal(&port->local[i].addr, ip))
			return true;
	return false;
}

/* Not a group and not nothing. */
static inline bool mac_is_station(const uint8_t mac[6])
{
	return !(mac[0] & 1) && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]) != 0;
}

static inline bool ip6_is_link_local(const struct ip_addr *ip)
{
	return ip->family == IP_V6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80;
}

/* ff02::1:ffXX:XXXX of an address (RFC 4291 2.7.1), and the Ethernet address of a group (RFC 2464 7). */
struct ip_addr ip6_solicited_node(const struct ip_addr *ip);
void ip6_group_mac(const struct ip_addr *group, uint8_t ret_mac[6]);

/* True for ff02::1 and the solicited-node groups of the port's addresses. */
bool port_listens(const struct net_port *port, const struct ip_addr *group);

/*
 * True when one host can have this address: no group, broadcast, loopback, unspecified or reserved address
 * (RFC 1122 3.2.1.3, RFC 4291 2.5), no broadcast address of the port's subnets, and none of our own.
 */
bool ip_is_peer(const struct net_port *port, const struct ip_addr *ip);

/* The port that owns src and where it sends a packet for dst. 0, -EADDRNOTAVAIL or -ENETUNREACH. */
struct route {
	struct net_port *port;
	const struct ip_addr *next_hop; /* dst itself, or a gateway */
};
must_use int route_find(
	struct net *net, const struct ip_addr *src, const struct ip_addr *dst, struct route *ret_route);

/* An address that the port reaches without a gateway. */
bool port_on_link(const struct net_port *port, const struct ip_addr *ip);

#endif
