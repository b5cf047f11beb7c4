/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What forwarding one message without state costs a worker, from frame to frame: worker_poll() on a wire that
 * is memory. The wire's own work, a buffer taken and 642 bytes copied into it, is in the figure; the first
 * row shows it alone.
 */
#include "lone_worker.h"
#include "measure.h"
#include "messages.h"

#include "sip/msg.h"
#include "support/eal.h"
#include "support/endpoint.h"
#include "support/snapshot_fixture.h"

#include <rte_ethdev.h>
#include <stdio.h>
#include <stdlib.h>

enum { BURST = 32, POOL_MBUFS = 4095 };

/* What arrives next, and what left last. */
struct memory_wire {
	const struct lone_worker *lone; /* at its other end */
	uint64_t verdicts;              /* what the device says of each frame's checksums */
	struct packet frame;
	uint64_t due; /* copies of the frame that are still to arrive */
	uint64_t sent;
	struct packet last;
};

struct bench {
	struct lone_worker lone;
	struct memory_wire wire;
	struct snapshot_fixture fixture;
	unsigned burst;
};

static uint16_t wire_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	struct memory_wire *wire = ctx;
	uint16_t count = wire->due < max ? (uint16_t)wire->due : max;

	for (uint16_t i = 0; i < count; i++) {
		mbufs[i] = lone_worker_frame(wire->lone, &wire->frame);
		mbufs[i]->ol_flags = wire->verdicts;
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
		worker_poll(bench->lone.worker, bench->lone.now_ns);
		left -= now;
	}
	ensure(bench->wire.sent - sent == iterations);
}

static void set_frame(void *ctx, const struct packet *packet)
{
	struct bench *bench = ctx;

	bench->wire.frame = *packet;
}

static void aim(
	struct bench *bench, const struct endpoint *src, const struct endpoint *dst, struct span payload)
{
	struct packet_ends ends = {.src = *src, .dst = *dst};

	memcpy(ends.mac_src, lone_worker_peer_mac, 6);
	memcpy(ends.mac_dst, lone_worker_mac, 6);
	packet_udp(&ends, payload, 1, set_frame, bench);
}

/* Sends the frame once; answers the question for the neighbour that the first one raises. */
static void send_once(struct bench *bench)
{
	for (unsigned i = 0; i < 3; i++) {
		struct packet frame = bench->wire.frame;
		bench->wire.last.len = 0;
		bench->wire.due = 1;
		worker_poll(bench->lone.worker, bench->lone.now_ns);
		struct packet_view left = packet_read(&bench->wire.last);
		if (left.kind != PACKET_ARP_REQUEST)
			continue;
		packet_answer(&left, lone_worker_peer_mac, &bench->wire.frame);
		bench->wire.due = 1;
		worker_poll(bench->lone.worker, bench->lone.now_ns);
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

static void build_world(struct bench *bench)
{
	struct snapshot_fixture *f = &bench->fixture;

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
	bench->lone.pool = rte_pktmbuf_pool_create(
		"bench", POOL_MBUFS, 256, 0, RTE_PKTMBUF_HEADROOM + 2560, SOCKET_ID_ANY);
	ensure(bench->lone.pool != NULL);
	bench->wire.lone = &bench->lone;
	bench->lone.wire = (struct wire){.rx = wire_rx, .tx = wire_tx, .ctx = &bench->wire};
	lone_worker_create(&bench->lone, &f->snap);
}

/* A worker anew, on a wire that computes checksums as network cards do. */
static void leave_checksums_to_the_wire(struct bench *bench)
{
	struct wire *wire = &bench->lone.wire;

	lone_worker_destroy(&bench->lone);
	lone_worker_create(&bench->lone, &bench->fixture.snap);
	wire->rx_offloads = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
	wire->tx_offloads = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM;
	bench->wire.verdicts = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
}

int main(void)
{
	struct bench *bench = aligned_alloc(64, (sizeof(*bench) + 63) / 64 * 64);
	struct endpoint client = endpoint_of("192.0.2.101:5060");
	struct endpoint listener = endpoint_of("192.0.2.1:5060");
	struct measure_row rows[5];
	char response[PACKET_MAX];

	ensure(bench != NULL && eal_start() == 0);
	memset(bench, 0, sizeof(*bench));
	build_world(bench);
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

	leave_checksums_to_the_wire(bench);
	aim(bench, &client, &listener, request);
	send_once(bench);
	rows[4] = (struct measure_row){.name = "request-offload", .size = request.len};
	measure(forward, bench, &rows[4]);

	struct measure_report report = {"forward", "message", "bytes", rows, sizeof(rows) / sizeof(rows[0])};
	measure_print(stdout, &report);
	lone_worker_destroy(&bench->lone);
	snapshot_fixture_fini(&bench->fixture);
	free(bench);
	return 0;
}
