/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

#include "conn/directory.h"
#include "worker/exchange.h"
#include "rcu.h"
#include "support/eal.h"
#include "support/endpoint.h"
#include "support/small_tcp.h"

#include <rte_mbuf.h>
#include <stdio.h>
#include <stdlib.h>

static const uint8_t balancer_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};

static uint16_t wire_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	struct rig *rig = ctx;
	uint16_t count = 0;

	while (count < max && rig->taken < rig->waiting_count) {
		struct rte_mbuf *mbuf = rte_pktmbuf_alloc(rig->pool);
		if (!mbuf)
			break;
		struct packet *packet = rig->waiting[rig->taken++];
		memcpy(rte_pktmbuf_append(mbuf, (uint16_t)packet->len), packet->bytes, packet->len);
		free(packet);
		mbufs[count++] = mbuf;
	}
	if (rig->taken == rig->waiting_count)
		rig->taken = rig->waiting_count = 0;
	return count;
}

static void sent(struct rig *rig, const struct packet *packet)
{
	struct packet_view v = packet_read(packet);
	struct packet answer;

	assert_true(v.checksums_right || v.kind == PACKET_FRAGMENT);
	if (v.kind == PACKET_ARP_REQUEST) {
		if (ip_equal(&v.src.ip, &v.target))
			return; /* an announcement of our own address */
		packet_answer(&v, peer_mac, &answer);
		rig_give_packet(rig, &answer);
		return;
	}
	if (v.kind == PACKET_UDP || v.kind == PACKET_TCP || v.kind == PACKET_FRAGMENT ||
		v.kind == PACKET_UNREACHABLE)
		rig->sent[rig->sent_count++ % RIG_SENT_MAX] = *packet;
}

static uint16_t wire_tx(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	struct rig *rig = ctx;

	if (rig->wire_refuses)
		return 0;
	for (uint16_t i = 0; i < count; i++) {
		struct packet packet = {.len = mbufs[i]->pkt_len};
		const void *bytes = rte_pktmbuf_read(mbufs[i], 0, mbufs[i]->pkt_len, packet.bytes);
		if (bytes != packet.bytes)
			memcpy(packet.bytes, bytes, packet.len);
		sent(rig, &packet);
		rte_pktmbuf_free(mbufs[i]);
	}
	return count;
}

static void create_worker(struct rig *rig, unsigned index)
{
	struct worker_config config = {
		.index = index,
		.count = rig->worker_count,
		.port_count = 1,
		.pool = rig->pool,
		.rcu = rig->rcu,
		.exchange = rig->exchange,
		.directory = rig->directory,
		.probe_key = {3, 4},
		.epoch = 9,
		.transactions = {.transactions_max = rig->transactions_max},
		.tcp = small_tcp(),
		.seed = index,
		.now_ns = rig->now_ns,
	};
	struct worker_port *port = &config.ports[0];

	port->rss = rig->rss;
	port->own_queue = index == 0 || rig->rss;
	port->spread = rig->worker_count > 1 && !rig->rss;
	port->net.wire = port->own_queue ? &rig->wire : exchange_wire(rig->exchange, index, 0, 0, &rig->wire);
	port->net.local[0] = (struct ip_prefix){endpoint_of(BALANCER).ip, 24};
	port->net.local_count = 1;
	assert_int_equal(worker_create(&config, &rig->workers[index]), 0);
	rcu_join(rig->rcu, index);
}

static struct node *add_node(struct rig *rig, const char *remote, enum transport transport)
{
	struct node *node = snapshot_fixture_node_over(&rig->fixture, remote, "192.0.2.1", transport);

	node->probe = (struct node_probe_settings){500, 250, 3, 2};
	return node;
}

static void build_snapshot(struct rig *rig, enum transport transport)
{
	struct snapshot_fixture *f = &rig->fixture;

	snapshot_fixture_init(f, rig->worker_count);
	snapshot_fixture_listener_over(f, "in", BALANCER, transport);
	const struct node *one = add_node(rig, NODE, transport);
	add_node(rig, NODE_TWO, transport);
	snapshot_fixture_route(f, "com.example", ROUTE_SUBTREE, 0, one);
	snapshot_fixture_admit(f, "all");
	snapshot_fixture_domain(f, "example.com");
	snapshot_fixture_build(f);
}

struct plan {
	unsigned worker_count;
	enum transport transport;
	const struct net_rss *rss;
	uint32_t transactions_max;
};

static struct rig *create(const struct plan *plan)
{
	struct rig *rig = aligned_alloc(64, (sizeof(*rig) + 63) / 64 * 64);

	assert_non_null(rig);
	memset(rig, 0, sizeof(*rig));
	rig->worker_count = plan->worker_count;
	rig->rss = plan->rss;
	rig->transactions_max = plan->transactions_max;
	rig->now_ns = 1000 * RIG_MS;
	rig->wire = (struct wire){.rx = wire_rx, .tx = wire_tx, .ctx = rig, .mtu = 1500};
	memcpy(rig->wire.mac, balancer_mac, 6);
	rig->pool = rte_mempool_lookup("rig");
	if (!rig->pool)
		rig->pool = eal_pool("rig", RIG_MBUFS, RTE_PKTMBUF_HEADROOM + 2560);
	build_snapshot(rig, plan->transport);
	assert_int_equal(rcu_create(plan->worker_count, &rig->fixture.snap, &rig->rcu), 0);
	if (plan->worker_count > 1) {
		assert_int_equal(exchange_create(plan->worker_count, &rig->exchange), 0);
		assert_int_equal(
			directory_create(&(struct hash_key){5, 6}, plan->worker_count, 64, &rig->directory),
			0);
	}
	for (unsigned i = 0; i < plan->worker_count; i++)
		create_worker(rig, i);
	return rig;
}

struct rig *rig_create(unsigned worker_count)
{
	return create(&(struct plan){.worker_count = worker_count, .transport = TRANSPORT_UDP});
}

struct rig *rig_create_over(unsigned worker_count, enum transport transport)
{
	return create(&(struct plan){.worker_count = worker_count, .transport = transport});
}

struct rig *rig_create_stateful(unsigned worker_count, enum transport transport)
{
	return create(
		&(struct plan){.worker_count = worker_count, .transport = transport, .transactions_max = 16});
}

struct rig *rig_create_rss(unsigned worker_count, const struct net_rss *rss)
{
	return create(&(struct plan){.worker_count = worker_count, .transport = TRANSPORT_UDP, .rss = rss});
}

void rig_destroy(struct rig *rig)
{
	for (unsigned i = 0; i < rig->worker_count; i++) {
		rcu_leave(rig->rcu, i);
		worker_destroy(rig->workers[i]);
	}
	exchange_destroy(rig->exchange);
	directory_destroy(rig->directory);
	rcu_destroy(rig->rcu);
	snapshot_fixture_fini(&rig->fixture);
	while (rig->taken < rig->waiting_count)
		free(rig->waiting[rig->taken++]);
	assert_int_equal(rte_mempool_in_use_count(rig->pool), 0);
	free(rig);
}

void rig_give_packet(struct rig *rig, const struct packet *packet)
{
	struct packet *copy = malloc(sizeof(*copy));

	assert_non_null(copy);
	assert_true(rig->waiting_count < RIG_FRAMES_MAX);
	copy->len = packet->len;
	memcpy(copy->bytes, packet->bytes, packet->len);
	rig->waiting[rig->waiting_count++] = copy;
}

void rig_give_segment(struct rig *rig, const struct endpoint *src, const struct endpoint *dst,
	const struct rig_segment *segment)
{
	struct packet_ends ends = {.src = *src, .dst = *dst};
	struct packet packet;
	uint8_t bytes[20] = {[12] = 5 << 4, [13] = segment->flags, [14] = 0x20};

	for (int i = 0; i < 4; i++) {
		bytes[4 + i] = (uint8_t)(segment->seq >> (24 - 8 * i));
		bytes[8 + i] = (uint8_t)(segment->ack >> (24 - 8 * i));
	}
	memcpy(ends.mac_src, peer_mac, 6);
	memcpy(ends.mac_dst, balancer_mac, 6);
	packet_tcp(&ends, span_of((const char *)bytes, sizeof(bytes)), &packet);
	rig_give_packet(rig, &packet);
}

struct rig_segment rig_sent_segment(const struct rig *rig, uint32_t index, struct endpoint *ret_src)
{
	struct rig_segment segment = {0};
	struct packet_view v;

	assert_true(index < rig->sent_count && rig->sent_count <= RIG_SENT_MAX);
	v = packet_read(&rig->sent[index]);
	assert_int_equal(v.kind, PACKET_TCP);
	for (int i = 0; i < 4; i++) {
		segment.seq = segment.seq << 8 | (uint8_t)v.payload.p[4 + i];
		segment.ack = segment.ack << 8 | (uint8_t)v.payload.p[8 + i];
	}
	segment.flags = (uint8_t)v.payload.p[13];
	*ret_src = v.src;
	return segment;
}

static void give_out(void *ctx, const struct packet *packet)
{
	rig_give_packet(ctx, packet);
}

void rig_give(struct rig *rig, const char *src, const char *dst, struct span payload)
{
	struct packet_ends ends = {.src = endpoint_of(src), .dst = endpoint_of(dst)};

	memcpy(ends.mac_src, peer_mac, 6);
	memcpy(ends.mac_dst, balancer_mac, 6);
	packet_udp(&ends, payload, (uint16_t)rig->now_ns, give_out, rig);
}

/* A frame on its way counts: what a loop without work of its own sent may ask for an answer. */
static bool anything_on_its_way(const struct rig *rig)
{
	bool any = rig->taken < rig->waiting_count;

	for (unsigned i = 0; i < rig->worker_count; i++)
		any = any || worker_has_letters(rig->workers[i]);
	return any;
}

void rig_poll(struct rig *rig)
{
	unsigned idle = 0;

	for (unsigned i = 0; idle < rig->worker_count || anything_on_its_way(rig); i++) {
		unsigned work = worker_poll(rig->workers[i % rig->worker_count], rig->now_ns);
		idle = work == 0 ? idle + 1 : 0;
		assert_true(i < 10000);
	}
}

void rig_wait(struct rig *rig, uint64_t ns)
{
	for (uint64_t end_ns = rig->now_ns + ns; rig->now_ns < end_ns;) {
		rig->now_ns += RIG_MS;
		rig_poll(rig);
	}
}

uint64_t rig_count(const struct rig *rig, enum stat stat)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < rig->worker_count; i++)
		sum += stats_get(worker_stats(rig->workers[i]), stat);
	return sum;
}

const char *rig_last(struct rig *rig, const char *src, const char *dst)
{
	static char text[PACKET_MAX + 1];

	assert_true(rig->sent_count > 0);
	struct packet_view v = packet_read(&rig->sent[(rig->sent_count - 1) % RIG_SENT_MAX]);
	struct endpoint from = endpoint_of(src);
	struct endpoint to = endpoint_of(dst);
	assert_int_equal(v.kind, PACKET_UDP);
	assert_true(endpoint_equal(&v.src, &from));
	assert_true(endpoint_equal(&v.dst, &to));
	memcpy(text, v.payload.p, v.payload.len);
	text[v.payload.len] = '\0';
	return text;
}

void rig_forget_sent(struct rig *rig)
{
	rig->sent_count = 0;
}

struct span rig_invite(unsigned call, unsigned body_bytes)
{
	static char text[PACKET_MESSAGE_MAX];
	int len = snprintf(text, sizeof(text),
		"INVITE sip:bob@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.100:5070;branch=z9hG4bKcall%u;rport\r\n"
		"Max-Forwards: 70\r\n"
		"From: <sip:alice@example.org>;tag=a\r\n"
		"To: <sip:bob@example.com>\r\n"
		"Call-ID: call-%u\r\n"
		"CSeq: 1 INVITE\r\n"
		"Contact: <sip:alice@192.0.2.100:5070>\r\n"
		"Content-Length: %u\r\n\r\n%*s",
		call, call, body_bytes, (int)body_bytes, "");

	assert_true(len > 0 && (size_t)len < sizeof(text));
	return span_of(text, (size_t)len);
}

/* A response keeps what the request had (RFC 3261 8.2.6.2); that it keeps more does not matter here. */
struct span rig_answer(const char *request, const char *status_line)
{
	static char text[PACKET_MAX];
	const char *rest = strchr(request, '\r');

	assert_non_null(rest);
	int len = snprintf(text, sizeof(text), "SIP/2.0 %s%s", status_line, rest);
	assert_true(len > 0 && (size_t)len < sizeof(text));
	return span_of(text, (size_t)len);
}
