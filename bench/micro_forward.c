/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What forwarding one message without state costs a worker, from frame to frame: worker_poll() on a wire that
 * is memory. The wire's own work, a buffer taken and 642 bytes copied into it, is in the figure; the first
 * row shows it alone.
 */
#include "measure.h"
#include "messages.h"

#include "rcu.h"
#include "sim/packet.h"
#include "sip/msg.h"
#include "support/eal.h"
#include "support/small_tcp.h"
#include "support/snapshot_fixture.h"
#include "worker/worker.h"

#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

enum { BURST = 32, POOL_MBUFS = 4095 };

static const uint8_t balancer_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};

/* What arrives next, and what left last. */
struct memory_wire {
	struct wire wire;
	struct rte_mempool *pool;
	struct packet frame;
	uint64_t due; /* copies of the frame that are still to arrive */
	uint64_t sent;
	struct packet last;
};

struct bench {
	struct memory_wire wire;
	struct snapshot_fixture fixture;
	struct worker *worker;
	uint64_t now_ns;
	unsigned burst;
};

static uint16_t wire_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	struct memory_wire *wire = ctx;
	uint16_t count = wire->due < max ? (uint16_t)wire->due : max;

	for (uint16_t i = 0; i < count; i++) {
		mbufs[i] = rte_pktmbuf_alloc(wire->pool);
		ensure(mbufs[i] != NULL);
		memcpy(rte_pktmbuf_append(mbufs[i], (uint16_t)wire->frame.len), wire->frame.bytes,
			wire->frame.len);
	}
	wire->due -= count;
	return count;
}

static uint16_t wire_tx(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	struct memory_wire *wire = ctx;
	struct rte_mbuf *last = mbufs[count - 1];

	wire->sent += count;
	if (wire->last.len == 0) {
		wire->last.len = last->pkt_len;
		memcpy(wire->last.bytes, rte_pktmbuf_mtod(last, char *), last->data_len);
	}
	rte_pktmbuf_free_bulk(mbufs, count);
	return count;
}

static void wire_alone(void *data, uint64_t iterations)
{
	struct bench *bench = data;
	struct rte_mbuf *mbufs[BURST];

	bench->wire.due = iterations;
	for (uint16_t n; (n = wire_rx(&bench->wire, mbufs, BURST)) > 0;)
		wire_tx(&bench->wire, mbufs, n);
}

static void forward(void *data, uint64_t iterations)
{
	struct bench *bench = data;
	uint64_t sent = bench->wire.sent;

	for (uint64_t left = iterations; left > 0;) {
		uint64_t now = left < bench->burst ? left : bench->burst;
		bench->wire.due = now;
		worker_poll(bench->worker, bench->now_ns);
		left -= now;
	}
	ensure(bench->wire.sent - sent == iterations);
}

static void set_frame(void *ctx, const struct packet *packet)
{
	struct bench *bench = ctx;

	bench->wire.frame = *packet;
}

static struct endpoint endpoint_of(const char *text)
{
	struct endpoint ep;

	ensure(endpoint_parse(span_str(text), 5060, &ep) == 0);
	return ep;
}

static void aim(
	struct bench *bench, const struct endpoint *src, const struct endpoint *dst, struct span payload)
{
	struct packet_ends ends = {.src = *src, .dst = *dst};

	memcpy(ends.mac_src, peer_mac, 6);
	memcpy(ends.mac_dst, balancer_mac, 6);
	packet_udp(&ends, payload, 1, set_frame, bench);
}

/* Sends the frame once; answers the question for the neighbour that the first one raises. */
static void send_once(struct bench *bench)
{
	for (unsigned i = 0; i < 3; i++) {
		struct packet frame = bench->wire.frame;
		bench->wire.last.len = 0;
		bench->wire.due = 1;
		worker_poll(bench->worker, bench->now_ns);
		struct packet_view left = packet_read(&bench->wire.last);
		if (left.kind != PACKET_ARP_REQUEST)
			continue;
		packet_answer(&left, peer_mac, &bench->wire.frame);
		bench->wire.due = 1;
		worker_poll(bench->worker, bench->now_ns);
		bench->wire.frame = frame;
	}
	ensure(packet_read(&bench->wire.last).kind == PACKET_UDP);
}

/* The node's answer to what left last: the request with another first line and a To tag is one. */
static size_t answer_last(const struct bench *bench, char *buf, size_t size)
{
	struct packet_view request = packet_read(&bench->wire.last);
	const char *end_of_line = memchr(request.payload.p, '\r', request.payload.len);
	ensure(end_of_line != NULL);
	struct span rest = span_from(end_of_line, span_end(request.payload));
	int len = snprintf(buf, size, "SIP/2.0 200 OK%.*s", SPAN_ARG(rest));

	ensure(len > 0 && (size_t)len < size);
	return (size_t)len;
}

static void build_world(struct bench *bench, struct rcu **ret_rcu)
{
	struct snapshot_fixture *f = &bench->fixture;
	char name[32];

	snapshot_fixture_init(f, 1);
	snapshot_fixture_listener(f, "in", "192.0.2.1:5060");
	const struct node *a = snapshot_fixture_node(f, "192.0.2.11:5060", "192.0.2.1");
	const struct node *b = snapshot_fixture_node(f, "192.0.2.12:5060", "192.0.2.1");
	snapshot_fixture_route(f, "com.domaina", ROUTE_SUBTREE, 0, a);
	snapshot_fixture_route(f, "com.domaina", ROUTE_SUBTREE, 0, b);
	snapshot_fixture_rank(f, 2, 1);
	snapshot_fixture_admit(f, "192.0.2.0/24");
	snapshot_fixture_domain(f, "domaina.com");
	snapshot_fixture_build(f);
	for (unsigned i = 0; i < 2; i++)
		f->nodes[i].probe = (struct node_probe_settings){500, 250, 3, 2};
	snprintf(name, sizeof(name), "bench");
	bench->wire.pool =
		rte_pktmbuf_pool_create(name, POOL_MBUFS, 256, 0, RTE_PKTMBUF_HEADROOM + 2560, SOCKET_ID_ANY);
	ensure(bench->wire.pool != NULL);
	ensure(rcu_create(1, &f->snap, ret_rcu) == 0);
}

static void build_worker(struct bench *bench, struct rcu *rcu)
{
	struct worker_config config = {.count = 1,
		.port_count = 1,
		.pool = bench->wire.pool,
		.rcu = rcu,
		.seed = 1,
		.tcp = small_tcp(),
		.now_ns = 1000000000};
	struct worker_port *port = &config.ports[0];

	bench->wire.wire = (struct wire){.rx = wire_rx, .tx = wire_tx, .ctx = &bench->wire, .mtu = 1500};
	memcpy(bench->wire.wire.mac, balancer_mac, 6);
	port->own_queue = true;
	port->net.wire = &bench->wire.wire;
	port->net.local[0] = (struct ip_prefix){endpoint_of("192.0.2.1").ip, 24};
	port->net.local_count = 1;
	ensure(worker_create(&config, &bench->worker) == 0);
	rcu_join(rcu, 0);
	bench->now_ns = config.now_ns + 1;
}

int main(void)
{
	struct bench *bench = aligned_alloc(64, (sizeof(*bench) + 63) / 64 * 64);
	struct endpoint client = endpoint_of("192.0.2.101:5060");
	struct endpoint listener = endpoint_of("192.0.2.1:5060");
	struct measure_row rows[4];
	char response[PACKET_MAX];
	struct rcu *rcu;

	ensure(bench != NULL && eal_start() == 0);
	memset(bench, 0, sizeof(*bench));
	build_world(bench, &rcu);
	build_worker(bench, rcu);
	struct span request = message_read("bench/messages/invite-600.sip");
	aim(bench, &client, &listener, request);
	send_once(bench);

	rows[0] = (struct measure_row){.name = "wire-alone", .size = request.len};
	measure(wire_alone, bench, &rows[0]);
	bench->burst = BURST;
	rows[1] = (struct measure_row){.name = "request", .size = request.len};
	measure(forward, bench, &rows[1]);
	bench->burst = 1;
	rows[2] = (struct measure_row){.name = "request-one-a-loop", .size = request.len};
	measure(forward, bench, &rows[2]);

	bench->wire.last.len = 0;
	forward(bench, 1);
	struct packet_view left = packet_read(&bench->wire.last);
	size_t len = answer_last(bench, response, sizeof(response));
	aim(bench, &left.dst, &left.src, span_of(response, len));
	send_once(bench);
	bench->burst = BURST;
	rows[3] = (struct measure_row){.name = "response", .size = len};
	measure(forward, bench, &rows[3]);

	struct measure_report report = {"forward", "message", "bytes", rows, sizeof(rows) / sizeof(rows[0])};
	measure_print(stdout, &report);
	rcu_leave(rcu, 0);
	worker_destroy(bench->worker);
	rcu_destroy(rcu);
	snapshot_fixture_fini(&bench->fixture);
	free(bench);
	return 0;
}
