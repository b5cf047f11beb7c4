/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What server.c (socket, limits, timeouts), conn.c (one client) and rpc.c (one request) share. */
#ifndef CONTROL_SERVER_PRIV_H
#define CONTROL_SERVER_PRIV_H

#include "control/server.h"
#include "control/text.h"

enum {
	CONN_CHUNK_BYTES = 32 << 10, /* rows made before the socket is asked again */
	CONN_CHUNK_ROWS = 256,
	CONN_ID_TEXT_MAX = 128, /* bytes of a request's id, as JSON */
};

enum conn_state {
	CONN_READING,   /* waits for, or has, lines to handle */
	CONN_WAITING,   /* a call was deferred */
	CONN_STREAMING, /* a cursor has more rows */
	CONN_ENDING,    /* closes when what waits is sent */
};

struct call {
	const struct api_command *command;
	json_t *params; /* an object, or NULL */
	char id[CONN_ID_TEXT_MAX];
	bool answered;
};

struct conn {
	struct reactor_source source;
	struct server *server;
	unsigned slot;
	uint64_t serial; /* never given twice: what tickets are checked against */
	enum conn_state state;
	bool eof;
	bool handling; /* a handler of this connection is on the stack */
	bool may_change;
	uint32_t events;       /* what epoll is told */
	uint64_t line_from_ns; /* when the first byte of an unfinished line came */
	uint64_t moved_ns;     /* when bytes last went out, or a request came in */
	struct text out;
	size_t in_len;
	size_t in_line; /* length of the first line in `in`, line end included; 0: not whole yet */
	struct call call;
	struct cursor *cursor;
	char in[API_LINE_MAX_BYTES];
};

struct server {
	struct server_settings settings;
	struct reactor_source source;
	char *path;
	uint64_t serials;
	struct server_figures figures;
	struct conn **conns; /* connections_max slots */
};

must_use int conn_create(struct server *server, int fd, struct conn **ret_conn);
void conn_destroy(struct conn *conn);
/* Does nothing for nobody: may make place for another. */
bool conn_is_idle(const struct conn *conn);
void conn_check_timeouts(struct conn *conn, uint64_t now_ns);
/* Sends what it can and tells epoll what to wait for. May destroy the connection. */
void conn_settle(struct conn *conn);

/* Handles one line, without its line end. */
void rpc_line(struct conn *conn, const char *line, size_t len);
/* Makes the next chunk of a streamed answer. */
void rpc_stream(struct conn *conn);
/* Answers outside any call: for a line that is not a request. */
void rpc_reject(struct conn *conn, int code, const char *message);

static inline struct conn *call_conn(struct call *call)
{
	return (struct conn *)((char *)call - offsetof(struct conn, call));
}

#endif
