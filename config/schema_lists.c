/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The table of list entries: ports, listeners, nodes, routes, ACL, domains.
 */
#include "config/derive.h"
#include "config/schema_priv.h"
#include "config/text.h"

#include <assert.h>

static const char *const transport_words[] = {"udp", "tcp", "tls", NULL};
static const char *const acl_words[] = {"answer", "drop", NULL};
static const char *const mode_words[] = {"transaction", "stateless", NULL};
static const char *const admin_words[] = {"ready", "drain", "maint", NULL};
static const char *const type_words[] = {"domain", "user", NULL};

#define NAME(type, right, text)                                                                        \
	{                                                                                              \
		"name", SCHEMA_TEXT, .required = true, AT(type, name), .max = CONFIG_NAME_MAX,         \
				     .complain = text_complain_name, .example = (right), .doc = (text) \
	}
#define DESCRIPTION(type)                                                                                    \
	{                                                                                                    \
		"description", SCHEMA_TEXT, AT(type, description),                                           \
			.max = CONFIG_TEXT_MAX, .complain = text_complain_free, .example = "front end pool", \
			.doc = "For people."                                                                 \
	}

static const struct schema_key port_keys[] = {
	NAME(config_port, "lan", "How the port is called elsewhere."),
	{"device", SCHEMA_TEXT, .required = true, AT(config_port, device), .max = CONFIG_TEXT_MAX,
		.complain = text_complain_device, .example = "0000:03:00.0",
		.doc = "PCI address of the network card, or a DPDK vdev string (net_tap0,iface=sl0)."},
	{"addresses", SCHEMA_PREFIXES, .required = true, AT(config_port, addresses),
		.count_offset = offsetof(struct config_port, address_count),
		.items_max = CONFIG_PORT_ADDRESSES_MAX, .example = "[192.0.2.10/24]",
		.doc = "The balancer's own addresses on this port, IPv4 and IPv6, with the prefix of the "
		       "link."},
	{"gateway", SCHEMA_ADDRESS, AT(config_port, gateway), .example = "192.0.2.1",
		.doc = "IPv4 router for everything outside the prefixes."},
	{"gateway6", SCHEMA_ADDRESS, AT(config_port, gateway6), .example = "fe80::1",
		.doc = "IPv6 router for everything outside the prefixes."},
	{"mtu", SCHEMA_UINT, AT(config_port, mtu), .min = 576, .max = 9216, .fallback = "1500",
		.example = "1500",
		.doc = "Largest IP packet on the link; 1280 at least where IPv6 is spoken."},
	{"queues", SCHEMA_UINT, AT(config_port, queues), .min = 1, .max = CONFIG_WORKERS_MAX, .zero = "auto",
		.fallback = "auto", .example = "auto",
		.doc = "Queue pairs; auto is one for each worker, or as many as the device has."},
	{"mac", SCHEMA_MAC, AT(config_port, mac), .example = "02:00:00:00:00:01",
		.doc = "MAC address to set; left out, the device's own."},
};

static const struct schema_key listener_keys[] = {
	NAME(config_listener, "udp", "How the listener is called in logs and answers."),
	{"address", SCHEMA_ADDRESS, .required = true, AT(config_listener, address), .example = "192.0.2.10",
		.doc = "One of the addresses of the ports."},
	{"port", SCHEMA_UINT, AT(config_listener, port), .min = 1, .max = 65535, .example = "5060",
		.doc = "Port it listens on; left out, 5061 for tls and 5060 for the others."},
	{"transport", SCHEMA_WORD, AT(config_listener, transport), .fallback = "udp",
		.words = transport_words, .example = "udp", .doc = "What carries the SIP messages."},
	{"acl", SCHEMA_WORD, AT(config_listener, acl), .fallback = "answer", .words = acl_words,
		.example = "answer", .doc = "A source outside the ACL gets 403 (answer) or silence (drop)."},
	{"record_route", SCHEMA_BOOL, AT(config_listener, record_route), .fallback = "on", .example = "on",
		.doc = "Stay in the path of dialogs, so that later requests find the node that has them."},
	{"mode", SCHEMA_WORD, AT(config_listener, mode), .fallback = "transaction", .words = mode_words,
		.example = "transaction",
		.doc = "transaction remembers each request until it is answered and sends it elsewhere when "
		       "its node fails; stateless forwards it and forgets (RFC 3261 16.11)."},
};

static const struct schema_key node_keys[] = {
	NAME(config_node, "imp-a", "How routes and commands call the node."),
	DESCRIPTION(config_node),
	{"address", SCHEMA_ADDRESS, .required = true, AT(config_node, address), .example = "192.0.2.21",
		.doc = "IP address of the node."},
	{"port", SCHEMA_UINT, AT(config_node, port), .min = 1, .max = 65535, .example = "5060",
		.doc = "Its port; left out, 5061 for tls and 5060 for the others."},
	{"transport", SCHEMA_WORD, AT(config_node, transport), .fallback = "udp", .words = transport_words,
		.example = "udp", .doc = "What carries the SIP messages."},
	{"admin", SCHEMA_WORD, AT(config_node, admin), .fallback = "ready", .words = admin_words,
		.example = "ready",
		.doc = "ready takes work, drain serves only its dialogs, maint gets nothing."},
	{"weight", SCHEMA_UINT, AT(config_node, weight), .min = 1, .max = 65535, .fallback = "1",
		.example = "1", .doc = "Share of the work in routes that name no weight themselves."},
	{"probe", SCHEMA_SECTION, AT(config_node, probe), .sub = &schema_probe,
		.doc = "Keys of the section probe that differ for this node."},
};

static const struct schema_key route_keys[] = {
	{"pattern", SCHEMA_TEXT, AT(config_route, pattern), .max = CONFIG_TEXT_MAX,
		.complain = text_complain_free, .example = ".com.domaina.*",
		.doc = "Type domain: a reversed domain; .com.domaina.* is domaina.com and every name below "
		       "it, "
		       ".com.domaina.lyncserver and com.remote are exactly that host. Type user: a regular "
		       "expression that the whole user part of the Request-URI must match."},
	{"match_uri", SCHEMA_TEXT, AT(config_route, match_uri), .max = CONFIG_TEXT_MAX,
		.complain = text_complain_free, .example = "sip.com",
		.doc = "Instead of pattern, in Lync's notation: sip.com is exactly that, *.sip.com the names "
		       "below."},
	DESCRIPTION(config_route),
	{"next_hop", SCHEMA_TEXT, AT(config_route, next_hop), .max = CONFIG_NAME_MAX,
		.complain = text_complain_free, .example = "imp-a",
		.doc = "A node's name, or an IP address; needed unless block is on."},
	{"next_hop_port", SCHEMA_UINT, AT(config_route, next_hop_port), .min = 1, .max = 65535,
		.example = "5060",
		.doc = "Beside an IP address: its port; left out, the protocol's default."},
	{"protocol", SCHEMA_WORD, AT(config_route, protocol), .fallback = "udp", .words = transport_words,
		.example = "udp", .doc = "Beside an IP address: what carries the SIP messages."},
	{"type", SCHEMA_WORD, AT(config_route, type), .fallback = "user", .words = type_words,
		.example = "domain",
		.doc = "What the pattern is held against: the domain or the user part of the Request-URI. "
		       "match_uri implies domain."},
	{"priority", SCHEMA_UINT, AT(config_route, priority), .max = 65535, .fallback = "1", .example = "1",
		.doc = "Among routes of one pattern the lower goes first; a higher one is the backup."},
	{"weight", SCHEMA_UINT, AT(config_route, weight), .min = 1, .max = 65535, .zero = "node",
		.fallback = "node", .example = "1",
		.doc = "Share of the work among routes of equal priority; node takes the node's weight (1 "
		       "for an IP "
		       "address)."},
	{"failover_timeout_ms", SCHEMA_UINT, AT(config_route, failover_timeout_ms), .min = 50, .max = 60000,
		.zero = "instance", .fallback = "instance", .example = "1000",
		.doc = "Silence of the next hop after which a request is sent to another; instance takes "
		       "transactions.failover_timeout_ms."},
	{"in_service", SCHEMA_BOOL, AT(config_route, in_service), .fallback = "on", .example = "on",
		.doc = "Off keeps the route but does not use it."},
	{"block", SCHEMA_BOOL, AT(config_route, block), .fallback = "off", .example = "off",
		.doc = "Answer 403 and route nowhere."},
	{"allow_less_specific", SCHEMA_BOOL, AT(config_route, allow_less_specific), .fallback = "off",
		.example = "on",
		.doc = "When every next hop of the pattern is down, try the next less specific pattern."},
};

static const struct schema_key acl_keys[] = {
	{"pattern", SCHEMA_TEXT, .required = true, AT(config_acl, pattern), .max = CONFIG_TEXT_MAX,
		.complain = text_complain_free, .example = "192.0.2.0/24",
		.doc = "all, an IP address or a prefix; the words \"Allow from\" may stand before it."},
	DESCRIPTION(config_acl),
};

static const struct schema_key domain_keys[] = {
	{"name", SCHEMA_TEXT, .required = true, AT(config_domain, name), .max = CONFIG_TEXT_MAX,
		.complain = text_complain_domain, .example = "domaina.com",
		.doc = "The domain; it does not cover names below it."},
	DESCRIPTION(config_domain),
};

static_assert(
	sizeof(route_keys) / sizeof(route_keys[0]) <= CONFIG_KEYS_MAX, "config_head has a line for each key");

/* What a list is for stands at its key in the root. */
const struct schema schema_lists[CONFIG_LISTS] = {
	[CONFIG_PORTS] = {"port", NULL, sizeof(struct config_port), KEYS(port_keys)},
	[CONFIG_LISTENERS] = {"listener", NULL, sizeof(struct config_listener), KEYS(listener_keys),
		.derive = derive_listener},
	[CONFIG_NODES] = {"node", NULL, sizeof(struct config_node), KEYS(node_keys), .derive = derive_node},
	[CONFIG_ROUTES] = {"route", NULL, sizeof(struct config_route), KEYS(route_keys),
		.derived_text = offsetof(struct config_route, domain), .derive = derive_route},
	[CONFIG_ACL] = {"acl", NULL, sizeof(struct config_acl), KEYS(acl_keys), .shorthand = true,
		.derive = derive_acl},
	[CONFIG_DOMAINS] = {"domain", NULL, sizeof(struct config_domain), KEYS(domain_keys),
		.shorthand = true, .derive = derive_domain},
};
