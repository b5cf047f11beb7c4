/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a worker reads to decide: built by control, published by one pointer store, never changed afterwards,
 * and freed by control a grace period after it was replaced. A worker loads the pointer once per loop.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include "base/addr.h"
#include "base/lightmac.h"
#include "limits.h"
#include "node/node.h"

#include <stdbool.h>
#include <stdint.h>

struct route_table; /* policy/route.h */
struct user_table;  /* policy/user.h */
struct acl;         /* policy/acl.h */
struct domain_set;  /* policy/domain.h */

struct listener {
	uint16_t id; /* stable hash of address, port, transport: what Via branches carry */
	uint8_t transport;
	bool acl_drop;     /* a source that the ACL refuses gets silence, not 403 */
	bool record_route; /* stay in the path of dialogs */
	bool stateless;    /* requests are forwarded without transactions (RFC 3261 16.11) */
	struct endpoint local;
	char name[NODE_NAME_MAX];
};

/* Keys that authenticate branches and cookies. The previous one is still accepted after a rotation. */
struct cookie_keys {
	struct lightmac_key key[2];
	uint8_t current; /* index of the one to sign with; also written into what is signed */
};

struct snapshot {
	uint64_t generation;
	uint64_t
		serial; /* no other that was published has it: what is remembered of one is not asked again */
	const struct route_table *routes;
	const struct user_table *users;
	const struct acl *acl;
	const struct domain_set *domains;
	const struct node_table *nodes;
	struct cookie_keys keys;
	uint16_t source_port_base; /* worker i sends to nodes from source_port_base + i */
	uint16_t worker_count;
	uint16_t retry_after_s;       /* in our own 503 */
	uint16_t failover_timeout_ms; /* silence of a node until another is asked; 0: for ever */
	uint32_t ringing_max_s;       /* an INVITE that is not answered is cancelled after that; 0: never */
	uint16_t udp_bytes_max; /* longer requests go by TCP where the node has it (18.1.1); 0: all by UDP */
	uint16_t listener_count;
	struct listener listeners[LISTENERS_MAX];
	uint16_t local_count;
	struct ip_addr locals[PORTS_MAX * ADDRESSES_PER_PORT_MAX]; /* every address that is ours */
};

/* The listener bound to that local endpoint and transport, or NULL. */
const struct listener *snapshot_listener(
	const struct snapshot *snap, const struct endpoint *local, enum transport transport);
const struct listener *snapshot_listener_by_id(const struct snapshot *snap, uint16_t id);
/* The first listener of that address family, for traffic that has no listener of its own; NULL: there is
 * none. */
const struct listener *snapshot_listener_of_family(
	const struct snapshot *snap, uint8_t family, enum transport transport);
/* Is this endpoint one of ours (a listener, or a worker's source port)? */
bool snapshot_is_local(const struct snapshot *snap, const struct endpoint *ep);
bool snapshot_is_local_ip(const struct snapshot *snap, const struct ip_addr *ip);

/*
 * A listener is named on the wire by 16 bits; two that collide must not stand in one snapshot: whoever builds
 * it checks.
 */
uint16_t listener_id(const struct endpoint *local, enum transport transport);

#endif
