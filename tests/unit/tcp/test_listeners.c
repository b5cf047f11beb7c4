/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listeners, and the half-open connections that outlive them. */
#include "fixture.h"

#include "limits.h"

#include <errno.h>

static void test_listeners_are_bounded_and_named_once(void **state)
{
	struct endpoint local = rig.local;

	(void)state;
	rig_start(&rig);
	assert_int_equal(tcp_unlisten(rig.tcp, &local), -ENOENT);
	for (unsigned i = 0; i < TCP_LISTENERS_MAX; i++, local.port++)
		assert_int_equal(tcp_listen(rig.tcp, &local, 1, 0), 0);
	assert_int_equal(tcp_listen(rig.tcp, &local, 1, 0), -ENOSPC);
	local.port--;
	assert_int_equal(tcp_listen(rig.tcp, &local, 1, 0), -EADDRINUSE);
	assert_int_equal(tcp_unlisten(rig.tcp, &local), 0);
	assert_int_equal(tcp_listen(rig.tcp, &local, 1, 0), 0);
}

/* All places have had a listener that went while a peer was about to connect to it. */
static void test_a_removed_listener_s_half_open_connections_keep_no_place(void **state)
{
	struct endpoint first = rig.local;
	struct tcp_levels levels;

	(void)state;
	rig.config.half_open_max = 2 * TCP_LISTENERS_MAX;
	rig_start(&rig);
	for (unsigned i = 0; i < TCP_LISTENERS_MAX; i++, rig.local.port++) {
		assert_int_equal(tcp_listen(rig.tcp, &rig.local, 4, 7), 0);
		in(F_SYN, 0, 0, 0);
		assert_int_equal(tcp_unlisten(rig.tcp, &rig.local), 0);
	}
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(levels.half_open, TCP_LISTENERS_MAX);
	rig.local.port = 9000;
	for (unsigned i = 0; i < TCP_LISTENERS_MAX; i++, rig.local.port++)
		assert_int_equal(tcp_listen(rig.tcp, &rig.local, 4, 8), 0);
	/* They end without a word about those who have their places. */
	rig_wait(&rig, 60000 * RIG_MS);
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(levels.half_open, 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_half_timeout), TCP_LISTENERS_MAX);
	rig.local = first;
}

static void test_a_half_open_connection_comes_about_though_its_listener_s_place_is_taken(void **state)
{
	struct endpoint first = rig.local;

	(void)state;
	rig_start(&rig);
	assert_int_equal(tcp_listen(rig.tcp, &rig.local, 4, 7), 0);
	in(F_SYN, 0, 0, 0);
	assert_int_equal(tcp_unlisten(rig.tcp, &rig.local), 0);
	rig.local.port++;
	assert_int_equal(tcp_listen(rig.tcp, &rig.local, 4, 8), 0);
	rig.local = first;
	in(F_ACK, 1, 1, 0);
	rig_wait(&rig, RIG_MS);
	assert_int_equal(rig.events[TCP_ACCEPTED], 1);
	assert_int_equal(tcp_cookie(rig.tcb), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_listeners_are_bounded_and_named_once),
		RIG_TEST(test_a_removed_listener_s_half_open_connections_keep_no_place),
		RIG_TEST(test_a_half_open_connection_comes_about_though_its_listener_s_place_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
