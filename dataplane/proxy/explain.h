/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `test route <uri> --from <ip>`: what the proxy would do with a request outside any dialog, and why. It asks
 * the functions that the packet path asks; there is no second way to decide.
 */
#ifndef PROXY_EXPLAIN_H
#define PROXY_EXPLAIN_H

#include "proxy/target.h"
#include "proxy/trust.h"

struct explain_query {
	struct span uri;     /* the Request-URI */
	struct ip_addr from; /* the source; family IP_NONE: none given, so the ACL is not asked */
	struct span call_id; /* decides among equal nodes; empty is as good as any */
};

struct explanation {
	struct trust trust;
	struct target target; /* what a source that is admitted gets; one that is not gets 403 or silence */
	struct target_steps steps; /* how it came about */
};

/*
 * Control thread only: it uses the scratch memory that is kept for it (route_match). What comes back points
 * into the snapshot. Returns 0, or -EINVAL when the URI cannot be read.
 */
must_use int proxy_explain(
	const struct snapshot *snap, const struct explain_query *query, struct explanation *ret_explanation);

#endif
