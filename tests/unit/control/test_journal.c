/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whatever is done to a model can be taken back, one by one or all at once. */
#include "control/journal.h"

#include "model.h"

#include "base/rng.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char start[] =
	MODEL_PORT "nodes:\n"
		   "  - name: a\n    address: 10.0.0.11\n"
		   "  - name: b\n    address: 10.0.0.12\n    weight: 3\n"
		   "routes:\n"
		   "  - pattern: .com.first.*\n    type: domain\n    next_hop: a\n"
		   "  - pattern: .com.first.*\n    type: domain\n    next_hop: b\n    priority: 2\n"
		   "acl:\n  - pattern: 10.0.0.0/8\n"
		   "domains:\n  - first.com\n";

struct world {
	struct config *config;
	struct config *original;
	struct journal journal;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	world->config = model_of(start);
	world->original = config_clone(world->config);
	assert_int_equal(journal_init(&world->journal), 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	journal_fini(&world->journal);
	config_destroy(world->config);
	config_destroy(world->original);
	free(world);
	return 0;
}

static int count_difference(const struct config_change *change, void *arg)
{
	(void)change;
	++*(unsigned *)arg;
	return 0;
}

static unsigned differences(const struct config *a, const struct config *b)
{
	unsigned count = 0;

	config_diff(a, b, count_difference, &count);
	return count;
}

static size_t split_pairs(char *line, struct config_pair *pairs)
{
	size_t count = 0;

	for (char *word = line; word && *word != '\0';) {
		char *blank = strchr(word, ' ');
		char *equals = strchr(word, '=');
		char *end = blank ? blank : word + strlen(word);
		pairs[count++] = (struct config_pair){span_from(word, equals), span_from(equals + 1, end)};
		word = blank ? blank + 1 : NULL;
	}
	return count;
}

/* Does what an operator's line says and journals it; false when the model refuses. */
static bool operate(struct world *world, char verb, enum config_list_id list, const char *text)
{
	struct config_head *before = NULL;
	struct config_head *after = NULL;
	struct config_report report;
	struct change_set set = {0};
	struct config_pair at[16];
	char line[256];
	int ret;

	snprintf(line, sizeof(line), "%s", text);
	struct config_pairs pairs = {at, split_pairs(line, at)};
	config_report_init(&report, NULL);
	if (verb == '+') {
		ret = config_entry_add(world->config, list, pairs, &report, &after);
	} else if (verb == '-') {
		ret = config_entry_delete(world->config, list, pairs, &report, &before);
	} else {
		ret = config_entry_named(world->config, list, pairs, &report, &before);
		if (ret == 0) {
			config_entry_ref(before);
			ret = config_entry_edit(world->config, list, pairs, &report, &after);
			if (ret < 0)
				config_entry_unref(list, before);
		}
	}
	config_report_fini(&report);
	if (ret < 0)
		return false;
	assert_int_equal(change_add_entry(&set, list, before, after), 0);
	journal_add(&world->journal, &set, text);
	return true;
}

static bool operate_probe(struct world *world, const char *key, const char *value)
{
	struct config_pair pair = {span_str(key), span_str(value)};
	struct change_set set = {0};
	struct config_report report;
	char before[64];
	int ret;

	assert_true(config_section_value(
			    world->config, span_str("probe"), span_str(key), before, sizeof(before)) >= 0);
	config_report_init(&report, NULL);
	ret = config_section_edit(world->config, span_str("probe"), (struct config_pairs){&pair, 1}, &report);
	config_report_fini(&report);
	if (ret < 0)
		return false;
	assert_int_equal(change_add_key(&set, "probe", key, before, value), 0);
	journal_add(&world->journal, &set, key);
	return true;
}

static void roll_back(struct world *world, unsigned count)
{
	struct change_set set;

	assert_int_equal(journal_undo(&world->journal, count, &set), 0);
	assert_int_equal(change_apply(&set, world->config), 0);
	journal_add(&world->journal, &set, "rollback");
	journal_undone(&world->journal, count);
}

static void test_each_kind_of_change_is_taken_back(void **state)
{
	struct world *world = *state;

	assert_true(operate(world, '+', CONFIG_ROUTES, "pattern=.com.new.* type=domain next_hop=b"));
	assert_int_equal(differences(world->original, world->config), 1);
	roll_back(world, 1);
	assert_int_equal(differences(world->original, world->config), 0);
	assert_true(operate(world, '-', CONFIG_DOMAINS, "name=first.com"));
	assert_true(operate(world, '~', CONFIG_NODES, "name=b weight=9 admin=drain"));
	assert_true(operate_probe(world, "fall", "5"));
	assert_int_equal(differences(world->original, world->config), 3);
	roll_back(world, 3);
	assert_int_equal(differences(world->original, world->config), 0);
}

static void test_what_was_taken_back_is_not_taken_back_again(void **state)
{
	struct world *world = *state;
	struct change_set set;

	assert_true(operate(world, '+', CONFIG_ACL, "pattern=192.0.2.1"));
	assert_true(operate(world, '+', CONFIG_ACL, "pattern=192.0.2.2"));
	roll_back(world, 1);
	roll_back(world, 1);
	assert_int_equal(differences(world->original, world->config), 0);
	assert_int_equal(journal_undo(&world->journal, 1, &set), -ENOENT);
	assert_true(journal_at(&world->journal, 2)->undone);
	assert_true(journal_at(&world->journal, 5)->is_rollback);
}

static void test_more_changes_than_there_were_cannot_be_taken_back(void **state)
{
	struct world *world = *state;
	struct change_set set;

	assert_int_equal(journal_undo(&world->journal, 1, &set), -ENOENT);
	assert_true(operate(world, '+', CONFIG_ACL, "pattern=192.0.2.1"));
	assert_int_equal(journal_undo(&world->journal, 2, &set), -ENOENT);
}

static void random_change(struct world *world, struct rng *rng)
{
	static const char verbs[] = {'+', '-', '~'};
	char verb = verbs[rng_below(rng, 3)];
	unsigned what = rng_below(rng, 5);
	unsigned n = rng_below(rng, 6);
	const char *hop = rng_below(rng, 2) ? "a" : "b";
	char text[256];

	switch (what) {
	case 0:
		snprintf(text, sizeof(text), "pattern=.com.d%u.* next_hop=%s%s", n, hop,
			verb == '+'   ? " type=domain"
			: verb == '~' ? " weight=5"
				      : "");
		operate(world, verb, CONFIG_ROUTES, text);
		break;
	case 1:
		snprintf(text, sizeof(text), "pattern=192.0.2.%u%s", n, verb == '~' ? " description=x" : "");
		operate(world, verb, CONFIG_ACL, text);
		break;
	case 2:
		snprintf(text, sizeof(text), "name=d%u.com%s", n, verb == '~' ? " description=y" : "");
		operate(world, verb, CONFIG_DOMAINS, text);
		break;
	case 3:
		snprintf(text, sizeof(text), "name=n%u%s", n,
			verb == '+'   ? " address=10.0.0.99 port="
			: verb == '~' ? " admin=drain"
				      : "");
		if (verb == '+')
			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%u", 6000 + n);
		operate(world, verb, CONFIG_NODES, text);
		break;
	default:
		snprintf(text, sizeof(text), "%u", 1 + n);
		operate_probe(world, "fall", text);
		break;
	}
}

static void test_any_sequence_of_changes_taken_back_is_the_original(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct rng rng;
		struct world *world;
		unsigned live;
		void *made;
		rng_init(&rng, seed);
		setup(&made);
		world = made;
		for (unsigned i = 0; i < 30; i++)
			random_change(world, &rng);
		live = (unsigned)(world->journal.number - 1);
		/* In two bites, with something in between that stays. */
		if (live > 3) {
			roll_back(world, live / 2);
			live -= live / 2;
		}
		if (live > 0)
			roll_back(world, live);
		if (differences(world->original, world->config) != 0)
			print_error("seed %llu\n", (unsigned long long)seed);
		assert_int_equal(differences(world->original, world->config), 0);
		teardown(&made);
	}
}

static void test_the_difference_of_two_models_makes_one_of_the_other(void **state)
{
	struct world *world = *state;

	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct change_set set;
		struct config *copy = config_clone(world->config);
		struct rng rng;
		rng_init(&rng, seed);
		for (unsigned i = 0; i < 10; i++)
			random_change(world, &rng);
		assert_int_equal(change_between(copy, world->config, &set), 0);
		assert_int_equal(change_apply(&set, copy), 0);
		assert_int_equal(differences(copy, world->config), 0);
		change_fini(&set);
		config_destroy(copy);
	}
}

static void test_the_oldest_generations_are_forgotten(void **state)
{
	struct world *world = *state;

	for (unsigned i = 0; i < JOURNAL_MAX + 10; i++) {
		char value[16];
		snprintf(value, sizeof(value), "%u", 1 + i % 2);
		assert_true(operate_probe(world, "fall", value));
	}
	assert_int_equal(world->journal.number, JOURNAL_MAX + 11);
	assert_null(journal_at(&world->journal, 2));
	assert_non_null(journal_at(&world->journal, world->journal.first));
	assert_int_equal(world->journal.number - world->journal.first + 1, JOURNAL_MAX);
}

static void test_an_edit_is_told_by_what_differs(void **state)
{
	struct world *world = *state;
	char text[256];

	assert_true(operate(world, '~', CONFIG_NODES, "name=b weight=9 admin=drain"));
	change_item_format(&journal_at(&world->journal, 2)->set.items[0], text, sizeof(text));
	assert_string_equal(text, "~ nodes b: admin=ready -> drain, weight=3 -> 9");
}

int main(void)
{
#define JOURNAL_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		JOURNAL_TEST(test_each_kind_of_change_is_taken_back),
		JOURNAL_TEST(test_what_was_taken_back_is_not_taken_back_again),
		JOURNAL_TEST(test_more_changes_than_there_were_cannot_be_taken_back),
		cmocka_unit_test(test_any_sequence_of_changes_taken_back_is_the_original),
		JOURNAL_TEST(test_the_difference_of_two_models_makes_one_of_the_other),
		JOURNAL_TEST(test_the_oldest_generations_are_forgotten),
		JOURNAL_TEST(test_an_edit_is_told_by_what_differs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
