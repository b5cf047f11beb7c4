/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon as a whole, on the control thread. daemon.c brings it up and down; update.c carries model
 * changes into the registries; commit.c takes a change from request to effect; figures.c collects what
 * workers measured.
 */
#ifndef CONTROL_DAEMON_H
#define CONTROL_DAEMON_H

#include "control/build.h"
#include "control/compile.h"
#include "control/journal.h"
#include "control/keyring.h"
#include "control/log.h"
#include "control/neighbours.h"
#include "control/server.h"
#include "plane/plane.h"
#include "stats.h"
#include "trace.h"

enum {
	DAEMON_TICK_MS = 1,        /* reports of workers, grace periods */
	DAEMON_SLOW_TICK_MS = 100, /* timeouts of clients, trace summaries */
	DAEMON_CONNECTIONS_MAX = 32,
	DAEMON_ERROR_MAX = 1024,
};

enum change_stage {
	CHANGE_NONE,
	CHANGE_LOADING,   /* reload: the compile thread reads the file */
	CHANGE_MERGING,   /* the whole route table is wanted: the merge under way makes it quicker */
	CHANGE_BUILDING,  /* the compile thread makes parts of the snapshot */
	CHANGE_PUBLISHED, /* workers are coming to it one by one */
};

/* The change under way. There is one at a time; the others wait for it in order. */
struct change {
	enum change_stage stage;
	bool has_ticket; /* somebody waits for the answer */
	bool is_reload;
	unsigned undoes; /* rollback: so many generations */
	struct ticket ticket;
	uint64_t begun_ns;
	uint64_t generation;
	size_t item_count;
	struct change_set set; /* until the journal takes it */
	struct build build;
	struct compile_job job;
	struct config *loaded; /* reload: the file as a model */
	struct config_report report;
	int load_ret;
	struct keyring keys; /* reload: the key file, when key_ret is 0 */
	struct config_report key_report;
	int key_ret;
	json_t *notes; /* for the answer: what needs a restart */
	char text[JOURNAL_TEXT_MAX];
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
	struct compiler *compiler;
	struct journal journal;
	struct keyring keys; /* as the workers have them */
	bool renews_keys;    /* the compile thread writes new ones */
	struct server *server;
	struct plane *plane;
	struct plane_config plane_config;
	struct plane_port plane_ports[PORTS_MAX];
	struct change change;
	struct ticket waiting[DAEMON_CONNECTIONS_MAX]; /* changes that wait for their turn, oldest first */
	unsigned waiting_count;
	struct listing listing;
	struct route_merge *merge; /* under way on the compile thread, or NULL */
	struct compile_job merge_job;
	int merge_ret;
	struct policy_error merge_error;
	uint64_t started_ns;
	uint64_t started_wall_ms;
	uint64_t stats_base[WORKERS_MAX][STAT_COUNT]; /* what `clear stats` saw */
	uint64_t trace_lines[TRACE_CATEGORY_COUNT];
	bool reload_wanted; /* SIGHUP came while a change was under way */
};

/* Brings everything up. 0, or -errno with a text for the operator; then nothing is left to take down. */
must_use int daemon_init(
	struct daemon *daemon, const char *program, const char *path, char error[static DAEMON_ERROR_MAX]);
/* Until a signal or `stop`. Returns the exit code. */
int daemon_run(struct daemon *daemon);
void daemon_fini(struct daemon *daemon);

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

/* ---- commit.c ---- */
/* True when a change is under way; the call waits for its turn. */
must_use bool change_must_wait(struct daemon *daemon, struct call *call);
/*
 * Takes the set, which has been applied to running. The answer follows when every worker acts by it, or when
 * the change turned out impossible and was taken back. undoes: as a rollback of so many generations, else 0.
 */
void change_begin(struct daemon *daemon, struct call *call, struct change_set *set, unsigned undoes);
/* Reads the file again. `call` may be NULL: nobody waits for the answer. */
void change_reload(struct daemon *daemon, struct call *call);
void change_tick(struct daemon *daemon, uint64_t now_ns);
/* Starts a merge of the routes' delta when it is worth it. */
void merge_consider(struct daemon *daemon);

/* ---- keys.c ---- */
/* The keys of the file, which is made when there is none, or new ones. 0 or -errno with the reason in error.
 */
must_use int keys_start(struct daemon *daemon, char error[static DAEMON_ERROR_MAX]);
/* Hands the keys to the workers, if they are others than before. 0, or -ENOMEM with nothing changed. */
must_use int keys_use(struct daemon *daemon, const struct keyring *ring);

/* ---- publication ---- (commit.c) */
/* Takes both, the snapshot also on failure. `next` may be NULL: memory was short. 0 or -ENOMEM. */
must_use int daemon_publish(struct daemon *daemon, struct snapshot *next, const struct parts *parts);

/* ---- dispatch.c ---- */
void dispatch_call(void *ctx, struct call *call);

#endif
