/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the traces say about a message (R-TR-1): where its method and event package took it, and why it went
 * no further. Called by the stages at their ends. With the categories off each costs a load and a branch, so
 * nothing is made ready before that is known.
 */
#include "proxy/proxy_priv.h"

static void tell_where(const struct passage *passage, const struct target *target)
{
	const struct sip_msg *msg = passage->msg;
	const struct sip_header *event = sip_header_first(msg, SIP_HDR_EVENT);
	struct span package = event ? sip_header_value(msg, event) : span_of("", 0);
	char source[ENDPOINT_TEXT_MAX];
	char next[ENDPOINT_TEXT_MAX];

	endpoint_format(&passage->in->src, source);
	endpoint_format(&passage->out->dst, next);
	tracef(passage->proxy->trace, TRACE_METHOD_ROUTING, "%.*s%s%.*s from %s to %s%s%s",
		SPAN_ARG(msg->method), event ? ", event " : "", SPAN_ARG(package), source, next,
		target->node ? ", node " : "", target->node ? target->node->name : "");
}

void tell_forwarded(const struct passage *passage, const struct target *target)
{
	if (trace_on(passage->proxy->trace, TRACE_METHOD_ROUTING))
		tell_where(passage, target);
}

static void tell_why(const struct passage *passage, unsigned status, enum stat reason)
{
	const struct sip_msg *msg = passage->msg;
	struct trace *trace = passage->proxy->trace;
	char source[ENDPOINT_TEXT_MAX];

	endpoint_format(&passage->in->src, source);
	if (!msg->is_request)
		tracef(trace, TRACE_SIP_MESSAGE, "response %u from %s dropped: %s", msg->status, source,
			stat_infos[reason].name);
	else if (status == 0 || msg->method_id == SIP_ACK)
		tracef(trace, TRACE_SIP_MESSAGE, "%.*s from %s dropped: %s", SPAN_ARG(msg->method), source,
			stat_infos[reason].name);
	else
		tracef(trace, TRACE_SIP_MESSAGE, "%.*s from %s answered %u: %s", SPAN_ARG(msg->method),
			source, status, stat_infos[reason].name);
}

void tell_ended(const struct passage *passage, unsigned status, enum stat reason)
{
	if (trace_on(passage->proxy->trace, TRACE_SIP_MESSAGE))
		tell_why(passage, status, reason);
}
