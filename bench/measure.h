/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How long something takes, measured in repetitions of many iterations each. One repetition gives one mean;
 * of the means the least, the median and the largest are told, because the machine is noisy: the least is
 * what the code costs, the distance to the median says how far to trust it. Cycles are those of the
 * time-stamp counter.
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct measure_spread {
	double min, median, max;
};

struct measure_row {
	const char *name;
	uint64_t size; /* what the row is about, in the report's size_unit: bytes of a message, patterns of a
			  table */
	uint64_t iterations; /* in each repetition */
	struct measure_spread ns;
	struct measure_spread cycles;
};

/* Does the thing `iterations` times. */
typedef void (*measure_op)(void *data, uint64_t iterations);

/*
 * Measures op; fills iterations, ns and cycles of *ret_row for one iteration. Takes some 300 ms. With the
 * environment variable MEASURE_COUNTED no clock is read: measure_counted() is called once for a row.
 */
void measure(measure_op op, void *data, struct measure_row *ret_row);
void measure_counted(measure_op op, void *data);

/* The same, where only a part counts: does it `iterations` times, returns the cycles of the part that is
 * meant. */
typedef uint64_t (*measure_part_op)(void *data, uint64_t iterations);

/*
 * Measures what op says it took, `iterations` of it in each repetition; ns come from the cycles by the rate
 * of the two clocks over all repetitions. Nothing is counted under MEASURE_COUNTED: the row stays 0.
 */
void measure_part(measure_part_op op, void *data, uint64_t iterations, struct measure_row *ret_row);

/* A figure that is not the mean of repetitions: a compile that takes seconds, memory. */
struct measure_value {
	const char *name;
	uint64_t size;
	double value;
	const char *unit; /* "ms" */
};

struct measure_report {
	const char *bench;     /* "parse" */
	const char *unit;      /* what one iteration is: "message" */
	const char *size_unit; /* "bytes" */
	const struct measure_row *rows;
	size_t count;
	const struct measure_value *values; /* may be NULL */
	size_t value_count;
};

/* Writes the report as one JSON object. */
void measure_print(FILE *out, const struct measure_report *report);

/* The clock, for what is measured once. */
double measure_now_ns(void);

/* Keeps the compiler from leaving out what computes `value`. */
static inline void measure_keep(const void *value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}

#endif
