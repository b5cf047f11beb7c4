/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sections, ports, listeners and nodes against each other: can every packet that this configuration asks for
 * be received and sent? These lists are short, so pairs are compared.
 */
#include "config/check.h"
#include "config/entry.h"
#include "config/schema_priv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static bool is_link_local6(const struct ip_addr *addr)
{
	return addr->family == IP_V6 && addr->bytes[0] == 0xfe && (addr->bytes[1] & 0xc0) == 0x80;
}

/* The port that has the address as its own, or NULL. */
static const struct config_port *owner_of(const struct config *config, const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < config_count(config, CONFIG_PORTS); i++) {
		const struct config_port *port = config_port_at(config, i);
		for (unsigned j = 0; j < port->address_count; j++) {
			if (ip_equal(&port->addresses[j].addr, addr))
				return port;
		}
	}
	return NULL;
}

static bool on_link(const struct config_port *port, const struct ip_addr *addr)
{
	for (unsigned j = 0; j < port->address_count; j++) {
		if (ip_prefix_contains(&port->addresses[j], addr))
			return true;
	}
	return false;
}

static bool prefixes_overlap(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_prefix_contains(a->len < b->len ? a : b, a->len < b->len ? &b->addr : &a->addr);
}

/* With a port that could not be read it is not known which addresses there are: better to say nothing. */
static bool ports_are_known(const struct config *config)
{
	for (uint32_t i = 0; i < config_count(config, CONFIG_PORTS); i++) {
		if (config_port_at(config, i)->head.broken)
			return false;
	}
	return true;
}

bool check_reachable(const struct config *config, const struct ip_addr *addr)
{
	for (uint32_t i = 0; i < config_count(config, CONFIG_PORTS); i++) {
		const struct config_port *port = config_port_at(config, i);
		const struct ip_addr *gateway = addr->family == IP_V4 ? &port->gateway : &port->gateway6;
		if (gateway->family != IP_NONE || on_link(port, addr))
			return true;
	}
	return !ports_are_known(config);
}

/* ---- sections ---- */

/* What lies in the receive rings is not there for anything else: below this no packet is ever sent.
 * Connections may hold what tcp.memory_mb says, and that must leave enough for the rings. */
static void check_mbufs(const struct config *config, const struct place *place)
{
	uint32_t rings = PORT_RX_DESCRIPTORS * (config_count(config, CONFIG_PORTS) + 1);
	uint64_t held = ((uint64_t)config->tcp.memory_mb << 20) / PACKET_BUFFER_BYTES;
	uint32_t mbufs = config->workers.mbufs;

	if (mbufs == 0)
		return;
	if (mbufs < rings)
		place_error(place, "mbufs",
			"is %u, too few to fill the receive rings of %u ports and to send; write at least %u",
			mbufs, config_count(config, CONFIG_PORTS), rings);
	else if (mbufs < rings + held)
		place_error(place, "mbufs",
			"is %u, too few beside the %u MiB of them that connections may hold (tcp.memory_mb); "
			"write at least %" PRIu64,
			mbufs, config->tcp.memory_mb, rings + held);
}

static void check_tcp(const struct config *config, struct config_report *report)
{
	const struct config_tcp *tcp = &config->tcp;
	uint32_t least = CONFIG_TCP_PORTS_MIN * config->workers.count;
	struct place place;

	place_init(&place, report, schema_find(&schema_root, span_str("tcp"))->sub, &tcp->head);
	place_path(&place, "tcp");
	if (tcp->port_last < tcp->port_first + least - 1)
		place_error(&place, "port_last",
			"is %u, which leaves less than %u ports from %u on for each of %u workers; write at "
			"least %u",
			tcp->port_last, (unsigned)CONFIG_TCP_PORTS_MIN, tcp->port_first,
			config->workers.count, tcp->port_first + least - 1);
	if (tcp->keepalive_ms >= tcp->idle_timeout_ms)
		place_warn(&place, "keepalive_ms",
			"is %u, not less than the idle timeout of %u ms; no peer will ever be asked",
			tcp->keepalive_ms, tcp->idle_timeout_ms);
}

static void check_workers(const struct config *config, struct config_report *report)
{
	const struct config_workers *workers = &config->workers;
	struct place place;

	place_init(&place, report, schema_find(&schema_root, span_str("workers"))->sub, &workers->head);
	place_path(&place, "workers");
	if (workers->core_count && workers->core_count != workers->count)
		place_error(&place, "cores", "names %u cores for %u workers; name one for each",
			workers->core_count, workers->count);
	for (unsigned i = 0; i < workers->core_count; i++) {
		for (unsigned j = 0; j < i; j++) {
			if (workers->cores[i] == workers->cores[j])
				place_error(&place, "cores", "names core %u twice; give each worker its own",
					workers->cores[i]);
		}
	}
	check_mbufs(config, &place);
	if (workers->source_port_base + workers->count > 65536)
		place_error(&place, "source_port_base", "leaves no port for worker %u; write at most %u",
			workers->count - 1, 65536 - workers->count);
}

static void check_probe(const struct config_probe *probe, const struct place *place)
{
	if (probe->timeout_ms > probe->interval_ms)
		place_error(place, "timeout_ms",
			"is %u, longer than the interval of %u ms; write at most that", probe->timeout_ms,
			probe->interval_ms);
}

/* ---- ports ---- */

static bool is_network_or_broadcast(const struct ip_prefix *prefix)
{
	uint32_t address, host_mask;

	if (prefix->addr.family != IP_V4 || prefix->len >= 31)
		return false;
	memcpy(&address, prefix->addr.bytes, 4);
	address = __builtin_bswap32(address);
	host_mask = UINT32_MAX >> prefix->len;
	return (address & host_mask) == 0 || (address & host_mask) == host_mask;
}

static void check_port_address(const struct config *config, uint32_t i, unsigned j, const struct place *place)
{
	const struct config_port *port = config_port_at(config, i);
	const struct ip_prefix *own = &port->addresses[j];
	char text[IP_TEXT_MAX];

	ip_format(&own->addr, text);
	if (ip_is_multicast(&own->addr) || ip_is_unspecified(&own->addr) || ip_is_loopback(&own->addr) ||
		is_network_or_broadcast(own))
		place_error(place, "addresses",
			"%s/%u is not the address of a host; write the balancer's own", text, own->len);
	if (own->addr.family == IP_V6 && port->mtu < 1280)
		place_error(place, "mtu", "is %u, but IPv6 (%s) needs 1280; write at least that", port->mtu,
			text);
	for (uint32_t k = 0; k <= i; k++) {
		const struct config_port *other = config_port_at(config, k);
		for (unsigned m = 0; m < (k == i ? j : other->address_count); m++) {
			if (ip_equal(&own->addr, &other->addresses[m].addr))
				place_error(place, "addresses", "%s stands twice, on port %s too; keep one",
					text, other->name ? other->name : "-");
			else if (k != i && !is_link_local6(&own->addr) &&
				 prefixes_overlap(own, &other->addresses[m]))
				place_error(place, "addresses",
					"%s/%u overlaps a prefix of port %s, so the way out is not clear; "
					"use another prefix",
					text, own->len, other->name ? other->name : "-");
		}
	}
}

static void check_gateway(const struct config_port *port, const struct ip_addr *gateway,
	enum ip_family family, const struct place *place)
{
	const char *key = family == IP_V4 ? "gateway" : "gateway6";

	if (gateway->family == IP_NONE)
		return;
	if (gateway->family != family) {
		place_error(place, key, "is not an IPv%d address; write it under %s", family,
			family == IP_V4 ? "gateway6" : "gateway");
		return;
	}
	if (!on_link(port, gateway) && !is_link_local6(gateway))
		place_error(place, key, "is in none of the port's prefixes; write a router on this link");
	for (unsigned j = 0; j < port->address_count; j++) {
		if (ip_equal(&port->addresses[j].addr, gateway))
			place_error(place, key, "is the port's own address; write the router's");
	}
}

/* The part of a vdev string that names the device; a PCI address has no comma and stands as a whole. */
static struct span device_name(const char *device)
{
	return span_of(device, strcspn(device, ","));
}

static void check_device(const struct config *config, uint32_t i, const struct place *place)
{
	struct span own = device_name(config_port_at(config, i)->device);

	for (uint32_t k = 0; k < i; k++) {
		const struct config_port *other = config_port_at(config, k);
		if (other->device && span_ieq(own, device_name(other->device)))
			place_error(place, "device", "is that of port %s already; each port needs its own",
				other->name ? other->name : "-");
	}
}

static void check_ports(const struct config *config, struct config_report *report)
{
	struct place place;

	if (config_count(config, CONFIG_PORTS) == 0)
		config_report_error(report, 0, "ports",
			"has no entry; write at least one with name, device and addresses");
	for (uint32_t i = 0; i < config_count(config, CONFIG_PORTS); i++) {
		const struct config_port *port = config_port_at(config, i);
		if (port->head.broken)
			continue;
		check_place(config, CONFIG_PORTS, i, report, &place);
		check_device(config, i, &place);
		if (port->address_count == 0)
			place_error(
				&place, "addresses", "is empty; write at least one, such as [192.0.2.10/24]");
		for (unsigned j = 0; j < port->address_count; j++)
			check_port_address(config, i, j, &place);
		check_gateway(port, &port->gateway, IP_V4, &place);
		check_gateway(port, &port->gateway6, IP_V6, &place);
		if (port->queues > config->workers.count)
			place_warn(&place, "queues", "is %u, but there are %u workers; the rest stays unused",
				port->queues, config->workers.count);
	}
}

/* ---- listeners ---- */

/* TCP and TLS share the port numbers of TCP. */
static bool share_ports(uint8_t a, uint8_t b)
{
	return (a == TRANSPORT_UDP) == (b == TRANSPORT_UDP);
}

static void check_listener(const struct config *config, uint32_t i, const struct place *place)
{
	const struct config_listener *listener = config_listener_at(config, i);
	uint32_t base = config->workers.source_port_base;

	check_available(listener, place);
	if (!owner_of(config, &listener->address) && ports_are_known(config))
		place_error(place, "address",
			"is not an address of any port; write one of those, or add it there");
	if (listener->transport == TRANSPORT_UDP && listener->port >= base &&
		listener->port < base + config->workers.count)
		place_error(place, "port",
			"is %u, which worker %u sends from (workers.source_port_base); use another",
			listener->port, listener->port - base);
	if (listener->transport != TRANSPORT_UDP && listener->port >= config->tcp.port_first &&
		listener->port <= config->tcp.port_last)
		place_error(place, "port",
			"is %u, in the range that connections are made from (tcp.port_first to %u); use "
			"another",
			listener->port, config->tcp.port_last);
	for (uint32_t k = 0; k < i; k++) {
		const struct config_listener *other = config_listener_at(config, k);
		if (!other->head.broken && other->port == listener->port &&
			share_ports(other->transport, listener->transport) &&
			ip_equal(&other->address, &listener->address))
			place_error(place, "port", "%u on this address is taken by listener %s; use another",
				listener->port, other->name);
	}
}

static void check_listeners(const struct config *config, struct config_report *report)
{
	struct place place;

	if (config_count(config, CONFIG_LISTENERS) == 0)
		config_report_error(
			report, 0, "listeners", "has no entry; write at least one with name and address");
	for (uint32_t i = 0; i < config_count(config, CONFIG_LISTENERS); i++) {
		check_place(config, CONFIG_LISTENERS, i, report, &place);
		if (!config_listener_at(config, i)->head.broken)
			check_listener(config, i, &place);
	}
}

/* ---- nodes ---- */

static void check_node_probe(const struct config *config, const struct config_node *node, struct place place)
{
	struct config_probe probe;
	size_t len = strlen(place.path);

	if (!node->probe.head.given)
		return;
	config_node_probe(config, node, &probe);
	place.schema = &schema_probe;
	place.head = &node->probe.head;
	snprintf(place.path + len, sizeof(place.path) - len, "%sprobe", len ? "." : "");
	check_probe(&probe, &place);
}

static void check_node(const struct config *config, const struct config_node *node, const struct place *place)
{
	check_available(node, place);
	if (ip_is_multicast(&node->address) || ip_is_unspecified(&node->address) ||
		ip_is_loopback(&node->address))
		place_error(place, "address",
			"is not one that a node can have; write its own, as seen on the network");
	else if (owner_of(config, &node->address))
		place_error(
			place, "address", "is the balancer's own, which would be a loop; write the node's");
	else if (!check_reachable(config, &node->address))
		place_error(place, "address",
			"is in no prefix of a port, and no port has a gateway for IPv%u; add an address or a "
			"gateway",
			node->address.family);
	check_node_probe(config, node, *place);
}

static void check_nodes(const struct config *config, struct config_report *report)
{
	struct place place;

	for (uint32_t i = 0; i < config_count(config, CONFIG_NODES); i++) {
		check_place(config, CONFIG_NODES, i, report, &place);
		if (!config_node_at(config, i)->head.broken)
			check_node(config, config_node_at(config, i), &place);
	}
}

int check_structure(const struct config *config, struct config_report *report)
{
	uint32_t errors = report->error_count;
	struct place place;

	check_workers(config, report);
	check_tcp(config, report);
	place_init(&place, report, &schema_probe, &config->probe.head);
	place_path(&place, "probe");
	check_probe(&config->probe, &place);
	check_ports(config, report);
	check_listeners(config, report);
	check_nodes(config, report);
	return report->error_count > errors ? -EINVAL : 0;
}
