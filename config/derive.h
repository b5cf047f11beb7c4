/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What follows from the keys of one entry, named by the schema table.
 */
#ifndef CONFIG_DERIVE_H
#define CONFIG_DERIVE_H

#include "config/place.h"

int derive_listener(void *object, const struct place *place);
int derive_node(void *object, const struct place *place);
int derive_route(void *object, const struct place *place);
int derive_acl(void *object, const struct place *place);
int derive_domain(void *object, const struct place *place);

#endif
