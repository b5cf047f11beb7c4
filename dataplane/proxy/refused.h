/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which domains were asked for and are not served (R-DOM-1): mostly one that the operator forgot, so the
 * counter alone does not help. The names are a peer's, so only so many are kept; what comes after them is
 * counted together.
 */
#ifndef PROXY_REFUSED_H
#define PROXY_REFUSED_H

#include "base/span.h"
#include "limits.h"

#include <stdint.h>

struct refused_domain {
	uint64_t requests;              /* writer: the worker; readers: control, relaxed */
	uint32_t hash;                  /* of the name; the worker's own */
	uint16_t len;                   /* with the name: written once, before `count` tells of the row */
	char name[HOST_NAME_MAX_BYTES]; /* in lower case, without a trailing dot and without a NUL */
};

/* One worker's. All zero is an empty one. Rows are never taken back: a reader needs no lock. */
struct refused_domains {
	uint32_t count;  /* rows in use; writer: the worker (release), readers: control (acquire) */
	uint64_t others; /* requests for further names; writer: the worker; readers: control, relaxed */
	struct refused_domain rows[REFUSED_DOMAINS_MAX];
};

/* The worker: one request for that host was refused. Any bytes may come. */
void refused_domains_note(struct refused_domains *refused, struct span host);

/* Control: how many rows may be read. */
uint32_t refused_domains_count(const struct refused_domains *refused);

#endif
