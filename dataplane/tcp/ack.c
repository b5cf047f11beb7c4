/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ACK of a segment (RFC 9293 3.10.7.4, fifth check): what it frees, which loss it tells, which state. */
#include "tcp/stages_priv.h"

/* Third segment of the handshake, after a simultaneous open or from a compact entry. */
static enum stage establish(struct tcb *tcb, const struct segment *seg)
{
	if (seg->ack != tcb->iss + 1) {
		tcp_count(tcb->tcp, STAT_tcp_bad_ack);
		reset_answer(tcb->tcp, seg);
		return STAGE_DONE;
	}
	tcb->snd_una = seg->ack;
	tcb->snd_wnd = seg->window << tcb->snd_shift;
	tcb->snd_wnd_max = u32_max(tcb->snd_wnd_max, tcb->snd_wnd);
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = seg->ack;
	tcb_established(tcb);
	if (tcb_has(tcb, TCB_FIN_QUEUED))
		tcb->state = TCP_FIN_WAIT_1;
	return STAGE_NEXT;
}

/* RFC 5961 5.2. */
static bool plausible(const struct tcb *tcb, const struct segment *seg)
{
	return seq_leq(seg->ack, tcb->snd_nxt) && seq_leq(tcb->snd_una - tcb->snd_wnd_max, seg->ack);
}

/*
 * SND.WND from the newest segment: RFC 9293's rule by sequence numbers alone would pass over the window of a
 * segment that fills a gap while its ACK moves SND.UNA, and so keep an old window from a new beginning.
 * When the window opens, the byte that probed it goes again with the rest.
 */
static void window_learn(struct tcb *tcb, const struct segment *seg, bool advances)
{
	uint32_t window = seg->window << tcb->snd_shift;
	bool newer = advances || seq_lt(tcb->snd_wl1, seg->seq) ||
		     (tcb->snd_wl1 == seg->seq && seq_leq(tcb->snd_wl2, seg->ack));

	if (!newer)
		return;
	if (tcb_has(tcb, TCB_PERSIST) && window > tcb->snd_wnd && tcb->flight_head) {
		flight_mark(tcb, tcb->flight_head, FLIGHT_LOST, FLIGHT_AGAIN);
		tcb->flags |= TCB_FORCE;
	}
	tcb->snd_wnd = window;
	tcb->snd_wnd_max = u32_max(tcb->snd_wnd_max, window);
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = seg->ack;
}

/* RFC 5681 2: five conditions; with SACK, the blocks say more than the count. */
static bool is_dupack(const struct tcb *tcb, const struct segment *seg, const struct ack_news *news)
{
	return !tcb_has(tcb, TCB_SACK) && tcb->flight_head && segment_space(seg) == 0 &&
	       seg->ack == news->una_before && news->window_same && !tcb_has(tcb, TCB_PERSIST);
}

/* Duplicates leave the timer alone: a stream of them would keep it from ever firing. */
static void react(struct tcb *tcb, const struct segment *seg, const struct ack_news *news)
{
	if (news->acked > 0) {
		retransmit_arm(tcb);
		give_up_arm(tcb);
		if (tcb_has(tcb, TCB_APP_CLOSED))
			tcb_arm(tcb, TCB_CLOSE, tcb->tcp->config.close_limit_ms * TCP_MS);
	}
	if (news->acked > 0 || news->sacked || news->dsack) {
		rack_detect(tcb);
		tlp_ack(tcb, news);
	}
	if (news->acked > 0)
		congestion_ack(tcb, news);
	else if (is_dupack(tcb, seg, news))
		congestion_dupack(tcb);
	if (news->acked > 0)
		tlp_arm(tcb);
}

/* A peer that keeps answering probes with a closed window is slow, not gone. */
static void probe_answered(struct tcb *tcb)
{
	if (!tcb_has(tcb, TCB_PERSIST))
		return;
	tcb->progress_ns = tcb->tcp->now_ns;
	give_up_arm(tcb);
}

/* Our FIN is acknowledged. */
static enum stage closing(struct tcb *tcb)
{
	if (!tcb_has(tcb, TCB_FIN_SENT) || tcb->snd_una != tcb->snd_nxt)
		return STAGE_NEXT;
	if (tcb->state == TCP_FIN_WAIT_1) {
		tcb->state = TCP_FIN_WAIT_2;
		tcb_disarm(tcb, TCB_GIVE_UP);
		if (tcb_has(tcb, TCB_APP_CLOSED))
			tcb_arm(tcb, TCB_CLOSE, tcb->tcp->config.close_limit_ms * TCP_MS);
	} else if (tcb->state == TCP_CLOSING) {
		wait_enter(tcb);
		return STAGE_DONE;
	} else if (tcb->state == TCP_LAST_ACK) {
		tcb_end(tcb, TCP_WHY_CLOSED);
		return STAGE_DONE;
	}
	return STAGE_NEXT;
}

enum stage ack_stage(struct tcb *tcb, struct segment *seg)
{
	struct ack_news news;

	if (tcb->state == TCP_SYN_RECEIVED && establish(tcb, seg) == STAGE_DONE)
		return STAGE_DONE;
	if (!plausible(tcb, seg)) {
		tcp_count(tcb->tcp, STAT_tcp_bad_ack);
		challenge_ack(tcb);
		return STAGE_DONE;
	}
	tcb->heard_ns = tcb->tcp->now_ns;
	ts_learn(tcb, seg);
	if (seq_lt(seg->ack, tcb->snd_una))
		return STAGE_NEXT;
	news = (struct ack_news){
		.una_before = tcb->snd_una, .window_same = seg->window << tcb->snd_shift == tcb->snd_wnd};
	probe_answered(tcb);
	sack_learn(tcb, seg, &news);
	if (seq_lt(tcb->snd_una, seg->ack))
		flight_acked(tcb, seg, &news);
	window_learn(tcb, seg, news.acked > 0);
	react(tcb, seg, &news);
	return closing(tcb);
}
