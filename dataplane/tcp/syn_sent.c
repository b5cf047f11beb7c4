/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A segment in SYN-SENT (RFC 9293 3.10.7.3): the answer to our SYN, or the peer's own SYN crossing it. */
#include "tcp/stages_priv.h"

static bool ack_is_ours(const struct tcb *tcb, const struct segment *seg)
{
	return seg->ack == tcb->iss + 1;
}

static void learn_syn(struct tcb *tcb, const struct segment *seg)
{
	tcb->irs = seg->seq;
	tcb->rcv_nxt = tcb->rcv_acked = seg->seq + 1;
	tcb->rcv_edge = tcb->rcv_nxt + u32_min(tcb->tcp->config.window_bytes, UINT16_MAX);
	tcb->ts_recent = seg->options.tsval;
	tcb->ts_recent_ns = tcb->tcp->now_ns;
	tcb->heard_ns = tcb->tcp->now_ns;
	tcb_agree(tcb, &seg->options);
	/* The window of a SYN is never scaled (RFC 7323 2.2). */
	tcb->snd_wnd = tcb->snd_wnd_max = seg->window;
	tcb->snd_wl1 = seg->seq;
	tcb->snd_wl2 = seg->ack;
}

static void connected(struct tcb *tcb, struct segment *seg)
{
	tcb->snd_una = seg->ack;
	if (!tcb_has(tcb, TCB_SYN_AGAIN))
		rtt_sample(tcb, tcb->tcp->now_ns - tcb->sent_ns);
	tcb_established(tcb);
	tcb->flags |= TCB_ACK_NOW;
	/* What may follow the SYN in the same segment begins at the next number. */
	seg->seq++;
	seg->flags &= (uint8_t)~TCP_SYN;
	text_stage(tcb, seg);
}

static void simultaneous(struct tcb *tcb)
{
	tcb->state = TCP_SYN_RECEIVED;
	tcb->backoff = 0;
	transmit_syn(tcb);
	tcb_arm(tcb, TCB_RETRANSMIT, rto_ns(tcb));
}

void syn_sent_input(struct tcb *tcb, struct segment *seg)
{
	struct tcp *tcp = tcb->tcp;
	bool has_ack = (seg->flags & TCP_ACK) != 0;

	if (has_ack && !ack_is_ours(tcb, seg)) {
		tcp_count(tcp, STAT_tcp_bad_ack);
		reset_answer(tcp, seg);
	} else if ((seg->flags & TCP_RST) && !has_ack) {
		tcp_count(tcp, STAT_tcp_rst_unacceptable);
	} else if (seg->flags & TCP_RST) {
		tcp_count(tcp, STAT_tcp_resets_received);
		tcb_end(tcb, TCP_WHY_REFUSED);
	} else if (!(seg->flags & TCP_SYN)) {
		tcp_count(tcp, STAT_tcp_no_syn);
	} else {
		learn_syn(tcb, seg);
		if (has_ack)
			connected(tcb, seg);
		else
			simultaneous(tcb);
	}
}
