/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Route header preprocessing (RFC 3261 16.4): takes our own values off the top, undoes a strict router's
 * work, and keeps what the rest of the proxy needs to know.
 */
#ifndef PROXY_ROUTE_SET_H
#define PROXY_ROUTE_SET_H

#include "base/ensure.h"
#include "limits.h"
#include "proxy/cookie.h"
#include "sip/edit.h"
#include "sip/msg.h"
#include "snapshot.h"

struct route_value {
	struct span whole;
	struct span uri;
	const struct sip_header *header;
};

struct route_set {
	struct sip_uri request_uri; /* what the request is for, after a strict router's work is undone */
	struct sip_uri next;        /* the topmost value that is not ours, when has_next */
	struct cookie cookie;       /* of the first of our own values, when has_cookie */
	bool has_next;
	bool has_cookie;
	bool cookie_bad;           /* one of our own values had a cookie that is not for this call */
	bool next_is_strict;       /* no lr: RFC 3261 16.6 step 6 */
	bool request_uri_was_ours; /* a strict router had moved us there */
	bool maddr_is_ours;
	uint8_t count;
	uint8_t first, end; /* the values that stay: [first, end) */
	struct route_value values[ROUTE_VALUES_MAX];
};

/* Returns 0, or -EINVAL when a Route cannot be read or there are too many. */
must_use int route_set_read(struct route_set *set, const struct sip_msg *msg, const struct snapshot *snap);

/* The edits that the outgoing request needs because of it: Route lines and Request-URI. */
void route_set_edit(const struct route_set *set, const struct sip_msg *msg, struct sip_edits *edits);

#endif
