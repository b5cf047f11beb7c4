/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is malformed, and what happens when a pool, a budget or a quota is used up. */
#include "fixture.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>

#include <errno.h>
static void test_a_segment_shorter_than_a_header_is_dropped(void **state)
{
	uint8_t bytes[19] = {0};

	(void)state;
	rig_start(&rig);
	rig_bytes(&rig, bytes, sizeof(bytes));
	assert_int_equal(rig_count(&rig, STAT_tcp_short), 1);
	rig_bytes(&rig, bytes, 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_short), 2);
	assert_int_equal(rig.sent_count, 0);
}

static void test_a_header_length_that_cannot_be_is_dropped(void **state)
{
	uint8_t bytes[24] = {0x17, 0x70, 0x13, 0xc4};

	(void)state;
	rig_start(&rig);
	for (unsigned words = 0; words < 16; words++) {
		bytes[12] = (uint8_t)(words << 4);
		rig_bytes(&rig, bytes, sizeof(bytes));
	}
	/* 5 and 6 words are right. */
	assert_int_equal(rig_count(&rig, STAT_tcp_bad_offset), 14);
}

static void test_port_zero_is_dropped(void **state)
{
	uint8_t bytes[20] = {0, 0, 0x13, 0xc4};

	(void)state;
	rig_start(&rig);
	bytes[12] = 0x50;
	rig_bytes(&rig, bytes, sizeof(bytes));
	bytes[1] = 1;
	bytes[2] = bytes[3] = 0;
	rig_bytes(&rig, bytes, sizeof(bytes));
	assert_int_equal(rig_count(&rig, STAT_tcp_port_zero), 2);
}

/* RFC 9293 3.9.2.3. */
static void test_a_group_is_no_end_of_a_connection(void **state)
{
	(void)state;
	rig_start(&rig);
	rig.peer.ip.bytes[0] = 224;
	in(F_SYN, 0, 0, 0);
	rig.peer.ip.bytes[0] = 192;
	rig.local.ip.bytes[0] = 239;
	in(F_SYN, 0, 0, 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_not_unicast), 2);
	assert_int_equal(rig.sent_count, 0);
}

static void test_options_of_any_shape_do_no_harm(void **state)
{
	uint8_t bytes[60] = {0x17, 0x70, 0x13, 0xc4};

	(void)state;
	rig_start(&rig);
	rig_listen(&rig, 16);
	bytes[12] = 0xf0;
	bytes[13] = F_SYN;
	for (unsigned kind = 0; kind < 256; kind++) {
		for (unsigned len = 0; len < 64; len++) {
			memset(bytes + 20, 1, 40);
			bytes[20] = (uint8_t)kind;
			bytes[21] = (uint8_t)len;
			bytes[4]++;
			rig.deaf = true;
			rig_bytes(&rig, bytes, sizeof(bytes));
		}
	}
	assert_true(rig_count(&rig, STAT_tcp_segments_sent) > 0);
}

static void test_a_segment_in_many_mbufs_is_one_segment(void **state)
{
	(void)state;
	accept_plain();
	for (uint32_t cut = 1; cut < 60; cut++) {
		struct shown shown = {
			.flags = F_ACK, .seq = rig.peer_nxt, .ack = 1, .len = 150, .win = 65535, .shift = -1};
		rig_in_cut(&rig, &shown, cut);
		assert_int_equal(rig_read(&rig, 1000), 150);
	}
	assert_false(rig.wrong_byte);
}

static void test_without_a_free_connection_none_is_begun(void **state)
{
	struct tcb *tcb;

	(void)state;
	rig.config.connections_max = 1;
	accept_plain();
	assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), -ENOBUFS);
	assert_int_equal(rig_count(&rig, STAT_tcp_no_tcb), 1);
	/* The half-open one keeps its entry, and gets in when there is room. */
	rig.peer.port++;
	in(F_SYN, 0, 0, 0);
	assert_int_equal(rig.sent_count, 1);
	uint32_t iss = rig.sent[0].seq;
	in(F_ACK, 1, iss + 1, 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_no_tcb), 2);
	tcp_abort(rig.tcb, rig.now_ns);
	rig_wait(&rig, RIG_MS);
	in(F_ACK, 1, iss + 1, 0);
	assert_int_equal(rig.events[TCP_ACCEPTED], 2);
}

static void test_ports_run_out_and_come_back(void **state)
{
	struct tcb *tcbs[8];
	struct tcb *tcb;

	(void)state;
	rig_start(&rig);
	rig.deaf = true;
	rig.local.port = 0;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcbs[i]), 0);
	assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), -EADDRNOTAVAIL);
	assert_int_equal(rig_count(&rig, STAT_tcp_ports_exhausted), 1);
	tcp_abort(tcbs[3], rig.now_ns);
	assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), 0);
}

static bool ends_in_77(void *ctx, const struct ip_addr *source, const struct ip_addr *remote)
{
	(void)ctx;
	(void)remote;
	return source->bytes[3] == 77;
}

static void test_only_addresses_that_fit_the_peer_are_connected_from(void **state)
{
	struct ip_addr second = rig.local.ip;
	struct tcb *tcb;

	(void)state;
	rig.config.source_fits = ends_in_77;
	rig_start(&rig);
	assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), -ENETUNREACH);
	assert_int_equal(rig_count(&rig, STAT_tcp_no_source), 1);
	assert_int_equal(rig_count(&rig, STAT_tcp_ports_exhausted), 0);
	second.bytes[3] = 77;
	assert_int_equal(tcp_add_source(rig.tcp, &second), 0);
	rig.local.ip = second;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), 0);
	assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), -EADDRNOTAVAIL);
	assert_int_equal(rig_count(&rig, STAT_tcp_ports_exhausted), 1);
}

static bool odd_comes_home(void *ctx, const struct endpoint *local, const struct endpoint *remote)
{
	(void)ctx;
	(void)remote;
	return local->port & 1;
}

static void test_ports_whose_answers_come_home_are_taken_first(void **state)
{
	struct tcb *tcbs[8];
	struct tcp_info info;
	bool seen[8] = {false};

	(void)state;
	rig.config.comes_home = odd_comes_home;
	rig_start(&rig);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcbs[i]), 0);
		tcp_info(tcbs[i], &info);
		assert_int_equal(info.local.port & 1, i < 4);
		assert_false(seen[info.local.port - 40000]);
		seen[info.local.port - 40000] = true;
	}
	assert_int_equal(rig_count(&rig, STAT_tcp_ports_away), 4);
	/* A port that comes back is found wherever it stands in the ring. */
	tcp_info(tcbs[2], &info);
	tcp_abort(tcbs[6], rig.now_ns);
	tcp_abort(tcbs[2], rig.now_ns);
	assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcbs[2]), 0);
	tcp_info(tcbs[2], &info);
	assert_int_equal(info.local.port & 1, 1);
	assert_int_equal(rig_count(&rig, STAT_tcp_ports_away), 4);
}

static unsigned asked;

static bool never_comes_home(void *ctx, const struct endpoint *local, const struct endpoint *remote)
{
	(void)ctx;
	(void)local;
	(void)remote;
	asked++;
	return false;
}

static void test_the_search_for_a_port_is_bounded(void **state)
{
	struct tcb *tcb;

	(void)state;
	rig.config.port_last = (uint16_t)(rig.config.port_first + 9999);
	rig.config.comes_home = never_comes_home;
	rig_start(&rig);
	asked = 0;
	assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), 0);
	assert_int_equal(asked, TCP_PORT_TRIES_MAX);
	assert_int_equal(rig_count(&rig, STAT_tcp_ports_away), 1);
}

static void test_a_second_source_address_doubles_the_ports(void **state)
{
	struct ip_addr second = rig.local.ip;
	struct tcb *tcb;
	struct tcp_info info;
	unsigned from_second = 0;

	(void)state;
	rig_start(&rig);
	second.bytes[3] = 77;
	assert_int_equal(tcp_add_source(rig.tcp, &second), 0);
	assert_int_equal(tcp_add_source(rig.tcp, &second), -EEXIST);
	for (unsigned i = 0; i < 16; i++) {
		/* The rig believes in one address of ours: no segment may leave it. */
		struct rte_mbuf *all[RIG_MBUFS];
		assert_int_equal(rte_mempool_get_bulk(rig.pool, (void **)all, RIG_MBUFS), 0);
		assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), 0);
		rte_mempool_put_bulk(rig.pool, (void **)all, RIG_MBUFS);
		tcp_info(tcb, &info);
		from_second += ip_equal(&info.local.ip, &second);
	}
	assert_int_equal(from_second, 8);
	assert_int_equal(tcp_connect(rig.tcp, &rig.peer, 0, rig.now_ns, &tcb), -EADDRNOTAVAIL);
}

static void test_without_an_mbuf_a_segment_counts_as_lost(void **state)
{
	static struct rte_mbuf *all[RIG_MBUFS];
	struct rte_mbuf *text;

	(void)state;
	accept_plain();
	text = rte_pktmbuf_alloc(rig.pool);
	uint8_t *byte = (uint8_t *)rte_pktmbuf_append(text, 1);
	ensure(byte != NULL);
	*byte = rig_byte(0);
	unsigned left = rte_mempool_avail_count(rig.pool);
	assert_int_equal(rte_mempool_get_bulk(rig.pool, (void **)all, left), 0);
	assert_int_equal(tcp_send(rig.tcb, text, rig.now_ns), 0);
	assert_int_equal(rig.sent_count, 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_no_mbuf), 1);
	rte_mempool_put_bulk(rig.pool, (void **)all, left);
	rig_wait(&rig, 250 * RIG_MS);
	assert_int_equal(rig.sent_count, 1);
	assert_true(rig.sent[0].text_right);
}

static void test_pieces_run_out_for_all_connections_together(void **state)
{
	(void)state;
	rig.config.pieces_max = 3;
	accept_plain();
	for (uint32_t i = 1; i <= 5; i++)
		in(F_ACK, 1 + i * 100, 1, 10);
	assert_int_equal(rig_count(&rig, STAT_tcp_no_piece), 2);
	in(F_ACK, 1, 1, 100);
	assert_int_equal(rig_read(&rig, 1000), 110);
}

static void test_records_of_flight_run_out_without_harm(void **state)
{
	(void)state;
	rig.config.pieces_max = 2;
	accept_plain();
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(rig_send(&rig, 1000), 0);
	assert_int_equal(rig.sent_count, 8);
	rig_forget(&rig);
	in(F_ACK, 1, 1001, 0);
	rig_wait(&rig, 250 * RIG_MS);
	assert_true(rig.sent_count > 0 && rig.sent[0].seq == 1001 && rig.sent[0].text_right);
	in(F_ACK, 1, 8001, 0);
}

static void test_resets_to_strangers_are_a_thousand_a_second(void **state)
{
	(void)state;
	rig_start(&rig);
	rig.deaf = true;
	for (unsigned i = 0; i < 3000; i++) {
		rig.peer.port = (uint16_t)(1000 + i);
		in(F_ACK, 1, 1, 0);
	}
	assert_true(rig_count(&rig, STAT_tcp_resets_sent) <= 1000);
	assert_int_equal(
		rig_count(&rig, STAT_tcp_resets_sent) + rig_count(&rig, STAT_tcp_resets_limited), 3000);
}

static void test_one_more_in_time_wait_lets_the_oldest_go(void **state)
{
	(void)state;
	rig.config.time_wait_max = 2;
	rig_start(&rig);
	rig_listen(&rig, 16);
	for (unsigned i = 0; i < 3; i++) {
		rig.peer.port++;
		rig.iss_known = false;
		in(F_SYN, 0, 0, 0);
		in(F_ACK, 1, 1, 0);
		assert_non_null(rig.tcb);
		tcp_close(rig.tcb, rig.now_ns);
		in(F_FIN | F_ACK, 1, 2, 0);
		assert_null(rig.tcb);
	}
	struct tcp_levels levels;
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(levels.time_wait, 2);
	assert_int_equal(rig_count(&rig, STAT_tcp_time_wait_evicted), 1);
}

/* The peer of the rig, at another port each time, opens a connection. */
static void open_another(void)
{
	rig.peer.port++;
	rig.iss_known = false;
	in(F_SYN, 0, 0, 0);
	in(F_ACK, 1, 1, 0);
}

static void test_whoever_never_finishes_closing_gives_its_place_to_the_next(void **state)
{
	struct tcp_levels levels;

	(void)state;
	rig.config.connections_max = 16;
	rig_start(&rig);
	rig_listen(&rig, 16);
	for (unsigned i = 0; i < 100; i++) {
		open_another();
		assert_non_null(rig.tcb);
		tcp_close(rig.tcb, rig.now_ns);
		rig_forget(&rig);
	}
	/* Fourteen wait for their peers, and the last eighth is free. */
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(levels.connections, 14);
	assert_int_equal(rig_count(&rig, STAT_tcp_closing_evicted), 100 - 14);
	assert_int_equal(rig_count(&rig, STAT_tcp_no_tcb), 0);
	/* We still open connections ourselves. */
	assert_int_equal(rig_connect(&rig), 0);
	rig_wait(&rig, 70000 * RIG_MS);
}

static void test_whoever_is_still_used_never_gives_its_place(void **state)
{
	struct tcp_levels levels;

	(void)state;
	rig.config.connections_max = 16;
	rig_start(&rig);
	rig_listen(&rig, 16);
	for (unsigned i = 0; i < 20; i++) {
		open_another();
		rig_forget(&rig);
	}
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(levels.connections, 16);
	assert_int_equal(rig_count(&rig, STAT_tcp_closing_evicted), 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_no_tcb), 4);
	/* One is closed, and its peer is silent: who waits half open has its place when it asks again. */
	tcp_close(rig.tcb, rig.now_ns);
	in(F_ACK, 1, 1, 0);
	in(F_ACK, 1, 1, 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_closing_evicted), 1);
	assert_int_equal(rig.events[TCP_ACCEPTED], 17);
	rig_wait(&rig, 3600000ULL * RIG_MS);
}

static void test_last_words_that_nobody_takes_give_their_memory_to_the_next(void **state)
{
	struct tcb *first;

	(void)state;
	rig.config.memory_max_bytes = 100000;
	rig_start(&rig);
	rig_listen(&rig, 16);
	open_another();
	first = rig.tcb;
	for (unsigned i = 0; i < 200; i++) {
		open_another();
		rig.app_sent = 0;
		assert_int_equal(rig_send(&rig, 1000), 0);
		tcp_close(rig.tcb, rig.now_ns);
		rig_forget(&rig);
	}
	assert_true(rig_count(&rig, STAT_tcp_closing_evicted) > 0);
	assert_int_equal(rig_count(&rig, STAT_tcp_memory_full), 0);
	rig.tcb = first;
	rig.app_sent = 0;
	assert_int_equal(rig_send(&rig, 1000), 0);
	tcp_abort(first, rig.now_ns);
	rig_wait(&rig, 70000 * RIG_MS);
}

static void test_half_open_entries_run_high_and_cookies_answer(void **state)
{
	struct tcp_levels levels;

	(void)state;
	rig.config.half_open_max = 8;
	rig_start(&rig);
	rig_listen(&rig, 100);
	rig.deaf = true;
	for (unsigned i = 0; i < 100; i++) {
		rig.peer.port++;
		in(F_SYN, 0, 0, 0);
	}
	tcp_levels(rig.tcp, &levels);
	assert_int_equal(levels.half_open, 6);
	assert_int_equal(rig_count(&rig, STAT_tcp_cookies_sent), 94);
}

static void test_a_scaled_window_cannot_creep_for_ever(void **state)
{
	const struct shown scaled = {.win = 65535, .mss = 1000, .shift = 2};

	(void)state;
	rig.config.window_bytes = 131072;
	rig_start(&rig);
	rig_accept(&rig, &scaled);
	rig.deaf = true;
	for (unsigned i = 0; i < 130; i++)
		in(F_ACK, rig.peer_nxt, 1, 1000);
	/* Single bytes, each of which is acknowledged with a window rounded up. */
	for (unsigned i = 0; i < 60000 && rig_count(&rig, STAT_tcp_buffer_full) == 0; i++) {
		in(F_ACK, rig.peer_nxt, 1, 1);
		rig_wait(&rig, 41 * RIG_MS);
	}
	assert_int_equal(rig_count(&rig, STAT_tcp_buffer_full), 1);
	struct tcp_info info;
	tcp_info(rig.tcb, &info);
	assert_true(info.receive_queued_bytes <= 131072 + 131072 / 8);
}

/* Each of two connections has its first text taken; there is no memory for a third one's. */
static void fill_the_memory_to_send(void)
{
	for (unsigned i = 0; i < 3; i++) {
		open_another();
		rig.app_sent = 0;
		assert_int_equal(rig_send(&rig, 1900), i < 2 ? 0 : -ENOBUFS);
		rig_forget(&rig);
	}
}

static void test_the_memory_quota_refuses_a_send(void **state)
{
	(void)state;
	rig.config.memory_max_bytes = 10000;
	rig_start(&rig);
	rig_listen(&rig, 16);
	fill_the_memory_to_send();
	assert_int_equal(rig_count(&rig, STAT_tcp_memory_full), 1);
}

/* Else whoever reads only when it can send, as a proxy does, would wait for itself. */
static void test_text_that_nobody_reads_takes_no_memory_from_sending(void **state)
{
	(void)state;
	rig.config.memory_max_bytes = 10000;
	accept_plain();
	for (uint32_t i = 0; i < 10; i++)
		in(F_ACK, 1 + i * 1000, 1, 1000);
	assert_true(rig_count(&rig, STAT_tcp_memory_full) > 0);
	fill_the_memory_to_send();
}

static void test_what_fills_a_gap_finds_room_when_pieces_fill_the_quota(void **state)
{
	(void)state;
	rig.config.memory_max_bytes = 20000;
	accept_plain();
	for (uint32_t i = 1; i <= 5; i++)
		in(F_ACK, 1 + i * 1000, 1, 1000);
	assert_int_equal(rig_count(&rig, STAT_tcp_memory_full), 2);
	in(F_ACK, 1, 1, 1000);
	assert_int_equal(rig_read(&rig, 10000), 4000);
	assert_false(rig.wrong_byte);
}

static void test_calls_after_the_end_are_refused(void **state)
{
	(void)state;
	rig_start(&rig);
	rig_open(&rig, &plain);
	struct rte_mbuf *text = rte_pktmbuf_alloc(rig.pool);
	assert_int_equal(tcp_send(rig.tcb, text, rig.now_ns), -EINVAL);
	rte_pktmbuf_append(text, 1);
	tcp_shutdown(rig.tcb, rig.now_ns);
	assert_int_equal(tcp_send(rig.tcb, text, rig.now_ns), -EPIPE);
	tcp_abort(rig.tcb, rig.now_ns);
	assert_int_equal(tcp_send(rig.tcb, text, rig.now_ns), -EPIPE);
	tcp_abort(rig.tcb, rig.now_ns);
	rte_pktmbuf_free(text);
	rig_wait(&rig, RIG_MS);
	assert_int_equal(rig.events[TCP_ENDED], 1);
}

static void test_a_configuration_that_cannot_work_is_refused(void **state)
{
	struct tcp_config config = rig.config;
	struct tcp *tcp;

	(void)state;
	rig_start(&rig);
	config.window_bytes = TCP_WINDOW_MAX_BYTES + 1;
	assert_int_equal(tcp_create(&config, 0, &tcp), -EINVAL);
	config = rig.config;
	config.mtu = 100;
	assert_int_equal(tcp_create(&config, 0, &tcp), -EINVAL);
	config = rig.config;
	config.output = NULL;
	assert_int_equal(tcp_create(&config, 0, &tcp), -EINVAL);
	config = rig.config;
	config.connections_max = 100000000;
	assert_int_equal(tcp_create(&config, 0, &tcp), -ENOMEM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		RIG_TEST(test_a_segment_shorter_than_a_header_is_dropped),
		RIG_TEST(test_a_header_length_that_cannot_be_is_dropped),
		RIG_TEST(test_port_zero_is_dropped),
		RIG_TEST(test_a_group_is_no_end_of_a_connection),
		RIG_TEST(test_options_of_any_shape_do_no_harm),
		RIG_TEST(test_a_segment_in_many_mbufs_is_one_segment),
		RIG_TEST(test_without_a_free_connection_none_is_begun),
		RIG_TEST(test_ports_run_out_and_come_back),
		RIG_TEST(test_only_addresses_that_fit_the_peer_are_connected_from),
		RIG_TEST(test_ports_whose_answers_come_home_are_taken_first),
		RIG_TEST(test_the_search_for_a_port_is_bounded),
		RIG_TEST(test_a_second_source_address_doubles_the_ports),
		RIG_TEST(test_without_an_mbuf_a_segment_counts_as_lost),
		RIG_TEST(test_pieces_run_out_for_all_connections_together),
		RIG_TEST(test_records_of_flight_run_out_without_harm),
		RIG_TEST(test_resets_to_strangers_are_a_thousand_a_second),
		RIG_TEST(test_one_more_in_time_wait_lets_the_oldest_go),
		RIG_TEST(test_whoever_never_finishes_closing_gives_its_place_to_the_next),
		RIG_TEST(test_whoever_is_still_used_never_gives_its_place),
		RIG_TEST(test_last_words_that_nobody_takes_give_their_memory_to_the_next),
		RIG_TEST(test_half_open_entries_run_high_and_cookies_answer),
		RIG_TEST(test_a_scaled_window_cannot_creep_for_ever),
		RIG_TEST(test_the_memory_quota_refuses_a_send),
		RIG_TEST(test_text_that_nobody_reads_takes_no_memory_from_sending),
		RIG_TEST(test_what_fills_a_gap_finds_room_when_pieces_fill_the_quota),
		RIG_TEST(test_calls_after_the_end_are_refused),
		RIG_TEST(test_a_configuration_that_cannot_work_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
