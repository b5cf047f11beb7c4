/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One client: bytes in, lines out. Each event does one step - one read, one request, or one chunk of rows -
 * so that no client keeps the loop from the others or from the heartbeats. While an answer waits to be read,
 * nothing more is read or made for that client: its own slowness is all it gets.
 *
 * EPOLLOUT means "go on": it is armed when bytes wait, when rows wait, and when a further line is already
 * here.
 */
#include "control/server_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void conn_step(struct conn *conn);

static void conn_ready(struct reactor_source *source, uint32_t events)
{
	struct conn *conn = (struct conn *)source;

	if (events & (EPOLLHUP | EPOLLERR)) {
		/* Both directions are shut: whatever we would still say has no reader. */
		if (!(events & EPOLLIN)) {
			conn_destroy(conn);
			return;
		}
	}
	conn_step(conn);
}

/* Root and our own user may change things; who else may open the socket, its mode says. */
static bool peer_may_change(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid();
}

int conn_create(struct server *server, int fd, struct conn **ret_conn)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	int ret;

	if (!conn)
		return -ENOMEM;
	conn->source.fd = fd;
	conn->source.ready = conn_ready;
	conn->server = server;
	conn->serial = ++server->serials;
	conn->may_change = peer_may_change(fd);
	conn->moved_ns = reactor_now_ns();
	conn->events = EPOLLIN;
	ret = reactor_add(server->settings.reactor, &conn->source, conn->events);
	if (ret < 0) {
		free(conn);
		return ret;
	}
	*ret_conn = conn;
	return 0;
}

void conn_destroy(struct conn *conn)
{
	struct server *server = conn->server;

	ensure(server->conns[conn->slot] == conn);
	server->conns[conn->slot] = NULL;
	server->figures.connections--;
	if (conn->cursor)
		conn->cursor->finish(conn->cursor);
	json_decref(conn->call.params);
	reactor_remove(server->settings.reactor, &conn->source);
	close(conn->source.fd);
	text_fini(&conn->out);
	free(conn);
}

bool conn_is_idle(const struct conn *conn)
{
	return conn->state == CONN_READING && conn->in_len == 0 && conn->out.len == 0;
}

/* Returns false when the connection broke. */
static bool conn_flush(struct conn *conn)
{
	ssize_t sent;

	if (conn->out.failed)
		return false; /* memory was short: half an answer is worse than none */
	if (conn->out.len == 0)
		return true;
	sent = send(conn->source.fd, conn->out.p, conn->out.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	if (sent > 0) {
		text_drop(&conn->out, (size_t)sent);
		conn->moved_ns = reactor_now_ns();
	}
	return true;
}

static void conn_find_line(struct conn *conn, size_t searched)
{
	const char *end = memchr(conn->in + searched, '\n', conn->in_len - searched);

	conn->in_line = end ? (size_t)(end - conn->in) + 1 : 0;
}

/* Returns false when the connection broke. */
static bool conn_fill(struct conn *conn)
{
	size_t before = conn->in_len;
	ssize_t got =
		recv(conn->source.fd, conn->in + conn->in_len, sizeof(conn->in) - conn->in_len, MSG_DONTWAIT);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR;
	if (got == 0) {
		conn->eof = true;
		return true;
	}
	if (before == 0)
		conn->line_from_ns = reactor_now_ns();
	conn->in_len += (size_t)got;
	conn_find_line(conn, before);
	return true;
}

static void conn_take_line(struct conn *conn)
{
	size_t taken = conn->in_line;
	size_t len = taken - 1;

	conn->moved_ns = reactor_now_ns();
	if (len > 0 && conn->in[len - 1] == '\r')
		len--;
	if (len > 0)
		rpc_line(conn, conn->in, len);
	conn->in_len -= taken;
	memmove(conn->in, conn->in + taken, conn->in_len);
	conn->line_from_ns = conn->moved_ns;
	conn_find_line(conn, 0);
}

static void conn_read_step(struct conn *conn)
{
	if (conn->in_line > 0) {
		conn_take_line(conn);
	} else if (conn->in_len == sizeof(conn->in)) {
		rpc_reject(conn, API_TOO_LONG, "the request is longer than 65536 bytes");
		conn->state = CONN_ENDING;
	} else if (conn->eof) {
		conn->state = CONN_ENDING; /* an unfinished line at the end is nobody's request */
	}
}

static uint32_t conn_wanted_events(const struct conn *conn)
{
	if (conn->out.len > 0 || conn->state == CONN_STREAMING || conn->state == CONN_ENDING)
		return EPOLLOUT;
	if (conn->state == CONN_WAITING)
		return 0;
	if (conn->in_line > 0 || conn->eof || conn->in_len == sizeof(conn->in))
		return EPOLLOUT;
	return EPOLLIN;
}

void conn_settle(struct conn *conn)
{
	uint32_t events;

	if (!conn_flush(conn) || (conn->state == CONN_ENDING && conn->out.len == 0)) {
		conn_destroy(conn);
		return;
	}
	events = conn_wanted_events(conn);
	if (events != conn->events) {
		conn->events = events;
		reactor_change(conn->server->settings.reactor, &conn->source, events);
	}
}

static void conn_step(struct conn *conn)
{
	bool want_input = conn->events & EPOLLIN;

	if (!conn_flush(conn) || (want_input && !conn_fill(conn))) {
		conn_destroy(conn);
		return;
	}
	if (conn->out.len == 0 && conn->state == CONN_STREAMING)
		rpc_stream(conn);
	else if (conn->out.len == 0 && conn->state == CONN_READING)
		conn_read_step(conn);
	conn_settle(conn);
}

void conn_check_timeouts(struct conn *conn, uint64_t now_ns)
{
	const struct server_settings *settings = &conn->server->settings;
	uint64_t stall_ns = (uint64_t)settings->stall_timeout_ms * 1000000;
	uint64_t line_ns = (uint64_t)settings->line_timeout_ms * 1000000;

	/* Also with nothing waiting here: the socket says that it takes more only once most of it was read.
	 */
	if (conn_wanted_events(conn) == EPOLLOUT) {
		if (now_ns > conn->moved_ns + stall_ns) {
			conn->server->figures.stalled++;
			conn_destroy(conn);
		}
		return;
	}
	if (conn->state == CONN_READING && conn->in_len > 0 && conn->in_line == 0 &&
		now_ns > conn->line_from_ns + line_ns) {
		rpc_reject(conn, API_TOO_SLOW, "the rest of the line did not come in time");
		conn->state = CONN_ENDING;
		conn_settle(conn);
	}
}
