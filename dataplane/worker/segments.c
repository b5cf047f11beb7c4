/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The worker's TCP between net below and streams above: segments in and out, what routers say about them, and
 * which source ports are this worker's. Each worker has an equal slice of the range, so whoever receives a
 * segment of a connection that we opened knows by its port whose it is (receive.c).
 */
#include "worker/worker_priv.h"

#include <errno.h>
#include <rte_mbuf.h>

static_assert((int)RTE_PKTMBUF_HEADROOM >= (int)TCP_HEADROOM, "net puts its headers in front of a segment");

void worker_segment(void *ctx, const struct net_segment *segment)
{
	struct worker *worker = worker_of(ctx);
	const struct tcp_packet packet = {.mbuf = segment->mbuf,
		.src = &segment->src,
		.dst = &segment->dst,
		.l4_offset = segment->l4_offset,
		.l4_len = segment->l4_len};

	tcp_input(worker->tcp, &packet, worker->now_ns);
}

void worker_segment_lost(void *ctx, const struct endpoint *local, const struct endpoint *remote,
	uint32_t quoted_seq, uint32_t mtu)
{
	struct worker *worker = worker_of(ctx);
	const struct tcp_icmp icmp = {
		.local = *local, .remote = *remote, .quoted_seq = quoted_seq, .mtu = mtu};

	tcp_icmp(worker->tcp, &icmp, worker->now_ns);
}

/* What net cannot send it has counted; to TCP it is lost, and mended as any loss is. */
static void segment_output(
	void *ctx, const struct ip_addr *src, const struct ip_addr *dst, struct rte_mbuf *mbuf)
{
	struct worker *worker = worker_of(ctx);

	already_counted(net_tcp_send(worker->net, src, dst, mbuf, worker->now_ns));
}

static bool source_fits(void *ctx, const struct ip_addr *source, const struct ip_addr *remote)
{
	return net_source_fits(worker_of(ctx)->net, source, remote);
}

static const struct net_rss *rss_of(const struct worker *worker, const struct ip_addr *local)
{
	for (unsigned i = 0; i < worker->config.port_count; i++) {
		const struct worker_port *port = &worker->config.ports[i];
		for (unsigned k = 0; k < port->net.local_count; k++) {
			if (ip_equal(&port->net.local[k].addr, local))
				return port->rss;
		}
	}
	return NULL;
}

/* Queue i is worker i's. Where a device's choice is unknown, or has fewer queues, any port is as good. */
static bool comes_home(void *ctx, const struct endpoint *local, const struct endpoint *remote)
{
	const struct worker *worker = worker_of(ctx);
	const struct net_rss *rss = rss_of(worker, &local->ip);

	if (!rss || rss->reta_size == 0)
		return true;
	return net_rss_queue(rss, local, remote) == worker->config.index;
}

/* The ports of each worker; a remainder belongs to nobody. */
static uint32_t ports_each(const struct worker_config *config)
{
	return (config->tcp.port_last - config->tcp.port_first + 1U) / config->count;
}

unsigned worker_of_tcp_port(const struct worker *worker, uint16_t port)
{
	uint32_t offset = (uint32_t)port - worker->config.tcp.port_first;

	return port >= worker->config.tcp.port_first ? offset / worker->tcp_ports_each : UINT32_MAX;
}

static int add_sources(struct worker *worker)
{
	int result = 0;

	for (unsigned i = 0; i < worker->config.port_count; i++) {
		const struct net_port_config *port = &worker->config.ports[i].net;
		for (unsigned k = 0; k < port->local_count && result == 0; k++)
			result = tcp_add_source(worker->tcp, &port->local[k].addr);
	}
	return result;
}

static uint16_t least_mtu(const struct worker_config *config)
{
	uint16_t mtu = UINT16_MAX;

	for (unsigned i = 0; i < config->port_count; i++) {
		if (config->ports[i].net.wire->mtu < mtu)
			mtu = config->ports[i].net.wire->mtu;
	}
	return mtu;
}

int worker_tcp_create(struct worker *worker)
{
	const struct worker_config *config = &worker->config;
	struct tcp_config tcp = config->tcp;
	int result;

	worker->tcp_ports_each = ports_each(config);
	ensure(worker->tcp_ports_each > 0);
	tcp.pool = config->pool;
	tcp.stats = &worker->stats;
	tcp.rng = &worker->rng;
	tcp.socket_id = SOCKET_ID_ANY;
	tcp.mtu = least_mtu(config);
	tcp.port_first = (uint16_t)(config->tcp.port_first + config->index * worker->tcp_ports_each);
	tcp.port_last = (uint16_t)(tcp.port_first + worker->tcp_ports_each - 1);
	tcp.ctx = worker;
	tcp.output = segment_output;
	tcp.source_fits = source_fits;
	if (config->count > 1)
		tcp.comes_home = comes_home;
	tcp.event = worker_stream_event;
	result = tcp_create(&tcp, config->now_ns, &worker->tcp);
	if (result == 0)
		result = add_sources(worker);
	return result;
}
