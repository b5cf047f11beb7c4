/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an operator can say: the model every YAML file, every live change and every saved file goes through.
 * The schema table (schema.c) describes each member here by its key; docs/CONFIG.md is generated from it.
 *
 * Sections are structs inside struct config. List entries are reached by pointer, counted, and never change
 * once they are in a list: a change puts a new entry in the old one's place. So a clone of the whole model
 * shares its entries, costs a copy of pointers, and may be read by another thread while the original moves
 * on.
 */
#ifndef CONFIG_MODEL_H
#define CONFIG_MODEL_H

#include "base/addr.h"
#include "config/bounds.h"
#include "config/sections.h"
#include "config/words.h"

#include <stdbool.h>
#include <stdint.h>

struct config_port {
	struct config_head head;
	char *name;
	char *device; /* PCI address or DPDK vdev string */
	struct ip_prefix addresses[CONFIG_PORT_ADDRESSES_MAX];
	uint16_t address_count;
	struct ip_addr gateway;  /* family IP_NONE = none */
	struct ip_addr gateway6; /* family IP_NONE = none */
	uint16_t mtu;
	uint16_t queues; /* queue pairs; 0 = one for each worker */
	uint8_t mac[6];  /* all zero = the device's own */
};

struct config_listener {
	struct config_head head;
	char *name;
	struct ip_addr address;
	uint16_t port;     /* never 0 after load: the transport's default is filled in */
	uint8_t transport; /* enum transport */
	uint8_t acl;       /* enum config_acl_action: what a source outside the ACL gets */
	uint8_t mode;      /* enum config_mode */
	bool record_route;
};

struct config_node {
	struct config_head head;
	char *name;
	char *description; /* NULL = none */
	struct ip_addr address;
	uint16_t port;             /* never 0 after load */
	uint8_t transport;         /* enum transport */
	uint8_t admin;             /* enum config_admin */
	uint16_t weight;           /* of the routes that name none themselves */
	struct config_probe probe; /* only the keys in probe.head.given count: ask config_node_probe() */
};

struct config_route {
	struct config_head head;
	char *pattern;     /* as the operator wrote it; NULL if match_uri is used */
	char *match_uri;   /* Lync's notation; NULL if pattern is used */
	char *domain;      /* type domain: reversed, lower case, bare: "com.domaina"; NULL for type user */
	char *description; /* NULL = none */
	char *next_hop;    /* node name or IP literal; NULL only with block: ask config_next_hop() */
	struct ip_addr next_hop_address; /* next_hop as IP literal; family IP_NONE = it names a node */
	uint16_t next_hop_port;
	uint16_t priority;            /* lower is higher */
	uint16_t weight;              /* 0 = the node's */
	uint16_t failover_timeout_ms; /* 0 = the instance's */
	uint8_t protocol;             /* enum transport, of an IP literal */
	uint8_t type;                 /* enum config_route_type */
	uint8_t scope;                /* enum config_scope, of type domain */
	bool in_service;
	bool block;
	bool allow_less_specific;
};

struct config_acl {
	struct config_head head;
	char *pattern;           /* as the operator wrote it */
	char *description;       /* NULL = none */
	struct ip_prefix prefix; /* family IP_NONE = all */
};

struct config_domain {
	struct config_head head;
	char *name;        /* lower case, without a trailing dot */
	char *description; /* NULL = none */
};

struct config_index; /* list.c: finds entries by key in O(1) */

struct config_list {
	struct config_head **items; /* entries in the operator's order; use the typed functions of entry.h */
	uint32_t count;
	uint32_t capacity;
	struct config_index *index[2]; /* by key; nodes also by endpoint */
};

struct config {
	struct config_head head;
	struct config_instance instance;
	struct config_memory memory;
	struct config_workers workers;
	struct config_tcp tcp;
	struct config_transactions transactions;
	struct config_probe probe;
	struct config_control control;
	struct config_log log;
	struct config_list lists[CONFIG_LISTS];
};

/* Every default, empty lists. NULL when memory is short. */
struct config *config_create(void);

/* Shares the entries, copies the rest. NULL when memory is short. The clone may go to another thread. */
struct config *config_clone(const struct config *config);

void config_destroy(struct config *config); /* NULL is fine */

#endif
