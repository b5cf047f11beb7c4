/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading back a packet that we sent, or that somebody says we sent: who it was from and to. */
#ifndef NET_QUOTE_PRIV_H
#define NET_QUOTE_PRIV_H

#include "net/net.h"

#include <stdint.h>

enum {
	QUOTE_L4_BYTES = 8,        /* what every ICMP error quotes of the transport header (RFC 792) */
	QUOTE_PAYLOAD_BYTES = 256, /* as far as a datagram's payload is looked at: to the branch of a probe */
};

struct quote {
	struct endpoint local;  /* its source */
	struct endpoint remote; /* its destination */
	uint32_t seq;           /* of a TCP segment */
	uint8_t proto;          /* UDP or TCP */
	uint16_t payload_len;   /* bytes of a datagram's payload that were quoted, and are kept */
	char payload[QUOTE_PAYLOAD_BYTES];
};

/*
 * Reads the packet from its IP header on; `len` bytes of it are there. PACKET_NEXT, or the reason why not:
 * STAT_net_icmp_bad_quote (it ends too early), STAT_net_icmp_foreign_quote (no packet that we would send, or
 * a later fragment, which has no ports).
 */
int quote_read(const uint8_t *packet, uint32_t len, struct quote *ret_quote);

/* icmp.c: tells the side above that the packet did not arrive. */
void net_tell_unreachable(struct net *net, const struct quote *quote, enum net_unreach why);

#endif
