/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A SIP message as a table of spans into the bytes received. Parsing copies nothing, allocates nothing, and
 * looks at each byte of the header section once; the spans live as long as those bytes.
 */
#ifndef SIP_MSG_H
#define SIP_MSG_H

#include "base/ensure.h"
#include "base/span.h"
#include "limits.h"
#include "sip/names.h"
#include "sip/uri.h"
#include "sip/via.h"

#include <stdbool.h>
#include <stdint.h>

enum parse_result {
	PARSE_OK,   /* a whole message; msg->total_len says how many bytes it is */
	PARSE_MORE, /* a good beginning, in a stream; msg->total_len is what is needed when already known, or
		       0 */
	PARSE_BAD   /* msg->error says why; what could be read all the same is in msg */
};

/*
 * A row of the header table is written for each line of each message and read for a few of them, so it says
 * no more than where things are; sip_header_line(), _name() and _value() make spans of it.
 */
struct sip_header {
	uint32_t line;  /* where it begins, from start_line.p on; where the next row's does, it ends */
	uint16_t colon; /* ... and from there its colon; 0: the line is no header, for it has no name */
	uint8_t id;     /* enum sip_header_id */
};

enum {
	/* The line finder sees what it has found too much only behind a block of 64 bytes. */
	SIP_ROWS = SIP_HEADERS_MAX + 1 + 64
};

struct sip_msg {
	struct span start_line; /* without the line end */
	struct span method;     /* request: the token. Response: the CSeq method */
	struct span reason;     /* response: the reason phrase */
	struct sip_uri uri;     /* request: the Request-URI */
	struct sip_via via;     /* the topmost Via element */
	struct span from_tag, to_tag, call_id;
	struct span body;
	size_t header_end; /* offset in the bytes given (leading CRLFs count) behind the empty line */
	size_t total_len;  /* ... and behind the body: what a stream drops. 0: where it ends is unknown */
	uint32_t cseq;
	int16_t max_forwards; /* -1 when absent */
	uint16_t status;      /* response: 100..699; request: 0 */
	uint8_t method_id;    /* enum sip_method */
	uint8_t error;        /* enum sip_error */
	bool is_request;
	bool has_content_length;
	bool answerable; /* the Vias say whom a response goes to; From, To, Call-ID or CSeq may be missing */
	uint8_t header_count;
	uint32_t present;                    /* a bit for each id: there is a header with it */
	uint32_t repeated;                   /* ... and more than one */
	uint8_t first[SIP_HDR_COUNT];        /* index of the first header with that id, when present */
	struct sip_header headers[SIP_ROWS]; /* behind the last one a row that says where it ends */
};

static_assert(SIP_HEADERS_MAX <= UINT8_MAX, "header indices are bytes");
static_assert(SIP_HDR_COUNT <= 32, "a bit for each id");
static_assert(SIP_HEADER_LINE_MAX <= UINT16_MAX, "a colon's place has 16 bits");

/*
 * Parses the message at the start of `bytes`. `whole` says that no more bytes can come (a datagram): a
 * message without Content-Length then ends with the bytes, and one that would need more is PARSE_BAD. Leading
 * CRLFs are skipped (RFC 3261 7.5); the message itself is from start_line.p to bytes.p + total_len. Reads
 * nothing behind bytes.len. The headers that a proxy acts on are checked (RFC 3261 16.3 item 1), no others.
 */
must_use enum parse_result sip_parse(struct span bytes, bool whole, struct sip_msg *ret_msg);

/* The first header with that id, or NULL. */
static inline const struct sip_header *sip_header_first(const struct sip_msg *msg, enum sip_header_id id)
{
	return msg->present >> id & 1 ? &msg->headers[msg->first[id]] : NULL;
}

/* The next one with the same id, or NULL. */
static inline const struct sip_header *sip_header_next(
	const struct sip_msg *msg, const struct sip_header *header)
{
	const struct sip_header *end = msg->headers + msg->header_count;
	unsigned id = header->id;

	if (likely_true((msg->repeated >> id & 1) == 0))
		return NULL;
	while (++header < end) {
		if (header->id == id)
			return header;
	}
	return NULL;
}

/* From the name's first byte to the last line end, folded lines included. */
static inline struct span sip_header_line(const struct sip_msg *msg, const struct sip_header *header)
{
	return span_from(msg->start_line.p + header[0].line, msg->start_line.p + header[1].line);
}

/* The name as written. Blanks may stand between it and its colon (RFC 3261 7.3.1). */
static inline struct span sip_header_name(const struct sip_msg *msg, const struct sip_header *header)
{
	struct span name = span_of(msg->start_line.p + header->line, header->colon);

	while (name.len > 0 && (unsigned char)name.p[name.len - 1] <= ' ')
		name.len--;
	return name;
}

/* The value with blanks cut off at both ends; it may hold line folds. */
static inline struct span sip_header_value(const struct sip_msg *msg, const struct sip_header *header)
{
	const char *begin = msg->start_line.p + header[0].line + header->colon + 1;
	const char *end = msg->start_line.p + header[1].line - 2;

	/* Nearly always there is one SP in front, and nothing else. */
	if (likely_true(*begin == ' '))
		begin++;
	/* A blank here, or the CR behind an empty value. */
	if (unlikely_true((unsigned char)*begin <= ' ' || (unsigned char)end[-1] <= ' '))
		return begin < end ? span_trim(span_from(begin, end)) : span_of(end, 0);
	return span_from(begin, end);
}

/* Where the header lines begin: behind the start line. */
static inline const char *sip_first_line(const struct sip_msg *msg)
{
	return span_end(msg->start_line) + 2;
}

#endif
