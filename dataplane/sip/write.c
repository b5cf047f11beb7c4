/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Numbers and addresses as text without the cost of a format string. Called for every message that goes out:
 * Via, Record-Route, Max-Forwards.
 */
#include "sip/write.h"

#include <errno.h>

static const char hex_digits[16] = "0123456789abcdef";

/* "00" to "99": two digits cost one division. */
#define TENS(t) t "0" t "1" t "2" t "3" t "4" t "5" t "6" t "7" t "8" t "9"
static const char pairs[] =
	TENS("0") TENS("1") TENS("2") TENS("3") TENS("4") TENS("5") TENS("6") TENS("7") TENS("8") TENS("9");

/* From the number of binary digits, 1233 / 4096 being log10(2), which is at most one too many. */
static unsigned digit_count(uint32_t value)
{
	static const uint32_t powers[] = {
		0, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000};
	unsigned guess = (unsigned)(32 - __builtin_clz(value | 1)) * 1233 >> 12;

	return guess + (value >= powers[guess]);
}

char *sip_put_u32(char *at, uint32_t value)
{
	unsigned len = digit_count(value);
	char *end = at + len;

	for (; len > 2; value /= 100) {
		len -= 2;
		memcpy(at + len, pairs + 2 * (value % 100), 2);
	}
	if (len == 2)
		memcpy(at, pairs + 2 * value, 2);
	else
		*at = (char)('0' + value);
	return end;
}

void sip_write_u32(struct sip_writer *w, uint32_t value)
{
	char text[SIP_U32_MAX];

	sip_write(w, span_from(text, sip_put_u32(text, value)));
}

/* The same byte in all eight places of a word. */
#define EACH(byte) (0x0101010101010101ULL * (byte))

typedef uint8_t bytes16 __attribute__((vector_size(16)));
typedef uint64_t words2 __attribute__((vector_size(16)));
typedef uint8_t bytes32 __attribute__((vector_size(32)));
typedef uint16_t pairs16 __attribute__((vector_size(32)));

/* Each byte becomes a pair of nibbles, the upper one first, and each nibble its letter. */
char *sip_put_hex(char *at, uint64_t low, uint64_t high)
{
	pairs16 wide = __builtin_convertvector((bytes16)(words2){low, high}, pairs16);
	bytes32 text = (bytes32)((wide >> 4 | wide << 8) & 0x0f0f);

	text += '0' + ((bytes32)(text > 9) & ('a' - '0' - 10));
	memcpy(at, &text, sizeof(text));
	return at + sizeof(text);
}

void sip_write_hex(struct sip_writer *w, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	char *at = sip_write_reserve(w, 2 * len);
	char text[32];
	uint64_t word;

	if (!at)
		return;
	for (; len >= sizeof(word); p += sizeof(word), at += 2 * sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sip_put_hex(text, word, 0);
		memcpy(at, text, 2 * sizeof(word));
	}
	for (; len > 0; p++, len--) {
		*at++ = hex_digits[*p >> 4];
		*at++ = hex_digits[*p & 0xf];
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

/* An octet and the dot behind it as one word to store; what is too much of it is overwritten. */
struct octet_text {
	char text[4];
	uint32_t len;
};

#define OCTET_1(n)                  \
	{                           \
		{'0' + (n), '.'}, 2 \
	}
#define OCTET_2(n)                                            \
	{                                                     \
		{'0' + (n) / 10 % 10, '0' + (n) % 10, '.'}, 3 \
	}
#define OCTET_3(n)                                                             \
	{                                                                      \
		{'0' + (n) / 100, '0' + (n) / 10 % 10, '0' + (n) % 10, '.'}, 4 \
	}
#define EACH_10(O, n)                                                                                   \
	O((n) + 0), O((n) + 1), O((n) + 2), O((n) + 3), O((n) + 4), O((n) + 5), O((n) + 6), O((n) + 7), \
		O((n) + 8), O((n) + 9)
#define EACH_50(O, n) \
	EACH_10(O, n), EACH_10(O, (n) + 10), EACH_10(O, (n) + 20), EACH_10(O, (n) + 30), EACH_10(O, (n) + 40)

static const struct octet_text octets[256] = {
	EACH_10(OCTET_1, 0),
	EACH_10(OCTET_2, 10),
	EACH_10(OCTET_2, 20),
	EACH_10(OCTET_2, 30),
	EACH_10(OCTET_2, 40),
	EACH_50(OCTET_2, 50),
	EACH_50(OCTET_3, 100),
	EACH_50(OCTET_3, 150),
	EACH_50(OCTET_3, 200),
	OCTET_3(250),
	OCTET_3(251),
	OCTET_3(252),
	OCTET_3(253),
	OCTET_3(254),
	OCTET_3(255),
};

static inline char *put_v4(char *at, const uint8_t *bytes)
{
	for (unsigned i = 0; i < 4; i++) {
		const struct octet_text *octet = &octets[bytes[i]];

		memcpy(at, octet->text, sizeof(octet->text));
		at += octet->len;
	}
	return at - 1;
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

static __attribute__((noinline)) char *put_v6(char *at, const uint8_t *bytes)
{
	uint16_t groups[8];
	struct zero_run zeros;

	for (unsigned i = 0; i < 8; i++)
		groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
	zeros = longest_zero_run(groups);
	for (unsigned i = 0; i < 8; i++) {
		if (i == zeros.begin) {
			*at++ = ':';
			if (i + zeros.len == 8)
				*at++ = ':';
			i += zeros.len - 1;
			continue;
		}
		if (i > 0)
			*at++ = ':';
		at += group_text(groups[i], at);
	}
	return at;
}

char *sip_put_ip(char *at, const struct ip_addr *ip, bool brackets)
{
	ensure(ip->family == IP_V4 || ip->family == IP_V6);
	if (likely_true(ip->family == IP_V4))
		return put_v4(at, ip->bytes);
	if (!brackets)
		return put_v6(at, ip->bytes);
	*at = '[';
	at = put_v6(at + 1, ip->bytes);
	*at = ']';
	return at + 1;
}

void sip_write_ip(struct sip_writer *w, const struct ip_addr *ip, bool brackets)
{
	char text[SIP_IP_MAX + SIP_PUT_SLACK];

	sip_write(w, span_from(text, sip_put_ip(text, ip, brackets)));
}

void sip_write_endpoint(struct sip_writer *w, const struct endpoint *ep)
{
	sip_write_ip(w, &ep->ip, true);
	sip_write_lit(w, ":");
	sip_write_u32(w, ep->port);
}
