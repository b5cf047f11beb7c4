/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * IP addresses, prefixes and endpoints as every room sees them. An address holds its bytes in network
 * order, an IPv4 address in the first four with the rest zero, so that two addresses compare by memcmp.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include "base/ensure.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ip_family { IP_NONE = 0, IP_V4 = 4, IP_V6 = 6 };

struct ip_addr {
	uint8_t bytes[16]; /* network order; IPv4 uses bytes[0..3], the rest is zero */
	uint8_t family;    /* enum ip_family */
};

struct ip_prefix {
	struct ip_addr addr;
	uint8_t len; /* 0..32 or 0..128 */
};

enum transport { TRANSPORT_UDP = 0, TRANSPORT_TCP = 1, TRANSPORT_TLS = 2, TRANSPORT_COUNT };

struct endpoint {
	struct ip_addr ip;
	uint16_t port; /* host order */
};

/* "[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535" and the NUL */
#define IP_TEXT_MAX       46
#define ENDPOINT_TEXT_MAX 56

/*
 * Reads "192.0.2.1", "2001:db8::1" or, with brackets, "[2001:db8::1]". Zone ids are refused.
 * Returns 0 and sets *ret_addr, or -EINVAL.
 */
must_use int ip_parse(struct span text, struct ip_addr *ret_addr);

/* Reads "192.0.2.0/24" or a bare address (full length). Returns 0 or -EINVAL. Host bits may be set. */
must_use int ip_prefix_parse(struct span text, struct ip_prefix *ret_prefix);

/* Reads "192.0.2.1:5060" or "[2001:db8::1]:5060"; without a port, default_port is taken. 0 or -EINVAL. */
must_use int endpoint_parse(struct span text, uint16_t default_port, struct endpoint *ret_endpoint);

/* Write the text form and a NUL; return the length without it. IPv6 stands in brackets only beside a port. */
size_t ip_format(const struct ip_addr *addr, char buf[static IP_TEXT_MAX]);
size_t endpoint_format(const struct endpoint *ep, char buf[static ENDPOINT_TEXT_MAX]);

/* Inline: each packet's addresses are read, and compared with ours and with the neighbours'. */
static inline struct ip_addr ip_from_v4(const void *four_bytes)
{
	struct ip_addr addr = {.family = IP_V4};

	memcpy(addr.bytes, four_bytes, 4);
	return addr;
}

static inline struct ip_addr ip_from_v6(const void *sixteen_bytes)
{
	struct ip_addr addr = {.family = IP_V6};

	memcpy(addr.bytes, sixteen_bytes, 16);
	return addr;
}

static inline bool ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static inline bool endpoint_equal(const struct endpoint *a, const struct endpoint *b)
{
	return a->port == b->port && ip_equal(&a->ip, &b->ip);
}

/* An IPv4 address as a number in host order. */
static inline uint32_t ip_v4_number(const struct ip_addr *addr)
{
	uint32_t number;

	memcpy(&number, addr->bytes, sizeof(number));
	return __builtin_bswap32(number);
}

bool ip_v6_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr);

static inline bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr)
{
	uint32_t mask;

	if (prefix->addr.family != addr->family)
		return false;
	if (addr->family != IP_V4)
		return ip_v6_prefix_contains(prefix, addr);
	mask = prefix->len == 0 ? 0 : UINT32_MAX << (32 - prefix->len);
	return ((ip_v4_number(&prefix->addr) ^ ip_v4_number(addr)) & mask) == 0;
}

static inline bool ip_is_multicast(const struct ip_addr *addr)
{
	return addr->family == IP_V4 ? (addr->bytes[0] & 0xf0) == 0xe0 : addr->bytes[0] == 0xff;
}

static inline bool ip_is_unspecified(const struct ip_addr *addr)
{
	static const uint8_t zero[16];

	return memcmp(addr->bytes, zero, sizeof(zero)) == 0;
}

static inline bool ip_is_loopback(const struct ip_addr *addr)
{
	static const uint8_t one[16] = {[15] = 1};

	return addr->family == IP_V4 ? addr->bytes[0] == 127 : memcmp(addr->bytes, one, sizeof(one)) == 0;
}

/* "udp", "tcp", "tls"; the other way round, any case. Returns 0 or -EINVAL. */
const char *transport_name(enum transport transport);
must_use int transport_parse(struct span text, enum transport *ret_transport);

/* The port a SIP URI or route without one means: 5061 for TLS, else 5060 (RFC 3261 19.1.2, R-RT-3). */
uint16_t transport_default_port(enum transport transport);

#endif
