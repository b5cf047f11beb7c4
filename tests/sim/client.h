/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Clients: each call is a MESSAGE, or an INVITE with its ACK and BYE, repeated as RFC 3261 17.1 wants until
 * answered. Calls of all clients are in one array; a Call-ID names its place there.
 */
#ifndef SIM_CLIENT_H
#define SIM_CLIENT_H

#include "host.h"
#include "sim.h"

enum { CALL_TEXT_MAX = 320, CALL_ROUTES_MAX = 1024 };

enum call_state {
	CALL_NEW,
	CALL_ASKED,   /* MESSAGE or INVITE sent */
	CALL_TALKING, /* ACK sent */
	CALL_ENDING,  /* BYE sent */
	CALL_DONE,    /* the last request had a final response */
	CALL_LOST,    /* a request was given up */
};

struct sim_call {
	struct sim *sim;
	unsigned index;
	unsigned client;
	enum call_state state;
	bool invite;
	bool shared;     /* to the domain that two nodes share */
	bool hurt;       /* the client reset the connection that it used: what was said may be lost */
	bool node_hurt;  /* a node did so meanwhile, maybe its own */
	unsigned filler; /* bytes of body: a long one travels in fragments */
	uint16_t port;   /* of the client */
	uint16_t status; /* of the last final response */
	uint32_t cseq;
	uint32_t final_cseq; /* of the request that the latest final response was to */
	uint64_t final_key;  /* of that response: what another one to the same request must agree with */
	uint32_t sent;       /* copies of the current request */
	uint32_t resent;     /* copies beyond the first, of all requests */
	uint64_t begun_ns;
	uint64_t wait_ns;  /* until the next copy */
	uint64_t timer_ns; /* what the call waits for; an event of another time is void */
	uint64_t give_up_ns;
	char to_tag[CALL_TEXT_MAX];
	char target[CALL_TEXT_MAX];
	char routes[CALL_ROUTES_MAX];
};

/* All calls of the run, planned over its time. */
void sim_calls_create(struct sim *sim);
void sim_calls_destroy(struct sim *sim);

/* A host reset its connection of that port. */
void sim_calls_hurt(struct sim *sim, unsigned host, uint16_t port);

/* Of one client's host. */
struct sim_host_owner sim_client_owner(struct sim *sim);

/* At the end: what the plan says must have been answered, was. */
void sim_calls_check(struct sim *sim, struct sim_result *ret_result);

#endif
