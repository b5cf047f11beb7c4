/* SPDX-License-Identifier: GPL-2.0-or-later */
/* `show neighbour`, `show connection`: asks the workers one after the other, part by part, by letter. */
#ifndef CONTROL_LISTING_H
#define CONTROL_LISTING_H

#include "control/server.h"
#include "worker/mailbox.h"

struct daemon;

/* One listing at a time. */
struct listing {
	bool active;
	enum mail_listing what;
	struct ticket ticket;
	json_t *rows;
	size_t rows_sure; /* rows before the question under way: what belongs to no earlier one */
	unsigned worker;  /* who is asked */
	uint32_t serial;  /* of the question */
	uint64_t asked_ns;
};

/* A letter of kind MAIL_LIST, MAIL_LISTED or MAIL_CONNECTION. */
void listing_hear(struct daemon *daemon, const struct mail *mail);
/* Gives up on a worker that does not answer. */
void listing_tick(struct daemon *daemon, uint64_t now_ns);

#endif
