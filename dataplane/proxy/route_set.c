/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 3261 16.4 and 16.6 step 6. Called for requests with a Route, or parameters in the Request-URI. A
 * Route value is ours when its host is one of our addresses: we write literals only, and no other SIP element
 * lives on our addresses.
 */
#include "proxy/route_set.h"

#include <errno.h>

static bool uri_is_ours(const struct snapshot *snap, const struct sip_uri *uri)
{
	struct ip_addr ip;

	return (uri->scheme == SIP_SCHEME_SIP || uri->scheme == SIP_SCHEME_SIPS) &&
	       ip_parse(uri->host, &ip) == 0 && snapshot_is_local_ip(snap, &ip);
}

static int values_read(struct route_set *set, const struct sip_msg *msg)
{
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_ROUTE);

	for (; header; header = sip_header_next(msg, header)) {
		struct span rest = sip_header_value(msg, header);
		struct span element;

		while (sip_list_next(&rest, &element)) {
			struct sip_name_addr addr;

			if (set->count == ROUTE_VALUES_MAX || sip_name_addr_parse(element, &addr) != 0)
				return -EINVAL;
			set->values[set->count++] =
				(struct route_value){.whole = element, .uri = addr.uri, .header = header};
		}
	}
	set->end = set->count;
	return 0;
}

static void cookie_take(struct route_set *set, const struct sip_uri *uri, const struct sip_msg *msg,
	const struct snapshot *snap)
{
	struct span text;

	if (set->has_cookie || !sip_param_find(uri->params, COOKIE_PARAM, &text))
		return;
	if (cookie_read(text, &snap->keys, msg->call_id, &set->cookie) == 0)
		set->has_cookie = true;
	else
		set->cookie_bad = true;
}

/*
 * "If the Request-URI contains a value this proxy previously placed into a Record-Route header field, the
 * proxy MUST replace the Request-URI with the last value from the Route header field."
 */
static int undo_strict_router(struct route_set *set, const struct sip_msg *msg, const struct snapshot *snap)
{
	struct span text;

	if (set->count == 0 || !uri_is_ours(snap, &set->request_uri) ||
		!sip_param_find(set->request_uri.params, COOKIE_PARAM, &text))
		return 0;
	cookie_take(set, &set->request_uri, msg, snap);
	set->request_uri_was_ours = true;
	set->end--;
	return sip_uri_parse(set->values[set->end].uri, &set->request_uri);
}

/* All of ours that stand at the top: two when the two sides are of different address families. */
static int take_own_values(struct route_set *set, const struct sip_msg *msg, const struct snapshot *snap)
{
	struct span lr;

	for (; set->first < set->end; set->first++) {
		if (sip_uri_parse(set->values[set->first].uri, &set->next) != 0)
			return -EINVAL;
		if (!uri_is_ours(snap, &set->next)) {
			set->has_next = true;
			set->next_is_strict = !sip_param_find(set->next.params, "lr", &lr);
			return 0;
		}
		cookie_take(set, &set->next, msg, snap);
	}
	return 0;
}

int route_set_read_routes(struct route_set *set, const struct sip_msg *msg, const struct snapshot *snap)
{
	struct span maddr;
	struct ip_addr ip;

	if (values_read(set, msg) != 0 || undo_strict_router(set, msg, snap) != 0 ||
		take_own_values(set, msg, snap) != 0)
		return -EINVAL;
	set->maddr_is_ours = sip_param_find(set->request_uri.params, "maddr", &maddr) &&
			     ip_parse(maddr, &ip) == 0 && snapshot_is_local_ip(snap, &ip);
	return 0;
}

/* Takes the values of one header line that do not stay out; [begin, end) are the indices of its values. */
static void edit_line(const struct route_set *set, const struct sip_msg *msg, unsigned begin, unsigned end,
	struct sip_edits *edits)
{
	unsigned keep_begin = begin > set->first ? begin : set->first;
	unsigned keep_end = end < set->end ? end : set->end;

	if (keep_begin >= keep_end) {
		sip_edit_delete(edits, sip_header_line(msg, set->values[begin].header));
		return;
	}
	if (keep_begin > begin)
		sip_edit_delete(
			edits, span_from(set->values[begin].whole.p, set->values[keep_begin].whole.p));
	if (keep_end < end)
		sip_edit_delete(edits, span_from(span_end(set->values[keep_end - 1].whole),
					       span_end(set->values[end - 1].whole)));
}

/* "the proxy MUST strip the maddr and any non-default port or transport parameter" (RFC 3261 16.4) */
static void strip_maddr(const struct sip_uri *uri, struct sip_edits *edits)
{
	static const char *const names[] = {"maddr", "transport"};
	struct span value;

	if (uri->port != 0)
		sip_edit_delete(edits, span_from(span_end(uri->host), uri->params.p - 1));
	for (unsigned i = 0; i < 2; i++) {
		if (sip_param_find(uri->params, names[i], &value) && value.len > 0)
			sip_edit_delete(edits, span_from(value.p - strlen(names[i]) - 2, span_end(value)));
	}
}

/* "stripping any parameters that are not allowed in a Request-URI" (12.2.1.1): headers are not (table 1
 * of 19.1.1). */
static struct span as_request_uri(const struct sip_uri *uri)
{
	return uri->headers.len > 0 ? span_from(uri->whole.p, uri->headers.p - 1) : uri->whole;
}

static void edit_request_uri(const struct route_set *set, const struct sip_msg *msg, struct sip_edits *edits)
{
	struct sip_writer w;
	const char *at;

	if (set->has_next && set->next_is_strict) {
		/* 16.6 step 6: the Request-URI moves to the end of the route, the first value takes its
		 * place. */
		at = span_end(sip_header_line(msg, set->values[set->count - 1].header));
		w = sip_edit_begin(edits);
		sip_write_lit(&w, "Route: <");
		sip_write(&w, set->request_uri.whole);
		sip_write_lit(&w, ">\r\n");
		sip_edit_end_insert(edits, at, &w);
		sip_edit_replace(edits, msg->uri.whole, as_request_uri(&set->next));
	} else if (set->request_uri_was_ours) {
		sip_edit_replace(edits, msg->uri.whole, as_request_uri(&set->request_uri));
	} else if (set->maddr_is_ours) {
		strip_maddr(&set->request_uri, edits);
	}
}

void route_set_edit_routes(const struct route_set *set, const struct sip_msg *msg, struct sip_edits *edits)
{
	struct route_set moved;
	unsigned begin = 0;

	if (set->has_next && set->next_is_strict) {
		moved = *set;
		moved.first++;
		edit_request_uri(set, msg, edits);
		set = &moved;
	} else {
		edit_request_uri(set, msg, edits);
	}
	for (unsigned i = 1; i <= set->count; i++) {
		if (i < set->count && set->values[i].header == set->values[begin].header)
			continue;
		edit_line(set, msg, begin, i, edits);
		begin = i;
	}
}
