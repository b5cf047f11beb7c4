/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a connection sends now: first what was lost, then new text as far as the peer's window and the
 * congestion window allow, then an ACK if one is owed and nothing carried it. Nagle's algorithm is off: a SIP
 * message is whole when it is queued.
 */
#include "tcp/stages_priv.h"

uint32_t output_waiting(const struct tcb *tcb)
{
	if (tcb_has(tcb, TCB_FIN_SENT))
		return 0;
	return tcb->snd_seq + tcb->snd_queued - tcb->snd_nxt + tcb_has(tcb, TCB_FIN_QUEUED);
}

/* bytes_max counts the FIN. No window is asked. */
bool output_new(struct tcb *tcb, uint32_t bytes_max)
{
	uint32_t waiting = output_waiting(tcb);
	uint32_t text = waiting - (waiting > 0 && tcb_has(tcb, TCB_FIN_QUEUED));
	uint32_t len = u32_min(u32_min(text, bytes_max), output_text_max(tcb));
	bool fin = len < waiting && len == text && len < bytes_max;
	uint32_t seq = tcb->snd_nxt;

	if (len == 0 && !fin)
		return false;
	tcb->snd_nxt += len + fin;
	if (fin)
		tcb->flags |= TCB_FIN_SENT;
	flight_add(tcb, seq, tcb->snd_nxt, fin);
	tcb->sent_ns = tcb->tcp->now_ns;
	tcb->data_ns = tcb->tcp->now_ns;
	transmit(tcb, seq, tcb->snd_nxt, fin ? FLIGHT_FIN : 0);
	return true;
}

/*
 * RFC 9293 3.8.6.2.1: no small segments because the window is small, but for one worth half of the largest
 * window seen. What waits longer than that goes by the persist timer.
 */
static bool output_next(struct tcb *tcb)
{
	uint32_t waiting = output_waiting(tcb);
	int32_t usable = (int32_t)(tcb->snd_una + tcb->snd_wnd - tcb->snd_nxt);
	uint32_t text_max;
	uint32_t bytes;

	if (waiting == 0 || usable <= 0)
		return false;
	text_max = output_text_max(tcb);
	bytes = u32_min(u32_min((uint32_t)usable, waiting), text_max + 1);
	if (bytes < waiting && bytes < text_max && (uint32_t)usable < tcb->snd_wnd_max / 2)
		return false;
	if (congestion_room(tcb) < u32_min(bytes, text_max)) {
		tcb->flags |= TCB_CWND_LIMITED;
		return false;
	}
	return output_new(tcb, bytes);
}

/* The first one goes even beyond a window that has closed: it is its own probe. */
static bool output_lost(struct tcb *tcb)
{
	struct flight *flight = flight_next_lost(tcb);

	if (!flight)
		return false;
	if (flight != tcb->flight_head && seq_lt(tcb->snd_una + tcb->snd_wnd, flight->end))
		return false;
	if (!tcb_has(tcb, TCB_FORCE) && congestion_room(tcb) < flight->end - flight->seq) {
		tcb->flags |= TCB_CWND_LIMITED;
		return false;
	}
	tcb->flags &= ~(uint32_t)TCB_FORCE;
	flight_mark(tcb, flight, FLIGHT_AGAIN | FLIGHT_EVER, 0);
	flight->sent_ns = tcb->tcp->now_ns;
	tcp_count(tcb->tcp, STAT_tcp_retransmissions);
	transmit(tcb, flight->seq, flight->end, flight->flags);
	return true;
}

/* The last bytes under way that nobody has seen arrive: a tail loss probe. */
bool output_last_again(struct tcb *tcb)
{
	struct flight *last = NULL;

	for (struct flight *flight = tcb->flight_head; flight; flight = flight->next) {
		if (!(flight->flags & FLIGHT_SACKED))
			last = flight;
	}
	if (!last)
		return false;
	flight_mark(tcb, last, FLIGHT_EVER, 0);
	last->sent_ns = tcb->tcp->now_ns;
	tcp_count(tcb->tcp, STAT_tcp_retransmissions);
	transmit(tcb, last->seq, last->end, last->flags);
	return true;
}

void tcp_output(struct tcb *tcb)
{
	bool sent = false;

	if (!tcb_synchronized(tcb))
		return;
	if (!tcb->flight_head && output_waiting(tcb) > 0)
		congestion_idle(tcb);
	while (output_lost(tcb))
		sent = true;
	while (output_next(tcb))
		sent = true;
	if (tcb_has(tcb, TCB_ACK_NOW))
		transmit_ack(tcb);
	retransmit_keep(tcb);
	if (sent)
		tlp_arm(tcb);
}
