/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receive window. rcv_edge is the right edge that the peer was told; it is what is enforced, and it never
 * moves left (RFC 9293 3.8.6). It moves right only by steps worth a segment (3.8.6.2.2).
 */
#include "tcp/stages_priv.h"

/*
 * Three quarters of what all connections may hold of what they received. Text beyond gaps may pin as much and
 * no more: beyond it stands what came in order and was not read (text.c).
 */
bool window_memory_fits(const struct tcp *tcp, uint64_t bytes)
{
	return tcp->rcv_pinned_bytes + bytes <= tcp->config.memory_max_bytes / 8 * 3;
}

bool tcp_receive_is_short(const struct tcp *tcp)
{
	return !window_memory_fits(tcp, 0);
}

uint32_t tcp_receive_average_bytes(const struct tcp *tcp)
{
	return tcp->tcbs.used ? (uint32_t)(tcp->rcv_pinned_bytes / tcp->tcbs.used) : 0;
}

/* What the buffer could take beyond RCV.NXT. Nothing more is offered when all connections together run high.
 */
uint32_t window_room(const struct tcb *tcb)
{
	const struct tcp_config *config = &tcb->tcp->config;

	if (!window_memory_fits(tcb->tcp, 0))
		return 0;
	return tcb->rcv_queued < config->window_bytes ? config->window_bytes - tcb->rcv_queued : 0;
}

/*
 * The window to write into a segment that leaves now; the edge moves with it. A scaled window cannot name
 * every number: it is rounded up where rounding down would take back what was promised, and text.c bounds
 * what a peer can make of that.
 */
uint16_t window_choose(struct tcb *tcb)
{
	uint32_t step = u32_min(tcb->rcv_mss, tcb->tcp->config.window_bytes / 2);
	uint32_t edge = tcb->rcv_nxt + window_room(tcb);
	uint32_t field;

	if (seq_lt(edge, tcb->rcv_edge + step))
		edge = tcb->rcv_edge;
	edge = seq_max(edge, tcb->rcv_nxt);
	field = (edge - tcb->rcv_nxt) >> tcb->rcv_shift;
	if (seq_lt(tcb->rcv_nxt + (field << tcb->rcv_shift), tcb->rcv_edge))
		field++;
	field = u32_min(field, UINT16_MAX);
	tcb->rcv_edge = seq_max(tcb->rcv_edge, tcb->rcv_nxt + (field << tcb->rcv_shift));
	return (uint16_t)field;
}
