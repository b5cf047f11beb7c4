/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the application does with a connection: the user calls of RFC 9293 3.9.1. */
#include "tcp/stages_priv.h"

#include <rte_mbuf.h>

#include <errno.h>

static struct tcp *enter(struct tcb *tcb, uint64_t now_ns)
{
	ensure(tcb->magic != 0 && now_ns >= tcb->tcp->now_ns);
	tcb->tcp->now_ns = now_ns;
	return tcb->tcp;
}

/* OPEN: RFC 9293 3.10.1. */
static int begin_active(struct tcp *tcp, const struct tcp_key *key, uint64_t cookie, struct tcb **ret_tcb)
{
	struct tcb *tcb;
	enum table_kind kind;

	if (table_find(tcp, key, &kind))
		return -EADDRNOTAVAIL;
	tcb = tcb_begin(tcp, key, cookie);
	if (!tcb) {
		tcp_count(tcp, STAT_tcp_no_tcb);
		return -ENOBUFS;
	}
	tcb->flags |= TCB_ACTIVE;
	tcb->state = TCP_SYN_SENT;
	tcb->iss = tcb->snd_una = isn_choose(tcp, key);
	tcb->snd_nxt = tcb->snd_seq = tcb->cursor_seq = tcb->iss + 1;
	tcb->mss = TCP_MSS_DEFAULT;
	tcb_arm(tcb, TCB_GIVE_UP, tcp->config.connect_timeout_ms * TCP_MS);
	transmit_syn(tcb);
	tcb_arm(tcb, TCB_RETRANSMIT, rto_ns(tcb));
	*ret_tcb = tcb;
	return 0;
}

int tcp_connect(struct tcp *tcp, const struct endpoint *remote, uint64_t cookie, uint64_t now_ns,
	struct tcb **ret_tcb)
{
	struct endpoint local;
	struct tcp_key key;
	int ret = source_take(tcp, remote, &local);

	ensure(now_ns >= tcp->now_ns);
	tcp->now_ns = now_ns;
	if (ret != 0)
		return ret;
	key = key_of(&local, remote);
	ret = begin_active(tcp, &key, cookie, ret_tcb);
	if (ret != 0)
		source_give(tcp, &key);
	return ret;
}

/*
 * SEND: RFC 9293 3.10.2. One chain is always taken into an empty queue, however large its buffers are. All
 * send queues together get half of the memory, and what was received the other half: who cannot send and
 * therefore does not read must not be what keeps everybody from sending.
 */
static int send_check(struct tcb *tcb, const struct rte_mbuf *chain)
{
	const struct tcp_config *config = &tcb->tcp->config;
	uint32_t cost = chain_fits(tcb->snd_tail, chain_len(chain)) ? 0 : chain_pinned(chain);

	if (tcb->state == TCP_CLOSED || tcb_has(tcb, TCB_FIN_QUEUED))
		return -EPIPE;
	if (chain_len(chain) == 0)
		return -EINVAL;
	if (cost > config->memory_max_bytes / 2)
		return -EMSGSIZE;
	closing_make_memory(tcb->tcp, cost);
	stuck_make_send_memory(tcb, cost);
	if (starved_must_wait(tcb) || !send_memory_fits(tcb->tcp, cost)) {
		tcp_count(tcb->tcp, STAT_tcp_memory_full);
		starved_join(tcb, cost);
		return -ENOBUFS;
	}
	if (tcb->snd_queued > 0 && tcb->snd_pinned + cost > send_budget_bytes(tcb)) {
		tcb->flags |= TCB_WANT_WRITE;
		return -EAGAIN;
	}
	return 0;
}

int tcp_send(struct tcb *tcb, struct rte_mbuf *chain, uint64_t now_ns)
{
	struct tcp *tcp = enter(tcb, now_ns);
	int ret = send_check(tcb, chain);
	uint32_t bytes = chain_len(chain);

	if (ret != 0)
		return ret;
	starved_leave(tcb);
	if (tcb->snd_queued == 0)
		tcb->progress_ns = tcp->now_ns;
	queue_append(tcb, (struct queue){&tcb->snd_head, &tcb->snd_tail, &tcb->snd_pinned}, chain);
	tcb->snd_queued += bytes;
	tcb->data_ns = tcp->now_ns;
	if (tcb_synchronized(tcb)) {
		give_up_arm(tcb);
		tcp_output(tcb);
	}
	return 0;
}

bool tcp_crowded(struct tcb *tcb)
{
	ensure(tcb->magic != 0);
	if (tcb->snd_pinned <= send_high_water(tcb))
		return false;
	tcb->flags |= TCB_WANT_WRITE;
	return true;
}

/* RECEIVE: RFC 9293 3.10.3. */
uint32_t tcp_receive(const struct tcb *tcb, struct span *spans, uint32_t max)
{
	uint32_t count = 0;

	ensure(tcb->magic != 0);
	for (const struct rte_mbuf *mbuf = tcb->rcv_head; mbuf && count < max; mbuf = mbuf->next)
		spans[count++] = span_of(rte_pktmbuf_mtod(mbuf, const char *), mbuf->data_len);
	return count;
}

/*
 * RFC 9293 3.8.6.2.2: the peer hears of room when it is worth a segment; at once only when less than half of
 * the window is left to it: else the next ACK is early enough.
 */
static bool update_is_due(const struct tcb *tcb)
{
	uint32_t edge = tcb->rcv_nxt + window_room(tcb);
	uint32_t worth = u32_min(tcb->rcv_mss, tcb->tcp->config.window_bytes / 2);

	return tcb_synchronized(tcb) && !tcb_has(tcb, TCB_FIN_TAKEN) &&
	       seq_leq(tcb->rcv_edge + worth, edge) &&
	       tcb->rcv_edge - tcb->rcv_nxt < tcb->tcp->config.window_bytes / 2;
}

void tcp_consume(struct tcb *tcb, uint32_t bytes, uint64_t now_ns)
{
	enter(tcb, now_ns);
	ensure(bytes <= tcb->rcv_queued);
	tcb->rcv_queued -= bytes;
	queue_cut(tcb, (struct queue){&tcb->rcv_head, &tcb->rcv_tail, &tcb->rcv_pinned}, bytes);
	if (tcb_has(tcb, TCB_AWAIT_READ) && tcb->rcv_queued == 0) {
		tcb_release(tcb);
	} else if (update_is_due(tcb)) {
		tcb->flags |= TCB_ACK_NOW;
		tcp_output(tcb);
	}
}

/* CLOSE: RFC 9293 3.10.4. */
static void queue_fin(struct tcb *tcb)
{
	struct tcp *tcp = tcb->tcp;

	if (tcb->state == TCP_SYN_SENT) {
		tcb_end(tcb, TCP_WHY_CLOSED);
		return;
	}
	if (tcb_has(tcb, TCB_FIN_QUEUED))
		return;
	tcb->flags |= TCB_FIN_QUEUED;
	starved_leave(tcb);
	if (tcb->snd_queued == 0)
		tcb->progress_ns = tcp->now_ns;
	if (tcb->state == TCP_SYN_RECEIVED)
		return; /* it leaves when the connection is established */
	tcb->state = tcb->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT_1;
	give_up_arm(tcb);
	tcp_output(tcb);
}

void tcp_shutdown(struct tcb *tcb, uint64_t now_ns)
{
	enter(tcb, now_ns);
	if (tcb->state != TCP_CLOSED)
		queue_fin(tcb);
}

void tcp_close(struct tcb *tcb, uint64_t now_ns)
{
	struct tcp *tcp = enter(tcb, now_ns);

	if (tcb_has(tcb, TCB_APP_CLOSED))
		return;
	tcb->flags |= TCB_APP_CLOSED;
	if (tcb->state == TCP_CLOSED) {
		if (tcb_has(tcb, TCB_AWAIT_READ))
			tcb_release(tcb);
		return;
	}
	/* RFC 9293 3.6.1: the peer must learn that what it sent was not read. */
	if (tcb->rcv_queued > 0) {
		tcb_reset(tcb, TCP_WHY_DATA_AFTER_CLOSE);
		return;
	}
	tcb_arm(tcb, TCB_CLOSE, tcp->config.close_limit_ms * TCP_MS);
	queue_fin(tcb);
	if (tcb->state != TCP_CLOSED)
		closing_join(tcb);
}

/* ABORT: RFC 9293 3.10.5. */
void tcp_abort(struct tcb *tcb, uint64_t now_ns)
{
	enter(tcb, now_ns);
	if (tcb_has(tcb, TCB_AWAIT_READ))
		tcb_release(tcb);
	else if (tcb->state != TCP_CLOSED)
		tcb_reset(tcb, TCP_WHY_ABORTED);
}

/* Before the handshake is done the connect timeout rules; this one begins with the first data. */
void tcp_set_user_timeout(struct tcb *tcb, uint32_t timeout_ms, uint64_t now_ns)
{
	enter(tcb, now_ns);
	ensure(timeout_ms > 0);
	tcb->user_timeout_ms = timeout_ms;
	if (tcb_synchronized(tcb))
		give_up_arm(tcb);
}

uint64_t tcp_cookie(const struct tcb *tcb)
{
	ensure(tcb->magic != 0);
	return tcb->cookie;
}

void tcp_set_cookie(struct tcb *tcb, uint64_t cookie)
{
	ensure(tcb->magic != 0);
	tcb->cookie = cookie;
}

/* STATUS: RFC 9293 3.10.6. */
void tcp_info(const struct tcb *tcb, struct tcp_info *ret_info)
{
	static const char *const names[TCP_STATES] = {"CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED",
		"FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK"};

	ensure(tcb->magic != 0);
	*ret_info = (struct tcp_info){
		.local = {key_local(&tcb->key), tcb->key.local_port},
		.remote = {key_remote(&tcb->key), tcb->key.remote_port},
		.state = names[tcb->state],
		.mss_bytes = tcb->mss,
		.cwnd_bytes = tcb->cwnd,
		.ssthresh_bytes = tcb->ssthresh,
		.flight_bytes = tcb->snd_nxt - tcb->snd_una,
		.rcv_mss_bytes = tcb->rcv_mss,
		.send_queued_bytes = tcb->snd_queued,
		.receive_queued_bytes = tcb->rcv_queued,
		.pinned_bytes = tcb->snd_pinned + tcb->rcv_pinned,
		.receive_pinned_bytes = tcb->rcv_pinned,
		.srtt_us = tcb->srtt_us,
		.rttvar_us = tcb->rttvar_us,
		.rto_us = tcb->rto_us,
		.window_edge = tcb->rcv_edge,
		.snd_shift = tcb->snd_shift,
		.rcv_shift = tcb->rcv_shift,
		.has_timestamps = tcb_has(tcb, TCB_TS),
		.has_sack = tcb_has(tcb, TCB_SACK),
		.timer_armed = timer_armed(&tcb->timer),
	};
}
