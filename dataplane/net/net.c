/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The network layer as its worker sees it: start and end, a burst of frames in, staged frames out, time
 * passing.
 */
#include "net/net.h"

#include "net/addr_priv.h"
#include "net/net_priv.h"

#include <rte_cycles.h>
#include <rte_malloc.h>

#include <errno.h>

enum {
	MAGIC = 0x6e657431,
	NEIGHBOURS_DEFAULT = 1024,
	PENDING_DEFAULT = 512,
	REASSEMBLIES_DEFAULT = 256,
	REASSEMBLY_BUCKET = 16,
	ECHO_PER_SECOND = 1000,
	ECHO_BURST = 100,
	ERRORS_PER_SECOND = 100,
	ERRORS_BURST = 20
};

#define REASSEMBLY_TIMEOUT_DEFAULT_NS 5000000000ULL
#define TICK_NS                       1000000ULL
#define ANNOUNCE_INTERVAL_NS          2000000000ULL /* RFC 5227 1.1 ANNOUNCE_INTERVAL */

static int port_init(struct net *net, uint16_t index)
{
	const struct net_port_config *config = &net->config.ports[index];
	struct net_port *port = &net->ports[index];
	uint32_t room = rte_pktmbuf_data_room_size(net->config.pool);

	if (!config->wire || config->wire->mtu < MTU_MIN || config->local_count > ADDRESSES_PER_PORT_MAX ||
		!mac_is_station(config->wire->mac) || room < MTU_MIN + ETH_HEADER + RTE_PKTMBUF_HEADROOM)
		return -EINVAL;
	port->wire = config->wire;
	memcpy((uint8_t *)&port->mac_word + 2, config->wire->mac, 6);
	port->index = index;
	port->gateway_v4 = config->gateway_v4;
	port->gateway_v6 = config->gateway_v6;
	memcpy(port->local, config->local, config->local_count * sizeof(port->local[0]));
	port->local[config->local_count] = (struct ip_prefix){net_link_local(config->wire->mac), 64};
	port->local_count = config->local_count + 1;
	port->mtu = config->wire->mtu;
	port->piece_max = RTE_MIN(port->mtu, room - RTE_PKTMBUF_HEADROOM);
	return 0;
}

static void config_defaults(struct net_config *config)
{
	if (config->neighbours_max == 0)
		config->neighbours_max = NEIGHBOURS_DEFAULT;
	if (config->pending_max == 0)
		config->pending_max = PENDING_DEFAULT;
	if (config->reassemblies_max == 0)
		config->reassemblies_max = REASSEMBLIES_DEFAULT;
	if (config->reassembly_timeout_ns == 0)
		config->reassembly_timeout_ns = REASSEMBLY_TIMEOUT_DEFAULT_NS;
}

/* The table's "cycles" are whatever unit its times come in: nanoseconds, here. */
static struct rte_ip_frag_tbl *reassembly_create(const struct net_config *config)
{
	uint32_t entries = config->reassemblies_max;

	return rte_ip_frag_table_create((entries + REASSEMBLY_BUCKET - 1) / REASSEMBLY_BUCKET,
		REASSEMBLY_BUCKET, entries, config->reassembly_timeout_ns, config->socket_id);
}

int net_create(const struct net_config *config, struct net **ret_net)
{
	struct net *net;
	int ret = 0;

	if (config->port_count == 0 || config->port_count > PORTS_MAX || !config->pool || !config->stats ||
		!config->rng || !config->udp_deliver)
		return -EINVAL;
	net = rte_zmalloc_socket("net", sizeof(*net), RTE_CACHE_LINE_SIZE, config->socket_id);
	if (!net)
		return -ENOMEM;
	net->config = *config;
	net->port_count = config->port_count;
	net->echo_budget = budget_of(ECHO_PER_SECOND, ECHO_BURST);
	net->error_budget = budget_of(ERRORS_PER_SECOND, ERRORS_BURST);
	net->paths.seed = rng_u64(config->rng);
	config_defaults(&net->config);
	for (uint16_t i = 0; i < net->port_count && ret == 0; i++)
		ret = port_init(net, i);
	if (ret != 0)
		goto free_net;
	ret = neigh_init(net);
	if (ret != 0)
		goto free_net;
	net->reassembly = reassembly_create(&net->config);
	if (!net->reassembly) {
		ret = -ENOMEM;
		goto fini_neigh;
	}
	net->magic = MAGIC;
	*ret_net = net;
	return 0;

fini_neigh:
	neigh_fini(net);
free_net:
	rte_free(net);
	return ret;
}

void net_destroy(struct net *net)
{
	if (!net)
		return;
	ensure(net->magic == MAGIC);
	net->magic = 0;
	/* The table frees the fragments that it holds. */
	rte_ip_frag_table_destroy(net->reassembly);
	neigh_fini(net);
	for (uint16_t i = 0; i < net->port_count; i++)
		rte_pktmbuf_free_bulk(net->ports[i].staged, net->ports[i].staged_count);
	rte_free(net);
}

struct rte_mbuf *net_mbuf(struct net *net)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(net->config.pool);

	if (!mbuf)
		net_count(net, STAT_net_no_mbuf);
	return mbuf;
}

void net_input(struct net *net, uint16_t port, struct rte_mbuf **mbufs, uint16_t count, uint64_t now_ns)
{
	ensure(net->magic == MAGIC && port < net->port_count);
	for (uint16_t i = 0; i < count; i++)
		rte_prefetch0(rte_pktmbuf_mtod(mbufs[i], const void *));
	for (uint16_t i = 0; i < count; i++) {
		struct packet pkt = {.mbuf = mbufs[i], .port = &net->ports[port], .now_ns = now_ns};
		int fate = plain_read(&pkt) ? udp_deliver(net, &pkt) : eth_input(net, &pkt);

		ensure(fate != PACKET_NEXT);
		if (fate == PACKET_TAKEN)
			continue;
		if (fate >= 0)
			net_count(net, (enum stat)fate);
		rte_pktmbuf_free(pkt.mbuf);
	}
}

void net_flush(struct net *net)
{
	for (uint16_t i = 0; i < net->port_count; i++)
		eth_flush(net, &net->ports[i]);
}

static void port_announce(struct net *net, struct net_port *port)
{
	mld_announce(net, port);
	for (uint16_t i = 0; i < port->local_count; i++) {
		if (port->local[i].addr.family == IP_V4)
			arp_announce(net, port, &port->local[i].addr);
		else
			nd_announce(net, port, &port->local[i].addr);
	}
}

static void announce(struct net *net, uint64_t now_ns)
{
	for (uint16_t i = 0; i < net->port_count; i++)
		port_announce(net, &net->ports[i]);
	net->announcements_left--;
	net->announce_due_ns = now_ns + ANNOUNCE_INTERVAL_NS;
}

void net_announce(struct net *net, uint64_t now_ns)
{
	net->announcements_left = ANNOUNCEMENTS;
	announce(net, now_ns);
}

void net_tick(struct net *net, uint64_t now_ns)
{
	if (now_ns < net->tick_due_ns)
		return;
	net->tick_due_ns = now_ns + TICK_NS;
	neigh_tick(net, now_ns);
	frag_tick(net, now_ns);
	mld_tick(net, now_ns);
	if (net->announcements_left > 0 && now_ns >= net->announce_due_ns)
		announce(net, now_ns);
}
