/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host's connections: a second instance of our own TCP, of which the workers know nothing, and whole
 * messages on it. What is said leaves in pieces of any length, or together with what is said after it.
 */
#ifndef SIM_STREAMS_H
#define SIM_STREAMS_H

#include "host.h"

struct sim_streams;

struct sim_streams_config {
	struct sim *sim;
	struct sim_host *host;
	unsigned index; /* of the host */
	bool v6;
	uint16_t ports[SIM_LISTEN_MAX]; /* where it listens */
	unsigned port_count;
};

/* Which connection: one that the host opened from that port of its own making, toward that address. */
struct sim_way {
	uint16_t port;
	struct endpoint dst;
};

struct sim_streams *sim_streams_create(const struct sim_streams_config *config);
/* Also checks that all packet buffers of the hosts are back when it is the last one. */
void sim_streams_destroy(struct sim_streams *streams);

void sim_streams_input(struct sim_streams *streams, const struct packet_view *v);
void sim_streams_tick(struct sim_streams *streams);
uint64_t sim_streams_next_ns(const struct sim_streams *streams);

/* By the connection of that way, which is opened when there is none. */
void sim_streams_say(struct sim_streams *streams, const struct sim_way *way, struct span text);
/* By that connection; false: it has ended, or is closed for sending. */
bool sim_streams_reply(struct sim_streams *streams, uint64_t stream, struct span text);

/* The process ends: nobody listens, and every connection is reset. Then it is there again. */
void sim_streams_kill(struct sim_streams *streams);
void sim_streams_revive(struct sim_streams *streams);
/* The host has begun anew: it knows of no connection, and tells nobody. */
void sim_streams_reboot(struct sim_streams *streams);

enum sim_hang_up {
	SIM_HANG_UP,          /* in order, after what was said */
	SIM_HANG_UP_IN_MIDST, /* in order, but of a message only the beginning has left */
	SIM_HANG_UP_RESET,    /* the same, and a reset */
	SIM_HANG_UPS
};
/* Ends one of them, any; returns its port, or 0 when there is none. */
uint16_t sim_streams_hang_up(struct sim_streams *streams, enum sim_hang_up how);
/* All in order, at the end of the run; none is opened any more. */
void sim_streams_retire(struct sim_streams *streams);
/* What is still there, in places of its TCP. */
unsigned sim_streams_live(const struct sim_streams *streams);

#endif
