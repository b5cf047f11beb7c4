/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A connection to the daemon: requests out, messages in, one a line. */
#ifndef CLI_CLIENT_H
#define CLI_CLIENT_H

#include "control/api.h"

#include <jansson.h>

enum {
	CLIENT_TIMEOUT_S = 30,            /* without a byte from the daemon */
	CLIENT_LINE_MAX_BYTES = 16 << 20, /* of an answer; the daemon's chunks are far smaller */
};

struct client {
	int fd;
	char *in; /* bytes read and not yet given out */
	size_t in_len, in_size;
	size_t line; /* length of the line last given out, still at the front of `in` */
	json_int_t id;
};

/* Returns 0 or -errno. */
int client_open(struct client *client, const char *path);
void client_close(struct client *client);

/* Sends one request. Takes the reference to params. Returns 0 or -errno. */
int client_send(struct client *client, const char *method, json_t *params);

/* Reads the next message: the caller's. Returns 0, -ETIMEDOUT, -EPIPE (the daemon hung up), -EBADMSG, -errno.
 */
int client_receive(struct client *client, json_t **ret_message);

/* The parameters of a command line: its values and its pairs. */
json_t *client_params(const struct api_match *match);

#endif
