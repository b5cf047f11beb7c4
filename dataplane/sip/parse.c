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
	const char *end; /* of the received bytes */
	const char *body;
	uint32_t repeated; /* ids of the headers that stand more than once, a bit each */
	bool whole;
	struct lines lines;
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
	memset(msg->first, SIP_NO_HEADER, sizeof(msg->first));
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

/* The bytes end inside the line or header that begins there. */
static enum parse_result unfinished(struct parse *parse, const char *line, size_t line_max)
{
	if (parse->lines.stray != NULL)
		return broken(parse->msg, SIP_ERR_bad_header);
	if ((size_t)(parse->end - line) > line_max)
		return broken(parse->msg, SIP_ERR_header_too_long);
	if (parse->whole)
		return broken(parse->msg, SIP_ERR_unfinished);
	parse->msg->error = SIP_ERR_NONE; /* what is wrong is told when it is known where the message ends */
	forget_headers(parse->msg);
	return PARSE_MORE;
}

static enum parse_result read_start_line(struct parse *parse, const char *begin)
{
	struct sip_msg *msg = parse->msg;
	const char *lf = parse->lines.lf[0];

	if (unlikely_true(parse->lines.count == 0))
		return unfinished(parse, begin, SIP_START_LINE_MAX);
	ensure(lf > begin); /* line ends before the message were skipped */
	if ((size_t)(lf - begin) > SIP_START_LINE_MAX)
		return broken(msg, SIP_ERR_header_too_long);
	msg->start_line = span_from(begin, lf - 1);
	fault(msg, start_line_read(msg, parse->end));
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
static __attribute__((noinline)) bool is_other_name(struct span name, const char *limit)
{
	return !span_empty(name) && scan_while(name.p, span_end(name), limit, &class_token) == span_end(name);
}

/* A row of the table; `lf` ends the header, perhaps lines behind the colon. */
static inline void header_read(
	struct sip_header *header, const char *line, const char *colon, const char *lf, const char *limit)
{
	header->line = span_from(line, lf + 1);
	header->name = span_from(line, name_end_before(line, colon));
	header->value = value_between(colon + 1, lf - 1);
	header->id = (uint8_t)sip_header_lookup(header->name, limit);
	header->next = SIP_NO_HEADER;
}

/* The chains of the headers with the same id, as they grow. */
struct chains {
	uint32_t seen;     /* a bit for each id */
	uint32_t repeated; /* ids that stand more than once */
	uint8_t last[SIP_HDR_COUNT];
};

static_assert(SIP_HDR_COUNT <= 32, "a bit for each id");

static inline void chains_add(struct chains *chains, struct sip_msg *msg, unsigned id, unsigned index)
{
	uint32_t bit = 1U << id;

	if (unlikely_true(chains->seen & bit)) {
		chains->repeated |= bit;
		msg->headers[chains->last[id]].next = (uint8_t)index;
	} else {
		msg->first[id] = (uint8_t)index;
	}
	chains->seen |= bit;
	chains->last[id] = (uint8_t)index;
}

/* Where the name of the header at `line` ends; NULL when it has none: no colon, or none in its first line. */
static inline const char *header_colon(const struct parse *parse, const char *line, const char *lf)
{
	const char *colon = scan_find(line, lf, parse->end, ':');

	if (unlikely_true(colon == lf))
		return NULL;
	if (unlikely_true(parse->lines.folded) && memchr(line, '\n', (size_t)(colon - line)))
		return NULL;
	return colon;
}

/*
 * The header table, from the lines behind the start line. Loads may reach the end of the bytes, and one byte
 * before a line: there is always another line's LF.
 */
static void read_headers(struct parse *parse)
{
	const struct lines *lines = &parse->lines;
	struct sip_msg *msg = parse->msg;
	struct chains chains = {.seen = 0, .repeated = 0};
	struct sip_header *header = msg->headers;
	unsigned index = 0;
	bool odd_line = false;

	for (unsigned i = 1; i < lines->count; i++) {
		const char *line = lines->lf[i - 1] + 1;
		const char *colon = header_colon(parse, line, lines->lf[i]);

		if (unlikely_true(colon == NULL)) {
			odd_line = true;
			continue;
		}
		header_read(header, line, colon, lines->lf[i], parse->end);
		if (unlikely_true(header->id == SIP_HDR_OTHER))
			odd_line |= !is_other_name(header->name, parse->end);
		chains_add(&chains, msg, header->id, index++);
		header++;
	}
	msg->header_count = (uint8_t)index;
	if (odd_line)
		fault(msg, SIP_ERR_bad_header);
	if (lines->overflow)
		msg->error = SIP_ERR_too_many_headers; /* whatever else: a Via may be missing */
	parse->repeated = chains.repeated;
}

static bool has_long_header(const struct sip_msg *msg)
{
	for (unsigned i = 0; i < msg->header_count; i++) {
		if (msg->headers[i].line.len > SIP_HEADER_LINE_MAX)
			return true;
	}
	return false;
}

/* The start line and the header table. parse->body is then behind the empty line. */
static enum parse_result read_head(struct parse *parse, const char *begin)
{
	struct lines *lines = &parse->lines;
	const char *empty = NULL;
	enum line_kind kind = lines_find(lines, begin, parse->end, &empty);
	enum parse_result result = read_start_line(parse, begin);

	if (unlikely_true(result != PARSE_OK))
		return result;
	if (unlikely_true(kind != LINE_EMPTY))
		return unfinished(parse, lines->last + 1, SIP_HEADER_LINE_MAX);
	parse->body = empty + 2;
	if (unlikely_true(lines->stray != NULL) && lines->stray < parse->body)
		return broken(parse->msg, SIP_ERR_bad_header);
	read_headers(parse);
	if (unlikely_true(parse->body - begin > SIP_HEADER_LINE_MAX) && has_long_header(parse->msg))
		return broken(parse->msg, SIP_ERR_header_too_long);
	return PARSE_OK;
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
	refuse_duplicates(msg, parse->repeated);
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
	forget_headers(msg);
}

enum parse_result sip_parse(struct span bytes, bool whole, struct sip_msg *ret_msg)
{
	const char *begin = bytes.p;
	enum parse_result result;
	struct parse parse;

	msg_init(ret_msg);
	parse.msg = ret_msg;
	parse.end = span_end(bytes);
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
