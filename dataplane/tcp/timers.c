/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All timers of a connection (enum tcb_timer): when they are armed, and what happens when they fire.
 *
 *   TCB_RETRANSMIT  while anything of ours is under way: RTO, RFC 6298 5. While data waits and nothing may
 *                   leave: persist, RFC 9293 3.8.6.1, with a byte of that data.
 *   TCB_LOSS        tail loss probe, or the end of RACK's reordering window: rack.c, RFC 8985.
 *   TCB_ACK         an acknowledgement is owed: RFC 9293 3.8.6.3; at most 40 ms.
 *   TCB_ALIVE       always: keepalive probes (RFC 9293 3.8.4) and the idle timeout.
 *   TCB_GIVE_UP     in SYN-SENT: connect timeout. While anything is unacknowledged: user timeout (RFC 5482).
 *   TCB_CLOSE       after tcp_close(): the peer must finish in time.
 *
 * The wheel's timer is armed for the first of them. A deadline that moves to later only changes a number: the
 * timer then fires in vain once, which is cheaper than moving it with each segment.
 */
#include "tcp/stages_priv.h"

void tcb_arm(struct tcb *tcb, enum tcb_timer which, uint64_t in_ns)
{
	uint64_t deadline_ns = tcb->tcp->now_ns + in_ns;

	tcb->deadlines_ns[which] = deadline_ns;
	if (timer_armed(&tcb->timer) && tcb->timer_ns <= deadline_ns)
		return;
	tcb->timer_ns = deadline_ns;
	timer_arm(&tcb->tcp->wheel, &tcb->timer, deadline_ns);
}

void tcb_disarm(struct tcb *tcb, enum tcb_timer which)
{
	tcb->deadlines_ns[which] = TIMER_NONE;
}

/*
 * Nothing fits into the window, whether what is under way are probes or text from before the peer took its
 * window back (RFC 9293 3.8.6, MUST-35): a timeout would tell nothing about the path.
 */
static bool must_persist(const struct tcb *tcb)
{
	return tcb_synchronized(tcb) &&
	       ((!tcb->flight_head && output_waiting(tcb) > 0) || (tcb->flight_head && tcb->snd_wnd == 0));
}

/* After each output and each acknowledgement of something new (RFC 6298 5.1 to 5.3). */
void retransmit_arm(struct tcb *tcb)
{
	bool persist = must_persist(tcb);

	if (!persist && !tcb->flight_head) {
		tcb->flags &= ~(uint32_t)TCB_PERSIST;
		tcb_disarm(tcb, TCB_RETRANSMIT);
		return;
	}
	if (persist != tcb_has(tcb, TCB_PERSIST)) {
		tcb->flags ^= TCB_PERSIST;
		tcb->backoff = 0;
	}
	tcb_arm(tcb, TCB_RETRANSMIT, rto_ns(tcb));
}

void retransmit_keep(struct tcb *tcb)
{
	if (tcb->deadlines_ns[TCB_RETRANSMIT] == TIMER_NONE || must_persist(tcb) != tcb_has(tcb, TCB_PERSIST))
		retransmit_arm(tcb);
}

/* RFC 5482: from the last progress on. A peer that answers probes with a closed window is alive. */
void give_up_arm(struct tcb *tcb)
{
	uint64_t limit_ns = tcb->user_timeout_ms * TCP_MS;
	uint64_t gone_ns = tcb->tcp->now_ns - tcb->progress_ns;

	if (tcb->snd_queued == 0 && !tcb_has(tcb, TCB_FIN_QUEUED))
		tcb_disarm(tcb, TCB_GIVE_UP);
	else
		tcb_arm(tcb, TCB_GIVE_UP, gone_ns < limit_ns ? limit_ns - gone_ns : 0);
}

/*
 * The first byte under way, and no more of its segment: the path may swallow large ones, and nobody would see
 * that while the window is closed.
 */
static void probe_again(struct tcb *tcb)
{
	struct flight *head = tcb->flight_head;
	bool whole = head->seq + 1 == head->end;

	flight_mark(tcb, head, FLIGHT_EVER, 0);
	head->sent_ns = tcb->tcp->now_ns;
	transmit(tcb, head->seq, head->seq + 1, whole ? head->flags : 0);
}

/* A real byte: a probe without one is ignored by some, and need not be answered (RFC 9293 3.8.6.1). */
static void persist_fire(struct tcb *tcb)
{
	uint32_t bytes = u32_max(1, u32_min(tcb->snd_wnd, tcb->mss));

	tcp_count(tcb->tcp, STAT_tcp_window_probes);
	if (tcb->flight_head)
		probe_again(tcb);
	else
		(void)output_new(tcb, bytes);
	if (tcb->backoff < 16)
		tcb->backoff++;
	tcb_arm(tcb, TCB_RETRANSMIT, rto_ns(tcb));
}

/* RFC 6298 5.4 to 5.7, RFC 5681 3.1. */
static void rto_fire(struct tcb *tcb)
{
	congestion_timeout(tcb);
	if (tcb->backoff < 16)
		tcb->backoff++;
	tcb->flags |= TCB_FORCE;
	pmtu_black_hole(tcb);
	tcb_disarm(tcb, TCB_LOSS);
	tcp_output(tcb);
	tcb_arm(tcb, TCB_RETRANSMIT, rto_ns(tcb));
}

static void retransmit_fire(struct tcb *tcb)
{
	if (!tcb_synchronized(tcb)) {
		tcb->flags |= TCB_SYN_AGAIN;
		tcb->backoff++;
		tcp_count(tcb->tcp, STAT_tcp_retransmissions);
		transmit_syn(tcb);
		tcb_arm(tcb, TCB_RETRANSMIT, rto_ns(tcb));
	} else if (tcb_has(tcb, TCB_PERSIST)) {
		persist_fire(tcb);
	} else if (tcb->flight_head) {
		tcp_count(tcb->tcp, STAT_tcp_timeouts);
		rto_fire(tcb);
	}
}

/* What is unacknowledged is probed by RTO; keepalive is for connections at rest. */
static uint64_t keepalive(struct tcb *tcb)
{
	const struct tcp_config *config = &tcb->tcp->config;
	uint64_t quiet_ns = tcb->tcp->now_ns - tcb->heard_ns;
	uint64_t idle_ns = config->keepalive_idle_ms * TCP_MS;

	if (quiet_ns < idle_ns) {
		tcb->keepalive_sent = 0;
		return idle_ns - quiet_ns;
	}
	if (tcb->flight_head || !tcb_synchronized(tcb))
		return idle_ns;
	if (tcb->keepalive_sent >= config->keepalive_probes)
		return 0;
	tcb->keepalive_sent++;
	tcp_count(tcb->tcp, STAT_tcp_keepalives_sent);
	transmit_probe(tcb);
	return config->keepalive_every_ms * TCP_MS;
}

static void alive_fire(struct tcb *tcb)
{
	const struct tcp_config *config = &tcb->tcp->config;
	uint64_t idle_ns = config->idle_timeout_ms * TCP_MS;
	uint64_t quiet_ns = tcb->tcp->now_ns - tcb->data_ns;
	uint64_t next_ns;

	if (quiet_ns >= idle_ns) {
		tcp_count(tcb->tcp, STAT_tcp_idle_timeout);
		tcb_reset(tcb, TCP_WHY_IDLE);
		return;
	}
	pmtu_raise(tcb);
	next_ns = keepalive(tcb);
	if (next_ns == 0) {
		tcp_count(tcb->tcp, STAT_tcp_keepalive_timeout);
		tcb_reset(tcb, TCP_WHY_KEEPALIVE);
		return;
	}
	tcb_arm(tcb, TCB_ALIVE, next_ns < idle_ns - quiet_ns ? next_ns : idle_ns - quiet_ns);
}

static void give_up_fire(struct tcb *tcb)
{
	if (!tcb_synchronized(tcb)) {
		tcp_count(tcb->tcp, STAT_tcp_connect_timeout);
		tcb_reset(tcb, TCP_WHY_CONNECT_TIMEOUT);
	} else {
		tcp_count(tcb->tcp, STAT_tcp_user_timeout);
		tcb_reset(tcb, TCP_WHY_USER_TIMEOUT);
	}
}

static void close_fire(struct tcb *tcb)
{
	if (tcb->state == TCP_CLOSED) {
		tcb_release(tcb);
		return;
	}
	tcp_count(tcb->tcp, STAT_tcp_close_limit);
	tcb_reset(tcb, TCP_WHY_CLOSE_LIMIT);
}

static void ack_fire(struct tcb *tcb)
{
	tcb->flags |= TCB_ACK_NOW;
	tcp_output(tcb);
}

void tcb_fire(struct timer *timer, uint64_t now_ns)
{
	static void (*const fire[TCB_TIMERS])(struct tcb *) = {
		[TCB_RETRANSMIT] = retransmit_fire,
		[TCB_LOSS] = tlp_fire,
		[TCB_ACK] = ack_fire,
		[TCB_ALIVE] = alive_fire,
		[TCB_GIVE_UP] = give_up_fire,
		[TCB_CLOSE] = close_fire,
	};
	struct tcb *tcb = timer_owner(timer, struct tcb, timer);
	uint64_t next_ns = TIMER_NONE;

	tcb->tcp->now_ns = now_ns;
	for (unsigned i = 0; i < TCB_TIMERS; i++) {
		if (tcb->deadlines_ns[i] > now_ns)
			continue;
		tcb_disarm(tcb, (enum tcb_timer)i);
		fire[i](tcb);
	}
	/* Ended ones have no deadlines left, or that of the unread bytes. */
	for (unsigned i = 0; i < TCB_TIMERS; i++)
		next_ns = tcb->deadlines_ns[i] < next_ns ? tcb->deadlines_ns[i] : next_ns;
	if (next_ns == TIMER_NONE)
		return;
	tcb->timer_ns = next_ns;
	timer_arm(&tcb->tcp->wheel, &tcb->timer, next_ns);
}
