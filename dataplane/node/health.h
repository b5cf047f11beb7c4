/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decision whether a node is alive: a pure function from its history and one event to the next state.
 * Control runs it; workers only report events and read the word that comes of it (architecture: section 4).
 */
#ifndef NODE_HEALTH_H
#define NODE_HEALTH_H

#include "node/node.h"

enum health_event {
	HEALTH_PROBE_OK,   /* any final response but 503: the node is alive (R-LB-6) */
	HEALTH_PROBE_BUSY, /* 503 to a probe: alive, not for new work; retry_after_s comes with it */
	HEALTH_PROBE_TIMEOUT,
	HEALTH_UNREACHABLE, /* ICMP said so, or a connection was refused, reset or did not come about */
	HEALTH_TICK,        /* time passed: hold and busy periods may end */
	HEALTH_RELEASE,     /* the operator ends the hold (manual failback) */
	HEALTH_ADMIN_READY,
	HEALTH_ADMIN_DRAIN,
	HEALTH_ADMIN_MAINT,
};

struct health_settings {
	uint16_t fall;
	uint16_t rise;
	bool failback_auto;
	uint32_t hold_ms;           /* how long a node must stay up before it takes new work back */
	uint32_t retry_after_max_s; /* cap on what a 503 may ask for */
};

struct health {
	uint8_t health; /* enum node_health */
	uint8_t admin;  /* enum node_admin */
	bool held;
	bool busy;
	uint16_t fails;         /* in a row */
	uint16_t successes;     /* in a row */
	uint32_t flaps;         /* times it went down after having been up, for people */
	uint8_t flap_level;     /* of these, those in quick succession: each doubles the hold */
	uint64_t up_since_ns;   /* when it last came into service */
	uint64_t held_until_ns; /* UINT64_MAX: until released */
	uint64_t busy_until_ns;
	uint64_t changed_ns; /* when health last changed */
};

void health_init(struct health *h, enum node_admin admin, uint64_t now_ns);

/* One step. retry_after_s counts only with HEALTH_PROBE_BUSY. Returns true when the word changed. */
bool health_step(struct health *h, const struct health_settings *settings, enum health_event event,
	uint32_t retry_after_s, uint64_t now_ns);

/* The word workers read. */
uint32_t health_word(const struct health *h);

/* When HEALTH_TICK is next needed; UINT64_MAX: not at all. */
uint64_t health_deadline_ns(const struct health *h);

#endif
