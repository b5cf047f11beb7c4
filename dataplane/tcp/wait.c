/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TIME-WAIT in a compact entry (RFC 9293 3.3.2, 3.10.7.4). All wait equally long, so the entries form a list
 * with one timer. A SYN that is certainly newer than the old connection may begin a new one at once (RFC
 * 6191); a reset ends nothing here (RFC 1337).
 */
#include "tcp/stages_priv.h"

static struct wait *wait_at(struct tcp *tcp, uint32_t index)
{
	return pool_at(&tcp->waits, index);
}

static void wait_link(struct tcp *tcp, struct wait *wait)
{
	uint32_t index = pool_index(&tcp->waits, wait);

	wait->until_ns = tcp->now_ns + tcp->config.time_wait_ms * TCP_MS;
	wait->next = POOL_NONE;
	wait->prev = tcp->wait_last;
	if (tcp->wait_last == POOL_NONE)
		tcp->wait_first = index;
	else
		wait_at(tcp, tcp->wait_last)->next = index;
	tcp->wait_last = index;
	if (!timer_armed(&tcp->wait_timer))
		timer_arm(&tcp->wheel, &tcp->wait_timer, wait->until_ns);
}

static void wait_unlink(struct tcp *tcp, struct wait *wait)
{
	if (wait->prev == POOL_NONE)
		tcp->wait_first = wait->next;
	else
		wait_at(tcp, wait->prev)->next = wait->next;
	if (wait->next == POOL_NONE)
		tcp->wait_last = wait->prev;
	else
		wait_at(tcp, wait->next)->prev = wait->prev;
}

static void wait_free(struct tcp *tcp, struct wait *wait)
{
	wait_unlink(tcp, wait);
	table_remove(tcp, &wait->key);
	if (wait->active)
		source_give(tcp, &wait->key);
	pool_give(&tcp->waits, wait);
}

void wait_fire(struct timer *timer, uint64_t now_ns)
{
	struct tcp *tcp = timer_owner(timer, struct tcp, wait_timer);

	tcp->now_ns = now_ns;
	while (tcp->wait_first != POOL_NONE && wait_at(tcp, tcp->wait_first)->until_ns <= now_ns)
		wait_free(tcp, wait_at(tcp, tcp->wait_first));
	if (tcp->wait_first != POOL_NONE)
		timer_arm(&tcp->wheel, timer, wait_at(tcp, tcp->wait_first)->until_ns);
}

/* When all entries are in use the oldest goes: it has waited longest. */
static struct wait *wait_take(struct tcp *tcp)
{
	struct wait *wait = pool_take(&tcp->waits);

	if (!wait) {
		tcp_count(tcp, STAT_tcp_time_wait_evicted);
		wait_free(tcp, wait_at(tcp, tcp->wait_first));
		wait = pool_take(&tcp->waits);
	}
	ensure(wait != NULL);
	return wait;
}

void wait_enter(struct tcb *tcb)
{
	struct tcp *tcp = tcb->tcp;
	struct wait *wait = wait_take(tcp);

	*wait = (struct wait){
		.key = tcb->key,
		.snd_nxt = tcb->snd_nxt,
		.rcv_nxt = tcb->rcv_nxt,
		.ts_recent = tcb->ts_recent,
		.ts_offset = tcb->ts_offset,
		.window = window_choose(tcb),
		.has_ts = tcb_has(tcb, TCB_TS),
		.active = tcb_has(tcb, TCB_ACTIVE),
	};
	tcb->flags &= ~(uint32_t)TCB_ACTIVE;
	tcb_end(tcb, TCP_WHY_CLOSED);
	table_add(tcp, TABLE_WAIT, wait);
	wait_link(tcp, wait);
}

static void wait_ack(struct tcp *tcp, const struct wait *wait)
{
	struct segment_out out = {
		.key = &wait->key,
		.seq = wait->snd_nxt,
		.ack = wait->rcv_nxt,
		.window = wait->window,
		.flags = TCP_ACK,
		.options = {.has_ts = wait->has_ts,
			.tsval = tcp_now_ms(tcp) + wait->ts_offset,
			.tsecr = wait->ts_recent},
	};

	(void)segment_send(tcp, &out);
}

static void wait_challenge(struct tcp *tcp, struct wait *wait)
{
	if (wait->challenge_ns && tcp->now_ns - wait->challenge_ns < TCP_CHALLENGE_EVERY_MS * TCP_MS) {
		tcp_count(tcp, STAT_tcp_challenges_limited);
		return;
	}
	wait->challenge_ns = tcp->now_ns;
	tcp_count(tcp, STAT_tcp_challenges_sent);
	wait_ack(tcp, wait);
}

/* RFC 6191 2: by timestamps where both have them and they differ, else by sequence numbers. */
static bool syn_is_newer(const struct wait *wait, const struct segment *seg)
{
	if (wait->has_ts && seg->options.has_ts && seg->options.tsval != wait->ts_recent)
		return seq_lt(wait->ts_recent, seg->options.tsval);
	return seq_lt(wait->rcv_nxt, seg->seq);
}

/* The new connection's numbers begin above the old one's, so that neither side mistakes old segments. */
static void wait_reuse(struct tcp *tcp, struct wait *wait, const struct segment *seg)
{
	struct tcp_listener *listener = listener_find(tcp, &seg->key);
	uint32_t iss = seq_max(isn_choose(tcp, &seg->key), wait->snd_nxt + 1 + UINT16_MAX);

	if (!listener || wait->active || !syn_is_newer(wait, seg)) {
		tcp_count(tcp, STAT_tcp_out_of_window);
		wait_challenge(tcp, wait);
		return;
	}
	tcp_count(tcp, STAT_tcp_time_wait_reused);
	wait_free(tcp, wait);
	half_open(tcp, listener, seg, iss);
}

void wait_input(struct tcp *tcp, struct wait *wait, struct segment *seg)
{
	if (seg->flags & TCP_RST) {
		tcp_count(tcp, STAT_tcp_rst_time_wait);
	} else if ((seg->flags & (TCP_SYN | TCP_ACK)) == TCP_SYN) {
		wait_reuse(tcp, wait, seg);
	} else if ((seg->flags & TCP_FIN) && seg->seq + seg->len + 1 == wait->rcv_nxt) {
		/* Our last ACK was lost: say it again, and wait again. */
		wait_unlink(tcp, wait);
		wait_link(tcp, wait);
		wait_ack(tcp, wait);
	} else if (seg->seq != wait->rcv_nxt || segment_space(seg) > 0) {
		tcp_count(tcp, STAT_tcp_out_of_window);
		wait_challenge(tcp, wait);
	}
}
