/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole data plane as control sees it: packet pools, ports, workers and their threads, brought up in that
 * order and taken down in the other. Needs a started EAL (eal.h).
 */
#ifndef PLANE_H
#define PLANE_H

#include "base/addr.h"
#include "base/ensure.h"
#include "base/hash.h"
#include "plane/idle.h"
#include "limits.h"
#include "plane/port.h"
#include "proxy/transactions.h"
#include "conn/config.h"
#include "tcp/config.h"

#include <stdbool.h>
#include <stdint.h>

struct plane;
struct rcu;
struct snapshot;
struct worker;

enum { PLANE_ERROR_MAX = PORT_ERROR_MAX + 64 };

struct plane_port {
	const char *name;
	const char *device;
	const struct ip_prefix *addresses;
	uint16_t address_count;
	struct ip_addr gateway_v4; /* IP_NONE: none */
	struct ip_addr gateway_v6;
	uint16_t mtu;
	uint16_t queues; /* 0: one for each worker */
	uint8_t mac[6];  /* all zero: the device's own */
};

struct plane_config {
	unsigned worker_count;
	const uint16_t *cores; /* worker i runs on cores[i]; NULL: the system chooses */
	enum idle_policy idle;
	uint32_t mbufs; /* packet buffers of each worker */
	unsigned port_count;
	const struct plane_port *ports;
	const struct snapshot *first;    /* generation to start with */
	uint64_t seed;                   /* of the workers' randomness */
	struct txns_config transactions; /* of each worker, but for key and time */
	struct tcp_config tcp;           /* of each worker, but for the ports, which they share: worker.h */
	struct conns_limits streams;     /* of each worker */
	struct hash_key probe_key;       /* from getrandom(): authenticates answers to probes */
};

/* Returns 0, or -errno with a text for the operator. The threads do not run yet. */
must_use int plane_create(
	const struct plane_config *config, struct plane **ret_plane, char ret_error[static PLANE_ERROR_MAX]);

/* Starts the ports, then the workers' threads. */
must_use int plane_start(struct plane *plane, char ret_error[static PLANE_ERROR_MAX]);

/* Ends the threads and stops the ports; the figures stay readable. */
void plane_stop(struct plane *plane);
void plane_destroy(struct plane *plane); /* NULL is fine */

unsigned plane_worker_count(const struct plane *plane);
struct worker *plane_worker(const struct plane *plane, unsigned index);
unsigned plane_port_count(const struct plane *plane);
const struct port *plane_port(const struct plane *plane, unsigned index);
struct rcu *plane_rcu(const struct plane *plane);

/* After worker_tell(), or when a worker should look at a new snapshot or mask without delay. Costs little
 * when it is awake. */
void plane_wake(struct plane *plane, unsigned index);

/* The allocator's arena of a worker's thread, for `show memory`; 0: the common one, also before it has begun.
 */
unsigned plane_arena(const struct plane *plane, unsigned index);

/* A source address for traffic toward dst, by the ports' subnets and gateways. 0 or -ENETUNREACH. */
must_use int plane_source_for(
	const struct plane_config *config, const struct ip_addr *dst, struct ip_addr *ret_src);

/* The time that workers live by (CLOCK_MONOTONIC). */
uint64_t plane_now_ns(void);

#endif
