/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The parser's promises as assertions: spans lie inside the bytes, the header table covers the header section
 * without gaps, the chains cover the table, an answer does not depend on what the message held before.
 */
#include "sip_check.h"

#include "base/ensure.h"

#include <stdlib.h>

static void check_inside(struct span outer, struct span inner)
{
	if (span_empty(inner))
		return;
	ensure(inner.p >= outer.p && inner.p <= span_end(outer));
	ensure(inner.len <= (size_t)(span_end(outer) - inner.p));
}

static void check_uri(struct span bytes, const struct sip_uri *uri)
{
	check_inside(bytes, uri->whole);
	check_inside(uri->whole, uri->user);
	check_inside(uri->whole, uri->password);
	check_inside(uri->whole, uri->host);
	check_inside(uri->whole, uri->params);
	check_inside(uri->whole, uri->headers);
}

static void check_via(struct span bytes, const struct sip_via *via)
{
	check_inside(bytes, via->whole);
	check_inside(via->whole, via->transport);
	check_inside(via->whole, via->host);
	check_inside(via->whole, via->params);
	check_inside(via->whole, via->branch);
	check_inside(via->whole, via->received);
	check_inside(via->whole, via->maddr);
	check_inside(via->whole, via->rport);
	ensure(via->rport_filled == !span_empty(via->rport));
	ensure(via->has_rport || !via->rport_filled);
}

/* Each chain goes forward, keeps to its id, and together they hold every header once. */
static void check_chains(const struct sip_msg *msg)
{
	unsigned held = 0;

	for (unsigned id = 0; id < SIP_HDR_COUNT; id++) {
		const struct sip_header *h = sip_header_first(msg, (enum sip_header_id)id);
		const struct sip_header *before = NULL;

		for (; h != NULL; before = h, h = sip_header_next(msg, h)) {
			ensure(h >= msg->headers && h < msg->headers + msg->header_count);
			ensure(h->id == id);
			ensure(before == NULL || h > before);
			held++;
		}
	}
	ensure(held == msg->header_count);
}

static void check_headers(struct span bytes, const struct sip_msg *msg)
{
	for (unsigned i = 0; i < msg->header_count; i++) {
		const struct sip_header *h = &msg->headers[i];

		struct span line = sip_header_line(msg, h);
		struct span name = sip_header_name(msg, h);

		check_inside(bytes, line);
		check_inside(line, name);
		check_inside(line, sip_header_value(msg, h));
		ensure(line.p == name.p);
		ensure(span_end(line)[-1] == '\n');
		ensure(line.p == (i == 0 ? sip_first_line(msg) : span_end(sip_header_line(msg, h - 1))));
	}
}

/* A message that is taken has no line outside the table, and what a proxy routes by. */
static void check_taken(struct span bytes, const struct sip_msg *msg)
{
	const char *line = sip_first_line(msg);

	ensure(msg->error == SIP_ERR_NONE && msg->answerable);
	for (unsigned i = 0; i < msg->header_count; i++) {
		ensure(sip_header_line(msg, &msg->headers[i]).p == line);
		ensure(!span_empty(sip_header_name(msg, &msg->headers[i])));
		line = span_end(sip_header_line(msg, &msg->headers[i]));
	}
	ensure(memcmp(line, "\r\n", 2) == 0 && line + 2 == bytes.p + msg->header_end);
	ensure(msg->body.p == bytes.p + msg->header_end);
	ensure(msg->header_end + msg->body.len == msg->total_len && msg->total_len <= bytes.len);
	ensure(!span_empty(msg->method) && !span_empty(msg->call_id) && !span_empty(msg->via.host));
	ensure(msg->cseq <= INT32_MAX && msg->max_forwards >= -1 && msg->max_forwards <= 255);
	ensure(msg->is_request ? msg->status == 0 && !span_empty(msg->uri.whole)
			       : msg->status >= 100 && msg->status <= 699);
}

void sip_check(struct span bytes, bool whole, enum parse_result result, const struct sip_msg *msg)
{
	ensure(result == PARSE_OK || result == PARSE_MORE || result == PARSE_BAD);
	ensure((result == PARSE_BAD) == (msg->error != SIP_ERR_NONE));
	ensure(result != PARSE_MORE || !whole);
	if (result == PARSE_MORE) {
		ensure(msg->total_len == 0 || msg->total_len > bytes.len);
		return;
	}
	check_inside(bytes, msg->start_line);
	check_inside(bytes, msg->method);
	check_inside(bytes, msg->reason);
	check_inside(bytes, msg->from_tag);
	check_inside(bytes, msg->to_tag);
	check_inside(bytes, msg->call_id);
	check_inside(bytes, msg->body);
	check_uri(bytes, &msg->uri);
	check_via(bytes, &msg->via);
	ensure(msg->header_end <= bytes.len);
	ensure(!msg->answerable || !span_empty(msg->via.host));
	if (msg->header_end != 0) {
		check_headers(bytes, msg);
		check_chains(msg);
	}
	if (result == PARSE_OK)
		check_taken(bytes, msg);
}

static bool same_place(struct span a, struct span b)
{
	return a.len == b.len && (a.len == 0 || a.p == b.p);
}

static bool same_headers(const struct sip_msg *a, const struct sip_msg *b)
{
	for (unsigned i = 0; i < a->header_count; i++) {
		const struct sip_header *left = &a->headers[i];
		const struct sip_header *right = &b->headers[i];

		if (left->line != right->line || left->colon != right->colon || left->id != right->id)
			return false;
	}
	for (unsigned id = 0; id < SIP_HDR_COUNT; id++) {
		if ((a->present >> id & 1) != 0 && a->first[id] != b->first[id])
			return false;
	}
	return a->present == b->present && a->repeated == b->repeated;
}

static bool same_uri(const struct sip_uri *a, const struct sip_uri *b)
{
	return a->port == b->port && a->scheme == b->scheme && same_place(a->whole, b->whole) &&
	       same_place(a->user, b->user) && same_place(a->password, b->password) &&
	       same_place(a->host, b->host) && same_place(a->params, b->params) &&
	       same_place(a->headers, b->headers);
}

static bool same_via(const struct sip_via *a, const struct sip_via *b)
{
	/* An empty rport says where to put a value. */
	return a->port == b->port && a->has_rport == b->has_rport && a->rport_filled == b->rport_filled &&
	       a->rport.p == b->rport.p && same_place(a->rport, b->rport) && same_place(a->whole, b->whole) &&
	       same_place(a->transport, b->transport) && same_place(a->host, b->host) &&
	       a->params.p == b->params.p && same_place(a->params, b->params) &&
	       same_place(a->branch, b->branch) && same_place(a->received, b->received) &&
	       same_place(a->maddr, b->maddr);
}

bool sip_check_same(const struct sip_msg *a, const struct sip_msg *b)
{
	return a->error == b->error && a->total_len == b->total_len && a->header_end == b->header_end &&
	       a->header_count == b->header_count && a->status == b->status && a->cseq == b->cseq &&
	       a->max_forwards == b->max_forwards && a->method_id == b->method_id &&
	       a->is_request == b->is_request && a->answerable == b->answerable &&
	       a->has_content_length == b->has_content_length && same_place(a->start_line, b->start_line) &&
	       same_place(a->method, b->method) && same_place(a->reason, b->reason) &&
	       same_uri(&a->uri, &b->uri) && same_via(&a->via, &b->via) &&
	       same_place(a->from_tag, b->from_tag) && same_place(a->to_tag, b->to_tag) &&
	       same_place(a->call_id, b->call_id) && same_place(a->body, b->body) &&
	       (a->header_end == 0 || same_headers(a, b));
}

/* Every reader on a value, whatever header it is of. */
static void read_value(struct span value)
{
	struct sip_name_addr name_addr;
	struct span element, found, rest;
	struct sip_uri uri;
	struct sip_via via;
	char buf[64];

	for (rest = value; sip_list_next(&rest, &element);) {
		check_inside(value, element);
		if (sip_name_addr_parse(element, &name_addr) < 0)
			continue;
		check_inside(element, name_addr.display);
		check_inside(element, name_addr.uri);
		check_inside(element, name_addr.params);
		if (sip_param_find(name_addr.params, "tag", &found))
			check_inside(name_addr.params, found);
		if (sip_uri_parse(name_addr.uri, &uri) == 0) {
			check_uri(value, &uri);
			if (sip_param_find(uri.params, "lr", &found))
				check_inside(uri.params, found);
			ensure(sip_unescape(uri.user, buf, sizeof(buf)) <= (int)sizeof(buf));
		}
	}
	for (rest = value; sip_via_next(&rest, &via) == 0;)
		check_via(value, &via);
}

void sip_check_all(struct span bytes)
{
	static struct sip_msg msg, again;
	enum parse_result result;

	for (int whole = 0; whole < 2; whole++) {
		result = sip_parse(bytes, whole, &msg);
		sip_check(bytes, whole, result, &msg);
		/* What the struct held before must not matter. */
		memset(&again, 0xa5, sizeof(again));
		ensure(sip_parse(bytes, whole, &again) == result);
		ensure(sip_check_same(&msg, &again));
		if (result == PARSE_OK && msg.total_len < bytes.len) {
			ensure(sip_parse(span_of(bytes.p, msg.total_len), whole, &again) == PARSE_OK);
			ensure(sip_check_same(&msg, &again));
		}
		if (result == PARSE_MORE || msg.header_end == 0)
			continue;
		for (unsigned i = 0; i < msg.header_count; i++)
			read_value(sip_header_value(&msg, &msg.headers[i]));
	}
}
