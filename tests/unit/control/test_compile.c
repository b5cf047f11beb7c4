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

/* A compiler with a reactor that it wakes, and jobs that are still to be given to it. */
static struct {
	struct reactor reactor;
	struct compiler *compiler;
	struct numbered jobs[JOBS];
	struct record record;
} shop;

static void begin(void)
{
	shop.record.count = 0;
	pthread_mutex_init(&shop.record.gate, NULL);
	for (unsigned i = 0; i < JOBS; i++)
		shop.jobs[i] = (struct numbered){
			.job = {.run = run, .done = done}, .number = i, .record = &shop.record};
	assert_int_equal(reactor_init(&shop.reactor), 0);
	assert_int_equal(compiler_create(&shop.reactor, "compile", &shop.compiler), 0);
}

static void end(void)
{
	compiler_destroy(shop.compiler);
	reactor_fini(&shop.reactor);
	pthread_mutex_destroy(&shop.record.gate);
}

static void test_jobs_come_back_in_order_on_the_control_thread(void **state)
{
	(void)state;
	begin();
	for (unsigned i = 0; i < JOBS; i++)
		compiler_submit(shop.compiler, &shop.jobs[i].job);
	while (shop.record.count < JOBS)
		assert_true(reactor_step(&shop.reactor, 5000) >= 0);
	for (unsigned i = 0; i < JOBS; i++) {
		assert_int_equal(shop.record.done[i], i);
		assert_true(shop.jobs[i].ran);
		/* Who answers operators and who forwards messages goes first. */
		assert_true(shop.jobs[i].nice > getpriority(PRIO_PROCESS, 0));
	}
	end();
}

static void test_ending_waits_for_the_job_under_way_and_calls_done_for_all(void **state)
{
	(void)state;
	begin();
	pthread_mutex_lock(&shop.record.gate);
	for (unsigned i = 0; i < JOBS; i++)
		compiler_submit(shop.compiler, &shop.jobs[i].job);
	pthread_mutex_unlock(&shop.record.gate);
	end();
	assert_int_equal(shop.record.count, JOBS);
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
	(void)state;
	for (unsigned leave = 0; leave < 2; leave++) {
		begin();
		shop.jobs[0].job.run = signal_begun;
		shop.jobs[0].job.leave = leave;
		pthread_mutex_lock(&shop.record.gate);
		compiler_submit(shop.compiler, &shop.jobs[0].job);
		compiler_submit(shop.compiler, &shop.jobs[1].job);
		while (!__atomic_load_n(&shop.jobs[0].begun, __ATOMIC_ACQUIRE))
			sched_yield();
		assert_int_equal(compiler_leave(shop.compiler), leave);
		pthread_mutex_unlock(&shop.record.gate);
		end();
		assert_true(shop.jobs[0].ran);
		assert_false(shop.jobs[1].ran);
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
