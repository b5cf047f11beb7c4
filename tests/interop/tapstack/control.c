/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Clients are trusted: a test's own. One that does not read its answers is cut off. */
#include "control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

int control_init(struct control *control, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int ret = 0;

	*control = (struct control){.listener = -1};
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->clients[i].fd = -1;
	if (!path)
		return 0;
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	unlink(path);
	control->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (control->listener < 0)
		return -errno;
	if (bind(control->listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(control->listener, CONTROL_CLIENTS_MAX) != 0)
		ret = -errno;
	return ret;
}

static void client_end(struct control_client *client)
{
	close(client->fd);
	*client = (struct control_client){.fd = -1};
}

void control_fini(struct control *control)
{
	if (control->listener >= 0)
		close(control->listener);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (control->clients[i].fd >= 0)
			client_end(&control->clients[i]);
	}
}

nfds_t control_polled(const struct control *control, struct pollfd polled[static CONTROL_CLIENTS_MAX + 1])
{
	nfds_t count = 0;

	if (control->listener >= 0)
		polled[count++] = (struct pollfd){.fd = control->listener, .events = POLLIN};
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (control->clients[i].fd >= 0 && control->clients[i].wait.events == 0)
			polled[count++] = (struct pollfd){.fd = control->clients[i].fd, .events = POLLIN};
	}
	return count;
}

uint64_t control_next_ns(const struct control *control)
{
	uint64_t next_ns = UINT64_MAX;

	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct call_wait *wait = &control->clients[i].wait;
		if (wait->events && wait->until_ns < next_ns)
			next_ns = wait->until_ns;
	}
	return next_ns;
}

static void client_begin(struct control *control)
{
	int fd = accept4(control->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	if (fd < 0)
		return;
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (control->clients[i].fd < 0) {
			control->clients[i] = (struct control_client){.fd = fd};
			return;
		}
	}
	close(fd);
}

static void client_answer(struct control_client *client, char answer[static CALL_LINE_MAX])
{
	size_t len = strnlen(answer, CALL_LINE_MAX - 1);

	answer[len++] = '\n';
	if (send(client->fd, answer, len, MSG_NOSIGNAL) != (ssize_t)len)
		client_end(client);
}

/* False: no whole line is there, or the client waits, or it is gone. */
static bool client_line(struct control_client *client, struct calls *calls)
{
	static char answer[CALL_LINE_MAX];
	char *end = client->fd >= 0 ? memchr(client->line, '\n', client->used) : NULL;
	size_t len;

	if (!end || client->wait.events)
		return false;
	*end = '\0';
	len = (size_t)(end + 1 - client->line);
	answer[0] = '\0';
	calls_line(calls, client->line, answer, &client->wait);
	client->used -= len;
	memmove(client->line, end + 1, client->used);
	if (!client->wait.events)
		client_answer(client, answer);
	return true;
}

static void client_read(struct control_client *client)
{
	size_t room = sizeof(client->line) - client->used;
	ssize_t len = recv(client->fd, client->line + client->used, room, 0);

	if (len > 0)
		client->used += (size_t)len;
	else if (len == 0 || errno != EAGAIN || room == 0)
		client_end(client);
}

static void client_run(struct control_client *client, struct calls *calls)
{
	static char answer[CALL_LINE_MAX];

	if (client->wait.events && calls_waited(calls, &client->wait, answer))
		client_answer(client, answer);
	if (client->fd >= 0 && !client->wait.events)
		client_read(client);
	while (client_line(client, calls)) {
	}
}

void control_run(struct control *control, struct calls *calls)
{
	if (control->listener >= 0)
		client_begin(control);
	for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (control->clients[i].fd >= 0)
			client_run(&control->clients[i], calls);
	}
}
