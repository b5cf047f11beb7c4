/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading, writing and showing segments: RFC 9293 3.1 and the options of RFC 7323 and RFC 2018. */
#include "support/tcp_segment.h"

#include "base/ensure.h"

#include <stdio.h>
#include <string.h>

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *put32(uint8_t *p, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(value >> (24 - 8 * i));
	return p + 4;
}

static void option_read(struct tcp_segment *segment, const uint8_t *p)
{
	if (p[0] == 2) {
		segment->mss = p[2] << 8 | p[3];
	} else if (p[0] == 3) {
		segment->shift = p[2];
	} else if (p[0] == 4) {
		segment->sack_ok = true;
	} else if (p[0] == 8) {
		segment->has_ts = true;
		segment->tsval = be32(p + 2);
		segment->tsecr = be32(p + 6);
	} else if (p[0] == 5) {
		segment->sack_count = (p[1] - 2U) / 8;
		ensure(segment->sack_count <= SEGMENT_SACKS);
		for (unsigned i = 0; i < segment->sack_count; i++) {
			segment->sacks[i][0] = be32(p + 2 + i * 8);
			segment->sacks[i][1] = be32(p + 6 + i * 8);
		}
	}
}

static void options_read(struct tcp_segment *segment, const uint8_t *p, const uint8_t *end)
{
	while (p < end && *p != 0) {
		if (*p == 1) {
			p++;
			continue;
		}
		ensure(p + 1 < end && p[1] >= 2 && p + p[1] <= end);
		option_read(segment, p);
		p += p[1];
	}
}

void tcp_segment_read(const uint8_t *bytes, uint32_t len, struct tcp_segment *ret_segment)
{
	uint32_t header = (uint32_t)(bytes[12] >> 4) * 4;

	ensure(len >= 20 && header >= 20 && header <= len);
	*ret_segment = (struct tcp_segment){
		.from_port = (uint16_t)(bytes[0] << 8 | bytes[1]),
		.to_port = (uint16_t)(bytes[2] << 8 | bytes[3]),
		.seq = be32(bytes + 4),
		.ack = be32(bytes + 8),
		.window = (uint16_t)(bytes[14] << 8 | bytes[15]),
		.flags = bytes[13],
		.shift = -1,
		.header_len = header,
		.text_len = len - header,
		.text = bytes + header,
	};
	options_read(ret_segment, bytes + 20, bytes + header);
}

static uint8_t *options_write(const struct tcp_segment *segment, uint8_t *p)
{
	if (segment->mss)
		p = put32(p, 2U << 24 | 4U << 16 | (uint32_t)segment->mss);
	if (segment->shift >= 0)
		p = put32(p, 1U << 24 | 3U << 16 | 3U << 8 | (uint32_t)segment->shift);
	if (segment->sack_ok)
		p = put32(p, 1U << 24 | 1U << 16 | 4U << 8 | 2);
	if (segment->has_ts) {
		p = put32(p, 1U << 24 | 1U << 16 | 8U << 8 | 10);
		p = put32(p, segment->tsval);
		p = put32(p, segment->tsecr);
	}
	if (segment->sack_count > 0)
		p = put32(p, 1U << 24 | 1U << 16 | 5U << 8 | (2 + 8 * segment->sack_count));
	for (unsigned i = 0; i < segment->sack_count; i++) {
		p = put32(p, segment->sacks[i][0]);
		p = put32(p, segment->sacks[i][1]);
	}
	return p;
}

uint32_t tcp_segment_write(const struct tcp_segment *segment, uint8_t header[SEGMENT_HEADER_MAX])
{
	uint32_t len = (uint32_t)(options_write(segment, header + 20) - header);

	ensure(len <= SEGMENT_HEADER_MAX);
	put32(header, (uint32_t)segment->from_port << 16 | segment->to_port);
	put32(header + 4, segment->seq);
	put32(header + 8, segment->ack);
	put32(header + 12, len / 4 << 28 | (uint32_t)segment->flags << 16 | segment->window);
	put32(header + 16, 0);
	return len;
}

static size_t flags_show(uint8_t flags, char *buf)
{
	static const char letters[] = "FSRPA";
	size_t used = 0;

	for (unsigned i = 0; i < 5; i++) {
		if (flags & (1U << i))
			buf[used++] = letters[i];
	}
	buf[used] = '\0';
	return used;
}

void tcp_segment_show(const struct tcp_segment *segment, const uint32_t iss[2], char *buf, size_t size)
{
	size_t used = flags_show(segment->flags, buf);
	uint32_t ack = (segment->flags & SEG_ACK) ? segment->ack - iss[1] : 0;

	used += (size_t)snprintf(buf + used, size - used, " seq=%u ack=%u win=%u len=%u",
		segment->seq - iss[0], ack, segment->window, segment->text_len);
	if (segment->mss)
		used += (size_t)snprintf(buf + used, size - used, " mss=%d", segment->mss);
	if (segment->shift >= 0)
		used += (size_t)snprintf(buf + used, size - used, " ws=%d", segment->shift);
	if (segment->sack_ok)
		used += (size_t)snprintf(buf + used, size - used, " sackok");
	if (segment->has_ts)
		used += (size_t)snprintf(
			buf + used, size - used, " ts=%u ecr=%u", segment->tsval, segment->tsecr);
	for (unsigned i = 0; i < segment->sack_count; i++)
		used += (size_t)snprintf(buf + used, size - used, " sack=%u-%u",
			segment->sacks[i][0] - iss[1], segment->sacks[i][1] - iss[1]);
	ensure(used < size);
}
