/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Source ports of tcp_connect(). Each of our addresses has a ring of free ports, shuffled once at start (RFC
 * 6056: not predictable). Taking from the front and giving back at the end is O(1), and lets a port rest as
 * long as there are others. A port is taken until its connection has left TIME-WAIT, whatever its peer.
 */
#include "tcp/stages_priv.h"

#include <rte_malloc.h>

#include <errno.h>

static void shuffle(uint16_t *ports, uint32_t count, struct rng *rng)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t other = rng_below(rng, i);
		uint16_t port = ports[i - 1];
		ports[i - 1] = ports[other];
		ports[other] = port;
	}
}

static struct source *source_find(struct tcp *tcp, const struct ip_addr *ip)
{
	for (uint32_t i = 0; i < tcp->source_count; i++) {
		if (ip_equal(&tcp->sources[i].ip, ip))
			return &tcp->sources[i];
	}
	return NULL;
}

int tcp_add_source(struct tcp *tcp, const struct ip_addr *ip)
{
	uint32_t count = (uint32_t)(tcp->config.port_last - tcp->config.port_first) + 1;
	struct source *source = &tcp->sources[tcp->source_count];

	if (source_find(tcp, ip))
		return -EEXIST;
	if (tcp->source_count == TCP_SOURCES_MAX)
		return -ENOSPC;
	*source = (struct source){.ip = *ip, .capacity = count, .count = count};
	source->ports = rte_malloc_socket("tcp ports", count * sizeof(uint16_t), 0, tcp->config.socket_id);
	if (!source->ports)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		source->ports[i] = (uint16_t)(tcp->config.port_first + i);
	shuffle(source->ports, count, tcp->config.rng);
	tcp->source_count++;
	return 0;
}

void sources_free(struct tcp *tcp)
{
	for (uint32_t i = 0; i < tcp->source_count; i++)
		rte_free(tcp->sources[i].ports);
}

static bool source_fits(const struct tcp *tcp, const struct source *source, const struct ip_addr *remote)
{
	if (source->ip.family != remote->family)
		return false;
	return !tcp->config.source_fits || tcp->config.source_fits(tcp->config.ctx, &source->ip, remote);
}

static void port_give(struct source *source, uint16_t port)
{
	ensure(source->count < source->capacity);
	source->ports[(source->head + source->count) % source->capacity] = port;
	__atomic_store_n(&source->count, source->count + 1, __ATOMIC_RELAXED);
}

static uint16_t port_take(struct source *source)
{
	uint16_t port = source->ports[source->head];

	source->head = (source->head + 1) % source->capacity;
	__atomic_store_n(&source->count, source->count - 1, __ATOMIC_RELAXED);
	return port;
}

/* The first of the next ports whose segments come home, else simply the next: what arrives elsewhere is
 * handed over. Ports that were passed over go to the end of the ring. */
static struct endpoint end_take(struct tcp *tcp, struct source *source, const struct endpoint *remote)
{
	const struct tcp_config *config = &tcp->config;
	uint32_t tries = config->comes_home ? u32_min(source->count, TCP_PORT_TRIES_MAX) : 0;
	struct endpoint local = {.ip = source->ip};

	for (uint32_t i = 0; i < tries; i++) {
		local.port = port_take(source);
		if (config->comes_home(config->ctx, &local, remote))
			return local;
		port_give(source, local.port);
	}
	if (tries > 0)
		tcp_count(tcp, STAT_tcp_ports_away);
	local.port = port_take(source);
	return local;
}

/* The addresses that fit take turns. */
int source_take(struct tcp *tcp, const struct endpoint *remote, struct endpoint *ret_local)
{
	int ret = -ENETUNREACH;

	for (uint32_t i = 0; i < tcp->source_count; i++) {
		struct source *source = &tcp->sources[(tcp->source_next + i) % tcp->source_count];
		if (!source_fits(tcp, source, &remote->ip))
			continue;
		ret = -EADDRNOTAVAIL;
		if (source->count == 0)
			continue;
		tcp->source_next = (tcp->source_next + i + 1) % tcp->source_count;
		*ret_local = end_take(tcp, source, remote);
		return 0;
	}
	tcp_count(tcp, ret == -ENETUNREACH ? STAT_tcp_no_source : STAT_tcp_ports_exhausted);
	return ret;
}

void source_give(struct tcp *tcp, const struct tcp_key *key)
{
	struct ip_addr ip = key_local(key);
	struct source *source = source_find(tcp, &ip);

	ensure(source != NULL);
	port_give(source, key->local_port);
}

void sources_levels(const struct tcp *tcp, struct tcp_levels *ret_levels)
{
	for (uint32_t i = 0; i < tcp->source_count; i++) {
		const struct source *source = &tcp->sources[i];
		ret_levels->ports_max += source->capacity;
		ret_levels->ports += source->capacity - __atomic_load_n(&source->count, __ATOMIC_RELAXED);
	}
}
