/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The compile thread: jobs run aside, one after the other, and come back in order on the control thread. */
#include "control/compile.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <cmocka.h>

enum { JOBS = 100 };

struct numbered {
	struct compile_job job;
	unsigned number;
	pthread_t ran_on;
	int nice;
	bool begun, ran;
	struct record *record;
};

struct record {
	unsigned done[JOBS];
	unsigned count;
	pthread_mutex_t gate; /* holds the first job back */
};

static void run(struct compile_job *job)
{
	struct numbered *self = (struct numbered *)job;

	pthread_mutex_lock(&self->record->gate);
	pthread_mutex_unlock(&self->record->gate);
	self->ran_on = pthread_self();
	self->nice = getpriority(PRIO_PROCESS, 0);
	self->ran = true;
}

static void done(struct compile_job *job)
{
	struct numbered *self = (struct numbered *)job;

	assert_true(!self->ran || !pthread_equal(self->ran_on, pthread_self()));
	self->record->done[self->record->count++] = self->number;
}

static void fill(struct numbered *jobs, struct record *record)
{
	pthread_mutex_init(&record->gate, NULL);
	for (unsigned i = 0; i < JOBS; i++)
		jobs[i] = (struct numbered){.job = {.run = run, .done = done}, .number = i, .record = record};
}

static void test_jobs_come_back_in_order_on_the_control_thread(void **state)
{
	static struct numbered jobs[JOBS];
	struct record record = {.count = 0};
	struct compiler *compiler;
	struct reactor reactor;

	(void)state;
	fill(jobs, &record);
	assert_int_equal(reactor_init(&reactor), 0);
	assert_int_equal(compiler_create(&reactor, "compile", &compiler), 0);
	for (unsigned i = 0; i < JOBS; i++)
		compiler_submit(compiler, &jobs[i].job);
	while (record.count < JOBS)
		assert_true(reactor_step(&reactor, 5000) >= 0);
	for (unsigned i = 0; i < JOBS; i++) {
		assert_int_equal(record.done[i], i);
		assert_true(jobs[i].ran);
		/* Who answers operators and who forwards messages goes first. */
		assert_true(jobs[i].nice > getpriority(PRIO_PROCESS, 0));
	}
	compiler_destroy(compiler);
	reactor_fini(&reactor);
}

static void test_ending_waits_for_the_job_under_way_and_calls_done_for_all(void **state)
{
	static struct numbered jobs[JOBS];
	struct record record = {.count = 0};
	struct compiler *compiler;
	struct reactor reactor;

	(void)state;
	fill(jobs, &record);
	assert_int_equal(reactor_init(&reactor), 0);
	assert_int_equal(compiler_create(&reactor, "compile", &compiler), 0);
	pthread_mutex_lock(&record.gate);
	for (unsigned i = 0; i < JOBS; i++)
		compiler_submit(compiler, &jobs[i].job);
	pthread_mutex_unlock(&record.gate);
	compiler_destroy(compiler);
	assert_int_equal(record.count, JOBS);
	reactor_fini(&reactor);
}

static void signal_begun(struct compile_job *job)
{
	struct numbered *self = (struct numbered *)job;

	__atomic_store_n(&self->begun, true, __ATOMIC_RELEASE);
	run(job);
}

/* A job that only computes holds nobody up at the end; one that writes a file must come to its end. */
static void test_a_job_that_may_be_left_is_left_behind_and_no_other_begins(void **state)
{
	static struct numbered jobs[JOBS];
	struct record record = {.count = 0};
	struct compiler *compiler;
	struct reactor reactor;

	(void)state;
	for (unsigned leave = 0; leave < 2; leave++) {
		record.count = 0;
		fill(jobs, &record);
		jobs[0].job.run = signal_begun;
		jobs[0].job.leave = leave;
		assert_int_equal(reactor_init(&reactor), 0);
		assert_int_equal(compiler_create(&reactor, "compile", &compiler), 0);
		pthread_mutex_lock(&record.gate);
		compiler_submit(compiler, &jobs[0].job);
		compiler_submit(compiler, &jobs[1].job);
		while (!__atomic_load_n(&jobs[0].begun, __ATOMIC_ACQUIRE))
			sched_yield();
		assert_int_equal(compiler_leave(compiler), leave);
		pthread_mutex_unlock(&record.gate);
		compiler_destroy(compiler);
		assert_true(jobs[0].ran);
		assert_false(jobs[1].ran);
		reactor_fini(&reactor);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_jobs_come_back_in_order_on_the_control_thread),
		cmocka_unit_test(test_ending_waits_for_the_job_under_way_and_calls_done_for_all),
		cmocka_unit_test(test_a_job_that_may_be_left_is_left_behind_and_no_other_begins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
