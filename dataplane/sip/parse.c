/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One message from received bytes (RFC 3261 7, 16.3 item 1, 18.3). The header section is walked once, line by
 * line, into the header table; then the few fields that a proxy needs are read from it. A fault in a field
 * does not end the walk: the first one is remembered, the rest is read as far as it goes, so that a request
 * can be refused by a response. Headers that a proxy need not read pass unread, however odd they are.
 */
#include "sip/msg.h"
#include "sip/field_priv.h"
#include "sip/lines_priv.h"
#include "sip/names_priv.h"
#include "sip/start_priv.h"
#include "sip/uri_priv.h"
#include "sip/via_priv.h"

struct parse {
	struct sip_msg *msg;
	struct lines lines;
	const char *line; /* the next line */
	const char *end;  /* of the received bytes */
	bool whole;
};

/* The first fault is the one to report. */
static void fault(struct sip_msg *msg, enum sip_error error)
{
	if (msg->error == SIP_ERR_NONE)
		msg->error = (uint8_t)error;
}

/* A fault that leaves unknown where things are: no header may be used. */
static enum parse_result broken(struct sip_msg *msg, enum sip_error error)
{
	msg->header_count = 0;
	msg->error = (uint8_t)error;
	msg->answerable = false;
	msg->total_len = 0;
	return PARSE_BAD;
}

/* The bytes end inside the header section. */
static enum parse_result unfinished(struct parse *parse, const char *line, size_t line_max)
{
	if (parse->lines.stray != NULL)
		return broken(parse->msg, SIP_ERR_bad_header);
	if ((size_t)(parse->end - line) > line_max)
		return broken(parse->msg, SIP_ERR_header_too_long);
	if (parse->whole)
		return broken(parse->msg, SIP_ERR_unfinished);
	parse->msg->error = SIP_ERR_NONE; /* what is wrong is told when it is known where the message ends */
	parse->msg->header_count = 0;
	return PARSE_MORE;
}

static enum parse_result read_start_line(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const char *ignored;
	const char *lf = lines_next(&parse->lines, &ignored);

	if (lf == NULL)
		return unfinished(parse, parse->line, SIP_START_LINE_MAX);
	ensure(lf > parse->line); /* line ends before the message were skipped */
	if ((size_t)(lf - parse->line) > SIP_START_LINE_MAX)
		return broken(msg, SIP_ERR_header_too_long);
	msg->start_line = span_from(parse->line, lf - 1);
	fault(msg, start_line_read(msg, parse->end));
	parse->line = lf + 1;
	return PARSE_OK;
}

/* Blanks off both ends of a value. Nearly always there is one SP in front, and nothing else. */
static inline struct span value_between(const char *value, const char *end)
{
	if (*value == ' ')
		value++;
	/* A blank here, and also the CR behind an empty value. */
	if (unlikely_true((unsigned char)*value <= ' ' || (unsigned char)end[-1] <= ' '))
		return value < end ? span_trim(span_from(value, end)) : span_of(end, 0);
	return span_from(value, end);
}

/* Blanks may stand between a name and its colon (RFC 3261 7.3.1). Before the name stands another line's LF.
 */
static inline const char *name_end_before(const char *name, const char *colon)
{
	while (unlikely_true((unsigned char)colon[-1] <= ' ') && colon > name && is_blank(colon[-1]))
		colon--;
	return colon;
}

/* A name that no table has must still be a token (RFC 3261 25.1, header-name). */
static void check_other_name(struct parse *parse, struct span name)
{
	if (span_empty(name) ||
		scan_while(name.p, span_end(name), parse->end, &class_token) != span_end(name))
		fault(parse->msg, SIP_ERR_bad_header);
}

/*
 * Second step of a row of the table: the first left in `line` where it stands and in `name` the bytes before
 * its colon.
 */
static inline void header_finish(struct sip_header *header, const char *limit)
{
	const char *name = header->line.p;
	const char *colon = span_end(header->name);

	header->name = span_from(name, name_end_before(name, colon));
	header->value = value_between(colon + 1, span_end(header->line) - 2);
	header->id = (uint8_t)sip_header_lookup(header->name, limit);
}

/* What the line behind an LF is. */
enum line_kind { LINE_HEADER, LINE_FOLDED, LINE_EMPTY, LINE_UNKNOWN };

static inline enum line_kind line_kind(const char *line, const char *end)
{
	if (unlikely_true(line == end))
		return LINE_UNKNOWN;
	if (likely_true((unsigned char)*line > ' '))
		return LINE_HEADER;
	if (*line == ' ' || *line == '\t')
		return LINE_FOLDED;
	if (*line != '\r')
		return LINE_HEADER;
	if (end - line < 2)
		return LINE_UNKNOWN;
	return line[1] == '\n' ? LINE_EMPTY : LINE_HEADER;
}

static bool has_long_header(const struct sip_msg *msg)
{
	for (unsigned i = 0; i < msg->header_count; i++) {
		if (msg->headers[i].line.len > SIP_HEADER_LINE_MAX)
			return true;
	}
	return false;
}

/*
 * First step: the rows with where each header stands and where its colon is. parse->line is then behind the
 * empty line. Everything the loop needs is in registers, which is why it calls nothing.
 */
static enum parse_result read_headers(struct parse *parse)
{
	struct lines lines = parse->lines;
	const char *const begin = parse->line;
	const char *line = begin;
	struct sip_header *header = parse->msg->headers;
	const struct sip_header *const headers_end = header + SIP_HEADERS_MAX;
	enum line_kind kind = line_kind(line, lines.end);
	bool odd_line = false;
	bool overflow = false;

	/* A blank behind the start line folds nothing; it makes a header without a proper name. */
	while (likely_true(kind == LINE_HEADER) || (kind == LINE_FOLDED && line == begin)) {
		const char *colon;
		const char *ignored;
		const char *lf = lines_next(&lines, &colon);
		const char *first_lf = lf;

		while (lf != NULL && unlikely_true((kind = line_kind(lf + 1, lines.end)) == LINE_FOLDED))
			lf = lines_next(&lines, &ignored);
		if (unlikely_true(lf == NULL || kind == LINE_UNKNOWN))
			break;
		/* No colon, which is NULL, or none before the first LF: a name is never folded. */
		if (unlikely_true((uintptr_t)colon - 1 >= (uintptr_t)first_lf)) {
			odd_line = true;
		} else if (unlikely_true(header == headers_end)) {
			overflow = true;
		} else {
			header->line = span_from(line, lf + 1);
			header->name = span_from(line, colon);
			header++;
		}
		line = lf + 1;
	}
	if (odd_line)
		fault(parse->msg, SIP_ERR_bad_header);
	if (overflow)
		parse->msg->error = SIP_ERR_too_many_headers; /* whatever else: a Via may be missing */
	parse->msg->header_count = (uint8_t)(header - parse->msg->headers);
	parse->lines = lines;
	if (kind != LINE_EMPTY)
		return unfinished(parse, line, SIP_HEADER_LINE_MAX);
	parse->line = line + 2;
	if (lines.stray != NULL && lines.stray < parse->line)
		return broken(parse->msg, SIP_ERR_bad_header);
	if (unlikely_true(parse->line - begin > SIP_HEADER_LINE_MAX) && has_long_header(parse->msg))
		return broken(parse->msg, SIP_ERR_header_too_long);
	return PARSE_OK;
}

/*
 * Names, values, and the chain of the headers with the same id, from the last header to the first. Returns
 * the ids that stand more than once, a bit each.
 */
static uint32_t finish_headers(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	uint32_t seen = 0;
	uint32_t repeated = 0;

	static_assert(SIP_HDR_COUNT <= 32, "a bit for each id");
	for (unsigned i = msg->header_count; i-- > 0;) {
		struct sip_header *header = &msg->headers[i];

		header_finish(header, parse->end);
		if (unlikely_true(header->id == SIP_HDR_OTHER))
			check_other_name(parse, header->name);
		header->next = msg->first[header->id];
		msg->first[header->id] = (uint8_t)i;
		repeated |= seen & 1U << header->id;
		seen |= 1U << header->id;
	}
	return repeated;
}

/* The tag among the parameters; what cannot be read of the others is passed over. */
static void find_tag(struct cursor *params, struct span *ret_tag)
{
	struct span name;
	struct span value;
	int rc;

	while ((rc = param_next(params, &name, &value)) != 0) {
		if (rc < 0) {
			param_skip(params);
		} else if (NAME_IS(name, "tag")) {
			*ret_tag = value;
			return;
		}
	}
}

/* Nearly always the tag is the only parameter and stands there without blanks. */
static inline void read_tag(struct span params, const char *limit, struct span *ret_tag)
{
	struct cursor c = cursor_of(params, limit);

	if (likely_true(params.len > 4 && params.p[3] == '=' && NAME_IS(span_of(params.p, 3), "tag"))) {
		c.p += 4;
		*ret_tag = cursor_take(&c, &class_token);
		if (likely_true(cursor_done(&c)))
			return;
		c.p = params.p;
		*ret_tag = span_of(NULL, 0);
	}
	find_tag(&c, ret_tag);
}

/* From and To: their shape, and the tag (RFC 3261 19.3). */
static void read_address(
	struct parse *parse, enum sip_header_id id, enum sip_error error, struct span *ret_tag)
{
	const struct sip_header *header = sip_header_first(parse->msg, id);
	struct sip_name_addr name_addr;
	struct cursor c;

	if (header == NULL) {
		fault(parse->msg, SIP_ERR_missing_mandatory);
		return;
	}
	c = cursor_of(header->value, parse->end);
	if (name_addr_read(&c, &name_addr) < 0) {
		fault(parse->msg, error);
		return;
	}
	if (!span_empty(name_addr.params))
		read_tag(name_addr.params, parse->end, ret_tag);
}

/* One word without blanks (RFC 3261 20.8). */
static void read_call_id(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_CALL_ID);
	struct cursor c;

	if (header == NULL) {
		fault(msg, SIP_ERR_missing_mandatory);
		return;
	}
	c = cursor_of(header->value, parse->end);
	msg->call_id = cursor_take(&c, &class_printable);
	if (span_empty(msg->call_id) || !cursor_done(&c))
		fault(msg, SIP_ERR_bad_call_id);
}

/* A number below 2**31 and a method, the Request-Line's in a request (RFC 3261 8.1.1.5, 20.16). */
static void read_cseq(struct parse *parse)
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
	c = cursor_of(header->value, parse->end);
	if (!cursor_take_number(&c, INT32_MAX, &number) || cursor_done(&c) || !is_blank(*c.p)) {
		fault(msg, SIP_ERR_bad_cseq);
		return;
	}
	cursor_skip_blanks(&c);
	method = span_from(c.p, c.end);
	msg->cseq = number;
	if (likely_true(msg->is_request && span_eq(method, msg->method) && !span_empty(method)))
		return;
	if (span_empty(method) || scan_while(method.p, c.end, c.limit, &class_token) != c.end) {
		fault(msg, SIP_ERR_bad_cseq);
	} else if (msg->is_request) {
		fault(msg, SIP_ERR_cseq_method_mismatch);
	} else {
		msg->method = method;
		msg->method_id = (uint8_t)sip_method_lookup(method, parse->end);
	}
}

/* A header's value that is a number and nothing else. */
static bool read_number(const struct sip_header *header, uint32_t max, uint32_t *ret_number)
{
	struct cursor c = cursor_of(header->value, span_end(header->value));

	return cursor_take_number(&c, max, ret_number) && cursor_done(&c);
}

/* 0 to 255 (RFC 3261 20.22). A response needs none. */
static void read_max_forwards(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_MAX_FORWARDS);
	uint32_t number;

	msg->max_forwards = -1;
	if (header == NULL || !msg->is_request)
		return;
	if (!read_number(header, UINT8_MAX, &number))
		fault(msg, SIP_ERR_bad_max_forwards);
	else
		msg->max_forwards = (int16_t)number;
}

/* The topmost Via: who is answered, and where a response goes (RFC 3261 18.2). */
static void read_via(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_VIA);
	struct cursor c;

	if (header == NULL) {
		fault(msg, SIP_ERR_missing_via);
		return;
	}
	c = cursor_of(header->value, parse->end);
	if (via_read(&c, &msg->via) < 0)
		fault(msg, SIP_ERR_bad_via);
	/* Vias that were not recorded would be missing in a response, which would then go astray. */
	msg->answerable = !span_empty(msg->via.host) && msg->error != SIP_ERR_too_many_headers;
}

/*
 * Whether all headers with that id have the same value: then there is nothing to choose, although the header
 * may stand only once.
 */
static bool one_value(const struct sip_msg *msg, enum sip_header_id id)
{
	const struct sip_header *first = sip_header_first(msg, id);

	for (const struct sip_header *h = first; h != NULL; h = sip_header_next(msg, h)) {
		if (!span_eq(h->value, first->value))
			return false;
	}
	return true;
}

/* Content-Length is left to the reader of the body. */
static void refuse_duplicates(struct sip_msg *msg, uint32_t repeated)
{
	static const uint32_t once = 1U << SIP_HDR_FROM | 1U << SIP_HDR_TO | 1U << SIP_HDR_CALL_ID |
				     1U << SIP_HDR_CSEQ | 1U << SIP_HDR_MAX_FORWARDS;

	if (likely_true((repeated & once) == 0))
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
	uint32_t number;

	if (header == NULL)
		return false;
	if (!read_number(header, INT32_MAX, &number) || !one_value(msg, SIP_HDR_CONTENT_LENGTH)) {
		fault(msg, SIP_ERR_bad_content_length);
		return false;
	}
	msg->has_content_length = true;
	*ret_len = number;
	return true;
}

/*
 * The body (RFC 3261 18.3): a datagram may hold more than the message and may leave Content-Length out; in a
 * stream nothing else tells where the next message begins.
 */
static enum parse_result read_body(struct parse *parse, const char *begin)
{
	struct sip_msg *msg = parse->msg;
	size_t left = (size_t)(parse->end - parse->line);
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

	msg->header_end = (size_t)(parse->line - begin);
	refuse_duplicates(msg, finish_headers(parse));
	read_via(parse);
	read_address(parse, SIP_HDR_FROM, SIP_ERR_bad_from, &msg->from_tag);
	read_address(parse, SIP_HDR_TO, SIP_ERR_bad_to, &msg->to_tag);
	read_call_id(parse);
	read_cseq(parse);
	read_max_forwards(parse);
	return read_body(parse, begin);
}

/*
 * Empties what a message may leave unset. Field by field and not by memset: the struct is large, most of it
 * is the header table, and a string instruction costs more than these stores.
 */
static inline void msg_init(struct sip_msg *msg)
{
	const struct span none = {NULL, 0};

	/* Each by itself: a chain of assignments would load what was just stored. */
	msg->start_line = none;
	msg->method = none;
	msg->reason = none;
	uri_clear(&msg->uri);
	via_clear(&msg->via);
	msg->from_tag = none;
	msg->to_tag = none;
	msg->call_id = none;
	msg->body = none;
	msg->header_end = 0;
	msg->total_len = 0;
	msg->cseq = 0;
	msg->max_forwards = -1;
	msg->status = 0;
	msg->method_id = SIP_UNKNOWN;
	msg->error = SIP_ERR_NONE;
	msg->is_request = msg->has_content_length = msg->answerable = false;
	msg->header_count = 0;
	for (unsigned i = 0; i < SIP_HDR_COUNT; i++)
		msg->first[i] = SIP_NO_HEADER;
}

enum parse_result sip_parse(struct span bytes, bool whole, struct sip_msg *ret_msg)
{
	struct parse parse;
	enum parse_result result;

	msg_init(ret_msg);
	parse.msg = ret_msg;
	parse.line = bytes.p;
	parse.end = span_end(bytes);
	parse.whole = whole;
	while (parse.line < parse.end && (*parse.line == '\r' || *parse.line == '\n'))
		parse.line++;
	if (parse.line == parse.end) {
		if (!whole)
			return PARSE_MORE;
		return broken(ret_msg, SIP_ERR_empty);
	}
	lines_init(&parse.lines, parse.line, parse.end);
	result = read_start_line(&parse);
	if (result == PARSE_OK)
		result = read_headers(&parse);
	if (result == PARSE_OK)
		result = read_fields(&parse, bytes.p);
	return result;
}
