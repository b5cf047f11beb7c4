/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Cookie = hex(sealed), of one size for each address family. Called for requests that may begin a dialog
 * (write) and for every Route that names us (read).
 */
#include "proxy/cookie.h"

#include <errno.h>

/* An IPv4 address takes four of the bytes at the end. */
struct sealed_cookie {
	uint64_t head; /* key index in the low byte, flags and transport above, listener in bits 16 to 31,
			  then the node */
	uint64_t direction; /* the originator's hash, the flow's port above */
	uint64_t mac;
	uint64_t ip[2];
};

enum { FLAG_NODE_BEGAN = 0x100, TRANSPORT_SHIFT = 9, TRANSPORT_MASK = 3, HEAD_KNOWN = 0x701 };
enum { V4_LEN = 4, V6_LEN = 16, IP_AT = offsetof(struct sealed_cookie, ip) };

static_assert(2 * sizeof(struct sealed_cookie) == COOKIE_TEXT_MAX, "the cookie has its announced size");

/* `call` has the Call-ID in it. */
static uint64_t cookie_mac(const struct seal *call, const struct sealed_cookie *sealed, bool is_v4)
{
	struct seal seal = *call;

	seal_word(&seal, sealed->head);
	seal_word(&seal, sealed->direction);
	seal_word(&seal, sealed->ip[0]);
	if (!is_v4)
		seal_word(&seal, sealed->ip[1]);
	return seal_end(&seal, SEAL_COOKIE);
}

char *cookie_put(
	char *at, const struct cookie_keys *keys, const struct seal *call, const struct cookie *cookie)
{
	bool is_v4 = cookie->flow.ip.family == IP_V4;
	struct sealed_cookie sealed = {
		.head = keys->current | (cookie->node_began ? FLAG_NODE_BEGAN : 0) |
			(uint64_t)cookie->flow_transport << TRANSPORT_SHIFT |
			(uint64_t)cookie->listener_id << 16 | (uint64_t)cookie->node_id << 32,
		.direction = cookie->originator_hash | (uint64_t)cookie->flow.port << 32,
	};

	ensure(keys->current < 2 && cookie->flow.ip.family != IP_NONE &&
		cookie->flow_transport < TRANSPORT_COUNT);
	memcpy(sealed.ip, cookie->flow.ip.bytes, sizeof(sealed.ip));
	sealed.mac = cookie_mac(call, &sealed, is_v4);
	at = sip_put_hex(at, sealed.head, sealed.direction);
	sip_put_hex(at, sealed.mac, sealed.ip[0]);
	if (is_v4)
		return at + 2 * (sizeof(sealed.mac) + V4_LEN);
	return sip_put_hex(at + 2 * sizeof(sealed.mac), sealed.ip[0], sealed.ip[1]);
}

int cookie_read(
	struct span text, const struct cookie_keys *keys, struct span call_id, struct cookie *ret_cookie)
{
	struct sealed_cookie sealed = {0};
	size_t len = text.len / 2;
	size_t ip_len = len - IP_AT;
	struct seal call;

	if ((ip_len != V4_LEN && ip_len != V6_LEN) || sip_read_hex(text, &sealed, len) != 0)
		return -EINVAL;
	if ((sealed.head & 0xffff & ~(uint64_t)HEAD_KNOWN) != 0)
		return -EINVAL;
	call = seal_call(&keys->key[sealed.head & 1], call_id);
	if (cookie_mac(&call, &sealed, ip_len == V4_LEN) != sealed.mac)
		return -EBADMSG;
	*ret_cookie = (struct cookie){
		.node_id = (uint32_t)(sealed.head >> 32),
		.listener_id = (uint16_t)(sealed.head >> 16),
		.originator_hash = (uint32_t)sealed.direction,
		.node_began = sealed.head & FLAG_NODE_BEGAN,
		.flow_transport = sealed.head >> TRANSPORT_SHIFT & TRANSPORT_MASK,
		.flow = {.port = (uint16_t)(sealed.direction >> 32)},
	};
	ret_cookie->flow.ip = ip_len == V4_LEN ? ip_from_v4(sealed.ip) : ip_from_v6(sealed.ip);
	return 0;
}

uint32_t cookie_tag_hash(struct span tag)
{
	return (uint32_t)hash_bytes(tag.p, tag.len, 0);
}
