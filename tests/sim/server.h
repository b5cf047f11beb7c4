/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A node: answers what it is asked, and sends a NOTIFY in each dialog. */
#ifndef SIM_SERVER_H
#define SIM_SERVER_H

#include "host.h"
#include "sim.h"

struct sim_server *sim_server_create(struct sim *sim, unsigned node);
void sim_server_destroy(struct sim_server *server);
struct sim_host_owner sim_server_owner(struct sim_server *server);

void sim_server_busy(struct sim_server *server, bool busy);
/* Its process has ended: what it was about to answer, it does not. */
void sim_server_forget(struct sim_server *server);

/* At the end: what must have been answered, was. */
void sim_server_check(const struct sim_server *server);

#endif
