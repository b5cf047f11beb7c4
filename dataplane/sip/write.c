/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and addresses as text without the cost of a format string. Called for every message that goes out:
 * Via, Record-Route, Max-Forwards.
 */
#include "sip/write.h"

#include <errno.h>

static const char hex_digits[16] = "0123456789abcdef";

void sip_write_u32(struct sip_writer *w, uint32_t value)
{
	char digits[10];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	sip_write(w, span_of(digits + at, sizeof(digits) - at));
}

void sip_write_hex(struct sip_writer *w, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	char *at = sip_write_reserve(w, 2 * len);

	for (size_t i = 0; at && i < len; i++) {
		at[2 * i] = hex_digits[p[i] >> 4];
		at[2 * i + 1] = hex_digits[p[i] & 0xf];
	}
}

/* 0..15, or 0xff. Upper case is refused: a token that was changed on its way is not the one we wrote. */
static uint8_t hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return (uint8_t)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (uint8_t)(c - 'a' + 10);
	return 0xff;
}

int sip_read_hex(struct span digits, void *ret_bytes, size_t len)
{
	uint8_t *out = ret_bytes;
	uint8_t seen = 0;

	if (digits.len != 2 * len)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		uint8_t high = hex_value(digits.p[2 * i]);
		uint8_t low = hex_value(digits.p[2 * i + 1]);

		seen |= high | low;
		out[i] = (uint8_t)(high << 4 | (low & 0xf));
	}
	return (seen & 0xf0) ? -EINVAL : 0;
}

static void write_v4(struct sip_writer *w, const uint8_t *bytes)
{
	char text[15];
	size_t len = 0;

	for (unsigned i = 0; i < 4; i++) {
		uint8_t byte = bytes[i];

		if (i > 0)
			text[len++] = '.';
		if (byte >= 100)
			text[len++] = (char)('0' + byte / 100);
		if (byte >= 10)
			text[len++] = (char)('0' + byte / 10 % 10);
		text[len++] = (char)('0' + byte % 10);
	}
	sip_write(w, span_of(text, len));
}

struct zero_run {
	unsigned begin, len; /* in groups of 16 bits */
};

/* RFC 5952 4.2: "::" stands for the longest run of zero groups, the first of equals, never for a single one.
 */
static struct zero_run longest_zero_run(const uint16_t groups[static 8])
{
	struct zero_run best = {.begin = 8, .len = 1};

	for (unsigned begin = 0; begin < 8; begin++) {
		unsigned end = begin;

		while (end < 8 && groups[end] == 0)
			end++;
		if (end - begin > best.len)
			best = (struct zero_run){.begin = begin, .len = end - begin};
		if (end > begin)
			begin = end;
	}
	return best;
}

static size_t group_text(uint16_t group, char *text)
{
	size_t len = 0;

	for (int shift = 12; shift >= 0; shift -= 4) {
		if (len > 0 || shift == 0 || group >> shift)
			text[len++] = hex_digits[(group >> shift) & 0xf];
	}
	return len;
}

static void write_v6(struct sip_writer *w, const uint8_t *bytes)
{
	uint16_t groups[8];
	struct zero_run zeros;
	char text[40];
	size_t len = 0;

	for (unsigned i = 0; i < 8; i++)
		groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	zeros = longest_zero_run(groups);
	for (unsigned i = 0; i < 8; i++) {
		if (i == zeros.begin) {
			text[len++] = ':';
			if (i + zeros.len == 8)
				text[len++] = ':';
			i += zeros.len - 1;
			continue;
		}
		if (i > 0)
			text[len++] = ':';
		len += group_text(groups[i], text + len);
	}
	sip_write(w, span_of(text, len));
}

void sip_write_ip(struct sip_writer *w, const struct ip_addr *ip, bool brackets)
{
	ensure(ip->family == IP_V4 || ip->family == IP_V6);
	if (ip->family == IP_V4) {
		write_v4(w, ip->bytes);
		return;
	}
	if (brackets)
		sip_write_lit(w, "[");
	write_v6(w, ip->bytes);
	if (brackets)
		sip_write_lit(w, "]");
}

void sip_write_endpoint(struct sip_writer *w, const struct endpoint *ep)
{
	sip_write_ip(w, &ep->ip, true);
	sip_write_lit(w, ":");
	sip_write_u32(w, ep->port);
}
