/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The nodes there are: their slots, their live words, and whether each is alive. A node exists while somebody
 * uses it: its declaration, or a route that leads there. Its slot is used again only when no worker can still
 * hold a snapshot that names it. Control thread only; workers read the live words.
 */
#ifndef CONTROL_NODES_H
#define CONTROL_NODES_H

#include "base/ensure.h"
#include "worker/mailbox.h"
#include "node/health.h"
#include "node/node.h"

enum { NODES_EVENTS_MAX = 512, NODES_REASON_MAX = 48 };

enum node_state {
	NODE_FREE,
	NODE_USED,
	NODE_LEAVING, /* nobody uses it, but a snapshot that workers may hold still names it */
};

struct node_record {
	uint8_t state;              /* enum node_state */
	bool declared;              /* the configuration names it; else only routes do */
	uint32_t users;             /* the declaration and the routes */
	uint8_t ahead;              /* states set by the operator that the model does not have yet */
	uint64_t leaves_generation; /* NODE_LEAVING: the first snapshot without it */
	struct node node;           /* node.live is &nodes->live[slot] */
	struct health health;
	struct health_settings settings;
	uint64_t since_ns;   /* when it came to be */
	uint64_t last_ok_ns; /* when a probe was last answered; 0: never */
};

/* A change of state, for `show node history` and for measuring how soon a failure was seen. */
struct node_event {
	uint64_t wall_ms;
	uint64_t at_ns;
	uint64_t detect_ns; /* became down: since the last answered probe; else 0 */
	uint32_t from_word, to_word;
	char name[NODE_NAME_MAX];
	char reason[NODES_REASON_MAX];
};

struct nodes {
	struct node_record records[NODES_MAX];
	struct node_live live[NODES_MAX]; /* they outlive every snapshot */
	uint16_t slot_count;              /* slots ever used */
	uint16_t by_id[NODE_INDEX_SIZE];  /* slot + 1 of all that are not free; open addressing; 0 is empty */
	uint64_t event_count;             /* ever; the last NODES_EVENTS_MAX are in `events` */
	struct node_event events[NODES_EVENTS_MAX];
	void (*changed)(void *ctx, const struct node_event *event); /* optional */
	void *ctx;
};

/* Where a node is, and what to call it until the configuration names it. */
struct node_address {
	struct endpoint remote;
	enum transport transport;
	const char *name;
};

struct nodes *nodes_create(void); /* NULL when memory is short */
void nodes_destroy(struct nodes *nodes);

/*
 * Finds the node of that endpoint, or makes it, and adds a user. A new one starts unknown and ready. Returns
 * 0, -ENOSPC (all slots are taken), or -EEXIST: another endpoint has the same id (one in four thousand
 * million).
 */
must_use int nodes_use(
	struct nodes *nodes, const struct node_address *address, uint64_t now_ns, uint16_t *ret_slot);
/* Takes the user away; the last one makes it leave with that snapshot generation. */
void nodes_unuse(struct nodes *nodes, uint16_t slot, uint64_t generation);
/* Takes all users away. */
void nodes_unuse_all(struct nodes *nodes, uint64_t generation);
/* No worker holds a snapshot older than this any more: slots of nodes that left are free again. */
void nodes_released(struct nodes *nodes, uint64_t generation);

/* NULL when no node in use has the slot. */
struct node_record *nodes_at(struct nodes *nodes, unsigned slot);
struct node_record *nodes_named(struct nodes *nodes, const char *name);
/* The node in use at that endpoint, or NULL. */
struct node_record *nodes_by_endpoint(
	struct nodes *nodes, const struct endpoint *remote, enum transport transport);

/* What a worker reported. Ignored when the slot has another node by now. */
void nodes_report(struct nodes *nodes, const struct mail_node *mail, uint64_t now_ns);
/* An operator's event. */
void nodes_event(struct nodes *nodes, struct node_record *record, enum health_event event, uint64_t now_ns);
/* Gives HEALTH_TICK to whoever is due. */
void nodes_tick(struct nodes *nodes, uint64_t now_ns);
void nodes_set_admin(struct nodes *nodes, struct node_record *record, enum node_admin admin, uint64_t now_ns);

/* The i-th of the events kept, oldest first; NULL past the last. */
const struct node_event *nodes_event_at(const struct nodes *nodes, uint64_t i);

/* A table for the next snapshot, with copies of the nodes; freed as one. NULL when memory is short. */
struct node_table *nodes_table_create(const struct nodes *nodes);
void nodes_table_destroy(struct node_table *table);

/* "", "busy", "busy,held": the flags of a word. */
void nodes_flags_format(uint32_t word, char *buf, size_t size);

#endif
