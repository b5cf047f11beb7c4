/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Readers of lists, addresses and parameters. They are looser than the grammar where nothing becomes
 * ambiguous (empty parameters, bytes above 0x7f in a display name) and strict where another reader of the
 * same bytes could come to another answer (quotes, brackets, blanks inside a URI).
 */
#include "sip/field.h"
#include "sip/field_priv.h"
#include "sip/stops_priv.h"

#include <errno.h>
#include <limits.h>

static struct cursor whole_of(struct span text)
{
	return cursor_of(text, span_end(text));
}

int param_next(struct cursor *at, struct span *ret_name, struct span *ret_value)
{
	struct cursor c = *at;

	*ret_value = span_of(NULL, 0);
	do {
		cursor_skip_blanks(&c);
	} while (cursor_accept(&c, ';'));
	if (cursor_done(&c))
		return 0;
	*ret_name = cursor_take(&c, &class_param_name);
	cursor_skip_blanks(&c);
	if (cursor_accept(&c, '=')) {
		cursor_skip_blanks(&c);
		if (!cursor_at(&c, '"')) {
			*ret_value = cursor_take(&c, &class_value);
		} else if (!cursor_take_quoted(&c, ret_value)) {
			at->p = c.end;
			return -EINVAL;
		}
		cursor_skip_blanks(&c);
	}
	at->p = c.p;
	return cursor_done(&c) || cursor_accept(at, ';') ? 1 : -EINVAL;
}

void param_skip(struct cursor *c)
{
	struct span ignored;

	for (;;) {
		cursor_skip_until(c, &class_param_stop);
		if (cursor_done(c) || cursor_accept(c, ';'))
			return;
		if (!cursor_take_quoted(c, &ignored))
			return;
	}
}

bool sip_param_search(struct span params, const char *name, struct span *ret_value)
{
	struct cursor c = whole_of(params);
	struct span wanted = span_str(name);
	struct span found;
	struct span value;
	int rc;

	while ((rc = param_next(&c, &found, &value)) != 0) {
		if (rc < 0) {
			param_skip(&c);
		} else if (span_ieq(found, wanted)) {
			*ret_value = value;
			return true;
		}
	}
	return false;
}

/* Moves to the comma that ends an element, or to the end. */
static void list_element_end(struct cursor *c)
{
	struct span ignored;

	for (;;) {
		cursor_skip_until(c, &class_list_stop);
		if (cursor_done(c) || *c->p == ',')
			return;
		if (*c->p == '"') {
			if (!cursor_take_quoted(c, &ignored))
				return;
			continue;
		}
		while (!cursor_done(c) && *c->p != '>')
			c->p++;
	}
}

bool sip_list_next(struct span *rest, struct span *ret_element)
{
	struct cursor c = whole_of(*rest);
	const char *begin;

	do {
		cursor_skip_blanks(&c);
	} while (cursor_accept(&c, ','));
	if (cursor_done(&c))
		return false;
	begin = c.p;
	list_element_end(&c);
	*ret_element = span_trim(span_from(begin, c.p));
	cursor_accept(&c, ',');
	*rest = span_from(c.p, c.end);
	return true;
}

/* An unquoted display name up to '<'. Bytes above 0x7f belong in quotes; taken all the same. */
static inline bool display_take(struct cursor *c, struct span *ret_display)
{
	const char *begin = c->p;

	for (;;) {
		cursor_take(c, &class_display);
		if (cursor_done(c) || (unsigned char)*c->p < 0x80)
			break;
		c->p++;
	}
	*ret_display = span_trim(span_from(begin, c->p));
	return cursor_at(c, '<');
}

/* "<" URI ">"; the cursor stands on the bracket. */
static inline bool bracketed_take(struct cursor *c, struct span *ret_uri)
{
	if (!cursor_accept(c, '<'))
		return false;
	*ret_uri = cursor_take(c, &class_uri);
	return !span_empty(*ret_uri) && cursor_accept(c, '>');
}

/* display-name and URI, or the URI alone. */
static inline bool address_take(struct cursor *c, struct sip_name_addr *name_addr)
{
	const char *begin = c->p;

	if (cursor_at(c, '<'))
		return bracketed_take(c, &name_addr->uri);
	if (cursor_at(c, '"')) {
		if (!cursor_take_quoted(c, &name_addr->display))
			return false;
		cursor_skip_blanks(c);
		return bracketed_take(c, &name_addr->uri);
	}
	if (display_take(c, &name_addr->display))
		return bracketed_take(c, &name_addr->uri);
	c->p = begin;
	name_addr->display = span_of(NULL, 0);
	name_addr->uri = cursor_take(c, &class_addr_spec);
	return !span_empty(name_addr->uri);
}

int name_addr_read(const struct cursor *at, struct sip_name_addr *ret_name_addr)
{
	struct cursor c = *at;

	ret_name_addr->display = span_of(NULL, 0);
	ret_name_addr->params = span_of(NULL, 0);
	cursor_skip_blanks(&c);
	if (!address_take(&c, ret_name_addr))
		return -EINVAL;
	cursor_skip_blanks(&c);
	if (cursor_done(&c))
		return 0;
	if (!cursor_accept(&c, ';'))
		return -EINVAL;
	ret_name_addr->params = span_from(c.p, c.end);
	return 0;
}

/* A display name of one word, or a quoted one without backslashes; returns where the bracket has to be. */
static inline const char *plain_display_take(
	struct stops *stops, struct span value, const char *limit, const char **stop)
{
	const char *p = value.p;

	if (*stop != p) {
		if (**stop != ' ' || scan_while(p, *stop, limit, &class_token) != *stop)
			return NULL;
		p = *stop;
	} else {
		do {
			*stop = stops_next(stops, limit, &class_uri);
			if (*stop >= span_end(value) || **stop == '\\')
				return NULL;
		} while (**stop != '"');
		p = *stop + 1;
		*stop = stops_next(stops, limit, &class_uri);
	}
	if (*p == ' ') {
		p++;
		*stop = stops_next(stops, limit, &class_uri);
	}
	return p;
}

bool plain_address_read(struct span value, const char *limit, struct span *ret_params)
{
	struct stops stops = stops_look(value.p, limit, &class_uri);
	const char *stop = stops_next(&stops, limit, &class_uri);
	const char *p = value.p;

	if (stop != p || *p == '"')
		p = plain_display_take(&stops, value, limit, &stop);
	if (stop != p || *p != '<')
		return false;
	p++;
	stop = stops_next(&stops, limit, &class_uri);
	if (stop == p || *stop != '>')
		return false;
	p = stop + 1;
	if (p == span_end(value)) {
		*ret_params = span_of(NULL, 0);
		return true;
	}
	*ret_params = span_from(p + 1, span_end(value));
	return *p == ';';
}

int sip_name_addr_parse(struct span element, struct sip_name_addr *ret_name_addr)
{
	struct cursor c = whole_of(element);
	struct sip_name_addr name_addr;
	int rc = name_addr_read(&c, &name_addr);

	if (rc == 0) {
		*ret_name_addr = name_addr;
		ret_name_addr->params = span_trim(name_addr.params);
	}
	return rc;
}

/* The value of a hex digit, or -1. */
static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int sip_unescape(struct span text, char *buf, size_t buf_size)
{
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char byte = text.p[i];

		if (byte == '%' && text.len - i > 2) {
			int high = hex_value(text.p[i + 1]);
			int low = hex_value(text.p[i + 2]);

			if (high >= 0 && low >= 0) {
				byte = (char)(high << 4 | low);
				i += 2;
			}
		}
		if (len == buf_size || len == INT_MAX)
			return -EINVAL;
		buf[len++] = byte;
	}
	return (int)len;
}
