/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The end of a header section is the LF of its first empty line. It is looked for 64 bytes at a time, in new
 * bytes only: of the old ones, the last two say whether a line end had begun. A CR or LF that stands alone is
 * refused where it is met, before anybody has read a header (RFC 3261 7: line ends are CRLF).
 */
#include "conn/frame.h"

#include "limits.h"
#include "sip/scan.h"
#include "sip/scan_tail.h"

static const char ping[] = "\r\n\r\n"; /* RFC 5626 3.5.1 */

enum { PING_LEN = sizeof(ping) - 1 };

/* token = alphanum and -.!%*_+`'~ : what a method begins with, and "SIP/2.0". */
static const struct scan_class class_begin = SCAN_CLASS(0, 0, 0x6ca2, 0x03ff, 0xfffe, 0x87ff, 0xffff, 0x47ff);

/* Any CR or LF between messages is passed over; the four in the right order, across pieces, are a ping. */
static enum frame_result read_gap(struct frame *frame, struct span bytes, struct frame_found *found)
{
	uint32_t len = 0;

	while (len < bytes.len && (bytes.p[len] == '\r' || bytes.p[len] == '\n')) {
		char c = bytes.p[len++];
		frame->gap = c == ping[frame->gap] ? frame->gap + 1 : c == ping[0];
		if (frame->gap < PING_LEN)
			continue;
		frame->gap = 0;
		found->len = len;
		return FRAME_PING;
	}
	found->len = len;
	return len > 0 ? FRAME_SKIP : FRAME_MORE;
}

static enum frame_result broken(struct frame_found *found, enum frame_fault fault, uint16_t status)
{
	found->fault = (uint8_t)fault;
	found->status = status;
	return FRAME_BROKEN;
}

/* What the bytes before the next block say: an LF stands one (bit 1) or two (bit 0) back. */
static uint64_t carry_at(struct span bytes, uint32_t at)
{
	uint64_t carry = (uint64_t)(bytes.p[at - 1] == '\n') << 1;

	return at >= 2 ? carry | (bytes.p[at - 2] == '\n') : carry;
}

/*
 * The offset behind the empty line, 0 when it has not come, or UINT32_MAX when a CR or LF stands alone before
 * it. An LF two bytes behind another one ends an empty line, because the byte between them must be a CR. The
 * first byte is neither.
 */
static uint32_t find_header_end(struct span bytes, uint32_t from)
{
	uint32_t begin = from > 0 ? from : 1;
	uint64_t carry = carry_at(bytes, begin);

	for (uint32_t at = begin; at < bytes.len; at += 64) {
		size_t len = bytes.len - at < 64 ? bytes.len - at : 64;
		struct scan_marks marks = scan_mark(bytes.p + at, len, bytes.p);
		uint64_t end = marks.lf & (marks.lf << 2 | carry);

		if (marks.odd != 0 && (end == 0 || __builtin_ctzll(marks.odd) <= __builtin_ctzll(end)))
			return UINT32_MAX;
		if (end != 0)
			return at + (uint32_t)__builtin_ctzll(end) + 1;
		carry = marks.lf >> 62;
	}
	return 0;
}

static uint16_t answer_of(const struct sip_msg *msg)
{
	return msg->is_request && msg->answerable ? (uint16_t)sip_error_status((enum sip_error)msg->error)
						  : 0;
}

/* The headers are there, but not where the body ends. Not being answerable is no reason to go on. */
static enum frame_result no_end(const struct sip_msg *msg, struct frame_found *found)
{
	uint16_t status = answer_of(msg);

	if (msg->error == SIP_ERR_header_too_long)
		return broken(found, FRAME_HEADERS_TOO_LONG, 0);
	if (!sip_header_first(msg, SIP_HDR_CONTENT_LENGTH))
		return broken(found, FRAME_NO_LENGTH, status);
	return broken(found, FRAME_BAD_LENGTH, status);
}

static enum frame_result read_message(
	struct frame *frame, struct span bytes, struct sip_msg *msg, struct frame_found *found)
{
	/* What is wrong inside of a message whose end is known is for its reader to answer. */
	enum parse_result ignored = sip_parse(bytes, false, msg);

	(void)ignored;
	if (msg->total_len == 0)
		return no_end(msg, found);
	if (msg->total_len > SIP_STREAM_MESSAGE_MAX) {
		msg->error = SIP_ERR_body_too_long;
		return broken(found, FRAME_BODY_TOO_LONG, answer_of(msg));
	}
	frame->total = (uint32_t)msg->total_len;
	if (frame->total > bytes.len)
		return FRAME_MORE;
	found->len = frame->total;
	frame->scanned = 0;
	frame->total = 0;
	return FRAME_MESSAGE;
}

static enum frame_result read_headers(
	struct frame *frame, struct span bytes, struct sip_msg *msg, struct frame_found *found)
{
	uint32_t end = find_header_end(bytes, frame->scanned);

	if (end == UINT32_MAX)
		return broken(found, FRAME_LINE_END, 0);
	if (end > SIP_STREAM_HEADERS_MAX || (end == 0 && bytes.len > SIP_STREAM_HEADERS_MAX))
		return broken(found, FRAME_HEADERS_TOO_LONG, 0);
	if (end != 0)
		return read_message(frame, bytes, msg, found);
	frame->scanned = (uint32_t)bytes.len;
	return FRAME_MORE;
}

enum frame_result frame_next(
	struct frame *frame, struct span bytes, struct sip_msg *msg, struct frame_found *ret_found)
{
	*ret_found = (struct frame_found){.len = 0};
	if (bytes.len == 0)
		return FRAME_MORE;
	if (frame->total != 0)
		return bytes.len < frame->total ? FRAME_MORE : read_message(frame, bytes, msg, ret_found);
	if (frame->scanned == 0) {
		enum frame_result gap = read_gap(frame, bytes, ret_found);
		if (gap != FRAME_MORE)
			return gap;
		frame->gap = 0;
		if (!scan_has(&class_begin, bytes.p[0]))
			return broken(ret_found, FRAME_GARBAGE, 0);
	}
	return read_headers(frame, bytes, msg, ret_found);
}

uint32_t frame_wants(const struct frame *frame, uint32_t have)
{
	return frame->total > have ? frame->total - have : 1;
}

enum stat frame_fault_stat(enum frame_fault fault)
{
	static const enum stat stats[FRAME_FAULTS] = {
		[FRAME_GARBAGE] = STAT_conn_garbage,
		[FRAME_LINE_END] = STAT_conn_line_end,
		[FRAME_HEADERS_TOO_LONG] = STAT_conn_headers_too_long,
		[FRAME_NO_LENGTH] = STAT_conn_no_length,
		[FRAME_BAD_LENGTH] = STAT_conn_bad_length,
		[FRAME_BODY_TOO_LONG] = STAT_conn_body_too_long,
	};

	ensure(fault < FRAME_FAULTS);
	return stats[fault];
}
