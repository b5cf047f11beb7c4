/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The world that the proxy's tests share: two nodes behind example.com, one over IPv6 behind six.com,
 * listeners of both families, clients that are admitted and a stranger.
 */
#ifndef TESTS_PROXY_WORLD_H
#define TESTS_PROXY_WORLD_H

#include "proxy/proxy.h"
#include "support/endpoint.h"
#include "support/snapshot_fixture.h"

#define LISTENER4 "192.0.2.1:5060"
#define LISTENER6 "[2001:db8::1]:5060"
#define INNER4    "10.0.0.1:5060" /* our address toward the nodes; a listener only where a test opens one */
#define NODE_A    "10.0.0.11:5060"
#define NODE_B    "10.0.0.12:5060"
#define NODE_SIX  "[2001:db8:1::11]:5060"
#define CLIENT    "198.51.100.7:5060"
#define CLIENT6   "[2001:db8:9::7]:5060"
#define STRANGER  "203.0.113.9:5060"

struct world {
	struct snapshot_fixture fixture;
	struct proxy proxy;
	struct stats stats;
	struct trace trace;
	struct node *a, *b, *six;
	struct listener *listener4, *listener6;
	struct proxy_out out;
	unsigned given; /* messages so far */
	uint64_t now_ns;
	char text[SIP_DATAGRAM_MAX + 1]; /* what went out last, with a NUL behind it */
};

extern struct world world;

/* cmocka's setup and teardown of each test. */
int world_setup(void **state);
int world_teardown(void **state);

/* Gives the proxy a message from `src` that arrives at `local`. */
enum proxy_action give(const char *src, const char *local, const char *message);
/* From the client to the listener of its family. */
enum proxy_action give_from_client(const char *message);
/* The same over a connection. */
enum proxy_action give_by(conn_id conn, const char *src, const char *local, const char *message);
/* From node a. */
enum proxy_action give_from_node(const char *message);

uint64_t counted(enum stat stat);
void node_is(const struct node *node, enum node_health health, enum node_admin admin);

/* The last message went from there to there. */
void expect_path(const char *src, const char *dst);
/* The last message is our answer with that status, the first counted as `reason`; all others had an effect
 * too. */
void expect_refusal(enum proxy_action action, unsigned status, enum stat reason);
/* The last message holds the text. */
void expect_text(const char *part);
void expect_no_text(const char *part);

/* A request by its parts; what is left out is as an INVITE of the client for bob@example.com has it. */
struct ask {
	const char *method;
	const char *uri;
	const char *via;      /* whole header lines but the last line end */
	const char *from_tag; /* "caller" */
	const char *to_tag;   /* "": none */
	const char *call_id;
	const char *cseq;
	const char *headers; /* further ones, each with its line end */
};

/* Lives until three further texts were made. */
const char *request(struct ask ask);

/* The response a node makes of the last message that went out; `status_line` as "180 Ringing". */
const char *response_to_last(const char *status_line);
enum { KEPT_MAX = 4096 };
/* Copies a text that would not live long enough. */
void keep(char to[static KEPT_MAX], const char *text);
/* The value of the first such header of the last message, up to the line end. */
const char *last_header(const char *name);

#endif
