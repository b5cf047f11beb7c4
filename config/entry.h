/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Looking into the model and changing it while the system runs. Live changes take the same keys, values,
 * checks and error texts as the file, from the same table. A failed change leaves the model as it was.
 */
#ifndef CONFIG_ENTRY_H
#define CONFIG_ENTRY_H

#include "base/addr.h"
#include "base/span.h"
#include "config/model.h"
#include "config/report.h"

/* ---- typed views; i < config_count() ---- */
static inline uint32_t config_count(const struct config *config, enum config_list_id list)
{
	return config->lists[list].count;
}

const struct config_port *config_port_at(const struct config *config, uint32_t i);
const struct config_listener *config_listener_at(const struct config *config, uint32_t i);
const struct config_node *config_node_at(const struct config *config, uint32_t i);
const struct config_route *config_route_at(const struct config *config, uint32_t i);
const struct config_acl *config_acl_at(const struct config *config, uint32_t i);
const struct config_domain *config_domain_at(const struct config *config, uint32_t i);

/* ---- lookups, O(1); NULL when there is none ---- */
const struct config_node *config_node_find(const struct config *config, struct span name);
const struct config_node *config_node_at_endpoint(
	const struct config *config, const struct endpoint *ep, enum transport transport);
const struct config_listener *config_listener_find(const struct config *config, struct span name);
const struct config_port *config_port_find(const struct config *config, struct span name);

/* Where a route leads. */
struct config_next_hop {
	const struct config_node *node; /* NULL: nobody declared it, the route names it by address */
	struct endpoint endpoint;
	enum transport transport;
	uint16_t weight;                /* the route's, or the node's if the route names none */
	char name[CONFIG_NAME_MAX + 1]; /* the node's, or "10.0.0.1:5060/udp" */
};

/* Returns 0, or -ENOENT when the route has no next hop (block) or names a node that is not there. */
must_use int config_next_hop(
	const struct config *config, const struct config_route *route, struct config_next_hop *ret_next_hop);

/* The probe settings in force for a node: its own keys over the section's. NULL node = the section's. */
void config_node_probe(
	const struct config *config, const struct config_node *node, struct config_probe *ret_probe);

/* ---- changes ---- */
struct config_pair {
	struct span key;
	struct span value;
};

struct config_pairs {
	const struct config_pair *at;
	size_t count;
};

/*
 * Add, edit, delete one entry. The identity of an entry is `name` (ports, listeners, nodes), `pattern` (acl),
 * or `pattern` or `match_uri` and, where several routes share it, next_hop [next_hop_port protocol].
 * Values in lists stand in brackets: addresses=[10.0.0.1/24, fd00::1/64]; sub-keys with a dot: probe.fall=2.
 * ret_entry may be NULL; else it gets a reference (of the new entry; delete: of the old one).
 * Returns 0; -EINVAL, -EEXIST or -ENOENT with the reason in the report; -ENOMEM.
 */
must_use int config_entry_add(struct config *config, enum config_list_id list, struct config_pairs pairs,
	struct config_report *report, struct config_head **ret_entry);

/*
 * The pairs that name the identity find the entry, the others are its new values. If it has them already, the
 * entry stays as it is and is what ret_entry gets.
 */
must_use int config_entry_edit(struct config *config, enum config_list_id list, struct config_pairs pairs,
	struct config_report *report, struct config_head **ret_entry);

/* Refused (-EBUSY, with the reason) while something refers to the entry. */
must_use int config_entry_delete(struct config *config, enum config_list_id list, struct config_pairs pairs,
	struct config_report *report, struct config_head **ret_entry);

/* Finds by the same identity pairs; no reference is taken. -ENOENT or -EINVAL with the reason in the report.
 */
must_use int config_entry_find(const struct config *config, enum config_list_id list,
	struct config_pairs pairs, struct config_report *report, struct config_head **ret_entry);

/* The same, but the pairs may hold more than the identity, as they do for config_entry_edit(). */
must_use int config_entry_named(const struct config *config, enum config_list_id list,
	struct config_pairs pairs, struct config_report *report, struct config_head **ret_entry);

/*
 * Goes to or from an earlier state of this model, entry by entry: `after` takes the place of `before`. NULL
 * before: it is added; NULL after: it is removed. Takes a reference to `after`. Checks nothing, because the
 * state as a whole was right. 0 or -ENOMEM (nothing changed).
 */
must_use int config_entry_put(struct config *config, enum config_list_id list, struct config_head *before,
	struct config_head *after);

/*
 * Puts back a value that config_section_value() gave, without a check: for going back to a state that was
 * right as a whole. The key must be one of the section's. 0 or -ENOMEM.
 */
must_use int config_section_put(
	struct config *config, struct span section, struct span key, struct span value);

/* Changes keys of a section: "probe", "log", "workers", ... 0, -ENOENT (no such section), -EINVAL, -ENOMEM.
 */
must_use int config_section_edit(
	struct config *config, struct span section, struct config_pairs pairs, struct config_report *report);

struct config_head *config_entry_ref(struct config_head *entry);
void config_entry_unref(enum config_list_id list, struct config_head *entry); /* NULL is fine */

/* ---- for tables, completion and JSON ---- */
const char *config_list_name(enum config_list_id list);                          /* "routes" */
must_use int config_list_parse(struct span name, enum config_list_id *ret_list); /* "route" or "routes" */
const char *config_list_key(enum config_list_id list, unsigned i); /* i-th key; NULL past the last */

/* The value of a key as the file would hold it; "" when it has none. Returns what snprintf would, -ENOENT: no
 * such key. */
int config_entry_value(
	enum config_list_id list, const struct config_head *entry, struct span key, char *buf, size_t size);

/* The same for a key of a section. -ENOENT: no such section or key. */
int config_section_value(
	const struct config *config, struct span section, struct span key, char *buf, size_t size);

/* The given keys on one line, ready to be used with add: "pattern=.com.a.* next_hop=n1". As snprintf. */
int config_entry_format(enum config_list_id list, const struct config_head *entry, char *buf, size_t size);

#endif
