/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stream_host.h"

#include "net/flow.h"
#include "support/eal.h"
#include "support/endpoint.h"
#include "support/stream_wire.h"
#include "worker/worker_priv.h"

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t balancer_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t host_mac[6] = {2, 0, 0, 0, 0, 2};

static void output(void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct stream_host *host = ctx;
	struct packet_ends ends = {.src.ip = *src, .dst.ip = *dst};
	struct packet packet;

	memcpy(ends.mac_src, host_mac, 6);
	memcpy(ends.mac_dst, balancer_mac, 6);
	stream_wire_send(ends, mbuf, &packet);
	rig_give_packet(host->rig, &packet);
}

static struct stream_end *begin(struct stream_host *host, struct tcb *tcb, bool accepted)
{
	struct stream_end *end = &host->ends[host->count];
	struct tcp_info info;

	assert_true(host->count < STREAM_ENDS_MAX);
	host->count++;
	tcp_info(tcb, &info);
	*end = (struct stream_end){
		.tcb = tcb, .local = info.local, .balancer = info.remote, .accepted = accepted};
	return end;
}

static struct stream_end *end_of(struct stream_host *host, const struct tcb *tcb)
{
	for (unsigned i = 0; i < host->count; i++) {
		if (host->ends[i].tcb == tcb)
			return &host->ends[i];
	}
	return NULL;
}

static void read_text(struct stream_host *host, struct stream_end *end)
{
	struct span span;

	while (tcp_receive(end->tcb, &span, 1) == 1) {
		assert_true(end->len + span.len < STREAM_TEXT_MAX);
		memcpy(end->text + end->len, span.p, span.len);
		end->len += span.len;
		end->text[end->len] = '\0';
		tcp_consume(end->tcb, (uint32_t)span.len, host->rig->now_ns);
	}
}

static void event(void *ctx, struct tcb *tcb, enum tcp_event what, enum tcp_reason why)
{
	struct stream_host *host = ctx;
	struct stream_end *end = what == TCP_ACCEPTED ? begin(host, tcb, true) : end_of(host, tcb);

	(void)why;
	if (!end)
		return;
	if (what == TCP_READABLE && !end->deaf)
		read_text(host, end);
	if (what == TCP_PEER_CLOSED)
		end->peer_closed = true;
	if (what == TCP_ENDED)
		end->tcb = NULL;
}

struct stream_host *stream_host_create(struct rig *rig)
{
	struct stream_host *host = calloc(1, sizeof(*host));
	struct endpoint nodes[] = {endpoint_of(NODE), endpoint_of(NODE_TWO)};
	struct ip_addr client = endpoint_of(CLIENT).ip;
	struct tcp_config config = {
		.stats = &host->stats,
		.rng = &host->rng,
		.secret = {1, 2},
		.socket_id = -1,
		.connections_max = 128,
		.half_open_max = 64,
		.time_wait_max = 64,
		.pieces_max = 256,
		.ctx = host,
		.output = output,
		.event = event,
	};

	assert_non_null(host);
	host->rig = rig;
	host->pool = rte_mempool_lookup("host");
	if (!host->pool)
		host->pool = eal_pool("host", 1023, RTE_PKTMBUF_HEADROOM + 2048);
	config.pool = host->pool;
	rng_init(&host->rng, 1);
	assert_int_equal(tcp_create(&config, rig->now_ns, &host->tcp), 0);
	assert_int_equal(tcp_add_source(host->tcp, &client), 0);
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(tcp_listen(host->tcp, &nodes[i], 64, 0), 0);
	return host;
}

void stream_host_destroy(struct stream_host *host)
{
	tcp_destroy(host->tcp);
	assert_int_equal(rte_mempool_in_use_count(host->pool), 0);
	free(host);
}

/* Takes the segments out of what was sent; the rest stays. */
static bool take_segments(struct stream_host *host)
{
	struct rig *rig = host->rig;
	uint32_t count = rig->sent_count;
	uint32_t kept = 0;

	assert_true(count <= RIG_SENT_MAX);
	for (uint32_t i = 0; i < count; i++) {
		struct packet_view view = packet_read(&rig->sent[i]);
		if (view.kind == PACKET_TCP)
			stream_wire_receive(host->tcp, host->pool, &view, rig->now_ns);
		else
			rig->sent[kept++] = rig->sent[i];
	}
	rig->sent_count = kept;
	return kept < count;
}

void stream_host_run(struct stream_host *host)
{
	do {
		rig_poll(host->rig);
		tcp_tick(host->tcp, host->rig->now_ns);
	} while (take_segments(host) || host->rig->waiting_count > 0);
}

void stream_host_wait(struct stream_host *host, unsigned ms)
{
	stream_host_run(host);
	for (unsigned i = 0; i < ms; i++) {
		host->rig->now_ns += RIG_MS;
		stream_host_run(host);
	}
}

struct stream_end *stream_host_open(struct stream_host *host)
{
	struct endpoint balancer = endpoint_of(BALANCER);
	struct stream_end *end;
	struct tcb *tcb;

	assert_int_equal(tcp_connect(host->tcp, &balancer, 0, host->rig->now_ns, &tcb), 0);
	end = begin(host, tcb, false);
	stream_host_run(host);
	return end;
}

struct stream_end *stream_host_open_to(struct stream_host *host, unsigned worker)
{
	struct stream_end *end;

	do
		end = stream_host_open(host);
	while (net_flow_hash_of(&end->local, &end->balancer) % host->rig->worker_count != worker);
	return end;
}

void stream_host_write(struct stream_host *host, struct stream_end *end, const char *text)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(host->pool);
	size_t len = strlen(text);

	assert_non_null(mbuf);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)len), text, len);
	assert_int_equal(tcp_send(end->tcb, mbuf, host->rig->now_ns), 0);
	tcp_tick(host->tcp, host->rig->now_ns);
}

void stream_host_say(struct stream_host *host, struct stream_end *end, const char *text)
{
	stream_host_write(host, end, text);
	stream_host_run(host);
}

struct stream_end *stream_host_node_of(struct stream_host *host, unsigned worker)
{
	for (unsigned i = 0; i < host->count; i++) {
		struct stream_end *end = &host->ends[i];
		if (end->accepted && end->tcb && end->local.port == endpoint_of(NODE).port &&
			worker_of_tcp_port(host->rig->workers[0], end->balancer.port) == worker)
			return end;
	}
	fail_msg("no node has a connection with worker %u", worker);
	return NULL;
}

void stream_host_listen(struct stream_host *host, uint16_t port)
{
	const struct endpoint client = {endpoint_of(CLIENT).ip, port};

	assert_int_equal(tcp_listen(host->tcp, &client, 8, 0), 0);
}

struct stream_end *stream_host_heard(struct stream_host *host, const char *needle)
{
	for (unsigned i = 0; i < host->count; i++) {
		if (host->ends[i].accepted && strstr(host->ends[i].text, needle))
			return &host->ends[i];
	}
	return NULL;
}

void stream_host_forget(struct stream_host *host)
{
	for (unsigned i = 0; i < host->count; i++) {
		host->ends[i].len = 0;
		host->ends[i].text[0] = '\0';
	}
}

void stream_host_kill_nodes(struct stream_host *host)
{
	struct endpoint nodes[] = {endpoint_of(NODE), endpoint_of(NODE_TWO)};

	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(tcp_unlisten(host->tcp, &nodes[i]), 0);
	for (unsigned i = 0; i < host->count; i++) {
		if (host->ends[i].accepted && host->ends[i].tcb)
			tcp_abort(host->ends[i].tcb, host->rig->now_ns);
	}
	stream_host_run(host);
}
