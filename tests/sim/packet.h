/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames as the hosts of the simulation see and make them: whole bytes, by other code than the balancer's.
 */
#ifndef SIM_PACKET_H
#define SIM_PACKET_H

#include "base/addr.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PACKET_MAX = 9216, PACKET_MTU = 1500, PACKET_MESSAGE_MAX = 16384 };

struct packet {
	size_t len;
	uint8_t bytes[PACKET_MAX];
};

enum packet_kind {
	PACKET_OTHER,
	PACKET_UDP,
	PACKET_FRAGMENT, /* not the first one of its datagram, or one of several */
	PACKET_TCP,
	PACKET_ARP_REQUEST, /* or a neighbour solicitation: target */
	PACKET_ARP_REPLY,   /* or an advertisement: target and its mac */
	PACKET_UNREACHABLE, /* ICMP port unreachable */
};

struct packet_view {
	enum packet_kind kind;
	bool checksums_right;
	uint8_t mac_dst[6], mac_src[6];
	struct endpoint src, dst; /* ports: UDP, TCP, and of the first fragment */
	struct span payload; /* of UDP; of TCP the segment with its header; of a fragment all behind IP */
	struct ip_addr target;
	uint32_t fragment_id;
	uint32_t fragment_offset;
	bool more_fragments;
};

struct packet_ends {
	uint8_t mac_src[6], mac_dst[6];
	struct endpoint src, dst;
};

struct packet_view packet_read(const struct packet *packet);

/* The datagram as one frame, or as fragments when it exceeds the MTU: calls `out` for each. */
typedef void packet_out(void *ctx, const struct packet *packet);
void packet_udp(const struct packet_ends *ends, struct span payload, uint16_t id, packet_out *out, void *ctx);

/* The segment (TCP header and text, at most 1,500 bytes) as one frame: its ports and checksum are filled in.
 */
void packet_tcp(const struct packet_ends *ends, struct span segment, struct packet *ret_packet);

/* Is the checksum of a whole UDP datagram (header and payload), as put together from fragments, right? */
bool packet_udp_right(
	const struct endpoint *src, const struct endpoint *dst, const void *datagram, size_t len);

/* The answer to an ARP request or a neighbour solicitation. */
void packet_answer(const struct packet_view *question, const uint8_t mac[6], struct packet *ret_packet);

/* ICMP port unreachable about a UDP packet. */
void packet_unreachable(const struct packet *about, struct packet *ret_packet);

/* One line for people. */
void packet_describe(const struct packet *packet, char *buf, size_t size);

#endif
