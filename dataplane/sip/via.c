/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Via elements (RFC 3261 20.42 and 25.1, RFC 3581). The proxy trusts nothing of a Via but what it signed;
 * here is only its shape: protocol, sent-by, each parameter once. A comment behind the parameters, which
 * RFC 2543 allowed, is passed over.
 */
#include "sip/via.h"
#include "sip/literal_priv.h"
#include "sip/via_priv.h"
#include "sip/stops_priv.h"
#include "sip/uri_priv.h"

#include <errno.h>

/* "SIP/2.0/" in lower case, as a little-endian word, and the bits that make its letters so. */
#define PROTOCOL       0x2f302e322f706973ULL
#define PROTOCOL_LOWER 0x0000000000202020ULL

/* "(" ... ")", nested, with backslashes (RFC 3261 25.1, comment). Returns false when it never ends. */
static bool comment_skip(struct cursor *c)
{
	unsigned depth = 0;

	do {
		if (cursor_accept(c, '(')) {
			depth++;
		} else if (cursor_accept(c, ')')) {
			depth--;
		} else {
			c->p++;
			if (cursor_done(c))
				return false;
			c->p++;
		}
		if (depth == 0)
			return true;
		cursor_skip_until(c, &class_comment_stop);
	} while (!cursor_done(c));
	return false;
}

/* sent-protocol = name "/" version "/" transport, with blanks allowed around each slash. */
static inline int protocol_take(struct cursor *c, struct sip_via *via)
{
	uint64_t word;

	if (c->end - c->p > 8) {
		memcpy(&word, c->p, sizeof(word));
		if ((word | PROTOCOL_LOWER) == PROTOCOL) {
			c->p += 8;
			cursor_skip_blanks(c);
			via->transport = cursor_take(c, &class_token);
			return span_empty(via->transport) ? -EINVAL : 0;
		}
	}
	for (int slash = 0; slash < 2; slash++) {
		if (span_empty(cursor_take(c, &class_token)))
			return -EINVAL;
		cursor_skip_blanks(c);
		if (!cursor_accept(c, '/'))
			return -EINVAL;
		cursor_skip_blanks(c);
	}
	via->transport = cursor_take(c, &class_token);
	return span_empty(via->transport) ? -EINVAL : 0;
}

/* host [":" port], with blanks allowed around the colon. *ret_end is its end without the blanks behind it. */
static inline int sent_by_take(struct cursor *c, struct sip_via *via, const char **ret_end)
{
	struct span host;

	if (cursor_done(c) || !is_blank(*c->p))
		return -EINVAL;
	c->p++;
	cursor_skip_blanks(c);
	if (host_take(c, &host) < 0)
		return -EINVAL;
	*ret_end = c->p;
	if (cursor_accept_separator(c, ':')) {
		if (port_take(c, &via->port) < 0)
			return -EINVAL;
		*ret_end = c->p;
	}
	via->host = host;
	return 0;
}

/* Fills one field once; a parameter may not stand twice (RFC 3261 7.3.1). */
static inline int field_set(struct span *field, struct span value)
{
	if (field->p != NULL || span_empty(value))
		return -EINVAL;
	*field = value;
	return 0;
}

static inline int rport_set(struct sip_via *via, struct span name, struct span value)
{
	if (via->has_rport)
		return -EINVAL;
	via->has_rport = true;
	via->rport_filled = !span_empty(value);
	via->rport = via->rport_filled ? value : span_of(span_end(name), 0);
	return 0;
}

static inline int param_set(struct sip_via *via, struct span name, struct span value)
{
	if (NAME_IS(name, "branch"))
		return field_set(&via->branch, value);
	if (NAME_IS(name, "rport"))
		return rport_set(via, name, value);
	if (NAME_IS(name, "received"))
		return field_set(&via->received, value);
	if (NAME_IS(name, "maddr"))
		return field_set(&via->maddr, value);
	return 0;
}

/* One parameter; the cursor stands behind its ';' and the blanks there. *ret_end is its end without the
 * blanks behind it. */
static inline int param_take(struct cursor *c, struct sip_via *via, const char **ret_end)
{
	struct span value = {NULL, 0};
	struct span name;

	name = cursor_take(c, &class_param_name);
	if (span_empty(name))
		return -EINVAL;
	*ret_end = c->p;
	if (cursor_accept_separator(c, '=')) {
		if (!cursor_at(c, '"'))
			value = cursor_take(c, &class_value);
		else if (!cursor_take_quoted(c, &value))
			return -EINVAL;
		if (span_empty(value))
			return -EINVAL;
		*ret_end = c->p;
	}
	return param_set(via, name, value);
}

/* [";" params]; *ret_end moves to the end of the last one. */
static inline int params_take(struct cursor *c, struct sip_via *via, const char **ret_end)
{
	const char *begin;

	cursor_skip_blanks(c);
	begin = c->p;
	via->params = span_of(begin, 0);
	if (!cursor_accept_separator(c, ';'))
		return 0;
	do {
		if (param_take(c, via, ret_end) < 0)
			return -EINVAL;
	} while (cursor_accept_separator(c, ';'));
	via->params = span_from(begin + 1, *ret_end);
	return 0;
}

int via_read(struct cursor *at, struct sip_via *ret_via)
{
	struct cursor c = *at; /* a copy that can live in registers */
	const char *begin;
	const char *end;

	via_clear(ret_via);
	cursor_skip_blanks(&c);
	begin = c.p;
	ret_via->whole = span_from(begin, c.end);
	if (protocol_take(&c, ret_via) < 0 || sent_by_take(&c, ret_via, &end) < 0 ||
		params_take(&c, ret_via, &end) < 0)
		return -EINVAL;
	ret_via->whole = span_from(begin, end);
	if (unlikely_true(cursor_at(&c, '('))) {
		if (!comment_skip(&c))
			return -EINVAL;
		cursor_skip_blanks(&c);
	}
	at->p = c.p;
	return cursor_done(&c) || *c.p == ',' ? 0 : -EINVAL;
}

/* [";" params] from that stop on, without blanks and quotes; returns the stop behind them, or NULL. */
static inline const char *plain_params_read(
	struct stops *stops, const char *stop, const char *limit, struct sip_via *via)
{
	const char *begin = stop;

	via->params = span_of(begin, 0);
	while (*stop == ';') {
		const char *name = stop + 1;
		const char *name_end = stop = stops_next(stops, limit, &class_host);
		struct span value = {NULL, 0};

		if (name == name_end)
			return NULL;
		if (*stop == '=') {
			value.p = stop + 1;
			do
				stop = stops_next(stops, limit, &class_host);
			while (*stop != ';' && scan_has(&class_value, *stop));
			value.len = (size_t)(stop - value.p);
			if (span_empty(value))
				return NULL;
		}
		if (param_set(via, span_from(name, name_end), value) < 0)
			return NULL;
	}
	if (stop > begin)
		via->params = span_from(begin + 1, stop);
	return stop;
}

bool plain_via_read(struct span value, const char *limit, struct sip_via *ret_via)
{
	const char *end = span_end(value);
	const char *p = value.p;
	const char *stop;
	struct stops stops;
	uint64_t word;
	int64_t port;

	if (value.len <= sizeof(word))
		return false;
	memcpy(&word, p, sizeof(word));
	if ((word | PROTOCOL_LOWER) != PROTOCOL)
		return false;
	p += sizeof(word);
	stops = stops_look(p, limit, &class_host);
	stop = stops_next(&stops, limit, &class_host);
	if (stop == p || *stop != ' ')
		return false;
	ret_via->transport = span_from(p, stop);
	p = stop + 1;
	stop = stops_next(&stops, limit, &class_host);
	if (stop == p)
		return false;
	ret_via->host = span_from(p, stop);
	if (*stop == ':') {
		p = stop + 1;
		stop = stops_next(&stops, limit, &class_host);
		port = number_in(p, stop, UINT16_MAX);
		if (port <= 0)
			return false;
		ret_via->port = (uint16_t)port;
	}
	stop = plain_params_read(&stops, stop, limit, ret_via);
	if (stop == NULL || (stop != end && *stop != ','))
		return false;
	ret_via->whole = span_from(value.p, stop);
	return true;
}

int sip_via_next(struct span *rest, struct sip_via *ret_via)
{
	struct cursor c = cursor_of(*rest, span_end(*rest));
	struct sip_via via;
	int rc = via_read(&c, &via);

	if (rc < 0)
		return rc;
	cursor_accept(&c, ',');
	*rest = span_from(c.p, c.end);
	*ret_via = via;
	return 0;
}

int sip_via_parse(struct span element, struct sip_via *ret_via)
{
	struct span rest = element;
	struct sip_via via;
	int rc = sip_via_next(&rest, &via);

	if (rc < 0 || !span_empty(rest))
		return -EINVAL;
	*ret_via = via;
	return 0;
}
