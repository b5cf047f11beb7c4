/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lone_worker.h"

#include "support/endpoint.h"
#include "support/small_tcp.h"

const uint8_t lone_worker_mac[6] = {2, 0, 0, 0, 0, 1};
const uint8_t lone_worker_peer_mac[6] = {2, 0, 0, 0, 0, 2};

void lone_worker_create(struct lone_worker *lone, const struct snapshot *snap)
{
	struct worker_config config = {.count = 1,
		.port_count = 1,
		.pool = lone->pool,
		.seed = 1,
		.tcp = small_tcp(),
		.now_ns = 1000000000};
	struct worker_port *port = &config.ports[0];

	ensure(rcu_create(1, snap, &lone->rcu) == 0);
	config.rcu = lone->rcu;
	lone->wire.mtu = PACKET_MTU;
	memcpy(lone->wire.mac, lone_worker_mac, 6);
	port->own_queue = true;
	port->net.wire = &lone->wire;
	port->net.local[0] = (struct ip_prefix){endpoint_of("192.0.2.1").ip, 24};
	port->net.local_count = 1;
	ensure(worker_create(&config, &lone->worker) == 0);
	rcu_join(lone->rcu, 0);
	lone->now_ns = config.now_ns + 1;
}

void lone_worker_destroy(struct lone_worker *lone)
{
	rcu_leave(lone->rcu, 0);
	worker_destroy(lone->worker);
	rcu_destroy(lone->rcu);
}
