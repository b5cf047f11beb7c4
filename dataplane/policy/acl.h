/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which source addresses are trusted (R-ACL-1, R-ACL-2): prefixes and "all". Entries only admit, so one match
 * is enough; the most specific one is reported. Immutable: built by control, read by workers.
 */
#ifndef POLICY_ACL_H
#define POLICY_ACL_H

#include "base/addr.h"
#include "base/ensure.h"

struct acl;

#define ACL_REFUSED (-1)

/*
 * Builds a list from prefixes; family IP_NONE means "all", bits behind the prefix length are ignored. An
 * empty list admits nobody. Returns 0, -EINVAL (a prefix longer than its address) or -ENOMEM.
 */
must_use int acl_create(const struct ip_prefix *entries, size_t entry_count, struct acl **ret_acl);

void acl_destroy(struct acl *acl); /* NULL is fine */

/*
 * The index of the entry that admits the address (the longest prefix; of equal ones the first), or
 * ACL_REFUSED.
 */
int acl_match(const struct acl *acl, const struct ip_addr *source);

#endif
