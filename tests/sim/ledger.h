/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The books: what went into the balancer and what came out of it, message by message, and at the end whether
 * the balancer's own counters explain every difference.
 */
#ifndef SIM_LEDGER_H
#define SIM_LEDGER_H

#include "sim.h"

struct sim_ledger *sim_ledger_create(struct sim *sim);
void sim_ledger_destroy(struct sim_ledger *ledger);

/* A worker received it; it may be damaged. */
void sim_ledger_into(struct sim_ledger *ledger, const struct packet *packet, bool intact);
/* A worker sent it. */
void sim_ledger_out(struct sim_ledger *ledger, const struct packet *packet);

/* The same over connections: a host has given a message to its TCP, has had one whole from it. */
struct sim_datagram;
void sim_ledger_said(struct sim_ledger *ledger, struct span text);
void sim_ledger_heard(struct sim_ledger *ledger, const struct sim_datagram *message);

/* At the end, when nothing moves any more. */
void sim_ledger_balance(struct sim_ledger *ledger);

#endif
