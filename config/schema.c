/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of sections. The entries of lists are in schema_lists.c; both end in docs/CONFIG.md, so every doc
 * line here is written for an operator.
 */
#include "config/schema.h"

#include "config/schema_priv.h"
#include "config/text.h"

#include <ctype.h>

static const char *const huge_pages_words[] = {"auto", "off", NULL};
static const char *const idle_words[] = {"adaptive", "poll", NULL};
static const char *const method_words[] = {"options", NULL};
static const char *const failback_words[] = {"auto", "manual", NULL};
static const char *const level_words[] = {"error", "warning", "info", "debug", NULL};
static const char *const trace_words[] = {
	"sip_udp", "sip_tcp", "sip_tls", "server", "sip_message", "method_routing", "routing", NULL};

static const struct schema_key instance_keys[] = {
	{"name", SCHEMA_TEXT, AT(config_instance, name), .max = CONFIG_NAME_MAX, .fallback = "sluice",
		.complain = text_complain_name, .example = "lb-a",
		.doc = "How this balancer calls itself in logs and answers."},
	{"retry_after_s", SCHEMA_UINT, AT(config_instance, retry_after_s), .min = 1, .max = 3600,
		.fallback = "5", .example = "5",
		.doc = "Retry-After of the balancer's own 503, when no node can serve a request."},
	{"key_file", SCHEMA_TEXT, AT(config_instance, key_file), .max = CONFIG_TEXT_MAX,
		.complain = text_complain_file, .example = "/etc/sluice/keys",
		.doc = "The keys that dialogs are known by, made when it is not there. Without it a restart "
		       "forgets which node has which dialog. All instances of a cluster have the same."},
};

static const struct schema_key memory_keys[] = {
	{"huge_pages", SCHEMA_WORD, AT(config_memory, huge_pages), .fallback = "auto",
		.words = huge_pages_words, .example = "auto",
		.doc = "auto takes huge pages where the system has them, off never does."},
	{"memory_mb", SCHEMA_UINT, AT(config_memory, memory_mb), .min = 32, .max = 1 << 20, .zero = "auto",
		.fallback = "auto", .example = "512",
		.doc = "Memory for packets and tables; auto takes what the pools need."},
};

static const struct schema_key workers_keys[] = {
	{"count", SCHEMA_UINT, AT(config_workers, count), .min = 1, .max = CONFIG_WORKERS_MAX,
		.fallback = "1", .example = "2",
		.doc = "Poll-mode workers; each has a core and a queue pair of every port."},
	{"cores", SCHEMA_UINTS, AT(config_workers, cores),
		.count_offset = offsetof(struct config_workers, core_count), .items_max = CONFIG_WORKERS_MAX,
		.max = 1023, .example = "[1, 2]",
		.doc = "The cores they run on, in order. Left out, the first cores that the system offers."},
	{"idle", SCHEMA_WORD, AT(config_workers, idle), .fallback = "adaptive", .words = idle_words,
		.example = "adaptive",
		.doc = "adaptive lets an idle worker sleep for moments, poll burns its core for the lowest "
		       "latency."},
	{"source_port_base", SCHEMA_UINT, AT(config_workers, source_port_base), .min = 1024, .max = 65535,
		.fallback = "15060", .example = "15060",
		.doc = "Worker i sends UDP to nodes from this port plus i, so that answers come back to it."},
	{"mbufs", SCHEMA_UINT, AT(config_workers, mbufs), .min = 512, .max = 1 << 22, .zero = "auto",
		.fallback = "auto", .example = "16384", .doc = "Packet buffers of each worker."},
};

static const struct schema_key tcp_keys[] = {
	{"connections_max", SCHEMA_UINT, AT(config_tcp, connections_max), .min = 16,
		.max = TCP_CONNECTIONS_MAX, .fallback = "16384", .example = "100000",
		.doc = "Connections that a worker can have; one more is refused, and counted."},
	{"half_open_max", SCHEMA_UINT, AT(config_tcp, half_open_max), .min = 16, .max = 1 << 20,
		.fallback = "4096", .example = "4096",
		.doc = "Connections that a worker lets peers begin at once; beyond that SYN cookies answer."},
	{"time_wait_max", SCHEMA_UINT, AT(config_tcp, time_wait_max), .min = 16, .max = 1 << 20,
		.fallback = "16384", .example = "16384",
		.doc = "Closed connections that a worker remembers; the oldest makes room for the next."},
	{"memory_mb", SCHEMA_UINT, AT(config_tcp, memory_mb), .min = 1, .max = 1 << 16, .zero = "auto",
		.fallback = "auto", .example = "64",
		.doc = "Packet buffers that a worker's connections may hold; auto is half of what the "
		       "receive rings leave of workers.mbufs."},
	{"window_bytes", SCHEMA_UINT, AT(config_tcp, window_bytes), .min = 4096, .max = TCP_WINDOW_MAX_BYTES,
		.fallback = "65535", .example = "65535",
		.doc = "How much a peer may send on one connection before it is read."},
	{"send_max_bytes", SCHEMA_UINT, AT(config_tcp, send_max_bytes), .min = 16384, .max = 1 << 28,
		.fallback = "262144", .example = "262144",
		.doc = "Buffers that may wait on one connection for a peer that does not read."},
	{"port_first", SCHEMA_UINT, AT(config_tcp, port_first), .min = 1024, .max = 65535,
		.fallback = "32768", .example = "32768",
		.doc = "The first port that connections are made from. The workers share the range equally."},
	{"port_last", SCHEMA_UINT, AT(config_tcp, port_last), .min = 1024, .max = 65535, .fallback = "60999",
		.example = "60999", .doc = "The last port of that range."},
	{"connect_timeout_ms", SCHEMA_UINT, AT(config_tcp, connect_timeout_ms), .min = 100, .max = 3600000,
		.fallback = "10000", .example = "10000",
		.doc = "A connection that the peer has not agreed to by then is given up."},
	{"user_timeout_ms", SCHEMA_UINT, AT(config_tcp, user_timeout_ms), .min = 1000, .max = 3600000,
		.fallback = "100000", .example = "100000",
		.doc = "A connection whose peer acknowledges nothing for so long is reset."},
	{"idle_timeout_ms", SCHEMA_UINT, AT(config_tcp, idle_timeout_ms), .min = 1000, .max = 86400000,
		.fallback = "1800000", .example = "1800000",
		.doc = "A connection without any data for so long is reset."},
	{"keepalive_ms", SCHEMA_UINT, AT(config_tcp, keepalive_ms), .min = 1000, .max = 86400000,
		.fallback = "60000", .example = "60000",
		.doc = "A peer that was silent for so long is asked whether it is still there."},
	{"keepalive_every_ms", SCHEMA_UINT, AT(config_tcp, keepalive_every_ms), .min = 100, .max = 3600000,
		.fallback = "10000", .example = "10000", .doc = "Time between two such questions."},
	{"keepalive_probes", SCHEMA_UINT, AT(config_tcp, keepalive_probes), .min = 1, .max = 255,
		.fallback = "5", .example = "5",
		.doc = "Unanswered questions after which the connection is reset."},
	{"time_wait_ms", SCHEMA_UINT, AT(config_tcp, time_wait_ms), .min = 1000, .max = 240000,
		.fallback = "60000", .example = "60000",
		.doc = "How long the ports of a closed connection rest (twice the maximum segment "
		       "lifetime)."},
	{"node_connections", SCHEMA_UINT, AT(config_tcp, node_connections), .min = 1, .max = CONN_POOL_MAX,
		.fallback = "2", .example = "2",
		.doc = "Connections that a worker keeps open to each node, ahead of any request."},
	{"open_timeout_ms", SCHEMA_UINT, AT(config_tcp, open_timeout_ms), .min = 100, .max = 60000,
		.fallback = "2000", .example = "2000",
		.doc = "A connection to a node or for an answer that has not come about by then has failed."},
	{"message_timeout_ms", SCHEMA_UINT, AT(config_tcp, message_timeout_ms), .min = 100, .max = 600000,
		.fallback = "10000", .example = "10000",
		.doc = "A connection is reset when the rest of a message has not come so long after its "
		       "beginning."},
	{"messages_max", SCHEMA_UINT, AT(config_tcp, messages_max), .min = 16, .max = CONN_BUFFERS_MAX,
		.fallback = "1024", .example = "1024",
		.doc = "Messages of which a worker may hold the beginning, 64 KiB each; the oldest makes "
		       "room "
		       "for the next."},
};

static const struct schema_key transactions_keys[] = {
	{"failover_timeout_ms", SCHEMA_UINT, AT(config_transactions, failover_timeout_ms), .min = 50,
		.max = 60000, .zero = "off", .fallback = "2000", .example = "2000",
		.doc = "A node that gives no response to a request for so long loses it to the next "
		       "candidate."},
	{"max", SCHEMA_UINT, AT(config_transactions, max), .min = 16, .max = 1 << 22, .zero = "off",
		.fallback = "65536", .example = "65536",
		.doc = "Transactions of each worker. Requests beyond them are forwarded without state, and "
		       "counted."},
	{"ringing_max_s", SCHEMA_UINT, AT(config_transactions, ringing_max_s), .min = 181, .max = 86400,
		.fallback = "3600", .example = "3600",
		.doc = "An INVITE that a node keeps answering provisionally is cancelled after so long, "
		       "answered or not."},
	{"texts_mb", SCHEMA_UINT, AT(config_transactions, texts_mb), .min = 1, .max = 1 << 16, .zero = "auto",
		.fallback = "auto", .example = "256",
		.doc = "Memory of each worker for the texts of messages that transactions keep; auto is 3 "
		       "KiB for each."},
};

static const struct schema_key probe_keys[] = {
	{"method", SCHEMA_WORD, AT(config_probe, method), .fallback = "options", .words = method_words,
		.example = "options", .doc = "The request that asks a node whether it is alive."},
	{"interval_ms", SCHEMA_UINT, AT(config_probe, interval_ms), .min = 20, .max = 3600000,
		.fallback = "500", .example = "500", .doc = "Time from one probe to the next."},
	{"timeout_ms", SCHEMA_UINT, AT(config_probe, timeout_ms), .min = 10, .max = 3600000,
		.fallback = "250", .example = "250",
		.doc = "A probe not answered by then has failed; at most the interval."},
	{"fall", SCHEMA_UINT, AT(config_probe, fall), .min = 1, .max = 100, .fallback = "3", .example = "3",
		.doc = "Failures in a row that make a node down."},
	{"rise", SCHEMA_UINT, AT(config_probe, rise), .min = 1, .max = 100, .fallback = "2", .example = "2",
		.doc = "Answers in a row that make it up again."},
	{"failback", SCHEMA_WORD, AT(config_probe, failback), .fallback = "auto", .words = failback_words,
		.example = "auto",
		.doc = "auto gives new work back to a node that returned, after hold_ms; manual waits for "
		       "the "
		       "operator."},
	{"hold_ms", SCHEMA_UINT, AT(config_probe, hold_ms), .max = 86400000, .fallback = "5000",
		.example = "5000", .doc = "How long a node must stay up before failback auto trusts it."},
	{"retry_after_max_s", SCHEMA_UINT, AT(config_probe, retry_after_max_s), .max = 86400,
		.fallback = "30", .example = "30",
		.doc = "Cap on the Retry-After of a node that answers a probe with 503; so long it gets no "
		       "new work."},
};

static const struct schema_key control_keys[] = {
	{"socket", SCHEMA_TEXT, AT(config_control, socket), .max = CONFIG_TEXT_MAX,
		.fallback = "/run/sluice/control.sock", .complain = text_complain_path,
		.example = "/run/sluice/control.sock", .doc = "The unix socket that sluicectl talks to."},
	{"mode", SCHEMA_OCTAL, AT(config_control, mode), .fallback = "0600", .example = "0660",
		.doc = "Permission bits of that socket: who may write to it may look; only root and the "
		       "daemon's own user may change things."},
};

static const struct schema_key log_keys[] = {
	{"level", SCHEMA_WORD, AT(config_log, level), .fallback = "info", .words = level_words,
		.example = "info", .doc = "The least important lines that are still written."},
	{"trace", SCHEMA_WORDS, AT(config_log, trace), .words = trace_words, .items_max = 7,
		.example = "[routing]", .doc = "Trace categories switched on at the start."},
};

static const struct schema sections[] = {
	{"instance", "The balancer itself.", sizeof(struct config_instance), KEYS(instance_keys)},
	{"memory", "Where its memory comes from.", sizeof(struct config_memory), KEYS(memory_keys)},
	{"workers", "The threads that carry the traffic.", sizeof(struct config_workers), KEYS(workers_keys)},
	{"tcp", "Connections: what each worker can carry, and how long it is patient.",
		sizeof(struct config_tcp), KEYS(tcp_keys)},
	{"transactions", "What is remembered of requests under way, on listeners of mode transaction.",
		sizeof(struct config_transactions), KEYS(transactions_keys)},
	{"control", "The way in for operators.", sizeof(struct config_control), KEYS(control_keys)},
	{"log", "What is written down.", sizeof(struct config_log), KEYS(log_keys)},
};

const struct schema schema_probe = {"probe",
	"How nodes are asked whether they are alive. A node may override single keys under its own probe.",
	sizeof(struct config_probe), KEYS(probe_keys)};

#define SECTION(i, member)                                                       \
	{                                                                        \
#member, SCHEMA_SECTION, AT(config, member), .sub = &sections[i] \
	}
#define LIST(id, label, most, text)                                                                        \
	{                                                                                                  \
		label, SCHEMA_LIST,                                                                        \
			.offset = offsetof(struct config, lists) + (id) * sizeof(struct config_list),      \
			.size = sizeof(struct config_list), .items_max = (most), .sub = &schema_lists[id], \
			.doc = (text)                                                                      \
	}

static const struct schema_key root_keys[] = {
	SECTION(0, instance),
	SECTION(1, memory),
	SECTION(2, workers),
	SECTION(3, tcp),
	SECTION(4, transactions),
	SECTION(5, control),
	SECTION(6, log),
	LIST(CONFIG_PORTS, "ports", CONFIG_PORTS_MAX, "The network devices. At least one."),
	LIST(CONFIG_LISTENERS, "listeners", CONFIG_LISTENERS_MAX,
		"The addresses and ports that requests come to. At least one."),
	{"probe", SCHEMA_SECTION, AT(config, probe), .sub = &schema_probe},
	LIST(CONFIG_NODES, "nodes", CONFIG_NODES_MAX,
		"The next hops that serve requests. A route may also name one by its address, without an "
		"entry here."),
	LIST(CONFIG_ROUTES, "routes", CONFIG_ROUTES_MAX,
		"A pattern and one next hop for it; several routes may share a pattern. The most specific "
		"pattern wins."),
	LIST(CONFIG_ACL, "acl", CONFIG_ACL_MAX,
		"Who may send requests, beside the nodes. Empty: nobody else."),
	LIST(CONFIG_DOMAINS, "domains", CONFIG_DOMAINS_MAX,
		"Presence domains that are served; they match exactly. Empty: every domain is."),
};

const struct schema schema_root = {"configuration", "", sizeof(struct config), KEYS(root_keys)};

const struct schema *schema_of_list(enum config_list_id list)
{
	ensure(list < CONFIG_LISTS);
	return &schema_lists[list];
}

enum config_list_id schema_list_id(const struct schema_key *key)
{
	ensure(key->kind == SCHEMA_LIST);
	return (enum config_list_id)(key->sub - schema_lists);
}

const struct schema_key *schema_list_key(enum config_list_id list)
{
	for (unsigned i = 0; i < schema_root.key_count; i++) {
		const struct schema_key *key = &schema_root.keys[i];
		if (key->kind == SCHEMA_LIST && schema_list_id(key) == list)
			return key;
	}
	ensure(!"every list has a key");
}

const struct schema_key *schema_find(const struct schema *schema, struct span name)
{
	for (unsigned i = 0; i < schema->key_count; i++) {
		if (span_eq_str(name, schema->keys[i].name))
			return &schema->keys[i];
	}
	return NULL;
}

bool schema_given(const struct schema *schema, const struct config_head *head, const char *name)
{
	const struct schema_key *key = schema_find(schema, span_str(name));

	ensure(key != NULL);
	return head->given & schema_bit(schema, key);
}

/* Levenshtein's distance over one row; names are short. '-' and '_' and letter case count as equal. */
static unsigned name_distance(struct span typed, const char *name)
{
	unsigned row[CONFIG_NAME_MAX + 1];
	unsigned len = (unsigned)strlen(name);

	ensure(len <= CONFIG_NAME_MAX);
	for (unsigned j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; i < typed.len; i++) {
		unsigned diagonal = row[0]++;
		char c = typed.p[i] == '-' ? '_' : (char)tolower((unsigned char)typed.p[i]);
		for (unsigned j = 1; j <= len; j++) {
			unsigned change = diagonal + (c != name[j - 1]);
			diagonal = row[j];
			row[j] = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
			if (change < row[j])
				row[j] = change;
		}
	}
	return row[len];
}

const struct schema_key *schema_guess(const struct schema *schema, struct span name)
{
	const struct schema_key *best = NULL;
	unsigned best_distance = name.len < 5 ? 2 : 3; /* farther than this it is another word */

	if (name.len > CONFIG_NAME_MAX)
		return NULL;
	for (unsigned i = 0; i < schema->key_count; i++) {
		unsigned distance = name_distance(name, schema->keys[i].name);
		if (distance < best_distance) {
			best_distance = distance;
			best = &schema->keys[i];
		}
	}
	return best;
}
