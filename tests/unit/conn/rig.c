/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wire is a queue of mbufs; both hosts take from one pool, so that a leak on either side shows. */
#include "rig.h"

#include "support/eal.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct endpoint balancer = {{{192, 0, 2, 1}, IP_V4}, 5060};
static const struct endpoint node_at = {{{192, 0, 2, 2}, IP_V4}, 5060};

static void output(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct rig_host *host = ctx;
	struct rig *rig = host->rig;
	unsigned to = !host->index;

	assert_true(ip_equal(src, &host->ip) && ip_equal(dst, &rig->hosts[to].ip));
	assert_true(rig->queued < RIG_QUEUE);
	rig->queue[(rig->first + rig->queued++) % RIG_QUEUE] = (struct rig_segment){mbuf, to};
}

static struct rig_peer *peer_of(struct rig *rig, const struct tcb *tcb)
{
	for (unsigned i = 0; i < rig->peer_count; i++) {
		if (rig->peers[i].tcb == tcb)
			return &rig->peers[i];
	}
	return NULL;
}

static struct rig_peer *peer_begin(struct rig *rig, struct tcb *tcb)
{
	struct rig_peer *peer = &rig->peers[rig->peer_count];

	assert_true(rig->peer_count < RIG_PEERS);
	rig->peer_count++;
	*peer = (struct rig_peer){.used = true, .tcb = tcb, .text = malloc(RIG_TEXT_MAX)};
	assert_non_null(peer->text);
	return peer;
}

static void peer_read(struct rig *rig, struct rig_peer *peer)
{
	struct span span;

	while (!peer->deaf && tcp_receive(peer->tcb, &span, 1) == 1) {
		assert_true(peer->len + span.len < RIG_TEXT_MAX);
		memcpy(peer->text + peer->len, span.p, span.len);
		peer->len += span.len;
		peer->text[peer->len] = '\0';
		tcp_consume(peer->tcb, (uint32_t)span.len, rig->now_ns);
	}
}

static void peer_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct rig *rig = ((struct rig_host *)ctx)->rig;
	struct rig_peer *peer = event == TCP_ACCEPTED ? peer_begin(rig, tcb) : peer_of(rig, tcb);

	if (!peer)
		return;
	if (event == TCP_CONNECTED || event == TCP_ACCEPTED)
		peer->connected = true;
	if (event == TCP_READABLE)
		peer_read(rig, peer);
	if (event == TCP_PEER_CLOSED)
		peer->peer_closed = true;
	if (event == TCP_ENDED) {
		peer->ended = true;
		peer->why = why;
		peer->tcb = NULL;
	}
}

static void balancer_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct rig *rig = ((struct rig_host *)ctx)->rig;

	conns_tcp_event(rig->conns, tcb, event, why, rig->now_ns);
}

static void on_message(void *ctx, const struct conn_message *message)
{
	struct rig *rig = ctx;

	rig->message_count++;
	rig->last = *message;
	assert_true(message->bytes.len <= sizeof(rig->last_text));
	memcpy(rig->last_text, message->bytes.p, message->bytes.len);
	if (rig->on_message)
		rig->on_message(rig, message);
}

static void on_broken(void *ctx, const struct conn_message *message)
{
	static const char answer[] = "SIP/2.0 400 Bad Request\r\n\r\n";
	struct rig *rig = ctx;

	rig->broken_count++;
	rig->last = *message;
	rig->last_error = message->msg->error;
	assert_int_equal(
		conns_send(rig->conns, message->conn, span_of(answer, sizeof(answer) - 1), rig->now_ns), 0);
}

static void on_ended(void *ctx, const struct conn_info *info, enum tcp_reason why)
{
	struct rig *rig = ctx;

	(void)why;
	rig->ended[rig->ended_count++ % RIG_EVENTS_MAX] = *info;
}

static void on_node_event(void *ctx, const struct conn_info *info, enum conn_node_event event)
{
	struct rig *rig = ctx;

	assert_int_equal(info->node_id, rig->node.id);
	rig->node_events[rig->node_event_count % RIG_EVENTS_MAX] = (uint8_t)event;
	rig->node_event_ns[rig->node_event_count++ % RIG_EVENTS_MAX] = rig->now_ns;
}

void rig_prepare(struct rig *rig)
{
	static struct rte_mempool *pool;

	if (!pool)
		pool = eal_pool("conn", RIG_MBUFS, 2176);
	memset(rig, 0, sizeof(*rig));
	rig->pool = pool;
	rig->now_ns = 1000 * RIG_MS;
	for (unsigned i = 0; i < 2; i++) {
		struct rig_host *host = &rig->hosts[i];
		*host = (struct rig_host){.rig = rig, .index = i, .ip = i ? node_at.ip : balancer.ip};
		rng_init(&host->rng, i);
		rig->tcp_config[i] = (struct tcp_config){
			.pool = pool,
			.stats = &host->stats,
			.rng = &host->rng,
			.secret = {1, i},
			.socket_id = -1,
			.connections_max = 256,
			.half_open_max = 64,
			.time_wait_max = 64,
			.pieces_max = 1024,
			.ctx = host,
			.output = output,
			.event = i ? peer_event : balancer_event,
		};
	}
	rig->config = (struct conns_config){
		.worker_index = 3,
		.pool = pool,
		.stats = &rig->hosts[0].stats,
		.rng = &rig->hosts[0].rng,
		.secret = {5, 6},
		.limits = {.connections_max = 128},
		.ctx = rig,
		.message = on_message,
		.broken = on_broken,
		.ended = on_ended,
		.node_event = on_node_event,
	};
}

void rig_start(struct rig *rig)
{
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(tcp_create(&rig->tcp_config[i], rig->now_ns, &rig->hosts[i].tcp), 0);
		assert_int_equal(tcp_add_source(rig->hosts[i].tcp, &rig->hosts[i].ip), 0);
	}
	rig->config.tcp = rig->hosts[0].tcp;
	assert_int_equal(conns_create(&rig->config, rig->now_ns, &rig->conns), 0);
	assert_int_equal(conns_listen(rig->conns, &balancer, 1), 0);
	node_table_init(&rig->nodes);
}

bool rig_finish(struct rig *rig)
{
	while (rig->queued > 0) {
		rte_pktmbuf_free(rig->queue[rig->first].mbuf);
		rig->first = (rig->first + 1) % RIG_QUEUE;
		rig->queued--;
	}
	conns_destroy(rig->conns);
	tcp_destroy(rig->hosts[0].tcp);
	tcp_destroy(rig->hosts[1].tcp);
	for (unsigned i = 0; i < rig->peer_count; i++)
		free(rig->peers[i].text);
	return rte_mempool_avail_count(rig->pool) == RIG_MBUFS;
}

static void arrive(struct rig *rig, const struct rig_segment *segment)
{
	struct tcp_packet packet = {
		.mbuf = segment->mbuf,
		.src = &rig->hosts[!segment->to].ip,
		.dst = &rig->hosts[segment->to].ip,
		.l4_len = rte_pktmbuf_data_len(segment->mbuf),
	};

	if (rig->cut[segment->to])
		rte_pktmbuf_free(segment->mbuf);
	else
		tcp_input(rig->hosts[segment->to].tcp, &packet, rig->now_ns);
}

static void loop(struct rig *rig)
{
	tcp_tick(rig->hosts[0].tcp, rig->now_ns);
	tcp_tick(rig->hosts[1].tcp, rig->now_ns);
	conns_tick(rig->conns, &rig->nodes, rig->now_ns);
}

void rig_run(struct rig *rig)
{
	do {
		loop(rig);
		while (rig->queued > 0) {
			struct rig_segment segment = rig->queue[rig->first];
			rig->first = (rig->first + 1) % RIG_QUEUE;
			rig->queued--;
			arrive(rig, &segment);
		}
	} while (rig->queued > 0 || conns_next_ns(rig->conns) <= rig->now_ns);
}

static uint64_t min_ns(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void rig_wait(struct rig *rig, uint64_t ns)
{
	uint64_t until_ns = rig->now_ns + ns;

	for (;;) {
		rig_run(rig);
		if (rig->now_ns == until_ns)
			return;
		uint64_t next_ns = min_ns(tcp_next_ns(rig->hosts[0].tcp), tcp_next_ns(rig->hosts[1].tcp));
		next_ns = min_ns(min_ns(next_ns, conns_next_ns(rig->conns)), until_ns);
		/* A timer may be said to be due a little before it fires. */
		rig->now_ns = next_ns > rig->now_ns ? next_ns : min_ns(rig->now_ns + RIG_MS, until_ns);
	}
}

struct rig_peer *rig_open(struct rig *rig)
{
	struct tcb *tcb;
	struct rig_peer *peer;

	assert_int_equal(tcp_connect(rig->hosts[1].tcp, &balancer, 0, rig->now_ns, &tcb), 0);
	peer = peer_begin(rig, tcb);
	rig_run(rig);
	return peer;
}

void rig_write(struct rig *rig, struct rig_peer *peer, const char *text, size_t len)
{
	while (len > 0) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig->pool);
		size_t part = len < 2000 ? len : 2000;
		assert_non_null(mbuf);
		memcpy(rte_pktmbuf_append(mbuf, (uint16_t)part), text, part);
		assert_int_equal(tcp_send(peer->tcb, mbuf, rig->now_ns), 0);
		text += part;
		len -= part;
	}
}

void rig_say(struct rig *rig, struct rig_peer *peer, const char *text)
{
	rig_write(rig, peer, text, strlen(text));
	rig_run(rig);
}

void rig_listen(struct rig *rig)
{
	assert_int_equal(tcp_listen(rig->hosts[1].tcp, &node_at, 64, 0), 0);
}

void rig_unlisten(struct rig *rig)
{
	assert_int_equal(tcp_unlisten(rig->hosts[1].tcp, &node_at), 0);
}

void rig_node(struct rig *rig, bool listens)
{
	rig->node = (struct node){
		.id = node_id(&node_at, TRANSPORT_TCP),
		.slot = 7,
		.transport = TRANSPORT_TCP,
		.remote = node_at,
		.local = balancer.ip,
		.live = &rig->live,
	};
	rig->live.word = node_word_make(NODE_UP, NODE_READY, 0);
	assert_int_equal(node_table_add(&rig->nodes, &rig->node), 0);
	if (listens)
		rig_listen(rig);
	conns_sync(rig->conns, &rig->nodes, rig->now_ns);
	rig_run(rig);
}

unsigned rig_node_up(const struct rig *rig)
{
	struct conns_walk walk = {.looks = UINT32_MAX};
	struct conn_info infos[RIG_PEERS];
	unsigned count = conns_list(rig->conns, &walk, infos, RIG_PEERS);
	unsigned up = 0;

	for (unsigned i = 0; i < count; i++)
		up += infos[i].kind == CONN_NODE && infos[i].node_id == rig->node.id &&
		      infos[i].state == CONN_UP;
	return up;
}

void rig_kill(struct rig *rig)
{
	for (unsigned i = 0; i < rig->peer_count; i++) {
		if (rig->peers[i].tcb)
			tcp_abort(rig->peers[i].tcb, rig->now_ns);
	}
}

uint64_t rig_count(const struct rig *rig, enum stat stat)
{
	return stats_get(&rig->hosts[0].stats, stat);
}
