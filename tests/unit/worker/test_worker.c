/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One or two workers from frame to frame. */
#include "rig.h"

#include "net/neighbours.h"
#include "node/health.h"
#include "rcu.h"
#include "support/eal.h"

#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

static void test_a_request_leaves_toward_the_node_from_the_workers_own_port(void **state)
{
	struct rig *rig = rig_create(1);

	(void)state;
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	const char *request = rig_last(rig, "192.0.2.1:30000", NODE);
	assert_memory_equal(request, "INVITE sip:bob@example.com SIP/2.0\r\n", 36);
	assert_non_null(strstr(request, "192.0.2.1:30000;"));
	rig_destroy(rig);
}

static void test_a_response_finds_its_way_and_its_time_is_kept(void **state)
{
	struct rig *rig = rig_create(1);
	const struct node_figures *figures = worker_node_figures(rig->workers[0], 0);

	(void)state;
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	struct span response = rig_answer(rig_last(rig, "192.0.2.1:30000", NODE), "180 Ringing");
	rig->now_ns += 30 * RIG_MS;
	rig_give(rig, NODE, "192.0.2.1:30000", response);
	rig_poll(rig);
	assert_memory_equal(rig_last(rig, BALANCER, CLIENT), "SIP/2.0 180", 11);
	assert_int_equal(figures->requests, 1);
	assert_int_equal(figures->responses[1], 1);
	assert_int_equal(figures->latency.count, 1);
	assert_int_equal(figures->latency.max_ns, 30 * RIG_MS);
	/* Only the first response is the latency. */
	rig->now_ns += 1000 * RIG_MS;
	rig_give(rig, NODE, "192.0.2.1:30000", response);
	rig_poll(rig);
	assert_int_equal(figures->responses[1], 2);
	assert_int_equal(figures->latency.count, 1);
	rig_destroy(rig);
}

static void test_the_time_of_a_repeated_request_counts_from_the_first(void **state)
{
	struct rig *rig = rig_create(1);
	const struct node_figures *figures = worker_node_figures(rig->workers[0], 0);

	(void)state;
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	/* Statelessly forwarded again it looks the same, so this answers both. */
	struct span response = rig_answer(rig_last(rig, "192.0.2.1:30000", NODE), "180 Ringing");
	rig->now_ns += 500 * RIG_MS;
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	rig->now_ns += 10 * RIG_MS;
	rig_give(rig, NODE, "192.0.2.1:30000", response);
	rig_poll(rig);
	assert_int_equal(figures->requests, 2);
	assert_int_equal(figures->latency.count, 1);
	assert_int_equal(figures->latency.max_ns, 510 * RIG_MS);
	rig_destroy(rig);
}

static void test_a_message_that_could_outgrow_a_buffer_leaves_whole(void **state)
{
	struct rig *rig = rig_create(1);

	(void)state;
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 9000));
	rig_poll(rig);
	assert_int_equal(rig_count(rig, STAT_net_frag_reassembled), 1);
	assert_int_equal(rig_count(rig, STAT_sip_requests_forwarded), 1);
	assert_int_equal(rig->sent_count, 7);
	uint32_t bytes = 0;
	for (unsigned i = 0; i < rig->sent_count; i++)
		bytes += (uint32_t)packet_read(&rig->sent[i]).payload.len;
	assert_true(bytes > 9000 + 8);
	rig_destroy(rig);
}

static void test_nobody_listening_is_answered_port_unreachable(void **state)
{
	struct rig *rig = rig_create(1);

	(void)state;
	rig_give(rig, CLIENT, "192.0.2.1:9", rig_invite(1, 0));
	rig_poll(rig);
	assert_int_equal(rig->sent_count, 1);
	assert_int_equal(packet_read(&rig->sent[0]).kind, PACKET_UNREACHABLE);
	rig_destroy(rig);
}

static void test_two_workers_share_the_flows_of_one_queue(void **state)
{
	struct rig *rig = rig_create(2);

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		char src[32];
		snprintf(src, sizeof(src), "192.0.2.100:%u", 6000 + i);
		rig_give(rig, src, BALANCER, rig_invite(i, i % 8 == 0 ? 4000 : 10));
	}
	rig_poll(rig);
	assert_int_equal(rig_count(rig, STAT_sip_requests_forwarded), 64);
	for (unsigned i = 0; i < 2; i++)
		assert_in_range(
			stats_get(worker_stats(rig->workers[i]), STAT_sip_requests_forwarded), 16, 48);
	assert_true(rig_count(rig, STAT_worker_given_rx) > 16);
	assert_true(rig_count(rig, STAT_worker_given_tx) > 16);
	assert_int_equal(rig_count(rig, STAT_worker_given_full), 0);
	rig_destroy(rig);
}

static void test_what_answers_a_workers_port_goes_to_that_worker(void **state)
{
	struct rig *rig = rig_create(2);
	uint64_t before[2];

	(void)state;
	for (unsigned port = 30000; port < 30002; port++) {
		char dst[32];
		snprintf(dst, sizeof(dst), "192.0.2.1:%u", port);
		for (unsigned i = 0; i < 2; i++)
			before[i] = worker_loop_figures(rig->workers[i])->messages;
		for (unsigned i = 0; i < 16; i++) {
			char src[32];
			snprintf(src, sizeof(src), "192.0.2.11:%u", 5060 + i);
			rig_give(rig, src, dst, span_str("SIP/2.0 200 OK\r\n\r\n"));
		}
		rig_poll(rig);
		unsigned owner = port - 30000;
		assert_int_equal(worker_loop_figures(rig->workers[owner])->messages - before[owner], 16);
		assert_int_equal(worker_loop_figures(rig->workers[!owner])->messages - before[!owner], 0);
	}
	rig_destroy(rig);
}

static void test_frames_for_a_worker_that_does_not_run_are_dropped_and_counted(void **state)
{
	struct rig *rig = rig_create(2);

	(void)state;
	for (unsigned i = 0; i < 1500; i++)
		rig_give(rig, NODE, "192.0.2.1:30001", span_str("x"));
	for (unsigned i = 0; i < 100; i++)
		worker_poll(rig->workers[0], rig->now_ns);
	assert_int_equal(rig_count(rig, STAT_worker_given_full), 1500 - 1023);
	assert_int_equal(worker_gave_to(rig->workers[0]), 0);
	assert_true(worker_has_letters(rig->workers[1]));
	rig_poll(rig);
	assert_false(worker_has_letters(rig->workers[1]));
	rig_destroy(rig);
}

static void test_the_loop_says_whom_it_gave_something_to(void **state)
{
	struct rig *rig = rig_create(2);

	(void)state;
	rig_poll(rig);
	rig_give(rig, NODE, "192.0.2.1:30001", span_str("x"));
	worker_poll(rig->workers[0], rig->now_ns);
	assert_int_equal(worker_gave_to(rig->workers[0]), 1u << 1);
	worker_poll(rig->workers[0], rig->now_ns);
	assert_int_equal(worker_gave_to(rig->workers[0]), 0);
	rig_poll(rig);
	rig_destroy(rig);
}

static void test_what_the_queue_refuses_for_another_worker_is_counted(void **state)
{
	struct rig *rig = rig_create(2);

	(void)state;
	for (unsigned i = 0; i < 64; i++) {
		char src[32];
		snprintf(src, sizeof(src), "192.0.2.100:%u", 6000 + i);
		rig_give(rig, src, BALANCER, rig_invite(i, 10));
	}
	rig_poll(rig); /* the neighbours are known now */
	rig->wire_refuses = true;
	for (unsigned i = 0; i < 64; i++) {
		char src[32];
		snprintf(src, sizeof(src), "192.0.2.100:%u", 6000 + i);
		rig_give(rig, src, BALANCER, rig_invite(i, 10));
	}
	rig_poll(rig);
	uint64_t refused = rig_count(rig, STAT_worker_given_tx_refused);
	assert_in_range(refused, 16, 48);
	assert_int_equal(rig_count(rig, STAT_net_tx_ring_full), 64 - refused);
	rig_destroy(rig);
}

static void test_an_empty_pool_is_counted_and_passes(void **state)
{
	struct rig *rig = rig_create(1);
	static struct rte_mbuf *held[RIG_MBUFS];
	unsigned count = 0;

	(void)state;
	rig_poll(rig);
	while (rte_mempool_avail_count(rig->pool) > 1)
		held[count++] = rte_pktmbuf_alloc(rig->pool);
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	assert_int_equal(rig_count(rig, STAT_worker_no_mbuf), 1);
	assert_int_equal(rig->sent_count, 0);
	struct worker_level levels[WORKER_LEVELS_MAX];
	assert_int_equal(worker_levels(rig->workers[0], levels), WORKER_LEVEL_TRANSACTIONS);
	assert_int_equal(levels[WORKER_LEVEL_MBUFS].exhausted, 1);
	assert_int_equal(levels[WORKER_LEVEL_MBUFS].used, count);
	rte_pktmbuf_free_bulk(held, count);
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	rig_last(rig, "192.0.2.1:30000", NODE);
	rig_destroy(rig);
}

/* Runs until the next probe to the first node has left; its text. */
static const char *next_probe(struct rig *rig)
{
	uint64_t before = worker_node_figures(rig->workers[0], 0)->probes;

	for (unsigned i = 0; i < 1000 && worker_node_figures(rig->workers[0], 0)->probes == before; i++)
		rig_wait(rig, RIG_MS);
	return rig_last(rig, "192.0.2.1:30000", NODE);
}

/* The next letter about the first node. */
static struct mail_node next_letter(struct rig *rig)
{
	struct mail mail;

	while (worker_hear(rig->workers[0], &mail, 1) == 1) {
		assert_int_equal(mail.kind, MAIL_NODE_EVENT);
		if (mail.node.slot == 0)
			return mail.node;
	}
	fail_msg("no letter");
	return (struct mail_node){0};
}

static void test_an_answered_probe_is_reported_with_its_time(void **state)
{
	struct rig *rig = rig_create(1);

	(void)state;
	struct span answer = rig_answer(next_probe(rig), "200 OK");
	rig_wait(rig, 20 * RIG_MS);
	rig_give(rig, NODE, "192.0.2.1:30000", answer);
	rig_poll(rig);
	struct mail_node letter = next_letter(rig);
	assert_int_equal(letter.event, HEALTH_PROBE_OK);
	assert_int_equal(letter.id, rig->fixture.nodes[0].id);
	assert_int_equal(letter.rtt_ns, 20 * RIG_MS);
	assert_int_equal(rig_count(rig, STAT_worker_probe_answers), 1);
	assert_true(rig_count(rig, STAT_worker_probe_sent) >= 1);
	assert_int_equal(worker_node_figures(rig->workers[0], 0)->probe_answers, 1);
	rig_destroy(rig);
}

static void test_an_answer_twice_is_late_the_second_time(void **state)
{
	struct rig *rig = rig_create(1);

	(void)state;
	struct span answer = rig_answer(next_probe(rig), "200 OK");
	rig_give(rig, NODE, "192.0.2.1:30000", answer);
	rig_give(rig, NODE, "192.0.2.1:30000", answer);
	rig_poll(rig);
	assert_int_equal(rig_count(rig, STAT_worker_probe_answers), 1);
	assert_int_equal(rig_count(rig, STAT_worker_probe_late), 1);
	rig_destroy(rig);
}

static void test_a_probes_answer_with_another_mac_says_nothing(void **state)
{
	struct rig *rig = rig_create(1);
	static char forged[PACKET_MAX];

	(void)state;
	struct span answer = rig_answer(next_probe(rig), "200 OK");
	memcpy(forged, answer.p, answer.len);
	char *branch = strstr(forged, "-slprobe-");
	assert_non_null(branch);
	branch[9 + 24] ^= 1;
	rig_give(rig, NODE, "192.0.2.1:30000", span_of(forged, answer.len));
	rig_poll(rig);
	assert_int_equal(rig_count(rig, STAT_worker_probe_forged), 1);
	assert_int_equal(rig_count(rig, STAT_worker_probe_answers), 0);
	assert_int_equal(rig_count(rig, STAT_sip_responses), 0);
	rig_destroy(rig);
}

static void test_503_to_a_probe_is_reported_as_busy(void **state)
{
	struct rig *rig = rig_create(1);
	struct mail_node letter;

	(void)state;
	struct span answer =
		rig_answer(next_probe(rig), "503 Service Unavailable\r\nRetry-After: 42 (later);duration=3");
	rig_give(rig, NODE, "192.0.2.1:30000", answer);
	rig_poll(rig);
	letter = next_letter(rig);
	assert_int_equal(letter.event, HEALTH_PROBE_BUSY);
	assert_int_equal(letter.retry_after_s, 42);
	rig_destroy(rig);
}

static void test_icmp_about_a_node_is_reported_whoever_receives_it(void **state)
{
	(void)state;
	for (unsigned workers = 1; workers <= 2; workers++) {
		struct rig *rig = rig_create(workers);
		struct packet error;
		next_probe(rig);
		packet_unreachable(&rig->sent[(rig->sent_count - 1) % RIG_SENT_MAX], &error);
		rig_give_packet(rig, &error);
		rig_poll(rig);
		struct mail_node letter = next_letter(rig);
		assert_int_equal(letter.event, HEALTH_UNREACHABLE);
		assert_int_equal(rig_count(rig, STAT_worker_node_unreachable), 1);
		rig_destroy(rig);
	}
}

static void test_icmp_that_quotes_a_port_we_do_not_send_from_says_nothing_of_a_node(void **state)
{
	enum { SOURCE_PORT_AT = 14 + 20 }; /* Ethernet and IPv4 before it */
	struct rig *rig = rig_create(1);
	struct packet quoted, error;
	struct mail mail;

	(void)state;
	next_probe(rig);
	quoted = rig->sent[(rig->sent_count - 1) % RIG_SENT_MAX];
	quoted.bytes[SOURCE_PORT_AT] ^= 0x40;
	packet_unreachable(&quoted, &error);
	rig_give_packet(rig, &error);
	rig_poll(rig);
	assert_int_equal(rig_count(rig, STAT_worker_unreachable_foreign), 1);
	assert_int_equal(rig_count(rig, STAT_worker_node_unreachable), 0);
	assert_int_equal(worker_hear(rig->workers[0], &mail, 1), 0);
	rig_destroy(rig);
}

/* Whoever knows a port can make up all of it but the branch of a probe. */
static void test_icmp_that_quotes_no_probe_of_ours_only_brings_the_next_probe(void **state)
{
	static const char word[] = "z9hG4bK-slprobe-";
	static const size_t wrong_at[] = {
		0, sizeof(word) + 5}; /* no probe at all; a probe with another code */
	struct rig *rig = rig_create(1);
	struct mail mail;

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		const struct node_figures *figures = worker_node_figures(rig->workers[0], 0);
		struct packet quoted, error;
		struct span answer = rig_answer(next_probe(rig), "200 OK");
		uint64_t probes = figures->probes;

		quoted = rig->sent[(rig->sent_count - 1) % RIG_SENT_MAX];
		char *branch = memmem(quoted.bytes, quoted.len, word, sizeof(word) - 1);
		assert_non_null(branch);
		branch[wrong_at[i]] ^= 1;
		packet_unreachable(&quoted, &error);
		rig_give_packet(rig, &error);
		rig_wait(rig, 100 * RIG_MS);
		assert_int_equal(rig_count(rig, STAT_worker_unreachable_hint), i + 1);
		assert_int_equal(figures->unreachable, 0);
		assert_true(figures->probes > probes);
		rig_give(rig, NODE, "192.0.2.1:30000", answer);
		rig_poll(rig);
	}
	while (worker_hear(rig->workers[0], &mail, 1) == 1)
		assert_int_not_equal(mail.node.event, HEALTH_UNREACHABLE);
	rig_destroy(rig);
}

static void test_reports_that_control_does_not_fetch_are_counted_and_kept(void **state)
{
	struct rig *rig = rig_create(1);
	struct mail mail;
	unsigned heard = 0;

	(void)state;
	/* Two silent nodes: 4 timeouts a second fill 1,023 places. */
	for (unsigned i = 0; i < 30000 && rig_count(rig, STAT_worker_letters_refused) == 0; i++) {
		rig->now_ns += 10 * RIG_MS;
		rig_poll(rig);
	}
	assert_true(rig_count(rig, STAT_worker_letters_refused) > 0);
	while (worker_hear(rig->workers[0], &mail, 1) == 1)
		heard++;
	assert_int_equal(heard, 1023);
	rig_poll(rig);
	assert_int_equal(worker_hear(rig->workers[0], &mail, 1), 1);
	rig_destroy(rig);
}

static void test_an_order_to_probe_now_is_followed(void **state)
{
	struct rig *rig = rig_create(1);

	(void)state;
	rig_give(rig, NODE, "192.0.2.1:30000", rig_answer(next_probe(rig), "200 OK"));
	rig_wait(rig, 50 * RIG_MS);
	uint64_t before = worker_node_figures(rig->workers[0], 0)->probes;
	struct mail order = {.kind = MAIL_PROBE_NOW,
		.from = UINT8_MAX,
		.node = {.id = rig->fixture.nodes[0].id, .slot = 0}};
	assert_true(worker_tell(rig->workers[0], &order));
	rig_wait(rig, 2 * RIG_MS);
	assert_int_equal(worker_node_figures(rig->workers[0], 0)->probes, before + 1);
	order.node.id++; /* by now another node has the slot */
	assert_true(worker_tell(rig->workers[0], &order));
	rig_wait(rig, 2 * RIG_MS);
	assert_int_equal(worker_node_figures(rig->workers[0], 0)->probes, before + 1);
	rig_destroy(rig);
}

static void test_a_new_snapshot_is_taken_up_and_the_old_one_let_go(void **state)
{
	struct rig *rig = rig_create(1);
	struct snapshot *next = malloc(sizeof(*next));
	struct rcu_grace grace;

	(void)state;
	rig_poll(rig);
	assert_non_null(next);
	*next = rig->fixture.snap;
	next->generation = 77;
	next->serial++;
	next->source_port_base = 40000;
	assert_ptr_equal(rcu_publish(rig->rcu, next), &rig->fixture.snap);
	rcu_grace_begin(rig->rcu, rig->now_ns, &grace);
	assert_false(rcu_grace_over(rig->rcu, &grace, rig->now_ns));
	assert_int_equal(rcu_laggard(rig->rcu, &grace), 0);
	rig->now_ns += 5 * RIG_MS;
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	assert_true(rcu_grace_over(rig->rcu, &grace, rig->now_ns));
	assert_int_equal(grace.took_ns, 5 * RIG_MS);
	assert_int_equal(rcu_laggard(rig->rcu, &grace), -1);
	assert_int_equal(worker_loop_figures(rig->workers[0])->generation, 77);
	rig_last(rig, "192.0.2.1:40000", NODE);
	rig_destroy(rig);
	free(next);
}

static void test_another_node_in_a_slot_begins_with_fresh_figures(void **state)
{
	struct rig *rig = rig_create(1);
	struct snapshot next;
	struct node_table table;
	struct node node;

	(void)state;
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	assert_int_equal(worker_node_figures(rig->workers[0], 0)->requests, 1);
	node = rig->fixture.nodes[0];
	node.remote.port = 5099;
	node.id = node_id(&node.remote, TRANSPORT_UDP);
	node_table_init(&table);
	assert_int_equal(node_table_add(&table, &node), 0);
	next = rig->fixture.snap;
	next.generation++;
	next.serial++;
	next.nodes = &table;
	rcu_publish(rig->rcu, &next);
	rig_poll(rig);
	assert_int_equal(worker_node_figures(rig->workers[0], 0)->requests, 0);
	assert_int_equal(worker_node_figures(rig->workers[0], 0)->node_id, node.id);
	rig_destroy(rig);
}

static void test_the_trace_shows_messages_both_ways(void **state)
{
	struct rig *rig = rig_create(1);
	struct trace *trace = worker_trace(rig->workers[0]);
	struct trace_record record;
	unsigned received = 0;
	unsigned sent = 0;

	(void)state;
	trace_set_mask(trace, 1u << TRACE_SIP_UDP);
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	while (trace_take(trace, &record)) {
		received += record.len > 14 && memcmp(record.text, "received from ", 14) == 0;
		sent += record.len > 8 && memcmp(record.text, "send to ", 8) == 0;
	}
	assert_int_equal(received, 1);
	assert_int_equal(sent, 1);
	rig_destroy(rig);
}

static void test_control_is_told_the_neighbours_when_it_asks(void **state)
{
	struct rig *rig = rig_create(1);
	struct mail ask = {.kind = MAIL_LIST, .from = UINT8_MAX, .list = {.serial = 77}};
	struct mail mails[64];
	unsigned listed = 0;
	unsigned ends = 0;
	unsigned count;

	(void)state;
	rig_give(rig, CLIENT, BALANCER, rig_invite(1, 0));
	rig_poll(rig);
	assert_true(worker_tell(rig->workers[0], &ask));
	rig_poll(rig);
	count = worker_hear(rig->workers[0], mails, 64);
	for (unsigned i = 0; i < count; i++) {
		if (mails[i].kind == MAIL_LISTED) {
			assert_int_equal(ends, 0);
			assert_string_equal(net_neighbour_state_name(mails[i].listed.state), "reachable");
			listed++;
		} else if (mails[i].kind == MAIL_LIST) {
			assert_int_equal(mails[i].list.serial, 77);
			assert_int_equal(mails[i].list.cursor, 0);
			ends++;
		}
	}
	assert_true(listed >= 1);
	assert_int_equal(ends, 1);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_request_leaves_toward_the_node_from_the_workers_own_port),
		cmocka_unit_test(test_a_response_finds_its_way_and_its_time_is_kept),
		cmocka_unit_test(test_the_time_of_a_repeated_request_counts_from_the_first),
		cmocka_unit_test(test_a_message_that_could_outgrow_a_buffer_leaves_whole),
		cmocka_unit_test(test_nobody_listening_is_answered_port_unreachable),
		cmocka_unit_test(test_two_workers_share_the_flows_of_one_queue),
		cmocka_unit_test(test_what_answers_a_workers_port_goes_to_that_worker),
		cmocka_unit_test(test_frames_for_a_worker_that_does_not_run_are_dropped_and_counted),
		cmocka_unit_test(test_the_loop_says_whom_it_gave_something_to),
		cmocka_unit_test(test_what_the_queue_refuses_for_another_worker_is_counted),
		cmocka_unit_test(test_an_empty_pool_is_counted_and_passes),
		cmocka_unit_test(test_an_answered_probe_is_reported_with_its_time),
		cmocka_unit_test(test_an_answer_twice_is_late_the_second_time),
		cmocka_unit_test(test_a_probes_answer_with_another_mac_says_nothing),
		cmocka_unit_test(test_503_to_a_probe_is_reported_as_busy),
		cmocka_unit_test(test_icmp_about_a_node_is_reported_whoever_receives_it),
		cmocka_unit_test(test_icmp_that_quotes_a_port_we_do_not_send_from_says_nothing_of_a_node),
		cmocka_unit_test(test_icmp_that_quotes_no_probe_of_ours_only_brings_the_next_probe),
		cmocka_unit_test(test_reports_that_control_does_not_fetch_are_counted_and_kept),
		cmocka_unit_test(test_an_order_to_probe_now_is_followed),
		cmocka_unit_test(test_a_new_snapshot_is_taken_up_and_the_old_one_let_go),
		cmocka_unit_test(test_another_node_in_a_slot_begins_with_fresh_figures),
		cmocka_unit_test(test_the_trace_shows_messages_both_ways),
		cmocka_unit_test(test_control_is_told_the_neighbours_when_it_asks),
	};

	return cmocka_run_group_tests(tests, eal_setup, eal_teardown);
}
