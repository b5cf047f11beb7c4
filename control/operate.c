/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes that an operator asks for. Each is tried on the model first, with the checks of the file; what the
 * model takes becomes a change set, and commit.c does the rest.
 */
#include "control/handlers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAIRS_MAX = 32 };

struct pairs {
	struct config_pair at[PAIRS_MAX];
	size_t count;
};

static struct config_pairs view(const struct pairs *pairs)
{
	return (struct config_pairs){pairs->at, pairs->count};
}

static bool pairs_add(struct pairs *pairs, const char *key, const char *value)
{
	if (pairs->count == PAIRS_MAX)
		return false;
	pairs->at[pairs->count++] = (struct config_pair){span_str(key), span_str(value)};
	return true;
}

/* The argument that names an entry, then the pairs. False: too many, and the call is answered. */
static bool pairs_read(struct call *call, const char *identity, struct pairs *pairs)
{
	const char *key;
	json_t *value;
	bool fits = true;

	if (identity)
		fits = pairs_add(pairs, identity, call_value(call, identity));
	json_object_foreach(call_pairs(call), key, value)
	{
		fits = fits && pairs_add(pairs, key, json_string_value(value));
	}
	if (!fits)
		call_error(call, API_BAD_ARGUMENTS, "at most %d keys at a time", PAIRS_MAX);
	return fits;
}

/* Answers with what the model said against the change. */
static void refuse(struct call *call, int ret, struct config_report *report)
{
	json_t *findings = json_array();
	char line[1024] = "";
	char first[1024] = "";

	for (uint32_t i = 0; i < report->count; i++) {
		config_finding_format(report, &report->findings[i], line, sizeof(line));
		json_array_append_new(findings, json_string(line));
		if (first[0] == '\0' && report->findings[i].level == CONFIG_ERROR)
			snprintf(first, sizeof(first), "%s", line);
	}
	call_refuse(call, ret == -ENOENT ? API_NOT_FOUND : API_REFUSED, first[0] ? first : strerror(-ret),
		findings);
}

/* ---- entries of lists ---- */

/* A change of one entry: what is asked, and the entry before and after, each with a reference. */
struct trial {
	const char *verb; /* "add", "del", "set" */
	enum config_list_id list;
	struct config_pairs pairs;
	struct config_head *before, *after;
};

/* Carries it out on the model. */
static int try_entry(struct config *config, struct trial *trial, struct config_report *report)
{
	int ret;

	if (strcmp(trial->verb, "add") == 0)
		return config_entry_add(config, trial->list, trial->pairs, report, &trial->after);
	if (strcmp(trial->verb, "del") == 0)
		return config_entry_delete(config, trial->list, trial->pairs, report, &trial->before);
	ret = config_entry_named(config, trial->list, trial->pairs, report, &trial->before);
	if (ret < 0)
		return ret;
	config_entry_ref(trial->before);
	ret = config_entry_edit(config, trial->list, trial->pairs, report, &trial->after);
	if (ret < 0)
		config_entry_unref(trial->list, trial->before);
	return ret;
}

/* Adds what the trial changed, which may be nothing. Takes its references. */
static int add_trial(struct change_set *set, struct trial *trial)
{
	if (trial->before != trial->after)
		return change_add_entry(set, trial->list, trial->before, trial->after);
	config_entry_unref(trial->list, trial->before);
	config_entry_unref(trial->list, trial->after);
	return 0;
}

static void change_list(
	struct daemon *daemon, struct call *call, enum config_list_id list, const struct pairs *pairs)
{
	struct api_token verb = api_token_next(call_command(call)->syntax);
	struct trial trial = {.verb = verb.name, .list = list, .pairs = view(pairs)};
	struct change_set set = {0};
	struct config_report report;
	int ret;

	config_report_init(&report, NULL);
	ret = try_entry(daemon->running, &trial, &report);
	if (ret < 0)
		refuse(call, ret, &report);
	else if (add_trial(&set, &trial) < 0)
		call_error(call, API_INTERNAL, "memory is short");
	else
		change_begin(daemon, call, &set, 0);
	config_report_fini(&report);
}

void change_entry(struct daemon *daemon, struct call *call)
{
	const struct api_command *command = call_command(call);
	struct api_token verb = api_token_next(command->syntax);
	struct api_token what = api_token_next(verb.end);
	struct pairs pairs = {.count = 0};
	enum config_list_id list;

	ensure(config_list_parse(span_str(what.name), &list) == 0);
	if (!change_must_wait(daemon, call) && pairs_read(call, command->arguments[0].name, &pairs))
		change_list(daemon, call, list, &pairs);
}

/* Somebody must take new work: whoever means it nevertheless says maint. */
static bool is_last_ready(const struct daemon *daemon, const char *name)
{
	for (uint16_t slot = 0; slot < daemon->nodes->slot_count; slot++) {
		const struct node_record *record = nodes_at(daemon->nodes, slot);
		if (record && record->health.admin == NODE_READY && strcmp(record->node.name, name) != 0)
			return false;
	}
	return true;
}

static enum node_admin read_admin(const char *state)
{
	enum node_admin admin = NODE_READY;

	/* The table of commands lets no other word through. */
	while (admin < NODE_MAINT && strcmp(node_admin_name(admin), state) != 0)
		admin++;
	return admin;
}

void set_node_admin(struct daemon *daemon, struct call *call)
{
	const char *name = call_value(call, "name");
	const char *state = call_value(call, "state");
	struct node_record *record = nodes_named(daemon->nodes, name);
	struct pairs pairs = {.count = 0};

	/* One that is not there may be what the change under way brings. */
	if ((!record || !record->declared) && change_must_wait(daemon, call))
		return;
	if (strcmp(state, "drain") == 0 && is_last_ready(daemon, name)) {
		call_error(call, API_REFUSED,
			"%s is the last node that is ready; make another one ready, or use maint", name);
		return;
	}
	if (change_is_under_way(daemon)) {
		change_admin_ahead(daemon, call, record, read_admin(state));
		return;
	}
	pairs_add(&pairs, "name", name);
	pairs_add(&pairs, "admin", state);
	change_list(daemon, call, CONFIG_NODES, &pairs);
}

void operate_admin(struct daemon *daemon, const char *name, enum node_admin admin)
{
	struct pairs pairs = {.count = 0};
	struct trial trial = {.verb = "set", .list = CONFIG_NODES};
	struct change_set set = {0};
	struct config_report report;
	int ret;

	pairs_add(&pairs, "name", name);
	pairs_add(&pairs, "admin", node_admin_name(admin));
	trial.pairs = view(&pairs);
	config_report_init(&report, NULL);
	ret = try_entry(daemon->running, &trial, &report);
	if (ret == 0)
		ret = add_trial(&set, &trial);
	if (ret == 0)
		change_begin(daemon, NULL, &set, 0);
	else
		log_line(&daemon->log, CONFIG_LOG_WARNING,
			"node %s is not in the configuration any more: it does not keep the state %s", name,
			node_admin_name(admin));
	config_report_fini(&report);
}

/* A node's hold is no configuration: it ends now, and nothing is to be taken back. */
void set_node_failback(struct daemon *daemon, struct call *call)
{
	const char *name = call_value(call, "name");
	struct node_record *record = nodes_named(daemon->nodes, name);
	char flags[32];

	if (!record) {
		call_error(call, API_NOT_FOUND, "there is no node %s; `show node` lists them", name);
		return;
	}
	nodes_event(daemon->nodes, record, HEALTH_RELEASE, reactor_now_ns());
	nodes_flags_format(node_word(&record->node), flags, sizeof(flags));
	call_result(
		call, json_pack("{s:s, s:s, s:s}", "name", name, "health",
			      node_health_name(node_word_health(node_word(&record->node))), "flags", flags));
}

/* ---- keys of sections ---- */

static int key_text(struct daemon *daemon, const char *section, struct span key, char *buf, size_t size)
{
	return config_section_value(daemon->running, span_str(section), key, buf, size);
}

/* Adds each key whose value is not what it was. */
static int collect_keys(struct daemon *daemon, const char *section, const struct pairs *pairs,
	char (*before)[256], struct change_set *set)
{
	char after[256];
	char key[64];
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < pairs->count; i++) {
		snprintf(key, sizeof(key), "%.*s", SPAN_ARG(pairs->at[i].key));
		ensure(key_text(daemon, section, pairs->at[i].key, after, sizeof(after)) >= 0);
		if (strcmp(before[i], after) != 0)
			ret = change_add_key(set, section, key, before[i], after);
	}
	return ret;
}

static void change_section(
	struct daemon *daemon, struct call *call, const char *section, const struct pairs *pairs)
{
	char before[PAIRS_MAX][256] = {{0}};
	struct change_set set = {0};
	struct config_report report;
	int ret;

	config_report_init(&report, NULL);
	/* A key that does not exist has no value; editing it then says so. */
	for (size_t i = 0; i < pairs->count; i++)
		(void)key_text(daemon, section, pairs->at[i].key, before[i], sizeof(before[i]));
	ret = config_section_edit(daemon->running, span_str(section), view(pairs), &report);
	if (ret < 0)
		refuse(call, ret, &report);
	else if (collect_keys(daemon, section, pairs, before, &set) < 0)
		call_error(call, API_INTERNAL, "memory is short");
	else
		change_begin(daemon, call, &set, 0);
	config_report_fini(&report);
}

void set_probe(struct daemon *daemon, struct call *call)
{
	struct pairs pairs = {.count = 0};

	if (!change_must_wait(daemon, call) && pairs_read(call, NULL, &pairs))
		change_section(daemon, call, "probe", &pairs);
}

static void set_key(
	struct daemon *daemon, struct call *call, const char *section, const char *key, const char *value)
{
	struct pairs pairs = {.count = 0};

	pairs_add(&pairs, key, value);
	change_section(daemon, call, section, &pairs);
}

void set_failback(struct daemon *daemon, struct call *call)
{
	if (!change_must_wait(daemon, call))
		set_key(daemon, call, "probe", "failback", call_value(call, "mode"));
}

void set_log(struct daemon *daemon, struct call *call)
{
	if (!change_must_wait(daemon, call))
		set_key(daemon, call, "log", "level", call_value(call, "level"));
}

void set_trace(struct daemon *daemon, struct call *call)
{
	const char *category = call_value(call, "category");
	bool on = strcmp(call_value(call, "state"), "on") == 0;
	uint32_t mask = daemon->running->log.trace;
	char list[256] = "[";
	size_t len = 1;

	if (change_must_wait(daemon, call))
		return;
	for (unsigned bit = 0; bit < TRACE_LOG; bit++) {
		if (strcmp(category, "all") == 0 || strcmp(category, update_trace_word(bit)) == 0)
			mask = on ? mask | 1u << bit : mask & ~(1u << bit);
		if (mask & 1u << bit)
			len += (size_t)snprintf(list + len, sizeof(list) - len, "%s%s", len > 1 ? ", " : "",
				update_trace_word(bit));
	}
	snprintf(list + len, sizeof(list) - len, "]");
	set_key(daemon, call, "log", "trace", list);
}

/* ---- going back, reading again, ending ---- */

void rollback(struct daemon *daemon, struct call *call)
{
	const char *count_text = call_value(call, "count");
	struct change_set set;
	uint64_t count = 1;
	int ret;

	if (change_must_wait(daemon, call))
		return;
	if (count_text && (span_to_u64(span_str(count_text), JOURNAL_MAX, &count) < 0 || count == 0)) {
		call_error(call, API_BAD_ARGUMENTS, "count: a number from 1 to %d is expected", JOURNAL_MAX);
		return;
	}
	ret = journal_undo(&daemon->journal, (unsigned)count, &set);
	if (ret == -ENOENT) {
		call_error(call, API_NOT_FOUND,
			"there are not %llu changes to take back; see `show generation`",
			(unsigned long long)count);
		return;
	}
	if (ret == 0)
		ret = change_apply(&set, daemon->running);
	if (ret < 0)
		call_error(call, API_INTERNAL, "memory is short");
	else
		change_begin(daemon, call, &set, (unsigned)count);
}

void reload(struct daemon *daemon, struct call *call)
{
	if (!change_must_wait(daemon, call))
		change_reload(daemon, call);
}

void stop(struct daemon *daemon, struct call *call)
{
	log_line(&daemon->log, CONFIG_LOG_INFO, "stopping: an operator asked for it");
	call_result(call, json_object());
	reactor_stop(&daemon->reactor);
}
