/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What authenticates branches and cookies. */
#include "proxy/seal.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct lightmac_key key;

static int set_up(void **state)
{
	(void)state;
	lightmac_key_init(&key, &(struct hash_key){1, 2});
	return 0;
}

static void test_a_seal_is_the_mac_of_its_blocks(void **state)
{
	static const char blocks[3][16] = {"\1\2", "more than thir", "teen bytes"};
	struct seal seal = seal_begin(&key);
	struct lightmac mac = lightmac_begin(&key);

	(void)state;
	seal_word(&seal, 0x201);
	seal_text(&seal, span_str("more than thirteen bytes"));
	for (unsigned i = 0; i < 3; i++)
		lightmac_block(&mac, _mm_loadu_si128((const __m128i *)(const void *)blocks[i]));
	/* How many there are, counted from 1 on, purpose, length. */
	assert_true(seal_end(&seal, SEAL_BRANCH) ==
		    lightmac_end(&mac, 4ULL << 56 | (uint64_t)SEAL_BRANCH << 48 | 24));
}

/* One key serves all: what a peer was given for one purpose must say nothing about another. */
static void test_a_seal_of_one_purpose_is_none_of_another(void **state)
{
	uint64_t macs[5];

	(void)state;
	for (unsigned purpose = SEAL_BRANCH; purpose <= SEAL_TRANSACTION; purpose++) {
		struct seal seal = seal_begin(&key);

		seal_text(&seal, span_str("bytes"));
		macs[purpose] = seal_end(&seal, (enum seal_purpose)purpose);
		for (unsigned other = SEAL_BRANCH; other < purpose; other++)
			assert_true(macs[other] != macs[purpose]);
	}
}

static uint64_t seal_of(const struct span *texts, unsigned count)
{
	struct seal seal = seal_begin(&key);

	for (unsigned i = 0; i < count; i++)
		seal_text(&seal, texts[i]);
	return seal_end(&seal, SEAL_BRANCH);
}

/* The same bytes cut elsewhere are other fields, however many there are. */
static void test_a_seal_knows_where_its_texts_end(void **state)
{
	static const char text[] = "twenty-four bytes of it!";
	uint64_t macs[16];

	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		struct span texts[8];

		for (unsigned n = 0; n < 8; n++)
			texts[n] = span_str("same");
		/* The border moves within the first and second, or behind the first block of lengths. */
		texts[i < 8 ? 0 : 5] = span_of(text, 8 + i % 8);
		texts[i < 8 ? 1 : 6] = span_str(text + 8 + i % 8);
		macs[i] = seal_of(texts, 8);
		for (unsigned other = 0; other < i; other++)
			assert_true(macs[other] != macs[i]);
	}
}

/* What fills the last block up is no part of the text. */
static void test_a_seal_tells_zeros_from_nothing(void **state)
{
	static const char zeros[47] = "";
	uint64_t macs[48];

	(void)state;
	for (unsigned len = 0; len <= sizeof(zeros); len++) {
		struct span text = span_of(zeros, len);

		macs[len] = seal_of(&text, 1);
		for (unsigned other = 0; other < len; other++)
			assert_true(macs[other] != macs[len]);
	}
}

static void test_every_bit_of_a_text_counts(void **state)
{
	char bytes[48] = "0123456789abcdefghijklmnopqrstuvwxyz0123456789a";

	(void)state;
	for (unsigned len = 1; len <= sizeof(bytes); len++) {
		struct span text = span_of(bytes, len);
		uint64_t mac = seal_of(&text, 1);

		for (unsigned bit = 0; bit < 8 * len; bit++) {
			bytes[bit / 8] ^= (char)(1 << bit % 8);
			assert_true(seal_of(&text, 1) != mac);
			bytes[bit / 8] ^= (char)(1 << bit % 8);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_seal_is_the_mac_of_its_blocks),
		cmocka_unit_test(test_a_seal_of_one_purpose_is_none_of_another),
		cmocka_unit_test(test_a_seal_knows_where_its_texts_end),
		cmocka_unit_test(test_a_seal_tells_zeros_from_nothing),
		cmocka_unit_test(test_every_bit_of_a_text_counts),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
