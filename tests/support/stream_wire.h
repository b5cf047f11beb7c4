/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A host that speaks TCP by a stack of ours, behind a wire of frames: what the stack sends and what it is
 * given. */
#ifndef TESTS_SUPPORT_STREAM_WIRE_H
#define TESTS_SUPPORT_STREAM_WIRE_H

#include "sim/packet.h"
#include "tcp/tcp.h"

struct rte_mempool;

/*
 * For the stack's output: the segment in one mbuf, which is freed, as a frame. `ends` has the addresses of
 * both links and hosts; the ports are read from the segment.
 */
void stream_wire_send(struct packet_ends ends, struct rte_mbuf *segment, struct packet *ret_packet);

/* A frame that packet_read() says is PACKET_TCP goes into the stack, in a buffer of `pool`. Aborts without
 * one. */
void stream_wire_receive(
	struct tcp *tcp, struct rte_mempool *pool, const struct packet_view *view, uint64_t now_ns);

#endif
