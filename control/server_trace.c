/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The trace category `server` (R-TR-1): what becomes of listeners, snapshots, nodes and links. All of it is
 * rare, and known to the control thread alone, so no ring and no rate limit stand between it and the log. A
 * line that the log has anyhow is written once: as a trace while the category is on.
 */
#include "control/daemon.h"

#include "worker/worker.h"

#include <stdarg.h>
#include <stdio.h>

static const uint64_t conflict_lines_ns = 10000000000;

bool server_traces(const struct daemon *daemon)
{
	return daemon->running->log.trace & CONFIG_TRACE_SERVER;
}

static void trace_line(struct daemon *daemon, const char *text)
{
	daemon->trace_lines[TRACE_SERVER]++;
	log_trace(&daemon->log, text, strnlen(text, LOG_TEXT_MAX));
}

void server_say(struct daemon *daemon, enum config_log_level level, const char *format, ...)
{
	char text[LOG_TEXT_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (server_traces(daemon))
		trace_line(daemon, text);
	else
		log_line(&daemon->log, level, "%s", text);
}

void server_says_change(struct daemon *daemon, const struct change_set *set)
{
	char item[LOG_TEXT_MAX - 32];

	for (size_t i = 0; i < set->count; i++) {
		if (set->items[i].list != CONFIG_LISTENERS && set->items[i].list != CONFIG_NODES)
			continue;
		change_item_format(&set->items[i], item, sizeof(item));
		server_say(daemon, CONFIG_LOG_DEBUG, "Server: %s", item);
	}
}

void server_says_published(struct daemon *daemon)
{
	const struct snapshot *current = daemon->publisher.current;

	server_say(daemon, CONFIG_LOG_DEBUG, "Server: generation %llu is out, with %u listeners",
		(unsigned long long)current->generation, current->listener_count);
}

void server_says_in_use(struct daemon *daemon)
{
	server_say(daemon, CONFIG_LOG_DEBUG, "Server: all workers act by generation %llu, after %.1f ms",
		(unsigned long long)daemon->publisher.released,
		(double)daemon->publisher.grace_last_ns / 1e6);
}

/* Claims of other hosts to our addresses, as the workers counted them. */
static uint64_t conflicts_counted(const struct daemon *daemon)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < plane_worker_count(daemon->plane); i++) {
		const struct stats *stats = worker_stats(plane_worker(daemon->plane, i));
		sum += stats_get(stats, STAT_net_arp_conflict) + stats_get(stats, STAT_net_nd_conflict);
	}
	return sum;
}

void server_watch_conflicts(struct daemon *daemon, uint64_t now_ns)
{
	uint64_t counted = conflicts_counted(daemon);

	if (counted == daemon->conflicts_told || now_ns < daemon->conflicts_quiet_until_ns)
		return;
	server_say(daemon, CONFIG_LOG_WARNING,
		"another host on the link uses an address of ours, %llu claims since the last such line; "
		"take it away there, or here",
		(unsigned long long)(counted - daemon->conflicts_told));
	daemon->conflicts_told = counted;
	daemon->conflicts_quiet_until_ns = now_ns + conflict_lines_ns;
}

void server_watch_links(struct daemon *daemon)
{
	for (unsigned i = 0; i < daemon->plane_config.port_count; i++) {
		const struct port *port = plane_port(daemon->plane, i);
		struct port_stats stats;
		port_stats(port, &stats);
		if (stats.link_up == daemon->links_up[i])
			continue;
		daemon->links_up[i] = stats.link_up;
		server_say(daemon, stats.link_up ? CONFIG_LOG_INFO : CONFIG_LOG_WARNING,
			"port %s: the link is %s", port_name(port), stats.link_up ? "up" : "down");
	}
}
