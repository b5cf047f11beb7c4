/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cookie = hex(sealed), of one size for each address family. Called for requests that may begin a dialog
 * (write) and for every Route that names us (read).
 */
#include "proxy/cookie.h"

#include "proxy/seal.h"

#include <errno.h>

/* Shared by both families; the address and the MAC follow. */
struct sealed_cookie {
	uint8_t key_index;
	uint8_t flags;
	uint16_t listener_id;
	uint32_t node_id;
	uint32_t originator_hash;
	uint16_t flow_port;
} __attribute__((packed));

enum { FLAG_NODE_BEGAN = 1, FLAGS_KNOWN = 1 };
enum { V4_LEN = 4, V6_LEN = 16, MAC_LEN = 8 };
enum { SEALED_MAX = sizeof(struct sealed_cookie) + V6_LEN + MAC_LEN };

static_assert(2 * SEALED_MAX <= COOKIE_TEXT_MAX, "the cookie has its announced size");

static uint64_t cookie_mac(
	const uint8_t *sealed, size_t sealed_len, const struct hash_key *key, struct span call_id)
{
	struct seal seal;

	seal_begin(&seal, key, SEAL_COOKIE);
	seal_add(&seal, sealed, sealed_len);
	seal_add_span(&seal, call_id);
	return seal_end(&seal);
}

void cookie_write(struct sip_writer *w, const struct cookie_keys *keys, const struct cookie *cookie,
	struct span call_id)
{
	struct sealed_cookie head = {
		.key_index = keys->current,
		.flags = cookie->node_began ? FLAG_NODE_BEGAN : 0,
		.listener_id = cookie->listener_id,
		.node_id = cookie->node_id,
		.originator_hash = cookie->originator_hash,
		.flow_port = cookie->flow.port,
	};
	size_t ip_len = cookie->flow.ip.family == IP_V6 ? V6_LEN : V4_LEN;
	size_t len = sizeof(head) + ip_len;
	uint8_t sealed[SEALED_MAX];
	uint64_t mac;

	ensure(keys->current < 2 && cookie->flow.ip.family != IP_NONE);
	memcpy(sealed, &head, sizeof(head));
	memcpy(sealed + sizeof(head), cookie->flow.ip.bytes, ip_len);
	mac = cookie_mac(sealed, len, &keys->key[keys->current], call_id);
	memcpy(sealed + len, &mac, sizeof(mac));
	sip_write_hex(w, sealed, len + sizeof(mac));
}

int cookie_read(
	struct span text, const struct cookie_keys *keys, struct span call_id, struct cookie *ret_cookie)
{
	struct sealed_cookie head;
	uint8_t sealed[SEALED_MAX];
	size_t len = text.len / 2;
	size_t ip_len = len - sizeof(head) - MAC_LEN;
	uint64_t mac;

	if (len < sizeof(head) + MAC_LEN || (ip_len != V4_LEN && ip_len != V6_LEN) ||
		sip_read_hex(text, sealed, len) != 0)
		return -EINVAL;
	memcpy(&head, sealed, sizeof(head));
	memcpy(&mac, sealed + len - MAC_LEN, sizeof(mac));
	if (head.key_index > 1 || (head.flags & ~FLAGS_KNOWN))
		return -EINVAL;
	if (cookie_mac(sealed, len - MAC_LEN, &keys->key[head.key_index], call_id) != mac)
		return -EBADMSG;
	*ret_cookie = (struct cookie){
		.node_id = head.node_id,
		.listener_id = head.listener_id,
		.originator_hash = head.originator_hash,
		.node_began = head.flags & FLAG_NODE_BEGAN,
		.flow = {.port = head.flow_port},
	};
	ret_cookie->flow.ip =
		ip_len == V4_LEN ? ip_from_v4(sealed + sizeof(head)) : ip_from_v6(sealed + sizeof(head));
	return 0;
}

uint32_t cookie_tag_hash(struct span tag)
{
	return (uint32_t)hash_bytes(tag.p, tag.len, 0);
}
