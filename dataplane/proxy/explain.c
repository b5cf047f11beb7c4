/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called by control for `test route`, on the snapshot that the workers have. */
#include "proxy/explain.h"

#include "proxy/proxy_priv.h"

#include <errno.h>

int proxy_explain(
	const struct snapshot *snap, const struct explain_query *query, struct explanation *ret_explanation)
{
	struct explanation *explanation = ret_explanation;
	struct target_query target_query = {
		.snap = snap,
		.worker = snap->worker_count,
		.node_key = request_node_key(query->call_id),
		.steps = &explanation->steps,
	};
	struct sip_uri uri;

	if (sip_uri_parse(query->uri, &uri) != 0)
		return -EINVAL;
	explanation->trust = (struct trust){.acl_entry = ACL_REFUSED};
	if (query->from.family != IP_NONE)
		explanation->trust = trust_of(snap, &query->from);
	explanation->steps.domain_asked = false;
	explanation->steps.pattern_count = 0;
	target_query.from_node = explanation->trust.node;
	explanation->target = target_of_request_uri(&target_query, &uri);
	return 0;
}
