/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocking calls with a time limit: sluicectl has nothing else to do while it waits. Nothing is assumed about
 * how the daemon's bytes are cut; a message ends at its line end. Called by cli.c and session.c.
 */
#include "control/cli/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int client_open(struct client *client, const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = CLIENT_TIMEOUT_S};
	int ret;

	*client = (struct client){.fd = -1};
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return -errno;
	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout));
	if (connect(client->fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0)
		return 0;
	ret = -errno;
	client_close(client);
	return ret;
}

void client_close(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	free(client->in);
	*client = (struct client){.fd = -1};
}

static int send_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t sent = send(fd, bytes, len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		bytes += sent;
		len -= (size_t)sent;
	}
	return 0;
}

int client_send(struct client *client, const char *method, json_t *params)
{
	json_t *request = json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t)++client->id,
		"method", method, "params", params);
	char *line;
	int ret = -ENOMEM;

	if (!request)
		return -EINVAL;
	line = json_dumps(request, JSON_COMPACT);
	json_decref(request);
	if (!line)
		return -ENOMEM;
	ret = send_all(client->fd, line, strlen(line));
	free(line);
	return ret < 0 ? ret : send_all(client->fd, "\n", 1);
}

/* Makes room and reads once. Returns bytes read or -errno. */
static int client_fill(struct client *client)
{
	ssize_t got;

	if (client->in_len == client->in_size) {
		size_t size = client->in_size > 0 ? 2 * client->in_size : 64 << 10;
		char *in = size <= CLIENT_LINE_MAX_BYTES ? realloc(client->in, size) : NULL;
		if (!in)
			return -EMSGSIZE;
		client->in = in;
		client->in_size = size;
	}
	do {
		got = recv(client->fd, client->in + client->in_len, client->in_size - client->in_len, 0);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? -ETIMEDOUT : -errno;
	client->in_len += (size_t)got;
	return got == 0 ? -EPIPE : (int)got;
}

int client_receive(struct client *client, json_t **ret_message)
{
	size_t searched = 0;
	char *end;

	client->in_len -= client->line;
	if (client->in_len > 0)
		memmove(client->in, client->in + client->line, client->in_len);
	client->line = 0;
	for (;;) {
		end = client->in_len > searched
			      ? memchr(client->in + searched, '\n', client->in_len - searched)
			      : NULL;
		if (end)
			break;
		searched = client->in_len;
		int ret = client_fill(client);
		if (ret < 0)
			return ret;
	}
	client->line = (size_t)(end - client->in) + 1;
	*ret_message = json_loadb(client->in, client->line, 0, NULL);
	return *ret_message ? 0 : -EBADMSG;
}

json_t *client_params(const struct api_match *match)
{
	json_t *params = json_object();
	json_t *pairs;

	for (int i = 0; i < API_ARGUMENTS_MAX; i++)
		if (match->values[i])
			json_object_set_new(
				params, match->command->arguments[i].name, json_string(match->values[i]));
	if (match->pair_count == 0)
		return params;
	pairs = json_object();
	for (size_t i = 0; i < match->pair_count; i++) {
		const char *equals = strchr(match->pairs[i], '=');
		char *key = strndup(match->pairs[i], (size_t)(equals - match->pairs[i]));
		json_object_set_new(pairs, key, json_string(equals + 1));
		free(key);
	}
	json_object_set_new(params, "pairs", pairs);
	return params;
}
