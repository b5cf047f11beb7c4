/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of commands: what exists, who may, and what is said about it. Columns are a promise: scripts read
 * them, so new ones go to the end.
 */
#include "control/api.h"

#define NODE_NAME                                      \
	{                                              \
		"name", NULL, "node", "A node's name." \
	}
#define NODE_CHANGED                                        \
	{                                                   \
		"name", NULL, "node", "The node to change." \
	}

const struct api_command api_commands[] = {
	/* ---- show ---- */
	{"show.acl", "show acl", API_READ, "pattern description", "The sources that are admitted.", {{0}}},
	{"show.config", "show config", API_READ, "line",
		"The running configuration, as commit would write it.", {{0}}},
	{"show.connection", "show connection", API_READ,
		"worker remote local_port kind state node choked send_queued_bytes",
		"Stream connections: accepted, of a node's pool, or opened to another peer.", {{0}}},
	{"show.domain", "show domain", API_READ, "name description", "The presence domains we serve.", {{0}}},
	{"show.domain.refused", "show domain refused", API_READ, "name requests",
		"Domains that requests were refused for because they are not served, since the start.",
		{{0}}},
	{"show.generation", "show generation", API_READ, "generation when effective_ms what",
		"The changes since the start, newest last; rollback takes them back.", {{0}}},
	{"show.key", "show key", API_READ, "place use id",
		"The keys that dialogs are known by, by an id that does not tell them: sign seals, next and "
		"old "
		"are accepted.",
		{{0}}},
	{"show.listener", "show listener", API_READ, "name address port transport acl mode record_route",
		"Where requests are received.", {{0}}},
	{"show.log", "show log [--lines=count]", API_READ, "when level text", "The last lines of the log.",
		{{"count", NULL, NULL, "How many lines; 100 unless told."}}},
	{"show.memory", "show memory", API_READ, "kind name used size exhausted bytes",
		"Packet pools and the other fixed stores, and the allocator's figures, in all and by arena.",
		{{0}}},
	{"show.neighbour", "show neighbour", API_READ, "worker port address mac state unused_ms",
		"The link addresses each worker knows, and the neighbours it waits for.", {{0}}},
	{"show.node", "show node [name]", API_READ,
		"name address port transport configured admin health flags since_ms probe_ok_ms_ago "
		"flaps requests responses p50_us p90_us p99_us p999_us",
		"Nodes: administrative state in the file and now, health, traffic and latency.", {NODE_NAME}},
	{"show.node.history", "show node history [name]", API_READ, "when name from to reason detect_ms",
		"The last changes of state of all nodes, or of one.", {NODE_NAME}},
	{"show.port", "show port", API_READ,
		"name device mac mtu queues rx_packets tx_packets rx_missed rx_errors tx_errors",
		"Network devices and their own counters.", {{0}}},
	{"show.route", "show route [pattern]", API_READ,
		"pattern match_uri type next_hop priority weight in_service block allow_less_specific "
		"description",
		"Routes in the order they were given.",
		{{"pattern", NULL, "route", "Only the routes of this pattern."}}},
	{"show.stats", "show stats [worker]", API_READ, "name unit value delta doc",
		"Counters: the sum over all workers, or of one; delta counts from the last `clear stats`.",
		{{"worker", NULL, NULL, "A worker's number."}}},
	{"show.trace", "show trace", API_READ, "category state lines",
		"Trace categories: on or off, and the lines written; the last row counts what the rate limit "
		"left out.",
		{{0}}},
	{"show.version", "show version", API_READ, NULL, "Version, uptime and generation of the daemon.",
		{{0}}},
	{"show.worker", "show worker", API_READ,
		"worker core loops busy_percent napped_percent loop_longest_us loop_longest_10s_us messages "
		"cycles_per_message generation lagging mbufs_used mbufs_size connections half_open time_wait "
		"pinned_bytes",
		"The poll loops: load, longest loop, cost of a message, generation, packet buffers and "
		"connections.",
		{{0}}},

	/* ---- change ---- */
	{"add.acl", "add acl <pattern> [key=value]...", API_CHANGE, NULL, "Admits a source.",
		{{"pattern", NULL, NULL, "all, an address or a prefix."}}},
	{"add.domain", "add domain <name> [key=value]...", API_CHANGE, NULL,
		"Serves one more presence domain.",
		{{"name", NULL, NULL, "The domain, exactly as it stands in addresses."}}},
	{"add.key", "add key", API_CHANGE, NULL,
		"Draws the next key, which is accepted from now on in the place of the old one; rotate key "
		"then "
		"signs with it.",
		{{0}}},
	{"add.node", "add node <name> <key=value>...", API_CHANGE, NULL, "Declares a node.",
		{{"name", NULL, NULL, "Its name, not yet taken."}}},
	{"add.route", "add route <key=value>...", API_CHANGE, NULL,
		"Adds a route; answers when every worker uses it, with effective_ms.", {{0}}},
	{"del.acl", "del acl <pattern>", API_CHANGE, NULL, "No longer admits a source.",
		{{"pattern", NULL, "acl", "As shown by show acl."}}},
	{"del.domain", "del domain <name>", API_CHANGE, NULL, "No longer serves a domain.",
		{{"name", NULL, "domain", "As shown by show domain."}}},
	{"del.node", "del node <name>", API_CHANGE, NULL, "Removes a node that no route names.",
		{{"name", NULL, "node", "The node to remove."}}},
	{"del.route", "del route <key=value>...", API_CHANGE, NULL,
		"Removes a route: its pattern, and its next_hop where several share the pattern.", {{0}}},
	{"set.acl", "set acl <pattern> <key=value>...", API_CHANGE, NULL, "Changes an ACL entry.",
		{{"pattern", NULL, "acl", "The entry to change."}}},
	{"set.domain", "set domain <name> <key=value>...", API_CHANGE, NULL, "Changes a domain's entry.",
		{{"name", NULL, "domain", "The domain to change."}}},
	{"set.failback", "set failback <mode>", API_CHANGE, NULL,
		"Says whether a node that came back takes its work back by itself.",
		{{"mode", "auto|manual", NULL,
			"auto: after probe.hold_ms. manual: set node <name> failback."}}},
	{"set.log", "set log <level>", API_CHANGE, NULL, "How much is logged.",
		{{"level", "error|warning|info|debug", NULL, "Lines below this level are not written."}}},
	{"set.node", "set node <name> <key=value>...", API_CHANGE, NULL, "Changes a node.", {NODE_CHANGED}},
	{"set.node.admin", "set node <name> admin <state>", API_CHANGE, NULL,
		"Takes a node out of service or back.",
		{NODE_CHANGED, {"state", "ready|drain|maint", NULL,
				       "drain: only requests of dialogs it has. maint: nothing."}}},
	{"set.node.failback", "set node <name> failback", API_CHANGE, NULL,
		"Gives a node that came back its work at once.", {NODE_CHANGED}},
	{"set.probe", "set probe <key=value>...", API_CHANGE, NULL,
		"Changes the probe settings of all nodes.", {{0}}},
	{"set.route", "set route <key=value>...", API_CHANGE, NULL,
		"Changes a route: pattern (and next_hop) find it, the other keys are new.", {{0}}},
	{"set.trace", "set trace <category> <state>", API_CHANGE, NULL, "Switches one trace category.",
		{{"category", "sip_udp|sip_tcp|sip_tls|server|sip_message|method_routing|routing|all", NULL,
			 "What to trace."},
			{"state", "on|off", NULL, "Lines above the rate limit are counted, not written."}}},
	{"clear.stats", "clear stats", API_CHANGE, NULL,
		"Lets the delta of show stats begin at zero; the counters themselves go on.", {{0}}},

	/* ---- the file ---- */
	{"commit", "commit", API_CHANGE, NULL, "Writes the running configuration to the file.", {{0}}},
	{"diff", "diff", API_READ, "change",
		"What commit would change: the running configuration against the file.", {{0}}},
	{"reload", "reload", API_CHANGE, NULL,
		"Reads the file again and applies what differs, as SIGHUP does.", {{0}}},
	{"rollback", "rollback [count]", API_CHANGE, NULL, "Takes back the last change, or the last ones.",
		{{"count", NULL, NULL, "How many; 1 unless told."}}},

	{"rotate.key", "rotate key", API_CHANGE, NULL,
		"Signs with the next key, or a new one if there is none; the last one is still accepted.",
		{{0}}},

	/* ---- test ---- */
	{"test.acl", "test acl <address>", API_READ, NULL,
		"Says whether a source is admitted, and by what entry.",
		{{"address", NULL, NULL, "An IP address."}}},
	{"test.route", "test route <uri> [--from=address]", API_READ, "step result",
		"Explains where a request would go, without sending one.",
		{{"uri", NULL, NULL, "The Request-URI."},
			{"address", NULL, NULL,
				"Where the request would come from; without it the ACL is not asked."}}},

	/* ---- for tools ---- */
	{"complete", "complete <what> [prefix]", API_READ, "name",
		"Names that begin with the prefix, for completion.",
		{{"what",
			 "node|route|acl|domain|listener|port|route-key|node-key|acl-key|domain-key|probe-"
			 "key",
			 NULL, "Whose names."},
			{"prefix", NULL, NULL, "How they begin."}}},
	{"stop", "stop", API_CHANGE, NULL, "Ends the daemon, as SIGTERM does.", {{0}}},
};

const size_t api_command_count = sizeof(api_commands) / sizeof(api_commands[0]);

const struct api_error_info api_errors[] = {
	{API_PARSE_ERROR, "parse_error", "The line is not JSON."},
	{API_INVALID_REQUEST, "invalid_request",
		"The line is JSON but no request: it needs jsonrpc, id and method."},
	{API_UNKNOWN_METHOD, "unknown_method", "No command has this name."},
	{API_BAD_ARGUMENTS, "bad_arguments", "An argument is missing, unknown or not one of the choices."},
	{API_INTERNAL, "internal", "The daemon could not do it; its log says more."},
	{API_REFUSED, "refused", "The change would not be right; the findings say why. Nothing was changed."},
	{API_NOT_FOUND, "not_found", "There is nothing of that name."},
	{API_DENIED, "denied", "Only root and the daemon's own user may change things."},
	{API_BUSY, "busy", "Too many connections or changes under way; try again."},
	{API_TOO_LONG, "too_long", "The request is longer than 65536 bytes; the connection is closed."},
	{API_TOO_SLOW, "too_slow", "The rest of the line did not come in time; the connection is closed."},
	{API_UNAVAILABLE, "unavailable", "This instance does not have what was asked for."},
};

const size_t api_error_count = sizeof(api_errors) / sizeof(api_errors[0]);
