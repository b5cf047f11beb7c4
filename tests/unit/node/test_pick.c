/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node/pick.h"

#include "base/hash.h"
#include "base/rng.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NODES = 8, KEYS = 20000 };

static struct node_table table;
static struct node nodes[NODES];
static struct node_live live[NODES];

static void word_set(unsigned slot, enum node_health health, enum node_admin admin, uint32_t flags)
{
	live[slot].word = node_word_make(health, admin, flags);
}

static int setup(void **state)
{
	(void)state;
	node_table_init(&table);
	for (unsigned i = 0; i < NODES; i++) {
		uint8_t address[4] = {192, 0, 2, (uint8_t)(i + 1)};
		nodes[i] = (struct node){.slot = (uint16_t)i, .live = &live[i]};
		nodes[i].remote = (struct endpoint){ip_from_v4(address), 5060};
		nodes[i].id = node_id(&nodes[i].remote, TRANSPORT_UDP);
		assert_int_equal(node_table_add(&table, &nodes[i]), 0);
		word_set(i, NODE_UP, NODE_READY, 0);
	}
	return 0;
}

/* A primary at slot 0, a backup at slot 1. */
static const struct hop pair[] = {{10, 0, 1, 5}, {11, 1, 2, 5}};

static int pick_pair(void)
{
	return node_pick(&table, pair, 2, 42);
}

/* R-LB-1, R-RT-5 */
static void test_the_lower_priority_number_wins_while_it_is_alive(void **state)
{
	(void)state;
	assert_int_equal(pick_pair(), 0);
	word_set(0, NODE_SUSPECT, NODE_READY, 0);
	assert_int_equal(pick_pair(), 0);
	word_set(0, NODE_DOWN, NODE_READY, 0);
	assert_int_equal(pick_pair(), 1);
	word_set(0, NODE_UP, NODE_READY, 0);
	assert_int_equal(pick_pair(), 0);
}

struct tier_row {
	enum node_health health;
	enum node_admin admin;
	uint32_t flags;
	bool alone; /* is it taken when it is the only one? */
	bool ahead; /* is it taken before a backup that is up? */
	enum node_verdict verdict;
};

static const struct tier_row tier_rows[] = {
	{NODE_UP, NODE_READY, 0, true, true, NODE_CHOSEN},
	{NODE_SUSPECT, NODE_READY, 0, true, true, NODE_CHOSEN},
	{NODE_UP, NODE_READY, NODE_WORD_HELD, true, false, NODE_IS_HELD},
	{NODE_UP, NODE_READY, NODE_WORD_BUSY, true, false, NODE_IS_BUSY},
	{NODE_UP, NODE_READY, NODE_WORD_BUSY | NODE_WORD_HELD, true, false, NODE_IS_BUSY},
	{NODE_UNKNOWN, NODE_READY, 0, true, false, NODE_IS_UNKNOWN},
	{NODE_DOWN, NODE_READY, 0, false, false, NODE_IS_DOWN},
	{NODE_UP, NODE_DRAIN, 0, false, false, NODE_IS_DRAINING},
	{NODE_UP, NODE_MAINT, 0, false, false, NODE_IN_MAINT},
	{NODE_DOWN, NODE_MAINT, 0, false, false, NODE_IN_MAINT},
};

static void test_each_state_has_its_tier_and_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(tier_rows) / sizeof(tier_rows[0]); i++) {
		const struct tier_row *row = &tier_rows[i];
		enum node_verdict verdicts[2];

		word_set(0, row->health, row->admin, row->flags);
		assert_int_equal(node_pick(&table, pair, 1, 7), row->alone ? 0 : -ENOENT);
		assert_int_equal(node_pick_explain(&table, pair, 2, 7, verdicts), row->ahead ? 0 : 1);
		assert_int_equal(verdicts[0], row->verdict);
		assert_int_equal(verdicts[1], row->ahead ? NODE_NOT_NEEDED : NODE_CHOSEN);
	}
}

/* The last node is never drained by what only lowers a tier (architecture, section 4). */
static void test_held_comes_before_busy_and_unknown_whatever_the_priority(void **state)
{
	static const struct hop hops[] = {{1, 0, 1, 5}, {2, 1, 2, 5}, {3, 2, 3, 5}};

	(void)state;
	word_set(0, NODE_UNKNOWN, NODE_READY, 0);
	word_set(1, NODE_UP, NODE_READY, NODE_WORD_BUSY);
	word_set(2, NODE_UP, NODE_READY, NODE_WORD_HELD);
	assert_int_equal(node_pick(&table, hops, 3, 1), 2);
	word_set(2, NODE_DOWN, NODE_READY, 0);
	assert_int_equal(node_pick(&table, hops, 3, 1), 0);
	word_set(0, NODE_DOWN, NODE_READY, 0);
	assert_int_equal(node_pick(&table, hops, 3, 1), 1);
	word_set(1, NODE_DOWN, NODE_READY, 0);
	assert_int_equal(node_pick(&table, hops, 3, 1), -ENOENT);
}

static void test_no_hops_and_no_such_node_are_nothing(void **state)
{
	static const struct hop missing[] = {{1, NODES + 3, 1, 5}, {2, NODES_MAX - 1, 1, 5}};
	enum node_verdict verdicts[2];

	(void)state;
	assert_int_equal(node_pick(&table, missing, 0, 1), -ENOENT);
	assert_int_equal(node_pick_explain(&table, missing, 2, 1, verdicts), -ENOENT);
	assert_int_equal(verdicts[0], NODE_MISSING);
	assert_string_equal(node_verdict_name(verdicts[1]), "no such node");
}

/* RFC 3261 16.11: a retransmission must find the node of the first request. */
static void test_the_same_key_finds_the_same_node_in_any_order_of_the_hops(void **state)
{
	static const struct hop forth[] = {{1, 0, 1, 3}, {2, 1, 1, 5}, {3, 2, 1, 5}, {4, 3, 1, 9}};
	static const struct hop back[] = {{4, 3, 1, 9}, {3, 2, 1, 5}, {2, 1, 1, 5}, {1, 0, 1, 3}};

	(void)state;
	for (uint64_t key = 0; key < KEYS; key++) {
		int i = node_pick(&table, forth, 4, hash_mix(key));
		assert_int_equal(node_pick(&table, forth, 4, hash_mix(key)), i);
		assert_int_equal(3 - node_pick(&table, back, 4, hash_mix(key)), i);
	}
}

/* Three standard deviations of a binomial share with 20,000 keys are below 1.1 % of the keys. */
static void shares_check(const struct hop *hops, unsigned count)
{
	unsigned hits[NODES] = {0};
	unsigned weight_sum = 0;

	for (unsigned i = 0; i < count; i++)
		weight_sum += hops[i].weight;
	for (uint64_t key = 0; key < KEYS; key++)
		hits[node_pick(&table, hops, count, hash_mix(key + 1))]++;
	for (unsigned i = 0; i < count; i++) {
		int expected = (int)(KEYS * hops[i].weight / weight_sum);
		assert_in_range((int)hits[i] - expected + KEYS, KEYS - KEYS / 90, KEYS + KEYS / 90);
	}
}

/* R-LB-4 */
static void test_shares_follow_the_weights(void **state)
{
	static const struct hop equal[] = {{1, 0, 1, 5}, {2, 1, 1, 5}, {3, 2, 1, 5}, {4, 3, 1, 5}};
	static const struct hop uneven[] = {{1, 0, 1, 1}, {2, 1, 1, 2}, {3, 2, 1, 4}, {4, 3, 1, 13}};
	static const struct hop extreme[] = {{1, 0, 1, 65535}, {2, 1, 1, 65534}, {3, 2, 1, 1}};

	(void)state;
	shares_check(equal, 4);
	shares_check(uneven, 4);
	shares_check(extreme, 3);
}

static void test_a_weight_of_zero_is_chosen_only_when_its_equals_are_gone(void **state)
{
	static const struct hop hops[] = {{1, 0, 1, 0}, {2, 1, 1, 1}, {3, 2, 2, 50}};

	(void)state;
	for (uint64_t key = 0; key < 1000; key++)
		assert_int_equal(node_pick(&table, hops, 3, hash_mix(key)), 1);
	word_set(1, NODE_DOWN, NODE_READY, 0);
	for (uint64_t key = 0; key < 1000; key++)
		assert_int_equal(node_pick(&table, hops, 3, hash_mix(key)), 0);
}

static void test_only_the_share_of_a_lost_node_moves(void **state)
{
	static const struct hop hops[] = {{1, 0, 1, 3}, {2, 1, 1, 5}, {3, 2, 1, 8}, {4, 3, 1, 8}};
	static int before[KEYS];

	(void)state;
	for (uint64_t key = 0; key < KEYS; key++)
		before[key] = node_pick(&table, hops, 4, hash_mix(key));
	word_set(2, NODE_DOWN, NODE_READY, 0);
	for (uint64_t key = 0; key < KEYS; key++) {
		int after = node_pick(&table, hops, 4, hash_mix(key));
		if (before[key] != 2)
			assert_int_equal(after, before[key]);
		else
			assert_int_not_equal(after, 2);
	}
}

/* A slot is reused when nodes come and go; the choice follows the identity, alike in every instance. */
static void test_the_choice_follows_the_identity_not_the_slot(void **state)
{
	static const struct hop hops[] = {{1, 0, 1, 5}, {2, 1, 1, 5}};
	static const struct hop moved[] = {{1, 5, 1, 5}, {2, 1, 1, 5}};
	static struct node_table other;
	struct node copy = nodes[0];

	(void)state;
	copy.slot = 5;
	node_table_init(&other);
	assert_int_equal(node_table_add(&other, &copy), 0);
	assert_int_equal(node_table_add(&other, &nodes[1]), 0);
	for (uint64_t key = 0; key < 1000; key++)
		assert_int_equal(node_pick(&table, hops, 2, hash_mix(key)),
			node_pick(&other, moved, 2, hash_mix(key)));
}

/* Against the rules of pick.h said naively, over random states, priorities and weights. */
static void test_random_states_obey_the_tiers(void **state)
{
	struct rng rng;

	(void)state;
	rng_init(&rng, 2026);
	for (int round = 0; round < 20000; round++) {
		struct hop hops[NODES];
		int best = 1000000;
		int chosen;

		for (unsigned i = 0; i < NODES; i++) {
			hops[i] = (struct hop){i, (uint16_t)i, (uint16_t)(1 + rng_below(&rng, 3)),
				(uint16_t)rng_below(&rng, 3)};
			word_set(i, rng_below(&rng, 4), rng_below(&rng, 3), rng_below(&rng, 4) << 4);
		}
		chosen = node_pick(&table, hops, NODES, rng_u64(&rng));
		for (unsigned i = 0; i < NODES; i++) {
			uint32_t word = live[i].word;
			int tier = node_word_health(word) == NODE_UNKNOWN || (word & NODE_WORD_BUSY) ? 2
				   : (word & NODE_WORD_HELD)                                         ? 1
												     : 0;
			int rank = tier * 1000 + hops[i].priority * 10 + (hops[i].weight == 0);
			bool usable =
				node_word_admin(word) == NODE_READY && node_word_health(word) != NODE_DOWN;
			if (usable && rank < best)
				best = rank;
			if ((int)i == chosen)
				hops[i].route_id = (uint32_t)(usable ? rank : -1);
		}
		if (chosen < 0)
			assert_int_equal(best, 1000000);
		else
			assert_int_equal(hops[chosen].route_id, best);
	}
}

/* Nodes that were tried are looked at one by one; with none of them the choice is the same. */
static void test_the_simple_case_is_decided_as_any_other(void **state)
{
	const struct node_tried none = {.count = 0};
	struct rng rng;

	(void)state;
	rng_init(&rng, 11);
	for (int round = 0; round < 50000; round++) {
		uint64_t key = rng_u64(&rng);
		unsigned count = rng_below(&rng, NODES + 1);
		struct hop hops[NODES];

		for (unsigned i = 0; i < NODES; i++) {
			hops[i] = (struct hop){i, (uint16_t)rng_below(&rng, NODES),
				(uint16_t)(1 + rng_below(&rng, 2)),
				rng_below(&rng, 8) ? 5 : rng_below(&rng, 2)};
			word_set(i, rng_below(&rng, 8) ? NODE_UP : rng_below(&rng, 4), NODE_READY,
				rng_below(&rng, 8) ? 0 : NODE_WORD_HELD);
		}
		assert_int_equal(node_pick(&table, hops, count, key),
			node_pick_untried(&table, hops, count, key, &none));
	}
}

/* R-LB-3, architecture section 3: a dialog stays where it began as long as that node can serve it. */
static void test_a_dialog_stays_on_a_draining_node_but_not_on_one_in_maintenance(void **state)
{
	(void)state;
	assert_true(node_serves_dialogs(&nodes[0]));
	word_set(0, NODE_UP, NODE_DRAIN, 0);
	assert_true(node_serves_dialogs(&nodes[0]));
	word_set(0, NODE_SUSPECT, NODE_READY, NODE_WORD_BUSY | NODE_WORD_HELD);
	assert_true(node_serves_dialogs(&nodes[0]));
	word_set(0, NODE_UNKNOWN, NODE_READY, 0);
	assert_true(node_serves_dialogs(&nodes[0]));
	word_set(0, NODE_UP, NODE_MAINT, 0);
	assert_false(node_serves_dialogs(&nodes[0]));
	word_set(0, NODE_DOWN, NODE_READY, 0);
	assert_false(node_serves_dialogs(&nodes[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_lower_priority_number_wins_while_it_is_alive, setup),
		cmocka_unit_test_setup(test_each_state_has_its_tier_and_its_reason, setup),
		cmocka_unit_test_setup(test_held_comes_before_busy_and_unknown_whatever_the_priority, setup),
		cmocka_unit_test_setup(test_no_hops_and_no_such_node_are_nothing, setup),
		cmocka_unit_test_setup(test_the_same_key_finds_the_same_node_in_any_order_of_the_hops, setup),
		cmocka_unit_test_setup(test_shares_follow_the_weights, setup),
		cmocka_unit_test_setup(test_a_weight_of_zero_is_chosen_only_when_its_equals_are_gone, setup),
		cmocka_unit_test_setup(test_only_the_share_of_a_lost_node_moves, setup),
		cmocka_unit_test_setup(test_the_choice_follows_the_identity_not_the_slot, setup),
		cmocka_unit_test_setup(test_random_states_obey_the_tiers, setup),
		cmocka_unit_test_setup(test_the_simple_case_is_decided_as_any_other, setup),
		cmocka_unit_test_setup(
			test_a_dialog_stays_on_a_draining_node_but_not_on_one_in_maintenance, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
