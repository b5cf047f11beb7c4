/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One message from received bytes (RFC 3261 7, 16.3 item 1, 18.3). The header section is walked once, line by
 * line, into the header table; then the few fields that a proxy needs are read from it. A fault in a field
 * does not end the walk: the first one is remembered, the rest is read as far as it goes, so that a request
 * can be refused by a response. Headers that a proxy need not read pass unread, however odd they are.
 */
#include "sip/msg.h"
#include "sip/field_priv.h"
#include "sip/headers_priv.h"
#include "sip/lines_priv.h"
#include "sip/literal_priv.h"
#include "sip/names_priv.h"
#include "sip/start_priv.h"
#include "sip/stops_priv.h"
#include "sip/uri_priv.h"
#include "sip/via_priv.h"

#include <errno.h>

struct parse {
	struct sip_msg *msg;
	const char *end; /* of the received bytes */
	const char *body;
	bool whole;
};

/* The first fault is the one to report. */
static void fault(struct sip_msg *msg, enum sip_error error)
{
	if (msg->error == SIP_ERR_NONE)
		msg->error = (uint8_t)error;
}

/* No header may be used. */
static inline void forget_headers(struct sip_msg *msg)
{
	msg->header_count = 0;
	msg->present = 0;
	msg->repeated = 0;
}

/* A fault that leaves unknown where things are. */
static enum parse_result broken(struct sip_msg *msg, enum sip_error error)
{
	forget_headers(msg);
	msg->error = (uint8_t)error;
	msg->answerable = false;
	msg->total_len = 0;
	return PARSE_BAD;
}

/*
 * The bytes end inside the start line or a header, which may have line_max bytes. By value, so that the
 * caller keeps what it works with in registers.
 */
static __attribute__((noinline)) enum parse_result unfinished(
	struct parse parse, struct lines lines, const char *begin, size_t line_max)
{
	if (lines.odd)
		return broken(parse.msg, SIP_ERR_bad_header);
	if ((size_t)(parse.end - begin) - lines.last > line_max)
		return broken(parse.msg, SIP_ERR_header_too_long);
	if (parse.whole)
		return broken(parse.msg, SIP_ERR_unfinished);
	parse.msg->error = SIP_ERR_NONE; /* what is wrong is told when it is known where the message ends */
	forget_headers(parse.msg);
	return PARSE_MORE;
}

static inline enum parse_result read_start_line(struct parse *parse, const char *begin)
{
	struct sip_msg *msg = parse->msg;
	size_t len = msg->headers[0].line;

	ensure(len > 1); /* line ends before the message were skipped */
	if (unlikely_true(len - 1 > SIP_START_LINE_MAX))
		return broken(msg, SIP_ERR_header_too_long);
	msg->start_line = span_of(begin, len - 2);
	fault(msg, start_line_read(msg, parse->end));
	return PARSE_OK;
}

/*
 * The headers that the line finder did not name, because one of them is not plain or too near the end of the
 * bytes to look at 32 of them.
 */
static __attribute__((noinline)) void read_other_headers(
	struct sip_msg *msg, const char *begin, const char *end, size_t named)
{
	for (size_t i = named; i < msg->header_count; i++) {
		struct sip_header *header = &msg->headers[i];
		struct span line = span_from(begin + header[0].line, begin + header[1].line);

		if (!near_header_read(header, line.p, end) && !odd_header_read(header, line, end))
			fault(msg, SIP_ERR_bad_header);
	}
}

/*
 * Which headers there are. From behind, so that of those with the same id the first one stays in `first`:
 * that takes no branch.
 */
static inline void index_headers(struct sip_msg *msg)
{
	uint32_t present = 0;
	uint32_t repeated = 0;

	for (size_t i = msg->header_count; i-- > 0;) {
		size_t id = msg->headers[i].id;

		repeated |= present & 1U << id;
		present |= 1U << id;
		msg->first[id] = (uint8_t)i;
	}
	msg->present = present;
	msg->repeated = repeated;
}

/* A line without a colon is bad, however long. */
static bool has_long_header(const struct sip_msg *msg)
{
	for (unsigned i = 0; i < msg->header_count; i++) {
		const struct sip_header *header = &msg->headers[i];

		bool has_colon = header->colon > 0 || msg->start_line.p[header->line] == ':';

		if (has_colon && header[1].line - header[0].line > SIP_HEADER_LINE_MAX)
			return true;
	}
	return false;
}

/* The start line and the header table. parse->body is then behind the empty line. */
static inline enum parse_result read_head(struct parse *parse, const char *begin)
{
	struct sip_msg *msg = parse->msg;
	struct lines lines = lines_find(span_from(begin, parse->end), msg->headers);

	if (unlikely_true(lines.count == 0))
		return unfinished(*parse, lines, begin, SIP_START_LINE_MAX);
	if (unlikely_true(read_start_line(parse, begin) != PARSE_OK))
		return PARSE_BAD;
	if (unlikely_true(!lines.ended))
		return unfinished(*parse, lines, begin, SIP_HEADER_LINE_MAX);
	parse->body = begin + lines.last + 2;
	if (unlikely_true(lines.odd) && lines_are_odd(begin, parse->body))
		return broken(msg, SIP_ERR_bad_header);
	msg->header_count = (uint8_t)(lines.count - 1);
	if (unlikely_true(lines.named < lines.count - 1))
		read_other_headers(msg, begin, parse->end, lines.named);
	index_headers(msg);
	if (unlikely_true(lines.overflow))
		msg->error = SIP_ERR_too_many_headers; /* whatever else: a Via may be missing */
	if (unlikely_true(parse->body - begin > SIP_HEADER_LINE_MAX) && has_long_header(msg))
		return broken(msg, SIP_ERR_header_too_long);
	return PARSE_OK;
}

/* The tag among the parameters; what cannot be read of the others is passed over. */
static __attribute__((noinline)) struct span find_tag(struct span params, const char *limit)
{
	struct cursor c = cursor_of(params, limit);
	struct span name;
	struct span value;
	int rc;

	while ((rc = param_next(&c, &name, &value)) != 0) {
		if (rc < 0)
			param_skip(&c);
		else if (NAME_IS(name, "tag"))
			return value;
	}
	return span_of(NULL, 0);
}

/* "tag=" in lower case, as a little-endian word, and the bits that make its letters so. */
#define TAG       0x3d676174U
#define TAG_LOWER 0x00202020U

/* Nearly always the tag is the only parameter and stands there without blanks. */
static inline struct span read_tag(struct span params, const char *limit)
{
	struct span tag;
	uint32_t name;

	if (unlikely_true(params.len <= 4))
		return find_tag(params, limit);
	memcpy(&name, params.p, sizeof(name));
	tag = span_of(params.p + 4, params.len - 4);
	if (unlikely_true((name | TAG_LOWER) != TAG || !is_all(tag, limit, &class_token)))
		return find_tag(params, limit);
	return tag;
}

/* The parameters of any address. Returns 0 or -EINVAL. */
static __attribute__((noinline)) int odd_address_params(
	struct span value, const char *limit, struct span *ret_params)
{
	struct cursor c = cursor_of(value, limit);
	struct sip_name_addr name_addr;
	int rc = name_addr_read(&c, &name_addr);

	*ret_params = name_addr.params;
	return rc;
}

static inline int address_params(struct span value, const char *limit, struct span *ret_params)
{
	struct span params;

	if (SCAN_WIDE && likely_true(plain_address_read(value, limit, ret_params)))
		return 0;
	if (odd_address_params(value, limit, &params) < 0)
		return -EINVAL;
	*ret_params = params;
	return 0;
}

/* From and To: their shape, and the tag (RFC 3261 19.3). */
static inline void read_address(struct sip_msg *msg, const char *limit, enum sip_header_id id,
	enum sip_error error, struct span *ret_tag)
{
	const struct sip_header *header = sip_header_first(msg, id);
	struct span params;

	if (header == NULL)
		fault(msg, SIP_ERR_missing_mandatory);
	else if (address_params(sip_header_value(msg, header), limit, &params) < 0)
		fault(msg, error);
	else if (!span_empty(params))
		*ret_tag = read_tag(params, limit);
}

/* One word without blanks (RFC 3261 20.8). */
static inline void read_call_id(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_CALL_ID);
	struct span value;

	if (header == NULL) {
		fault(msg, SIP_ERR_missing_mandatory);
		return;
	}
	value = sip_header_value(msg, header);
	msg->call_id = value;
	if (likely_true(is_all(value, parse->end, &class_printable)))
		return;
	msg->call_id.len =
		(size_t)(scan_while(value.p, span_end(value), parse->end, &class_printable) - value.p);
	fault(msg, SIP_ERR_bad_call_id);
}

/* Whether a method is the Request-Line's; eight bytes of it may be read. */
static inline bool same_method(struct span method, struct span wanted)
{
	uint64_t left, right;

	if (method.len != wanted.len)
		return false;
	if (unlikely_true(method.len - 1 > 7))
		return span_eq(method, wanted);
	memcpy(&left, method.p, sizeof(left));
	memcpy(&right, wanted.p, sizeof(right));
	return (left ^ right) << (64 - method.len * 8) == 0;
}

/* A number below 2**31 and a method, the Request-Line's in a request (RFC 3261 8.1.1.5, 20.16). */
static inline void read_cseq(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_CSEQ);
	struct span method;
	struct cursor c;
	uint32_t number;

	if (header == NULL) {
		fault(msg, SIP_ERR_missing_mandatory);
		return;
	}
	c = cursor_of(sip_header_value(msg, header), parse->end);
	if (!cursor_take_number(&c, INT32_MAX, &number) || cursor_done(&c) || !is_blank(*c.p)) {
		fault(msg, SIP_ERR_bad_cseq);
		return;
	}
	c.p++;
	cursor_skip_blanks(&c);
	method = span_from(c.p, c.end);
	msg->cseq = number;
	if (likely_true(msg->is_request && c.limit - c.p >= 8 && same_method(method, msg->method)))
		return;
	if (span_empty(method) || scan_while(method.p, c.end, c.limit, &class_token) != c.end) {
		fault(msg, SIP_ERR_bad_cseq);
	} else if (!msg->is_request) {
		msg->method = method;
		msg->method_id = (uint8_t)sip_method_lookup(method, parse->end);
	} else if (!span_eq(method, msg->method)) {
		fault(msg, SIP_ERR_cseq_method_mismatch);
	}
}

/* 0 to 255 (RFC 3261 20.22). A response needs none. */
static void read_max_forwards(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_MAX_FORWARDS);
	struct span value;
	int64_t number;

	msg->max_forwards = -1;
	if (header == NULL || !msg->is_request)
		return;
	value = sip_header_value(msg, header);
	number = number_in(value.p, span_end(value), UINT8_MAX);
	msg->max_forwards = (int16_t)number;
	if (unlikely_true(number < 0))
		fault(msg, SIP_ERR_bad_max_forwards);
}

static __attribute__((noinline)) void read_odd_via(struct sip_msg *msg, struct span value, const char *limit)
{
	struct cursor c = cursor_of(value, limit);

	if (via_read(&c, &msg->via) < 0)
		fault(msg, SIP_ERR_bad_via);
}

/* The topmost Via: who is answered, and where a response goes (RFC 3261 18.2). */
static void read_via(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_VIA);
	struct span value;

	if (header == NULL) {
		fault(msg, SIP_ERR_missing_via);
		return;
	}
	value = sip_header_value(msg, header);
	if (!SCAN_WIDE || unlikely_true(!plain_via_read(value, parse->end, &msg->via)))
		read_odd_via(msg, value, parse->end);
	/* Vias that were not recorded would be missing in a response, which would then go astray. */
	msg->answerable = !span_empty(msg->via.host) && msg->error != SIP_ERR_too_many_headers;
}

/*
 * Whether all headers with that id have the same value: then there is nothing to choose, although the header
 * may stand only once.
 */
static __attribute__((noinline)) bool same_values(const struct sip_msg *msg, enum sip_header_id id)
{
	const struct sip_header *first = sip_header_first(msg, id);

	for (const struct sip_header *h = first; h != NULL; h = sip_header_next(msg, h)) {
		if (!span_eq(sip_header_value(msg, h), sip_header_value(msg, first)))
			return false;
	}
	return true;
}

static inline bool one_value(const struct sip_msg *msg, enum sip_header_id id)
{
	return likely_true((msg->repeated >> id & 1) == 0) || same_values(msg, id);
}

/* Content-Length is left to the reader of the body. */
static void refuse_duplicates(struct sip_msg *msg)
{
	static const uint32_t once = 1U << SIP_HDR_FROM | 1U << SIP_HDR_TO | 1U << SIP_HDR_CALL_ID |
				     1U << SIP_HDR_CSEQ | 1U << SIP_HDR_MAX_FORWARDS;

	if (likely_true((msg->repeated & once) == 0))
		return;
	if (!one_value(msg, SIP_HDR_FROM) || !one_value(msg, SIP_HDR_TO) ||
		!one_value(msg, SIP_HDR_CALL_ID) || !one_value(msg, SIP_HDR_CSEQ) ||
		!one_value(msg, SIP_HDR_MAX_FORWARDS))
		fault(msg, SIP_ERR_duplicate_mandatory);
}

/* Whether Content-Length says, once, how long the body is. */
static bool read_content_length(struct sip_msg *msg, size_t *ret_len)
{
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_CONTENT_LENGTH);
	struct span value;
	int64_t number;

	if (header == NULL)
		return false;
	value = sip_header_value(msg, header);
	number = number_in(value.p, span_end(value), INT32_MAX);
	if (unlikely_true(number < 0) || !one_value(msg, SIP_HDR_CONTENT_LENGTH)) {
		fault(msg, SIP_ERR_bad_content_length);
		return false;
	}
	msg->has_content_length = true;
	*ret_len = (size_t)number;
	return true;
}

/*
 * The body (RFC 3261 18.3): a datagram may hold more than the message and may leave Content-Length out; in a
 * stream nothing else tells where the next message begins.
 */
static enum parse_result read_body(struct parse *parse, const char *begin)
{
	struct sip_msg *msg = parse->msg;
	size_t left = (size_t)(parse->end - parse->body);
	size_t len = left;

	if (!read_content_length(msg, &len) && !parse->whole) {
		fault(msg, SIP_ERR_bad_content_length);
		return PARSE_BAD;
	}
	if (len > left && parse->whole) {
		len = left;
		fault(msg, SIP_ERR_short_body);
	}
	msg->total_len = msg->header_end + len;
	if (msg->error != SIP_ERR_NONE)
		return PARSE_BAD;
	if (len > left)
		return PARSE_MORE;
	msg->body = span_of(begin + msg->header_end, len);
	return PARSE_OK;
}

static enum parse_result read_fields(struct parse *parse, const char *begin)
{
	struct sip_msg *msg = parse->msg;

	msg->header_end = (size_t)(parse->body - begin);
	refuse_duplicates(msg);
	read_via(parse);
	read_address(msg, parse->end, SIP_HDR_FROM, SIP_ERR_bad_from, &msg->from_tag);
	read_address(msg, parse->end, SIP_HDR_TO, SIP_ERR_bad_to, &msg->to_tag);
	read_call_id(parse);
	read_cseq(parse);
	read_max_forwards(parse);
	return read_body(parse, begin);
}

/*
 * Empties what a message may leave unset. In pieces of 64 bytes, for more of which the compiler takes a
 * string instruction, which costs more; the header table, the most of the struct, is left as it is.
 */
static inline __attribute__((always_inline)) void msg_init(struct sip_msg *msg)
{
	char *to = (char *)msg;

	static_assert(offsetof(struct sip_msg, first) == 392, "cleared in six pieces, and what is left");
	memset(to, 0, 64);
	memset(to + 64, 0, 64);
	memset(to + 128, 0, 64);
	memset(to + 192, 0, 64);
	memset(to + 256, 0, 64);
	memset(to + 320, 0, 64);
	memset(to + 384, 0, 8);
	msg->uri.scheme = SIP_SCHEME_OTHER;
	msg->max_forwards = -1;
}

enum parse_result sip_parse(struct span bytes, bool whole, struct sip_msg *ret_msg)
{
	const char *begin = bytes.p;
	enum parse_result result;
	struct parse parse;

	msg_init(ret_msg);
	parse.msg = ret_msg;
	parse.end = span_end(bytes);
	parse.body = begin;
	parse.whole = whole;
	while (begin < parse.end && (*begin == '\r' || *begin == '\n'))
		begin++;
	if (unlikely_true(begin == parse.end)) {
		if (!whole)
			return PARSE_MORE;
		return broken(ret_msg, SIP_ERR_empty);
	}
	result = read_head(&parse, begin);
	if (likely_true(result == PARSE_OK))
		result = read_fields(&parse, bytes.p);
	return result;
}
