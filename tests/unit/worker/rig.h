/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Workers on a wire of one queue that keeps what is sent, a node and a client on it that answer ARP, and a
 * snapshot made by hand. The first worker owns the queue.
 */
#ifndef TESTS_UNIT_WORKER_RIG_H
#define TESTS_UNIT_WORKER_RIG_H

#include "sim/packet.h"
#include "support/snapshot_fixture.h"
#include "wire.h"
#include "worker/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { RIG_WORKERS_MAX = 2, RIG_FRAMES_MAX = 4096, RIG_SENT_MAX = 128, RIG_MBUFS = 4095 };

#define RIG_MS 1000000ULL

#define BALANCER "192.0.2.1:5060"
#define NODE     "192.0.2.11:5060"
#define NODE_TWO "192.0.2.12:5060"
#define CLIENT   "192.0.2.100:5070"

struct rig {
	unsigned worker_count;
	struct worker *workers[RIG_WORKERS_MAX];
	struct exchange *exchange;   /* NULL with one worker */
	struct directory *directory; /* same */
	struct rcu *rcu;
	struct rte_mempool *pool;
	struct snapshot_fixture fixture;
	struct wire wire;
	uint64_t now_ns;
	bool wire_refuses;
	uint32_t transactions_max;     /* of each worker */
	const struct net_rss *rss;     /* NULL: one queue, the first worker's */
	uint32_t waiting_count, taken; /* frames to receive */
	struct packet *waiting[RIG_FRAMES_MAX];
	uint32_t sent_count; /* without ARP, which is answered */
	struct packet sent[RIG_SENT_MAX];
};

struct rig *rig_create(unsigned worker_count);
/* The listener and the nodes over that transport. */
struct rig *rig_create_over(unsigned worker_count, enum transport transport);
/* The same, and the workers remember requests. */
struct rig *rig_create_stateful(unsigned worker_count, enum transport transport);
/* The same where each worker has a queue, and the device says how it fills them. It lies: whoever asks first
 * gets what is there. */
struct rig *rig_create_rss(unsigned worker_count, const struct net_rss *rss);
/* Checks that every packet buffer is back. */
void rig_destroy(struct rig *rig);

/* A datagram is on its way to the queue. */
void rig_give(struct rig *rig, const char *src, const char *dst, struct span payload);
void rig_give_packet(struct rig *rig, const struct packet *packet);

/* The same of a segment without text. */
enum { RIG_FIN = 1, RIG_SYN = 2, RIG_RST = 4, RIG_ACK = 16 };
struct rig_segment {
	uint32_t seq, ack;
	uint8_t flags;
};
void rig_give_segment(struct rig *rig, const struct endpoint *src, const struct endpoint *dst,
	const struct rig_segment *segment);
/* What was sent at an index; fails the test when that is no segment. */
struct rig_segment rig_sent_segment(const struct rig *rig, uint32_t index, struct endpoint *ret_src);

/* All workers loop until they are idle. */
void rig_poll(struct rig *rig);
/* Time passes, in steps of a millisecond. */
void rig_wait(struct rig *rig, uint64_t ns);

uint64_t rig_count(const struct rig *rig, enum stat stat);

/* The last datagram sent, as text with a NUL; fails the test when there is none. */
const char *rig_last(struct rig *rig, const char *src, const char *dst);
void rig_forget_sent(struct rig *rig);

/* An INVITE of the client with a body of so many bytes. */
struct span rig_invite(unsigned call, unsigned body_bytes);
/* What the node answers to a request. */
struct span rig_answer(const char *request, const char *status_line);

#endif
