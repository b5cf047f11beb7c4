/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Passive SYN-RECEIVED in a compact entry: what a SYN may cost us. It becomes a tcb with the third segment of
 * the handshake; text on the SYN is not kept, its sender repeats it. When entries run high, cookie.c answers.
 */
#include "tcp/stages_priv.h"

void half_learn(struct half *half, const struct segment *seg)
{
	const struct tcp_options *options = &seg->options;

	half->key = seg->key;
	half->irs = seg->seq;
	half->wnd = seg->window;
	half->mss_peer = options->mss;
	half->shift = options->shift;
	half->ts_recent = options->tsval;
	half->flags = (options->has_ts ? HALF_TS : 0) | (options->sack_permitted ? HALF_SACK : 0) |
		      (options->has_shift ? HALF_SHIFT : 0);
}

/* NULL when the place has another listener by now. */
static struct tcp_listener *listener_of(const struct half *half)
{
	struct tcp_listener *listener = &half->tcp->listeners[half->listener];

	return listener->life == half->listener_life ? listener : NULL;
}

static uint16_t window_first(const struct tcp *tcp)
{
	return (uint16_t)u32_min(tcp->config.window_bytes, UINT16_MAX);
}

void synack_send(struct tcp *tcp, const struct half *half)
{
	struct segment_out out = {
		.key = &half->key,
		.seq = half->iss,
		.ack = half->irs + 1,
		.window = window_first(tcp),
		.flags = TCP_SYN | TCP_ACK,
		.options =
			{
				.mss = (uint16_t)mss_of_mtu(&half->key, tcp->config.mtu),
				.has_ts = (half->flags & HALF_TS) != 0,
				.tsval = tcp_now_ms(tcp) + half->ts_offset,
				.tsecr = half->ts_recent,
				.sack_permitted = (half->flags & HALF_SACK) != 0,
				.has_shift = (half->flags & HALF_SHIFT) != 0,
				.shift = tcp->window_shift,
			},
	};

	(void)segment_send(tcp, &out);
}

/* RFC 6298 for SYN-ACKs: 1 s, 2 s, 4 s... */
static void half_arm(struct half *half)
{
	uint64_t in_ns = (TCP_RTO_FIRST_MS * TCP_MS) << (half->tries - 1);

	timer_arm(&half->tcp->wheel, &half->timer, half->tcp->now_ns + in_ns);
}

/* True when entries should be kept for those who answer. */
static bool runs_high(const struct tcp *tcp, const struct tcp_listener *listener)
{
	return listener->half_open >= listener->backlog ||
	       tcp->halves.used >= tcp->halves.object_count - tcp->halves.object_count / 4;
}

void half_open(struct tcp *tcp, struct tcp_listener *listener, const struct segment *seg, uint32_t iss)
{
	struct half *half = runs_high(tcp, listener) ? NULL : pool_take(&tcp->halves);

	if (!half) {
		cookie_answer(tcp, seg);
		return;
	}
	*half = (struct half){.tcp = tcp, .iss = iss, .tries = 1, .sent_ns = tcp->now_ns};
	half_learn(half, seg);
	half->ts_offset = isn_ts_offset(tcp, &seg->key);
	half->listener = (uint8_t)(listener - tcp->listeners);
	half->listener_life = listener->life;
	listener->half_open++;
	timer_init(&half->timer, half_fire);
	table_add(tcp, TABLE_HALF, half);
	synack_send(tcp, half);
	half_arm(half);
}

void half_free(struct half *half)
{
	struct tcp *tcp = half->tcp;
	struct tcp_listener *listener = listener_of(half);

	if (listener) {
		ensure(listener->half_open > 0);
		listener->half_open--;
	}
	timer_stop(&tcp->wheel, &half->timer);
	table_remove(tcp, &half->key);
	pool_give(&tcp->halves, half);
}

void half_fire(struct timer *timer, uint64_t now_ns)
{
	struct half *half = timer_owner(timer, struct half, timer);

	half->tcp->now_ns = now_ns;
	if (half->tries >= TCP_HALF_TRIES) {
		tcp_count(half->tcp, STAT_tcp_half_timeout);
		half_free(half);
		return;
	}
	half->tries++;
	tcp_count(half->tcp, STAT_tcp_retransmissions);
	synack_send(half->tcp, half);
	half_arm(half);
}

static void half_challenge(const struct half *half)
{
	struct tcp *tcp = half->tcp;
	struct segment_out out = {
		.key = &half->key,
		.seq = half->iss + 1,
		.ack = half->irs + 1,
		.window = window_first(tcp),
		.flags = TCP_ACK,
		.options = {.has_ts = (half->flags & HALF_TS) != 0,
			.tsval = tcp_now_ms(tcp) + half->ts_offset,
			.tsecr = half->ts_recent},
	};

	if (!budget_take(&tcp->challenge_budget, tcp->now_ns)) {
		tcp_count(tcp, STAT_tcp_challenges_limited);
		return;
	}
	tcp_count(tcp, STAT_tcp_challenges_sent);
	(void)segment_send(tcp, &out);
}

/* RFC 5961 3.2, and RFC 9293 3.10.7.4: back to LISTEN. */
static void half_reset(struct half *half, const struct segment *seg)
{
	struct tcp *tcp = half->tcp;

	if (seg->seq == half->irs + 1) {
		tcp_count(tcp, STAT_tcp_half_reset);
		half_free(half);
	} else {
		tcp_count(tcp, STAT_tcp_rst_unacceptable);
		if (seg->seq - (half->irs + 1) < window_first(tcp))
			half_challenge(half);
	}
}

static bool in_window(const struct half *half, const struct segment *seg)
{
	if ((half->flags & HALF_TS) && seg->options.has_ts && seq_lt(seg->options.tsval, half->ts_recent))
		return false;
	return seg->seq - (half->irs + 1) < window_first(half->tcp);
}

static struct tcb *tcb_of(struct tcp *tcp, const struct half *half)
{
	const struct tcp_listener *listener = listener_of(half);
	struct tcb *tcb = tcb_begin(tcp, &half->key, listener ? listener->cookie : 0);
	const struct tcp_options options = {
		.mss = half->mss_peer,
		.has_ts = (half->flags & HALF_TS) != 0,
		.sack_permitted = (half->flags & HALF_SACK) != 0,
		.has_shift = (half->flags & HALF_SHIFT) != 0,
		.shift = half->shift,
	};

	if (!tcb)
		return NULL;
	tcb->state = TCP_SYN_RECEIVED;
	tcb->iss = tcb->snd_una = half->iss;
	tcb->snd_nxt = tcb->snd_seq = tcb->cursor_seq = half->iss + 1;
	tcb->snd_wnd = tcb->snd_wnd_max = half->wnd;
	tcb->irs = half->irs;
	tcb->rcv_nxt = tcb->rcv_acked = half->irs + 1;
	tcb->rcv_edge = tcb->rcv_nxt + window_first(tcp);
	tcb->ts_recent = half->ts_recent;
	tcb->ts_recent_ns = tcp->now_ns;
	tcb->ts_offset = half->ts_offset;
	if (half->tries > 1)
		tcb->flags |= TCB_SYN_AGAIN;
	tcb_agree(tcb, &options);
	if (half->tries == 1 && half->sent_ns)
		rtt_sample(tcb, tcp->now_ns - half->sent_ns);
	return tcb;
}

/* The segment was found to acknowledge our SYN. The half must be out of the table. */
bool half_accept(struct tcp *tcp, const struct half *half, struct segment *seg)
{
	struct tcb *tcb = tcb_of(tcp, half);

	if (!tcb) {
		tcp_count(tcp, STAT_tcp_no_tcb);
		return false;
	}
	tcb_input(tcb, seg);
	return true;
}

/* Without a free tcb the half stays: the peer, which believes itself connected, will ask again. */
static void half_promote(struct half *half, struct segment *seg)
{
	struct tcp *tcp = half->tcp;
	struct half copy = *half;

	if (tcp->tcbs.first_free == POOL_NONE) {
		(void)pool_take(&tcp->tcbs); /* counts */
		closing_make_room(tcp);
		tcp_count(tcp, STAT_tcp_no_tcb);
		return;
	}
	half_free(half);
	ensure(half_accept(tcp, &copy, seg));
}

void half_input(struct half *half, struct segment *seg)
{
	if (seg->flags & TCP_RST) {
		half_reset(half, seg);
	} else if ((seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN && seg->seq == half->irs) {
		synack_send(half->tcp, half);
	} else if ((seg->flags & TCP_SYN) || !in_window(half, seg)) {
		tcp_count(half->tcp, STAT_tcp_out_of_window);
		half_challenge(half);
	} else if (!(seg->flags & TCP_ACK)) {
		tcp_count(half->tcp, STAT_tcp_no_ack);
	} else if (seg->ack != half->iss + 1) {
		tcp_count(half->tcp, STAT_tcp_bad_ack);
		reset_answer(half->tcp, seg);
	} else {
		half_promote(half, seg);
	}
}
