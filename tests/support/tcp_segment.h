/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments as bytes, read and written by other code than that under test: for peers made by hand, for the
 * simulator's model, for the checks on its wire, and for people.
 */
#ifndef TESTS_SUPPORT_TCP_SEGMENT_H
#define TESTS_SUPPORT_TCP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SEGMENT_HEADER_MAX = 60, SEGMENT_SACKS = 4 };

enum { SEG_FIN = 1, SEG_SYN = 2, SEG_RST = 4, SEG_PSH = 8, SEG_ACK = 16 };

struct tcp_segment {
	uint16_t from_port, to_port;
	uint32_t seq, ack;
	uint16_t window; /* as it stands in the header */
	uint8_t flags;
	bool sack_ok, has_ts;
	int mss;   /* 0: none */
	int shift; /* -1: none */
	uint32_t tsval, tsecr;
	uint32_t sacks[SEGMENT_SACKS][2];
	unsigned sack_count;
	uint32_t header_len; /* when read */
	uint32_t text_len;
	const uint8_t *text; /* when read: inside of what was read */
};

/* What it takes of the sequence space. */
static inline uint32_t tcp_segment_space(const struct tcp_segment *segment)
{
	return segment->text_len + ((segment->flags & SEG_SYN) != 0) + ((segment->flags & SEG_FIN) != 0);
}

/* Aborts on a header or an option that does not fit into what there is: who sent that is at fault. */
void tcp_segment_read(const uint8_t *bytes, uint32_t len, struct tcp_segment *ret_segment);
/* Header and options, without a checksum; returns where text_len bytes of text belong. */
uint32_t tcp_segment_write(const struct tcp_segment *segment, uint8_t header[SEGMENT_HEADER_MAX]);
/* "SA seq=0 ack=1 win=65535 len=0 mss=1460 ...", by numbers relative to both beginnings. */
void tcp_segment_show(const struct tcp_segment *segment, const uint32_t iss[2], char *buf, size_t size);

#endif
