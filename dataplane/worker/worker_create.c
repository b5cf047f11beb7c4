/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a worker begins and ends, on control's thread: all memory is taken here, and none later.
 */
#include "rcu.h"
#include "worker/worker_priv.h"

#include <errno.h>
#include <rte_mbuf.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int create_net(struct worker *worker)
{
	const struct worker_config *config = &worker->config;
	struct net_config net = {
		.port_count = (uint16_t)config->port_count,
		.socket_id = SOCKET_ID_ANY,
		.pool = config->pool,
		.stats = &worker->stats,
		.rng = &worker->rng,
		.ctx = worker,
		.udp_deliver = worker_datagram,
		.unreachable = worker_unreachable,
		.tcp_deliver = worker_segment,
		.tcp_unreachable = worker_segment_lost,
		.neigh_offer = worker_neighbour_offer,
	};

	for (unsigned i = 0; i < config->port_count; i++)
		net.ports[i] = config->ports[i].net;
	return net_create(&net, &worker->net);
}

/* Rings live in named memory zones; the address makes the name unique when there are several instances. */
static int create_mailboxes(struct worker *worker)
{
	char name[32];
	unsigned tag = (unsigned)((uintptr_t)worker >> 6) & 0xffffff;

	snprintf(name, sizeof(name), "w%06x-out", tag);
	if (mailbox_init(&worker->to_control, name, WORKER_REPORTS) != 0)
		return -ENOMEM;
	snprintf(name, sizeof(name), "w%06x-in", tag);
	if (mailbox_init(&worker->from_control, name, WORKER_ORDERS) == 0)
		return 0;
	mailbox_fini(&worker->to_control);
	return -ENOMEM;
}

static int create_proxy(struct worker *worker)
{
	struct proxy_config config = {
		.worker_index = worker->config.index,
		.stats = &worker->stats,
		.trace = &worker->trace,
		.way = {.ctx = worker, .send = worker_way_out, .heard = worker_heard},
		.transactions = worker->config.transactions,
	};

	config.transactions.key = (struct hash_key){rng_u64(&worker->rng), rng_u64(&worker->rng)};
	config.transactions.now_ns = worker->config.now_ns;
	return proxy_init(&worker->proxy, &config);
}

int worker_create(const struct worker_config *config, struct worker **ret_worker)
{
	struct worker *worker;
	int result;

	ensure(config->count > 0 && config->index < config->count && config->count <= WORKERS_MAX);
	ensure((config->count == 1) == (config->exchange == NULL));
	ensure((config->count == 1) == (config->directory == NULL));
	ensure(rte_pktmbuf_data_room_size(config->pool) > RTE_PKTMBUF_HEADROOM);
	worker = aligned_alloc(alignof(struct worker), sizeof(*worker));
	if (!worker)
		return -ENOMEM;
	memset(worker, 0, sizeof(*worker));
	worker->magic = WORKER_MAGIC;
	worker->config = *config;
	worker->now_ns = config->now_ns;
	worker->generation = UINT64_MAX;
	rng_init(&worker->rng, config->seed);
	timer_wheel_init(&worker->wheel, config->now_ns);
	trace_init(&worker->trace);
	worker->trace.now_ns = config->now_ns;
	worker_nodes_init(worker);
	result = create_proxy(worker);
	if (result != 0)
		goto free_worker;
	result = create_mailboxes(worker);
	if (result != 0)
		goto fini_proxy;
	result = create_net(worker);
	if (result != 0)
		goto fini_mailboxes;
	result = worker_tcp_create(worker);
	if (result == 0)
		result = worker_streams_create(worker);
	if (result != 0)
		goto destroy_tcp;
	if (config->index == 0)
		net_announce(worker->net, config->now_ns);
	*ret_worker = worker;
	return 0;

destroy_tcp:
	tcp_destroy(worker->tcp);
	net_destroy(worker->net);
fini_mailboxes:
	mailbox_fini(&worker->from_control);
	mailbox_fini(&worker->to_control);
fini_proxy:
	proxy_fini(&worker->proxy);
free_worker:
	free(worker);
	return result;
}

void worker_destroy(struct worker *worker)
{
	if (!worker)
		return;
	ensure(worker->magic == WORKER_MAGIC);
	conns_destroy(worker->conns);
	tcp_destroy(worker->tcp);
	net_destroy(worker->net);
	mailbox_fini(&worker->from_control);
	mailbox_fini(&worker->to_control);
	proxy_fini(&worker->proxy);
	worker->magic = 0;
	free(worker);
}
