/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two workers, a node with connections to both, clients with a connection to either. One at a time. */
#ifndef TESTS_UNIT_WORKER_HANDOVER_WORLD_H
#define TESTS_UNIT_WORKER_HANDOVER_WORLD_H

#include "stream_host.h"

enum { HERE, THERE }; /* the worker that has the node's request, and the other one */

extern struct handover_world {
	struct rig *rig;
	struct stream_host *host;
	struct stream_end *node; /* by which it speaks to HERE */
} world;

void world_begin(void);
void world_begin_stateless(void);
void world_end(void);

uint64_t counted(unsigned worker, enum stat stat);
/* Transactions of HERE that have their answer. */
uint64_t answered(void);

struct endpoint client_endpoint(uint16_t port);
/* What the directory says of that address, and a connection that THERE does not have for it to say. */
conn_id found(const struct endpoint *address);
void mislead(const struct endpoint *address);

/* From the node to a client at that port, of that call; a MESSAGE, each of another call. */
const char *request_of(const char *method, uint16_t port, unsigned call);
const char *request_to(uint16_t port);
/* The client sends a request of its own, by which it asks for that alias. */
void ask_for_alias(struct stream_end *client, uint16_t port);
/* A client that has connected to that worker, and asked. */
struct stream_end *client_with_alias(unsigned worker, uint16_t port);

/* What it has heard first since all was forgotten. */
bool heard_first(const struct stream_end *client, const char *text);
bool is_message(const struct stream_end *client);
/* To the request that it has heard; what others have heard is forgotten. */
void answer_with(struct stream_end *client, const char *status);
void answer(struct stream_end *client); /* 200, to a MESSAGE */
void assert_node_heard(const char *status_line);

/* The node speaks, and HERE alone runs: what it gives to THERE waits. */
void say_to_here(const char *text);
/* Gives what nobody waits for, from HERE to THERE or the other way, until there is no room. */
void fill_ring(unsigned from);
/* The client's connection, one of THERE, takes no more. */
void choke(struct stream_end *client);

#endif
