/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Ethernet (RFC 894): first stage of a received frame, last of one to send. Frames to send gather per port
 * and leave in one call, when TX_STAGED_MAX of them wait or the worker flushes.
 */
#include "net/net_priv.h"

#include "net/addr_priv.h"

#include <rte_ethdev.h>
#include <rte_ether.h>

static_assert(sizeof(struct rte_ether_hdr) == ETH_HEADER, "wire size");

/* Group addresses that we listen to: broadcast for ARP, and those of IPv6 (RFC 2464 7), told apart by ip6.c.
 */
static bool mac_is_for_us(const struct net_port *port, const uint8_t mac[6])
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	if (!(mac[0] & 1))
		return memcmp(mac, port->wire->mac, 6) == 0;
	return (mac[0] == 0x33 && mac[1] == 0x33) || memcmp(mac, broadcast, 6) == 0;
}

int eth_input(struct net *net, struct packet *pkt)
{
	const struct rte_ether_hdr *eth = packet_bytes(pkt, 0, ETH_HEADER);

	if (!eth)
		return STAT_net_eth_short;
	if (pkt->mbuf->ol_flags & (RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED))
		return STAT_net_eth_vlan;
	if (!mac_is_for_us(pkt->port, eth->dst_addr.addr_bytes))
		return STAT_net_eth_not_ours;
	memcpy(pkt->mac, eth->src_addr.addr_bytes, 6);
	/* Our own address is a valid source: the kernel's end of a TAP device has the same one. */
	if (!mac_is_station(pkt->mac))
		return STAT_net_eth_bad_source;
	pkt->link_unicast = !(eth->dst_addr.addr_bytes[0] & 1);
	switch (rte_be_to_cpu_16(eth->ether_type)) {
	case RTE_ETHER_TYPE_IPV4:
		return ip4_input(net, pkt);
	case RTE_ETHER_TYPE_IPV6:
		return ip6_input(net, pkt);
	case RTE_ETHER_TYPE_ARP:
		return arp_input(net, pkt);
	case RTE_ETHER_TYPE_VLAN:
	case RTE_ETHER_TYPE_QINQ:
		return STAT_net_eth_vlan;
	default:
		return STAT_net_eth_unknown_type;
	}
}

void eth_flush(struct net *net, struct net_port *port)
{
	uint16_t sent;

	if (port->staged_count == 0)
		return;
	sent = port->wire->tx(port->wire->ctx, port->staged, port->staged_count);
	ensure(sent <= port->staged_count);
	stats_add(net->config.stats, STAT_tx_packets, sent);
	/* A full ring is the link's congestion: dropping here keeps the loop's time bounded. */
	stats_add(net->config.stats, STAT_net_tx_ring_full, port->staged_count - sent);
	rte_pktmbuf_free_bulk(port->staged + sent, port->staged_count - sent);
	port->staged_count = 0;
}

void eth_stage(struct net *net, struct net_port *port, struct rte_mbuf *frame)
{
	ensure(port->staged_count < TX_STAGED_MAX);
	port->staged[port->staged_count++] = frame;
	if (port->staged_count == TX_STAGED_MAX)
		eth_flush(net, port);
}

/* The type follows from the packet: all that we send is IPv4, IPv6 or ARP, whose first byte is zero. */
static rte_be16_t ether_type_of(const struct rte_mbuf *packet)
{
	switch (*rte_pktmbuf_mtod(packet, const uint8_t *) >> 4) {
	case 4:
		return rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
	case 6:
		return rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV6);
	default:
		return rte_cpu_to_be_16(RTE_ETHER_TYPE_ARP);
	}
}

void eth_output(struct net *net, struct net_port *port, const uint8_t mac[6], struct rte_mbuf *packet)
{
	rte_be16_t type = ether_type_of(packet);
	struct rte_ether_hdr *eth = rte_pktmbuf_mtod(packet, struct rte_ether_hdr *);

	/* The headroom was checked where the packet came from. */
	ensure(rte_pktmbuf_headroom(packet) >= ETH_HEADER);
	eth = (struct rte_ether_hdr *)(void *)rte_pktmbuf_prepend(packet, ETH_HEADER);
	memcpy(eth->dst_addr.addr_bytes, mac, 6);
	memcpy(eth->src_addr.addr_bytes, port->wire->mac, 6);
	eth->ether_type = type;
	packet->l2_len = ETH_HEADER;
	eth_stage(net, port, packet);
}
