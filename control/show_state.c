/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the daemon runs: counters, loops, devices, its log and its changes. */
#include "control/handlers.h"

#include "worker/worker.h"

#include <string.h>

/* ---- stats ---- */

static uint64_t stat_of(const struct daemon *daemon, unsigned worker, enum stat stat)
{
	return stats_get(worker_stats(plane_worker(daemon->plane, worker)), stat);
}

void clear_stats(struct daemon *daemon, struct call *call)
{
	for (unsigned worker = 0; worker < plane_worker_count(daemon->plane); worker++)
		for (unsigned stat = 0; stat < STAT_COUNT; stat++)
			daemon->stats_base[worker][stat] = stat_of(daemon, worker, stat);
	call_result(call, json_object());
}

/* Reads the argument `name` as a number below `limit`. False when it is not one: the call is answered then.
 */
static bool read_number(struct call *call, const char *name, uint64_t limit, uint64_t *number)
{
	const char *text = call_value(call, name);

	if (!text || span_to_u64(span_str(text), limit - 1, number) == 0)
		return true;
	call_error(call, API_BAD_ARGUMENTS, "%s: a number from 0 to %llu is expected, not '%s'", name,
		(unsigned long long)limit - 1, text);
	return false;
}

void show_stats(struct daemon *daemon, struct call *call)
{
	unsigned count = plane_worker_count(daemon->plane);
	uint64_t only = UINT64_MAX;
	json_t *rows;

	if (!read_number(call, "worker", count, &only))
		return;
	rows = json_array();
	for (unsigned stat = 0; stat < STAT_COUNT; stat++) {
		const struct stat_info *info = &stat_infos[stat];
		uint64_t value = 0;
		uint64_t base = 0;
		for (unsigned worker = 0; worker < count; worker++) {
			if (only != UINT64_MAX && only != worker)
				continue;
			value += stat_of(daemon, worker, stat);
			base += daemon->stats_base[worker][stat];
		}
		json_array_append_new(
			rows, json_pack("[s, s, I, I, s]", info->name, info->unit, (json_int_t)value,
				      (json_int_t)(value - base), info->doc));
	}
	call_rows(call, cursor_of_rows(rows));
}

/* ---- workers and ports ---- */

static double percent(uint64_t part, uint64_t whole)
{
	return whole == 0 ? 0 : 100.0 * (double)part / (double)whole;
}

static json_t *worker_row(const struct daemon *daemon, unsigned index)
{
	const struct worker *worker = plane_worker(daemon->plane, index);
	const struct loop_figures *loop = worker_loop_figures(worker);
	uint64_t messages = figure_get(&loop->messages);
	uint64_t elapsed_ns = figure_get(&loop->now_ns) - figure_get(&loop->started_ns);
	const struct config_workers *workers = &daemon->running->workers;
	struct worker_level levels[WORKER_LEVELS_MAX];

	worker_levels(worker, levels);
	return json_pack("[i, o, I, f, f, f, f, I, o, I, b, I, I, I, I, I, I]", (int)index,
		index < workers->core_count ? json_integer(workers->cores[index]) : json_null(),
		(json_int_t)figure_get(&loop->loops), percent(figure_get(&loop->busy_ns), elapsed_ns),
		percent(figure_get(&loop->napped_ns), elapsed_ns),
		(double)figure_get(&loop->longest_ns) / 1e3, (double)figure_get(&loop->longest_late_ns) / 1e3,
		(json_int_t)messages,
		messages > 0 ? json_integer((json_int_t)(figure_get(&loop->busy_cycles) / messages))
			     : json_null(),
		(json_int_t)figure_get(&loop->generation),
		publisher_laggard(&daemon->publisher) == (int)index,
		(json_int_t)levels[WORKER_LEVEL_MBUFS].used, (json_int_t)levels[WORKER_LEVEL_MBUFS].size,
		(json_int_t)levels[WORKER_LEVEL_CONNECTIONS].used,
		(json_int_t)levels[WORKER_LEVEL_HALF_OPEN].used,
		(json_int_t)levels[WORKER_LEVEL_TIME_WAIT].used,
		(json_int_t)levels[WORKER_LEVEL_PINNED].used);
}

void show_worker(struct daemon *daemon, struct call *call)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++)
		json_array_append_new(rows, worker_row(daemon, i));
	call_rows(call, cursor_of_rows(rows));
}

void show_port(struct daemon *daemon, struct call *call)
{
	json_t *rows = json_array();

	for (unsigned i = 0; i < plane_port_count(daemon->plane); i++) {
		const struct port *port = plane_port(daemon->plane, i);
		const struct port_facts *facts = port_facts(port);
		struct port_stats stats;
		char mac[24];
		port_stats(port, &stats);
		snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", facts->mac[0], facts->mac[1],
			facts->mac[2], facts->mac[3], facts->mac[4], facts->mac[5]);
		json_array_append_new(
			rows, json_pack("[s, s, s, i, i, I, I, I, I, I]", port_name(port),
				      daemon->plane_ports[i].device, mac, (int)facts->mtu, (int)facts->queues,
				      (json_int_t)stats.rx_packets, (json_int_t)stats.tx_packets,
				      (json_int_t)stats.rx_missed, (json_int_t)stats.rx_errors,
				      (json_int_t)stats.tx_errors));
	}
	call_rows(call, cursor_of_rows(rows));
}

/* ---- changes, log, trace, version ---- */

void show_generation(struct daemon *daemon, struct call *call)
{
	json_t *rows = json_array();
	char when[32];

	log_format_time(daemon->started_wall_ms, when, sizeof(when));
	json_array_append_new(rows, json_pack("[i, s, n, s]", 1, when, "start"));
	for (uint64_t number = daemon->journal.first; number <= daemon->journal.number; number++) {
		const struct generation *generation = journal_at(&daemon->journal, number);
		log_format_time(generation->wall_ms, when, sizeof(when));
		json_array_append_new(
			rows, json_pack("[I, s, f, o]", (json_int_t)number, when, generation->effective_ms,
				      json_sprintf("%s%s", generation->undone ? "(taken back) " : "",
					      generation->text)));
	}
	call_rows(call, cursor_of_rows(rows));
}

void show_log(struct daemon *daemon, struct call *call)
{
	uint64_t count = 100;
	uint64_t kept = log_count(&daemon->log);
	json_t *rows;

	if (!read_number(call, "count", LOG_LINES + 1, &count))
		return;
	rows = json_array();
	for (uint64_t i = kept > count ? kept - count : 0; i < kept; i++) {
		const struct log_entry *entry = log_at(&daemon->log, i);
		char when[32];
		log_format_time(entry->wall_ms, when, sizeof(when));
		json_array_append_new(
			rows, json_pack("[s, s, o]", when, log_level_name(entry->level),
				      json_string(entry->text) ?: json_string("text that is not UTF-8")));
	}
	call_rows(call, cursor_of_rows(rows));
}

void show_trace(struct daemon *daemon, struct call *call)
{
	json_t *rows = json_array();
	uint64_t suppressed = 0;

	for (unsigned category = 0; category < TRACE_LOG; category++) {
		bool on = daemon->running->log.trace & (1u << category);
		json_array_append_new(
			rows, json_pack("[s, s, I]", update_trace_word(category), on ? "on" : "off",
				      (json_int_t)daemon->trace_lines[category]));
	}
	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++)
		suppressed += __atomic_load_n(
			&worker_trace(plane_worker(daemon->plane, i))->suppressed_total, __ATOMIC_RELAXED);
	json_array_append_new(rows, json_pack("[s, s, I]", "suppressed", "-", (json_int_t)suppressed));
	call_rows(call, cursor_of_rows(rows));
}

void show_version(struct daemon *daemon, struct call *call)
{
	struct server_figures clients = server_figures(daemon->server);

	call_result(call,
		json_pack("{s:s, s:s, s:I, s:I, s:i, s:I, s:f, s:f}", "version", SLUICE_VERSION, "instance",
			daemon->running->instance.name ?: "", "uptime_s",
			(json_int_t)((reactor_now_ns() - daemon->started_ns) / 1000000000), "generation",
			(json_int_t)daemon->journal.number, "clients", (int)clients.connections,
			"grace_periods", (json_int_t)daemon->publisher.grace_count, "grace_last_us",
			(double)daemon->publisher.grace_last_ns / 1e3, "grace_longest_us",
			(double)daemon->publisher.grace_longest_ns / 1e3));
}
