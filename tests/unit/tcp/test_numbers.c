/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that a stranger must not be able to guess: where sequences, timestamps and ports begin. */
#include "fixture.h"

enum { PORTS = 8 };

/* The first segment of a connection that the peer opens from the port. */
static struct shown answer_to(uint16_t port)
{
	struct shown syn = {.flags = F_SYN, .win = 65535, .shift = -1, .has_ts = true, .tsval = 1};

	rig.peer.port = port;
	rig.iss_known = false;
	rig_forget(&rig);
	rig_in(&rig, &syn);
	assert_int_equal(rig.sent_count, 1);
	return rig.sent[0];
}

/* Ends the half-open connection, so that the same ports can begin anew. */
static void take_back(void)
{
	in(F_RST, 1, 0, 0);
	rig_forget(&rig);
}

static uint32_t iss_of(uint16_t port)
{
	(void)answer_to(port);
	take_back();
	return rig.our_iss;
}

/* RFC 6528 3: a clock of 4 us and a keyed function of both ends. */
static void test_the_same_ends_begin_where_the_clock_stands(void **state)
{
	uint32_t first, second;

	(void)state;
	rig_start(&rig);
	rig_listen(&rig, 16);
	first = iss_of(6000);
	rig_wait(&rig, 100 * RIG_MS);
	second = iss_of(6000);
	assert_int_equal(second - first, 100 * 1000 / 4);
}

/* RFC 6528 3. */
static void test_other_ends_begin_elsewhere(void **state)
{
	unsigned near = 0;

	(void)state;
	rig_start(&rig);
	rig_listen(&rig, 16);
	for (uint16_t port = 6000; port < 6100; port++) {
		uint32_t distance = iss_of(port) - iss_of((uint16_t)(port + 1));
		near += distance < 1U << 20 || -distance < 1U << 20;
	}
	assert_true(near <= 3);
}

/* RFC 6528 3: whoever knows the ends and the time does not know the number. */
static void test_another_secret_begins_elsewhere(void **state)
{
	uint32_t first;

	(void)state;
	rig_start(&rig);
	rig_listen(&rig, 16);
	first = iss_of(6000);
	tcp_destroy(rig.tcp);
	rig.config.secret.k0++;
	rig_start(&rig);
	rig_listen(&rig, 16);
	assert_int_not_equal(iss_of(6000), first);
}

/* RFC 7323 7.1: nor what our clock shows to others. */
static void test_timestamps_of_two_connections_differ(void **state)
{
	uint32_t first, second;

	(void)state;
	rig_start(&rig);
	rig_listen(&rig, 16);
	first = answer_to(6000).tsval;
	second = answer_to(6001).tsval;
	assert_int_not_equal(first, second);
}

static void ports_of_start(uint64_t seed, uint16_t ports[PORTS])
{
	struct tcp_info info;
	struct tcb *tcb;

	rng_init(&rig.rng, seed);
	rig_start(&rig);
	rig.deaf = true;
	for (unsigned i = 0; i < PORTS; i++) {
		assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), 0);
		tcp_info(tcb, &info);
		ports[i] = info.local.port;
	}
	tcp_destroy(rig.tcp);
}

/* RFC 6056 3.3: the order is another one after each start. */
static void test_source_ports_come_in_no_order_that_can_be_foreseen(void **state)
{
	uint16_t first[PORTS], second[PORTS];
	unsigned one_up = 0;

	(void)state;
	ports_of_start(3, first);
	ports_of_start(4, second);
	assert_memory_not_equal(first, second, sizeof(first));
	for (unsigned i = 1; i < PORTS; i++)
		one_up += first[i] == first[i - 1] + 1;
	assert_true(one_up < PORTS - 1);
	rig_start(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_the_same_ends_begin_where_the_clock_stands),
		RIG_TEST(test_other_ends_begin_elsewhere),
		RIG_TEST(test_another_secret_begins_elsewhere),
		RIG_TEST(test_timestamps_of_two_connections_differ),
		RIG_TEST(test_source_ports_come_in_no_order_that_can_be_foreseen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
