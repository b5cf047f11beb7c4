/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The lower end of the stack library: packets, frames, the clock, and instances beside each other. */
#include "pair.h"

#include <errno.h>
#include <string.h>

static void frames_bring_their_own_neighbour_discovery(void **state)
{
	static const int families[] = {AF_INET, AF_INET6};
	struct stack_config a_config = pair_config(1);
	struct stack_config b_config = pair_config(2);

	(void)state;
	a_config.link = b_config.link = STACK_LINK_ETHERNET;
	for (int i = 0; i < 2; i++) {
		struct pair pair;
		char bytes[8];
		int a, b;
		pair_start(&pair, &a_config, &b_config);
		pair_connect(&pair, families[i], &a, &b);
		assert_int_equal(stack_send(pair.a, a, "frame", 5, 0), 5);
		pair_wait(&pair, 1);
		assert_int_equal(stack_recv(pair.b, b, bytes, sizeof(bytes), 0), 5);
		pair_stop(&pair);
	}
}

static void a_packet_of_ip_begins_with_its_header_and_leaves_alone(void **state)
{
	struct pair pair;
	struct stack_config a_config = pair_config(1);
	struct stack_config b_config = pair_config(2);
	struct sockaddr_storage address;
	socklen_t len = pair_address(AF_INET, 2, PAIR_PORT, &address);
	uint8_t packet[2048];
	int a;

	(void)state;
	pair_start(&pair, &a_config, &b_config);
	a = stack_socket(pair.a, AF_INET, SOCK_STREAM);
	assert_int_equal(stack_connect(pair.a, a, (struct sockaddr *)&address, len), -EINPROGRESS);
	assert_int_equal(stack_output(pair.a, packet, 10), -EMSGSIZE);
	assert_int_equal(stack_output(pair.a, packet, sizeof(packet)), 20 + 44);
	assert_int_equal(packet[0], 0x45);
	assert_int_equal(packet[9], 6);
	assert_int_equal(packet[33], 0x02); /* SYN */
	assert_int_equal(stack_output(pair.a, packet, sizeof(packet)), 0);
	pair_stop(&pair);
}

static void what_is_no_packet_is_refused_and_what_is_wrong_is_counted(void **state)
{
	struct pair pair;
	struct stack_config a_config = pair_config(1);
	struct stack_config b_config = pair_config(2);
	static uint8_t packet[65536] = {0x45};
	uint64_t count = 7;

	(void)state;
	pair_start(&pair, &a_config, &b_config);
	assert_int_equal(stack_input(pair.a, packet, 19), -EINVAL);
	assert_int_equal(stack_input(pair.a, packet, sizeof(packet)), -EMSGSIZE);
	assert_int_equal(stack_input(pair.a, packet, 40), 0);
	packet[0] = 0x55;
	assert_int_equal(stack_input(pair.a, packet, 40), -EINVAL);
	assert_int_equal(stack_counter(pair.a, "net_ip4_bad_length", &count), 0);
	assert_int_equal(count, 1);
	assert_int_equal(stack_counter(pair.a, "no such counter", &count), -ENOENT);
	assert_non_null(stack_counter_name(0));
	assert_null(stack_counter_name(100000));
	pair_stop(&pair);
}

static void outputs_that_nobody_takes_are_lost_and_sent_again(void **state)
{
	struct pair pair;
	struct stack_config a_config = pair_config(1);
	struct stack_config b_config = pair_config(2);
	static char bytes[20000];
	uint64_t lost = 0;
	size_t in = 0;
	int a, b;

	(void)state;
	a_config.outputs_max = 4;
	pair_start(&pair, &a_config, &b_config);
	pair_connect(&pair, AF_INET, &a, &b);
	assert_int_equal(stack_send(pair.a, a, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(stack_counter(pair.a, "net_tx_ring_full", &lost), 0);
	assert_true(lost > 0);
	for (int i = 0; i < 1000 && in < sizeof(bytes); i++) {
		pair_wait(&pair, 100);
		ssize_t n = stack_recv(pair.b, b, bytes, sizeof(bytes), 0);
		in += n > 0 ? (size_t)n : 0;
	}
	assert_int_equal(in, sizeof(bytes));
	pair_stop(&pair);
}

static void the_clock_does_not_run_backwards(void **state)
{
	struct pair pair;
	struct stack_config a_config = pair_config(1);
	struct stack_config b_config = pair_config(2);

	(void)state;
	pair_start(&pair, &a_config, &b_config);
	assert_int_equal(stack_next_ns(pair.a), UINT64_MAX);
	assert_int_equal(stack_advance(pair.a, pair.now_ns - 1), -EINVAL);
	assert_int_equal(stack_advance(pair.a, pair.now_ns), 0);
	assert_int_equal(stack_advance(pair.a, pair.now_ns + 86400000 * PAIR_MS), 0);
	pair_stop(&pair);
}

/* One leap of the clock is as good as many steps: each timer fires at its own time. */
static void a_leap_of_the_clock_sends_what_steps_would(void **state)
{
	uint64_t counts[2] = {0, 0};

	(void)state;
	for (int leap = 0; leap < 2; leap++) {
		struct pair pair;
		struct stack_config a_config = pair_config(1);
		struct stack_config b_config = pair_config(2);
		int a, b;
		pair_start(&pair, &a_config, &b_config);
		pair_connect(&pair, AF_INET, &a, &b);
		pair.cut = true;
		assert_int_equal(stack_send(pair.a, a, "x", 1, 0), 1);
		if (leap)
			assert_int_equal(stack_advance(pair.a, pair.now_ns + 30000 * PAIR_MS), 0);
		else
			pair_wait(&pair, 30000);
		assert_int_equal(stack_counter(pair.a, "tcp_retransmissions", &counts[leap]), 0);
		pair_stop(&pair);
	}
	assert_true(counts[0] >= 5);
	assert_int_equal(counts[0], counts[1]);
}

static void a_clock_that_was_set_fires_no_timer_before_it_advances(void **state)
{
	struct pair pair;
	struct stack_config a_config = pair_config(1);
	struct stack_config b_config = pair_config(2);
	static const char bytes[2 * 1448];
	uint64_t repeated = 7;
	int a, b;

	(void)state;
	pair_start(&pair, &a_config, &b_config);
	pair_connect(&pair, AF_INET, &a, &b);
	/* Two full segments, the second of which is acknowledged at once. */
	assert_int_equal(stack_send(pair.a, a, bytes, sizeof(bytes), 0), sizeof(bytes));
	assert_int_equal(stack_clock(pair.a, pair.now_ns - 1), -EINVAL);
	assert_int_equal(stack_clock(pair.a, pair.now_ns + 5000 * PAIR_MS), 0);
	assert_int_equal(stack_clock(pair.b, pair.now_ns + 5000 * PAIR_MS), 0);
	/* Its acknowledgement comes at the last moment, but in time. */
	pair_settle(&pair);
	assert_int_equal(stack_advance(pair.a, pair.now_ns + 5000 * PAIR_MS), 0);
	assert_int_equal(stack_counter(pair.a, "tcp_retransmissions", &repeated), 0);
	assert_int_equal(repeated, 0);
	pair_stop(&pair);
}

/* FNV-1a over all packets of a connection's life. */
static uint64_t digest_of_a_life(uint64_t seed)
{
	struct pair pair;
	struct stack_config a_config = pair_config(1);
	struct stack_config b_config = pair_config(2);
	struct sockaddr_storage address;
	socklen_t len = pair_address(AF_INET, 2, PAIR_PORT, &address);
	uint64_t digest = 0xcbf29ce484222325;
	uint8_t packet[2048];
	ssize_t n;
	int a;

	a_config.seed = seed;
	pair_start(&pair, &a_config, &b_config);
	a = stack_socket(pair.a, AF_INET, SOCK_STREAM);
	assert_int_equal(stack_connect(pair.a, a, (struct sockaddr *)&address, len), -EINPROGRESS);
	assert_int_equal(stack_advance(pair.a, pair.now_ns + 5000 * PAIR_MS), 0);
	while ((n = stack_output(pair.a, packet, sizeof(packet))) > 0) {
		for (ssize_t i = 0; i < n; i++)
			digest = (digest ^ packet[i]) * 0x100000001b3;
	}
	pair_stop(&pair);
	return digest;
}

static void the_same_seed_gives_the_same_packets(void **state)
{
	(void)state;
	assert_true(digest_of_a_life(5) == digest_of_a_life(5));
	assert_true(digest_of_a_life(5) != digest_of_a_life(6));
}

static void many_instances_do_not_disturb_each_other(void **state)
{
	enum { PAIRS = 4 };
	struct pair pairs[PAIRS];
	int a[PAIRS], b[PAIRS];

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		struct stack_config a_config = pair_config(1);
		struct stack_config b_config = pair_config(2);
		pair_start(&pairs[i], &a_config, &b_config);
	}
	for (int i = 0; i < PAIRS; i++)
		pair_connect(&pairs[i], AF_INET, &a[i], &b[i]);
	assert_int_equal(stack_abort(pairs[1].a, a[1]), 0);
	pair_wait(&pairs[1], 1);
	for (int i = 0; i < PAIRS; i++)
		assert_string_equal(stack_state(pairs[i].b, b[i]), i == 1 ? "CLOSED" : "ESTABLISHED");
	for (int i = 0; i < PAIRS; i++)
		pair_stop(&pairs[i]);
}

static void a_configuration_that_cannot_be_is_refused(void **state)
{
	struct stack *stack = NULL;
	struct stack_config config = pair_config(1);

	(void)state;
	config.addresses[0] = "nowhere";
	assert_int_equal(stack_create(&config, 1, &stack), -EINVAL);
	config = pair_config(1);
	config.mtu = 600;
	assert_int_equal(stack_create(&config, 1, &stack), -EINVAL);
	config = pair_config(1);
	config.addresses[1] = config.addresses[0];
	assert_int_equal(stack_create(&config, 1, &stack), -EINVAL);
	config = pair_config(1);
	config.delayed_ack_ms = 501;
	assert_int_equal(stack_create(&config, 1, &stack), -EINVAL);
	assert_null(stack);
	stack_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_bring_their_own_neighbour_discovery),
		cmocka_unit_test(a_packet_of_ip_begins_with_its_header_and_leaves_alone),
		cmocka_unit_test(what_is_no_packet_is_refused_and_what_is_wrong_is_counted),
		cmocka_unit_test(outputs_that_nobody_takes_are_lost_and_sent_again),
		cmocka_unit_test(the_clock_does_not_run_backwards),
		cmocka_unit_test(a_leap_of_the_clock_sends_what_steps_would),
		cmocka_unit_test(a_clock_that_was_set_fires_no_timer_before_it_advances),
		cmocka_unit_test(the_same_seed_gives_the_same_packets),
		cmocka_unit_test(many_instances_do_not_disturb_each_other),
		cmocka_unit_test(a_configuration_that_cannot_be_is_refused),
	};

	return cmocka_run_group_tests_name("stack-wire", tests, NULL, NULL);
}
