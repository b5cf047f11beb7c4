/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One function for each command of the table; dispatch.c says which. Each answers its call, or defers it. */
#ifndef CONTROL_HANDLERS_H
#define CONTROL_HANDLERS_H

#include "control/daemon.h"

typedef void (*handler)(struct daemon *daemon, struct call *call);

/* show_config.c: what is configured */
void show_acl(struct daemon *daemon, struct call *call);
void show_config(struct daemon *daemon, struct call *call);
void show_domain(struct daemon *daemon, struct call *call);
void show_listener(struct daemon *daemon, struct call *call);
void show_route(struct daemon *daemon, struct call *call);
void complete(struct daemon *daemon, struct call *call);
void diff(struct daemon *daemon, struct call *call);
void commit(struct daemon *daemon, struct call *call);

/* show_node.c */
void show_node(struct daemon *daemon, struct call *call);
void show_node_history(struct daemon *daemon, struct call *call);

/* show_state.c: how it runs */
void show_generation(struct daemon *daemon, struct call *call);
void show_log(struct daemon *daemon, struct call *call);
void show_port(struct daemon *daemon, struct call *call);
void show_stats(struct daemon *daemon, struct call *call);
void show_trace(struct daemon *daemon, struct call *call);
void show_version(struct daemon *daemon, struct call *call);
void show_worker(struct daemon *daemon, struct call *call);
void clear_stats(struct daemon *daemon, struct call *call);

/* listing.c */
void show_connection(struct daemon *daemon, struct call *call);
void show_neighbour(struct daemon *daemon, struct call *call);

/* show_refused.c */
void show_domain_refused(struct daemon *daemon, struct call *call);

/* show_memory.c */
void show_memory(struct daemon *daemon, struct call *call);

/* operate.c: changes */
void change_entry(struct daemon *daemon, struct call *call); /* add, set and del of list entries */
void set_failback(struct daemon *daemon, struct call *call);
void set_log(struct daemon *daemon, struct call *call);
void set_node_admin(struct daemon *daemon, struct call *call);
void set_node_failback(struct daemon *daemon, struct call *call);
void set_probe(struct daemon *daemon, struct call *call);
void set_trace(struct daemon *daemon, struct call *call);
void reload(struct daemon *daemon, struct call *call);
void rollback(struct daemon *daemon, struct call *call);
void stop(struct daemon *daemon, struct call *call);

/* keys.c */
void show_key(struct daemon *daemon, struct call *call);
void add_key(struct daemon *daemon, struct call *call);
void rotate_key(struct daemon *daemon, struct call *call);

/* explain.c */
void test_acl(struct daemon *daemon, struct call *call);
void test_route(struct daemon *daemon, struct call *call);

#endif
