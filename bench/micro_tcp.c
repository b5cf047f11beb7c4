/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What TCP costs for one segment, in and out, without the layers below: the segments of the peer are made
 * here from a template, and what leaves is given back at once. Making and freeing the packet buffer is part
 * of each figure; the row "buffer" says what that costs alone.
 */
#include "measure.h"

#include "base/ensure.h"
#include "support/eal.h"
#include "support/endpoint.h"
#include "tcp/tcp.h"

#include <rte_byteorder.h>
#include <rte_eal.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

enum { TEXT_MAX = 1460, MBUFS = 8191, CONNS = 100000, HEADER = 32, OUT_BURST = 8 };

struct bench {
	struct tcp *tcp;
	struct tcp_config config;
	struct stats stats;
	struct rng rng;
	struct endpoint us, peer;
	struct tcb *tcb;
	uint64_t now_ns;
	uint32_t peer_nxt; /* what the peer sends next */
	uint32_t our_nxt;  /* what we send next, as the peer saw it */
	uint32_t len;      /* of the text, in the rows */
	uint64_t read;
};

static void output(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	const struct rte_tcp_hdr *tcp = rte_pktmbuf_mtod(mbuf, const struct rte_tcp_hdr *);
	struct bench *bench = ctx;
	bool syn = (tcp->tcp_flags & RTE_TCP_SYN_FLAG) != 0;

	(void)src;
	(void)dst;
	bench->our_nxt = rte_be_to_cpu_32(tcp->sent_seq) + rte_pktmbuf_pkt_len(mbuf) -
			 (uint32_t)(tcp->data_off >> 4) * 4 + syn;
	rte_pktmbuf_free(mbuf);
}

static void event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct bench *bench = ctx;
	struct span span;

	(void)why;
	if (event == TCP_ACCEPTED)
		bench->tcb = tcb;
	while (event == TCP_READABLE && tcp_receive(tcb, &span, 1) == 1) {
		bench->read += span.len;
		tcp_consume(tcb, (uint32_t)span.len, bench->now_ns);
	}
}

/* Timestamps as real peers have them, padded by two bytes before. */
static void header_write(struct bench *bench, char *to, uint8_t flags)
{
	struct rte_tcp_hdr *tcp = (struct rte_tcp_hdr *)(void *)to;
	uint32_t *options = (uint32_t *)(void *)(to + sizeof(*tcp));

	*tcp = (struct rte_tcp_hdr){
		.src_port = rte_cpu_to_be_16(bench->peer.port),
		.dst_port = rte_cpu_to_be_16(bench->us.port),
		.sent_seq = rte_cpu_to_be_32(bench->peer_nxt),
		.recv_ack = rte_cpu_to_be_32(bench->our_nxt),
		.data_off = HEADER / 4 << 4,
		.tcp_flags = flags,
		.rx_win = 0xffff,
	};
	options[0] = rte_cpu_to_be_32(0x0101080a);
	options[1] = rte_cpu_to_be_32((uint32_t)(bench->now_ns / 1000000));
	options[2] = 0;
}

static void arrive(struct bench *bench, uint8_t flags, uint32_t len)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(bench->config.pool);
	struct tcp_packet packet = {
		.mbuf = mbuf, .src = &bench->peer.ip, .dst = &bench->us.ip, .l4_len = HEADER + len};
	char *to;

	ensure(mbuf != NULL);
	to = rte_pktmbuf_append(mbuf, (uint16_t)(HEADER + len));
	ensure(to != NULL);
	header_write(bench, to, flags);
	memset(to + HEADER, 'x', len);
	bench->peer_nxt += len + ((flags & (RTE_TCP_SYN_FLAG | RTE_TCP_FIN_FLAG)) != 0);
	tcp_input(bench->tcp, &packet, bench->now_ns);
}

static void handshake(struct bench *bench)
{
	arrive(bench, RTE_TCP_SYN_FLAG, 0);
	arrive(bench, RTE_TCP_ACK_FLAG, 0);
}

static void row_buffer(void *data, uint64_t iterations)
{
	struct bench *bench = data;

	for (uint64_t i = 0; i < iterations; i++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(bench->config.pool);
		char *to = rte_pktmbuf_append(mbuf, (uint16_t)(HEADER + bench->len));
		header_write(bench, to, RTE_TCP_ACK_FLAG);
		memset(to + HEADER, 'x', bench->len);
		rte_pktmbuf_free(mbuf);
	}
}

/* Text in order, read at once; each second one is acknowledged. */
static void row_in(void *data, uint64_t iterations)
{
	struct bench *bench = data;

	for (uint64_t i = 0; i < iterations; i++)
		arrive(bench, RTE_TCP_ACK_FLAG, bench->len);
}

static void send_one(struct bench *bench)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(bench->config.pool);
	char *to = rte_pktmbuf_append(mbuf, (uint16_t)bench->len);

	ensure(to != NULL);
	memset(to, 'y', bench->len);
	ensure(tcp_send(bench->tcb, mbuf, bench->now_ns) == 0);
}

/* Text out, and one acknowledgement for eight. */
static void row_out(void *data, uint64_t iterations)
{
	struct bench *bench = data;

	for (uint64_t i = 0; i < iterations; i += OUT_BURST) {
		for (int k = 0; k < OUT_BURST; k++)
			send_one(bench);
		arrive(bench, RTE_TCP_ACK_FLAG, 0);
	}
}

/* A request in and an answer out, each carrying the other's acknowledgement. */
static void row_turn(void *data, uint64_t iterations)
{
	struct bench *bench = data;

	for (uint64_t i = 0; i < iterations; i++) {
		arrive(bench, RTE_TCP_ACK_FLAG, bench->len);
		send_one(bench);
	}
}

/* Opened by the peer, closed by the peer. */
static void row_connection(void *data, uint64_t iterations)
{
	struct bench *bench = data;

	for (uint64_t i = 0; i < iterations; i++) {
		bench->peer.port = (uint16_t)(1024 + i % 60000);
		bench->peer_nxt = (uint32_t)i * 100000;
		handshake(bench);
		arrive(bench, RTE_TCP_FIN_FLAG | RTE_TCP_ACK_FLAG, 0);
		tcp_close(bench->tcb, bench->now_ns);
		arrive(bench, RTE_TCP_ACK_FLAG, 0);
	}
}

static void bench_start(struct bench *bench, const char *peer, const char *us)
{
	bench->us = endpoint_of(us);
	bench->peer = endpoint_of(peer);
	bench->peer.port = 6000;
	bench->peer_nxt = 1;
	ensure(tcp_create(&bench->config, bench->now_ns, &bench->tcp) == 0);
	ensure(tcp_listen(bench->tcp, &bench->us, 16, 0) == 0);
	handshake(bench);
	ensure(bench->tcb != NULL);
}

/* What one more connection takes at start; tests/unit/tcp/test_idle.c shows that at rest it takes no more. */
static double bytes_of_connection(struct bench *bench)
{
	struct tcp_config config = bench->config;
	struct tcp *few, *many;
	size_t before = eal_heap_bytes();
	size_t of_few;

	config.connections_max = 1;
	ensure(tcp_create(&config, bench->now_ns, &few) == 0);
	of_few = eal_heap_bytes() - before;
	tcp_destroy(few);
	config.connections_max = CONNS;
	ensure(tcp_create(&config, bench->now_ns, &many) == 0);
	before = eal_heap_bytes() - before - of_few;
	tcp_destroy(many);
	return (double)before / (CONNS - 1);
}

static void config_fill(struct bench *bench)
{
	rng_init(&bench->rng, 1);
	bench->now_ns = 1000000000;
	bench->config = (struct tcp_config){
		.pool = rte_pktmbuf_pool_create(
			"bench", MBUFS, 256, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY),
		.stats = &bench->stats,
		.rng = &bench->rng,
		.secret = {1, 2},
		.socket_id = SOCKET_ID_ANY,
		.ctx = bench,
		.output = output,
		.event = event,
	};
	ensure(bench->config.pool != NULL);
}

int main(void)
{
	static const struct {
		const char *name;
		measure_op op;
		uint32_t len;
		const char *peer, *us;
	} runs[] = {
		{"buffer", row_buffer, 600, "192.0.2.2", "192.0.2.1"},
		{"in", row_in, 600, "192.0.2.2", "192.0.2.1"},
		{"in-ipv6", row_in, 600, "2001:db8::2", "2001:db8::1"},
		{"out", row_out, 700, "192.0.2.2", "192.0.2.1"},
		{"out-ipv6", row_out, 700, "2001:db8::2", "2001:db8::1"},
		{"in-and-out", row_turn, 650, "192.0.2.2", "192.0.2.1"},
		{"connection", row_connection, 0, "192.0.2.2", "192.0.2.1"},
	};
	enum { RUNS = sizeof(runs) / sizeof(runs[0]) };
	struct measure_row rows[RUNS];
	struct measure_value value = {.name = "connection-at-rest", .size = CONNS, .unit = "bytes each"};
	static struct bench bench;

	ensure(eal_start_with(512) == 0);
	config_fill(&bench);
	value.value = bytes_of_connection(&bench);
	for (size_t i = 0; i < RUNS; i++) {
		rows[i] = (struct measure_row){.name = runs[i].name, .size = runs[i].len};
		bench.len = runs[i].len;
		bench_start(&bench, runs[i].peer, runs[i].us);
		measure(runs[i].op, &bench, &rows[i]);
		ensure(stats_get(&bench.stats, STAT_tcp_retransmissions) == 0);
		ensure(runs[i].op != row_in || bench.read > 0);
		tcp_destroy(bench.tcp);
	}
	measure_print(stdout, &(struct measure_report){"tcp", "segment", "bytes", rows, RUNS, &value, 1});
	return rte_eal_cleanup();
}
