/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wire: a switch with the balancer's port and all hosts on it, and a seeded hand that disturbs frames. */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "sim.h"
#include "wire.h"

struct rte_mempool;

struct sim_link_counts {
	uint64_t frames; /* sent by anybody */
	uint64_t faults; /* that something was done to */
	uint64_t to_workers;
};

/* pools: of the workers, by index: received frames are put into them. */
struct sim_link *sim_link_create(struct sim *sim, struct rte_mempool **pools);
void sim_link_destroy(struct sim_link *link);

const struct wire *sim_link_wire(const struct sim_link *link, unsigned queue);
const struct sim_link_counts *sim_link_counts(const struct sim_link *link);
extern const uint8_t sim_balancer_mac[6];

/* A host's frame to whom it is addressed. */
void sim_link_send(struct sim_link *link, const struct packet *packet);

/* An event that will not happen any more: frees the frame when it was one. */
void sim_link_forget(struct event event);

#endif
