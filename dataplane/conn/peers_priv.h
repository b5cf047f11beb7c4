/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of peers: connections by the address behind them (peers.c). */
#ifndef CONN_PEERS_PRIV_H
#define CONN_PEERS_PRIV_H

#include "base/addr.h"
#include "sip/msg.h"

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct conns;

/* Which way a connection is found by an address: its remote end, or the alias its peer asked for. */
enum conn_key { CONN_BY_REMOTE, CONN_BY_ALIAS, CONN_KEYS };

/* A place in the table of peers: entries, or POOL_NONE. */
struct peer_place {
	uint32_t newer, older; /* of the same address */
	uint32_t prev, next; /* the newest one's: others in its bucket; prev POOL_NONE: the bucket's first */
};

void peers_init(struct conns *conns);
void peers_add(struct conns *conns, struct conn *conn);
/* It is not to be found any more; one that was never added, or was removed before, is no harm. */
void peers_remove(struct conns *conns, struct conn *conn);
/* Its peer has said something: other workers may find it, if they have nothing newer. Looks once a second. */
void peers_heard(struct conns *conns, struct conn *conn);
/* Is that the address of its peer, or its alias? Also when it is not to be found any more, but still there.
 */
bool peers_leads_to(const struct conn *conn, const struct endpoint *remote);
struct conn *peers_find(const struct conns *conns, const struct endpoint *remote);
void peers_alias(struct conns *conns, struct conn *conn, const struct sip_msg *msg);

#endif
