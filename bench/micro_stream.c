/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What forwarding one request without state costs a worker over TCP: worker_poll() with a client and a node
 * behind a wire that is memory. Both are one stack of ours; its work is left out, that of the worker counts
 * whole, with the acknowledgements that it sends and hears, and with taking and copying frames at the wire.
 */
#include "lone_worker.h"
#include "measure.h"
#include "messages.h"

#include "support/eal.h"
#include "support/endpoint.h"
#include "support/small_tcp.h"
#include "support/snapshot_fixture.h"
#include "support/stream_wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <x86intrin.h>

enum { FRAMES_MAX = 256, BURST = 32, MESSAGES = 128, POOL_MBUFS = 4095, LOOPS_MAX = 1000 };

/* Long enough a time for a message to cross, short enough that no timer matters. */
static const uint64_t step_ns = 10000;

/* Frames on their way to one side, oldest first. */
struct frames {
	uint32_t count;
	uint32_t taken;
	struct packet packets[FRAMES_MAX];
};

struct bench {
	struct lone_worker lone;
	struct frames to_worker;
	struct frames to_peer;
	struct rte_mempool *peer_pool;
	struct snapshot_fixture fixture;
	struct tcp *peer;
	struct stats peer_stats;
	struct rng rng;
	struct tcb *client;
	bool connected;
	struct span request;
	unsigned burst;
};

static struct packet *next_place(struct frames *frames)
{
	if (frames->taken == frames->count)
		frames->taken = frames->count = 0;
	ensure(frames->count < FRAMES_MAX);
	return &frames->packets[frames->count++];
}

static uint16_t wire_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	struct bench *bench = ctx;
	struct frames *frames = &bench->to_worker;
	uint16_t count = 0;

	while (count < max && frames->taken < frames->count)
		mbufs[count++] = lone_worker_frame(&bench->lone, &frames->packets[frames->taken++]);
	return count;
}

static uint16_t wire_tx(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	struct bench *bench = ctx;

	for (uint16_t i = 0; i < count; i++) {
		struct packet *packet = next_place(&bench->to_peer);
		packet->len = mbufs[i]->pkt_len;
		const void *bytes = rte_pktmbuf_read(mbufs[i], 0, mbufs[i]->pkt_len, packet->bytes);
		if (bytes != packet->bytes)
			memcpy(packet->bytes, bytes, packet->len);
	}
	rte_pktmbuf_free_bulk(mbufs, count);
	return count;
}

static void peer_output(
	void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct bench *bench = ctx;
	struct packet_ends ends = {.src.ip = *src, .dst.ip = *dst};

	memcpy(ends.mac_src, lone_worker_peer_mac, 6);
	memcpy(ends.mac_dst, lone_worker_mac, 6);
	stream_wire_send(ends, mbuf, next_place(&bench->to_worker));
}

static void peer_event(void *ctx, struct tcb *tcb, enum tcp_event event, enum tcp_reason why)
{
	struct bench *bench = ctx;
	struct span span;

	(void)why;
	if (event == TCP_CONNECTED)
		bench->connected = true;
	ensure(event != TCP_ENDED);
	if (event != TCP_READABLE)
		return;
	while (tcp_receive(tcb, &span, 1) == 1)
		tcp_consume(tcb, (uint32_t)span.len, bench->lone.now_ns);
}

static void peer_run(struct bench *bench)
{
	while (bench->to_peer.taken < bench->to_peer.count) {
		struct packet_view view = packet_read(&bench->to_peer.packets[bench->to_peer.taken++]);
		if (view.kind == PACKET_TCP)
			stream_wire_receive(bench->peer, bench->peer_pool, &view, bench->lone.now_ns);
		else if (view.kind == PACKET_ARP_REQUEST && !ip_equal(&view.src.ip, &view.target))
			packet_answer(&view, lone_worker_peer_mac, next_place(&bench->to_worker));
	}
	tcp_tick(bench->peer, bench->lone.now_ns);
}

/* One loop of the worker and whatever the peers do about it; returns the worker's cycles. */
static uint64_t step(struct bench *bench)
{
	uint64_t begin = __rdtsc();
	uint64_t took;

	worker_poll(bench->lone.worker, bench->lone.now_ns);
	took = __rdtsc() - begin;
	bench->lone.now_ns += step_ns;
	peer_run(bench);
	return took;
}

static void say(struct bench *bench)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(bench->peer_pool);

	ensure(mbuf != NULL);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)bench->request.len), bench->request.p, bench->request.len);
	ensure(tcp_send(bench->client, mbuf, bench->lone.now_ns) == 0);
}

static uint64_t forwarded(const struct bench *bench)
{
	return stats_get(worker_stats(bench->lone.worker), STAT_sip_requests_forwarded);
}

static uint64_t forward(void *data, uint64_t iterations)
{
	struct bench *bench = data;
	uint64_t took = 0;

	for (uint64_t done = 0; done < iterations; done += bench->burst) {
		uint64_t goal = forwarded(bench) + bench->burst;
		for (unsigned i = 0; i < bench->burst; i++)
			say(bench);
		for (unsigned loops = 0;
			forwarded(bench) < goal || bench->to_worker.count > bench->to_worker.taken; loops++) {
			ensure(loops < LOOPS_MAX);
			took += step(bench);
		}
	}
	return took;
}

static void build_world(struct bench *bench)
{
	struct snapshot_fixture *f = &bench->fixture;

	snapshot_fixture_init(f, 1);
	snapshot_fixture_listener_over(f, "in", "192.0.2.1:5060", TRANSPORT_TCP)->stateless = true;
	struct node *node = snapshot_fixture_node_over(f, "192.0.2.11:5060", "192.0.2.1", TRANSPORT_TCP);
	node->probe = (struct node_probe_settings){500, 250, 3, 2};
	snapshot_fixture_route(f, "com.domaina", ROUTE_SUBTREE, 0, node);
	snapshot_fixture_admit(f, "192.0.2.0/24");
	snapshot_fixture_domain(f, "domaina.com");
	snapshot_fixture_build(f);
	bench->lone.pool = eal_pool("worker", POOL_MBUFS, RTE_PKTMBUF_HEADROOM + 2560);
	bench->peer_pool = eal_pool("peer", POOL_MBUFS, RTE_PKTMBUF_HEADROOM + 2048);
	bench->lone.wire = (struct wire){.rx = wire_rx, .tx = wire_tx, .ctx = bench};
	lone_worker_create(&bench->lone, &f->snap);
}

static void build_peer(struct bench *bench)
{
	struct endpoint node = endpoint_of("192.0.2.11:5060");
	struct endpoint balancer = endpoint_of("192.0.2.1:5060");
	struct ip_addr client = endpoint_of("192.0.2.101").ip;
	struct tcp_config config = small_tcp();

	config.pool = bench->peer_pool;
	config.stats = &bench->peer_stats;
	config.rng = &bench->rng;
	config.socket_id = SOCKET_ID_ANY;
	config.ctx = bench;
	config.output = peer_output;
	config.event = peer_event;
	rng_init(&bench->rng, 1);
	ensure(tcp_create(&config, bench->lone.now_ns, &bench->peer) == 0);
	ensure(tcp_add_source(bench->peer, &client) == 0);
	ensure(tcp_listen(bench->peer, &node, 16, 0) == 0);
	ensure(tcp_connect(bench->peer, &balancer, 0, bench->lone.now_ns, &bench->client) == 0);
}

/* Until the client is connected and the worker has opened its connections to the node. */
static void settle(struct bench *bench)
{
	for (unsigned i = 0; i < 2 * LOOPS_MAX; i++) {
		step(bench);
		bench->lone.now_ns += 100000;
	}
	ensure(bench->connected);
}

int main(void)
{
	struct bench *bench = aligned_alloc(64, (sizeof(*bench) + 63) / 64 * 64);
	struct measure_row rows[2];

	ensure(bench != NULL && eal_start() == 0);
	memset(bench, 0, sizeof(*bench));
	build_world(bench);
	build_peer(bench);
	settle(bench);
	bench->request = message_read("bench/messages/invite-600.sip");

	bench->burst = BURST;
	rows[0] = (struct measure_row){.name = "request", .size = bench->request.len};
	measure_part(forward, bench, MESSAGES, &rows[0]);
	bench->burst = 1;
	rows[1] = (struct measure_row){.name = "request-one-a-loop", .size = bench->request.len};
	measure_part(forward, bench, MESSAGES, &rows[1]);

	struct measure_report report = {"stream", "message", "bytes", rows, sizeof(rows) / sizeof(rows[0])};
	measure_print(stdout, &report);
	lone_worker_destroy(&bench->lone);
	tcp_destroy(bench->peer);
	snapshot_fixture_fini(&bench->fixture);
	free(bench);
	return 0;
}
