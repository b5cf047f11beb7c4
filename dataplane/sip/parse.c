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

/* A fault that leaves unknown where things are: nothing of the message may be used. */
static enum parse_result broken(struct sip_msg *msg, enum sip_error error)
{
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
	return parse->whole ? broken(parse->msg, SIP_ERR_unfinished) : PARSE_MORE;
}

static enum parse_result read_start_line(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;
	const char *ignored;
	const char *lf = lines_next(&parse->lines, &ignored);

	if (lf == NULL)
		return unfinished(parse, parse->line, SIP_START_LINE_MAX);
	if (lf == parse->line || (size_t)(lf - parse->line) > SIP_START_LINE_MAX)
		return broken(msg, lf == parse->line ? SIP_ERR_bad_header : SIP_ERR_header_too_long);
	msg->start_line = span_from(parse->line, lf - 1);
	fault(msg, start_line_read(msg, parse->end));
	parse->line = lf + 1;
	return PARSE_OK;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Chains the header to the others with its id. */
static void link_header(struct sip_msg *msg, struct sip_header *header, uint8_t index)
{
	uint8_t id = header->id;

	header->next = SIP_NO_HEADER;
	if (msg->first[id] == SIP_NO_HEADER)
		msg->first[id] = index;
	else
		msg->headers[msg->last[id]].next = index;
	msg->last[id] = index;
}

/* Adds the line [line, lf] with its first colon to the table. */
static void add_header(struct parse *parse, const char *colon, const char *lf)
{
	struct sip_msg *msg = parse->msg;
	struct sip_header *header;
	const char *name_end = colon;
	const char *value = colon + 1;
	const char *value_end = lf - 1;

	if (msg->header_count == SIP_HEADERS_MAX) {
		fault(msg, SIP_ERR_too_many_headers);
		return;
	}
	while (name_end > parse->line && is_space(name_end[-1]))
		name_end--;
	if (value > value_end) /* "Name:" LF; the stray LF is reported when the walk is over */
		value = value_end;
	while (value < value_end && is_blank(*value))
		value++;
	while (value < value_end && is_blank(value_end[-1]))
		value_end--;
	header = &msg->headers[msg->header_count];
	header->line = span_from(parse->line, lf + 1);
	header->name = span_from(parse->line, name_end);
	header->value = span_from(value, value_end);
	header->id = (uint8_t)sip_header_lookup(header->name, parse->end);
	if (header->id == SIP_HDR_OTHER &&
		(name_end == parse->line ||
			scan_while(parse->line, name_end, parse->end, &class_token) != name_end))
		fault(msg, SIP_ERR_bad_header);
	link_header(msg, header, msg->header_count++);
}

/*
 * Finds the end of the header that starts at parse->line, folded lines included. Returns the last LF, or NULL
 * when the bytes end before it is certain; *ret_colon is as in lines_next().
 */
static const char *header_end(struct parse *parse, const char **ret_colon)
{
	const char *lf = lines_next(&parse->lines, ret_colon);
	const char *ignored;

	while (lf != NULL) {
		if (lf + 1 == parse->end)
			return NULL;
		if (!is_space(lf[1]))
			return lf;
		lf = lines_next(&parse->lines, &ignored);
	}
	return NULL;
}

/* Walks the headers; parse->line is then behind the empty line. */
static enum parse_result read_headers(struct parse *parse)
{
	struct sip_msg *msg = parse->msg;

	for (;;) {
		const char *colon;
		const char *lf;

		if (parse->end - parse->line >= 2 && parse->line[0] == '\r' && parse->line[1] == '\n')
			break;
		lf = header_end(parse, &colon);
		if (lf == NULL)
			return unfinished(parse, parse->line, SIP_HEADER_LINE_MAX);
		if ((size_t)(lf - parse->line) > SIP_HEADER_LINE_MAX)
			return broken(msg, SIP_ERR_header_too_long);
		if (colon == NULL || colon > lf)
			fault(msg, SIP_ERR_bad_header);
		else
			add_header(parse, colon, lf);
		parse->line = lf + 1;
	}
	parse->line += 2;
	if (parse->lines.stray != NULL && parse->lines.stray < parse->line)
		return broken(msg, SIP_ERR_bad_header);
	return PARSE_OK;
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
	if (name_addr_read(&c, &name_addr) < 0)
		fault(parse->msg, error);
	else
		sip_param_find(name_addr.params, "tag", ret_tag);
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
	uint64_t number;

	if (header == NULL) {
		fault(msg, SIP_ERR_missing_mandatory);
		return;
	}
	c = cursor_of(header->value, parse->end);
	if (span_to_u64(cursor_take(&c, &class_digit), INT32_MAX, &number) < 0 || cursor_done(&c) ||
		!is_blank(*c.p)) {
		fault(msg, SIP_ERR_bad_cseq);
		return;
	}
	cursor_skip_blanks(&c);
	method = cursor_take(&c, &class_token);
	if (span_empty(method) || !cursor_done(&c)) {
		fault(msg, SIP_ERR_bad_cseq);
		return;
	}
	msg->cseq = (uint32_t)number;
	if (!msg->is_request) {
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
	uint64_t number;

	msg->max_forwards = -1;
	if (header == NULL || !msg->is_request)
		return;
	if (span_to_u64(header->value, UINT8_MAX, &number) < 0)
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

/* A header that may stand once may stand again with the same value: then there is nothing to choose. */
static void refuse_duplicate(struct sip_msg *msg, enum sip_header_id id, enum sip_error error)
{
	const struct sip_header *first = sip_header_first(msg, id);

	if (likely_true(msg->first[id] == msg->last[id]))
		return;
	for (const struct sip_header *h = first; h != NULL; h = sip_header_next(msg, h)) {
		if (!span_eq(h->value, first->value))
			fault(msg, error);
	}
}

static void refuse_duplicates(struct sip_msg *msg)
{
	refuse_duplicate(msg, SIP_HDR_CONTENT_LENGTH, SIP_ERR_bad_content_length);
	refuse_duplicate(msg, SIP_HDR_FROM, SIP_ERR_duplicate_mandatory);
	refuse_duplicate(msg, SIP_HDR_TO, SIP_ERR_duplicate_mandatory);
	refuse_duplicate(msg, SIP_HDR_CALL_ID, SIP_ERR_duplicate_mandatory);
	refuse_duplicate(msg, SIP_HDR_CSEQ, SIP_ERR_duplicate_mandatory);
	refuse_duplicate(msg, SIP_HDR_MAX_FORWARDS, SIP_ERR_duplicate_mandatory);
}

/*
 * The body's length (RFC 3261 18.3): a datagram may hold more than the message and may leave Content-Length
 * out; in a stream nothing else tells where the next message begins.
 */
static enum parse_result read_body(struct parse *parse, const char *begin)
{
	struct sip_msg *msg = parse->msg;
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_CONTENT_LENGTH);
	size_t left = (size_t)(parse->end - parse->line);
	uint64_t len = left;

	if (header == NULL) {
		if (!parse->whole)
			fault(msg, SIP_ERR_bad_content_length);
	} else if (span_to_u64(header->value, INT32_MAX, &len) < 0) {
		len = left;
		fault(msg, SIP_ERR_bad_content_length);
	} else {
		msg->has_content_length = true;
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
	refuse_duplicates(msg);
	read_via(parse);
	read_address(parse, SIP_HDR_FROM, SIP_ERR_bad_from, &msg->from_tag);
	read_address(parse, SIP_HDR_TO, SIP_ERR_bad_to, &msg->to_tag);
	read_call_id(parse);
	read_cseq(parse);
	read_max_forwards(parse);
	return read_body(parse, begin);
}

enum parse_result sip_parse(struct span bytes, bool whole, struct sip_msg *ret_msg)
{
	struct parse parse = {.msg = ret_msg, .line = bytes.p, .end = span_end(bytes), .whole = whole};
	enum parse_result result;

	/* The header table is large and is written before it is read. */
	memset(ret_msg, 0, offsetof(struct sip_msg, first));
	memset(ret_msg->first, SIP_NO_HEADER, sizeof(ret_msg->first));
	ret_msg->max_forwards = -1;
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
