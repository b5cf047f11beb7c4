/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URIs as spans into the message: SIP and SIPS (RFC 3261 19.1), tel (RFC 3966), and any other scheme. */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "base/ensure.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum sip_scheme { SIP_SCHEME_SIP, SIP_SCHEME_SIPS, SIP_SCHEME_TEL, SIP_SCHEME_OTHER };

struct sip_uri {
	struct span whole;
	struct span user;     /* escaped as received; empty when absent. For tel: the number */
	struct span password; /* without the colon */
	struct span host;     /* brackets of an IPv6 reference included; empty for tel and other schemes */
	struct span params;   /* from behind the first ';' on, without it */
	struct span headers;  /* from behind '?' on */
	uint16_t port;        /* host order; 0 when absent */
	uint8_t scheme;       /* enum sip_scheme */
};

/* Reads one URI that fills `text` (no angle brackets). Returns 0 and sets *ret_uri, or -EINVAL. */
must_use int sip_uri_parse(struct span text, struct sip_uri *ret_uri);

/*
 * Finds a parameter by name in a ';'-separated list (case-insensitive, quoted values understood). Returns
 * true when it is there; *ret_value is then its value, empty for a parameter without '='.
 */
bool sip_param_find(struct span params, const char *name, struct span *ret_value);

/*
 * Takes the next element off a comma-separated header value (quotes and angle brackets protect commas).
 * Returns false at the end. Blanks around the element are cut.
 */
bool sip_list_next(struct span *rest, struct span *ret_element);

/*
 * Reads a name-addr or addr-spec as in From, To, Contact, Route (RFC 3261 20.10): the URI, and the header
 * parameters behind it. Returns 0 or -EINVAL.
 */
struct sip_name_addr {
	struct span display; /* quotes included */
	struct span uri;     /* inside the angle brackets */
	struct span params;  /* header parameters, without the first ';' */
};
must_use int sip_name_addr_parse(struct span element, struct sip_name_addr *ret_name_addr);

/* Undoes %XX escapes into buf (RFC 3261 19.1.2). Returns the length, or -EINVAL when buf is too small. */
must_use int sip_unescape(struct span text, char *buf, size_t buf_size);

#endif
