/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A TCP to hold ours against: written apart from it, slow, and as simple as it can be. It sends by going back
 * to the first unacknowledged byte after a fixed time, knows no congestion, and keeps one flag for each byte
 * that arrived. It knows by heart what the other side's application says, so each byte is held against that
 * where it arrives. Its habits make many peers of it.
 */
#ifndef SIM_TCP_MODEL_H
#define SIM_TCP_MODEL_H

#include "support/tcp_segment.h"

#include <stdbool.h>
#include <stdint.h>

struct tcp_sim;
struct sim_host;
struct side;
struct model;

struct model_habits {
	bool sack, timestamps;
	int shift;             /* of its window; -1: no scaling */
	uint16_t mss;          /* that it names; 0: no option */
	bool keeps;            /* what comes beyond a gap; else drops it, as the simplest receivers do */
	uint32_t reneges;      /* in a million ACKs: forgets what it kept and had reported */
	uint32_t shrinks;      /* in a million ACKs: takes back a part of its window, or all of it */
	uint32_t window_bytes; /* at most 65,535 << shift */
	uint32_t segment_max;  /* bytes of text it sends at a time */
	uint32_t flight_max;   /* bytes it has under way */
	uint64_t ack_delay_ns; /* 0: each segment is acknowledged at once */
};

enum { MODELS_MAX = 64 };

struct model_population {
	struct model *all[MODELS_MAX];
	unsigned count;
};

/* The side opens its connection. */
void model_open(struct side *side);
/* A segment for a model on the host. */
void model_input(struct sim_host *host, const struct tcp_segment *segment);

/* What an application calls. */
void model_write(struct model *model, uint32_t bytes);
uint32_t model_unread(const struct model *model);
void model_read(struct model *model, uint32_t bytes);
void model_shutdown(struct model *model);
void model_abort(struct model *model);

/* The host loses all memory of them. */
void models_forget(struct sim_host *host);
void models_free(struct tcp_sim *sim);

#endif
