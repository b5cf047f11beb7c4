/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a method of the table to the function behind it. A test sees to it that none is missing. */
#include "control/dispatch.h"

#include <string.h>

const struct dispatch_entry dispatch_entries[] = {
	{"show.acl", show_acl},
	{"show.config", show_config},
	{"show.domain", show_domain},
	{"show.domain.refused", show_domain_refused},
	{"show.generation", show_generation},
	{"show.key", show_key},
	{"show.listener", show_listener},
	{"show.log", show_log},
	{"show.memory", show_memory},
	{"show.connection", show_connection},
	{"show.neighbour", show_neighbour},
	{"show.node", show_node},
	{"show.node.history", show_node_history},
	{"show.port", show_port},
	{"show.route", show_route},
	{"show.stats", show_stats},
	{"show.trace", show_trace},
	{"show.version", show_version},
	{"show.worker", show_worker},
	{"add.acl", change_entry},
	{"add.domain", change_entry},
	{"add.key", add_key},
	{"add.node", change_entry},
	{"add.route", change_entry},
	{"del.acl", change_entry},
	{"del.domain", change_entry},
	{"del.node", change_entry},
	{"del.route", change_entry},
	{"set.acl", change_entry},
	{"set.domain", change_entry},
	{"set.failback", set_failback},
	{"set.log", set_log},
	{"set.node", change_entry},
	{"set.node.admin", set_node_admin},
	{"set.node.failback", set_node_failback},
	{"set.probe", set_probe},
	{"set.route", change_entry},
	{"set.trace", set_trace},
	{"clear.stats", clear_stats},
	{"commit", commit},
	{"diff", diff},
	{"reload", reload},
	{"rollback", rollback},
	{"rotate.key", rotate_key},
	{"test.acl", test_acl},
	{"test.route", test_route},
	{"complete", complete},
	{"stop", stop},
};

const size_t dispatch_entry_count = sizeof(dispatch_entries) / sizeof(dispatch_entries[0]);

void dispatch_call(void *ctx, struct call *call)
{
	const char *method = call_command(call)->method;

	for (size_t i = 0; i < dispatch_entry_count; i++) {
		if (strcmp(dispatch_entries[i].method, method) != 0)
			continue;
		dispatch_entries[i].handler(ctx, call);
		return;
	}
	call_error(call, API_INTERNAL, "nobody answers %s", method);
}
