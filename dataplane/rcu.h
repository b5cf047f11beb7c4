/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The snapshot pointer and its grace periods. Workers load the pointer once per loop and report a quiescent
 * state at the end of it; control publishes, and knows by asking (never by waiting) when no worker can hold
 * what it replaced.
 */
#ifndef RCU_H
#define RCU_H

#include "base/ensure.h"

#include <stdbool.h>
#include <stdint.h>

struct snapshot;
struct rcu;

/* One grace period, on control's side. */
struct rcu_grace {
	uint64_t token;
	uint64_t begun_ns;
	uint64_t took_ns; /* valid once it is over */
};

/* Needs a started EAL. Readers are worker indices below reader_count. 0 or -ENOMEM. */
must_use int rcu_create(unsigned reader_count, const struct snapshot *first, struct rcu **ret_rcu);
void rcu_destroy(struct rcu *rcu); /* NULL is fine; the snapshot stays the caller's */

/* A worker's thread, before its first loop and after its last one. In between it is online or offline. */
void rcu_join(struct rcu *rcu, unsigned reader);
void rcu_leave(struct rcu *rcu, unsigned reader);

/* Around a nap: an offline worker holds no snapshot and keeps no grace period waiting. */
void rcu_online(struct rcu *rcu, unsigned reader);
void rcu_offline(struct rcu *rcu, unsigned reader);

/* The end of a loop: whatever this worker loaded before, it no longer holds. */
void rcu_quiescent(struct rcu *rcu, unsigned reader);

/* The current snapshot; valid until this worker's next rcu_quiescent or rcu_offline. */
const struct snapshot *rcu_snapshot(const struct rcu *rcu);

/* Control: makes `next` the current one and returns what it replaces, to be freed a grace period later. */
const struct snapshot *rcu_publish(struct rcu *rcu, const struct snapshot *next);

/* Control: starts a grace period. Several may be under way. */
void rcu_grace_begin(struct rcu *rcu, uint64_t now_ns, struct rcu_grace *ret_grace);

/* Control: is it over? Sets took_ns the first time it is. Never waits: call it from a timer (1 ms is fine).
 */
must_use bool rcu_grace_over(struct rcu *rcu, struct rcu_grace *grace, uint64_t now_ns);

/* Control: the worker that a grace period is waiting for, or -1. */
int rcu_laggard(const struct rcu *rcu, const struct rcu_grace *grace);

#endif
