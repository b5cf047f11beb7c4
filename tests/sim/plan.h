/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a seed means. */
#ifndef SIM_PLAN_H
#define SIM_PLAN_H

#include "sim.h"

struct sim_plan sim_plan_of(uint64_t seed, enum sim_sabotage sabotage);

/* One line for people. */
void sim_plan_describe(const struct sim_plan *plan, char *buf, size_t size);

#endif
