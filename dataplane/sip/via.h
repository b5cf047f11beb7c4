/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One Via element as spans into the message (RFC 3261 20.42, RFC 3581). */
#ifndef SIP_VIA_H
#define SIP_VIA_H

#include "base/ensure.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct sip_via {
	struct span whole;     /* the element, without the commas around it */
	struct span transport; /* "UDP", "TCP", "TLS", or another token */
	struct span host;      /* sent-by host, brackets included */
	struct span params;    /* behind the first ';' */
	struct span branch;    /* empty when absent (RFC 2543 peers) */
	struct span received;
	struct span maddr;
	struct span rport; /* its value; without one empty, right behind the parameter's name */
	uint16_t port;     /* sent-by port in host order; 0 when absent */
	bool has_rport;    /* the parameter is there, with or without a value */
	bool rport_filled; /* ... with a value */
};

/* Reads one element. Returns 0 and sets *ret_via, or -EINVAL. */
must_use int sip_via_parse(struct span element, struct sip_via *ret_via);

/*
 * Takes the first element off a Via header's value; *rest is then what stands behind the comma, empty after
 * the last one. Returns 0 or -EINVAL, which an empty *rest gives too.
 */
must_use int sip_via_next(struct span *rest, struct sip_via *ret_via);

#endif
