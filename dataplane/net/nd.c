/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Neighbour discovery (RFC 4861) of a host that is configured, not advertised to: solicitations and
 * advertisements of neighbours, nothing from routers. What may change a neighbour is decided in neigh.c.
 */
#include "net/net_priv.h"

#include "net/addr_priv.h"
#include "net/checksum_priv.h"

#include <rte_ip.h>

#include <netinet/in.h>

enum {
	ND_SOLICIT = 135,
	ND_ADVERT = 136,
	ND_LEN = 24, /* of both messages, without options */
	ND_MESSAGE_MAX = 256,
	ND_HOP_LIMIT = 255,
	OPTION_SOURCE_MAC = 1,
	OPTION_TARGET_MAC = 2,
	OPTION_MAC_LEN = 8,
	FLAG_SOLICITED = 0x40,
	FLAG_OVERRIDE = 0x20
};

struct nd_message {
	uint8_t type;
	uint8_t code;
	rte_be16_t checksum;
	uint8_t flags;
	uint8_t reserved[3];
	uint8_t target[16];
	uint8_t option_type;
	uint8_t option_len; /* in units of 8 bytes */
	uint8_t option_mac[6];
};
static_assert(sizeof(struct nd_message) == ND_LEN + OPTION_MAC_LEN, "wire size");

static const struct ip_addr all_nodes = {{0xff, 0x02, [15] = 1}, IP_V6};

/* Fills in the rest of a message and sends it; out names addresses and link address. */
static void nd_send(struct net *net, const struct ip_out *out, struct nd_message *message)
{
	const struct checksum_pseudo pseudo = {out->src, out->dst, IPPROTO_ICMPV6};
	struct rte_mbuf *mbuf = net_mbuf(net);
	char *start;

	if (!mbuf)
		return;
	message->option_len = 1;
	memcpy(message->option_mac, out->port->wire->mac, 6);
	start = rte_pktmbuf_append(mbuf, sizeof(*message));
	ensure(start != NULL && out->mac != NULL);
	memcpy(start, message, sizeof(*message));
	message->checksum = checksum_mbuf(mbuf, 0, sizeof(*message), &pseudo);
	memcpy(start, message, sizeof(*message));
	/* Fails only for want of a neighbour or of mbufs to split it: it names its link address and is short.
	 */
	ensure(ip_output(net, out, mbuf) == 0);
}

static struct ip_out nd_out(struct net_port *port, const struct ip_addr *src, const struct ip_addr *dst)
{
	return (struct ip_out){
		.port = port, .src = src, .dst = dst, .proto = IPPROTO_ICMPV6, .hop_limit = ND_HOP_LIMIT};
}

/* The address of ours to ask with: in the neighbour's subnet, else the link-local one, which is the last. */
static const struct ip_addr *nd_source(const struct net_port *port, const struct ip_addr *target)
{
	for (uint16_t i = 0; i < port->local_count; i++)
		if (ip_prefix_contains(&port->local[i], target))
			return &port->local[i].addr;
	return &port->local[port->local_count - 1].addr;
}

void nd_solicit(struct net *net, struct net_port *port, const struct ip_addr *target, const uint8_t *mac)
{
	struct nd_message message = {.type = ND_SOLICIT, .option_type = OPTION_SOURCE_MAC};
	struct ip_addr group = ip6_solicited_node(target);
	struct ip_out out = nd_out(port, nd_source(port, target), mac ? target : &group);
	uint8_t group_mac[6];

	ip6_group_mac(&group, group_mac);
	out.mac = mac ? mac : group_mac;
	memcpy(message.target, target->bytes, 16);
	nd_send(net, &out, &message);
	net_count(net, STAT_net_neigh_requests);
}

void nd_announce(struct net *net, struct net_port *port, const struct ip_addr *addr)
{
	struct nd_message message = {
		.type = ND_ADVERT, .flags = FLAG_OVERRIDE, .option_type = OPTION_TARGET_MAC};
	struct ip_out out = nd_out(port, addr, &all_nodes);
	uint8_t group_mac[6];

	ip6_group_mac(&all_nodes, group_mac);
	out.mac = group_mac;
	memcpy(message.target, addr->bytes, 16);
	nd_send(net, &out, &message);
}

/* Finds the link address of one option type, and that all options are well formed. */
static int nd_options(const uint8_t *option, uint32_t len, uint8_t type, const uint8_t **ret_mac)
{
	const uint8_t *mac = NULL;

	while (len > 0) {
		uint32_t size = len >= 2 ? option[1] * 8U : 0;
		if (size == 0 || size > len)
			return STAT_net_nd_bad_option;
		if (option[0] == type) {
			if (size != OPTION_MAC_LEN || !mac_is_station(option + 2))
				return STAT_net_nd_bad_option;
			mac = option + 2;
		}
		option += size;
		len -= size;
	}
	*ret_mac = mac;
	return PACKET_NEXT;
}

static int nd_answer(struct net *net, struct packet *pkt, const struct ip_addr *target, const uint8_t *mac)
{
	struct nd_message message = {
		.type = ND_ADVERT, .flags = FLAG_OVERRIDE, .option_type = OPTION_TARGET_MAC};
	struct ip_out out = nd_out(pkt->port, target, &pkt->src);

	/* RFC 4861 7.2.4: who checks whether an address is free has none, and is answered through the group.
	 */
	if (ip_is_unspecified(&pkt->src)) {
		nd_announce(net, pkt->port, target);
	} else {
		message.flags |= FLAG_SOLICITED;
		out.mac = mac ? mac : pkt->mac;
		memcpy(message.target, target->bytes, 16);
		nd_send(net, &out, &message);
	}
	net_count(net, STAT_net_nd_adverts);
	return PACKET_DONE;
}

/* RFC 4861 7.1.1 and 7.2.3. */
static int nd_solicit_input(struct net *net, struct packet *pkt, const uint8_t *message, uint32_t len)
{
	struct ip_addr target = ip_from_v6(message + 8);
	struct ip_addr group = ip6_solicited_node(&target);
	struct net_neighbour heard = {.ip = pkt->src, .port = pkt->port->index};
	const uint8_t *mac;
	int fate = nd_options(message + ND_LEN, len - ND_LEN, OPTION_SOURCE_MAC, &mac);

	if (fate != PACKET_NEXT)
		return fate;
	if (ip_is_multicast(&target))
		return STAT_net_nd_bad_target;
	if (ip_is_unspecified(&pkt->src) && (mac || !ip_equal(&pkt->dst, &group)))
		return STAT_net_nd_bad_source;
	if (!port_owns(pkt->port, &target))
		return STAT_net_nd_not_ours;
	if (mac && !ip_is_unspecified(&pkt->src)) {
		memcpy(heard.mac, mac, 6);
		neigh_heard(net, &heard, pkt->now_ns);
	}
	return nd_answer(net, pkt, &target, mac);
}

/* RFC 4861 7.1.2 and 7.2.5. */
static int nd_advert_input(struct net *net, struct packet *pkt, const uint8_t *message, uint32_t len)
{
	struct net_neighbour heard = {.ip = ip_from_v6(message + 8), .port = pkt->port->index};
	bool solicited = message[4] & FLAG_SOLICITED;
	const uint8_t *mac;
	int fate = nd_options(message + ND_LEN, len - ND_LEN, OPTION_TARGET_MAC, &mac);

	if (fate != PACKET_NEXT)
		return fate;
	if (ip_is_multicast(&heard.ip) || (solicited && !pkt->to_us))
		return STAT_net_nd_bad_target;
	if (port_owns(pkt->port, &heard.ip))
		return STAT_net_nd_conflict;
	if (!mac && !solicited)
		return PACKET_DONE;
	heard.flags = (uint8_t)((solicited ? NEIGH_ANSWER_SOLICITED : 0) | (mac ? 0 : NEIGH_ANSWER_NO_MAC));
	if (mac)
		memcpy(heard.mac, mac, 6);
	neigh_heard(net, &heard, pkt->now_ns);
	return PACKET_DONE;
}

int nd_input(struct net *net, struct packet *pkt)
{
	uint8_t buf[ND_MESSAGE_MAX];
	const uint8_t *message;

	/* A router would have lowered it: only a neighbour's packet still has all its hops. */
	if (pkt->hop_limit != ND_HOP_LIMIT)
		return STAT_net_nd_hop_limit;
	/* RFC 6980: fragments hide options from the switches that guard the link. */
	if (pkt->reassembled)
		return STAT_net_nd_fragmented;
	if (pkt->l4_len < ND_LEN)
		return STAT_net_nd_short;
	if (pkt->l4_len > sizeof(buf))
		return STAT_net_nd_bad_option;
	message = rte_pktmbuf_read(pkt->mbuf, pkt->l4_offset, pkt->l4_len, buf);
	ensure(message != NULL);
	if (message[1] != 0)
		return STAT_net_nd_bad_code;
	if (message[0] == ND_SOLICIT)
		return nd_solicit_input(net, pkt, message, pkt->l4_len);
	if (message[0] != ND_ADVERT)
		return STAT_net_nd_router;
	/* Only one who has an address can tell his link address. */
	if (ip_is_unspecified(&pkt->src))
		return STAT_net_nd_bad_source;
	return nd_advert_input(net, pkt, message, pkt->l4_len);
}
