/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Packet buffers first: the receive rings are full of them whether there is traffic or not. Of the rest,
 * connections may hold half (or what the operator says), so that there is always one to answer with.
 */
#include "control/size.h"

#include "config/entry.h"
#include "limits.h"
#include "tcp/tcp.h"

enum {
	MEMORY_MB_MIN = 512,   /* what a small instance gets: the tables that grow live in it, too */
	MEMORY_MB_SPARE = 128, /* rings, neighbours, fragments, and what the devices want */
	PIECES_MIN = 1024,
	PIECES_PER_CONNECTION = 4, /* segments under way: few connections have text out at one moment */
};

static uint64_t ring_mbufs(const struct config *config)
{
	return (uint64_t)(PORT_RX_DESCRIPTORS + PORT_TX_DESCRIPTORS) * config_count(config, CONFIG_PORTS);
}

/* Enough to fill the rings of each port twice over, and as much again for what waits inside; and what the
 * operator lets connections hold. */
uint32_t size_mbufs(const struct config *config)
{
	uint64_t held = ((uint64_t)config->tcp.memory_mb << 20) / PACKET_BUFFER_BYTES;

	if (config->workers.mbufs > 0)
		return config->workers.mbufs;
	return (uint32_t)(4096 * (1 + config_count(config, CONFIG_PORTS)) + held);
}

static uint64_t held_bytes_max(const struct config *config)
{
	uint64_t mbufs = size_mbufs(config);
	uint64_t rings = ring_mbufs(config);

	if (config->tcp.memory_mb > 0)
		return (uint64_t)config->tcp.memory_mb << 20;
	/* Few buffers and many ports: what is there is shared with the rings. */
	if (mbufs < 2 * rings)
		rings = mbufs / 2;
	return (mbufs - rings) / 2 * PACKET_BUFFER_BYTES;
}

struct tcp_config size_tcp(const struct config *config)
{
	const struct config_tcp *tcp = &config->tcp;

	return (struct tcp_config){
		.socket_id = -1,
		.connections_max = tcp->connections_max,
		.half_open_max = tcp->half_open_max,
		.time_wait_max = tcp->time_wait_max,
		.pieces_max = tcp->connections_max > PIECES_MIN / PIECES_PER_CONNECTION
				      ? tcp->connections_max * PIECES_PER_CONNECTION
				      : PIECES_MIN,
		.memory_max_bytes = held_bytes_max(config),
		.window_bytes = tcp->window_bytes,
		.send_max_bytes = tcp->send_max_bytes,
		.port_first = tcp->port_first,
		.port_last = tcp->port_last,
		.connect_timeout_ms = tcp->connect_timeout_ms,
		.user_timeout_ms = tcp->user_timeout_ms,
		.idle_timeout_ms = tcp->idle_timeout_ms,
		.keepalive_idle_ms = tcp->keepalive_ms,
		.keepalive_every_ms = tcp->keepalive_every_ms,
		.keepalive_probes = tcp->keepalive_probes,
		.time_wait_ms = tcp->time_wait_ms,
	};
}

struct conns_limits size_streams(const struct config *config)
{
	const struct config_tcp *tcp = &config->tcp;

	return (struct conns_limits){
		.buffers_max = tcp->messages_max,
		.node_connections = tcp->node_connections,
		.connect_timeout_ms = tcp->open_timeout_ms,
		.message_timeout_ms = tcp->message_timeout_ms,
	};
}

uint32_t size_memory_mb(const struct config *config)
{
	struct tcp_config tcp = size_tcp(config);
	uint64_t each = (uint64_t)size_mbufs(config) * (PACKET_BUFFER_BYTES + 256) + tcp_memory_bytes(&tcp);
	uint64_t mb = ((each * config->workers.count) >> 20) + MEMORY_MB_SPARE;

	if (config->memory.memory_mb > 0)
		return config->memory.memory_mb;
	return mb > MEMORY_MB_MIN ? (uint32_t)mb : MEMORY_MB_MIN;
}
