/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How lines leave a worker: into a ring of fixed-size records that control prints, never by a call that can
 * block. Categories (R-TR-1) are switched at run time; an unwanted one costs a load and a branch that is
 * never taken. Each worker has its own; more lines than the rate allows are counted and said to be missing.
 */
#ifndef TRACE_H
#define TRACE_H

#include "base/ensure.h"
#include "base/span.h"
#include "limits.h"

#include <stdbool.h>
#include <stdint.h>

/* R-TR-1, in the order of the configuration's bits; the last one is no trace but a log line, always wanted.
 */
enum trace_category {
	TRACE_SIP_UDP,
	TRACE_SIP_TCP,
	TRACE_SIP_TLS,
	TRACE_SERVER,
	TRACE_SIP_MESSAGE,
	TRACE_METHOD_ROUTING,
	TRACE_ROUTING,
	TRACE_LOG,
	TRACE_CATEGORY_COUNT
};

struct trace_record {
	uint64_t now_ns;
	uint32_t suppressed; /* lines lost just before this one: rate or a full ring */
	uint16_t len;
	uint8_t category;                /* enum trace_category */
	bool cut;                        /* the line was longer */
	char text[TRACE_TEXT_MAX_BYTES]; /* no NUL; printable as it is: other bytes became '.' */
};

static_assert(sizeof(struct trace_record) == 256, "a record is four cache lines");

struct trace {
	_Alignas(64) uint32_t mask; /* bit per category; writer: control, reader: the worker; relaxed */
	uint64_t now_ns;            /* the worker's time, set each loop */
	uint64_t refilled_ns;
	uint32_t tokens;
	uint32_t suppressed;       /* since the last record */
	uint64_t suppressed_total; /* writer: the worker; reader: control, relaxed */
	_Alignas(64)
		uint32_t head; /* next to write; writer: the worker (release), reader: control (acquire) */
	_Alignas(
		64) uint32_t tail; /* next to read; writer: control (release), reader: the worker (acquire) */
	struct trace_record records[TRACE_RECORDS];
};

void trace_init(struct trace *trace);

static inline bool trace_on(const struct trace *trace, enum trace_category category)
{
	return unlikely_true(
		trace && (__atomic_load_n(&trace->mask, __ATOMIC_RELAXED) & (1u << (unsigned)category)));
}

/* Control: which categories are wanted. TRACE_LOG stays. Acts from the worker's next line on. */
void trace_set_mask(struct trace *trace, uint32_t mask);

/* One line. Ask trace_on() first where the arguments cost something; a NULL trace is nowhere. */
__attribute__((format(printf, 3, 4))) void tracef(
	struct trace *trace, enum trace_category category, const char *format, ...);

/* A whole message, a record for each line of it (SIP message trace). */
void trace_bytes(struct trace *trace, enum trace_category category, struct span bytes);

/* Control: takes the oldest record; false when there is none. */
bool trace_take(struct trace *trace, struct trace_record *ret_record);

const char *trace_category_name(enum trace_category category);

#endif
