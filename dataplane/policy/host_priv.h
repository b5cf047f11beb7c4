/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hosts and patterns in the form in which they are compared: "^.com.domaina.lyncserver.", a sentinel that no
 * host name has, then each label between dots. So a pattern "^.com.domaina." matches at label boundaries
 * only, at the start only, and where the match ends tells whether the host goes on below it.
 */
#ifndef POLICY_HOST_PRIV_H
#define POLICY_HOST_PRIV_H

#include "policy/route.h"

#include <stdbool.h>

enum {
	HOST_SCAN_SLACK_BYTES = 64, /* Hyperscan may read so far behind the text */
	HOST_TEXT_MAX_BYTES = HOST_NAME_MAX_BYTES + 3,
	HOST_LABELS_MAX = (HOST_NAME_MAX_BYTES + 1) / 2,
};

struct host_text {
	size_t len;
	char bytes[HOST_TEXT_MAX_BYTES + HOST_SCAN_SLACK_BYTES];
};

/* Writes the host reversed and in lower case; *ret_text is valid only with ROUTE_HOST_DOMAIN. */
enum route_host host_reverse(struct span host, struct host_text *ret_text);

/* Puts a bare reversed domain between the sentinels; buf has domain.len + 3 bytes. Returns the length. */
size_t host_literal(struct span domain, char *buf);

/* What is wrong with a bare reversed domain, to follow its name in an error text; NULL when nothing. */
const char *host_pattern_fault(struct span domain);

#endif
