/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Brings a device up: found by its PCI address or made from a vdev string, given as many queue pairs as
 * wanted and possible, with the offloads that both sides know. What a device cannot do is noted in its facts
 * and done in software elsewhere.
 */
#include "plane/port.h"

#include "limits.h"

#include <errno.h>
#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_interrupts.h>
#include <rte_log.h>
#include <rte_mbuf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	QUEUES_MAX = WORKERS_MAX,
	DEVICE_NAME_MAX = 64,
	LINK_OVERHEAD = RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN,
};

static const uint64_t rx_offloads_wanted =
	RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM | RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
static const uint64_t tx_offloads_wanted = RTE_ETH_TX_OFFLOAD_IPV4_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM |
					   RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
static const uint64_t rss_wanted = RTE_ETH_RSS_IP | RTE_ETH_RSS_UDP | RTE_ETH_RSS_TCP;

struct queue {
	uint16_t device;
	uint16_t index;
	struct wire wire;
};

struct port {
	char name[DEVICE_NAME_MAX];
	uint16_t device; /* the EAL's number of it */
	bool started;
	struct rte_device *hotplugged; /* to be removed again; NULL when the EAL found it at its start */
	struct port_facts facts;
	struct net_rss rss;
	struct queue queues[QUEUES_MAX];
};

__attribute__((format(printf, 2, 3))) static void explain(char *error, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(error, PORT_ERROR_MAX, format, args);
	va_end(args);
}

static uint16_t queue_rx(void *ctx, struct rte_mbuf **mbufs, uint16_t max)
{
	const struct queue *queue = ctx;

	return rte_eth_rx_burst(queue->device, queue->index, mbufs, max);
}

static uint16_t queue_tx(void *ctx, struct rte_mbuf **mbufs, uint16_t count)
{
	const struct queue *queue = ctx;

	return rte_eth_tx_burst(queue->device, queue->index, mbufs, count);
}

/* "net_tap0,iface=sl0" is known to the EAL as "net_tap0". */
static int find_device(struct port *port, const struct port_config *config, char *error)
{
	char name[DEVICE_NAME_MAX];
	size_t len = strcspn(config->device, ",");

	if (len >= sizeof(name)) {
		explain(error, "device '%s': its name is too long", config->device);
		return -EINVAL;
	}
	memcpy(name, config->device, len);
	name[len] = '\0';
	if (rte_eth_dev_get_port_by_name(name, &port->device) == 0)
		return 0;
	int result = rte_dev_probe(config->device);
	if (result == 0)
		result = rte_eth_dev_get_port_by_name(name, &port->device);
	if (result != 0) {
		explain(error,
			"device '%s' cannot be opened: %s; give the PCI address of a device bound to "
			"vfio-pci, or a "
			"vdev such as net_tap0,iface=sl0",
			config->device, strerror(-result));
		return result;
	}
	struct rte_eth_dev_info info;
	if (rte_eth_dev_info_get(port->device, &info) == 0)
		port->hotplugged = info.device;
	return 0;
}

static bool all_zero(const uint8_t mac[6])
{
	return (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]) == 0;
}

static void choose(struct port *port, const struct port_config *config, const struct rte_eth_dev_info *info)
{
	struct port_facts *facts = &port->facts;
	uint16_t most = info->max_rx_queues < info->max_tx_queues ? info->max_rx_queues : info->max_tx_queues;

	facts->driver = info->driver_name;
	facts->queues = config->queues < most ? config->queues : most;
	facts->mtu = config->mtu;
	facts->rss = facts->queues > 1 && (info->flow_type_rss_offloads & rss_wanted) != 0;
	facts->rx_offloads = info->rx_offload_capa & rx_offloads_wanted;
	facts->tx_offloads = info->tx_offload_capa & tx_offloads_wanted;
}

static int configure(struct port *port, const struct port_config *config, char *error)
{
	struct rte_eth_dev_info info;
	struct port_facts *facts = &port->facts;
	struct rte_eth_conf conf = {.rxmode.mtu = config->mtu};
	size_t room = rte_pktmbuf_data_room_size(config->pools[0]) - RTE_PKTMBUF_HEADROOM;
	int result = rte_eth_dev_info_get(port->device, &info);

	if (result != 0) {
		explain(error, "device '%s' tells nothing about itself: %s", config->device,
			strerror(-result));
		return result;
	}
	choose(port, config, &info);
	conf.rxmode.offloads = facts->rx_offloads;
	conf.txmode.offloads = facts->tx_offloads;
	if ((size_t)config->mtu + LINK_OVERHEAD > room)
		conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	if (facts->rss) {
		conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf.rx_adv_conf.rss_conf.rss_hf = info.flow_type_rss_offloads & rss_wanted;
	}
	conf.intr_conf.rxq = config->interrupts ? 1 : 0;
	result = rte_eth_dev_configure(port->device, facts->queues, facts->queues, &conf);
	if (result != 0 && conf.intr_conf.rxq) {
		conf.intr_conf.rxq = 0;
		result = rte_eth_dev_configure(port->device, facts->queues, facts->queues, &conf);
	}
	if (result != 0)
		explain(error, "device '%s' refuses %u queues, MTU %u: %s", config->device, facts->queues,
			config->mtu, strerror(-result));
	return result;
}

static int set_up_queues(struct port *port, const struct port_config *config, char *error)
{
	uint16_t rx_descriptors = PORT_RX_DESCRIPTORS;
	uint16_t tx_descriptors = PORT_TX_DESCRIPTORS;
	int result = rte_eth_dev_adjust_nb_rx_tx_desc(port->device, &rx_descriptors, &tx_descriptors);

	for (uint16_t i = 0; result == 0 && i < port->facts.queues; i++) {
		result = rte_eth_rx_queue_setup(
			port->device, i, rx_descriptors, SOCKET_ID_ANY, NULL, config->pools[i]);
		if (result == 0)
			result = rte_eth_tx_queue_setup(port->device, i, tx_descriptors, SOCKET_ID_ANY, NULL);
	}
	if (result != 0)
		explain(error, "device '%s': a queue cannot be set up: %s", config->device,
			strerror(-result));
	return result;
}

/* Devices that cannot change these say so, and then what they have is used. */
static int set_addresses(struct port *port, const struct port_config *config, char *error)
{
	struct rte_ether_addr mac;
	uint16_t mtu;
	int result;

	if (!all_zero(config->mac)) {
		memcpy(mac.addr_bytes, config->mac, sizeof(mac.addr_bytes));
		result = rte_eth_dev_default_mac_addr_set(port->device, &mac);
		if (result != 0) {
			explain(error, "device '%s' cannot take another MAC address: %s; leave 'mac' out",
				config->device, strerror(-result));
			return result;
		}
	}
	result = rte_eth_macaddr_get(port->device, &mac);
	if (result != 0) {
		explain(error, "device '%s' has no MAC address: %s", config->device, strerror(-result));
		return result;
	}
	memcpy(port->facts.mac, mac.addr_bytes, sizeof(port->facts.mac));
	result = rte_eth_dev_set_mtu(port->device, config->mtu);
	if (result != 0 && rte_eth_dev_get_mtu(port->device, &mtu) == 0 && mtu < config->mtu)
		port->facts.mtu = mtu;
	return 0;
}

static void make_wires(struct port *port)
{
	for (uint16_t i = 0; i < port->facts.queues; i++) {
		struct queue *queue = &port->queues[i];
		queue->device = port->device;
		queue->index = i;
		queue->wire = (struct wire){.rx = queue_rx,
			.tx = queue_tx,
			.ctx = queue,
			.tx_offloads = port->facts.tx_offloads,
			.rx_offloads = port->facts.rx_offloads,
			.mtu = port->facts.mtu};
		memcpy(queue->wire.mac, port->facts.mac, sizeof(queue->wire.mac));
	}
}

int port_create(
	const struct port_config *config, struct port **ret_port, char ret_error[static PORT_ERROR_MAX])
{
	struct port *port;
	int result;

	ensure(config->queues > 0 && config->queues <= QUEUES_MAX);
	port = calloc(1, sizeof(*port));
	if (!port) {
		explain(ret_error, "no memory for port '%s'", config->name);
		return -ENOMEM;
	}
	snprintf(port->name, sizeof(port->name), "%s", config->name);
	result = find_device(port, config, ret_error);
	if (result != 0) {
		free(port);
		return result;
	}
	result = configure(port, config, ret_error);
	if (result == 0)
		result = set_up_queues(port, config, ret_error);
	if (result == 0)
		result = set_addresses(port, config, ret_error);
	if (result != 0) {
		port_destroy(port);
		return result;
	}
	make_wires(port);
	*ret_port = port;
	return 0;
}

void port_destroy(struct port *port)
{
	if (!port)
		return;
	port_stop(port);
	rte_eth_dev_close(port->device);
	if (port->hotplugged)
		rte_dev_remove(port->hotplugged);
	free(port);
}

/* Asking is the only way to know; that a device has none is no error, so the library need not print one. */
static bool has_interrupts(const struct port *port)
{
	int library = rte_log_register("lib.ethdev");
	int level = rte_log_get_level((uint32_t)library);
	bool all = true;

	rte_log_set_level((uint32_t)library, RTE_LOG_EMERG);
	for (uint16_t i = 0; all && i < port->facts.queues; i++)
		all = rte_eth_dev_rx_intr_ctl_q_get_fd(port->device, i) >= 0;
	rte_log_set_level((uint32_t)library, (uint32_t)level);
	return all;
}

/* Spreads evenly where the device lets us, then believes what it says. */
static void learn_reta(struct port *port, uint16_t size)
{
	struct rte_eth_rss_reta_entry64 entries[RSS_RETA_MAX / RTE_ETH_RETA_GROUP_SIZE] = {0};

	for (uint16_t i = 0; i < size; i++) {
		struct rte_eth_rss_reta_entry64 *entry = &entries[i / RTE_ETH_RETA_GROUP_SIZE];
		entry->mask |= 1ULL << i % RTE_ETH_RETA_GROUP_SIZE;
		entry->reta[i % RTE_ETH_RETA_GROUP_SIZE] = i % port->facts.queues;
	}
	(void)rte_eth_dev_rss_reta_update(port->device, entries, size);
	if (rte_eth_dev_rss_reta_query(port->device, entries, size) != 0)
		return;
	for (uint16_t i = 0; i < size; i++)
		port->rss.reta[i] = entries[i / RTE_ETH_RETA_GROUP_SIZE].reta[i % RTE_ETH_RETA_GROUP_SIZE];
	port->rss.reta_size = size;
}

/* A forecast needs the key, a table, and a hash over the ports in both families. */
static void learn_rss(struct port *port)
{
	const uint64_t needed = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP;
	struct rte_eth_rss_conf conf = {.rss_key = port->rss.key};
	struct rte_eth_dev_info info;

	if (!port->facts.rss || rte_eth_dev_info_get(port->device, &info) != 0)
		return;
	conf.rss_key_len = info.hash_key_size ? info.hash_key_size : RSS_KEY_MIN;
	if (conf.rss_key_len < RSS_KEY_MIN || conf.rss_key_len > RSS_KEY_MAX || info.reta_size == 0 ||
		info.reta_size > RSS_RETA_MAX || !rte_is_power_of_2(info.reta_size))
		return;
	if (rte_eth_dev_rss_hash_conf_get(port->device, &conf) == 0 && (conf.rss_hf & needed) == needed)
		learn_reta(port, info.reta_size);
}

int port_start(struct port *port, char ret_error[static PORT_ERROR_MAX])
{
	int result = rte_eth_dev_start(port->device);

	if (result != 0) {
		explain(ret_error, "port '%s' does not start: %s", port->name, strerror(-result));
		return result;
	}
	port->started = true;
	/* Neighbour discovery comes by multicast. A device without the filter sees it anyway. */
	if (rte_eth_allmulticast_enable(port->device) != 0)
		rte_eth_promiscuous_enable(port->device);
	port->facts.interrupts = has_interrupts(port);
	learn_rss(port);
	return 0;
}

void port_stop(struct port *port)
{
	if (port->started)
		rte_eth_dev_stop(port->device);
	port->started = false;
}

const char *port_name(const struct port *port)
{
	return port->name;
}

const struct port_facts *port_facts(const struct port *port)
{
	return &port->facts;
}

const struct net_rss *port_rss(const struct port *port)
{
	return &port->rss;
}

const struct wire *port_wire(const struct port *port, unsigned queue)
{
	ensure(queue < port->facts.queues);
	return &port->queues[queue].wire;
}

void port_stats(const struct port *port, struct port_stats *ret_stats)
{
	struct rte_eth_stats stats = {0};
	struct rte_eth_link link = {0};

	rte_eth_stats_get(port->device, &stats);
	rte_eth_link_get_nowait(port->device, &link);
	*ret_stats = (struct port_stats){
		.rx_packets = stats.ipackets,
		.rx_bytes = stats.ibytes,
		.tx_packets = stats.opackets,
		.tx_bytes = stats.obytes,
		.rx_missed = stats.imissed,
		.rx_errors = stats.ierrors,
		.tx_errors = stats.oerrors,
		.rx_no_mbuf = stats.rx_nombuf,
		.link_up = link.link_status == RTE_ETH_LINK_UP,
		.link_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed,
	};
}

int port_wait_add(const struct port *port, unsigned queue)
{
	if (!port->facts.interrupts)
		return -ENOTSUP;
	return rte_eth_dev_rx_intr_ctl_q(
		port->device, (uint16_t)queue, RTE_EPOLL_PER_THREAD, RTE_INTR_EVENT_ADD, NULL);
}

/* Drivers whose file descriptor is always live answer "not supported" to both: nothing is to be done then. */
void port_wait_begin(const struct port *port, unsigned queue)
{
	rte_eth_dev_rx_intr_enable(port->device, (uint16_t)queue);
}

void port_wait_end(const struct port *port, unsigned queue)
{
	rte_eth_dev_rx_intr_disable(port->device, (uint16_t)queue);
}
