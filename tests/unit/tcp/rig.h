/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TCP with a peer made by hand: its segments are built and ours are read byte by byte, by other code than
 * that under test. Sequence numbers are relative: 0 is the SYN of either side. Text is a pattern of its place
 * in the stream, so that a wrong byte shows.
 */
#ifndef TESTS_UNIT_TCP_RIG_H
#define TESTS_UNIT_TCP_RIG_H

#include "support/tcp_segment.h"
#include "tcp/tcp.h"

#include <stdbool.h>
#include <stdint.h>

#define RIG_MS 1000000ULL

enum { RIG_SENT_MAX = 512, RIG_PEER_ISS = 5000000, RIG_MBUFS = 4095 };

enum { F_FIN = SEG_FIN, F_SYN = SEG_SYN, F_RST = SEG_RST, F_PSH = SEG_PSH, F_ACK = SEG_ACK };

/* A segment in either direction. Numbers are relative to the ISS of its sender and of its receiver. */
struct shown {
	uint32_t seq, ack, win, len;
	uint32_t tsval, tsecr;
	uint32_t sack[SEGMENT_SACKS][2];
	int sack_count;
	int mss;   /* 0: none */
	int shift; /* -1: none */
	uint8_t flags;
	bool sack_ok;
	bool has_ts;
	bool text_right; /* the text is the pattern of its place */
};

struct rig {
	struct tcp *tcp;
	struct tcp_config config;
	struct stats stats;
	struct rng rng;
	struct rte_mempool *pool;
	uint64_t now_ns;
	struct endpoint local;
	struct endpoint peer;

	struct shown sent[RIG_SENT_MAX]; /* oldest first */
	uint32_t sent_count;
	uint32_t our_iss;
	bool iss_known;
	uint32_t our_nxt;  /* relative: highest seen */
	uint32_t peer_nxt; /* relative: what the peer would send next */
	uint32_t last_tsval;
	bool ts_agreed;
	bool deaf; /* what leaves is not kept: for floods */

	struct tcb *tcb; /* the last one accepted or connected; NULL after its end */
	unsigned events[TCP_EVENTS];
	enum tcp_reason why;
	uint32_t app_sent; /* bytes given to tcp_send */
	uint32_t app_read; /* bytes taken from tcp_receive */
	bool wrong_byte;
	bool read_at_once; /* the application reads in the callback */
};

uint8_t rig_byte(uint32_t offset); /* of a stream, from 0 */

/* family: 4 or 6. config may be changed between prepare and start. */
void rig_prepare(struct rig *rig, int family);
/* The same with packet buffers of an earlier rig, NULL for new ones. Returns those it has. */
struct rte_mempool *rig_prepare_with(struct rig *rig, int family, struct rte_mempool *pool);
void rig_start(struct rig *rig);
/* True when all memory came back: no mbuf, piece or flight is missing. Destroys it. */
bool rig_finish(struct rig *rig);
bool rig_stop(struct rig *rig); /* the same, but the packet buffers stay */

void rig_listen(struct rig *rig, uint32_t backlog);
int rig_connect(struct rig *rig);
/* A segment of the peer. */
void rig_in(struct rig *rig, const struct shown *shown);
/* The same, by numbers of its own: cut: bytes of an mbuf; raw: absolute numbers. */
void rig_in_cut(struct rig *rig, const struct shown *shown, uint32_t cut);
void rig_bytes(struct rig *rig, const void *bytes, uint32_t len);
/* Time passes; timers fire when they are due. */
void rig_wait(struct rig *rig, uint64_t ns);
int rig_send(struct rig *rig, uint32_t bytes);
uint32_t rig_read(struct rig *rig, uint32_t max);
void rig_forget(struct rig *rig);
uint64_t rig_count(const struct rig *rig, enum stat stat);

/* The handshake, either way, with the options of `peer`; what was sent is forgotten. */
void rig_accept(struct rig *rig, const struct shown *peer);
void rig_open(struct rig *rig, const struct shown *peer);

#endif
