/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions about what is ours, asked by workers for every message. Listeners and addresses are few
 * (limits.h), so these are short scans over a table that stays in the cache.
 */
#include "snapshot.h"

const struct listener *snapshot_listener(
	const struct snapshot *snap, const struct endpoint *local, enum transport transport)
{
	for (unsigned i = 0; i < snap->listener_count; i++) {
		const struct listener *listener = &snap->listeners[i];

		if (listener->transport == transport && endpoint_equal(&listener->local, local))
			return listener;
	}
	return NULL;
}

const struct listener *snapshot_listener_by_id(const struct snapshot *snap, uint16_t id)
{
	for (unsigned i = 0; i < snap->listener_count; i++) {
		if (snap->listeners[i].id == id)
			return &snap->listeners[i];
	}
	return NULL;
}

const struct listener *snapshot_listener_of_family(
	const struct snapshot *snap, uint8_t family, enum transport transport)
{
	for (unsigned i = 0; i < snap->listener_count; i++) {
		if (snap->listeners[i].local.ip.family == family && snap->listeners[i].transport == transport)
			return &snap->listeners[i];
	}
	return NULL;
}

bool snapshot_is_local_ip(const struct snapshot *snap, const struct ip_addr *ip)
{
	for (unsigned i = 0; i < snap->local_count; i++) {
		if (ip_equal(&snap->locals[i], ip))
			return true;
	}
	return false;
}

bool snapshot_is_local(const struct snapshot *snap, const struct endpoint *ep)
{
	for (unsigned i = 0; i < snap->listener_count; i++) {
		if (endpoint_equal(&snap->listeners[i].local, ep))
			return true;
	}
	return ep->port >= snap->source_port_base && ep->port - snap->source_port_base < snap->worker_count &&
	       snapshot_is_local_ip(snap, &ep->ip);
}

uint16_t listener_id(const struct endpoint *local, enum transport transport)
{
	uint8_t bytes[sizeof(local->ip.bytes) + 4];
	uint64_t hash;

	memcpy(bytes, local->ip.bytes, sizeof(local->ip.bytes));
	bytes[sizeof(local->ip.bytes)] = local->ip.family;
	bytes[sizeof(local->ip.bytes) + 1] = (uint8_t)transport;
	bytes[sizeof(local->ip.bytes) + 2] = (uint8_t)(local->port >> 8);
	bytes[sizeof(local->ip.bytes) + 3] = (uint8_t)local->port;
	hash = hash_bytes(bytes, sizeof(bytes), 0);
	return (uint16_t)(hash ^ (hash >> 16) ^ (hash >> 32) ^ (hash >> 48));
}
