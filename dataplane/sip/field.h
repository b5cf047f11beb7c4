/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pieces header fields are made of: lists, addresses, parameters, escapes (RFC 3261 7.3.1, 20.10, 25.1).
 */
#ifndef SIP_FIELD_H
#define SIP_FIELD_H

#include "base/ensure.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds a parameter by name in a ';'-separated list (case-insensitive, quoted values understood). Returns
 * true when it is there; *ret_value is then its value, quotes included, empty for a parameter without '='.
 */
bool sip_param_search(struct span params, const char *name, struct span *ret_value);

/* Inline, because most URIs have no parameters. */
static inline bool sip_param_find(struct span params, const char *name, struct span *ret_value)
{
	return params.len > 0 && sip_param_search(params, name, ret_value);
}

/*
 * Takes the next element off a comma-separated header value (quotes and angle brackets protect commas).
 * Returns false at the end. Blanks around the element are cut.
 */
bool sip_list_next(struct span *rest, struct span *ret_element);

/* A name-addr or addr-spec as in From, To, Contact, Route (RFC 3261 20.10). */
struct sip_name_addr {
	struct span display; /* quotes included */
	struct span uri;     /* inside the angle brackets */
	struct span params;  /* header parameters, without the first ';' */
};

/*
 * Reads one element that fills the span. The URI is taken as it is, but holds no blank, quote or bracket.
 * Returns 0 and sets *ret_name_addr, or -EINVAL.
 */
must_use int sip_name_addr_parse(struct span element, struct sip_name_addr *ret_name_addr);

/*
 * Undoes %XX escapes into buf (RFC 3261 19.1.2); an escape of anything but two hex digits is left as it
 * stands. The result may hold NUL. Returns the length, or -EINVAL when buf is too small.
 */
must_use int sip_unescape(struct span text, char *buf, size_t buf_size);

#endif
