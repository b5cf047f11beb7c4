/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node/probe.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { LOG_MAX = 4096 };

static const uint64_t ms = 1000000;
static const uint64_t step_ns = 250000;

/* One worker's probes against nodes that answer, or do not. */
struct bench {
	struct timer_wheel wheel;
	struct rng rng;
	struct probe_set set;
	struct node_table table;
	struct node nodes[4];
	struct node_live live[4];
	uint64_t now_ns;
	bool silent[4];
	bool unreachable[4];
	bool no_way[4];
	bool control_is_stuck;
	uint16_t status;
	unsigned sent[4];
	uint64_t last_sent_ns[4];
	unsigned log_count;
	struct probe_report log[LOG_MAX];
	uint64_t log_ns[LOG_MAX];
	/* The answer to be given in the next step, so that it does not come from within the callback. */
	unsigned answer_count;
	struct {
		const struct node *node;
		uint32_t seq;
	} answers[16];
};

static bool take_send(void *ctx, const struct node *node, uint32_t seq, uint64_t now_ns)
{
	struct bench *b = ctx;

	b->sent[node->slot]++;
	b->last_sent_ns[node->slot] = now_ns;
	if (b->no_way[node->slot])
		return false;
	if (b->silent[node->slot])
		return true;
	assert_true(b->answer_count < 16);
	b->answers[b->answer_count].node = node;
	b->answers[b->answer_count++].seq = seq;
	return true;
}

static bool take_report(void *ctx, const struct probe_report *report, uint64_t now_ns)
{
	struct bench *b = ctx;

	if (b->control_is_stuck)
		return false;
	assert_true(b->log_count < LOG_MAX);
	b->log_ns[b->log_count] = now_ns;
	b->log[b->log_count++] = *report;
	return true;
}

static struct bench *begin(unsigned worker_index, unsigned worker_count, unsigned node_count)
{
	struct bench *b = calloc(1, sizeof(*b));
	struct probe_set_config config = {.owner = {b, take_send, take_report},
		.wheel = &b->wheel,
		.rng = &b->rng,
		.worker_index = worker_index,
		.worker_count = worker_count};

	assert_non_null(b);
	b->now_ns = 1000 * ms;
	b->status = 200;
	rng_init(&b->rng, 9);
	timer_wheel_init(&b->wheel, b->now_ns);
	probe_set_init(&b->set, &config);
	b->table.slot_count = (uint16_t)node_count;
	for (unsigned i = 0; i < node_count; i++) {
		b->nodes[i] = (struct node){
			.id = 100 + i, .slot = (uint16_t)i, .probe = {500, 250, 3, 2}, .live = &b->live[i]};
		b->table.slots[i] = &b->nodes[i];
	}
	probe_set_sync(&b->set, &b->table, b->now_ns);
	return b;
}

static void give_answers(struct bench *b)
{
	unsigned count = b->answer_count;

	b->answer_count = 0;
	for (unsigned i = 0; i < count; i++) {
		struct probe_answer answer = {
			.seq = b->answers[i].seq, .status = b->status, .retry_after_s = 7};
		if (b->unreachable[b->answers[i].node->slot])
			probe_suspect(&b->set, b->answers[i].node, b->now_ns);
		else
			probe_answered(&b->set, b->answers[i].node, &answer, b->now_ns);
	}
}

static void run(struct bench *b, uint64_t for_ns)
{
	for (uint64_t end = b->now_ns + for_ns; b->now_ns < end; b->now_ns += step_ns) {
		give_answers(b);
		timer_wheel_run(&b->wheel, b->now_ns, 64);
		probe_flush(&b->set, b->now_ns);
	}
}

static unsigned count_of(const struct bench *b, enum health_event event, unsigned slot)
{
	unsigned count = 0;

	for (unsigned i = 0; i < b->log_count; i++)
		count += b->log[i].event == event && b->log[i].node->slot == slot;
	return count;
}

static void test_an_answering_node_is_probed_once_an_interval(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	run(b, 10000 * ms);
	assert_in_range(b->sent[0], 19, 21);
	assert_int_equal(count_of(b, HEALTH_PROBE_OK, 0), b->sent[0]);
	assert_int_equal(b->log_count, b->sent[0]);
	free(b);
}

/* Decision: interval 500, timeout 250, fall 3: all three failures within 500 + 125 + 250 ms of the last life.
 */
static void test_a_node_that_falls_silent_has_failed_three_times_within_875_ms(void **state)
{
	(void)state;
	for (unsigned offset = 0; offset < 40; offset++) {
		struct bench *b = begin(0, 1, 1);
		run(b, 3000 * ms + offset * 13 * ms);
		assert_int_equal(count_of(b, HEALTH_PROBE_TIMEOUT, 0), 0);
		b->silent[0] = true;
		b->answer_count = 0;
		uint64_t silent_ns = b->now_ns;
		run(b, 2000 * ms);
		unsigned fails = 0;
		uint64_t third_ns = 0;
		for (unsigned i = 0; i < b->log_count; i++) {
			if (b->log[i].event == HEALTH_PROBE_TIMEOUT && ++fails == 3)
				third_ns = b->log_ns[i];
		}
		assert_true(fails >= 3);
		assert_true(third_ns - silent_ns <= 875 * ms + 2 * ms);
		free(b);
	}
}

static void test_a_probe_that_cannot_leave_has_failed_at_once(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	b->no_way[0] = true;
	while (b->sent[0] < 3)
		run(b, step_ns);
	assert_int_equal(count_of(b, HEALTH_UNREACHABLE, 0), 3);
	/* Nobody waits for what did not leave. */
	run(b, 400 * ms);
	assert_int_equal(count_of(b, HEALTH_PROBE_TIMEOUT, 0), 0);
	free(b);
}

static void test_each_refused_connection_counts(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	run(b, 1000 * ms);
	for (unsigned i = 0; i < 3; i++)
		assert_true(probe_failed(&b->set, &b->nodes[0], b->now_ns));
	assert_int_equal(count_of(b, HEALTH_UNREACHABLE, 0), 3);
	b->nodes[0].id = 77; /* another node: its slot is not yet known here */
	assert_false(probe_failed(&b->set, &b->nodes[0], b->now_ns));
	free(b);
}

static void test_a_node_reached_by_tcp_is_probed_too_and_one_by_tls_is_not(void **state)
{
	struct bench *b = begin(0, 1, 2);

	(void)state;
	b->nodes[0].transport = TRANSPORT_TCP;
	b->nodes[1].transport = TRANSPORT_TLS;
	b->nodes[0].id++;
	b->nodes[1].id++;
	probe_set_sync(&b->set, &b->table, b->now_ns);
	run(b, 1000 * ms);
	assert_true(b->sent[0] > 0);
	assert_int_equal(b->sent[1], 0);
	free(b);
}

static void test_a_node_that_is_down_is_no_longer_hurried(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	b->silent[0] = true;
	run(b, 3000 * ms);
	unsigned sent = b->sent[0];
	run(b, 5000 * ms);
	assert_in_range(b->sent[0] - sent, 9, 11);
	free(b);
}

static void test_an_answer_settles_the_older_probes(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	b->silent[0] = true;
	while (b->sent[0] < 2)
		run(b, step_ns);
	b->silent[0] = false;
	run(b, 1000 * ms);
	assert_int_equal(count_of(b, HEALTH_PROBE_TIMEOUT, 0), 0);
	assert_true(count_of(b, HEALTH_PROBE_OK, 0) >= 1);
	free(b);
}

static void test_503_is_busy_and_brings_its_retry_after(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	b->status = 503;
	run(b, 1000 * ms);
	assert_true(b->log_count > 0);
	assert_int_equal(b->log[0].event, HEALTH_PROBE_BUSY);
	assert_int_equal(b->log[0].retry_after_s, 7);
	free(b);
}

static void test_an_answer_nobody_waits_for_says_nothing(void **state)
{
	struct bench *b = begin(0, 1, 1);
	struct probe_answer answer = {.seq = 4711, .status = 200};

	(void)state;
	run(b, 1000 * ms);
	unsigned reports = b->log_count;
	assert_false(probe_answered(&b->set, &b->nodes[0], &answer, b->now_ns));
	assert_int_equal(b->log_count, reports);
	free(b);
}

static void test_an_answer_to_another_probe_leaves_this_one_open(void **state)
{
	struct bench *b = begin(0, 1, 1);
	struct probe_answer answer = {.seq = 4711, .status = 200};

	(void)state;
	b->silent[0] = true;
	while (b->sent[0] == 0)
		run(b, step_ns);
	assert_false(probe_answered(&b->set, &b->nodes[0], &answer, b->now_ns));
	run(b, 300 * ms);
	assert_int_equal(count_of(b, HEALTH_PROBE_OK, 0), 0);
	assert_true(count_of(b, HEALTH_PROBE_TIMEOUT, 0) >= 1);
	free(b);
}

static void test_icmp_brings_a_node_down_in_far_less_than_a_timeout(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	run(b, 2000 * ms);
	b->unreachable[0] = true;
	assert_true(probe_suspect(&b->set, &b->nodes[0], b->now_ns));
	run(b, 60 * ms);
	assert_int_equal(count_of(b, HEALTH_UNREACHABLE, 0), 3);
	free(b);
}

static void test_forged_icmp_is_answered_by_a_probe_and_counts_once_per_probe(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	run(b, 2000 * ms);
	unsigned in_a_row = 0;
	unsigned begin_at = b->log_count;
	for (unsigned i = 0; i < 400; i++) {
		probe_suspect(&b->set, &b->nodes[0], b->now_ns);
		run(b, step_ns);
	}
	for (unsigned i = begin_at; i < b->log_count; i++) {
		in_a_row = b->log[i].event == HEALTH_UNREACHABLE ? in_a_row + 1 : 0;
		assert_true(in_a_row < 3);
	}
	assert_true(count_of(b, HEALTH_PROBE_OK, 0) > 0);
	free(b);
}

static void test_a_node_in_maintenance_is_left_alone(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	run(b, 1000 * ms);
	b->live[0].word = node_word_make(NODE_UP, NODE_MAINT, 0);
	run(b, 500 * ms);
	unsigned sent = b->sent[0];
	run(b, 5000 * ms);
	assert_int_equal(b->sent[0], sent);
	b->live[0].word = node_word_make(NODE_UP, NODE_READY, 0);
	run(b, 1100 * ms);
	assert_true(b->sent[0] > sent);
	free(b);
}

static void test_each_node_has_one_worker(void **state)
{
	struct bench *b = begin(1, 2, 4);

	(void)state;
	run(b, 3000 * ms);
	assert_int_equal(b->sent[0], 0);
	assert_int_equal(b->sent[2], 0);
	assert_true(b->sent[1] > 0 && b->sent[3] > 0);
	free(b);
}

static void test_first_probes_are_staggered(void **state)
{
	struct bench *b = begin(0, 1, 4);
	uint64_t first_ns[4] = {0};

	(void)state;
	for (unsigned steps = 0; steps < 600; steps++) {
		run(b, step_ns);
		for (unsigned i = 0; i < 4; i++) {
			if (!first_ns[i] && b->sent[i])
				first_ns[i] = b->last_sent_ns[i];
		}
	}
	for (unsigned i = 0; i < 4; i++) {
		assert_true(first_ns[i] > 0);
		for (unsigned j = 0; j < i; j++)
			assert_true(first_ns[i] != first_ns[j]);
	}
	free(b);
}

static void test_a_new_snapshot_starts_ends_and_keeps_probes(void **state)
{
	struct bench *b = begin(0, 1, 2);
	struct node_table next = b->table;
	struct node moved = b->nodes[0];
	struct node added = b->nodes[1];

	(void)state;
	run(b, 2000 * ms);
	added.slot = 2;
	added.id = 900;
	b->nodes[2] = added;
	b->nodes[2].live = &b->live[2];
	b->nodes[3] = moved;
	next.slot_count = 3;
	next.slots[0] = &b->nodes[3];
	next.slots[1] = NULL;
	next.slots[2] = &b->nodes[2];
	uint32_t seq = b->set.by_slot[0]->seq;
	/* The former snapshot may be gone by now: nothing may look into it. */
	memset(&b->nodes[0], 0xaa, sizeof(b->nodes[0]));
	memset(&b->nodes[1], 0xaa, sizeof(b->nodes[1]));
	b->answer_count = 0;
	probe_set_sync(&b->set, &next, b->now_ns);
	assert_int_equal(b->set.by_slot[0]->seq, seq);
	unsigned sent = b->sent[1];
	run(b, 1000 * ms);
	assert_int_equal(b->sent[1], sent);
	assert_true(b->sent[2] > 0);
	free(b);
}

static void test_another_node_in_the_same_slot_starts_anew(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	run(b, 2000 * ms);
	b->nodes[1] = b->nodes[0];
	b->nodes[1].id = 555;
	b->table.slots[0] = &b->nodes[1];
	probe_set_sync(&b->set, &b->table, b->now_ns);
	assert_int_equal(b->set.by_slot[0]->seq, 0);
	free(b);
}

static void test_reports_that_control_had_no_room_for_come_later_and_in_order(void **state)
{
	struct bench *b = begin(0, 1, 1);

	(void)state;
	run(b, 2000 * ms);
	b->control_is_stuck = true;
	run(b, 1000 * ms);
	b->silent[0] = true;
	b->answer_count = 0;
	run(b, 2000 * ms);
	unsigned before = b->log_count;
	b->control_is_stuck = false;
	run(b, step_ns);
	assert_true(b->log_count >= before + 4);
	assert_int_equal(b->log[before].event, HEALTH_PROBE_OK);
	assert_int_equal(b->log[b->log_count - 1].event, HEALTH_PROBE_TIMEOUT);
	assert_int_equal(b->log[b->log_count - 3].event, HEALTH_PROBE_TIMEOUT);
	assert_int_equal(b->set.backlogged, 0);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answering_node_is_probed_once_an_interval),
		cmocka_unit_test(test_a_node_that_falls_silent_has_failed_three_times_within_875_ms),
		cmocka_unit_test(test_a_probe_that_cannot_leave_has_failed_at_once),
		cmocka_unit_test(test_each_refused_connection_counts),
		cmocka_unit_test(test_a_node_reached_by_tcp_is_probed_too_and_one_by_tls_is_not),
		cmocka_unit_test(test_a_node_that_is_down_is_no_longer_hurried),
		cmocka_unit_test(test_an_answer_settles_the_older_probes),
		cmocka_unit_test(test_503_is_busy_and_brings_its_retry_after),
		cmocka_unit_test(test_an_answer_nobody_waits_for_says_nothing),
		cmocka_unit_test(test_an_answer_to_another_probe_leaves_this_one_open),
		cmocka_unit_test(test_icmp_brings_a_node_down_in_far_less_than_a_timeout),
		cmocka_unit_test(test_forged_icmp_is_answered_by_a_probe_and_counts_once_per_probe),
		cmocka_unit_test(test_a_node_in_maintenance_is_left_alone),
		cmocka_unit_test(test_each_node_has_one_worker),
		cmocka_unit_test(test_first_probes_are_staggered),
		cmocka_unit_test(test_a_new_snapshot_starts_ends_and_keeps_probes),
		cmocka_unit_test(test_another_node_in_the_same_slot_starts_anew),
		cmocka_unit_test(test_reports_that_control_had_no_room_for_come_later_and_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
