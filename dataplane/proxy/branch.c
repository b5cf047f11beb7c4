/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Branch = "z9hG4bK" "-sl1" hex(sealed), or "-sl2" hex(sealed) hex(names). Called for each request that is
 * forwarded and each response. Fixed sizes, lower-case hexadecimal: a branch is a token, and some peers
 * compare tokens without case.
 */
#include "proxy/branch.h"

#include <errno.h>

#define BRANCH_MARK_STEM "z9hG4bK-sl"
#define BRANCH_MARK      BRANCH_MARK_STEM "1"
#define BRANCH_MARK_LONG BRANCH_MARK_STEM "2"

struct sealed_branch {
	uint64_t head; /* key index in the low byte, listener in bits 16 to 31, node above */
	uint64_t loop_hash;
	uint64_t mac;
};

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

/* Said under the seal only, in bits that are zero in the head that is written. */
enum { HEAD_V6 = 0x100, HEAD_LONG = 0x200, HEAD_TRANSPORT_SHIFT = 10 };

static uint64_t transport_bits(struct span name)
{
	enum transport transport;

	return transport_parse(name, &transport) == 0 ? (1 + (uint64_t)transport) << HEAD_TRANSPORT_SHIFT : 0;
}

/* An IPv4 address shares a word with the ports. */
static void seal_source(struct seal *seal, const struct branch_peer *peer)
{
	uint64_t ports = (uint64_t)peer->source.port << 32 | (uint64_t)peer->via->port << 48;
	uint64_t ip[2];

	memcpy(ip, peer->source.ip.bytes, sizeof(ip));
	if (peer->source.ip.family == IP_V4) {
		seal_word(seal, ip[0] | ports);
		return;
	}
	seal_word(seal, ports);
	seal_word(seal, ip[0]);
	seal_word(seal, ip[1]);
}

/* `call` has the Call-ID in it. `names` is NULL for the short form. */
static uint64_t branch_mac(const struct seal *call, const struct sealed_branch *sealed,
	const struct sealed_names *names, const struct branch_peer *peer)
{
	struct seal seal = *call;

	seal_word(&seal, sealed->head | (peer->source.ip.family == IP_V4 ? 0 : HEAD_V6) |
				 (names ? HEAD_LONG : 0) | transport_bits(peer->via->transport));
	seal_word(&seal, sealed->loop_hash);
	seal_source(&seal, peer);
	if (names) {
		seal_word(&seal, names->conn);
		seal_word(&seal, names->token);
	}
	seal_text(&seal, peer->via->branch);
	seal_text(&seal, peer->via->maddr);
	return seal_end(&seal, SEAL_BRANCH);
}

char *branch_put(char *at, const struct cookie_keys *keys, const struct seal *call, struct branch *branch,
	const struct branch_peer *peer)
{
	struct sealed_branch sealed = {
		.head = keys->current | (uint64_t)branch->listener_id << 16 | (uint64_t)branch->node_id << 32,
		.loop_hash = branch->loop_hash,
	};
	const struct sealed_names names = {.conn = branch->conn, .token = branch->token};
	bool with_names = branch->conn != CONN_NONE || branch->token != 0;

	ensure(keys->current < 2);
	sealed.mac = branch_mac(call, &sealed, with_names ? &names : NULL, peer);
	branch->mac = sealed.mac;
	at = with_names ? sip_put_lit(at, BRANCH_MARK_LONG) : sip_put_lit(at, BRANCH_MARK);
	sip_put_hex(at, sealed.head, sealed.loop_hash);
	sip_put_hex(at + 4 * sizeof(uint64_t), sealed.mac, names.conn);
	at += 2 * SEALED_LEN;
	return with_names ? sip_put_hex(at, names.conn, names.token) : at;
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
		.conn = names->conn,
		.token = names->token,
		.mac = sealed->mac,
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

int branch_verify(struct span text, const struct cookie_keys *keys, struct span call_id,
	const struct branch_peer *peer, struct branch *ret_branch)
{
	struct sealed_branch sealed;
	struct sealed_names names;
	unsigned key_index;
	struct seal call;

	if (sealed_read(text, &sealed, &names) != 0)
		return -EINVAL;
	key_index = sealed.head & 0xffff;
	if (key_index > 1)
		return -EBADMSG;
	call = seal_call(&keys->key[key_index], call_id);
	if (branch_mac(&call, &sealed, is_long(text) ? &names : NULL, peer) != sealed.mac)
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
