/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A tcb's beginning and end, and its events. Processing never calls the application: it marks events, and
 * tcp_dispatch() tells them when all is done, so that a callback may do with the connection what it wants.
 */
#include "tcp/stages_priv.h"

static const uint32_t tcb_magic = 0x74636221;

struct tcb *tcb_begin(struct tcp *tcp, const struct tcp_key *key, uint64_t cookie)
{
	struct tcb *tcb;

	closing_make_room(tcp);
	tcb = pool_take(&tcp->tcbs);
	if (!tcb)
		return NULL;
	*tcb = (struct tcb){
		.magic = tcb_magic,
		.tcp = tcp,
		.key = *key,
		.cookie = cookie,
		.ts_offset = isn_ts_offset(tcp, key),
		.rto_us = TCP_RTO_FIRST_MS * 1000,
		.user_timeout_ms = tcp->config.user_timeout_ms,
		.pmtu_raise_ns = UINT64_MAX,
		.rcv_mss = TCP_MSS_DEFAULT,
		.heard_ns = tcp->now_ns,
		.data_ns = tcp->now_ns,
		.progress_ns = tcp->now_ns,
		.min_rtt_ns = UINT64_MAX,
		.reo_mult = 1,
	};
	for (unsigned i = 0; i < TCB_TIMERS; i++)
		tcb->deadlines_ns[i] = TIMER_NONE;
	timer_init(&tcb->timer, tcb_fire);
	table_add(tcp, TABLE_TCB, tcb);
	tcb_arm(tcb, TCB_ALIVE, tcp->config.keepalive_idle_ms * TCP_MS);
	return tcb;
}

uint16_t mss_of_peer(const struct tcp_key *key, uint16_t named)
{
	if (named == 0)
		return key->family == IP_V4 ? TCP_MSS_DEFAULT : TCP_MSS_DEFAULT_V6;
	return named < TCP_MSS_MIN ? TCP_MSS_MIN : named;
}

/* What both SYNs said, put together (RFC 9293 3.7.1, RFC 7323, RFC 2018). */
void tcb_agree(struct tcb *tcb, const struct tcp_options *options)
{
	struct tcp *tcp = tcb->tcp;

	tcb->flags |= (options->has_ts ? TCB_TS : 0) | (options->sack_permitted ? TCB_SACK : 0);
	tcb->snd_shift = options->has_shift ? options->shift : 0;
	tcb->rcv_shift = options->has_shift ? tcp->window_shift : 0;
	tcb->mss_peer = mss_of_peer(&tcb->key, options->mss);
	tcb->mss = (uint16_t)u32_min(tcb->mss_peer, mss_of_mtu(&tcb->key, tcp->config.mtu));
	congestion_begin(tcb);
}

void tcb_established(struct tcb *tcb)
{
	bool passive = !tcb_has(tcb, TCB_ACTIVE);

	ensure(tcb->state == TCP_SYN_SENT || tcb->state == TCP_SYN_RECEIVED);
	/* A SYN that was lost tells of a bad path: RFC 6298 5.7 and RFC 5681 3.1. */
	if (tcb_has(tcb, TCB_SYN_AGAIN)) {
		tcb->rto_us = TCP_RTO_SYN_AGAIN_MS * 1000;
		tcb->cwnd = tcb->mss;
	}
	tcb->state = TCP_ESTABLISHED;
	tcb->backoff = 0;
	tcb->progress_ns = tcb->tcp->now_ns;
	tcb_disarm(tcb, TCB_RETRANSMIT);
	give_up_arm(tcb);
	tcp_count(tcb->tcp, passive ? STAT_tcp_accepted : STAT_tcp_connected);
	tcb_post(tcb, passive ? TCP_ACCEPTED : TCP_CONNECTED);
}

static void release(struct tcb *tcb)
{
	queue_cut(tcb, (struct queue){&tcb->rcv_head, &tcb->rcv_tail, &tcb->rcv_pinned}, tcb->rcv_queued);
	tcb->rcv_queued = 0;
	tcb_post(tcb, TCP_ENDED);
}

void tcb_end(struct tcb *tcb, enum tcp_reason why)
{
	struct tcp *tcp = tcb->tcp;

	ensure(tcb->magic == tcb_magic && tcb->state != TCP_CLOSED);
	table_remove(tcp, &tcb->key);
	if (tcb_has(tcb, TCB_ACTIVE))
		source_give(tcp, &tcb->key);
	starved_leave(tcb);
	closing_leave(tcb);
	flight_free_all(tcb);
	text_free_all(tcb);
	queue_cut(tcb, (struct queue){&tcb->snd_head, &tcb->snd_tail, &tcb->snd_pinned}, tcb->snd_queued);
	tcb->snd_queued = 0;
	tcb->cursor = NULL;
	for (unsigned i = 0; i < TCB_TIMERS; i++)
		tcb->deadlines_ns[i] = TIMER_NONE;
	timer_stop(&tcp->wheel, &tcb->timer);
	tcb->state = TCP_CLOSED;
	tcb->why = (uint8_t)why;
	/* Bytes that arrived in order before the end are still the application's to read. */
	if (why == TCP_WHY_CLOSED && tcb->rcv_queued > 0 && !tcb_has(tcb, TCB_APP_CLOSED)) {
		tcb->flags |= TCB_AWAIT_READ;
		tcb_arm(tcb, TCB_CLOSE, tcp->config.close_limit_ms * TCP_MS);
		return;
	}
	release(tcb);
}

/* Called again when an ended connection was read empty, or nobody will read it. */
void tcb_release(struct tcb *tcb)
{
	ensure(tcb->state == TCP_CLOSED && tcb_has(tcb, TCB_AWAIT_READ));
	tcb->flags &= ~(uint32_t)TCB_AWAIT_READ;
	timer_stop(&tcb->tcp->wheel, &tcb->timer);
	release(tcb);
}

void tcb_reset(struct tcb *tcb, enum tcp_reason why)
{
	struct segment_out out = {
		.key = &tcb->key, .seq = tcb->snd_nxt, .flags = TCP_RST | TCP_ACK, .ack = tcb->rcv_nxt};

	if (tcb->state != TCP_SYN_SENT && segment_send(tcb->tcp, &out))
		tcp_count(tcb->tcp, STAT_tcp_resets_sent);
	tcb_end(tcb, why);
}

void tcb_post(struct tcb *tcb, enum tcp_event event)
{
	struct tcp *tcp = tcb->tcp;

	tcb->events |= (uint8_t)(1U << event);
	if (tcb_has(tcb, TCB_QUEUED))
		return;
	tcb->flags |= TCB_QUEUED;
	tcb->event_next = NULL;
	if (tcp->event_last)
		tcp->event_last->event_next = tcb;
	else
		tcp->event_first = tcb;
	tcp->event_last = tcb;
}

static void tcb_free(struct tcb *tcb)
{
	ensure(tcb->rcv_pinned == 0 && tcb->snd_pinned == 0 && !timer_armed(&tcb->timer));
	tcb->magic = 0;
	pool_give(&tcb->tcp->tcbs, tcb);
}

/* In the order of enum tcp_event; callbacks may add to them. */
static void deliver(struct tcb *tcb)
{
	struct tcp *tcp = tcb->tcp;

	while (tcb->events) {
		enum tcp_event event = (enum tcp_event)__builtin_ctz(tcb->events);
		tcb->events &= (uint8_t) ~(1U << event);
		tcp->config.event(tcp->config.ctx, tcb, event, (enum tcp_reason)tcb->why);
		if (event == TCP_ENDED) {
			tcb_free(tcb);
			return;
		}
	}
	tcb->flags &= ~(uint32_t)TCB_QUEUED;
}

void tcp_dispatch(struct tcp *tcp)
{
	starved_grant(tcp);
	for (unsigned i = 0; i < TCP_EVENTS_PER_TICK && tcp->event_first; i++) {
		struct tcb *tcb = tcp->event_first;
		tcp->event_first = tcb->event_next;
		if (!tcp->event_first)
			tcp->event_last = NULL;
		deliver(tcb);
	}
}
