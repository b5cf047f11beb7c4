/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the model to the parts of a snapshot. A build gathers on the control thread what it needs, then may
 * run anywhere: quick ones at once, long ones on the compile thread.
 */
#ifndef CONTROL_BUILD_H
#define CONTROL_BUILD_H

#include "control/publish.h"
#include "control/routes.h"

enum {
	BUILD_ROUTES = 1 << 0, /* the whole table */
	BUILD_USERS = 1 << 1,
	BUILD_ACL = 1 << 2,
	BUILD_DOMAINS = 1 << 3,
	BUILD_NODES = 1 << 4,

	BUILD_QUICK_MAX = 2000, /* entries of a list that compile at once, in about a millisecond */
};

struct build {
	unsigned wants; /* BUILD_* bits */
	unsigned worker_count;
	const struct route_table *like; /* borrowed: must live until the build ran; may be NULL */
	struct route *routes, *users;   /* owner: this */
	size_t route_count, user_count;
	struct ip_prefix *acl; /* owner: this */
	size_t acl_count;
	struct span *domains; /* owner: this; the texts belong to the model */
	size_t domain_count;
	const struct config_listener *twins[2]; /* the model's; NULL unless two listeners have one id */
	struct parts parts;                     /* what came of it */
	int ret;                                /* 0 or -errno, with the reason in error */
	struct policy_error error;
};

/* Gathers the inputs. 0 or -ENOMEM. The model must not change until the build ran. */
must_use int build_gather(
	struct build *build, const struct config *config, const struct routes *routes, struct nodes *nodes);
/* Does it take long enough to go to the compile thread? */
bool build_is_long(const struct build *build);
void build_run(struct build *build);
/* Frees the inputs, and the parts that nobody took. */
void build_fini(struct build *build);

#endif
