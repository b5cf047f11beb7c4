/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ARP for IPv4 over Ethernet (RFC 826, RFC 5227): answers questions for our addresses, hears what others
 * answer or claim, asks for next hops. What may change a neighbour is decided in neigh.c.
 */
#include "net/net_priv.h"

#include "net/addr_priv.h"

#include <rte_arp.h>
#include <rte_ether.h>

enum { ARP_LEN = 28 };
static_assert(sizeof(struct rte_arp_hdr) == ARP_LEN, "wire size");

static const uint8_t mac_broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t mac_none[6];

struct arp_message {
	uint16_t op;
	const uint8_t *to; /* link address of the frame */
	const uint8_t *target_mac;
	const struct ip_addr *sender;
	const struct ip_addr *target;
};

static void arp_send(struct net *net, struct net_port *port, const struct arp_message *message)
{
	struct rte_mbuf *mbuf = net_mbuf(net);
	struct rte_arp_hdr *arp;

	if (!mbuf)
		return;
	arp = (struct rte_arp_hdr *)(void *)rte_pktmbuf_append(mbuf, ARP_LEN);
	ensure(arp != NULL);
	arp->arp_hardware = rte_cpu_to_be_16(RTE_ARP_HRD_ETHER);
	arp->arp_protocol = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	arp->arp_hlen = 6;
	arp->arp_plen = 4;
	arp->arp_opcode = rte_cpu_to_be_16(message->op);
	memcpy(&arp->arp_data.arp_sha, port->wire->mac, 6);
	memcpy(&arp->arp_data.arp_sip, message->sender->bytes, 4);
	memcpy(&arp->arp_data.arp_tha, message->target_mac, 6);
	memcpy(&arp->arp_data.arp_tip, message->target->bytes, 4);
	eth_output(net, port, message->to, mbuf);
}

/* The address of ours to ask with: the neighbour must find it in its own subnet. */
static const struct ip_addr *arp_source(const struct net_port *port, const struct ip_addr *target)
{
	const struct ip_addr *any = NULL;

	for (uint16_t i = 0; i < port->local_count; i++) {
		const struct ip_prefix *local = &port->local[i];
		if (ip_prefix_contains(local, target))
			return &local->addr;
		if (!any && local->addr.family == IP_V4)
			any = &local->addr;
	}
	return any;
}

void arp_request(struct net *net, struct net_port *port, const struct ip_addr *target, const uint8_t *mac)
{
	struct arp_message message = {.op = RTE_ARP_OP_REQUEST,
		.to = mac ? mac : mac_broadcast,
		.target_mac = mac_none,
		.sender = arp_source(port, target),
		.target = target};

	/* A packet for an IPv4 neighbour had an IPv4 source address of this port. */
	ensure(message.sender != NULL);
	arp_send(net, port, &message);
	net_count(net, STAT_net_neigh_requests);
}

/* RFC 5227 2.3: an announcement is a request for the own address. */
void arp_announce(struct net *net, struct net_port *port, const struct ip_addr *addr)
{
	const struct arp_message message = {RTE_ARP_OP_REQUEST, mac_broadcast, mac_none, addr, addr};

	arp_send(net, port, &message);
}

static int arp_check(const struct rte_arp_hdr *arp)
{
	uint16_t op = rte_be_to_cpu_16(arp->arp_opcode);

	if (arp->arp_hardware != rte_cpu_to_be_16(RTE_ARP_HRD_ETHER) ||
		arp->arp_protocol != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) || arp->arp_hlen != 6 ||
		arp->arp_plen != 4 || (op != RTE_ARP_OP_REQUEST && op != RTE_ARP_OP_REPLY))
		return STAT_net_arp_bad_format;
	if (!mac_is_station(arp->arp_data.arp_sha.addr_bytes))
		return STAT_net_arp_bad_sender;
	return PACKET_NEXT;
}

/* Somebody sends from our address: the operator must know, and the link must hear who has it (RFC 5227 2.4
 * (b)). */
static int arp_conflict(struct net *net, struct packet *pkt, const struct rte_arp_hdr *arp)
{
	/* A bridge that loops gives us back what we said ourselves. */
	if (memcmp(arp->arp_data.arp_sha.addr_bytes, pkt->port->wire->mac, 6) == 0)
		return STAT_net_arp_own;
	if (budget_take(&net->error_budget, pkt->now_ns))
		arp_announce(net, pkt->port, &pkt->src);
	return STAT_net_arp_conflict;
}

static int arp_answer(struct net *net, struct packet *pkt, const struct rte_arp_hdr *arp)
{
	const struct arp_message message = {RTE_ARP_OP_REPLY, arp->arp_data.arp_sha.addr_bytes,
		arp->arp_data.arp_sha.addr_bytes, &pkt->dst, &pkt->src};

	arp_send(net, pkt->port, &message);
	net_count(net, STAT_net_arp_replies);
	return PACKET_DONE;
}

int arp_input(struct net *net, struct packet *pkt)
{
	const struct rte_arp_hdr *arp = packet_bytes(pkt, ETH_HEADER, ARP_LEN);
	struct net_neighbour heard = {.port = pkt->port->index};
	bool request;
	int fate;

	if (!arp)
		return STAT_net_arp_short;
	fate = arp_check(arp);
	if (fate != PACKET_NEXT)
		return fate;
	request = arp->arp_opcode == rte_cpu_to_be_16(RTE_ARP_OP_REQUEST);
	pkt->src = ip_from_v4(&arp->arp_data.arp_sip);
	pkt->dst = ip_from_v4(&arp->arp_data.arp_tip);
	pkt->to_us = port_owns(pkt->port, &pkt->dst);
	if (port_owns(pkt->port, &pkt->src))
		return arp_conflict(net, pkt, arp);
	/* RFC 5227 2.1.1: a probe asks without an address of its own, and says nothing about a neighbour. */
	if (!ip_is_unspecified(&pkt->src)) {
		if (!ip_is_peer(pkt->port, &pkt->src))
			return STAT_net_arp_bad_sender;
		heard.ip = pkt->src;
		memcpy(heard.mac, arp->arp_data.arp_sha.addr_bytes, 6);
		if (!request && pkt->to_us && pkt->link_unicast)
			heard.flags = NEIGH_ANSWER_SOLICITED;
		neigh_heard(net, &heard, pkt->now_ns);
	}
	if (!request)
		return PACKET_DONE;
	return pkt->to_us ? arp_answer(net, pkt, arp) : STAT_net_arp_not_ours;
}
