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
	size_t len = 1;
	char *at;

	for (uint64_t bound = 10; value >= bound; bound *= 10)
		len++;
	at = sip_write_reserve(w, len);
	for (; at && len > 0; value /= 10)
		at[--len] = (char)('0' + value % 10);
}

/* The same byte in all eight places of a word. */
#define EACH(byte) (0x0101010101010101ULL * (byte))

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));

/* Sixteen digits at once: the nibbles of eight bytes side by side, then each becomes its letter. */
static bytes16 hex_of_8(uint64_t bytes)
{
	bytes16 x = (bytes16)(words2){bytes >> 4 & EACH(0x0f), bytes & EACH(0x0f)};

	x = __builtin_shufflevector(x, x, 0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15);
	return x + '0' + ((bytes16)(x > 9) & ('a' - '0' - 10));
}

void sip_write_hex(struct sip_writer *w, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	char *at = sip_write_reserve(w, 2 * len);
	uint64_t word = 0;
	bytes16 text;

	if (!at)
		return;
	for (; len >= sizeof(word); p += sizeof(word), at += sizeof(text), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		text = hex_of_8(word);
		memcpy(at, &text, sizeof(text));
	}
	word = 0;
	memcpy(&word, p, len);
	text = hex_of_8(word);
	memcpy(at, &text, 2 * len);
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

enum { V4_TEXT_MAX = 15 };

static char *put_octet(char *at, unsigned octet)
{
	if (octet >= 100) {
		*at++ = (char)('0' + octet / 100);
		octet %= 100;
		*at++ = (char)('0' + octet / 10);
	} else if (octet >= 10) {
		*at++ = (char)('0' + octet / 10);
	}
	*at++ = (char)('0' + octet % 10);
	return at;
}

static void write_v4(struct sip_writer *w, const uint8_t *bytes)
{
	char text[V4_TEXT_MAX];
	char *at = text;

	at = put_octet(at, bytes[0]);
	for (unsigned i = 1; i < 4; i++) {
		*at++ = '.';
		at = put_octet(at, bytes[i]);
	}
	sip_write(w, span_from(text, at));
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
