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

/* Reads what sip_write_hex wrote: 2 * len digits, lower case only. Returns 0 or -EINVAL. */
must_use int sip_read_hex(struct span digits, void *ret_bytes, size_t len);

#endif
