/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A response as any user agent builds it from the request (RFC 3261 8.2.6). */
#ifndef SIM_ANSWER_H
#define SIM_ANSWER_H

#include "sip/msg.h"

struct sim_answer {
	const char *status_line; /* "200 OK" */
	const char *to_tag;      /* given when the request has none */
	const char *headers;     /* further ones, each with its line end */
};

/* Writes it and returns its length. */
size_t sim_answer_write(
	const struct sip_msg *request, const struct sim_answer *answer, char *buf, size_t size);

/* Appends all headers of that kind as they are, each with its line end; returns the new length. */
size_t sim_copy_headers(const struct sip_msg *msg, enum sip_header_id id, char *buf, size_t size, size_t len);

#endif
