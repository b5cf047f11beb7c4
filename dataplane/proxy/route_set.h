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

/* Not for others: a request that names a route. */
must_use int route_set_read_routes(
	struct route_set *set, const struct sip_msg *msg, const struct snapshot *snap);
void route_set_edit_routes(const struct route_set *set, const struct sip_msg *msg, struct sip_edits *edits);

/* Returns 0, or -EINVAL when a Route cannot be read or there are too many. Most requests have none. */
must_use static inline int route_set_read(
	struct route_set *set, const struct sip_msg *msg, const struct snapshot *snap)
{
	set->request_uri = msg->uri;
	set->has_next = false;
	set->has_cookie = false;
	set->cookie_bad = false;
	set->next_is_strict = false;
	set->request_uri_was_ours = false;
	set->maddr_is_ours = false;
	set->count = 0;
	set->first = 0;
	set->end = 0;
	if (likely_true(!sip_header_first(msg, SIP_HDR_ROUTE) && msg->uri.params.len == 0))
		return 0;
	return route_set_read_routes(set, msg, snap);
}

/* Must the request be changed because of it? */
static inline bool route_set_edits(const struct route_set *set)
{
	return set->count > 0 || set->maddr_is_ours;
}

/* The edits that the outgoing request needs because of it: Route lines and Request-URI. */
static inline void route_set_edit(
	const struct route_set *set, const struct sip_msg *msg, struct sip_edits *edits)
{
	if (unlikely_true(route_set_edits(set)))
		route_set_edit_routes(set, msg, edits);
}

#endif
