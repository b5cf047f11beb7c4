/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The presence domains (R-DOM-1): exact names, any case, a trailing dot ignored. Immutable: built by control,
 * read by workers.
 */
#ifndef POLICY_DOMAIN_H
#define POLICY_DOMAIN_H

#include "base/ensure.h"
#include "base/span.h"

struct domain_set;

enum {
	DOMAIN_UNKNOWN = -1, /* a request for it is refused */
	DOMAIN_ANY = -2,     /* no domains are configured: every one is accepted */
};

/* Copies the names. Returns 0, -EINVAL (an empty or too long name), -EEXIST (twice the same) or -ENOMEM. */
must_use int domain_set_create(const struct span *names, size_t count, struct domain_set **ret_set);

void domain_set_destroy(struct domain_set *set); /* NULL is fine */

/* The index of the name as given to domain_set_create, DOMAIN_UNKNOWN or DOMAIN_ANY. */
int domain_find(const struct domain_set *set, struct span host);

#endif
