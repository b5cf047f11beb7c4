/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The OPTIONS request that asks a node whether it is alive, and how its answer is known again: the Via branch
 * carries who was asked, when the asker was started, and a MAC, so a response that nobody asked for says
 * nothing about any node.
 */
#ifndef PROBE_MESSAGE_H
#define PROBE_MESSAGE_H

#include "base/addr.h"
#include "base/ensure.h"
#include "base/hash.h"
#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sip_msg;

enum { PROBE_MESSAGE_MAX = 768 };

struct probe_ident {
	uint32_t epoch; /* of the process that asks */
	uint32_t node_id;
	uint32_t seq;
};

struct probe_request {
	struct probe_ident ident;
	uint8_t transport; /* enum transport; UDP or TCP */
	struct endpoint local;
	struct endpoint remote;
};

struct probe_response {
	struct probe_ident ident;
	uint16_t status;
	uint32_t retry_after_s; /* 0 when absent or unreadable */
};

enum probe_reading {
	PROBE_FOREIGN, /* not an answer to a probe: it is the proxy's */
	PROBE_FORGED,  /* looks like one but its MAC is wrong, or it is no SIP message */
	PROBE_INTERIM, /* a provisional response: the final one follows */
	PROBE_FINAL,
};

/* Writes the request to buf and returns its length. */
size_t probe_message_write(
	const struct probe_request *request, const struct hash_key *key, char buf[static PROBE_MESSAGE_MAX]);

/* Only responses can be answers. */
static inline bool probe_message_is_response(struct span bytes)
{
	return bytes.len >= 8 && memcmp(bytes.p, "SIP/2.0 ", 8) == 0;
}

/* Cheap for what is not an answer to a probe: looks at the lines up to the first Via. `scratch` is the
 * caller's parser table. Sets *ret_response for PROBE_FINAL only. */
enum probe_reading probe_message_read(struct span bytes, const struct hash_key *key, struct sip_msg *scratch,
	struct probe_response *ret_response);

/* Do these bytes, which may be cut anywhere, hold a branch that we wrote into a probe? */
bool probe_message_quoted(struct span bytes, const struct hash_key *key, struct probe_ident *ret_ident);

#endif
