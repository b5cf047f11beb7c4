/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two stacks, the wire of no length between them, and both applications: one that sends and reads until
 * all has come back, and one that sends back what it reads and reads no more than it can send.
 */
#include "pair.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#define PAIR_MS 1000000ULL

enum { OPENS, ACCEPTS, PORT = 5060, CHUNK = 1500 };

static uint8_t byte_at(const struct pair_conn *conn, uint32_t offset)
{
	return (uint8_t)(offset * 37 + (offset >> 8) + conn->index * 11);
}

/* The applications ask again after this time: an empty pool tells nobody when it is not. */
static const uint64_t ask_again_ns = 50 * PAIR_MS;

static void on_wire(struct pair *pair, unsigned to, struct rte_mbuf *mbuf)
{
	uint32_t last = (pair->first_in + pair->queued) % PAIR_QUEUE_MAX;

	ensure(pair->queued < PAIR_QUEUE_MAX);
	pair->queue[last].mbuf = mbuf;
	pair->queue[last].to = to;
	pair->queued++;
}

static void output(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	(void)src;
	on_wire(ctx, dst->bytes[3] == 1 ? OPENS : ACCEPTS, mbuf);
}

static struct rte_mbuf *text_of(const struct pair_conn *conn, uint32_t from, uint32_t len)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(conn->pair->pool);
	char *text;

	if (!mbuf)
		return NULL;
	text = rte_pktmbuf_append(mbuf, (uint16_t)len);
	ensure(text != NULL);
	for (uint32_t i = 0; i < len; i++)
		text[i] = (char)byte_at(conn, from + i);
	return mbuf;
}

/* Returns how many bytes the stack took. */
static uint32_t send_part(const struct pair_conn *conn, struct tcb *tcb, uint32_t from, uint32_t left)
{
	uint32_t len = left < CHUNK ? left : CHUNK;
	struct rte_mbuf *mbuf = len > 0 ? text_of(conn, from, len) : NULL;

	if (!mbuf)
		return 0;
	if (tcp_send(tcb, mbuf, conn->pair->now_ns) == 0)
		return len;
	rte_pktmbuf_free(mbuf);
	return 0;
}

static void send_what_goes(struct pair_conn *conn)
{
	uint32_t part;

	while (conn->begun && conn->tcb && conn->sent < conn->to_send &&
		(part = send_part(conn, conn->tcb, conn->sent, conn->to_send - conn->sent)) > 0)
		conn->sent += part;
}

static void read_what_came(struct pair_conn *conn)
{
	struct span span;

	while (conn->tcb && tcp_receive(conn->tcb, &span, 1) == 1) {
		for (size_t i = 0; i < span.len; i++)
			conn->wrong |= (uint8_t)span.p[i] != byte_at(conn, conn->read + (uint32_t)i);
		conn->read += (uint32_t)span.len;
		tcp_consume(conn->tcb, (uint32_t)span.len, conn->pair->now_ns);
	}
	if (conn->tcb && conn->begun && conn->read == conn->to_send) {
		conn->served = !conn->wrong;
		tcp_close(conn->tcb, conn->pair->now_ns);
	}
}

/* Sends back what lies there, as far as it goes. */
static void echo_back(struct pair_conn *conn)
{
	struct span span;
	uint32_t part;

	while (conn->echo && tcp_receive(conn->echo, &span, 1) == 1) {
		part = send_part(conn, conn->echo, conn->echoed, (uint32_t)span.len);
		if (part == 0)
			return;
		conn->echoed += part;
		tcp_consume(conn->echo, part, conn->pair->now_ns);
	}
}

static void opener_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct pair *pair = ctx;
	struct pair_conn *conn = &pair->conns[tcp_cookie(tcb)];

	(void)why;
	if (event == TCP_ENDED) {
		conn->tcb = NULL;
		return;
	}
	conn->begun = true;
	send_what_goes(conn);
	read_what_came(conn);
}

static struct pair_conn *opened_from(struct pair *pair, const struct tcb *tcb)
{
	struct tcp_info info, other;

	tcp_info(tcb, &info);
	for (unsigned i = 0; i < pair->conn_count; i++) {
		if (!pair->conns[i].tcb)
			continue;
		tcp_info(pair->conns[i].tcb, &other);
		if (endpoint_equal(&other.local, &info.remote))
			return &pair->conns[i];
	}
	return NULL;
}

/* The cookie is one more than the index: 0 has nobody behind. */
static void acceptor_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct pair *pair = ctx;
	struct pair_conn *conn = tcp_cookie(tcb) ? &pair->conns[tcp_cookie(tcb) - 1] : NULL;

	(void)why;
	if (event == TCP_ACCEPTED) {
		conn = opened_from(pair, tcb);
		tcp_set_cookie(tcb, conn ? conn->index + 1 : 0);
		if (!conn)
			tcp_abort(tcb, pair->now_ns);
		else
			conn->echo = tcb;
	} else if (conn && event == TCP_ENDED) {
		conn->echo = NULL;
	} else if (conn && conn->echo) {
		echo_back(conn);
		if (event == TCP_PEER_CLOSED)
			tcp_close(conn->echo, pair->now_ns);
	}
}

void pair_prepare(struct pair *pair, struct rte_mempool *pool)
{
	*pair = (struct pair){.pool = pool, .now_ns = 1000000000ULL};
	rng_init(&pair->rng, 7);
	for (unsigned i = 0; i < 2; i++)
		pair->configs[i] = (struct tcp_config){
			.pool = pool,
			.stats = &pair->stats[i],
			.rng = &pair->rng,
			.secret = {11, i},
			.socket_id = -1,
			.connections_max = PAIR_CONNS_MAX,
			.half_open_max = PAIR_CONNS_MAX,
			.time_wait_max = PAIR_CONNS_MAX,
			.pieces_max = 1024,
			.port_first = 40000,
			.port_last = 40000 + PAIR_CONNS_MAX - 1,
			.ctx = pair,
			.output = output,
			.event = i == OPENS ? opener_event : acceptor_event,
		};
}

static struct endpoint address_of(unsigned end)
{
	struct endpoint endpoint = {.port = PORT};

	ensure(ip_parse(span_str(end == OPENS ? "192.0.2.1" : "192.0.2.2"), &endpoint.ip) == 0);
	return endpoint;
}

void pair_start(struct pair *pair)
{
	struct endpoint opens = address_of(OPENS);
	struct endpoint accepts = address_of(ACCEPTS);

	for (unsigned i = 0; i < 2; i++)
		ensure(tcp_create(&pair->configs[i], pair->now_ns, &pair->ends[i]) == 0);
	ensure(tcp_add_source(pair->ends[OPENS], &opens.ip) == 0);
	ensure(tcp_listen(pair->ends[ACCEPTS], &accepts, PAIR_CONNS_MAX, 0) == 0);
}

int pair_open(struct pair *pair, uint32_t bytes)
{
	struct pair_conn *conn = &pair->conns[pair->conn_count];
	struct endpoint remote = address_of(ACCEPTS);

	ensure(pair->conn_count < PAIR_CONNS_MAX && bytes > 0);
	*conn = (struct pair_conn){.pair = pair, .index = pair->conn_count, .to_send = bytes};
	pair->conn_count++;
	return tcp_connect(pair->ends[OPENS], &remote, conn->index, pair->now_ns, &conn->tcb);
}

static void deliver_one(struct pair *pair)
{
	struct rte_mbuf *mbuf = pair->queue[pair->first_in].mbuf;
	unsigned to = pair->queue[pair->first_in].to;
	struct ip_addr src = address_of(!to).ip;
	struct ip_addr dst = address_of(to).ip;
	struct tcp_packet packet = {.mbuf = mbuf, .src = &src, .dst = &dst, .l4_len = mbuf->pkt_len};

	pair->first_in = (pair->first_in + 1) % PAIR_QUEUE_MAX;
	pair->queued--;
	tcp_input(pair->ends[to], &packet, pair->now_ns);
}

static void applications_ask_again(struct pair *pair)
{
	for (unsigned i = 0; i < pair->conn_count; i++) {
		send_what_goes(&pair->conns[i]);
		echo_back(&pair->conns[i]);
	}
}

static uint64_t next_ns(const struct pair *pair)
{
	uint64_t first_ns = tcp_next_ns(pair->ends[0]);
	uint64_t second_ns = tcp_next_ns(pair->ends[1]);

	return first_ns < second_ns ? first_ns : second_ns;
}

void pair_run(struct pair *pair, uint64_t max_ns)
{
	uint64_t end_ns = pair->now_ns + max_ns;

	while (pair->now_ns < end_ns) {
		uint64_t then_ns = next_ns(pair);
		while (pair->queued > 0)
			deliver_one(pair);
		if (then_ns == UINT64_MAX && next_ns(pair) == UINT64_MAX)
			return;
		then_ns = next_ns(pair);
		if (then_ns > pair->now_ns + ask_again_ns)
			then_ns = pair->now_ns + ask_again_ns;
		/* A wire of no length: time must pass, or two ends could talk for ever in one moment. */
		pair->now_ns = then_ns > pair->now_ns ? then_ns : pair->now_ns + PAIR_MS / 10;
		for (unsigned i = 0; i < 2; i++)
			tcp_tick(pair->ends[i], pair->now_ns);
		applications_ask_again(pair);
	}
}

unsigned pair_served(const struct pair *pair)
{
	unsigned served = 0;

	for (unsigned i = 0; i < pair->conn_count; i++)
		served += pair->conns[i].served;
	return served;
}

bool pair_is_empty(const struct pair *pair)
{
	bool empty = pair->queued == 0;

	for (unsigned i = 0; i < 2; i++) {
		struct tcp_levels levels;
		tcp_levels(pair->ends[i], &levels);
		empty = empty &&
			levels.connections + levels.half_open + levels.time_wait + levels.pieces +
					levels.under_way ==
				0 &&
			levels.pinned_bytes == 0;
	}
	return empty;
}

uint64_t pair_count(const struct pair *pair, enum stat stat)
{
	return stats_get(&pair->stats[0], stat) + stats_get(&pair->stats[1], stat);
}

void pair_stop(struct pair *pair)
{
	for (unsigned i = 0; i < 2; i++)
		tcp_destroy(pair->ends[i]);
	for (; pair->queued > 0; pair->queued--) {
		rte_pktmbuf_free(pair->queue[pair->first_in].mbuf);
		pair->first_in = (pair->first_in + 1) % PAIR_QUEUE_MAX;
	}
}
