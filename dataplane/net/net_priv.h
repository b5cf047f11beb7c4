/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the stages of the network layer share. A received packet passes eth -> (arp | ip4 | ip6) -> frag ->
 * (icmp | nd | udp | segment); the way of one to send is in out_priv.h. All state belongs to one worker;
 * nothing here is read by another thread.
 */
#ifndef NET_NET_PRIV_H
#define NET_NET_PRIV_H

#include "base/budget.h"
#include "net/neigh_priv.h"
#include "net/net.h"
#include "net/out_priv.h"
#include "net/plain_priv.h"
#include "net/pmtu_priv.h"
#include "net/ready_priv.h"

#include <rte_ip_frag.h>
#include <rte_mbuf.h>

#include <stdbool.h>

enum net_limits {
	ETH_HEADER = 14,
	IP4_HEADER = 20, /* of the packets we send: no options */
	IP6_HEADER = 40,
	FRAG_HEADER = 8, /* IPv6 fragment header */
	UDP_HEADER = 8,
	TCP_HEADER = 20,
	ICMP_HEADER = 8,
	HOP_LIMIT = 64,
	ANNOUNCEMENTS = 2 /* RFC 5227 1.1 ANNOUNCE_NUM */
};

static_assert(NET_HEADROOM == ETH_HEADER + IP6_HEADER + UDP_HEADER, "what the header file promises");
static_assert(FRAG_PIECES_MAX * ((MTU_MIN - IP6_HEADER - FRAG_HEADER) & ~7) >= 65535, "any datagram splits");

struct net_port {
	const struct wire *wire;                            /* borrowed */
	struct ip_prefix local[ADDRESSES_PER_PORT_MAX + 1]; /* the last one is the link-local address */
	uint16_t local_count;
	uint16_t index;
	struct ip_addr gateway_v4;
	struct ip_addr gateway_v6;
	uint64_t mac_word;      /* the wire's MAC, behind two zero bytes */
	uint32_t mtu;           /* bytes of IP packet that the link takes */
	uint32_t piece_max;     /* bytes of IP packet that the link and one fresh mbuf take */
	uint64_t report_due_ns; /* of the groups we listen to; 0: nobody asked */
	struct plain_table plain;
	struct rte_mbuf *staged[TX_STAGED_MAX];
	uint16_t staged_count;
};

struct net {
	uint32_t magic;
	uint16_t port_count;
	struct net_port ports[PORTS_MAX];
	struct net_config config; /* for its pool, stats, rng and callbacks */
	struct neigh_table neighbours;
	struct ready_table ready;
	struct rte_ip_frag_tbl *reassembly;
	struct rte_ip_frag_death_row dead; /* empty between calls */
	struct pmtu_table paths;
	struct budget echo_budget;  /* echo replies */
	struct budget error_budget; /* ICMP errors: RFC 1812 4.3.2.8, RFC 4443 2.4 (f) */
	uint64_t tick_due_ns;
	uint64_t announce_due_ns;
	uint32_t announcements_left;
};

/*
 * What a stage made of a received packet: a STAT_net_* value is the reason to drop it, and the caller frees
 * it; PACKET_TAKEN passed the mbuf on; PACKET_DONE used it up and the caller frees it; PACKET_NEXT wants the
 * next stage.
 */
enum { PACKET_TAKEN = -1, PACKET_DONE = -2, PACKET_NEXT = -3 };

struct packet {
	struct rte_mbuf *mbuf; /* starts at the Ethernet header; replaced when fragments come together */
	struct net_port *port;
	uint64_t now_ns;
	struct ip_addr src;
	struct ip_addr dst;
	uint32_t l4_offset; /* from the start of the frame */
	uint32_t l4_len;
	uint8_t mac[6]; /* who sent the frame */
	uint8_t proto;
	uint8_t hop_limit;
	bool link_unicast; /* the frame was sent to our MAC, not to a group */
	bool to_us;        /* dst is a unicast address of ours */
	bool reassembled;
};

/* Received packets: see PACKET_TAKEN for the result. */
int eth_input(struct net *net, struct packet *pkt);
int arp_input(struct net *net, struct packet *pkt);
int ip4_input(struct net *net, struct packet *pkt);
int ip6_input(struct net *net, struct packet *pkt);
int udp_input(struct net *net, struct packet *pkt);
int udp_deliver(struct net *net, const struct packet *pkt); /* one that has been verified */
int segment_input(struct net *net, struct packet *pkt);
int icmp4_input(struct net *net, struct packet *pkt);
int icmp6_input(struct net *net, struct packet *pkt);
int nd_input(struct net *net, struct packet *pkt);
int mld_query_input(struct net *net, struct packet *pkt);
int frag_input_v4(struct net *net, struct packet *pkt, uint32_t header_len);
int frag_input_v6(struct net *net, struct packet *pkt);
void frag_tick(struct net *net, uint64_t now_ns);
void mld_tick(struct net *net, uint64_t now_ns);
void mld_announce(struct net *net, struct net_port *port);

void icmp_port_unreachable(struct net *net, const struct packet *pkt);

/* A fresh mbuf of the worker's pool; NULL is counted. */
struct rte_mbuf *net_mbuf(struct net *net);

static inline void net_count(struct net *net, enum stat stat)
{
	stats_inc(net->config.stats, stat);
}

/* The bytes at an offset, if the first segment holds them all; headers of honest frames are never split. */
static inline const void *packet_bytes(const struct packet *pkt, uint32_t offset, uint32_t len)
{
	if ((uint64_t)offset + len > pkt->mbuf->data_len)
		return NULL;
	return rte_pktmbuf_mtod_offset(pkt->mbuf, const void *, offset);
}

#endif
