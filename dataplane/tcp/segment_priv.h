/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A received segment, read once: header fields in host order, options, and the mbufs of its text alone. */
#ifndef TCP_SEGMENT_PRIV_H
#define TCP_SEGMENT_PRIV_H

#include "limits.h"
#include "tcp/tcp.h"

enum {
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_RST = 0x04,
	TCP_PSH = 0x08,
	TCP_ACK = 0x10,
};

enum { TCP_HEADER = 20, TCP_HEADER_MAX = 60, TCP_OPTIONS_MAX = 40, TCP_TIMESTAMP_LEN = 12 };

/* The two ends of a connection, as the table compares them. */
struct tcp_key {
	uint8_t local[16]; /* as struct ip_addr holds them */
	uint8_t remote[16];
	uint16_t local_port; /* host order */
	uint16_t remote_port;
	uint32_t family; /* enum ip_family; a full word, so that no byte of the key is padding */
};
static_assert(sizeof(struct tcp_key) == 40, "hashed and compared as bytes");

struct sack_block {
	uint32_t start;
	uint32_t end;
};

struct tcp_options {
	uint32_t tsval;
	uint32_t tsecr;
	struct sack_block sack[TCP_SACK_BLOCKS_MAX];
	uint16_t mss; /* 0: not given */
	uint8_t sack_count;
	uint8_t shift;
	bool has_shift;
	bool has_ts;
	bool sack_permitted;
};

struct segment {
	struct tcp_key key;    /* local: our end */
	struct rte_mbuf *text; /* NULL when there is none or another has it; owner: tcp_input() */
	uint32_t seq;
	uint32_t ack;
	uint32_t len;    /* bytes of text */
	uint32_t window; /* as it stands in the header */
	uint8_t flags;
	struct tcp_options options;
};

/* What the segment takes of the sequence space. */
static inline uint32_t segment_space(const struct segment *seg)
{
	return seg->len + ((seg->flags & TCP_SYN) != 0) + ((seg->flags & TCP_FIN) != 0);
}

/* Reads the packet and cuts its mbuf down to the text. 0, or the STAT_tcp_* reason to drop it. */
int segment_read(const struct tcp_packet *packet, struct segment *ret_seg);

/* Keys and addresses. */
struct tcp_key key_of(const struct endpoint *local, const struct endpoint *remote);
struct ip_addr key_local(const struct tcp_key *key);
struct ip_addr key_remote(const struct tcp_key *key);

/* What to write into a segment that leaves; the options that are set are written. */
struct segment_out {
	const struct tcp_key *key;
	uint32_t seq;
	uint32_t ack;
	uint16_t window;
	uint8_t flags;
	struct tcp_options options;
};

/* Reads options; unknown and malformed ones are skipped or end the reading (RFC 9293 3.1). */
void options_read(const uint8_t *bytes, uint32_t len, struct tcp_options *ret_options);
/* Writes them, padded to a multiple of 4. Returns the length. SACK blocks that do not fit are left out. */
uint32_t options_write(const struct tcp_options *options, uint8_t bytes[static TCP_OPTIONS_MAX]);
uint32_t options_len(const struct tcp_options *options);

/*
 * Gives the header to mbuf (which holds the text, with TCP_HEADROOM + TCP_HEADER_MAX bytes before it) and
 * sends it. segment_send() takes an mbuf of its own: false when there was none.
 */
void segment_send_text(struct tcp *tcp, const struct segment_out *out, struct rte_mbuf *mbuf);
bool segment_send(struct tcp *tcp, const struct segment_out *out);

/* RST in answer to a segment that belongs nowhere (RFC 9293 3.10.7.1), at a limited rate. */
void reset_answer(struct tcp *tcp, const struct segment *seg);

#endif
