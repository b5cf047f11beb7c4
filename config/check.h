/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Checks that look at more than one value. Each complains at its place and returns whether anything is wrong.
 */
#ifndef CONFIG_CHECK_H
#define CONFIG_CHECK_H

#include "config/model.h"
#include "config/place.h"

/* Whether an entry may be added: no other has its key, and its list and pattern have room. 0, -EEXIST or
 * -EINVAL. */
must_use int check_room(const struct config *config, enum config_list_id id, const struct config_head *entry,
	const struct place *place);

/* A route by itself: its next hop, its protocol. 0 or -EINVAL. */
must_use int check_route(
	const struct config *config, const struct config_route *route, const struct place *place);

/* That no earlier route leads the same pattern to the same next hop. 0 or -EEXIST. */
must_use int check_twin(
	const struct config *config, const struct config_route *route, const struct place *place);

/* Sections, ports, listeners and nodes against each other: everything but the long lists. 0 or -EINVAL. */
must_use int check_structure(const struct config *config, struct config_report *report);

/* That nodes, with those that routes name by address, do not exceed the limit. 0 or -EINVAL. */
must_use int check_node_total(const struct config *config, struct config_report *report);

/* That the different regular expressions of routes do not exceed the limit. 0 or -EINVAL. */
must_use int check_user_total(const struct config *config, struct config_report *report);

/* Whether packets to the address have a way out: on the link of a port, or by a gateway of the family. */
bool check_reachable(const struct config *config, const struct ip_addr *addr);

/* That a value can be had from this version. Lifting a limit is deleting its line in available.c. */
void check_available(const void *object, const struct place *place);

/* The values of a key that this version does not have, "tcp, tls", for the reference. As snprintf; 0 = none.
 */
size_t available_note(const struct schema *schema, const struct schema_key *key, char *buf, size_t size);

/* The place of entry i of a list, for findings: "nodes[2]". */
void check_place(const struct config *config, enum config_list_id id, uint32_t i,
	struct config_report *report, struct place *ret_place);

#endif
