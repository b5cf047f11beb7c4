/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where transactions keep things: texts by size, the table of keys, and the budget of retries. */
#include "proxy/retry_budget.h"
#include "proxy/text_store.h"
#include "proxy/txn_table.h"

#include "base/hash.h"
#include "limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const uint32_t two_of_each[TEXT_CLASSES] = {2, 2, 2, 2, 2};
static char bytes[SIP_DATAGRAM_MAX];

/* A store with two blocks of each size, all alike. */
static void store_make(struct text_store *store)
{
	static char memory[2 * (512 + 1024 + 2048 + 8192 + 65544)];
	static uint32_t next[2 * TEXT_CLASSES];

	assert_int_equal(text_store_bytes(two_of_each), sizeof(memory));
	assert_int_equal(text_store_blocks(two_of_each), 2 * TEXT_CLASSES);
	text_store_init(store, memory, next, two_of_each);
}

static struct span text_of_len(size_t len, char fill)
{
	memset(bytes, fill, len);
	return span_of(bytes, len);
}

static void test_a_text_of_any_length_comes_back_as_it_was(void **state)
{
	const size_t lens[] = {1, 508, 509, 1020, 1021, 2044, 2045, 8188, 8189, SIP_DATAGRAM_MAX};
	struct text_store store;

	(void)state;
	store_make(&store);
	for (unsigned i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		text_ref ref = text_keep(&store, text_of_len(lens[i], (char)('a' + i)));

		assert_int_not_equal(ref, 0);
		assert_true(span_eq(text_read(&store, ref), text_of_len(lens[i], (char)('a' + i))));
		text_release(&store, &ref);
		assert_int_equal(ref, 0);
		text_release(&store, &ref);
	}
	for (unsigned i = 0; i < TEXT_CLASSES; i++)
		assert_int_equal(store.pools[i].used, 0);
}

static void test_a_full_class_overflows_into_larger_blocks_until_none_is_left(void **state)
{
	struct text_store store;
	text_ref refs[2 * TEXT_CLASSES];

	(void)state;
	store_make(&store);
	for (unsigned i = 0; i < 2 * TEXT_CLASSES; i++) {
		refs[i] = text_keep(&store, text_of_len(100, 'x'));
		assert_int_not_equal(refs[i], 0);
	}
	assert_int_equal(store.exhausted, 0);
	assert_int_equal(text_keep(&store, text_of_len(100, 'x')), 0);
	assert_int_equal(store.exhausted, 1);
	text_release(&store, &refs[3]);
	assert_int_not_equal(text_keep(&store, text_of_len(100, 'x')), 0);
}

static void test_a_table_finds_what_is_in_it_however_it_came_and_went(void **state)
{
	enum { ENTRIES = 1000, ROUNDS = 50000 };
	static struct txn_slot slots[2048];
	struct txn_table table;
	bool in[ENTRIES] = {false};
	uint64_t seed = 5;

	(void)state;
	assert_int_equal(txn_table_slots(ENTRIES), sizeof(slots) / sizeof(slots[0]));
	txn_table_init(&table, slots, txn_table_slots(ENTRIES));
	for (unsigned round = 0; round < ROUNDS; round++) {
		uint32_t i;
		uint64_t key;

		seed = hash_mix(seed + round);
		i = (uint32_t)(seed % ENTRIES);
		/* Few low bits differ, so that runs are long and wrap around. */
		key = (uint64_t)i << 40 | (i % 7) | 0x7f8;
		assert_int_equal(txn_table_find(&table, key), in[i] ? i : TXN_TABLE_NONE);
		if (in[i])
			txn_table_remove(&table, key);
		else
			txn_table_add(&table, key, i);
		in[i] = !in[i];
	}
}

static void test_retries_are_a_share_of_the_requests(void **state)
{
	struct retry_budget budget;
	unsigned taken = 0;

	(void)state;
	retry_budget_init(&budget, 0);
	while (retry_budget_take(&budget, 0))
		taken++;
	assert_int_equal(taken, RETRY_TOKENS_MAX);
	for (unsigned i = 0; i < 1000; i++)
		retry_budget_earn(&budget);
	for (taken = 0; retry_budget_take(&budget, 0); taken++)
		;
	assert_int_equal(taken, 1000 / RETRY_SHARE);
	for (taken = 0; retry_budget_take(&budget, 2000000000); taken++)
		;
	assert_int_equal(taken, 2 * RETRY_PER_SECOND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_text_of_any_length_comes_back_as_it_was),
		cmocka_unit_test(test_a_full_class_overflows_into_larger_blocks_until_none_is_left),
		cmocka_unit_test(test_a_table_finds_what_is_in_it_however_it_came_and_went),
		cmocka_unit_test(test_retries_are_a_share_of_the_requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
