/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Repetitions, their order statistics, and the report as JSON. Used by every micro benchmark. */
#include "measure.h"

#include "base/ensure.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <x86intrin.h>

enum { REPETITIONS = 1001, CALIBRATIONS = 5, COUNTED = 1024 };

/* Long enough for the grain of the clock, short enough that many repetitions meet no interrupt. */
#define REPETITION_NS 2.5e5

double measure_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double left, right;

	memcpy(&left, a, sizeof(left));
	memcpy(&right, b, sizeof(right));
	return (left > right) - (left < right);
}

static struct measure_spread spread_of(double values[static REPETITIONS])
{
	qsort(values, REPETITIONS, sizeof(values[0]), compare);
	return (struct measure_spread){values[0], values[REPETITIONS / 2], values[REPETITIONS - 1]};
}

/* The fastest of a few tries: one that met an interrupt says nothing about the operation. */
static double fastest_ns(measure_op op, void *data, uint64_t iterations)
{
	double fastest = 0;

	for (int i = 0; i < CALIBRATIONS; i++) {
		double begin = measure_now_ns();
		double took;

		op(data, iterations);
		took = measure_now_ns() - begin;
		if (i == 0 || took < fastest)
			fastest = took;
	}
	return fastest;
}

/* How many iterations fill a repetition. */
static uint64_t calibrate(measure_op op, void *data)
{
	uint64_t iterations = 1;

	for (;;) {
		double took = fastest_ns(op, data, iterations);

		if (took > REPETITION_NS / 4)
			return (uint64_t)((double)iterations * REPETITION_NS / took) + 1;
		iterations *= 2;
	}
}

/* Known to callgrind by its name: what one call of it executes is the row's count (bench/gate.py). */
__attribute__((noinline)) void measure_counted(measure_op op, void *data)
{
	op(data, COUNTED);
	measure_keep(data);
}

/* What happens only once, as functions being bound and tables being filled, is over when the count begins. */
static void repeat_counted(measure_op op, void *data, struct measure_row *ret_row)
{
	op(data, COUNTED);
	measure_counted(op, data);
	ret_row->iterations = COUNTED;
	ret_row->ns = (struct measure_spread){0, 0, 0};
	ret_row->cycles = ret_row->ns;
}

static void repeat_timed(measure_op op, void *data, struct measure_row *ret_row)
{
	double ns[REPETITIONS];
	double cycles[REPETITIONS];
	uint64_t iterations = calibrate(op, data);

	for (int i = 0; i < REPETITIONS; i++) {
		double begin_ns = measure_now_ns();
		uint64_t begin = __rdtsc();

		op(data, iterations);
		cycles[i] = (double)(__rdtsc() - begin) / (double)iterations;
		ns[i] = (measure_now_ns() - begin_ns) / (double)iterations;
	}
	ret_row->iterations = iterations;
	ret_row->ns = spread_of(ns);
	ret_row->cycles = spread_of(cycles);
}

void measure(measure_op op, void *data, struct measure_row *ret_row)
{
	if (getenv("MEASURE_COUNTED"))
		repeat_counted(op, data, ret_row);
	else
		repeat_timed(op, data, ret_row);
}

static struct measure_spread scaled(const struct measure_spread *spread, double factor)
{
	return (struct measure_spread){spread->min * factor, spread->median * factor, spread->max * factor};
}

void measure_part(measure_part_op op, void *data, uint64_t iterations, struct measure_row *ret_row)
{
	double cycles[REPETITIONS];
	double begin_ns = measure_now_ns();
	uint64_t begin = __rdtsc();

	ret_row->iterations = iterations;
	if (getenv("MEASURE_COUNTED"))
		return;
	for (int i = 0; i < REPETITIONS; i++)
		cycles[i] = (double)op(data, iterations) / (double)iterations;
	double ns_per_cycle = (measure_now_ns() - begin_ns) / (double)(__rdtsc() - begin);
	ret_row->cycles = spread_of(cycles);
	ret_row->ns = scaled(&ret_row->cycles, ns_per_cycle);
}

static void print_spread(FILE *out, const char *name, const struct measure_spread *spread)
{
	fprintf(out, "\"%s\": {\"min\": %.1f, \"median\": %.1f, \"max\": %.1f}", name, spread->min,
		spread->median, spread->max);
}

static void print_values(FILE *out, const struct measure_report *report)
{
	fprintf(out, ", \"values\": [");
	for (size_t i = 0; i < report->value_count; i++) {
		const struct measure_value *value = &report->values[i];

		fprintf(out,
			"%s\n  {\"name\": \"%s\", \"%s\": %" PRIu64 ", \"value\": %.3f, \"unit\": \"%s\"}",
			i == 0 ? "" : ",", value->name, report->size_unit, value->size, value->value,
			value->unit);
	}
	fprintf(out, "\n]");
}

void measure_print(FILE *out, const struct measure_report *report)
{
	fprintf(out, "{\"bench\": \"%s\", \"unit\": \"%s\", \"repetitions\": %d, \"rows\": [", report->bench,
		report->unit, REPETITIONS);
	for (size_t i = 0; i < report->count; i++) {
		const struct measure_row *row = &report->rows[i];

		/* Names are literals of ours: nothing in them needs escaping. */
		ensure(strpbrk(row->name, "\"\\") == NULL);
		fprintf(out, "%s\n  {\"name\": \"%s\", \"%s\": %" PRIu64 ", \"iterations\": %" PRIu64 ", ",
			i == 0 ? "" : ",", row->name, report->size_unit, row->size, row->iterations);
		print_spread(out, "ns", &row->ns);
		fprintf(out, ", ");
		print_spread(out, "cycles", &row->cycles);
		fprintf(out, "}");
	}
	fprintf(out, "\n]");
	if (report->value_count > 0)
		print_values(out, report);
	fprintf(out, "}\n");
}
