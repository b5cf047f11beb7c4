/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text appended piece by piece into a buffer of fixed size: what the packet path uses where other code would
 * format. A piece that does not fit sets overflow and is left out whole, and so is everything after it.
 */
#ifndef SIP_WRITE_H
#define SIP_WRITE_H

#include "base/addr.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sip_writer {
	char *buf; /* owner: the caller */
	size_t size;
	size_t len;
	bool overflow;
};

static inline struct sip_writer sip_writer_of(char *buf, size_t size)
{
	return (struct sip_writer){.buf = buf, .size = size};
}

/* Room for `len` bytes, which then count as written; NULL when they do not fit. */
static inline char *sip_write_reserve(struct sip_writer *w, size_t len)
{
	char *at = w->buf + w->len;

	if (unlikely_true(w->overflow || len > w->size - w->len)) {
		w->overflow = true;
		return NULL;
	}
	w->len += len;
	return at;
}

static inline void sip_write(struct sip_writer *w, struct span text)
{
	char *at = sip_write_reserve(w, text.len);

	if (at && text.len > 0)
		memcpy(at, text.p, text.len);
}

/* A string literal; its length is known to the compiler, so short ones become plain stores. */
#define sip_write_lit(w, lit) sip_write((w), span_of("" lit, sizeof(lit) - 1))

void sip_write_u32(struct sip_writer *w, uint32_t value);
/* Two lower-case digits a byte. */
void sip_write_hex(struct sip_writer *w, const void *bytes, size_t len);
/* An IPv6 address in brackets when `brackets`, as a host in a URI or Via wants it (RFC 3261 25.1, RFC 5952).
 */
void sip_write_ip(struct sip_writer *w, const struct ip_addr *ip, bool brackets);
/* host:port, the port always written. */
void sip_write_endpoint(struct sip_writer *w, const struct endpoint *ep);

/*
 * Text that is put where room was made for all of it at once: begin with at least as many bytes as there can
 * be, and SIP_PUT_SLACK more, put piece behind piece, and end. Each piece is stored in blocks, without a look
 * at its length, so up to SIP_PUT_SLACK bytes behind it are overwritten. NULL when there is no room; overflow
 * is set.
 */
enum { SIP_PUT_SLACK = 64 };

static inline char *sip_put_begin(struct sip_writer *w, size_t most)
{
	if (likely_true(!w->overflow && w->size - w->len >= most + SIP_PUT_SLACK))
		return w->buf + w->len;
	w->overflow = true;
	return NULL;
}

static inline void sip_put_end(struct sip_writer *w, const char *end)
{
	w->len = (size_t)(end - w->buf);
}

typedef uint8_t sip_block __attribute__((vector_size(32))); /* copied by one load and one store */

/* `text` may be read up to SIP_PUT_SLACK bytes behind its end. */
static inline char *sip_put(char *at, const char *text, size_t len)
{
	sip_block first, second;

	for (size_t i = 0; i < len; i += SIP_PUT_SLACK) {
		memcpy(&first, text + i, sizeof(first));
		memcpy(&second, text + i + sizeof(first), sizeof(second));
		memcpy(at + i, &first, sizeof(first));
		memcpy(at + i + sizeof(first), &second, sizeof(second));
	}
	return at + len;
}

static_assert(SIP_PUT_SLACK == 2 * sizeof(sip_block), "what is copied at a time");

/* Long pieces: neither reads nor writes behind their end. */
enum { SIP_PUT_LONG_MIN = 128 };

static inline char *sip_put_long(char *at, const char *text, size_t len)
{
	const size_t last = len - SIP_PUT_LONG_MIN;

	for (size_t i = 0; i < last; i += SIP_PUT_LONG_MIN)
		(void)sip_put(at + i, text + i, SIP_PUT_LONG_MIN);
	/* The last stretch may overlap the one before it. */
	(void)sip_put(at + last, text + last, SIP_PUT_LONG_MIN);
	return at + len;
}

/* A string literal. */
#define sip_put_lit(at, lit) ((char *)memcpy((at), "" lit, sizeof(lit) - 1) + (sizeof(lit) - 1))

/* The bytes of two words in hexadecimal, the lowest first: 32 digits. */
char *sip_put_hex(char *at, uint64_t low, uint64_t high);
/* The most that each of these puts. */
enum { SIP_U32_MAX = 10, SIP_IP_MAX = 41, SIP_ENDPOINT_MAX = SIP_IP_MAX + 6 };
char *sip_put_u32(char *at, uint32_t value);
char *sip_put_ip(char *at, const struct ip_addr *ip, bool brackets);

/* Reads what sip_write_hex wrote: 2 * len digits, lower case only. Returns 0 or -EINVAL. */
must_use int sip_read_hex(struct span digits, void *ret_bytes, size_t len);

#endif
