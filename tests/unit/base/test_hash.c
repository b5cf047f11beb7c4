/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Key 00..0f and messages 00, 00 01, ...: the vectors that the authors publish. */
static const struct hash_key vector_key = {0x0706050403020100ULL, 0x0f0e0d0c0b0a0908ULL};

static void test_siphash_agrees_with_the_published_vectors(void **state)
{
	uint8_t in[16];

	(void)state;
	for (size_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)i;
	assert_true(siphash(&vector_key, in, 0) == 0x726fdb47dd0e0e31ULL);
	assert_true(siphash(&vector_key, in, 1) == 0x74f839c593dc67fdULL);
	assert_true(siphash(&vector_key, in, 8) == 0x93f5f5799a932462ULL);
	assert_true(siphash(&vector_key, in, 15) == 0xa129ca6149be45e5ULL);
}

static void test_siphash_in_pieces_equals_siphash_at_once(void **state)
{
	static const char text[] = "a message that is cut at every possible place";
	size_t len = sizeof(text) - 1;

	(void)state;
	for (size_t cut = 0; cut <= len; cut++) {
		struct siphash h;
		siphash_init(&h, &vector_key);
		siphash_add(&h, text, cut);
		siphash_add(&h, text + cut, len - cut);
		assert_true(siphash_final(&h) == siphash(&vector_key, text, len));
	}
}

static void test_every_bit_of_the_bytes_and_the_length_count(void **state)
{
	uint8_t bytes[48] = {0};

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		uint64_t hash = hash_bytes(bytes, len, 7);

		assert_true(hash_bytes(bytes, len, 8) != hash);
		assert_true(len == 0 || hash_bytes(bytes, len - 1, 7) != hash);
		for (size_t bit = 0; bit < 8 * len; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_true(hash_bytes(bytes, len, 7) != hash);
			bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

/* Cookies and node identities outlive the process: a change of the function would orphan them. */
static void test_the_hash_of_an_identity_never_changes(void **state)
{
	(void)state;
	assert_true(hash_bytes("", 0, 0) == 0x42bc986dc5eec4d3ULL);
	assert_true(hash_bytes("example", 7, 0) == 0x2aa3d22546ecbc67ULL);
	assert_true(hash_bytes("an identity of more than two words", 34, 1) == 0xb73a9ae0c3d30051ULL);
}

enum { KEYS = 4096, PLACES = 256 };

/* Low bits are what tables use. */
static void test_names_that_differ_little_spread_evenly(void **state)
{
	unsigned filled[PLACES] = {0};
	char name[] = "node-0000.example.com";

	(void)state;
	for (unsigned i = 0; i < KEYS; i++) {
		for (unsigned digit = 0; digit < 4; digit++)
			name[5 + digit] = (char)('0' + (i >> 3 * digit & 7));
		filled[hash_bytes(name, sizeof(name) - 1, 0) % PLACES]++;
	}
	for (unsigned i = 0; i < PLACES; i++)
		assert_in_range(filled[i], 1, 4 * KEYS / PLACES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_siphash_agrees_with_the_published_vectors),
		cmocka_unit_test(test_siphash_in_pieces_equals_siphash_at_once),
		cmocka_unit_test(test_every_bit_of_the_bytes_and_the_length_count),
		cmocka_unit_test(test_the_hash_of_an_identity_never_changes),
		cmocka_unit_test(test_names_that_differ_little_spread_evenly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
