/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Keys come and go in order, outlive the process in a file, and no mistake in the file is passed over. */
#include "control/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define KEY_A "00112233445566778899aabbccddeeff"
#define KEY_B "ffeeddccbbaa99887766554433221100"

struct fixture {
	char folder[32];
	char path[64];
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	snprintf(fixture->folder, sizeof(fixture->folder), "/tmp/sluice-XXXXXX");
	assert_non_null(mkdtemp(fixture->folder));
	snprintf(fixture->path, sizeof(fixture->path), "%s/keys", fixture->folder);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	unlink(fixture->path);
	assert_int_equal(rmdir(fixture->folder), 0);
	free(fixture);
	return 0;
}

static bool same(const struct lightmac_key *a, const struct lightmac_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static void test_the_first_key_signs_and_nothing_else_is_accepted(void **state)
{
	struct keyring ring;
	struct cookie_keys keys;

	(void)state;
	assert_int_equal(keyring_draw(&ring), 0);
	keys = keyring_keys(&ring);
	assert_int_equal(keys.current, 0);
	assert_true(ring.key[0].k0 != 0 && ring.key[0].k1 != 0);
	assert_true(same(&keys.key[0], &keys.key[1]));
}

static void test_what_signed_before_a_rotation_is_accepted_after_it(void **state)
{
	struct keyring ring;
	struct cookie_keys before;
	struct cookie_keys after;

	(void)state;
	assert_int_equal(keyring_draw(&ring), 0);
	for (unsigned i = 0; i < 5; i++) {
		before = keyring_keys(&ring);
		assert_int_equal(keyring_rotate(&ring), 0);
		after = keyring_keys(&ring);
		assert_int_equal(after.current, !before.current);
		assert_true(same(&after.key[before.current], &before.key[before.current]));
		assert_false(same(&after.key[after.current], &before.key[before.current]));
	}
}

/* Instances come to a new key one by one: each must accept it before any signs with it. */
static void test_the_next_key_is_accepted_before_it_signs(void **state)
{
	struct keyring ring;
	struct cookie_keys added;
	struct cookie_keys rotated;

	(void)state;
	assert_int_equal(keyring_draw(&ring), 0);
	assert_int_equal(keyring_add(&ring), 0);
	added = keyring_keys(&ring);
	assert_int_equal(added.current, 0);
	assert_false(same(&added.key[0], &added.key[1]));
	assert_int_equal(keyring_add(&ring), -EEXIST);
	assert_int_equal(keyring_rotate(&ring), 0);
	rotated = keyring_keys(&ring);
	assert_int_equal(rotated.current, 1);
	assert_memory_equal(added.key, rotated.key, sizeof(added.key));
}

static void test_an_id_names_a_key_and_does_not_tell_it(void **state)
{
	struct hash_key keys[2] = {{0x1111111122222222, 3}, {0x1111111122222222, 4}};
	char ids[2][KEY_ID_LEN + 1];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		key_id(&keys[i], ids[i]);
		assert_int_equal(strlen(ids[i]), KEY_ID_LEN);
	}
	assert_string_not_equal(ids[0], ids[1]);
	assert_string_not_equal(ids[0], "11111111");
	assert_string_not_equal(ids[0], "22222222");
}

static void test_a_ring_comes_back_from_its_file(void **state)
{
	struct fixture *fixture = *state;
	struct config_report report;
	struct keyring ring;
	struct keyring back;
	struct stat status;

	config_report_init(&report, fixture->path);
	assert_int_equal(keyring_draw(&ring), 0);
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(keyring_save(&ring, fixture->path), 0);
		assert_int_equal(stat(fixture->path, &status), 0);
		assert_int_equal(status.st_mode & 07777, 0600);
		memset(&back, 0, sizeof(back));
		assert_int_equal(keyring_load(fixture->path, &report, &back), 0);
		assert_memory_equal(&back, &ring, sizeof(ring));
		assert_int_equal(i == 1 ? keyring_add(&ring) : keyring_rotate(&ring), 0);
	}
	assert_int_equal(report.error_count, 0);
	config_report_fini(&report);
}

/* The digits are the key's bytes in order, so that a file means the same everywhere. */
static void test_a_file_is_read_as_people_write_it(void **state)
{
	struct config_report report;
	struct keyring ring;

	(void)state;
	config_report_init(&report, "keys");
	assert_int_equal(
		keyring_parse(span_str("# two keys\r\n\n  1\tsign " KEY_A " \n0 old " KEY_B), &report, &ring),
		0);
	assert_int_equal(keyring_signer(&ring), 1);
	assert_int_equal(ring.use[0], KEY_OLD);
	assert_true(ring.key[1].k0 == 0x7766554433221100 && ring.key[1].k1 == 0xffeeddccbbaa9988);
	config_report_fini(&report);
}

static const struct {
	const char *text;
	const char *finding;
} mistakes[] = {
	{"", "keys: has no key to sign with; write a line 0 sign KEY"},
	{"0 old " KEY_A "\n", "has no key to sign with"},
	{"0 sign " KEY_A "\n1 sign " KEY_B "\n", "keys:2: use: is sign for both keys"},
	{"2 sign " KEY_A "\n", "keys:1: place: is neither 0 nor 1"},
	{"0 sign " KEY_A "\n\n0 next " KEY_B "\n", "keys:3: place: 0 stands here twice, first on line 1"},
	{"0 singe " KEY_A "\n", "keys:1: use: is none of sign, next and old"},
	{"0 sign " KEY_A "0\n", "keys:1: key: has 33 characters; a key has 32 hexadecimal digits"},
	{"0 sign\n", "keys:1: key: has 0 characters"},
	{"0 sign 0011223344556677889gaabbccddeeff\n",
		"keys:1: key: has a character that is no hexadecimal digit"},
	{"0 sign 00000000000000000000000000000000\n", "keys:1: key: is all zero, which everybody can guess"},
	{"0 sign " KEY_A " # mine\n", "keys:1: has more than place, use and key"},
};

static void test_every_mistake_is_told_with_its_line_and_what_is_right(void **state)
{
	struct keyring ring = {.use = {KEY_NEXT, KEY_NEXT}};
	struct config_report report;
	char line[1024];

	(void)state;
	for (unsigned i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
		config_report_init(&report, "keys");
		assert_int_equal(keyring_parse(span_str(mistakes[i].text), &report, &ring), -EINVAL);
		assert_int_equal(report.count, 1);
		config_finding_format(&report, &report.findings[0], line, sizeof(line));
		if (!strstr(line, mistakes[i].finding))
			fail_msg("\"%s\" is not in: %s", mistakes[i].finding, line);
		assert_int_equal(ring.use[0], KEY_NEXT);
		config_report_fini(&report);
	}
}

static void test_a_finding_never_quotes_the_file(void **state)
{
	struct keyring ring;
	struct config_report report;

	(void)state;
	config_report_init(&report, "keys");
	assert_int_equal(
		keyring_parse(span_str("0 sign deadbeef\n" KEY_A "\n1 " KEY_B " sign\n"), &report, &ring),
		-EINVAL);
	assert_true(report.count >= 3);
	for (uint32_t i = 0; i < report.count; i++) {
		assert_null(strstr(report.findings[i].text, "deadbeef"));
		assert_null(strstr(report.findings[i].text, KEY_A));
		assert_null(strstr(report.findings[i].text, KEY_B));
	}
	config_report_fini(&report);
}

static void expect_unusable(const char *path, int error, const char *finding)
{
	struct config_report report;
	struct keyring ring;

	config_report_init(&report, path);
	assert_int_equal(keyring_load(path, &report, &ring), error);
	assert_int_equal(report.count, 1);
	if (!strstr(report.findings[0].text, finding))
		fail_msg("\"%s\" is not in: %s", finding, report.findings[0].text);
	config_report_fini(&report);
}

static void test_a_file_that_others_may_use_is_refused(void **state)
{
	struct fixture *fixture = *state;
	struct keyring ring;

	assert_int_equal(keyring_draw(&ring), 0);
	assert_int_equal(keyring_save(&ring, fixture->path), 0);
	assert_int_equal(chmod(fixture->path, 0640), 0);
	expect_unusable(fixture->path, -EACCES, "may be used by others (mode 0640); chmod it to 0600");
	assert_int_equal(chmod(fixture->path, 0600), 0);
	/* Only root can give a file away; whoever builds as somebody else has checked the rest. */
	if (geteuid() == 0) {
		assert_int_equal(chown(fixture->path, 12345, 12345), 0);
		expect_unusable(
			fixture->path, -EACCES, "belongs to user 12345, not to us; chown it to user 0");
	}
}

static void test_what_is_no_file_is_refused_and_what_is_not_there_is_told_apart(void **state)
{
	struct fixture *fixture = *state;
	struct config_report report;
	struct keyring ring;
	FILE *file;

	config_report_init(&report, fixture->path);
	assert_int_equal(keyring_load(fixture->path, &report, &ring), -ENOENT);
	assert_int_equal(report.count, 0);
	config_report_fini(&report);
	assert_int_equal(mkfifo(fixture->path, 0600), 0);
	expect_unusable(fixture->path, -ESPIPE, "is a pipe, a socket or a device");
	unlink(fixture->path);
	file = fopen(fixture->path, "w");
	assert_non_null(file);
	fprintf(file, "%*s\n", KEYRING_FILE_MAX_BYTES, "#");
	assert_int_equal(fclose(file), 0);
	expect_unusable(fixture->path, -EFBIG, "is far too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_key_signs_and_nothing_else_is_accepted),
		cmocka_unit_test(test_what_signed_before_a_rotation_is_accepted_after_it),
		cmocka_unit_test(test_the_next_key_is_accepted_before_it_signs),
		cmocka_unit_test(test_an_id_names_a_key_and_does_not_tell_it),
		cmocka_unit_test_setup_teardown(test_a_ring_comes_back_from_its_file, setup, teardown),
		cmocka_unit_test(test_a_file_is_read_as_people_write_it),
		cmocka_unit_test(test_every_mistake_is_told_with_its_line_and_what_is_right),
		cmocka_unit_test(test_a_finding_never_quotes_the_file),
		cmocka_unit_test_setup_teardown(test_a_file_that_others_may_use_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_what_is_no_file_is_refused_and_what_is_not_there_is_told_apart, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
