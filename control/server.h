/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The JSON-RPC server (control/api.h has the protocol). It never waits for a client: what a client does not
 * read stays unmade, what it sends too slowly or too much of ends its connection, with an error that has a
 * name.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include "base/ensure.h"
#include "control/api.h"
#include "control/reactor.h"

#include <jansson.h>
#include <stdint.h>
#include <sys/types.h>

struct server;
struct call; /* one request that waits for its answer */

/* Gives the rows of a long answer, one by one, as the client takes them. */
struct cursor {
	json_t *(*next)(struct cursor *cursor); /* a new array, the caller's; NULL: there are no more */
	void (*finish)(struct cursor *cursor);  /* frees it; called once, also when the client went away */
};

/* Must answer the call in one of the ways below, or defer it. */
typedef void (*server_handler)(void *ctx, struct call *call);

struct server_settings {
	struct reactor *reactor;
	server_handler handler;
	void *ctx;
	const char *path;          /* of the socket */
	mode_t mode;               /* of the socket */
	unsigned connections_max;  /* one more takes the place of the longest idle, or is refused */
	uint32_t line_timeout_ms;  /* for the rest of a request's line */
	uint32_t stall_timeout_ms; /* for a client to read some of what waits for it */
};

/*
 * Binds the socket. A file left by an instance that is gone is replaced; -EADDRINUSE when one answers on it
 * or it is not a socket. On failure *error (error_size bytes) says what and how to mend it.
 */
must_use int server_create(
	const struct server_settings *settings, char *error, size_t error_size, struct server **ret_server);
/* Ends all connections and takes the file away. NULL is fine. */
void server_destroy(struct server *server);

/* Checks the timeouts; every 100 ms or so. */
void server_tick(struct server *server, uint64_t now_ns);

/* Serves an already connected stream socket, which becomes the server's. 0 or -errno (fd is then closed). */
must_use int server_adopt(struct server *server, int fd);

struct server_figures {
	unsigned connections;
	uint64_t accepted, refused, evicted;
	uint64_t bad_lines; /* answered with parse_error, invalid_request, too_long or too_slow */
	uint64_t stalled;   /* ended because the client did not read */
};
struct server_figures server_figures(const struct server *server);

/* ---- what a handler sees of a call ---- */
const struct api_command *call_command(const struct call *call);
/* An argument of the table; NULL when not given. */
const char *call_value(const struct call *call, const char *name);
/* The pairs, an object of strings; NULL when none were given. */
json_t *call_pairs(const struct call *call);

/* ---- answers: exactly one for each call ---- */
void call_result(struct call *call, json_t *object); /* takes the reference */
void call_rows(struct call *call, struct cursor *cursor);
__attribute__((format(printf, 3, 4))) void call_error(struct call *call, int code, const char *format, ...);
/* With findings: an array of strings, whose reference is taken. */
void call_refuse(struct call *call, int code, const char *message, json_t *findings);

/* A cursor over an array of rows, whose reference is taken. */
struct cursor *cursor_of_rows(json_t *rows);

/* The answer comes later. The connection may be gone by then: server_resume() then gives NULL. */
struct ticket {
	unsigned slot;
	uint64_t serial;
};
struct ticket call_defer(struct call *call);
struct call *server_resume(struct server *server, struct ticket ticket);

#endif
