/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a worker's connections begin and end, on control's thread: all memory is taken here, and none later. */
#include "conn/conn_priv.h"

#include <errno.h>
#include <stdlib.h>

enum {
	BUFFERS_DEFAULT = 1024,
	NODE_CONNECTIONS_DEFAULT = 2,
	CONNECT_TIMEOUT_MS = 2000,
	MESSAGE_TIMEOUT_MS = 10000,
	LINGER_MS = 4000,
	REOPEN_MAX_MS = 2000,
};

static void take_default(uint32_t *value, uint32_t otherwise)
{
	if (*value == 0)
		*value = otherwise;
}

static int settle_config(struct conns_config *config)
{
	take_default(&config->limits.connections_max, CONN_CONNECTIONS_DEFAULT);
	take_default(&config->limits.buffers_max, BUFFERS_DEFAULT);
	take_default(&config->limits.node_connections, NODE_CONNECTIONS_DEFAULT);
	take_default(&config->limits.connect_timeout_ms, CONNECT_TIMEOUT_MS);
	take_default(&config->limits.message_timeout_ms, MESSAGE_TIMEOUT_MS);
	take_default(&config->limits.linger_ms, LINGER_MS);
	take_default(&config->limits.reopen_max_ms, REOPEN_MAX_MS);
	if (!config->tcp || !config->pool || !config->stats || !config->rng || !config->message ||
		!config->broken || !config->ended || !config->node_event)
		return -EINVAL;
	if (config->limits.connections_max > TCP_CONNECTIONS_MAX ||
		config->limits.buffers_max > CONN_BUFFERS_MAX ||
		config->limits.node_connections > CONN_POOL_MAX)
		return -EINVAL;
	return 0;
}

static int take_memory(struct conns *conns, struct pool *pool, size_t object_bytes, uint32_t count)
{
	conns->bytes += count * (object_bytes + sizeof(pool->next[0]));
	return pool_create(pool, object_bytes, count);
}

static int take_heads(struct conns *conns)
{
	uint32_t count = 1;

	while (count < CONN_KEYS * conns->config.limits.connections_max)
		count *= 2;
	conns->heads = malloc(count * sizeof(conns->heads[0]));
	if (!conns->heads)
		return -ENOMEM;
	conns->heads_mask = count - 1;
	conns->bytes += count * sizeof(conns->heads[0]);
	peers_init(conns);
	return 0;
}

int conns_create(const struct conns_config *config, uint64_t now_ns, struct conns **ret_conns)
{
	struct conns *conns = calloc(1, sizeof(*conns));
	int ret;

	if (!conns)
		return -ENOMEM;
	conns->config = *config;
	conns->now_ns = now_ns;
	conns->pools_due_ns = UINT64_MAX;
	conns->bytes = sizeof(*conns);
	list_init(&conns->ready);
	list_init(&conns->choked);
	list_init(&conns->half);
	list_init(&conns->opening);
	list_init(&conns->silent);
	list_init(&conns->lingering);
	ret = settle_config(&conns->config);
	if (ret == 0)
		ret = take_memory(
			conns, &conns->pool, sizeof(struct conn), conns->config.limits.connections_max);
	if (ret == 0)
		ret = take_memory(
			conns, &conns->buffers, CONN_BUFFER_BYTES, conns->config.limits.buffers_max);
	if (ret == 0)
		ret = take_heads(conns);
	if (ret != 0) {
		conns_destroy(conns);
		return ret;
	}
	*ret_conns = conns;
	return 0;
}

void conns_destroy(struct conns *conns)
{
	if (!conns)
		return;
	pool_destroy(&conns->pool);
	pool_destroy(&conns->buffers);
	free(conns->heads);
	free(conns);
}
