/* SPDX-License-Identifier: GPL-2.0-or-later */
/* URIs as spans into the message: SIP and SIPS (RFC 3261 19.1), tel (RFC 3966), and any other scheme. */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "base/ensure.h"
#include "base/span.h"
#include "sip/field.h"

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

/*
 * Reads one URI that fills `text` (no angle brackets, no blanks). A host is a name, an IPv4 address or an
 * IPv6 reference in brackets. Returns 0 and sets *ret_uri, or -EINVAL.
 */
must_use int sip_uri_parse(struct span text, struct sip_uri *ret_uri);

#endif
