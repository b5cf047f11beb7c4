/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of nodes and its three indexes. Control fills a table before it publishes the snapshot; workers
 * look nodes up for each message: by the identity in a cookie, by the source address of a packet.
 * Invariant: an index is never more than half full, so every probe sequence meets an empty place.
 */
#include "node/node.h"

#include "base/hash.h"

#include <errno.h>

static_assert(NODES_MAX < UINT16_MAX, "an index entry is slot + 1 in 16 bits");
static_assert((NODE_INDEX_SIZE & (NODE_INDEX_SIZE - 1)) == 0, "places are found by masking");

static uint64_t ip_hash(const struct ip_addr *ip, uint64_t seed)
{
	return hash_bytes(ip->bytes, sizeof(ip->bytes), hash_mix(seed << 8 | ip->family));
}

static uint64_t endpoint_hash(const struct endpoint *ep)
{
	return ip_hash(&ep->ip, ep->port);
}

uint32_t node_id(const struct endpoint *remote, enum transport transport)
{
	uint64_t hash = ip_hash(&remote->ip, (uint64_t)transport << 16 | remote->port);
	uint32_t id = (uint32_t)(hash ^ hash >> 32);

	return id != 0 ? id : 1; /* 0 stands for "no node" in cookies */
}

const struct node *node_by_id(const struct node_table *table, uint32_t id)
{
	for (unsigned at = id % NODE_INDEX_SIZE; table->by_id[at] != 0; at = (at + 1) % NODE_INDEX_SIZE) {
		const struct node *node = table->slots[table->by_id[at] - 1];
		if (node->id == id)
			return node;
	}
	return NULL;
}

const struct node *node_by_endpoint(const struct node_table *table, const struct endpoint *remote)
{
	unsigned at = endpoint_hash(remote) % NODE_INDEX_SIZE;

	for (; table->by_endpoint[at] != 0; at = (at + 1) % NODE_INDEX_SIZE) {
		const struct node *node = table->slots[table->by_endpoint[at] - 1];
		if (endpoint_equal(&node->remote, remote))
			return node;
	}
	return NULL;
}

const struct node *node_by_ip(const struct node_table *table, const struct ip_addr *ip)
{
	unsigned at = ip_hash(ip, 0) % NODE_INDEX_SIZE;

	for (; table->by_ip[at] != 0; at = (at + 1) % NODE_INDEX_SIZE) {
		const struct node *node = table->slots[table->by_ip[at] - 1];
		if (ip_equal(&node->remote.ip, ip))
			return node;
	}
	return NULL;
}

void node_table_init(struct node_table *table)
{
	memset(table, 0, sizeof(*table));
}

static void index_id(struct node_table *table, const struct node *node)
{
	unsigned at = node->id % NODE_INDEX_SIZE;

	while (table->by_id[at] != 0)
		at = (at + 1) % NODE_INDEX_SIZE;
	table->by_id[at] = node->slot + 1;
}

/* Several transports may share an endpoint, several ports an address: the lowest slot stands for them. */
static void index_endpoint(struct node_table *table, const struct node *node)
{
	unsigned at = endpoint_hash(&node->remote) % NODE_INDEX_SIZE;

	for (; table->by_endpoint[at] != 0; at = (at + 1) % NODE_INDEX_SIZE) {
		const struct node *other = table->slots[table->by_endpoint[at] - 1];
		if (endpoint_equal(&other->remote, &node->remote) && other->slot < node->slot)
			return;
		if (endpoint_equal(&other->remote, &node->remote))
			break;
	}
	table->by_endpoint[at] = node->slot + 1;
}

static void index_ip(struct node_table *table, const struct node *node)
{
	unsigned at = ip_hash(&node->remote.ip, 0) % NODE_INDEX_SIZE;

	for (; table->by_ip[at] != 0; at = (at + 1) % NODE_INDEX_SIZE) {
		const struct node *other = table->slots[table->by_ip[at] - 1];
		if (ip_equal(&other->remote.ip, &node->remote.ip) && other->slot < node->slot)
			return;
		if (ip_equal(&other->remote.ip, &node->remote.ip))
			break;
	}
	table->by_ip[at] = node->slot + 1;
}

int node_table_add(struct node_table *table, struct node *node)
{
	if (node->slot >= NODES_MAX || node->transport >= TRANSPORT_COUNT ||
		node->id != node_id(&node->remote, node->transport))
		return -EINVAL;
	if (table->slots[node->slot] != NULL || node_by_id(table, node->id) != NULL)
		return -EEXIST;
	table->slots[node->slot] = node;
	if (node->slot >= table->slot_count)
		table->slot_count = node->slot + 1;
	index_id(table, node);
	index_endpoint(table, node);
	index_ip(table, node);
	return 0;
}

const char *node_health_name(enum node_health health)
{
	static const char *const names[] = {[NODE_UNKNOWN] = "unknown",
		[NODE_UP] = "up",
		[NODE_SUSPECT] = "suspect",
		[NODE_DOWN] = "down"};

	ensure((unsigned)health < sizeof(names) / sizeof(names[0]));
	return names[health];
}

const char *node_admin_name(enum node_admin admin)
{
	static const char *const names[] = {
		[NODE_READY] = "ready", [NODE_DRAIN] = "drain", [NODE_MAINT] = "maint"};

	ensure((unsigned)admin < sizeof(names) / sizeof(names[0]));
	return names[admin];
}
