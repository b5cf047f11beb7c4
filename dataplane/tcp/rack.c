/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RACK-TLP (RFC 8985): loss by time. What was sent a reordering window before something that arrived is lost.
 * At the tail, where nothing follows that could arrive, a probe after about two round trips asks for an
 * answer. DupThresh of RFC 6675 lives on in the reordering window: three SACKed segments make it zero as long
 * as no reordering was seen (section 6.2, step 4).
 */
#include "tcp/stages_priv.h"

enum { DUP_THRESH = 3, REO_MULT_MAX = 32, REO_PERSIST = 16 };

/* Section 6.2, steps 2 and 3. An early answer to a retransmission is one to the original. */
void rack_learn(struct tcb *tcb, const struct flight *flight)
{
	uint64_t rtt_ns = tcb->tcp->now_ns - flight->sent_ns;

	if (seq_lt(flight->end, tcb->rack_fack) && !(flight->flags & FLIGHT_EVER))
		tcb->flags |= TCB_REORDERED;
	tcb->rack_fack = seq_max(tcb->rack_fack, flight->end);
	if ((flight->flags & FLIGHT_EVER) && rtt_ns < tcb->min_rtt_ns)
		return;
	if (flight->sent_ns < tcb->rack_sent_ns ||
		(flight->sent_ns == tcb->rack_sent_ns && seq_lt(flight->end, tcb->rack_end)))
		return;
	tcb->rack_sent_ns = flight->sent_ns;
	tcb->rack_end = flight->end;
	tcb->rack_rtt_ns = rtt_ns;
}

/* Step 4: something we sent again was not lost. Wider for a while; at most once a round trip. */
void rack_dsack(struct tcb *tcb)
{
	if (seq_lt(tcb->snd_una, tcb->reo_round))
		return;
	tcb->reo_round = tcb->snd_nxt;
	tcb->reo_persist = REO_PERSIST;
	if (tcb->reo_mult < REO_MULT_MAX)
		tcb->reo_mult++;
}

static uint64_t reordering_window_ns(const struct tcb *tcb)
{
	uint64_t window_ns;

	if (!tcb_has(tcb, TCB_REORDERED) &&
		(tcb->congestion != CONGESTION_OPEN || tcb->sacked_count >= DUP_THRESH))
		return 0;
	if (tcb->min_rtt_ns == UINT64_MAX)
		return 0;
	window_ns = tcb->min_rtt_ns / 4 * tcb->reo_mult;
	return window_ns < tcb->srtt_us * 1000ULL ? window_ns : tcb->srtt_us * 1000ULL;
}

static bool sent_before_rack(const struct tcb *tcb, const struct flight *flight)
{
	if (flight->sent_ns != tcb->rack_sent_ns)
		return flight->sent_ns < tcb->rack_sent_ns;
	return seq_lt(flight->end, tcb->rack_end);
}

/* Marks what is lost by now; returns how long until the next could be. 0: none. */
static uint64_t detect(struct tcb *tcb)
{
	uint64_t now_ns = tcb->tcp->now_ns;
	uint64_t limit_ns = tcb->rack_rtt_ns + reordering_window_ns(tcb);
	uint64_t wait_ns = 0;

	for (struct flight *flight = tcb->flight_head; flight; flight = flight->next) {
		bool waits = (flight->flags & (FLIGHT_LOST | FLIGHT_AGAIN)) == FLIGHT_LOST;
		if ((flight->flags & FLIGHT_SACKED) || waits || !sent_before_rack(tcb, flight))
			continue;
		uint64_t lost_ns = flight->sent_ns + limit_ns;
		if (lost_ns <= now_ns)
			flight_mark(tcb, flight, FLIGHT_LOST, FLIGHT_AGAIN);
		else if (lost_ns - now_ns > wait_ns)
			wait_ns = lost_ns - now_ns;
	}
	return wait_ns;
}

/* Step 5. */
void rack_detect(struct tcb *tcb)
{
	uint64_t wait_ns;

	if (!tcb_has(tcb, TCB_SACK) || tcb->rack_sent_ns == 0 || tcb_has(tcb, TCB_PERSIST))
		return;
	wait_ns = detect(tcb);
	if (tcb->lost_count > 0 && tcb->congestion == CONGESTION_OPEN)
		congestion_enter(tcb);
	if (wait_ns > 0) {
		tcb->flags |= TCB_PROBE_REO;
		tcb_arm(tcb, TCB_LOSS, wait_ns);
	} else if (tcb_has(tcb, TCB_PROBE_REO)) {
		tcb->flags &= ~(uint32_t)TCB_PROBE_REO;
		tcb_disarm(tcb, TCB_LOSS);
	}
}

/* Section 7.2. Before RTO if that would come first: the timer that asks is kinder than the one that punishes.
 */
void tlp_arm(struct tcb *tcb)
{
	uint64_t rto_at_ns = tcb->deadlines_ns[TCB_RETRANSMIT];
	uint64_t in_ns = tcb_has(tcb, TCB_ACKED_ONCE) ? 2000ULL * tcb->srtt_us : TCP_RTO_FIRST_MS * TCP_MS;

	if (tcb_has(tcb, TCB_PROBE_REO))
		return;
	tcb_disarm(tcb, TCB_LOSS);
	if (!tcb_has(tcb, TCB_SACK) || tcb_has(tcb, TCB_PERSIST | TCB_TLP_OUT) ||
		tcb->congestion != CONGESTION_OPEN || !tcb->flight_head)
		return;
	if (tcb->flight_head == tcb->flight_tail)
		in_ns += TCP_TLP_ACK_DELAY_MS * TCP_MS;
	in_ns = in_ns > TCP_TLP_MIN_MS * TCP_MS ? in_ns : TCP_TLP_MIN_MS * TCP_MS;
	if (rto_at_ns != TIMER_NONE && rto_at_ns < tcb->tcp->now_ns + in_ns)
		in_ns = rto_at_ns - tcb->tcp->now_ns;
	tcb_arm(tcb, TCB_LOSS, in_ns);
}

/* Section 7.3: new text if the peer has room for it, whatever cwnd says; else the last segment again. */
static void probe(struct tcb *tcb)
{
	int32_t usable = (int32_t)(tcb->snd_una + tcb->snd_wnd - tcb->snd_nxt);
	bool fresh = usable > 0 && output_new(tcb, (uint32_t)usable);

	if (!fresh && !output_last_again(tcb))
		return;
	tcp_count(tcb->tcp, STAT_tcp_tail_probes);
	tcb->tlp_end = tcb->snd_nxt;
	tcb->flags = (tcb->flags & ~(uint32_t)TCB_TLP_RETX) | TCB_TLP_OUT | (fresh ? 0 : TCB_TLP_RETX);
	tcb_arm(tcb, TCB_RETRANSMIT, rto_ns(tcb));
}

void tlp_fire(struct tcb *tcb)
{
	if (tcb_has(tcb, TCB_PROBE_REO)) {
		tcb->flags &= ~(uint32_t)TCB_PROBE_REO;
		rack_detect(tcb);
		tcp_output(tcb);
	} else if (tcb->congestion == CONGESTION_OPEN && tcb->flight_head && !tcb_has(tcb, TCB_PERSIST)) {
		probe(tcb);
	}
}

/* Section 7.4.2: a probe that mended a loss hid it from the congestion window. */
void tlp_ack(struct tcb *tcb, const struct ack_news *news)
{
	if (!tcb_has(tcb, TCB_TLP_OUT) || seq_lt(tcb->snd_una, tcb->tlp_end))
		return;
	if (tcb_has(tcb, TCB_TLP_RETX) && !news->dsack) {
		if (tcb->snd_una == tcb->tlp_end && news->acked > 0)
			return; /* the original or the probe? The next ACK, a duplicate or not, tells */
		if (seq_lt(tcb->tlp_end, tcb->snd_una))
			congestion_reduce(tcb);
	}
	tcb->flags &= ~(uint32_t)TCB_TLP_OUT;
}
