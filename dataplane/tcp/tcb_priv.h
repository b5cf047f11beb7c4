/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The transmission control block. Variables have the names of RFC 9293 3.3.1 (SND.UNA is snd_una). One
 * thread owns it; nothing here is read by another.
 */
#ifndef TCP_TCB_PRIV_H
#define TCP_TCB_PRIV_H

#include "base/timer.h"
#include "tcp/flight_priv.h"
#include "tcp/segment_priv.h"
#include "tcp/seq_priv.h"
#include "tcp/state_priv.h"

struct tcb {
	_Alignas(64) uint32_t magic;
	uint32_t flags; /* enum tcb_flag */
	struct tcp *tcp;
	struct tcp_key key;
	uint8_t state;      /* enum tcp_state */
	uint8_t congestion; /* enum congestion */
	uint8_t snd_shift;
	uint8_t rcv_shift;
	uint8_t dupacks;
	uint8_t backoff; /* how often the RTO was doubled */
	uint8_t events;  /* bits of enum tcp_event */
	uint8_t why;     /* enum tcp_reason */

	uint32_t snd_una, snd_nxt, snd_wnd, snd_wl1, snd_wl2, snd_wnd_max;
	uint32_t rcv_nxt;
	uint32_t rcv_edge;  /* advertised right edge: what we say and what we enforce; never moves left */
	uint32_t rcv_acked; /* Last.ACK.sent of RFC 7323 */
	uint32_t ts_recent, ts_offset;
	uint16_t mss;     /* text of a segment without options; the peer's, ours, and the path's MTU agreed */
	uint16_t rcv_mss; /* guess at the size the peer sends (RFC 9293 3.8.6.3) */

	uint32_t cwnd, ssthresh, pipe; /* bytes; pipe as RFC 6675 4 */
	uint32_t recover;              /* RFC 6582: SND.NXT when the recovery began */
	uint16_t lost_count;           /* records under way that are to be sent again */
	uint16_t sacked_count;
	uint32_t srtt_us, rttvar_us, rto_us;

	uint32_t snd_seq;    /* of the first queued byte */
	uint32_t snd_queued; /* bytes, under way or not */
	uint32_t snd_pinned;
	uint32_t rcv_queued;
	uint32_t rcv_pinned; /* in order and beyond gaps */
	uint32_t piece_count;
	struct rte_mbuf *snd_head, *snd_tail; /* owner: this; linked by next */
	struct rte_mbuf *rcv_head, *rcv_tail; /* same */
	struct flight *flight_head, *flight_tail;
	struct piece *pieces;

	struct timer timer;
	uint64_t timer_ns; /* what it is armed for */
	uint64_t deadlines_ns[TCB_TIMERS];

	/* From here on: seldom used. */
	struct flight flight_own; /* so that one record is never missing; free when its end is its seq */
	uint64_t ts_recent_ns;
	uint64_t heard_ns;    /* last segment of the peer */
	uint64_t data_ns;     /* last data either way */
	uint64_t sent_ns;     /* last data of ours; or our SYN */
	uint64_t progress_ns; /* SND.UNA moved, or data began to wait */
	uint64_t challenge_ns;
	uint64_t rack_sent_ns; /* RACK.xmit_ts */
	uint64_t rack_rtt_ns;
	uint64_t min_rtt_ns;
	struct rte_mbuf *cursor; /* where in the send queue cursor_seq lies: spares the way from its head */
	struct tcb *event_next;
	uint64_t cookie;
	uint32_t cursor_seq;
	uint32_t rack_end;
	uint32_t rack_fack;
	uint32_t tlp_end;
	uint32_t iss, irs, fin_seq;
	struct sack_block dsack;
	uint32_t sack_first; /* where the last piece was put: reported first (RFC 2018 4) */
	uint16_t mss_peer;
	uint8_t keepalive_sent;
	uint8_t full_losses; /* RTOs in a row of a full-sized segment: a black hole? */
	uint8_t reo_mult;    /* RACK.reo_wnd_mult */
	uint8_t reo_persist;
	uint32_t reo_round; /* no second DSACK counts before this is acknowledged */
	uint32_t user_timeout_ms;
	uint32_t line_next, line_prev; /* line.c: indices of tcbs; POOL_NONE: none */
	uint32_t starved_bytes;        /* what the refused chain would have pinned */
	uint64_t pmtu_raise_ns;        /* a router made the segments smaller: tried again from then on */
};
static_assert(offsetof(struct tcb, flight_own) <= 384, "the part that each segment touches");
static_assert(sizeof(struct tcb) <= 576, "100,000 idle connections are 58 MB");

static inline bool tcb_has(const struct tcb *tcb, uint32_t flags)
{
	return (tcb->flags & flags) != 0;
}

static inline bool tcb_synchronized(const struct tcb *tcb)
{
	return tcb->state >= TCP_ESTABLISHED;
}

#endif
