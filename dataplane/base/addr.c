/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text and byte forms of addresses. Called by config and control for what operators write and by the
 * SIP rooms for what peers write, so nothing here trusts its input. Sources: RFC 4291 2.2, RFC 3261 25.1.
 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

static const char *const transport_names[TRANSPORT_COUNT] = {"udp", "tcp", "tls"};

/* Four decimal numbers up to 255 without leading zeros. By hand, because hosts are read for every message. */
static int ip_parse_v4(struct span text, struct ip_addr *ret_addr)
{
	struct ip_addr addr = {.family = IP_V4};
	unsigned part = 0;
	unsigned digits = 0;
	unsigned value = 0;

	for (size_t i = 0; i < text.len; i++) {
		unsigned digit = (unsigned char)text.p[i] - (unsigned)'0';

		if (digit <= 9) {
			if (digits > 0 && value == 0)
				return -EINVAL;
			value = value * 10 + digit;
			if (++digits > 3 || value > 255)
				return -EINVAL;
			addr.bytes[part] = (uint8_t)value;
		} else {
			if (text.p[i] != '.' || digits == 0 || ++part > 3)
				return -EINVAL;
			digits = 0;
			value = 0;
		}
	}
	if (part != 3 || digits == 0)
		return -EINVAL;
	*ret_addr = addr;
	return 0;
}

/* inet_pton wants a terminated string; no address is longer than IP_TEXT_MAX. */
static int ip_parse_v6(struct span text, struct ip_addr *ret_addr)
{
	char buf[IP_TEXT_MAX];
	struct ip_addr addr = {.family = IP_V6};

	if (text.len == 0 || text.len >= sizeof(buf) || memchr(text.p, '\0', text.len) != NULL)
		return -EINVAL;
	memcpy(buf, text.p, text.len);
	buf[text.len] = '\0';
	if (inet_pton(AF_INET6, buf, addr.bytes) != 1)
		return -EINVAL;
	*ret_addr = addr;
	return 0;
}

int ip_parse(struct span text, struct ip_addr *ret_addr)
{
	if (text.len >= 2 && text.p[0] == '[' && text.p[text.len - 1] == ']')
		return ip_parse_v6(span_of(text.p + 1, text.len - 2), ret_addr);
	if (ip_parse_v4(text, ret_addr) == 0)
		return 0;
	return text.len > 0 && memchr(text.p, ':', text.len) ? ip_parse_v6(text, ret_addr) : -EINVAL;
}

int ip_prefix_parse(struct span text, struct ip_prefix *ret_prefix)
{
	const char *slash = memchr(text.p, '/', text.len);
	struct ip_prefix prefix;
	uint64_t len;
	uint64_t len_max;

	if (ip_parse(slash ? span_from(text.p, slash) : text, &prefix.addr) != 0)
		return -EINVAL;
	len_max = prefix.addr.family == IP_V4 ? 32 : 128;
	len = len_max;
	if (slash && span_to_u64(span_from(slash + 1, span_end(text)), len_max, &len) != 0)
		return -EINVAL;
	prefix.len = (uint8_t)len;
	*ret_prefix = prefix;
	return 0;
}

int endpoint_parse(struct span text, uint16_t default_port, struct endpoint *ret_endpoint)
{
	struct endpoint ep = {.port = default_port};
	struct span host = text;
	const char *colon = NULL;
	uint64_t port;

	if (text.len > 0 && text.p[0] == '[') {
		const char *close = memchr(text.p, ']', text.len);
		if (!close)
			return -EINVAL;
		host = span_from(text.p, close + 1);
		colon = close + 1 < span_end(text) ? close + 1 : NULL;
	} else if (text.len > 0) {
		const char *first = memchr(text.p, ':', text.len);
		/* Two colons and no bracket: a bare IPv6 address. */
		if (first && !memchr(first + 1, ':', (size_t)(span_end(text) - first - 1))) {
			colon = first;
			host = span_from(text.p, first);
		}
	}
	if (ip_parse(host, &ep.ip) != 0)
		return -EINVAL;
	if (colon) {
		if (*colon != ':' || span_to_u64(span_from(colon + 1, span_end(text)), 65535, &port) != 0 ||
			port == 0)
			return -EINVAL;
		ep.port = (uint16_t)port;
	}
	*ret_endpoint = ep;
	return 0;
}

size_t ip_format(const struct ip_addr *addr, char buf[static IP_TEXT_MAX])
{
	if (addr->family == IP_NONE ||
		!inet_ntop(addr->family == IP_V4 ? AF_INET : AF_INET6, addr->bytes, buf, IP_TEXT_MAX))
		memcpy(buf, "-", 2);
	return strlen(buf);
}

size_t endpoint_format(const struct endpoint *ep, char buf[static ENDPOINT_TEXT_MAX])
{
	char ip[IP_TEXT_MAX];

	ip_format(&ep->ip, ip);
	return (size_t)snprintf(
		buf, ENDPOINT_TEXT_MAX, ep->ip.family == IP_V6 ? "[%s]:%u" : "%s:%u", ip, ep->port);
}

bool ip_v6_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr)
{
	size_t whole = prefix->len / 8;
	unsigned rest = prefix->len % 8;
	uint8_t mask = (uint8_t)(0xff << (8 - rest));

	if (memcmp(prefix->addr.bytes, addr->bytes, whole) != 0)
		return false;
	return rest == 0 || ((prefix->addr.bytes[whole] ^ addr->bytes[whole]) & mask) == 0;
}

const char *transport_name(enum transport transport)
{
	ensure(transport < TRANSPORT_COUNT);
	return transport_names[transport];
}

/* Three letters in lower case as one number; a letter differs from its capital in one bit only. */
#define THREE(a, b, c) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16)

static_assert(TRANSPORT_COUNT == 3, "transport_parse() knows the names of all");

int transport_parse(struct span text, enum transport *ret_transport)
{
	if (text.len != 3)
		return -EINVAL;
	switch (THREE(text.p[0] | 0x20, text.p[1] | 0x20, text.p[2] | 0x20)) {
	case THREE('u', 'd', 'p'):
		*ret_transport = TRANSPORT_UDP;
		return 0;
	case THREE('t', 'c', 'p'):
		*ret_transport = TRANSPORT_TCP;
		return 0;
	case THREE('t', 'l', 's'):
		*ret_transport = TRANSPORT_TLS;
		return 0;
	default:
		return -EINVAL;
	}
}

uint16_t transport_default_port(enum transport transport)
{
	return transport == TRANSPORT_TLS ? 5061 : 5060;
}
