/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Spreading received frames over workers in software, for a device that has fewer queues than there are
 * workers or no RSS. Called before net_input(), by whichever worker took the frame.
 */
#ifndef NET_FLOW_H
#define NET_FLOW_H

#include "base/addr.h"

#include <stdint.h>

struct rte_mbuf;

/*
 * All frames of one UDP or TCP flow, all fragments of one datagram, and the ICMP errors about what we sent in
 * a flow have one value. Frames that are not IP have 0, so that one worker hears all of ARP. Malformed frames
 * have some value: net_input() judges.
 */
uint32_t net_flow_hash(const struct rte_mbuf *frame);

/* The same value from the ends of a flow: where a datagram belongs that came in fragments. */
uint32_t net_flow_hash_of(const struct endpoint *src, const struct endpoint *dst);

/*
 * Our end of the flow that a frame belongs to: its destination port, or the source port of the packet of ours
 * that an ICMP error quotes. Nothing is checked but that it can be read; proto 0: it has none, being a
 * fragment or of another protocol or too short.
 */
struct flow_end {
	uint8_t proto; /* IPPROTO_UDP or IPPROTO_TCP */
	uint16_t port;
};
struct flow_end net_flow_end(const struct rte_mbuf *frame);

#endif
