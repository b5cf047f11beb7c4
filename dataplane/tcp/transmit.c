/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments of a connection, built and sent. Text is copied out of the send queue into a fresh mbuf: a few
 * dozen nanoseconds for a SIP message, and the queue's buffers are never shared with a device, which may hold
 * them as long as it likes while an acknowledgement frees them here. When no mbuf is free, the segment counts
 * as sent and lost: the timers that mend the one mend the other.
 */
#include "tcp/stages_priv.h"

#include <rte_mbuf.h>

/* Whatever carries an ACK pays the debt. */
static void ack_paid(struct tcb *tcb)
{
	tcb->flags &= ~(uint32_t)(TCB_ACK_NOW | TCB_DSACK);
	tcb_disarm(tcb, TCB_ACK);
	tcb->rcv_acked = tcb->rcv_nxt;
}

static struct tcp_options options_now(const struct tcb *tcb)
{
	struct tcp_options options = {0};

	if (tcb_has(tcb, TCB_TS)) {
		options.has_ts = true;
		options.tsval = tcp_now_ms(tcb->tcp) + tcb->ts_offset;
		options.tsecr = tcb->ts_recent;
	}
	if (tcb_has(tcb, TCB_SACK) && (tcb->pieces || tcb_has(tcb, TCB_DSACK)))
		options.sack_count = (uint8_t)text_sack_blocks(tcb, options.sack, TCP_SACK_BLOCKS_MAX);
	return options;
}

/* RFC 9293 3.7.1: what the options take is not there for text. */
uint32_t output_text_max(const struct tcb *tcb)
{
	const struct tcp_options options = options_now(tcb);

	return u32_min(tcb->mss - options_len(&options), tcb->tcp->text_max);
}

static void text_copy(struct tcb *tcb, uint32_t seq, uint32_t len, char *to)
{
	struct rte_mbuf *mbuf = tcb->cursor;
	uint32_t at = tcb->cursor_seq;

	if (!mbuf || seq_lt(seq, at)) {
		mbuf = tcb->snd_head;
		at = tcb->snd_seq;
	}
	for (; seq - at >= mbuf->data_len; mbuf = mbuf->next)
		at += mbuf->data_len;
	tcb->cursor = mbuf;
	tcb->cursor_seq = at;
	for (uint32_t offset = seq - at; len > 0; offset = 0, mbuf = mbuf->next) {
		uint32_t part = u32_min(len, mbuf->data_len - offset);
		memcpy(to, rte_pktmbuf_mtod_offset(mbuf, const char *, offset), part);
		to += part;
		len -= part;
	}
}

static void transmit_one(struct tcb *tcb, uint32_t seq, uint32_t len, bool fin)
{
	struct tcp *tcp = tcb->tcp;
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(tcp->config.pool);
	bool last = seq + len == tcb->snd_seq + tcb->snd_queued;
	struct segment_out out = {
		.key = &tcb->key,
		.seq = seq,
		.ack = tcb->rcv_nxt,
		.flags = TCP_ACK | (fin ? TCP_FIN : 0) | (len > 0 && last ? TCP_PSH : 0),
		.options = options_now(tcb),
	};

	if (!mbuf) {
		tcp_count(tcp, STAT_tcp_no_mbuf);
		return;
	}
	mbuf->data_off = TCP_HEADROOM + TCP_HEADER_MAX;
	if (len > 0)
		text_copy(tcb, seq, len, rte_pktmbuf_append(mbuf, (uint16_t)len));
	out.window = window_choose(tcb);
	segment_send_text(tcp, &out, mbuf);
	ack_paid(tcb);
}

/* flags: FLIGHT_FIN when the last number of the range is that of the FIN. */
void transmit(struct tcb *tcb, uint32_t seq, uint32_t end, uint8_t flags)
{
	bool fin = (flags & FLIGHT_FIN) != 0;
	uint32_t text_end = fin ? end - 1 : end;

	do {
		uint32_t len = u32_min(text_end - seq, output_text_max(tcb));
		transmit_one(tcb, seq, len, fin && seq + len == text_end);
		seq += len;
	} while (seq != text_end);
}

/* In SYN-RECEIVED the peer's SYN is known, and only what both want is said. */
void transmit_syn(struct tcb *tcb)
{
	struct tcp *tcp = tcb->tcp;
	bool answer = tcb->state == TCP_SYN_RECEIVED;
	struct segment_out out = {
		.key = &tcb->key,
		.seq = tcb->iss,
		.ack = answer ? tcb->rcv_nxt : 0,
		.window = (uint16_t)u32_min(tcp->config.window_bytes, UINT16_MAX),
		.flags = TCP_SYN | (answer ? TCP_ACK : 0),
		.options =
			{
				.mss = (uint16_t)mss_of_mtu(&tcb->key, tcp->config.mtu),
				.has_ts = !answer || tcb_has(tcb, TCB_TS),
				.tsval = tcp_now_ms(tcp) + tcb->ts_offset,
				.tsecr = tcb->ts_recent,
				.sack_permitted = !answer || tcb_has(tcb, TCB_SACK),
				.has_shift = !answer || tcb->rcv_shift > 0 || tcb->snd_shift > 0,
				.shift = tcp->window_shift,
			},
	};

	tcb->sent_ns = tcp->now_ns;
	(void)segment_send(tcp, &out);
}

static bool ack_send(struct tcb *tcb, uint32_t seq)
{
	struct segment_out out = {
		.key = &tcb->key,
		.seq = seq,
		.ack = tcb->rcv_nxt,
		.flags = TCP_ACK,
		.options = options_now(tcb),
	};

	out.window = window_choose(tcb);
	return segment_send(tcb->tcp, &out);
}

/*
 * SND.NXT, but no farther than the peer's window reaches: a byte that probes a closed window lies beyond it,
 * and a peer that keeps to RFC 9293 3.10.7.4 would not look at an acknowledgement that stands behind that
 * byte.
 */
static uint32_t ack_seq(const struct tcb *tcb)
{
	return seq_min(tcb->snd_nxt, tcb->snd_una + tcb->snd_wnd);
}

void transmit_ack(struct tcb *tcb)
{
	bool sent = ack_send(tcb, ack_seq(tcb));

	ack_paid(tcb);
	if (!sent)
		tcb_arm(tcb, TCB_ACK, tcb->tcp->config.delayed_ack_ms * TCP_MS);
}

/* RFC 9293 3.8.4: a number that was acknowledged already, so that the peer must answer. */
void transmit_probe(struct tcb *tcb)
{
	(void)ack_send(tcb, tcb->snd_nxt - 1);
}

/* RFC 5961. Of one connection seldom: the peer might answer with a challenge of its own, and so on. */
void challenge_ack(struct tcb *tcb)
{
	struct tcp *tcp = tcb->tcp;
	uint64_t since_ns = tcp->now_ns - tcb->challenge_ns;

	if ((tcb->challenge_ns && since_ns < TCP_CHALLENGE_EVERY_MS * TCP_MS) ||
		!budget_take(&tcp->challenge_budget, tcp->now_ns)) {
		tcp_count(tcp, STAT_tcp_challenges_limited);
		return;
	}
	tcb->challenge_ns = tcp->now_ns;
	tcp_count(tcp, STAT_tcp_challenges_sent);
	transmit_ack(tcb);
}
