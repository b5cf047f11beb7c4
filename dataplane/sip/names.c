/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names to numbers and back. A header's name is compared with one row of a table (names_priv.h). The length
 * of a method selects the few that have it, and they are compared as words of eight bytes with constants that
 * the compiler folds from the .def table: a lookup is one jump and a few comparisons.
 */
#include "sip/names.h"
#include "sip/names_priv.h"

#include <string.h>

/* The longest name of the tables. */
#define NAME_MAX_BYTES 24

static inline uint64_t load_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/* Byte n of a literal where it stands in a word; 0 behind its end. */
#define BYTE(s, n, shift) \
	((n) < sizeof(s) ? (uint64_t)(unsigned char)(s)[(n) < sizeof(s) ? (n) : 0] << (shift) : 0)

/* Eight bytes of a literal from n on, as a constant: a copy into a buffer would be stored and loaded again.
 */
#define WORD(s, n)                                                                             \
	(BYTE(s, (n), 0) | BYTE(s, (n) + 1, 8) | BYTE(s, (n) + 2, 16) | BYTE(s, (n) + 3, 24) | \
		BYTE(s, (n) + 4, 32) | BYTE(s, (n) + 5, 40) | BYTE(s, (n) + 6, 48) | BYTE(s, (n) + 7, 56))

/* The words of a name: its first, its second when it has three, and its last, which overlaps what is before.
 */
struct name_words {
	size_t len;
	uint64_t first, second, last;
};

#define NAME_WORDS(s)                                                                             \
	(struct name_words)                                                                       \
	{                                                                                         \
		sizeof(s) - 1, WORD(s, 0), WORD(s, 8), WORD(s, sizeof(s) < 9 ? 0 : sizeof(s) - 9) \
	}

/* Whether the name at p, of the same length, is this one; `bits` are set in each byte. Reads eight bytes. */
static inline __attribute__((always_inline)) bool same_name(
	const char *p, struct name_words name, uint64_t bits)
{
	if (name.len < 8)
		return ((load_word(p) | bits) ^ (name.first | bits)) << (64 - name.len * 8) == 0;
	if ((load_word(p) | bits) != (name.first | bits))
		return false;
	if (name.len > 16 && (load_word(p + 8) | bits) != (name.second | bits))
		return false;
	return (load_word(p + name.len - 8) | bits) == (name.last | bits);
}

static inline __attribute__((always_inline)) enum sip_method method_of_len(size_t len, const char *p)
{
#define SIP_METHOD(name)                                                                         \
	static_assert(sizeof(#name) - 1 <= NAME_MAX_BYTES && sizeof(#name) > 2, "see EACH_LEN"); \
	if (len == sizeof(#name) - 1 && same_name(p, NAME_WORDS(#name), 0))                      \
		return SIP_##name;
#include "sip/method.def"
#undef SIP_METHOD
	return SIP_UNKNOWN;
}

/* clang-format off */
#define EACH_LEN(X) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) \
	X(19) X(20) X(21) X(22) X(23) X(24)
/* clang-format on */

static inline __attribute__((always_inline)) enum sip_method method_at(const char *p, size_t len)
{
	switch (len) {
#define CASE(len) \
	case len: \
		return method_of_len(len, p);
		EACH_LEN(CASE)
#undef CASE
	default:
		return SIP_UNKNOWN;
	}
}

/* A name so near the limit that eight bytes cannot be read is looked up in a copy. */
static __attribute__((noinline)) enum sip_method method_near_limit(struct span name)
{
	char copy[8] = {0};

	if (name.len >= sizeof(copy))
		return method_at(name.p, name.len);
	memcpy(copy, name.p, name.len);
	return method_at(copy, name.len);
}

/* Byte n of a name and its colon, in lower case; 0, which no byte with bit 5 is, behind it. */
#define LOWER(s, n)   (char)((n) < sizeof(s) - 1 ? (s)[(n) < sizeof(s) ? (n) : 0] | 0x20 : 0)
#define LOWER4(s, n)  LOWER(s, n), LOWER(s, (n) + 1), LOWER(s, (n) + 2), LOWER(s, (n) + 3)
#define LOWER_TEXT(s) LOWER4(s, 0), LOWER4(s, 4), LOWER4(s, 8), LOWER4(s, 12), LOWER4(s, 16), LOWER4(s, 20)

const struct header_name header_names[HEADER_SLOTS] = {
#define SIP_HEADER(id, name, compact, first, second) \
	[HEADER_SLOT(first, second, sizeof(name) - 1)] = {{LOWER_TEXT(name ":")}, SIP_HDR_##id},
#include "sip/header.def"
#undef SIP_HEADER
};

#define SIP_HEADER(id, name, compact, first, second) \
	static_assert(sizeof(name) <= NAME_MAX_BYTES, "see LOWER_TEXT");
#include "sip/header.def"
#undef SIP_HEADER

/* The header with that compact form (RFC 3261 7.3.3). */
static enum sip_header_id header_compact(char c)
{
#define SIP_HEADER(id, name, compact, first, second)   \
	if ((compact) != 0 && (c | 0x20) == (compact)) \
		return SIP_HDR_##id;
#include "sip/header.def"
#undef SIP_HEADER
	return SIP_HDR_OTHER;
}

enum sip_header_id sip_header_lookup(struct span name)
{
	const struct header_name *row;
	char copy[32] = {0};

	if (name.len == 1)
		return header_compact(*name.p);
	if (span_empty(name) || name.len >= sizeof(copy))
		return SIP_HDR_OTHER;
	memcpy(copy, name.p, name.len);
	copy[name.len] = ':';
	row = header_at(copy, 1U << name.len);
	return row ? row->id : SIP_HDR_OTHER;
}

enum sip_method sip_method_lookup(struct span name, const char *limit)
{
	if (unlikely_true(limit - name.p < 8))
		return method_near_limit(name);
	return method_at(name.p, name.len);
}

unsigned sip_error_status(enum sip_error error)
{
	static const uint16_t statuses[SIP_ERR_COUNT] = {
#define SIP_ERROR(name, status, doc) [SIP_ERR_##name] = (status),
#include "sip/error.def"
#undef SIP_ERROR
	};

	ensure(error < SIP_ERR_COUNT);
	return statuses[error];
}

const char *sip_error_name(enum sip_error error)
{
	static const char *const names[SIP_ERR_COUNT] = {
		[SIP_ERR_NONE] = "none",
#define SIP_ERROR(name, status, doc) [SIP_ERR_##name] = #name,
#include "sip/error.def"
#undef SIP_ERROR
	};

	ensure(error < SIP_ERR_COUNT);
	return names[error];
}

const char *sip_method_name(enum sip_method method)
{
	static const char *const names[SIP_METHOD_COUNT] = {
		[SIP_UNKNOWN] = "unknown",
#define SIP_METHOD(name) [SIP_##name] = #name,
#include "sip/method.def"
#undef SIP_METHOD
	};

	ensure(method < SIP_METHOD_COUNT);
	return names[method];
}
