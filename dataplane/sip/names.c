/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names to numbers and back. The length of a name selects the few names that have it, and they are compared
 * as words of eight bytes with constants that the compiler folds from the .def tables: a lookup is one jump
 * and at most five comparisons, and a new row needs no new hash.
 */
#include "sip/names_priv.h"

#include <string.h>

/* The longest name of the tables. */
#define NAME_MAX_BYTES 24

/*
 * ASCII letters to lower case. '-' stays; the one byte that would become it is CR, which never gets here
 * alone.
 */
#define LOWER 0x2020202020202020ULL

static inline uint64_t load_word(const char *p)
{
	uint64_t word;

	memcpy(&word, p, sizeof(word));
	return word;
}

/*
 * Whether the `len` bytes at p, with `bits` set in each, are those of the literal. len is a constant wherever
 * this is inlined; eight bytes are readable at p. Words overlap, so that nothing behind the name is looked
 * at.
 */
static inline __attribute__((always_inline)) bool same_name(
	const char *p, const char *literal, size_t len, uint64_t bits)
{
	char padded[8] = {0};

	if (len < 8) {
		uint64_t mask = (1ULL << len * 8) - 1;

		memcpy(padded, literal, len);
		return (((load_word(p) | bits) ^ (load_word(padded) | bits)) & mask) == 0;
	}
	for (size_t i = 0; i + 8 < len; i += 8) {
		if ((load_word(p + i) | bits) != (load_word(literal + i) | bits))
			return false;
	}
	return (load_word(p + len - 8) | bits) == (load_word(literal + len - 8) | bits);
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
static inline __attribute__((always_inline)) enum sip_header_id header_of_len(size_t len, const char *p)
{
#define SIP_HEADER(id, name, compact)                                                          \
	static_assert(sizeof(name) - 1 <= NAME_MAX_BYTES && sizeof(name) > 2, "see EACH_LEN"); \
	if (len == sizeof(name) - 1 && same_name(p, name, sizeof(name) - 1, LOWER))            \
		return SIP_HDR_##id;
#include "sip/header.def"
#undef SIP_HEADER
	return SIP_HDR_OTHER;
}

static inline __attribute__((always_inline)) enum sip_method method_of_len(size_t len, const char *p)
{
#define SIP_METHOD(name)                                                                         \
	static_assert(sizeof(#name) - 1 <= NAME_MAX_BYTES && sizeof(#name) > 2, "see EACH_LEN"); \
	if (len == sizeof(#name) - 1 && same_name(p, #name, sizeof(#name) - 1, 0))               \
		return SIP_##name;
#include "sip/method.def"
#undef SIP_METHOD
	return SIP_UNKNOWN;
}

/* clang-format off */
#define EACH_LEN(X) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) X(16) X(17) X(18) \
	X(19) X(20) X(21) X(22) X(23) X(24)
/* clang-format on */

/* The name, or a copy of it in buf, with eight readable bytes. */
static inline const char *readable(struct span name, const char *limit, char buf[static 8])
{
	if (likely_true(limit - name.p >= 8) || name.len >= 8)
		return name.p;
	memcpy(buf, name.p, name.len);
	return buf;
}

enum sip_header_id sip_header_lookup(struct span name, const char *limit)
{
	char buf[8] = {0};
	const char *p = readable(name, limit, buf);

	switch (name.len) {
	case 1:
		return compact_lookup(*p);
#define CASE(len) \
	case len: \
		return header_of_len(len, p);
		EACH_LEN(CASE)
#undef CASE
	default:
		return SIP_HDR_OTHER;
	}
}

enum sip_method sip_method_lookup(struct span name, const char *limit)
{
	char buf[8] = {0};
	const char *p = readable(name, limit, buf);

	switch (name.len) {
#define CASE(len) \
	case len: \
		return method_of_len(len, p);
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
