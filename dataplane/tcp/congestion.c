/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The congestion window: slow start and avoidance (RFC 5681), initial window (RFC 6928), limited transmit
 * (RFC 3042), recovery with SACK (RFC 6675) and without (NewReno, RFC 6582). With SACK, pipe says what is
 * under way and the window stays put; without, the window is inflated instead.
 */
#include "tcp/stages_priv.h"

enum { CWND_MAX = 1 << 30, DUP_THRESH = 3 };

static uint32_t initial_window(const struct tcb *tcb)
{
	return u32_min(10U * tcb->mss, u32_max(2U * tcb->mss, 14600));
}

void congestion_begin(struct tcb *tcb)
{
	tcb->cwnd = initial_window(tcb);
	tcb->ssthresh = CWND_MAX;
	tcb->recover = tcb->iss - 1;
	tcb->rack_fack = tcb->snd_una;
	tcb->reo_round = tcb->snd_una;
}

/* RFC 5681 4.1: what was learned a while ago may be wrong now. */
void congestion_idle(struct tcb *tcb)
{
	if (tcb->tcp->now_ns - tcb->sent_ns > rto_ns(tcb))
		tcb->cwnd = u32_min(tcb->cwnd, initial_window(tcb));
}

static bool inflates(const struct tcb *tcb)
{
	return tcb->congestion == CONGESTION_RECOVERY && !tcb_has(tcb, TCB_SACK);
}

/* Bytes that may leave now. */
uint32_t congestion_room(const struct tcb *tcb)
{
	uint32_t used = inflates(tcb) ? tcb->snd_nxt - tcb->snd_una : tcb->pipe;
	uint32_t cwnd = tcb->cwnd;

	/* RFC 3042: a segment for each of the first two duplicates. With SACK, pipe has shrunk already. */
	if (tcb->congestion == CONGESTION_OPEN && !tcb_has(tcb, TCB_SACK))
		cwnd += u32_min(tcb->dupacks, 2) * tcb->mss;
	return cwnd > used ? cwnd - used : 0;
}

/* RFC 5681, equation 4. */
void congestion_reduce(struct tcb *tcb)
{
	tcb->ssthresh = u32_max((tcb->snd_nxt - tcb->snd_una) / 2, 2U * tcb->mss);
	tcb->cwnd = tcb->ssthresh;
}

/* The first loss of a window: RFC 6675 5 (4), RFC 6582 3.2. */
void congestion_enter(struct tcb *tcb)
{
	ensure(tcb->congestion == CONGESTION_OPEN);
	tcp_count(tcb->tcp, STAT_tcp_fast_recoveries);
	congestion_reduce(tcb);
	tcb->recover = tcb->snd_nxt;
	tcb->congestion = CONGESTION_RECOVERY;
	tcb->flags |= TCB_FORCE;
	if (!tcb_has(tcb, TCB_PROBE_REO))
		tcb_disarm(tcb, TCB_LOSS);
}

/* RFC 5681 3.1: one segment, and slow start. A second timeout of the same flight tells nothing new. */
void congestion_timeout(struct tcb *tcb)
{
	if (tcb->congestion != CONGESTION_LOSS)
		congestion_reduce(tcb);
	tcb->cwnd = tcb->mss;
	tcb->recover = tcb->snd_nxt;
	tcb->congestion = CONGESTION_LOSS;
	tcb->dupacks = 0;
	tcb->flags &= ~(uint32_t)(TCB_TLP_OUT | TCB_PROBE_REO);
	flight_all_lost(tcb);
}

/* RFC 6582 3.2, step 2: a duplicate that follows a recovery is no sign of a new loss. */
void congestion_dupack(struct tcb *tcb)
{
	if (tcb->dupacks < UINT8_MAX)
		tcb->dupacks++;
	if (tcb->congestion == CONGESTION_RECOVERY) {
		tcb->cwnd = u32_min(tcb->cwnd + tcb->mss, CWND_MAX);
	} else if (tcb->congestion == CONGESTION_OPEN && tcb->dupacks == DUP_THRESH &&
		   seq_lt(tcb->recover, tcb->snd_una)) {
		flight_mark(tcb, tcb->flight_head, FLIGHT_LOST, FLIGHT_AGAIN);
		congestion_enter(tcb);
		tcb->cwnd = tcb->ssthresh + DUP_THRESH * tcb->mss;
	}
}

/* RFC 6582 3.2, step 3: all of it, or a part; then the next hole is where the acknowledgement stops. */
static void recovery_ack(struct tcb *tcb, const struct ack_news *news)
{
	uint32_t flight = tcb->snd_nxt - tcb->snd_una;

	if (seq_leq(tcb->recover, tcb->snd_una)) {
		tcb->congestion = CONGESTION_OPEN;
		tcb->cwnd = u32_min(tcb->ssthresh, u32_max(flight, tcb->mss) + tcb->mss);
		tcb->dupacks = 0;
		if (tcb->reo_persist > 0 && --tcb->reo_persist == 0)
			tcb->reo_mult = 1;
	} else if (!tcb_has(tcb, TCB_SACK)) {
		tcb->cwnd -= u32_min(news->acked, tcb->cwnd - tcb->mss);
		if (news->acked >= tcb->mss)
			tcb->cwnd += tcb->mss;
		flight_mark(tcb, tcb->flight_head, FLIGHT_LOST, FLIGHT_AGAIN);
		tcb->flags |= TCB_FORCE;
	}
}

/* RFC 5681 3.1. A window that was not used proves nothing, and does not grow. */
static void grow(struct tcb *tcb, uint32_t acked)
{
	uint32_t mss = tcb->mss;

	if (!tcb_has(tcb, TCB_CWND_LIMITED))
		return;
	tcb->flags &= ~(uint32_t)TCB_CWND_LIMITED;
	if (tcb->cwnd < tcb->ssthresh)
		tcb->cwnd += u32_min(acked, mss);
	else
		tcb->cwnd += u32_max(1, (uint32_t)((uint64_t)mss * mss / tcb->cwnd));
	tcb->cwnd = u32_min(tcb->cwnd, CWND_MAX);
}

void congestion_ack(struct tcb *tcb, const struct ack_news *news)
{
	if (tcb->congestion == CONGESTION_RECOVERY) {
		recovery_ack(tcb, news);
		return;
	}
	if (tcb->congestion == CONGESTION_LOSS && seq_leq(tcb->recover, tcb->snd_una))
		tcb->congestion = CONGESTION_OPEN;
	tcb->dupacks = 0;
	grow(tcb, news->acked);
}
