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

/* At the end, when nothing moves any more. */
void sim_ledger_balance(struct sim_ledger *ledger);

#endif
