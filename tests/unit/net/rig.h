/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One network layer with one port on a wire that keeps what is sent, two address families, and a peer whose
 * frames are built here byte by byte, by other code than that under test.
 */
#ifndef TESTS_UNIT_NET_RIG_H
#define TESTS_UNIT_NET_RIG_H

#include "net/net.h"
#include "support/endpoint.h"

#include <stdbool.h>
#include <stdint.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A test of a rig. */
#define RIG_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

enum { RIG_MBUFS = 1023, RIG_SENT_MAX = 256, RIG_FRAME_MAX = 66000, RIG_ERRORS_MAX = 32 };

#define RIG_MS 1000000ULL
#define RIG_S  1000000000ULL

struct frame {
	uint32_t len;
	uint8_t bytes[RIG_FRAME_MAX];
};

struct rig_error {
	struct endpoint local;
	struct endpoint remote;
	enum net_unreach why;
};

struct rig_tcp_error {
	struct endpoint local;
	struct endpoint remote;
	uint32_t seq;
	uint32_t mtu;
};

struct rig {
	struct net *net;
	struct net_config config;
	struct stats stats;
	struct rng rng;
	struct wire wire;
	struct rte_mempool *pool;
	uint64_t now_ns;

	struct rte_mbuf *sent[RIG_SENT_MAX]; /* what the wire took, oldest first */
	uint32_t sent_count;
	uint32_t wire_room; /* how many more frames the wire takes */

	enum net_verdict verdict; /* what the listener says */
	uint32_t delivered_count;
	struct endpoint src; /* of the last datagram */
	struct endpoint dst;
	uint32_t payload_len;
	char payload[65536];
	bool payload_was_linear;

	struct rig_error errors[RIG_ERRORS_MAX]; /* the first ones */
	size_t quoted_len;                       /* what the last one quoted of the payload */
	char quoted[256];
	uint32_t error_count;

	/* With rig_take_segments(). The bytes of the last segment, header and all, are in `payload`. */
	uint32_t segment_count;
	struct rig_tcp_error tcp_errors[RIG_ERRORS_MAX]; /* the first ones */
	uint32_t tcp_error_count;

	struct net_neighbour offered;
	uint32_t offered_count;
};

extern const uint8_t rig_mac[6];  /* ours: 02:00:00:00:00:01 */
extern const uint8_t peer_mac[6]; /* 02:00:00:00:00:02 */

/* cmocka fixtures of one test; the end checks that every mbuf is back in the pool. */
int rig_setup(void **state);
int rig_teardown(void **state);
/* For another configuration than the usual one: change rig->config, then start again. */
void rig_restart(struct rig *rig);
/* From now on there is a TCP above; starts again. */
void rig_take_segments(struct rig *rig);

struct ip_addr rig_ip(const char *text);

/* Frames of the peer 192.0.2.2 or 2001:db8::2, port 5070, to us (192.0.2.1, 2001:db8::1), port 5060. */
struct frame *frame_udp(int family, const void *payload, uint32_t len);
struct frame *frame_tcp(int family, const void *text, uint32_t len);
struct frame *frame_icmp(int family, uint8_t type, uint8_t code, const void *body, uint32_t len);
struct frame *frame_arp(uint16_t op, const char *sender, const uint8_t sender_mac[6], const char *target);
struct frame *frame_nd(
	uint8_t type, const char *src, const char *dst, const char *target, const uint8_t *mac);
/* Rewrites all lengths' checksums after a change of the bytes. */
void frame_seal(struct frame *frame);
/* Puts len bytes at an offset, moving the rest up. */
void frame_insert(struct frame *frame, uint32_t offset, const void *bytes, uint32_t len);

/* The frame arrives, as one segment or cut after each `segment` bytes. */
void rig_input(struct rig *rig, const struct frame *frame);
void rig_input_cut(struct rig *rig, const struct frame *frame, uint32_t segment);
/* From a device that says this of the frame: RTE_MBUF_F_RX_*. */
void rig_input_judged(struct rig *rig, const struct frame *frame, uint64_t ol_flags);
struct rte_mbuf *rig_mbuf(struct rig *rig, const void *bytes, uint32_t len, uint32_t segment);

/* Sends len bytes (a pattern) from our address of the family to `to`. */
int rig_send(struct rig *rig, const char *to, uint32_t len);
/* The same of a segment with that sequence number, from port 5060 to 5070. */
int rig_send_segment(struct rig *rig, const char *to, uint32_t seq, uint32_t len);
/* The neighbour becomes known by an answer to our request. */
void rig_learn(struct rig *rig, const char *ip, const uint8_t mac[6]);
/* Flushes; copies the sent frame of an index out of its segments. */
const struct frame *rig_sent(struct rig *rig, uint32_t index);
/* The first of them is IPv4 and leaves both its checksums to the device: RTE_MBUF_F_TX_*_CKSUM. */
void rig_expect_left_to_device(const struct rig *rig, uint64_t l4_flag);
void rig_forget_sent(struct rig *rig);
/* Time passes in steps of a millisecond. */
void rig_wait(struct rig *rig, uint64_t ns);
uint64_t rig_count(const struct rig *rig, enum stat stat);
/* One's complement sum, the slow way. */
uint16_t slow_checksum(const uint8_t *bytes, uint32_t len, uint32_t start);
/* True when the IP and transport checksums of an IP frame are right. */
bool frame_checksums_right(const struct frame *frame);

#endif
