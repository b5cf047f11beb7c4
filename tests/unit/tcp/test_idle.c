/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 100,000 connections at rest on one worker: what they cost, that they fit into 1 GiB, and that nothing of
 * them is left when they have closed.
 */
#include "fixture.h"

#include "support/eal.h"

#include <rte_byteorder.h>
#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_tcp.h>

#include <stdio.h>

enum { CONNS = 100000, PORTS = 50000, HEAP_MEGABYTES = 512 };

static uint32_t our_iss[CONNS];
static unsigned current; /* whose segment comes in */

static void become(unsigned i)
{
	rig.peer.port = (uint16_t)(1024 + i % PORTS);
	rig.peer.ip.bytes[3] = (uint8_t)(2 + i / PORTS);
	rig.our_iss = our_iss[i];
	current = i;
}

static void open_all(void)
{
	for (unsigned i = 0; i < CONNS; i++) {
		become(i);
		in(F_SYN, 0, 0, 0);
		rig.our_iss = our_iss[i];
		in(F_ACK, 1, 1, 0);
	}
}

/* The peer says a word, and we answer it: the buffers of both come and go. */
static void talk(unsigned i)
{
	become(i);
	in(F_ACK | F_PSH, 1, 1, 10);
}

static void close_all(void)
{
	for (unsigned i = 0; i < CONNS; i++) {
		become(i);
		in(F_FIN | F_ACK, 11, 1, 0);
		in(F_ACK, 12, 2, 0);
	}
}

static void on_output(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	const struct rte_tcp_hdr *tcp = rte_pktmbuf_mtod(mbuf, const struct rte_tcp_hdr *);

	(void)ctx;
	(void)src;
	(void)dst;
	if (tcp->tcp_flags & RTE_TCP_SYN_FLAG)
		our_iss[current] = rte_be_to_cpu_32(tcp->sent_seq);
	rte_pktmbuf_free(mbuf);
}

static void on_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct span span;

	(void)ctx;
	rig.events[event]++;
	rig.why = why;
	if (event == TCP_READABLE && tcp_receive(tcb, &span, 1) == 1)
		tcp_consume(tcb, (uint32_t)span.len, rig.now_ns);
	if (event == TCP_PEER_CLOSED)
		tcp_close(tcb, rig.now_ns);
}

static void test_a_hundred_thousand_connections_at_rest(void **state)
{
	struct tcp_levels levels;
	size_t before = eal_heap_bytes();
	size_t heap;

	(void)state;
	rig.config.connections_max = CONNS;
	rig.config.keepalive_idle_ms = 1800000;
	rig.config.event = on_event;
	rig.config.output = on_output;
	rig_start(&rig);
	rig_listen(&rig, 16);
	heap = eal_heap_bytes() - before;
	open_all();
	assert_int_equal(rig.events[TCP_ACCEPTED], CONNS);
	for (unsigned i = 0; i < CONNS; i++)
		talk(i);
	rig_wait(&rig, 600000 * RIG_MS);
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(levels.connections, CONNS);
	assert_int_equal(levels.pinned_bytes + levels.pieces + levels.under_way, 0);
	assert_int_equal(rte_mempool_avail_count(rig.pool), RIG_MBUFS);
	printf("%u connections at rest: %zu bytes in all, %zu for each\n", CONNS, heap, heap / CONNS);
	assert_true(heap < 1UL << 30);
	close_all();
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(rig.events[TCP_ENDED], CONNS);
	assert_int_equal(rig.why, TCP_WHY_CLOSED);
	assert_int_equal(levels.connections + levels.half_open + levels.time_wait, 0);
	assert_int_equal(tcp_next_ns(rig.tcp), UINT64_MAX);
	tcp_destroy(rig.tcp);
	assert_int_equal(eal_heap_bytes(), before);
	rig_start(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {RIG_TEST(test_a_hundred_thousand_connections_at_rest)};

	if (eal_start_with(HEAP_MEGABYTES) != 0)
		return 2;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
