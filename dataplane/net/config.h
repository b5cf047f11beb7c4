/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network layer of one worker is given at start: ports, limits, and the functions that it calls with
 * what it received.
 */
#ifndef NET_CONFIG_H
#define NET_CONFIG_H

#include "base/addr.h"
#include "base/rng.h"
#include "limits.h"
#include "stats.h"
#include "wire.h"

#include <stdint.h>

struct rte_mbuf;
struct rte_mempool;

/* A datagram to one of our addresses, lengths and checksums verified. Lives as long as the callback runs. */
struct udp_datagram {
	struct endpoint src;
	struct endpoint dst;
	struct rte_mbuf *mbuf;   /* the whole frame, possibly a chain; for its owner see enum net_verdict */
	uint32_t payload_offset; /* from the start of the frame */
	uint32_t payload_len;
	const char *payload; /* linear payload; NULL when it crosses segments: net_udp_linear() */
	uint16_t port;
};

/* A segment to one of our addresses, checksum verified, at least as long as TCP's fixed header. */
struct net_segment {
	struct ip_addr src;
	struct ip_addr dst;
	struct rte_mbuf *mbuf; /* the whole frame, possibly a chain; passes to the callback's side */
	uint32_t l4_offset;    /* of the TCP header, from the start of the frame */
	uint32_t l4_len;       /* of header and text */
};

/* What the listener table said about a datagram. */
enum net_verdict {
	NET_TAKEN,      /* the mbuf now belongs to the callback's side */
	NET_NO_LISTENER /* nobody has this port: the layer answers port unreachable and frees the mbuf */
};

/* Why a datagram of ours did not arrive. The first four come by ICMP, which can be forged: mere hints. */
enum net_unreach {
	NET_UNREACH_NETWORK,
	NET_UNREACH_HOST,
	NET_UNREACH_PORT,
	NET_UNREACH_ADMIN,
	NET_UNREACH_NEIGHBOUR /* the next hop on the link answers no request: learned here, not by ICMP */
};

/* A neighbour's answer, passed to the workers whose own queue is not where answers arrive. */
struct net_neighbour {
	struct ip_addr ip;
	uint8_t mac[6];
	uint16_t port;
	uint8_t flags; /* opaque: NEIGH_ANSWER_* of net_priv.h */
};

struct net_port_config {
	const struct wire *wire; /* borrowed until net_destroy(); its mac and mtu are the port's */
	/* Our addresses, each with the length of its subnet. The link-local one comes from the MAC, unlisted.
	 */
	struct ip_prefix local[ADDRESSES_PER_PORT_MAX];
	uint16_t local_count;
	struct ip_addr gateway_v4; /* IP_NONE: only the subnets of `local` can be reached */
	struct ip_addr gateway_v6;
};

struct net_config {
	struct net_port_config ports[PORTS_MAX];
	uint16_t port_count;
	int socket_id;            /* memory of the tables; SOCKET_ID_ANY is fine */
	struct rte_mempool *pool; /* of this worker: replies, ARP and ND, fragments */
	struct stats *stats;
	struct rng *rng;

	/* Limits; 0 takes the default beside it. */
	uint32_t neighbours_max;        /* 1,024; at most half of them have never answered */
	uint32_t pending_max;           /* 512 packets waiting for a neighbour's answer; the same half */
	uint32_t reassemblies_max;      /* 256 datagrams of which fragments are missing */
	uint64_t reassembly_timeout_ns; /* 5 s */

	void *ctx;
	/* A callback may call net_udp_send() and net_tcp_send(), but neither net_input() nor net_tick() nor
	 * net_neigh_learn().
	 */
	enum net_verdict (*udp_deliver)(void *ctx, struct udp_datagram *datagram);
	/* Optional. `local` and `remote` are the source and destination of the datagram that failed. */
	void (*unreachable)(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		enum net_unreach why, struct span quoted);
	/* Optional: without it, TCP is a protocol that we do not know. */
	void (*tcp_deliver)(void *ctx, const struct net_segment *segment);
	/* Optional. A segment from `local` to `remote` did not arrive; mtu: of the link that it was too big
	 * for, or 0: no way. By ICMP, which can be forged: believe it if quoted_seq is under way (RFC
	 * 5927 4.1). */
	void (*tcp_unreachable)(void *ctx, const struct endpoint *local, const struct endpoint *remote,
		uint32_t quoted_seq, uint32_t mtu);
	/* Optional, with several workers: give it to net_neigh_learn() of each other one. Rate-limited. */
	void (*neigh_offer)(void *ctx, const struct net_neighbour *neighbour);
};

#endif
