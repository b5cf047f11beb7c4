/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The counters' names and documentation, spelled out once from stats.def for control, the command line
 * and the generated pages.
 */
#include "stats.h"

const struct stat_info stat_infos[STAT_COUNT] = {
#define STAT(name, unit, doc) [STAT_##name] = {#name, unit, doc},
#include "stats.def"
#undef STAT
};
