/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A segment for a connection, stage by stage as RFC 9293 3.10.7.4 has them: sequence number, RST, SYN, ACK,
 * text, FIN. The URG bit is not read: no protocol here uses it, and its bytes are ordinary text.
 */
#include "tcp/stages_priv.h"

/* RFC 7323 5.3, R1. After 24 days without a word the clocks may have wrapped. */
static bool paws_refuses(const struct tcb *tcb, const struct segment *seg)
{
	uint64_t age_ns = tcb->tcp->now_ns - tcb->ts_recent_ns;

	return tcb_has(tcb, TCB_TS) && seg->options.has_ts && !(seg->flags & TCP_RST) &&
	       seq_lt(seg->options.tsval, tcb->ts_recent) && age_ns < TCP_PAWS_IDLE_DAYS * 86400 * TCP_S;
}

/*
 * RFC 9293 3.4, table 6: the window is the one we advertised. A segment without text may stand at its very
 * edge: that is where acknowledgements of a peer stand that has filled it, while we wait for a piece of that.
 */
static bool acceptable(const struct tcb *tcb, const struct segment *seg)
{
	uint32_t window = tcb->rcv_edge - tcb->rcv_nxt;
	uint32_t space = segment_space(seg);

	if (window == 0)
		return space == 0 && seg->seq == tcb->rcv_nxt;
	if (seg->seq - tcb->rcv_nxt < window + (space == 0))
		return true;
	return space > 0 && seg->seq + space - 1 - tcb->rcv_nxt < window;
}

/*
 * Bytes we have already are acknowledged again, at once: their sender waits for that. Bare segments are
 * answered seldom, lest two ends that disagree answer each other for ever.
 */
static void answer_unacceptable(struct tcb *tcb, const struct segment *seg)
{
	if (segment_space(seg) == 0 || (seg->flags & TCP_SYN)) {
		challenge_ack(tcb);
		return;
	}
	if (seg->len > 0 && seq_leq(seg->seq + seg->len, tcb->rcv_nxt)) {
		tcb->dsack = (struct sack_block){seg->seq, seg->seq + seg->len};
		tcb->flags |= TCB_DSACK;
	}
	transmit_ack(tcb);
}

/* What a closed window cannot take is cut off, but its ACK counts (RFC 9293 3.10.7.4, first check). */
static void strip(struct tcb *tcb, struct segment *seg)
{
	chain_free(seg->text);
	seg->text = NULL;
	seg->len = 0;
	seg->flags &= (uint8_t)~TCP_FIN;
	tcb->flags |= TCB_ACK_NOW;
}

static enum stage sequence_stage(struct tcb *tcb, struct segment *seg)
{
	struct tcp *tcp = tcb->tcp;

	/* Simultaneous open: the peer's SYN comes a second time, now with the ACK that we wait for. */
	if (tcb->state == TCP_SYN_RECEIVED && (seg->flags & TCP_SYN) && (seg->flags & TCP_ACK) &&
		seg->seq == tcb->irs) {
		seg->flags &= (uint8_t)~TCP_SYN;
		seg->seq++;
		seg->window >>= tcb->snd_shift; /* that of a SYN is not scaled: RFC 7323 2.2 */
	}
	if (paws_refuses(tcb, seg)) {
		tcp_count(tcp, STAT_tcp_paws);
		answer_unacceptable(tcb, seg);
		return STAGE_DONE;
	}
	if (acceptable(tcb, seg))
		return STAGE_NEXT;
	if (seg->flags & TCP_RST) {
		tcp_count(tcp, STAT_tcp_rst_unacceptable);
		return STAGE_DONE;
	}
	tcp_count(tcp, STAT_tcp_out_of_window);
	if (seg->seq == tcb->rcv_nxt && !(seg->flags & TCP_SYN)) {
		strip(tcb, seg);
		return STAGE_NEXT;
	}
	answer_unacceptable(tcb, seg);
	return STAGE_DONE;
}

/* RFC 5961 3.2: only the very next number resets; a number that merely fits may be a guess. */
static enum stage rst_stage(struct tcb *tcb, const struct segment *seg)
{
	bool refused = tcb->state == TCP_SYN_RECEIVED;

	if (!(seg->flags & TCP_RST))
		return STAGE_NEXT;
	if (seg->seq != tcb->rcv_nxt) {
		tcp_count(tcb->tcp, STAT_tcp_rst_unacceptable);
		challenge_ack(tcb);
		return STAGE_DONE;
	}
	tcp_count(tcb->tcp, STAT_tcp_resets_received);
	tcb_end(tcb, refused ? TCP_WHY_REFUSED : TCP_WHY_RESET);
	return STAGE_DONE;
}

/* RFC 5961 4.2: never a reset; a peer that has really begun anew answers the challenge with one of its own.
 */
static enum stage syn_stage(struct tcb *tcb, const struct segment *seg)
{
	if (!(seg->flags & TCP_SYN))
		return STAGE_NEXT;
	tcp_count(tcb->tcp, STAT_tcp_syn_in_connection);
	challenge_ack(tcb);
	return STAGE_DONE;
}

/* RFC 7323 3.2: once agreed, every segment has timestamps; one without is not the peer's. */
static enum stage form_stage(struct tcb *tcb, const struct segment *seg)
{
	if (!(seg->flags & TCP_ACK)) {
		tcp_count(tcb->tcp, STAT_tcp_no_ack);
		return STAGE_DONE;
	}
	if (tcb_has(tcb, TCB_TS) && !seg->options.has_ts) {
		tcp_count(tcb->tcp, STAT_tcp_no_timestamp);
		return STAGE_DONE;
	}
	return STAGE_NEXT;
}

/* RFC 7323 4.3: from the segment that our next ACK is owed to. */
void ts_learn(struct tcb *tcb, const struct segment *seg)
{
	if (!tcb_has(tcb, TCB_TS) || !seg->options.has_ts || seq_lt(tcb->rcv_acked, seg->seq))
		return;
	tcb->ts_recent = seg->options.tsval;
	tcb->ts_recent_ns = tcb->tcp->now_ns;
}

void tcb_input(struct tcb *tcb, struct segment *seg)
{
	if (tcb->state == TCP_SYN_SENT) {
		syn_sent_input(tcb, seg);
	} else if (sequence_stage(tcb, seg) == STAGE_NEXT && rst_stage(tcb, seg) == STAGE_NEXT &&
		   syn_stage(tcb, seg) == STAGE_NEXT && form_stage(tcb, seg) == STAGE_NEXT &&
		   ack_stage(tcb, seg) == STAGE_NEXT) {
		text_stage(tcb, seg);
	}
	tcp_output(tcb);
}
