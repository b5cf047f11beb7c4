/* SPDX-License-Identifier: GPL-2.0-or-later */
/* TCP options: MSS (RFC 9293 3.7.1), window scale and timestamps (RFC 7323), SACK (RFC 2018). */
#include "tcp/segment_priv.h"

enum {
	KIND_END = 0,
	KIND_NOP = 1,
	KIND_MSS = 2,
	KIND_SHIFT = 3,
	KIND_SACK_OK = 4,
	KIND_SACK = 5,
	KIND_TS = 8
};

static uint32_t be32_read(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint8_t *be32_write(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
	return p + 4;
}

static void sack_read(const uint8_t *p, uint32_t len, struct tcp_options *options)
{
	options->sack_count = 0;
	for (; len >= 8 && options->sack_count < TCP_SACK_BLOCKS_MAX; p += 8, len -= 8)
		options->sack[options->sack_count++] = (struct sack_block){be32_read(p), be32_read(p + 4)};
}

/* p: what follows kind and length. An option of a known kind with a wrong length is skipped. */
static void option_read(uint8_t kind, const uint8_t *p, uint32_t len, struct tcp_options *options)
{
	if (kind == KIND_MSS && len == 2) {
		options->mss = (uint16_t)(p[0] << 8 | p[1]);
	} else if (kind == KIND_SHIFT && len == 1) {
		options->has_shift = true;
		options->shift = p[0] > TCP_SHIFT_MAX ? TCP_SHIFT_MAX : p[0];
	} else if (kind == KIND_SACK_OK && len == 0) {
		options->sack_permitted = true;
	} else if (kind == KIND_SACK && len > 0 && len % 8 == 0) {
		sack_read(p, len, options);
	} else if (kind == KIND_TS && len == 8) {
		options->has_ts = true;
		options->tsval = be32_read(p);
		options->tsecr = be32_read(p + 4);
	}
}

void options_read(const uint8_t *bytes, uint32_t len, struct tcp_options *options)
{
	*options = (struct tcp_options){0};
	while (len > 0 && bytes[0] != KIND_END) {
		uint32_t option_len = 1;
		if (bytes[0] != KIND_NOP) {
			if (len < 2 || bytes[1] < 2 || bytes[1] > len)
				return;
			option_len = bytes[1];
			option_read(bytes[0], bytes + 2, option_len - 2, options);
		}
		bytes += option_len;
		len -= option_len;
	}
}

static uint32_t sack_fits(const struct tcp_options *options, uint32_t used)
{
	uint32_t room = (TCP_OPTIONS_MAX - used) >= 4 ? (TCP_OPTIONS_MAX - used - 4) / 8 : 0;

	return options->sack_count < room ? options->sack_count : room;
}

static uint8_t *sack_write(const struct tcp_options *options, uint32_t used, uint8_t *p)
{
	uint32_t count = sack_fits(options, used);

	if (count == 0)
		return p;
	*p++ = KIND_NOP;
	*p++ = KIND_NOP;
	*p++ = KIND_SACK;
	*p++ = (uint8_t)(2 + count * 8);
	for (uint32_t i = 0; i < count; i++) {
		p = be32_write(p, options->sack[i].start);
		p = be32_write(p, options->sack[i].end);
	}
	return p;
}

/* Each option is padded to four bytes: they stay aligned in any combination. */
uint32_t options_write(const struct tcp_options *options, uint8_t bytes[static TCP_OPTIONS_MAX])
{
	uint8_t *p = bytes;

	if (options->mss)
		p = be32_write(p, (uint32_t)KIND_MSS << 24 | 4 << 16 | options->mss);
	if (options->sack_permitted)
		p = be32_write(p, KIND_NOP << 24 | KIND_NOP << 16 | KIND_SACK_OK << 8 | 2);
	if (options->has_ts) {
		p = be32_write(p, KIND_NOP << 24 | KIND_NOP << 16 | KIND_TS << 8 | 10);
		p = be32_write(p, options->tsval);
		p = be32_write(p, options->tsecr);
	}
	if (options->has_shift)
		p = be32_write(p, (uint32_t)(KIND_NOP << 24 | KIND_SHIFT << 16 | 3 << 8) | options->shift);
	return (uint32_t)(sack_write(options, (uint32_t)(p - bytes), p) - bytes);
}

uint32_t options_len(const struct tcp_options *options)
{
	uint32_t len = (options->mss ? 4U : 0) + (options->sack_permitted ? 4U : 0) +
		       (options->has_ts ? TCP_TIMESTAMP_LEN : 0U) + (options->has_shift ? 4U : 0);
	uint32_t sacks = sack_fits(options, len);

	return len + (sacks ? 4 + sacks * 8 : 0);
}
