/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `test route` and `test acl`: the proxy's own decision on the current snapshot, told step by step. */
#include "control/handlers.h"

#include "policy/domain.h"
#include "proxy/explain.h"

#include <errno.h>
#include <string.h>

__attribute__((format(printf, 3, 4))) static void add_step(
	json_t *rows, const char *step, const char *format, ...)
{
	char text[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_array_append_new(rows, json_pack("[s, s]", step, text));
}

static void trust_text(const struct daemon *daemon, const struct trust *trust, char *buf, size_t size)
{
	if (trust->acl_entry >= 0)
		snprintf(buf, size, "admitted by entry %s",
			config_acl_at(daemon->running, (uint32_t)trust->acl_entry)->pattern);
	else if (trust->node)
		snprintf(buf, size, "admitted as node %s", trust->node->name);
	else
		snprintf(buf, size, "refused: no entry admits it");
}

static bool read_address(struct call *call, const char *name, struct ip_addr *ret_addr)
{
	const char *text = call_value(call, name);

	if (ip_parse(span_str(text), ret_addr) == 0)
		return true;
	call_error(call, API_BAD_ARGUMENTS, "%s: '%s' is not an IP address", name, text);
	return false;
}

void test_acl(struct daemon *daemon, struct call *call)
{
	struct ip_addr source;
	struct trust trust;
	char verdict[320];

	/* The entry's index is the snapshot's: wait until the model is of the same generation. */
	if (change_must_wait(daemon, call) || !read_address(call, "address", &source))
		return;
	trust = trust_of(daemon->publisher.current, &source);
	trust_text(daemon, &trust, verdict, sizeof(verdict));
	call_result(call, json_pack("{s:s, s:b, s:s}", "address", call_value(call, "address"), "admitted",
				  trust.admitted, "reason", verdict));
}

static void domain_step(const struct daemon *daemon, const struct target_steps *steps, json_t *rows)
{
	if (!steps->domain_asked)
		add_step(rows, "domain", "not asked");
	else if (steps->domain == DOMAIN_ANY)
		add_step(rows, "domain", "any: none are configured");
	else if (steps->domain == DOMAIN_UNKNOWN)
		add_step(rows, "domain", "not one of ours");
	else
		add_step(rows, "domain", "%s",
			config_domain_at(daemon->running, (uint32_t)steps->domain)->name);
}

static void candidate_step(
	const struct daemon *daemon, const struct target_pattern *looked, unsigned i, json_t *rows)
{
	const struct hop *hop = &looked->pattern->hops[i];
	const struct node *node = node_by_slot(daemon->publisher.current->nodes, hop->node_slot);
	char endpoint[ENDPOINT_TEXT_MAX] = "no node";

	if (node)
		endpoint_format(&node->remote, endpoint);
	/* pwf as in the log (R-RT-7): priority, weight, flags. */
	add_step(rows, "candidate", "%s %s;%s pwf %u:%u:%u: %s", node ? node->name : "-", endpoint,
		node ? transport_name(node->transport) : "-", hop->priority, hop->weight,
		looked->pattern->hop_flags[i], node_verdict_name(looked->verdicts[i]));
}

static void pattern_steps(const struct daemon *daemon, const struct target_steps *steps, json_t *rows)
{
	char text[320];

	for (unsigned i = 0; i < steps->pattern_count; i++) {
		const struct target_pattern *looked = &steps->patterns[i];
		const struct route_pattern *pattern = looked->pattern;
		route_pattern_format(pattern, text, sizeof(text));
		add_step(rows, "pattern", "%s%s%s", text, pattern->flags & ROUTE_BLOCK ? " (blocks)" : "",
			pattern->flags & ROUTE_LESS_SPECIFIC ? " (allows less specific)" : "");
		for (unsigned hop = 0; hop < pattern->hop_count; hop++)
			candidate_step(daemon, looked, hop, rows);
	}
	if (steps->pattern_count == 0)
		add_step(rows, "pattern", "none was looked at");
}

static void target_step(const struct target *target, json_t *rows)
{
	char endpoint[ENDPOINT_TEXT_MAX];

	switch (target->kind) {
	case TARGET_NODE:
		endpoint_format(&target->node->remote, endpoint);
		add_step(rows, "result", "node %s (%s)", target->node->name, endpoint);
		break;
	case TARGET_DIRECT:
		endpoint_format(&target->endpoint, endpoint);
		add_step(rows, "result", "%s, which is no node", endpoint);
		break;
	case TARGET_SELF:
		add_step(rows, "result", "the balancer itself");
		break;
	case TARGET_REFUSED:
		add_step(rows, "result", "refused with %u: %s", target->status,
			stat_infos[target->reason].doc);
		break;
	}
}

void test_route(struct daemon *daemon, struct call *call)
{
	/* Too large for the stack; one control thread, one at a time. */
	static struct explanation explanation;
	struct explain_query query = {.uri = span_str(call_value(call, "uri"))};
	bool has_source = call_value(call, "address") != NULL;
	char verdict[320];
	json_t *rows;

	/* Steps name entries of the model by their place in the snapshot: both must be of the same
	 * generation. */
	if (change_must_wait(daemon, call))
		return;
	if (has_source && !read_address(call, "address", &query.from))
		return;
	if (proxy_explain(daemon->publisher.current, &query, &explanation) < 0) {
		call_error(call, API_BAD_ARGUMENTS, "uri: '%s' cannot be read; sip:user@host is expected",
			call_value(call, "uri"));
		return;
	}
	rows = json_array();
	if (has_source) {
		trust_text(daemon, &explanation.trust, verdict, sizeof(verdict));
		add_step(rows, "acl", "%s", verdict);
	}
	domain_step(daemon, &explanation.steps, rows);
	pattern_steps(daemon, &explanation.steps, rows);
	if (has_source && !explanation.trust.admitted)
		add_step(rows, "result", "refused: the source is not admitted");
	else
		target_step(&explanation.target, rows);
	call_rows(call, cursor_of_rows(rows));
}
