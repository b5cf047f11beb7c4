/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names to numbers and back. A name is taken as three words of eight bytes, zero behind its end; its length
 * selects the few names of that length, whose words are constants folded by the compiler from the .def
 * tables. So a lookup is one jump and at most five comparisons, and a new row needs no new hash.
 */
#include "sip/names_priv.h"

#include <string.h>

/* The longest name of the tables. */
#define NAME_MAX_BYTES 24

/* ASCII letters to lower case; '-' stays. A control byte that becomes '-' by it never gets here: CR. */
#define LOWER 0x2020202020202020ULL

struct words {
	uint64_t w[3];
};

/* Byte n of a literal as it stands in its word. */
#define BYTE(s, n, bits)                                                                                    \
	((n) < sizeof(s) - 1                                                                                \
			? (uint64_t)((unsigned char)(s)[(n) < sizeof(s) ? (n) : 0] | (bits)) << (n) % 8 * 8 \
			: 0)
#define WORD(s, n, bits)                                                                               \
	(BYTE(s, n, bits) | BYTE(s, (n) + 1, bits) | BYTE(s, (n) + 2, bits) | BYTE(s, (n) + 3, bits) | \
		BYTE(s, (n) + 4, bits) | BYTE(s, (n) + 5, bits) | BYTE(s, (n) + 6, bits) |             \
		BYTE(s, (n) + 7, bits))
#define IS(words, s, bits)                                                       \
	((words).w[0] == WORD(s, 0, bits) && (words).w[1] == WORD(s, 8, bits) && \
		(words).w[2] == WORD(s, 16, bits))

/* The lowest `len` bytes of a word; len may be anything. */
static inline uint64_t low_bytes(uint64_t word, size_t len)
{
	if (len >= 8)
		return word;
	return word & ((1ULL << len * 8) - 1);
}

static inline struct words words_of(struct span name, const char *limit, uint64_t bits)
{
	struct words words = {{0, 0, 0}};

	if (limit - name.p < NAME_MAX_BYTES) {
		memcpy(words.w, name.p, name.len);
	} else {
		memcpy(words.w, name.p, NAME_MAX_BYTES);
	}
	words.w[0] = low_bytes(words.w[0] | bits, name.len);
	words.w[1] = name.len > 8 ? low_bytes(words.w[1] | bits, name.len - 8) : 0;
	words.w[2] = name.len > 16 ? low_bytes(words.w[2] | bits, name.len - 16) : 0;
	return words;
}

static enum sip_header_id compact_lookup(char c)
{
#define SIP_HEADER(id, name, compact)                  \
	if ((compact) != 0 && (c | 0x20) == (compact)) \
		return SIP_HDR_##id;
#include "sip/header.def"
#undef SIP_HEADER
	return SIP_HDR_OTHER;
}

/* Inlined for each length, so that only the names of that length remain. */
static inline __attribute__((always_inline)) enum sip_header_id header_of_len(size_t len, struct words words)
{
#define SIP_HEADER(id, name, compact)                                     \
	static_assert(sizeof(name) - 1 <= NAME_MAX_BYTES, "three words"); \
	if (len == sizeof(name) - 1 && IS(words, name, 0x20))             \
		return SIP_HDR_##id;
#include "sip/header.def"
#undef SIP_HEADER
	return SIP_HDR_OTHER;
}

static inline __attribute__((always_inline)) enum sip_method method_of_len(size_t len, struct words words)
{
#define SIP_METHOD(name)                                                   \
	static_assert(sizeof(#name) - 1 <= NAME_MAX_BYTES, "three words"); \
	if (len == sizeof(#name) - 1 && IS(words, #name, 0))               \
		return SIP_##name;
#include "sip/method.def"
#undef SIP_METHOD
	return SIP_UNKNOWN;
}

/* clang-format off */
#define EACH_LEN(X) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) \
	X(19) X(20) X(21) X(22) X(23) X(24)
/* clang-format on */

enum sip_header_id sip_header_lookup(struct span name, const char *limit)
{
	struct words words;

	if (name.len == 1)
		return compact_lookup(name.p[0]);
	if (name.len > NAME_MAX_BYTES)
		return SIP_HDR_OTHER;
	words = words_of(name, limit, LOWER);
	switch (name.len) {
#define CASE(len) \
	case len: \
		return header_of_len(len, words);
		EACH_LEN(CASE)
#undef CASE
	default:
		return SIP_HDR_OTHER;
	}
}

enum sip_method sip_method_lookup(struct span name, const char *limit)
{
	struct words words;

	if (name.len > NAME_MAX_BYTES)
		return SIP_UNKNOWN;
	words = words_of(name, limit, 0);
	switch (name.len) {
#define CASE(len) \
	case len: \
		return method_of_len(len, words);
		EACH_LEN(CASE)
#undef CASE
	default:
		return SIP_UNKNOWN;
	}
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
