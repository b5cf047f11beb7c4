/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two keys of LightMAC, which must have nothing in common, from one secret: what it makes of two
 * constants. */
#include "base/lightmac.h"

static void derive(struct aes_key *key, const struct aes_key *secret, long long purpose)
{
	uint8_t bytes[AES_BLOCK];
	__m128i block = aes_encrypt(secret, _mm_set_epi64x(0, purpose));

	_mm_storeu_si128((__m128i *)(void *)bytes, block);
	aes_key_init(key, bytes);
}

void lightmac_key_init(struct lightmac_key *key, const struct hash_key *secret)
{
	struct aes_key expanded;
	uint8_t bytes[AES_BLOCK];

	_mm_storeu_si128(
		(__m128i *)(void *)bytes, _mm_set_epi64x((long long)secret->k1, (long long)secret->k0));
	aes_key_init(&expanded, bytes);
	derive(&key->blocks, &expanded, 1);
	derive(&key->tag, &expanded, 2);
}
