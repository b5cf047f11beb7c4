/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Changes, one after the other: turns.c lets them wait in a row, commit.c takes one from request to effect,
 * merge.c tidies the route table behind them. Part of struct daemon; control thread only.
 */
#ifndef CONTROL_COMMIT_H
#define CONTROL_COMMIT_H

#include "control/build.h"
#include "control/compile.h"
#include "control/journal.h"
#include "control/keyring.h"
#include "control/server.h"

struct daemon;

enum {
	DAEMON_CONNECTIONS_MAX = 32,
	DAEMON_TURNS_MAX = 2 * DAEMON_CONNECTIONS_MAX, /* one call of each, and as many states of nodes */
};

enum change_stage {
	CHANGE_NONE,
	CHANGE_LOADING,   /* reload: the compile thread reads the file */
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

/* A place in the row of changes. */
struct turn {
	bool is_admin;        /* a node's state, in force already; else a call that is tried again */
	uint8_t admin;        /* enum node_admin */
	struct ticket ticket; /* of the call */
	char node[NODE_NAME_MAX];
};

/* ---- turns.c ---- */
bool change_is_under_way(const struct daemon *daemon);
/* True when a change is under way; the call waits for its turn. */
must_use bool change_must_wait(struct daemon *daemon, struct call *call);
/* While a change is under way: the state is in force at once, and answered; its generation comes in turn. */
void change_admin_ahead(
	struct daemon *daemon, struct call *call, struct node_record *record, enum node_admin admin);
/* No change is under way any more: lets the next one begin. */
void change_next(struct daemon *daemon);

/* ---- operate.c ---- */
/* Brings the model to a state that the node has already. Nobody waits for an answer. */
void operate_admin(struct daemon *daemon, const char *name, enum node_admin admin);

/* ---- commit.c ---- */
/*
 * Takes the set, which has been applied to running. The answer follows when every worker acts by it, or when
 * the change turned out impossible and was taken back. undoes: as a rollback of so many generations, else 0.
 * `call` may be NULL: nobody waits for the answer.
 */
void change_begin(struct daemon *daemon, struct call *call, struct change_set *set, unsigned undoes);
/* Reads the file again. `call` may be NULL: nobody waits for the answer. */
void change_reload(struct daemon *daemon, struct call *call);
void change_tick(struct daemon *daemon, uint64_t now_ns);
/* Takes both, the snapshot also on failure. `next` may be NULL: memory was short. 0 or -ENOMEM. */
must_use int daemon_publish(struct daemon *daemon, struct snapshot *next, const struct parts *parts);

/* ---- merge.c ---- */
/* Ends a merge that has run, and begins one of the routes' delta when it is worth it. */
void merge_consider(struct daemon *daemon);
#endif
