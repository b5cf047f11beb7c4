/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branch = "z9hG4bK" "-sl1" hex(sealed), or "-sl2" hex(sealed) hex(names). Called for each request that is
 * forwarded and each response. Fixed sizes, lower-case hexadecimal: a branch is a token, and some peers
 * compare tokens without case.
 */
#include "proxy/branch.h"

#include "proxy/seal.h"

#include <errno.h>

#define BRANCH_MARK_STEM "z9hG4bK-sl"
#define BRANCH_MARK      BRANCH_MARK_STEM "1"
#define BRANCH_MARK_LONG BRANCH_MARK_STEM "2"

/* Whole words: they are stored and loaded again at once, and a processor forwards only what has one shape. */
struct sealed_branch {
	uint64_t head; /* key index in the low byte, listener in bits 16 to 31, node above */
	uint64_t request_key;
	uint64_t mac;
	uint32_t loop_hash;
} __attribute__((packed));

/* What the long form names besides. A message without either is one of the many: its branch stays short. */
struct sealed_names {
	uint64_t conn;
	uint64_t token;
};

enum {
	MARK_LEN = sizeof(BRANCH_MARK) - 1,
	STEM_LEN = sizeof(BRANCH_MARK_STEM) - 1,
	SEALED_LEN = sizeof(struct sealed_branch),
	NAMES_LEN = sizeof(struct sealed_names),
};

static_assert(MARK_LEN + 2 * SEALED_LEN == BRANCH_LEN, "the branch has its announced size");
static_assert(BRANCH_LEN + 2 * NAMES_LEN == BRANCH_LONG_LEN, "and so has the long one");

/* `names` is NULL for the short form. */
static uint64_t branch_mac(const struct sealed_branch *sealed, const struct sealed_names *names,
	const struct hash_key *key, const struct sip_via *next)
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
	if (names)
		seal_add(&seal, names, sizeof(*names));
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

	const struct sealed_names names = {.conn = branch->conn, .token = branch->token};
	bool is_long = branch->conn != CONN_NONE || branch->token != 0;

	ensure(keys->current < 2);
	sealed.mac = branch_mac(&sealed, is_long ? &names : NULL, &keys->key[keys->current], next);
	if (!is_long) {
		sip_write_lit(w, BRANCH_MARK);
		sip_write_hex(w, &sealed, sizeof(sealed));
		return;
	}
	sip_write_lit(w, BRANCH_MARK_LONG);
	sip_write_hex(w, &sealed, sizeof(sealed));
	sip_write_hex(w, &names, sizeof(names));
}

static bool is_long(struct span text)
{
	return text.len == BRANCH_LONG_LEN && memcmp(text.p, BRANCH_MARK_LONG, MARK_LEN) == 0;
}

/* The short form names nothing: *ret_names is then all zero. */
static int sealed_read(struct span text, struct sealed_branch *ret_sealed, struct sealed_names *ret_names)
{
	*ret_names = (struct sealed_names){0};
	if (is_long(text)) {
		if (sip_read_hex(span_of(text.p + BRANCH_LEN, (size_t)2 * NAMES_LEN), ret_names, NAMES_LEN) !=
			0)
			return -EINVAL;
	} else if (text.len != BRANCH_LEN || memcmp(text.p, BRANCH_MARK, MARK_LEN) != 0) {
		return -EINVAL;
	}
	return sip_read_hex(span_of(text.p + MARK_LEN, (size_t)2 * SEALED_LEN), ret_sealed, SEALED_LEN);
}

static struct branch opened(const struct sealed_branch *sealed, const struct sealed_names *names)
{
	return (struct branch){
		.node_id = (uint32_t)(sealed->head >> 32),
		.listener_id = (uint16_t)(sealed->head >> 16),
		.loop_hash = sealed->loop_hash,
		.request_key = sealed->request_key,
		.conn = names->conn,
		.token = names->token,
	};
}

int branch_read(struct span text, struct branch *ret_branch)
{
	struct sealed_branch sealed;
	struct sealed_names names;

	if (sealed_read(text, &sealed, &names) != 0)
		return -EINVAL;
	*ret_branch = opened(&sealed, &names);
	return 0;
}

int branch_verify(struct span text, const struct cookie_keys *keys, const struct sip_via *next,
	struct branch *ret_branch)
{
	struct sealed_branch sealed;
	struct sealed_names names;
	unsigned key_index;

	if (sealed_read(text, &sealed, &names) != 0)
		return -EINVAL;
	key_index = sealed.head & 0xffff;
	if (key_index > 1 ||
		branch_mac(&sealed, is_long(text) ? &names : NULL, &keys->key[key_index], next) != sealed.mac)
		return -EBADMSG;
	*ret_branch = opened(&sealed, &names);
	return 0;
}

bool branch_is_in(struct span text)
{
	return text.len >= BRANCH_LEN && memmem(text.p, text.len, BRANCH_MARK_STEM, STEM_LEN) != NULL;
}

int branch_owner(struct span text)
{
	struct sealed_branch sealed;
	struct sealed_names names;

	if (!is_long(text) || sealed_read(text, &sealed, &names) != 0)
		return -ENOENT;
	return (int)conn_id_worker(names.token != 0 ? names.token : names.conn);
}
