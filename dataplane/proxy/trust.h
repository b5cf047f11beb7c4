/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a source may send us requests at all (R-ACL-2). */
#ifndef PROXY_TRUST_H
#define PROXY_TRUST_H

#include "base/addr.h"
#include "policy/acl.h"
#include "snapshot.h"

#include <stdbool.h>

struct trust {
	const struct node *node; /* the configured node with that address, or NULL */
	int acl_entry;           /* index of the entry that admits it, or ACL_REFUSED */
	bool admitted;
};

/* A configured node is a peer that the operator chose: it is admitted without an entry. */
static inline struct trust trust_of(const struct snapshot *snap, const struct ip_addr *source)
{
	struct trust trust = {
		.node = node_by_ip(snap->nodes, source),
		.acl_entry = acl_match(snap->acl, source),
	};

	trust.admitted = trust.node || trust.acl_entry != ACL_REFUSED;
	return trust;
}

#endif
