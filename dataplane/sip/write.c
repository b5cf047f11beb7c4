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

/* The same byte in all eight places of a word. */
#define EACH(byte) (0x0101010101010101ULL * (byte))

/* Eight digits at once: the nibbles of four bytes are spread over eight, then each becomes its letter. */
static uint64_t hex_of_4(uint32_t bytes)
{
	uint64_t x = (bytes >> 4 & 0x0f0f0f0f) | (bytes & 0x0f0f0f0f) << 4; /* the high digit comes first */
	uint64_t letters;

	x = (x | x << 16) & 0x0000ffff0000ffffULL;
	x = (x | x << 8) & 0x00ff00ff00ff00ffULL;
	x = (x | x << 4) & 0x0f0f0f0f0f0f0f0fULL;
	letters = (x + EACH(6)) >> 4 & EACH(1); /* 1 where the digit is above 9 */
	return x + EACH('0') + letters * ('a' - '0' - 10);
}

void sip_write_hex(struct sip_writer *w, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	char *at = sip_write_reserve(w, 2 * len);
	uint64_t text;
	uint32_t four;

	if (!at)
		return;
	for (; len >= 4; p += 4, at += 8, len -= 4) {
		memcpy(&four, p, 4);
		text = hex_of_4(four);
		memcpy(at, &text, 8);
	}
	for (; len > 0; p++, at += 2, len--) {
		text = hex_of_4(*p);
		memcpy(at, &text, 2);
	}
}

/*
 * Eight digits to four bytes; *ret_bad gets bits when one is no digit of ours. Upper case is refused: a token
 * that was changed on its way is not the one we wrote. All bytes are below 0x80 where the sums are taken, so
 * no carry crosses from one to the next.
 */
static uint32_t bytes_of_hex(uint64_t text, uint64_t *ret_bad)
{
	uint64_t low = text & EACH(0x7f);
	uint64_t letter = (low + EACH(0x80 - 'a')) & EACH(0x80);          /* at least 'a' */
	uint64_t digit = (low + EACH(0x80 - '0')) & ~letter & EACH(0x80); /* at least '0' and below 'a' */
	uint64_t beyond = (low + EACH(0x80 - 'g')) | ((low + EACH(0x80 - ':')) & digit);
	uint64_t value = low - (digit >> 7) * '0' - (letter >> 7) * ('a' - 10);

	*ret_bad |= (text | beyond | ~(letter | digit)) & EACH(0x80);
	value = (value << 4 | value >> 8) & 0x00ff00ff00ff00ffULL;
	value = (value | value >> 8) & 0x0000ffff0000ffffULL;
	return (uint32_t)(value | value >> 16);
}

int sip_read_hex(struct span digits, void *ret_bytes, size_t len)
{
	uint8_t *out = ret_bytes;
	const char *p = digits.p;
	uint64_t bad = 0;
	uint32_t four;
	uint64_t text;

	if (digits.len != 2 * len)
		return -EINVAL;
	for (; len >= 4; p += 8, out += 4, len -= 4) {
		memcpy(&text, p, 8);
		four = bytes_of_hex(text, &bad);
		memcpy(out, &four, 4);
	}
	for (; len > 0; p += 2, out++, len--) {
		text = EACH('0');
		memcpy(&text, p, 2);
		*out = (uint8_t)bytes_of_hex(text, &bad);
	}
	return bad == 0 ? 0 : -EINVAL;
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
