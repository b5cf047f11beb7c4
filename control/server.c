/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The listening socket and its clients as a whole: who gets in, who has to leave. conn.c has one client,
 * rpc.c one request.
 */
#include "control/server.h"

#include "control/server_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { SERVER_BACKLOG = 16 };

/* Is there a process behind the socket file? */
static bool socket_is_live(const struct sockaddr_un *addr)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool live;

	if (fd < 0)
		return true;
	/* EAGAIN: its backlog is full, so it lives. Only a refusal proves that nobody listens. */
	live = connect(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0 || errno != ECONNREFUSED;
	close(fd);
	return live;
}

static int bind_socket(int fd, const struct sockaddr_un *addr, char *error, size_t error_size)
{
	struct stat status;

	if (bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) == 0)
		return 0;
	if (errno != EADDRINUSE) {
		int ret = -errno;
		snprintf(error, error_size, "%s: %s; does its directory exist, and may we write there?",
			addr->sun_path, strerror(-ret));
		return ret;
	}
	if (lstat(addr->sun_path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
		snprintf(error, error_size,
			"%s is there and is no socket; set control.socket to another path", addr->sun_path);
		return -EADDRINUSE;
	}
	if (socket_is_live(addr)) {
		snprintf(error, error_size,
			"another instance answers on %s; stop it, or set control.socket to another path",
			addr->sun_path);
		return -EADDRINUSE;
	}
	if (unlink(addr->sun_path) < 0 || bind(fd, (const struct sockaddr *)addr, sizeof(*addr)) < 0) {
		int ret = -errno;
		snprintf(error, error_size, "%s: the file of an instance that is gone cannot be replaced: %s",
			addr->sun_path, strerror(-ret));
		return ret;
	}
	return 0;
}

/* Returns the listening socket or -errno. */
static int open_socket(const char *path, mode_t mode, char *error, size_t error_size)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd;
	int ret;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		snprintf(error, error_size, "control.socket: a path has at most %zu bytes",
			sizeof(addr.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* Before bind, so that the file is never wider open than asked; after it, so that the umask does not
	 * count. */
	ret = fchmod(fd, mode) < 0 ? -errno : bind_socket(fd, &addr, error, error_size);
	if (ret == 0 && (chmod(path, mode) < 0 || listen(fd, SERVER_BACKLOG) < 0))
		ret = -errno;
	if (ret < 0) {
		close(fd);
		return ret;
	}
	return fd;
}

static struct conn **longest_idle(struct server *server)
{
	struct conn **found = NULL;

	for (unsigned i = 0; i < server->settings.connections_max; i++) {
		struct conn **slot = &server->conns[i];
		if (!*slot)
			return slot;
		if (conn_is_idle(*slot) && (!found || (*slot)->moved_ns < (*found)->moved_ns))
			found = slot;
	}
	return found;
}

static void refuse_connection(struct server *server, int fd)
{
	static const char text[] =
		"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32003,"
		"\"message\":\"all connections are taken\",\"data\":{\"name\":\"busy\"}}}\n";

	server->figures.refused++;
	(void)!send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

int server_adopt(struct server *server, int fd)
{
	struct conn **slot = longest_idle(server);
	struct conn *conn;
	int ret;

	if (!slot) {
		refuse_connection(server, fd);
		return -EBUSY;
	}
	if (*slot) {
		server->figures.evicted++;
		conn_destroy(*slot);
	}
	ret = conn_create(server, fd, &conn);
	if (ret < 0) {
		close(fd);
		return ret;
	}
	conn->slot = (unsigned)(slot - server->conns);
	*slot = conn;
	server->figures.connections++;
	server->figures.accepted++;
	return 0;
}

static void server_ready(struct reactor_source *source, uint32_t events)
{
	struct server *server = (struct server *)((char *)source - offsetof(struct server, source));
	int fd = accept4(source->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	/* Failures are the client's (gone again) or pass (no descriptors); a level-triggered event comes
	 * back. */
	if (fd >= 0)
		(void)!server_adopt(server, fd);
}

static int server_listen(struct server *server, char *error, size_t error_size)
{
	const struct server_settings *settings = &server->settings;
	int ret;

	server->source.ready = server_ready;
	server->source.fd = open_socket(settings->path, settings->mode, error, error_size);
	if (server->source.fd < 0)
		return server->source.fd;
	ret = reactor_add(settings->reactor, &server->source, EPOLLIN);
	if (ret < 0) {
		close(server->source.fd);
		unlink(settings->path);
	}
	return ret;
}

int server_create(
	const struct server_settings *settings, char *error, size_t error_size, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	int ret = -ENOMEM;

	ensure(settings->handler && settings->connections_max > 0);
	snprintf(error, error_size, "%s: the socket could not be opened", settings->path);
	if (!server)
		return -ENOMEM;
	server->settings = *settings;
	server->path = strdup(settings->path);
	server->conns = calloc(settings->connections_max, sizeof(struct conn *));
	if (server->path && server->conns)
		ret = server_listen(server, error, error_size);
	if (ret < 0) {
		free(server->conns);
		free(server->path);
		free(server);
		return ret;
	}
	server->settings.path = server->path;
	*ret_server = server;
	return 0;
}

void server_destroy(struct server *server)
{
	if (!server)
		return;
	for (unsigned i = 0; i < server->settings.connections_max; i++)
		if (server->conns[i])
			conn_destroy(server->conns[i]);
	reactor_remove(server->settings.reactor, &server->source);
	close(server->source.fd);
	unlink(server->path);
	free(server->conns);
	free(server->path);
	free(server);
}

void server_tick(struct server *server, uint64_t now_ns)
{
	for (unsigned i = 0; i < server->settings.connections_max; i++)
		if (server->conns[i])
			conn_check_timeouts(server->conns[i], now_ns);
}

struct server_figures server_figures(const struct server *server)
{
	return server->figures;
}
