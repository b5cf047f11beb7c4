/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The life of a whole configuration, and the typed questions that control asks it.
 */
#include "config/model.h"

#include "config/entry.h"
#include "config/list.h"
#include "config/object.h"
#include "config/schema_priv.h"
#include "config/value.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct config *config_create(void)
{
	struct config *config = malloc(sizeof(*config));

	if (config && object_init(&schema_root, config)) {
		free(config);
		return NULL;
	}
	return config;
}

void config_destroy(struct config *config)
{
	if (!config)
		return;
	for (unsigned id = 0; id < CONFIG_LISTS; id++)
		list_fini(&config->lists[id], id);
	object_fini(&schema_root, config);
	free(config);
}

struct config *config_clone(const struct config *config)
{
	struct config *clone = malloc(sizeof(*clone));

	if (!clone || object_copy(&schema_root, config, clone)) {
		free(clone);
		return NULL;
	}
	for (unsigned id = 0; id < CONFIG_LISTS; id++) {
		if (list_copy(&config->lists[id], &clone->lists[id], id)) {
			config_destroy(clone);
			return NULL;
		}
	}
	return clone;
}

static const struct config_head *entry_at(const struct config *config, enum config_list_id list, uint32_t i)
{
	ensure(i < config->lists[list].count);
	return config->lists[list].items[i];
}

const struct config_port *config_port_at(const struct config *config, uint32_t i)
{
	return (const struct config_port *)entry_at(config, CONFIG_PORTS, i);
}

const struct config_listener *config_listener_at(const struct config *config, uint32_t i)
{
	return (const struct config_listener *)entry_at(config, CONFIG_LISTENERS, i);
}

const struct config_node *config_node_at(const struct config *config, uint32_t i)
{
	return (const struct config_node *)entry_at(config, CONFIG_NODES, i);
}

const struct config_route *config_route_at(const struct config *config, uint32_t i)
{
	return (const struct config_route *)entry_at(config, CONFIG_ROUTES, i);
}

const struct config_acl *config_acl_at(const struct config *config, uint32_t i)
{
	return (const struct config_acl *)entry_at(config, CONFIG_ACL, i);
}

const struct config_domain *config_domain_at(const struct config *config, uint32_t i)
{
	return (const struct config_domain *)entry_at(config, CONFIG_DOMAINS, i);
}

static bool name_copy(struct span name, char buf[static CONFIG_NAME_MAX + 1])
{
	if (name.len > CONFIG_NAME_MAX)
		return false;
	memcpy(buf, name.p, name.len);
	buf[name.len] = '\0';
	return true;
}

const struct config_node *config_node_find(const struct config *config, struct span name)
{
	char buf[CONFIG_NAME_MAX + 1];
	const struct config_node like = {.name = buf};

	if (!name_copy(name, buf))
		return NULL;
	return (const struct config_node *)list_find(
		&config->lists[CONFIG_NODES], CONFIG_NODES, LIST_BY_KEY, &like.head);
}

const struct config_node *config_node_at_endpoint(
	const struct config *config, const struct endpoint *ep, enum transport transport)
{
	const struct config_node like = {
		.address = ep->ip, .port = ep->port, .transport = (uint8_t)transport};

	return (const struct config_node *)list_find(
		&config->lists[CONFIG_NODES], CONFIG_NODES, LIST_BY_ENDPOINT, &like.head);
}

const struct config_listener *config_listener_find(const struct config *config, struct span name)
{
	char buf[CONFIG_NAME_MAX + 1];
	const struct config_listener like = {.name = buf};

	if (!name_copy(name, buf))
		return NULL;
	return (const struct config_listener *)list_find(
		&config->lists[CONFIG_LISTENERS], CONFIG_LISTENERS, LIST_BY_KEY, &like.head);
}

const struct config_port *config_port_find(const struct config *config, struct span name)
{
	char buf[CONFIG_NAME_MAX + 1];
	const struct config_port like = {.name = buf};

	if (!name_copy(name, buf))
		return NULL;
	return (const struct config_port *)list_find(
		&config->lists[CONFIG_PORTS], CONFIG_PORTS, LIST_BY_KEY, &like.head);
}

/* R-RT-3: a next hop by address has its port and protocol from the route; a declared node has its own. */
static int next_hop_endpoint(
	const struct config *config, const struct config_route *route, struct config_next_hop *hop)
{
	if (!route->next_hop)
		return -ENOENT;
	if (route->next_hop_address.family == IP_NONE) {
		hop->node = config_node_find(config, span_str(route->next_hop));
		return hop->node ? 0 : -ENOENT;
	}
	hop->transport = route->protocol;
	hop->endpoint.ip = route->next_hop_address;
	hop->endpoint.port =
		route->next_hop_port ? route->next_hop_port : transport_default_port(route->protocol);
	hop->node = config_node_at_endpoint(config, &hop->endpoint, hop->transport);
	return 0;
}

int config_next_hop(
	const struct config *config, const struct config_route *route, struct config_next_hop *ret_next_hop)
{
	struct config_next_hop hop;
	char text[ENDPOINT_TEXT_MAX];
	int rc;

	memset(&hop, 0, sizeof(hop));
	rc = next_hop_endpoint(config, route, &hop);
	if (rc)
		return rc;
	hop.weight = route->weight ? route->weight : 1;
	if (hop.node) {
		hop.endpoint = (struct endpoint){hop.node->address, hop.node->port};
		hop.transport = hop.node->transport;
		hop.weight = route->weight ? route->weight : hop.node->weight;
		snprintf(hop.name, sizeof(hop.name), "%s", hop.node->name);
	} else {
		endpoint_format(&hop.endpoint, text);
		snprintf(hop.name, sizeof(hop.name), "%s/%s", text, transport_name(hop.transport));
	}
	*ret_next_hop = hop;
	return 0;
}

void config_node_probe(
	const struct config *config, const struct config_node *node, struct config_probe *ret_probe)
{
	*ret_probe = config->probe;
	for (unsigned i = 0; node && i < schema_probe.key_count; i++) {
		const struct schema_key *key = &schema_probe.keys[i];
		ensure(value_is_scalar(key) && key->kind != SCHEMA_TEXT);
		if (node->probe.head.given & (1u << i))
			memcpy(value_at(key, ret_probe), value_at_const(key, &node->probe), key->size);
	}
}
