/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many connections and too little memory to send: each that was refused is told in its turn, no more at once
 * than there is room for, and none is told in vain.
 */
#include "fixture.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <errno.h>

enum { CONNS = 40, ROOM = 8, BUFFER = 2176 + 128 };

/* Connections by their cookie, 1 to CONNS, in the order in which they were told that they may send. */
static struct {
	struct tcb *tcbs[CONNS + 1];
	uint64_t told[4 * CONNS];
	unsigned told_count;
	unsigned accepted;
	bool sends; /* at once when told */
	unsigned refused_again;
} crowd;

static int send_one(struct tcb *tcb)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig.pool);
	int ret;

	assert_non_null(mbuf);
	assert_non_null(rte_pktmbuf_append(mbuf, 1500));
	ret = tcp_send(tcb, mbuf, rig.now_ns);
	if (ret != 0)
		rte_pktmbuf_free(mbuf);
	return ret;
}

static void crowd_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	(void)ctx;
	(void)why;
	if (event == TCP_ACCEPTED) {
		crowd.tcbs[++crowd.accepted] = tcb;
		tcp_set_cookie(tcb, crowd.accepted);
	} else if (event == TCP_WRITABLE) {
		assert_true(crowd.told_count < 4 * CONNS);
		crowd.told[crowd.told_count++] = tcp_cookie(tcb);
		if (crowd.sends)
			crowd.refused_again += send_one(tcb) != 0;
	}
}

/* CONNS connections with windows that let nothing out. */
static void crowd_open(uint64_t memory_bytes)
{
	memset(&crowd, 0, sizeof(crowd));
	rig.config.memory_max_bytes = memory_bytes;
	rig.config.event = crowd_event;
	rig_start(&rig);
	rig_listen(&rig, CONNS);
	for (unsigned i = 1; i <= CONNS; i++) {
		rig.peer.port++;
		rig.iss_known = false;
		rig_forget(&rig);
		in(F_SYN, 0, 0, 0);
		rig_in(&rig, &(struct shown){.flags = F_ACK, .seq = 1, .ack = 1, .shift = -1});
	}
	assert_int_equal(crowd.accepted, CONNS);
	rig.deaf = true;
}

/* ... of which the first ROOM have filled the memory. */
static void crowd_start(void)
{
	crowd_open(2 * ROOM * BUFFER);
	for (unsigned i = 1; i <= ROOM; i++)
		assert_int_equal(send_one(crowd.tcbs[i]), 0);
	for (unsigned i = ROOM + 1; i <= CONNS; i++)
		assert_int_equal(send_one(crowd.tcbs[i]), -ENOBUFS);
}

static void abort_and_tick(unsigned cookie)
{
	tcp_abort(crowd.tcbs[cookie], rig.now_ns);
	tcp_tick(rig.tcp, rig.now_ns);
}

static void test_memory_that_comes_free_is_told_to_the_first_who_waits(void **state)
{
	(void)state;
	crowd_start();
	abort_and_tick(3);
	assert_int_equal(crowd.told_count, 1);
	assert_int_equal(crowd.told[0], ROOM + 1);
	/* It has until now not used its turn, and may do so still: nobody else was told. */
	assert_int_equal(send_one(crowd.tcbs[ROOM + 1]), 0);
	tcp_tick(rig.tcp, rig.now_ns);
	assert_int_equal(crowd.told_count, 1);
}

static void test_whoever_comes_new_waits_behind_those_who_wait(void **state)
{
	(void)state;
	crowd_start();
	tcp_abort(crowd.tcbs[1], rig.now_ns);
	/* There is room for one, but others have waited for it. */
	assert_int_equal(send_one(crowd.tcbs[2]), -ENOBUFS);
	tcp_tick(rig.tcp, rig.now_ns);
	assert_int_equal(crowd.told[0], ROOM + 1);
}

static void test_everybody_is_told_in_turn_and_nobody_in_vain(void **state)
{
	(void)state;
	crowd_start();
	crowd.sends = true;
	for (unsigned i = 1; i <= CONNS - ROOM; i++) {
		abort_and_tick(i);
		assert_int_equal(crowd.told_count, i);
		assert_int_equal(crowd.told[i - 1], ROOM + i);
	}
	assert_int_equal(crowd.refused_again, 0);
}

static void test_whoever_takes_nothing_makes_room_for_others(void **state)
{
	(void)state;
	crowd_start();
	assert_int_equal(send_one(crowd.tcbs[CONNS]), -ENOBUFS);
	assert_int_equal(rig_count(&rig, STAT_tcp_stuck_evicted), 0);
	/* Their windows have stayed closed while they were asked three times. */
	rig_wait(&rig, 10000 * RIG_MS);
	for (unsigned i = 0; i < CONNS / 16 + 1; i++)
		assert_int_equal(send_one(crowd.tcbs[CONNS]), -ENOBUFS);
	assert_int_equal(rig_count(&rig, STAT_tcp_stuck_evicted), 1);
	tcp_tick(rig.tcp, rig.now_ns);
	assert_int_equal(crowd.told_count, 1);
	assert_int_equal(send_one(crowd.tcbs[ROOM + 1]), 0);
}

static void test_whoever_takes_nothing_is_not_reset_for_what_others_sent_us(void **state)
{
	(void)state;
	crowd_open(2 * ROOM * BUFFER);
	assert_int_equal(send_one(crowd.tcbs[1]), 0);
	rig_wait(&rig, 10000 * RIG_MS);
	/* Nobody reads what the last one sends. */
	for (uint32_t i = 0; i < 20; i++)
		in(F_ACK, 1 + i * 1000, 1, 1000);
	assert_true(rig_count(&rig, STAT_tcp_memory_full) > 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_stuck_evicted), 0);
}

static void test_whoever_closes_with_nothing_to_send_is_not_reset_for_memory(void **state)
{
	(void)state;
	crowd_open(2 * ROOM * BUFFER);
	tcp_close(crowd.tcbs[CONNS], rig.now_ns);
	for (unsigned i = 1; i <= ROOM; i++)
		assert_int_equal(send_one(crowd.tcbs[i]), 0);
	assert_int_equal(send_one(crowd.tcbs[ROOM + 1]), -ENOBUFS);
	assert_int_equal(rig_count(&rig, STAT_tcp_closing_evicted), 0);
}

/* Ten that read nothing are sent as much as they may have. */
static void test_however_much_those_get_who_do_not_read_something_is_left(void **state)
{
	int ret = 0;

	(void)state;
	crowd_open(2 * 64 * BUFFER);
	for (unsigned i = 1; i <= 10; i++) {
		do
			ret = send_one(crowd.tcbs[i]);
		while (ret == 0);
		assert_int_equal(ret, -EAGAIN);
	}
	assert_int_equal(send_one(crowd.tcbs[11]), 0);
	assert_false(tcp_crowded(crowd.tcbs[11]));
	assert_int_equal(rig_count(&rig, STAT_tcp_memory_full), 0);
}

static void test_one_that_ends_leaves_the_line(void **state)
{
	(void)state;
	crowd_start();
	tcp_abort(crowd.tcbs[ROOM + 1], rig.now_ns);
	tcp_abort(crowd.tcbs[ROOM + 3], rig.now_ns);
	tcp_shutdown(crowd.tcbs[CONNS], rig.now_ns); /* whoever closes waits for no memory any more */
	crowd.sends = true;
	for (unsigned i = 1; i <= ROOM; i++)
		abort_and_tick(i);
	assert_int_equal(crowd.told_count, ROOM);
	assert_int_equal(crowd.told[0], ROOM + 2);
	assert_int_equal(crowd.told[1], ROOM + 4);
	assert_int_equal(crowd.refused_again, 0);
}

/* The one that is told does not send: its turn is over with the next memory that comes free. */
static void test_a_turn_not_used_keeps_nobody_waiting(void **state)
{
	(void)state;
	crowd_start();
	for (unsigned i = 1; i <= ROOM; i++)
		abort_and_tick(i);
	for (unsigned i = 0; i < CONNS; i++) {
		assert_true(tcp_next_ns(rig.tcp) > rig.now_ns || crowd.told_count < CONNS - ROOM);
		tcp_tick(rig.tcp, rig.now_ns);
	}
	assert_int_equal(crowd.told_count, CONNS - ROOM);
}

static void test_what_can_never_be_held_is_refused_for_good(void **state)
{
	struct rte_mbuf *head;

	(void)state;
	crowd_start();
	head = rte_pktmbuf_alloc(rig.pool);
	for (unsigned i = 0; i <= ROOM; i++) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig.pool);
		assert_non_null(rte_pktmbuf_append(mbuf, 100));
		assert_int_equal(rte_pktmbuf_chain(head, mbuf), 0);
	}
	assert_int_equal(tcp_send(crowd.tcbs[CONNS], head, rig.now_ns), -EMSGSIZE);
	rte_pktmbuf_free(head);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_memory_that_comes_free_is_told_to_the_first_who_waits),
		RIG_TEST(test_whoever_comes_new_waits_behind_those_who_wait),
		RIG_TEST(test_everybody_is_told_in_turn_and_nobody_in_vain),
		RIG_TEST(test_whoever_takes_nothing_makes_room_for_others),
		RIG_TEST(test_whoever_takes_nothing_is_not_reset_for_what_others_sent_us),
		RIG_TEST(test_whoever_closes_with_nothing_to_send_is_not_reset_for_memory),
		RIG_TEST(test_however_much_those_get_who_do_not_read_something_is_left),
		RIG_TEST(test_one_that_ends_leaves_the_line),
		RIG_TEST(test_a_turn_not_used_keeps_nobody_waiting),
		RIG_TEST(test_what_can_never_be_held_is_refused_for_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
