/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ladder: pools, grace periods, exchange, ports, workers, threads. Each rung is undone by plane_destroy
 * in reverse order, whether the ladder was climbed to its end or not. Control's thread only.
 */
#include "plane/plane.h"

#include "base/rng.h"
#include "conn/directory.h"
#include "plane/clock.h"
#include "worker/exchange.h"
#include "plane/loop.h"
#include "rcu.h"
#include "worker/worker.h"

#include <errno.h>
#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_mbuf.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PACKET_ROOM = RTE_PKTMBUF_HEADROOM + 2560,
	POOL_CACHE = 256,
};

static_assert(PACKET_ROOM + sizeof(struct rte_mbuf) == PACKET_BUFFER_BYTES, "what limits.h says");
static_assert(PACKET_ROOM - RTE_PKTMBUF_HEADROOM >= RTE_ETHER_MAX_LEN + WORKER_MESSAGE_GROWTH,
	"a full frame, and what the proxy may add to it, fit one buffer");

struct plane {
	unsigned worker_count;
	unsigned port_count;
	struct rte_mempool *pools[WORKERS_MAX];
	struct rcu *rcu;
	struct exchange *exchange;   /* NULL with one worker */
	struct directory *directory; /* same */
	struct port *ports[PORTS_MAX];
	struct worker *workers[WORKERS_MAX];
	bool idles[WORKERS_MAX]; /* loops[i].idle was initialised */
	struct loop loops[WORKERS_MAX];
};

static int create_pools(struct plane *plane, const struct plane_config *config, char *error)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	for (unsigned i = 0; i < plane->worker_count; i++) {
		snprintf(name, sizeof(name), "packets-%u", i);
		plane->pools[i] = rte_pktmbuf_pool_create(
			name, config->mbufs, POOL_CACHE, 0, PACKET_ROOM, SOCKET_ID_ANY);
		if (plane->pools[i])
			continue;
		snprintf(error, PLANE_ERROR_MAX,
			"%u packet buffers for worker %u do not fit the memory: %s; lower workers.mbufs or "
			"raise "
			"memory.memory_mb",
			config->mbufs, i, rte_strerror(rte_errno));
		return -ENOMEM;
	}
	return 0;
}

static int create_shared(struct plane *plane, const struct plane_config *config, char *error)
{
	int result = rcu_create(plane->worker_count, config->first, &plane->rcu);

	if (result == 0 && plane->worker_count > 1)
		result = exchange_create(plane->worker_count, &plane->exchange);
	if (result == 0 && plane->worker_count > 1)
		result = directory_create(&config->tcp.secret, plane->worker_count,
			config->tcp.connections_max, &plane->directory);
	if (result != 0)
		snprintf(error, PLANE_ERROR_MAX,
			"no memory for what %u workers share; raise memory.memory_mb", plane->worker_count);
	return result;
}

static int create_ports(struct plane *plane, const struct plane_config *config, char *error)
{
	for (unsigned i = 0; i < config->port_count; i++) {
		const struct plane_port *given = &config->ports[i];
		struct port_config port = {
			.name = given->name,
			.device = given->device,
			.queues = given->queues && given->queues < plane->worker_count
					  ? given->queues
					  : (uint16_t)plane->worker_count,
			.mtu = given->mtu,
			.interrupts = config->idle == IDLE_ADAPTIVE,
			.pools = plane->pools,
		};
		memcpy(port.mac, given->mac, sizeof(port.mac));
		int result = port_create(&port, &plane->ports[i], error);
		if (result != 0)
			return result;
		plane->port_count++;
	}
	return 0;
}

static void describe_port(
	struct plane *plane, const struct plane_config *config, unsigned index, struct worker_config *worker)
{
	const struct plane_port *given = &config->ports[index];
	const struct port_facts *facts = port_facts(plane->ports[index]);
	struct worker_port *port = &worker->ports[index];
	unsigned owner = worker->index % facts->queues;
	const struct wire *wire = port_wire(plane->ports[index], owner);

	port->own_queue = worker->index < facts->queues;
	port->rss = facts->queues == plane->worker_count ? port_rss(plane->ports[index]) : NULL;
	port->spread = plane->worker_count > 1 && (facts->queues < plane->worker_count || !facts->rss);
	port->net.wire =
		port->own_queue ? wire
				: exchange_wire(plane->exchange, worker->index, owner, (uint16_t)index, wire);
	ensure(given->address_count <= ADDRESSES_PER_PORT_MAX);
	port->net.local_count = given->address_count;
	for (unsigned i = 0; i < given->address_count; i++)
		port->net.local[i] = given->addresses[i];
	port->net.gateway_v4 = given->gateway_v4;
	port->net.gateway_v6 = given->gateway_v6;
}

static int create_worker(
	struct plane *plane, const struct plane_config *config, unsigned index, struct rng *rng)
{
	struct loop *loop = &plane->loops[index];
	struct worker_config worker = {
		.index = index,
		.count = plane->worker_count,
		.port_count = plane->port_count,
		.pool = plane->pools[index],
		.rcu = plane->rcu,
		.exchange = plane->exchange,
		.directory = plane->directory,
		.probe_key = config->probe_key,
		.transactions = config->transactions,
		.tcp = config->tcp,
		.streams = config->streams,
		.epoch = (uint32_t)config->seed,
		.seed = rng_u64(rng),
		.now_ns = clock_kernel_ns(),
	};

	loop->core = config->cores ? config->cores[index] : LOOP_ANY_CORE;
	for (unsigned i = 0; i < plane->port_count; i++) {
		describe_port(plane, config, i, &worker);
		if (worker.ports[i].own_queue)
			loop->queues[loop->queue_count++] = (struct idle_queue){plane->ports[i], index};
	}
	int result = worker_create(&worker, &plane->workers[index]);
	if (result != 0)
		return result;
	loop->worker = plane->workers[index];
	loop->rcu = plane->rcu;
	loop->all = plane->loops;
	loop->all_count = plane->worker_count;
	result = idle_init(&loop->idle, config->idle);
	plane->idles[index] = result == 0;
	return result;
}

static int create_workers(struct plane *plane, const struct plane_config *config, char *error)
{
	struct rng rng;

	rng_init(&rng, ~config->seed);
	for (unsigned i = 0; i < plane->worker_count; i++) {
		int result = create_worker(plane, config, i, &rng);
		if (result != 0) {
			snprintf(error, PLANE_ERROR_MAX, "worker %u cannot be set up: %s", i,
				strerror(-result));
			return result;
		}
	}
	return 0;
}

int plane_create(
	const struct plane_config *config, struct plane **ret_plane, char ret_error[static PLANE_ERROR_MAX])
{
	struct plane *plane;
	int result;

	ensure(config->worker_count > 0 && config->worker_count <= WORKERS_MAX);
	ensure(config->port_count > 0 && config->port_count <= PORTS_MAX);
	plane = aligned_alloc(alignof(struct plane), sizeof(*plane));
	if (!plane) {
		snprintf(ret_error, PLANE_ERROR_MAX, "no memory");
		return -ENOMEM;
	}
	memset(plane, 0, sizeof(*plane));
	plane->worker_count = config->worker_count;
	result = create_pools(plane, config, ret_error);
	if (result == 0)
		result = create_shared(plane, config, ret_error);
	if (result == 0)
		result = create_ports(plane, config, ret_error);
	if (result == 0)
		result = create_workers(plane, config, ret_error);
	if (result != 0) {
		plane_destroy(plane);
		return result;
	}
	*ret_plane = plane;
	return 0;
}

int plane_start(struct plane *plane, char ret_error[static PLANE_ERROR_MAX])
{
	int result = 0;

	for (unsigned i = 0; result == 0 && i < plane->port_count; i++)
		result = port_start(plane->ports[i], ret_error);
	for (unsigned i = 0; result == 0 && i < plane->worker_count; i++) {
		result = loop_start(&plane->loops[i]);
		if (result != 0)
			snprintf(ret_error, PLANE_ERROR_MAX, "no thread for worker %u: %s", i,
				strerror(-result));
	}
	if (result != 0)
		plane_stop(plane);
	return result;
}

void plane_stop(struct plane *plane)
{
	for (unsigned i = 0; i < plane->worker_count; i++)
		loop_stop(&plane->loops[i]);
	for (unsigned i = 0; i < plane->port_count; i++)
		port_stop(plane->ports[i]);
}

void plane_destroy(struct plane *plane)
{
	if (!plane)
		return;
	plane_stop(plane);
	for (unsigned i = 0; i < plane->worker_count; i++) {
		worker_destroy(plane->workers[i]);
		if (plane->idles[i])
			idle_fini(&plane->loops[i].idle);
	}
	/* Devices hold buffers of the pools: they go first. */
	for (unsigned i = 0; i < plane->port_count; i++)
		port_destroy(plane->ports[i]);
	exchange_destroy(plane->exchange);
	directory_destroy(plane->directory);
	rcu_destroy(plane->rcu);
	for (unsigned i = 0; i < plane->worker_count; i++)
		rte_mempool_free(plane->pools[i]);
	free(plane);
}

unsigned plane_worker_count(const struct plane *plane)
{
	return plane->worker_count;
}

struct worker *plane_worker(const struct plane *plane, unsigned index)
{
	ensure(index < plane->worker_count);
	return plane->workers[index];
}

unsigned plane_port_count(const struct plane *plane)
{
	return plane->port_count;
}

const struct port *plane_port(const struct plane *plane, unsigned index)
{
	ensure(index < plane->port_count);
	return plane->ports[index];
}

struct rcu *plane_rcu(const struct plane *plane)
{
	return plane->rcu;
}

void plane_wake(struct plane *plane, unsigned index)
{
	ensure(index < plane->worker_count);
	idle_wake(&plane->loops[index].idle);
}

unsigned plane_arena(const struct plane *plane, unsigned index)
{
	ensure(index < plane->worker_count);
	return __atomic_load_n(&plane->loops[index].arena, __ATOMIC_RELAXED);
}

int plane_source_for(const struct plane_config *config, const struct ip_addr *dst, struct ip_addr *ret_src)
{
	const struct ip_addr *by_gateway = NULL;

	for (unsigned i = 0; i < config->port_count; i++) {
		const struct plane_port *port = &config->ports[i];
		const struct ip_addr *gateway = dst->family == IP_V4 ? &port->gateway_v4 : &port->gateway_v6;
		for (unsigned j = 0; j < port->address_count; j++) {
			const struct ip_prefix *prefix = &port->addresses[j];
			if (prefix->addr.family != dst->family)
				continue;
			if (ip_prefix_contains(prefix, dst)) {
				*ret_src = prefix->addr;
				return 0;
			}
			if (!by_gateway && gateway->family != IP_NONE && ip_prefix_contains(prefix, gateway))
				by_gateway = &prefix->addr;
		}
	}
	if (!by_gateway)
		return -ENETUNREACH;
	*ret_src = *by_gateway;
	return 0;
}

uint64_t plane_now_ns(void)
{
	return clock_kernel_ns();
}
