/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the transaction core ask of each other. */
#ifndef PROXY_TXN_STAGES_PRIV_H
#define PROXY_TXN_STAGES_PRIV_H

#include "proxy/txn_priv.h"

/* Why another next hop is wanted. */
enum txn_why { TXN_DEAD, TXN_BUSY, TXN_SILENT };

/* ---- txn.c: life ---- */
struct server_txn *server_take(struct txns *txns, uint64_t key);
struct client_txn *client_take(struct txns *txns, struct server_txn *server);
struct server_txn *server_at(struct txns *txns, uint32_t index); /* NULL for POOL_NONE */
struct client_txn *client_at(struct txns *txns, uint32_t index); /* same */
uint64_t client_token(const struct client_txn *client);
struct client_txn *client_of_token(struct txns *txns, uint64_t token);
/* Every change of a machine goes through these: they keep the figures and the trace. */
void machine_begin(struct txns *txns, struct machine *machine, enum machine_kind kind, bool reliable);
unsigned machine_take(struct txns *txns, struct machine *machine, enum machine_event event);
/* Ends it without anybody's being told. */
void machine_end(struct txns *txns, struct machine *machine);
/* After whatever happened to it: arms its timer, or frees it. Nothing else frees one that has begun. */
void server_settle(struct server_txn *server);
void client_settle(struct client_txn *client);
/* One that has not begun. */
void server_drop(struct server_txn *server);
void client_drop(struct client_txn *client);

/* ---- pending.c: who waits for which node and connection ---- */
void pending_init(struct txns *txns);
void pending_add(struct client_txn *client);
void pending_remove(struct client_txn *client);
unsigned pending_watch(struct txns *txns);
void pending_lose(struct txns *txns, conn_id conn, bool in_order);

/* ---- txn_client.c: toward next hops ---- */
enum attempt { ATTEMPT_SENT, ATTEMPT_NO_ROOM, ATTEMPT_REFUSED, ATTEMPT_UNSENT };
enum attempt client_attempt(struct server_txn *server, struct passage *passage, struct forward *forward);
void client_cancel(struct client_txn *client);
void client_acknowledge(struct client_txn *client, const struct sip_msg *response);
void client_fail(struct client_txn *client);
void client_lose_conn(struct client_txn *client, const struct node *node, bool in_order);
void client_repeat(struct client_txn *client);
void client_doubt(struct client_txn *client);
void client_timed_out(struct client_txn *client);

/* ---- txn_server.c: toward the client ---- */
/* The request again, as a passage on the caller's stack that uses txns->msg. -EINVAL: it does not parse. */
must_use int server_passage(
	struct server_txn *server, struct proxy_in *in, struct proxy_out *out, struct passage *ret_passage);
void server_reply(struct server_txn *server, unsigned status);
void server_repeat(struct server_txn *server);
/* What was rendered into out goes to the client, if the machine lets it. */
bool server_send(struct server_txn *server, struct proxy_out *out, enum machine_event event);
void server_cancel_clients(struct server_txn *server, const struct client_txn *but);
/* A next hop is out of the race: answers, if nobody is left to wait for. */
void server_conclude(struct server_txn *server);
void server_keep_best(struct server_txn *server, unsigned status, struct span text);
bool server_awaits(const struct server_txn *server, const struct client_txn *but);

/* ---- candidates.c: failover ---- */
/* Sends the request to another next hop. False: there is none, or none may be asked. */
bool server_next(struct server_txn *server, enum txn_why why);

/* ---- hop_request.c ---- */
/* ACK to a failure (17.1.1.3), CANCEL (9.1): from the request as sent. `to` is the To header's value. */
must_use int hop_request_write(
	struct sip_writer *w, const struct sip_msg *sent, enum sip_method method, struct span to);

static inline void txns_enter(struct txns *txns, const struct snapshot *snap, uint64_t now_ns)
{
	txns->snap = snap;
	txns->now_ns = now_ns;
}

#endif
