/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which addresses are ours, which a peer can have, and which way a packet leaves. The host is a strong one
 * (RFC 1122 3.3.4.2): a packet leaves through the port that owns its source address.
 */
#include "net/addr_priv.h"

#include <errno.h>

struct ip_addr net_link_local(const uint8_t mac[6])
{
	const uint8_t bytes[16] = {
		0xfe, 0x80, 0, 0, 0, 0, 0, 0, mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};

	return ip_from_v6(bytes);
}

struct ip_addr ip6_solicited_node(const struct ip_addr *ip)
{
	const uint8_t bytes[16] = {
		0xff, 0x02, [11] = 1, [12] = 0xff, ip->bytes[13], ip->bytes[14], ip->bytes[15]};

	return ip_from_v6(bytes);
}

void ip6_group_mac(const struct ip_addr *group, uint8_t ret_mac[6])
{
	ret_mac[0] = 0x33;
	ret_mac[1] = 0x33;
	memcpy(ret_mac + 2, group->bytes + 12, 4);
}

bool port_listens(const struct net_port *port, const struct ip_addr *group)
{
	static const uint8_t all_nodes[16] = {0xff, 0x02, [15] = 1};

	if (group->family != IP_V6)
		return false;
	if (memcmp(group->bytes, all_nodes, sizeof(all_nodes)) == 0)
		return true;
	for (uint16_t i = 0; i < port->local_count; i++) {
		struct ip_addr node = ip6_solicited_node(&port->local[i].addr);
		if (port->local[i].addr.family == IP_V6 && ip_equal(&node, group))
			return true;
	}
	return false;
}

/* The subnet's own number and its broadcast address; a /31 or /32 has neither (RFC 3021). */
static bool port_broadcasts(const struct net_port *port, const struct ip_addr *ip)
{
	for (uint16_t i = 0; i < port->local_count; i++) {
		const struct ip_prefix *local = &port->local[i];
		uint32_t host;

		if (local->addr.family != IP_V4 || local->len > 30 || !ip_prefix_contains(local, ip))
			continue;
		host = ip_v4_number(ip) & (UINT32_MAX >> local->len);
		if (host == 0 || host == UINT32_MAX >> local->len)
			return true;
	}
	return false;
}

bool ip_is_peer(const struct net_port *port, const struct ip_addr *ip)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (ip->family == IP_V6)
		return !ip_is_multicast(ip) && !ip_is_unspecified(ip) && !ip_is_loopback(ip) &&
		       memcmp(ip->bytes, mapped, sizeof(mapped)) != 0 && !port_owns(port, ip);
	/* 0/8 is "this network", 224/4 are groups, 240/4 is reserved and ends in the limited broadcast
	 * address. */
	return ip->bytes[0] != 0 && ip->bytes[0] < 0xe0 && !ip_is_loopback(ip) && !port_owns(port, ip) &&
	       !port_broadcasts(port, ip);
}

bool port_on_link(const struct net_port *port, const struct ip_addr *ip)
{
	for (uint16_t i = 0; i < port->local_count; i++)
		if (ip_prefix_contains(&port->local[i], ip))
			return true;
	return false;
}

static struct net_port *port_of(struct net *net, const struct ip_addr *src)
{
	for (uint16_t i = 0; i < net->port_count; i++)
		if (port_owns(&net->ports[i], src))
			return &net->ports[i];
	return NULL;
}

int route_find(struct net *net, const struct ip_addr *src, const struct ip_addr *dst, struct route *ret_route)
{
	struct net_port *port = port_of(net, src);
	const struct ip_addr *gateway;

	if (!port || src->family != dst->family)
		return -EADDRNOTAVAIL;
	gateway = dst->family == IP_V4 ? &port->gateway_v4 : &port->gateway_v6;
	if (port_on_link(port, dst))
		*ret_route = (struct route){port, dst};
	/* No router forwards a link-local source (RFC 4291 2.5.6). */
	else if (gateway->family == dst->family && !ip6_is_link_local(src))
		*ret_route = (struct route){port, gateway};
	else
		return -ENETUNREACH;
	return 0;
}

/* An address of the port in dst's subnet, or one of dst's family that can go through the gateway. */
static bool source_fits(
	const struct net_port *port, const struct ip_prefix *local, const struct ip_addr *dst, bool on_link)
{
	const struct ip_addr *gateway = dst->family == IP_V4 ? &port->gateway_v4 : &port->gateway_v6;

	if (on_link)
		return ip_prefix_contains(local, dst);
	return gateway->family == dst->family && local->addr.family == dst->family &&
	       !ip6_is_link_local(&local->addr);
}

static const struct ip_prefix *port_source(
	const struct net_port *port, const struct ip_addr *dst, bool on_link)
{
	for (uint16_t i = 0; i < port->local_count; i++) {
		if (source_fits(port, &port->local[i], dst, on_link))
			return &port->local[i];
	}
	return NULL;
}

int net_source_for(const struct net *net, const struct ip_addr *dst, struct ip_addr *ret_src)
{
	for (int on_link = 1; on_link >= 0; on_link--) {
		for (uint16_t i = 0; i < net->port_count; i++) {
			const struct ip_prefix *local = port_source(&net->ports[i], dst, on_link == 1);
			if (local) {
				*ret_src = local->addr;
				return 0;
			}
		}
	}
	return -ENETUNREACH;
}

bool net_source_fits(const struct net *net, const struct ip_addr *src, const struct ip_addr *dst)
{
	for (int on_link = 1; on_link >= 0; on_link--) {
		for (uint16_t i = 0; i < net->port_count; i++) {
			const struct net_port *port = &net->ports[i];
			if (!port_source(port, dst, on_link == 1))
				continue;
			for (uint16_t k = 0; k < port->local_count; k++)
				if (ip_equal(&port->local[k].addr, src))
					return source_fits(port, &port->local[k], dst, on_link == 1);
			return false;
		}
	}
	return false;
}
