/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the network layer costs for one datagram, in and out, in bursts of 32 that stay in the cache. The
 * mbufs are used again and again, so that neither the pool nor a device is measured.
 */
#include "measure.h"

#include "base/ensure.h"
#include "net/net.h"
#include "support/eal.h"
#include "support/endpoint.h"

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_udp.h>

#include <stdlib.h>

enum { BURST = 32, ETH = 14 };

struct bench {
	struct net *net;
	struct wire wire;
	struct stats stats;
	struct rng rng;
	struct rte_mempool *pool;
	struct rte_mbuf *mbufs[BURST];
	struct endpoint us;
	struct endpoint peer;
	uint64_t now_ns;
};

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 1};
static const uint8_t peer_mac[6] = {2, 0, 0, 0, 0, 2};

static uint16_t take_all(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	(void)ctx;
	(void)mbufs;
	return count;
}

static enum net_verdict keep(void *ctx, struct udp_datagram *datagram)
{
	(void)ctx;
	measure_keep(datagram);
	return NET_TAKEN;
}

static void receive(void *data, uint64_t iterations)
{
	struct bench *bench = data;

	for (uint64_t i = 0; i < iterations; i += BURST)
		net_input(bench->net, 0, bench->mbufs, BURST, bench->now_ns);
}

static void transmit(void *data, uint64_t iterations)
{
	struct bench *bench = data;
	uint16_t headers = ETH + (bench->peer.ip.family == IP_V4 ? 20 : 40) + 8;

	for (uint64_t i = 0; i < iterations; i += BURST) {
		for (int m = 0; m < BURST; m++)
			ensure(net_udp_send(bench->net, &bench->us, &bench->peer, bench->mbufs[m],
				       bench->now_ns) == 0);
		net_flush(bench->net);
		for (int m = 0; m < BURST; m++)
			ensure(rte_pktmbuf_adj(bench->mbufs[m], headers) != NULL);
	}
}

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix prefix;

	ensure(ip_prefix_parse(span_str(text), &prefix) == 0);
	return prefix;
}

static void bench_start(struct bench *bench, uint64_t offloads)
{
	struct net_config config = {.port_count = 1, .socket_id = SOCKET_ID_ANY, .udp_deliver = keep};

	rng_init(&bench->rng, 1);
	bench->wire = (struct wire){
		.tx = take_all, .ctx = bench, .mtu = 1500, .rx_offloads = offloads, .tx_offloads = offloads};
	memcpy(bench->wire.mac, our_mac, 6);
	config.pool = bench->pool;
	config.stats = &bench->stats;
	config.rng = &bench->rng;
	config.ctx = bench;
	config.ports[0] = (struct net_port_config){
		.wire = &bench->wire,
		.local = {prefix_of("192.0.2.1/24"), prefix_of("2001:db8::1/64")},
		.local_count = 2,
	};
	ensure(net_create(&config, &bench->net) == 0);
	for (int m = 0; m < BURST; m++) {
		bench->mbufs[m] = rte_pktmbuf_alloc(bench->pool);
		ensure(bench->mbufs[m] != NULL);
	}
}

static void bench_stop(struct bench *bench)
{
	net_destroy(bench->net);
	rte_pktmbuf_free_bulk(bench->mbufs, BURST);
}

static void endpoints_set(struct bench *bench, int family)
{
	bench->us = endpoint_of(family == 4 ? "192.0.2.1" : "2001:db8::1");
	bench->peer = endpoint_of(family == 4 ? "192.0.2.2" : "2001:db8::2");
}

/* Leaves frames from the peer to us in the mbufs: what we would send, with the ends exchanged. */
static void frames_make(struct bench *bench, int family, uint32_t len)
{
	uint16_t ip_len = family == 4 ? 20 : 40;

	for (int m = 0; m < BURST; m++) {
		struct rte_mbuf *mbuf = bench->mbufs[m];
		char *start;

		rte_pktmbuf_reset(mbuf);
		mbuf->ol_flags = RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
		start = rte_pktmbuf_append(mbuf, (uint16_t)(ETH + ip_len + 8 + len));
		ensure(start != NULL);
		memset(start, 'x', ETH + ip_len + 8 + len);
		memcpy(start, our_mac, 6);
		memcpy(start + 6, peer_mac, 6);
		*(rte_be16_t *)(void *)(start + 12) = rte_cpu_to_be_16(family == 4 ? 0x0800 : 0x86dd);
		struct rte_udp_hdr *udp = (struct rte_udp_hdr *)(void *)(start + ETH + ip_len);
		*udp = (struct rte_udp_hdr){rte_cpu_to_be_16(5060), rte_cpu_to_be_16(5060),
			rte_cpu_to_be_16((uint16_t)(8 + len)), 0};
		if (family == 4) {
			struct rte_ipv4_hdr *ip = (struct rte_ipv4_hdr *)(void *)(start + ETH);
			*ip = (struct rte_ipv4_hdr){.version_ihl = RTE_IPV4_VHL_DEF,
				.total_length = rte_cpu_to_be_16((uint16_t)(28 + len)),
				.time_to_live = 64,
				.next_proto_id = IPPROTO_UDP};
			memcpy(&ip->src_addr, bench->peer.ip.bytes, 4);
			memcpy(&ip->dst_addr, bench->us.ip.bytes, 4);
			ip->hdr_checksum = rte_ipv4_cksum(ip);
			udp->dgram_cksum = rte_ipv4_udptcp_cksum(ip, udp);
		} else {
			struct rte_ipv6_hdr *ip = (struct rte_ipv6_hdr *)(void *)(start + ETH);
			*ip = (struct rte_ipv6_hdr){.vtc_flow = rte_cpu_to_be_32(6U << 28),
				.payload_len = rte_cpu_to_be_16((uint16_t)(8 + len)),
				.proto = IPPROTO_UDP,
				.hop_limits = 64};
			memcpy(ip->src_addr, bench->peer.ip.bytes, 16);
			memcpy(ip->dst_addr, bench->us.ip.bytes, 16);
			udp->dgram_cksum = rte_ipv6_udptcp_cksum(ip, udp);
		}
	}
}

static void payloads_make(struct bench *bench, uint32_t len)
{
	for (int m = 0; m < BURST; m++) {
		rte_pktmbuf_reset(bench->mbufs[m]);
		char *start = rte_pktmbuf_append(bench->mbufs[m], (uint16_t)len);
		ensure(start != NULL);
		memset(start, 'y', len);
	}
}

/* As if the peer had answered a request: nobody is asked during the measurement, and time stands still. */
static void peer_learn(struct bench *bench)
{
	struct net_neighbour heard = {.ip = bench->peer.ip, .flags = 1};
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(bench->pool);

	ensure(mbuf != NULL && net_udp_send(bench->net, &bench->us, &bench->peer, mbuf, bench->now_ns) == 0);
	memcpy(heard.mac, peer_mac, 6);
	net_neigh_learn(bench->net, &heard, bench->now_ns);
	net_flush(bench->net);
}

int main(void)
{
	static const struct {
		const char *name;
		int family;
		uint32_t len;
		bool out;
		uint64_t offloads;
	} runs[] = {
		{"udp4-in", 4, 600, false, 0},
		{"udp6-in", 6, 600, false, 0},
		{"udp4-in-offload", 4, 600, false,
			RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM},
		{"udp4-out", 4, 700, true, 0},
		{"udp6-out", 6, 700, true, 0},
		{"udp4-out-offload", 4, 700, true,
			RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM},
	};
	enum { RUNS = sizeof(runs) / sizeof(runs[0]) };
	struct measure_row rows[RUNS];
	static struct bench bench;

	ensure(eal_start() == 0);
	bench.now_ns = 1000000000;
	bench.pool = rte_pktmbuf_pool_create("bench", 1023, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	ensure(bench.pool != NULL);
	for (size_t i = 0; i < RUNS; i++) {
		rows[i] = (struct measure_row){.name = runs[i].name, .size = runs[i].len};
		bench_start(&bench, runs[i].offloads);
		endpoints_set(&bench, runs[i].family);
		if (runs[i].out) {
			peer_learn(&bench);
			payloads_make(&bench, runs[i].len);
		} else {
			frames_make(&bench, runs[i].family, runs[i].len);
		}
		measure(runs[i].out ? transmit : receive, &bench, &rows[i]);
		ensure(runs[i].out || stats_get(&bench.stats, STAT_net_udp_delivered) > 0);
		bench_stop(&bench);
	}
	measure_print(stdout, &(struct measure_report){"net", "datagram", "bytes", rows, RUNS});
	return rte_eal_cleanup();
}
