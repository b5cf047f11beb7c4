/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branch = "z9hG4bK" "-sl1" hex(sealed). Called for each request that is forwarded and each response. Fixed
 * size, lower-case hexadecimal: a branch is a token, and some peers compare tokens without case.
 */
#include "proxy/branch.h"

#include "proxy/seal.h"

#include <errno.h>

#define BRANCH_MARK "z9hG4bK-sl1"

/* Whole words: they are stored and loaded again at once, and a processor forwards only what has one shape. */
struct sealed_branch {
	uint64_t head; /* key index in the low byte, listener in bits 16 to 31, node above */
	uint64_t request_key;
	uint64_t mac;
	uint32_t loop_hash;
} __attribute__((packed));

enum { MARK_LEN = sizeof(BRANCH_MARK) - 1, SEALED_LEN = sizeof(struct sealed_branch) };

static_assert(MARK_LEN + 2 * SEALED_LEN == BRANCH_LEN, "the branch has its announced size");

static uint64_t branch_mac(
	const struct sealed_branch *sealed, const struct hash_key *key, const struct sip_via *next)
{
	uint32_t port = (uint32_t)next->port << 1 | next->has_rport;
	struct seal seal;

	seal_begin(&seal, key, SEAL_BRANCH);
	seal_add(&seal, sealed, offsetof(struct sealed_branch, mac));
	seal_add(&seal, &sealed->loop_hash, sizeof(sealed->loop_hash));
	seal_add(&seal, &port, sizeof(port));
	seal_add_span(&seal, next->transport);
	seal_add_span(&seal, next->host);
	seal_add_span(&seal, next->branch);
	seal_add_span(&seal, next->received);
	seal_add_span(&seal, next->rport);
	seal_add_span(&seal, next->maddr);
	return seal_end(&seal);
}

void branch_write(struct sip_writer *w, const struct cookie_keys *keys, const struct branch *branch,
	const struct sip_via *next)
{
	struct sealed_branch sealed = {
		.head = keys->current | (uint64_t)branch->listener_id << 16 | (uint64_t)branch->node_id << 32,
		.request_key = branch->request_key,
		.loop_hash = branch->loop_hash,
	};

	ensure(keys->current < 2);
	sealed.mac = branch_mac(&sealed, &keys->key[keys->current], next);
	sip_write_lit(w, BRANCH_MARK);
	sip_write_hex(w, &sealed, sizeof(sealed));
}

static int sealed_read(struct span text, struct sealed_branch *ret_sealed)
{
	if (text.len != BRANCH_LEN || memcmp(text.p, BRANCH_MARK, MARK_LEN) != 0)
		return -EINVAL;
	return sip_read_hex(span_from(text.p + MARK_LEN, span_end(text)), ret_sealed, SEALED_LEN);
}

static struct branch opened(const struct sealed_branch *sealed)
{
	return (struct branch){
		.node_id = (uint32_t)(sealed->head >> 32),
		.listener_id = (uint16_t)(sealed->head >> 16),
		.loop_hash = sealed->loop_hash,
		.request_key = sealed->request_key,
	};
}

int branch_read(struct span text, struct branch *ret_branch)
{
	struct sealed_branch sealed;

	if (sealed_read(text, &sealed) != 0)
		return -EINVAL;
	*ret_branch = opened(&sealed);
	return 0;
}

int branch_verify(struct span text, const struct cookie_keys *keys, const struct sip_via *next,
	struct branch *ret_branch)
{
	struct sealed_branch sealed;
	unsigned key_index;

	if (sealed_read(text, &sealed) != 0)
		return -EINVAL;
	key_index = sealed.head & 0xffff;
	if (key_index > 1 || branch_mac(&sealed, &keys->key[key_index], next) != sealed.mac)
		return -EBADMSG;
	*ret_branch = opened(&sealed);
	return 0;
}

bool branch_is_in(struct span text)
{
	return text.len >= BRANCH_LEN && memmem(text.p, text.len, BRANCH_MARK, MARK_LEN) != NULL;
}
