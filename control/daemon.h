/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon as a whole, on the control thread. daemon.c brings it up and down; update.c carries model
 * changes into the registries; commit.c takes a change from request to effect; figures.c collects what
 * workers measured.
 */
#ifndef CONTROL_DAEMON_H
#define CONTROL_DAEMON_H

#include "control/commit.h"
#include "control/journal.h"
#include "control/log.h"
#include "control/listing.h"
#include "control/server.h"
#include "plane/plane.h"
#include "stats.h"
#include "trace.h"

enum {
	DAEMON_TICK_MS = 1,        /* reports of workers, grace periods */
	DAEMON_SLOW_TICK_MS = 100, /* timeouts of clients, trace summaries */
	DAEMON_ERROR_MAX = 1024,
};

struct daemon {
	struct reactor reactor;
	struct reactor_timer tick, slow_tick;
	struct reactor_signals signals;
	struct log log;
	struct config *running; /* the model as it acts */
	struct config *saved;   /* as the file had it when it was last read or written */
	char *path;             /* of the file */
	int claim;              /* on the control socket */
	struct nodes *nodes;
	struct routes *routes;
	struct publisher publisher;
	struct compiler *compiler; /* for changes, and for files that are read and written */
	struct compiler *merger;   /* for merges, which nobody waits for */
	struct journal journal;
	struct keyring keys; /* as the workers have them */
	bool renews_keys;    /* the compile thread writes new ones */
	struct server *server;
	struct plane *plane;
	struct plane_config plane_config;
	struct plane_port plane_ports[PORTS_MAX];
	struct change change;
	struct turn waiting[DAEMON_TURNS_MAX]; /* oldest first */
	unsigned waiting_count;
	struct listing listing;
	struct route_merge *merge; /* NULL: none is under way */
	bool merge_ran;            /* the merger is done with it */
	struct compile_job merge_job;
	int merge_ret;
	struct policy_error merge_error;
	uint64_t started_ns;
	uint64_t started_wall_ms;
	uint64_t stats_base[WORKERS_MAX][STAT_COUNT]; /* what `clear stats` saw */
	uint64_t trace_lines[TRACE_CATEGORY_COUNT];
	bool links_up[PORTS_MAX]; /* as last seen */
	uint64_t conflicts_told;  /* claims to our addresses that a line told of */
	uint64_t conflicts_quiet_until_ns;
	bool reload_wanted; /* SIGHUP came while a change was under way */
};

/* Brings everything up. 0, or -errno with a text for the operator; then nothing is left to take down. */
must_use int daemon_init(
	struct daemon *daemon, const char *program, const char *path, char error[static DAEMON_ERROR_MAX]);
/* Until a signal or `stop`. Returns the exit code. */
int daemon_run(struct daemon *daemon);
/*
 * False when a compilation was left behind that still runs: then the daemon's memory must stay, and the
 * process must end by _exit().
 */
must_use bool daemon_fini(struct daemon *daemon);

/* ---- update.c ---- */
/*
 * Brings the registries in line with running, which has just been changed by `set`. Same failures as
 * routes_put(); then take the model back and call update_all().
 */
must_use int update_registries(struct daemon *daemon, const struct change_set *set);
/* Makes the registries anew from running. Same failures. */
must_use int update_all(struct daemon *daemon);
/* What has to be compiled because of it: BUILD_* bits. */
unsigned update_wants(const struct change_set *set);
/* Names, addresses and settings of nodes as the model has them now. */
void update_nodes(struct daemon *daemon);
/* Log level and trace masks as the model has them now. */
void update_log(struct daemon *daemon);
/* What the configuration calls a trace category (below TRACE_LOG). */
const char *update_trace_word(unsigned category);
/* Fills in what a snapshot takes from the model directly. */
void update_snapshot(const struct daemon *daemon, struct snapshot *snapshot);
/* May this section or list change while the daemon runs? */
bool update_is_live(const struct change_item *item);

/* ---- keys.c ---- */
/* The keys of the file, which is made when there is none, or new ones. 0 or -errno with the reason in error.
 */
must_use int keys_start(struct daemon *daemon, char error[static DAEMON_ERROR_MAX]);
/* Hands the keys to the workers, if they are others than before. 0, or -ENOMEM with nothing changed. */
must_use int keys_use(struct daemon *daemon, const struct keyring *ring);

/* ---- server_trace.c ---- */
bool server_traces(const struct daemon *daemon);
/* A line of the category `server` while that is on, else of the log. */
__attribute__((format(printf, 3, 4))) void server_say(
	struct daemon *daemon, enum config_log_level level, const char *format, ...);
void server_says_change(struct daemon *daemon, const struct change_set *set);
void server_says_published(struct daemon *daemon);
void server_says_in_use(struct daemon *daemon);
/* Every 100 ms or so. */
void server_watch_links(struct daemon *daemon);
void server_watch_conflicts(struct daemon *daemon, uint64_t now_ns);

/* ---- dispatch.c ---- */
void dispatch_call(void *ctx, struct call *call);

#endif
