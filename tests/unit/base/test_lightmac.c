/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AES against the examples of its standard, LightMAC against its definition, byte by byte. */
#include "base/lightmac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void encrypt(
	const char *secret, const uint8_t plain[static AES_BLOCK], uint8_t ret_cipher[static AES_BLOCK])
{
	struct aes_key key;

	aes_key_init(&key, (const uint8_t *)secret);
	_mm_storeu_si128((__m128i *)(void *)ret_cipher,
		aes_encrypt(&key, _mm_loadu_si128((const __m128i *)(const void *)plain)));
}

static void test_blocks_are_encrypted_as_in_the_examples_of_fips_197(void **state)
{
	static const uint8_t c1_plain[AES_BLOCK] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
	static const uint8_t c1_cipher[AES_BLOCK] = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8,
		0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a};
	static const uint8_t b_plain[AES_BLOCK] = {0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31,
		0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34};
	static const uint8_t b_cipher[AES_BLOCK] = {0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc,
		0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32};
	uint8_t cipher[AES_BLOCK];

	(void)state;
	encrypt("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", c1_plain, cipher);
	assert_memory_equal(cipher, c1_cipher, sizeof(cipher));
	encrypt("\x2b\x7e\x15\x16\x28\xae\xd2\xa6\xab\xf7\x15\x88\x09\xcf\x4f\x3c", b_plain, cipher);
	assert_memory_equal(cipher, b_cipher, sizeof(cipher));
}

/* E(tag key, sum of E(block key, 14 bytes and their number) + last 8 bytes, a one and zeros). */
static uint64_t by_definition(
	const struct lightmac_key *key, const uint8_t *bytes, unsigned blocks, uint64_t last)
{
	uint8_t sum[AES_BLOCK] = {0};
	uint64_t tag;

	for (unsigned i = 0; i < blocks; i++) {
		uint8_t block[AES_BLOCK];
		memcpy(block, bytes + (size_t)i * LIGHTMAC_BYTES, LIGHTMAC_BYTES);
		block[14] = (uint8_t)(i + 1);
		block[15] = (uint8_t)((i + 1) >> 8);
		_mm_storeu_si128((__m128i *)(void *)block,
			aes_encrypt(&key->blocks, _mm_loadu_si128((const __m128i *)(const void *)block)));
		for (unsigned j = 0; j < AES_BLOCK; j++)
			sum[j] ^= block[j];
	}
	for (unsigned j = 0; j < sizeof(last); j++)
		sum[j] ^= (uint8_t)(last >> (8 * j));
	sum[8] ^= 0x80;
	_mm_storeu_si128((__m128i *)(void *)sum,
		aes_encrypt(&key->tag, _mm_loadu_si128((const __m128i *)(const void *)sum)));
	memcpy(&tag, sum, sizeof(tag));
	return tag;
}

static void test_a_tag_is_what_the_definition_says(void **state)
{
	enum { BLOCKS = 300 };
	static uint8_t bytes[BLOCKS * LIGHTMAC_BYTES + 2];
	struct lightmac_key key;
	struct lightmac mac;

	(void)state;
	lightmac_key_init(&key, &(struct hash_key){0x0123456789abcdef, 0xfedcba9876543210});
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 31 + 7);
	mac = lightmac_begin(&key);
	for (unsigned i = 0; i <= BLOCKS; i++) {
		assert_int_equal(lightmac_end(&mac, i), by_definition(&key, bytes, i, i));
		if (i < BLOCKS)
			lightmac_block(&mac,
				_mm_loadu_si128(
					(const __m128i *)(const void *)(bytes + (size_t)i * LIGHTMAC_BYTES)));
	}
}

static void test_the_two_keys_and_those_of_another_secret_have_nothing_in_common(void **state)
{
	struct lightmac_key one;
	struct lightmac_key other;

	(void)state;
	lightmac_key_init(&one, &(struct hash_key){1, 2});
	lightmac_key_init(&other, &(struct hash_key){2, 1});
	assert_memory_not_equal(&one.blocks, &one.tag, sizeof(one.tag));
	assert_memory_not_equal(&one.blocks, &other.blocks, sizeof(one.blocks));
	assert_memory_not_equal(&one.tag, &other.tag, sizeof(one.tag));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks_are_encrypted_as_in_the_examples_of_fips_197),
		cmocka_unit_test(test_a_tag_is_what_the_definition_says),
		cmocka_unit_test(test_the_two_keys_and_those_of_another_secret_have_nothing_in_common),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
