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
#include "sip/uri.h"
#include "sip/via.h"

#include <stdbool.h>
#include <stdint.h>

enum sip_method {
	SIP_UNKNOWN = 0,
#define SIP_METHOD(name) SIP_##name,
#include "sip/method.def"
#undef SIP_METHOD
	SIP_METHOD_COUNT
};

enum sip_header_id {
	SIP_HDR_OTHER = 0,
#define SIP_HEADER(id, name, compact) SIP_HDR_##id,
#include "sip/header.def"
#undef SIP_HEADER
	SIP_HDR_COUNT
};

enum sip_error {
	SIP_ERR_NONE = 0,
#define SIP_ERROR(name, status, doc) SIP_ERR_##name,
#include "sip/error.def"
#undef SIP_ERROR
	SIP_ERR_COUNT
};

enum parse_result {
	PARSE_OK,   /* a whole message; msg->total_len says how many bytes it is */
	PARSE_MORE, /* a good beginning, in a stream; msg->total_len is what is needed when already known, or
		       0 */
	PARSE_BAD   /* msg->error says why; what could be read all the same is in msg */
};

#define SIP_NO_HEADER UINT8_MAX

struct sip_header {
	struct span line;  /* from the name's first byte to the last line end, folded lines included */
	struct span name;  /* as written */
	struct span value; /* blanks cut at both ends; may hold line folds */
	uint8_t id;        /* enum sip_header_id */
	uint8_t next;      /* index of the next header with the same id, or SIP_NO_HEADER */
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
	uint8_t first[SIP_HDR_COUNT]; /* index of the first header with that id, or SIP_NO_HEADER */
	struct sip_header headers[SIP_HEADERS_MAX];
};

static_assert(SIP_HEADERS_MAX < SIP_NO_HEADER, "header indices are bytes");

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
	return msg->first[id] == SIP_NO_HEADER ? NULL : &msg->headers[msg->first[id]];
}

static inline const struct sip_header *sip_header_next(
	const struct sip_msg *msg, const struct sip_header *header)
{
	return header->next == SIP_NO_HEADER ? NULL : &msg->headers[header->next];
}

/* The status a request with this error is answered with; 0 means drop. */
unsigned sip_error_status(enum sip_error error);
const char *sip_error_name(enum sip_error error);
const char *sip_method_name(enum sip_method method);

#endif
