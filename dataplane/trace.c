/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ring has one writer (the worker) and one reader (control). Bytes that could steer a terminal or forge
 * a line never enter it: a message's text comes from peers.
 */
#include "trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const uint64_t second_ns = 1000000000;

void trace_init(struct trace *trace)
{
	memset(trace, 0, sizeof(*trace));
	trace->mask = 1u << TRACE_LOG;
	trace->tokens = TRACE_PER_SECOND;
}

void trace_set_mask(struct trace *trace, uint32_t mask)
{
	__atomic_store_n(&trace->mask, mask | 1u << TRACE_LOG, __ATOMIC_RELAXED);
}

/* A bucket that holds one second's worth and is refilled by the worker's own time. */
static bool token_take(struct trace *trace)
{
	uint64_t passed_ns = trace->now_ns - trace->refilled_ns;
	uint64_t fresh = passed_ns >= second_ns ? TRACE_PER_SECOND : passed_ns * TRACE_PER_SECOND / second_ns;

	if (fresh > 0) {
		uint64_t tokens = trace->tokens + fresh;
		trace->tokens = tokens > TRACE_PER_SECOND ? TRACE_PER_SECOND : (uint32_t)tokens;
		trace->refilled_ns = trace->now_ns;
	}
	if (trace->tokens == 0)
		return false;
	trace->tokens--;
	return true;
}

static struct trace_record *record_begin(struct trace *trace, enum trace_category category)
{
	/* Pairs with the release in trace_take: the reader is done with what it gave back. */
	uint32_t tail = __atomic_load_n(&trace->tail, __ATOMIC_ACQUIRE);

	if (trace->head - tail >= TRACE_RECORDS || !token_take(trace)) {
		trace->suppressed++;
		__atomic_store_n(&trace->suppressed_total, trace->suppressed_total + 1, __ATOMIC_RELAXED);
		return NULL;
	}
	struct trace_record *record = &trace->records[trace->head % TRACE_RECORDS];
	record->now_ns = trace->now_ns;
	record->category = (uint8_t)category;
	record->suppressed = trace->suppressed;
	trace->suppressed = 0;
	return record;
}

static void record_end(struct trace *trace, struct trace_record *record, size_t len)
{
	record->cut = len > TRACE_TEXT_MAX_BYTES;
	record->len = (uint16_t)(record->cut ? TRACE_TEXT_MAX_BYTES : len);
	for (unsigned i = 0; i < record->len; i++) {
		unsigned char byte = (unsigned char)record->text[i];
		if (byte < ' ' || byte == 0x7f)
			record->text[i] = '.';
	}
	/* Pairs with the acquire in trace_take: the record is whole before it is seen. */
	__atomic_store_n(&trace->head, trace->head + 1, __ATOMIC_RELEASE);
}

void tracef(struct trace *trace, enum trace_category category, const char *format, ...)
{
	char text[TRACE_TEXT_MAX_BYTES + 1]; /* vsnprintf ends with a NUL, a record does not */
	va_list args;

	if (!trace_on(trace, category))
		return;
	struct trace_record *record = record_begin(trace, category);
	if (!record)
		return;
	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	memcpy(record->text, text, TRACE_TEXT_MAX_BYTES);
	record_end(trace, record, len > 0 ? (size_t)len : 0);
}

void trace_bytes(struct trace *trace, enum trace_category category, struct span bytes)
{
	if (!trace_on(trace, category))
		return;
	while (bytes.len > 0) {
		const char *newline = memchr(bytes.p, '\n', bytes.len);
		size_t whole = newline ? (size_t)(newline - bytes.p) + 1 : bytes.len;
		size_t len = newline ? whole - 1 : whole;
		if (len > 0 && bytes.p[len - 1] == '\r')
			len--;
		struct trace_record *record = record_begin(trace, category);
		if (!record)
			return;
		memcpy(record->text, bytes.p, len < TRACE_TEXT_MAX_BYTES ? len : TRACE_TEXT_MAX_BYTES);
		record_end(trace, record, len);
		bytes = span_of(bytes.p + whole, bytes.len - whole);
	}
}

bool trace_take(struct trace *trace, struct trace_record *ret_record)
{
	uint32_t tail = trace->tail;

	/* Pairs with the release in record_end. */
	if (tail == __atomic_load_n(&trace->head, __ATOMIC_ACQUIRE))
		return false;
	*ret_record = trace->records[tail % TRACE_RECORDS];
	/* Pairs with the acquire in record_begin: the place is free again. */
	__atomic_store_n(&trace->tail, tail + 1, __ATOMIC_RELEASE);
	return true;
}

const char *trace_category_name(enum trace_category category)
{
	static const char *const names[TRACE_CATEGORY_COUNT] = {
		"sip-udp", "sip-tcp", "sip-tls", "server", "sip-message", "method-routing", "routing", "log"};

	ensure(category < TRACE_CATEGORY_COUNT);
	return names[category];
}
