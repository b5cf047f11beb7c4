/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small letters between two threads: one sends, one receives, neither waits. A letter is copied and holds no
 * pointer. A full box refuses and counts; whoever must not lose a letter keeps its state and sends it again.
 */
#ifndef MAILBOX_H
#define MAILBOX_H

#include "base/addr.h"
#include "base/conn_id.h"
#include "base/ensure.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum mail_kind {
	MAIL_NONE,
	MAIL_NODE_EVENT, /* worker to control: a probe's result, or ICMP (mail.node) */
	MAIL_PROBE_NOW,  /* to the node's worker: do not wait for the interval (mail.node) */
	MAIL_SUSPECT,    /* worker to the node's worker: ICMP proves it unreachable (mail.node) */
	MAIL_NEIGHBOUR,  /* worker to worker: a link address it learned (mail.neighbour) */
	MAIL_LIST,   /* control to worker: name some from there on; worker to control: so far (mail.list) */
	MAIL_LISTED, /* worker to control: a neighbour (mail.listed) */
	MAIL_CONNECTION,  /* worker to control: a connection (mail.connection) */
	MAIL_SEND_FAILED, /* worker to worker: a request given to it did not leave (mail.unsent) */
	MAIL_CONN_ENDED,  /* worker to worker: a connection that sent requests given to it (mail.ended) */
};

enum mail_listing { MAIL_LIST_NEIGHBOURS, MAIL_LIST_CONNECTIONS };

struct mail_node {
	uint32_t id; /* a slot may have a new node by the time the letter is read: compare */
	uint16_t slot;
	uint8_t event;          /* enum health_event */
	uint32_t retry_after_s; /* with HEALTH_PROBE_BUSY; 0 when the answer named none */
	uint64_t rtt_ns;        /* of an answered probe */
	uint64_t at_ns;         /* when the worker saw it */
};

struct mail_neighbour {
	struct ip_addr ip;
	uint8_t mac[6];
	uint16_t port;
	uint8_t flags; /* net_neighbour.flags */
};

struct mail_list {
	uint32_t cursor; /* 0 from a worker: that was the end */
	uint32_t serial; /* of control's question: an answer to an earlier one is void */
	uint8_t what;    /* enum mail_listing */
};

struct mail_connection {
	struct endpoint remote;
	uint32_t send_queued_bytes;
	uint16_t local_port;
	uint16_t node_slot; /* of a node's pool; else without meaning */
	uint8_t kind;       /* enum conn_kind */
	uint8_t state;      /* enum conn_state */
	bool choked;
};

struct mail_listed {
	struct ip_addr ip;
	uint8_t mac[6];
	uint16_t port;
	uint8_t state; /* net_neighbour_info.state */
	uint32_t unused_ms;
};

struct mail_unsent {
	uint64_t token; /* of the transaction that gave it: proxy_send_failed() */
};

struct mail_ended {
	conn_id conn;
	bool in_order;
};

struct mail {
	uint8_t kind; /* enum mail_kind */
	uint8_t from; /* worker index; of control: UINT8_MAX */
	union {
		struct mail_node node;
		struct mail_neighbour neighbour;
		struct mail_list list;
		struct mail_listed listed;
		struct mail_connection connection;
		struct mail_unsent unsent;
		struct mail_ended ended;
	};
};

static_assert(sizeof(struct mail) == 40, "letters are copied in words of eight bytes");

struct mailbox {
	struct rte_ring *ring; /* owner: this mailbox */
	uint64_t refused;      /* writer: the sender; readers: anybody, relaxed */
};

/* `letters` is rounded up to a power of two, less one. `name` is unique in the process. 0 or -ENOMEM. */
must_use int mailbox_init(struct mailbox *box, const char *name, unsigned letters);
void mailbox_fini(struct mailbox *box);

/* False when it is full; counted. */
must_use bool mailbox_send(struct mailbox *box, const struct mail *mail);

/* Up to `max` letters, oldest first; returns how many. */
unsigned mailbox_receive(struct mailbox *box, struct mail *ret_mails, unsigned max);

bool mailbox_empty(const struct mailbox *box);

#endif
