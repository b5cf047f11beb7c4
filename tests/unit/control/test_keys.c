/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator does with the keys of dialogs, on the running daemon. */
#include "rig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A key that is forgotten is all zero, and everybody knows that one. */
static void test_every_key_is_drawn_at_the_start(void **state)
{
	const struct hash_key *probe = &world.daemon->plane_config.probe_key;
	const struct hash_key *cookie = &world.daemon->keys.key[keyring_signer(&world.daemon->keys)];
	struct cookie_keys published;

	(void)state;
	assert_true(probe->k0 != 0 && probe->k1 != 0 && probe->k0 != probe->k1);
	assert_true(cookie->k0 != 0 && cookie->k1 != 0 && cookie->k0 != cookie->k1);
	assert_true(cookie->k0 != probe->k0 && cookie->k1 != probe->k1);
	published = keyring_keys(&world.daemon->keys);
	assert_memory_equal(&world.daemon->publisher.current->keys, &published, sizeof(published));
}

/* The file's own digits of the key that is used so; the caller frees them. */
static char *key_in_file(const char *use)
{
	FILE *file = fopen(world.keys, "r");
	char line[256];
	char *found = NULL;

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file)) {
		char *at = strstr(line, use);
		if (line[0] != '#' && at)
			found = strndup(at + strlen(use), 32);
	}
	fclose(file);
	assert_non_null(found);
	return found;
}

static void test_keys_are_shown_by_their_ids_and_never_told(void **state)
{
	char *key = key_in_file(" sign ");
	char id[KEY_ID_LEN + 1];

	(void)state;
	key_id(&world.daemon->keys.key[keyring_signer(&world.daemon->keys)], id);
	expect_done("-o csv show key");
	assert_non_null(strstr(world.out, id));
	assert_null(strstr(world.out, key));
	expect_done("show config");
	assert_null(strstr(world.out, key));
	free(key);
}

static void test_a_rotated_key_is_in_the_file_and_the_last_one_still_accepted(void **state)
{
	char *before = key_in_file(" sign ");
	char *old;
	struct cookie_keys was = world.daemon->publisher.current->keys;
	const struct cookie_keys *is;

	(void)state;
	expect_done("add key");
	ctl("add key");
	assert_int_equal(world.code, CLI_REFUSED);
	assert_non_null(strstr(world.err, "rotate key"));
	expect_done("rotate key");
	assert_non_null(strstr(world.out, world.keys));
	old = key_in_file(" old ");
	assert_string_equal(before, old);
	is = &world.daemon->publisher.current->keys;
	assert_int_equal(is->current, !was.current);
	assert_memory_equal(&is->key[was.current], &was.key[was.current], sizeof(was.key[0]));
	free(before);
	free(old);
}

static void write_keys(const char *text)
{
	FILE *file = fopen(world.keys, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

/* What another instance of the cluster has. */
static void test_reload_takes_keys_from_the_file_and_a_wrong_file_changes_nothing(void **state)
{
	struct keyring mine = world.daemon->keys;

	(void)state;
	write_keys("0 sign 00112233445566778899aabbccddeeff\n1 next ffeeddccbbaa99887766554433221100\n");
	expect_done("reload");
	expect_done("-o csv show key");
	assert_non_null(strstr(world.out, "\n0,sign,"));
	assert_non_null(strstr(world.out, "\n1,next,"));
	write_keys("0 sing 00112233445566778899aabbccddeeff\n");
	ctl("reload");
	assert_int_equal(world.code, CLI_REFUSED);
	assert_non_null(strstr(world.err, "keys:1: use: is none of sign, next and old"));
	assert_int_equal(world.daemon->keys.use[1], KEY_NEXT);
	unlink(world.keys);
	ctl("reload");
	assert_int_equal(world.code, CLI_REFUSED);
	assert_non_null(strstr(world.err, "is not there any more"));
	assert_int_equal(keyring_save(&mine, world.keys), 0);
	expect_done("reload");
	assert_memory_equal(&world.daemon->keys, &mine, sizeof(mine));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key_is_drawn_at_the_start),
		cmocka_unit_test(test_keys_are_shown_by_their_ids_and_never_told),
		cmocka_unit_test(test_a_rotated_key_is_in_the_file_and_the_last_one_still_accepted),
		cmocka_unit_test(test_reload_takes_keys_from_the_file_and_a_wrong_file_changes_nothing),
	};

	return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
