/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What authenticates branches and cookies. */
#include "proxy/seal.h"

#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const struct hash_key key = {1, 2};

static void test_a_seal_is_the_published_siphash_over_its_words(void **state)
{
	/* Number, text with its filling, lengths and purpose. */
	static const uint8_t laid_out[] = {1, 2, 0, 0, 0, 0, 0, 0, 't', 'h', 'i', 'r', 't', 'e', 'e', 'n',
		' ', 'b', 'y', 't', 'e', 0, 0, 0, 13, 0, 0, 0, 0, 0, SEAL_BRANCH};
	struct seal seal = seal_begin(&key);

	(void)state;
	seal_word(&seal, 0x201);
	seal_text(&seal, span_str("thirteen byte"));
	assert_true(seal_end(&seal, SEAL_BRANCH) == siphash(&key, laid_out, sizeof(laid_out)));
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
		/* The border moves within the first and second, or behind the first word of lengths. */
		texts[i < 8 ? 0 : 5] = span_of(text, 8 + i % 8);
		texts[i < 8 ? 1 : 6] = span_str(text + 8 + i % 8);
		macs[i] = seal_of(texts, 8);
		for (unsigned other = 0; other < i; other++)
			assert_true(macs[other] != macs[i]);
	}
}

/* What fills the last word up is no part of the text. */
static void test_a_seal_tells_zeros_from_nothing(void **state)
{
	static const char zeros[17] = "";
	uint64_t macs[18];

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
	char bytes[20] = "0123456789abcdefghi";

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
		cmocka_unit_test(test_a_seal_is_the_published_siphash_over_its_words),
		cmocka_unit_test(test_a_seal_of_one_purpose_is_none_of_another),
		cmocka_unit_test(test_a_seal_knows_where_its_texts_end),
		cmocka_unit_test(test_a_seal_tells_zeros_from_nothing),
		cmocka_unit_test(test_every_bit_of_a_text_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
