/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The newest connection with an address, among those of all workers: what they share, so that a request finds
 * a connection that another worker has. An entry is a word, written by the worker that has the connection and
 * read by any, without a lock.
 *
 * It is a hint, nothing more. It may be stale, and a few bits stand for the address; so whoever follows it
 * asks the worker that it names, which looks for itself. What finds no room pushes another entry out.
 */
#ifndef CONN_DIRECTORY_H
#define CONN_DIRECTORY_H

#include "base/addr.h"
#include "base/conn_id.h"
#include "base/ensure.h"
#include "base/hash.h"

struct directory;

/* For so many workers with so many connections each, 0 taking the default of conns_limits. 0 or -ENOMEM. */
must_use int directory_create(const struct hash_key *secret, unsigned workers, uint32_t connections_max,
	struct directory **ret_directory);
void directory_destroy(struct directory *directory); /* NULL is fine */

/* From now on that connection is the newest one. */
void directory_put(struct directory *directory, const struct endpoint *address, conn_id conn);
/* If `was` is still the one that stands there, `next` takes its place; CONN_NONE: nobody does. */
void directory_replace(
	struct directory *directory, const struct endpoint *address, conn_id was, conn_id next);
/* CONN_NONE: none is known. */
conn_id directory_find(const struct directory *directory, const struct endpoint *address);

#endif
