/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread registers with the EAL (its own place in the packet pools' caches), with the grace periods, and
 * takes an arena of its own. It leaves in the reverse order.
 */
#include "plane/loop.h"

#include "plane/arena.h"
#include "plane/clock.h"
#include "rcu.h"
#include "worker/worker.h"

#include <errno.h>
#include <rte_lcore.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>

static const uint64_t window_ns = 10000000000;

/* Where a measuring window stands; the thread's own. */
struct window {
	uint64_t ends_ns;
	uint64_t longest_ns;
};

static void wake_others(struct loop *loop, uint64_t gave_to)
{
	for (; gave_to != 0; gave_to &= gave_to - 1) {
		unsigned to = (unsigned)__builtin_ctzll(gave_to);
		ensure(to < loop->all_count);
		idle_wake(&loop->all[to].idle);
	}
}

static void measure(struct loop_figures *figures, struct window *window, uint64_t now_ns, uint64_t took_ns)
{
	if (now_ns >= window->ends_ns) {
		figure_set(&figures->longest_late_ns, window->longest_ns);
		*window = (struct window){.ends_ns = now_ns + window_ns};
	}
	if (took_ns > window->longest_ns)
		window->longest_ns = took_ns;
	if (took_ns > figures->longest_ns)
		figure_set(&figures->longest_ns, took_ns);
	figure_set(&figures->now_ns, now_ns);
	figure_add(&figures->loops, 1);
}

/* Sleeps if it may. The worker holds no snapshot meanwhile, so grace periods do not wait for it. */
static void rest(struct loop *loop, struct clock *clock, uint64_t now_ns)
{
	struct worker *worker = loop->worker;
	uint64_t nap_ns = idle_nap_ns(&loop->idle, now_ns, worker_next_ns(worker));

	if (nap_ns == 0)
		return;
	idle_begin(&loop->idle);
	if (worker_has_letters(worker) || __atomic_load_n(&loop->stop, __ATOMIC_RELAXED)) {
		idle_cancel(&loop->idle);
		return;
	}
	rcu_offline(loop->rcu, worker_index(worker));
	idle_sleep(&loop->idle, nap_ns);
	rcu_online(loop->rcu, worker_index(worker));
	figure_add(&worker_loop_meter(worker)->naps, 1);
	figure_add(&worker_loop_meter(worker)->napped_ns, clock_ns(clock, clock_cycles()) - now_ns);
}

static void poll_until_stopped(struct loop *loop)
{
	struct loop_figures *figures = worker_loop_meter(loop->worker);
	struct window window = {0};
	struct clock clock;

	clock_start(&clock);
	window.ends_ns = clock.last_ns + window_ns;
	figure_set(&figures->started_ns, clock.last_ns);
	while (!__atomic_load_n(&loop->stop, __ATOMIC_RELAXED)) {
		uint64_t begun = clock_cycles();
		uint64_t now_ns = clock_ns(&clock, begun);
		unsigned work = worker_poll(loop->worker, now_ns);
		uint64_t cycles = clock_cycles() - begun;
		uint64_t took_ns = clock_span_ns(&clock, cycles);

		wake_others(loop, worker_gave_to(loop->worker));
		measure(figures, &window, now_ns, took_ns);
		if (work > 0) {
			figure_add(&figures->busy_loops, 1);
			figure_add(&figures->busy_cycles, cycles);
			figure_add(&figures->busy_ns, took_ns);
			idle_busy(&loop->idle);
		} else {
			rest(loop, &clock, now_ns);
		}
	}
}

static void pin(const struct loop *loop)
{
	cpu_set_t set;

	if (loop->core == LOOP_ANY_CORE)
		return;
	CPU_ZERO(&set);
	CPU_SET(loop->core, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

/*
 * Orders to the process are control's to take. The TAP driver tells by a real-time signal that frames are
 * there, and until the signal is handled it hands none out: eal_boot() blocks those for everybody else, so
 * the kernel brings them to a worker, which handles them before its next look at the queue.
 */
static void take_driver_signals_only(void)
{
	sigset_t orders;
	sigset_t driver;

	sigemptyset(&orders);
	sigaddset(&orders, SIGHUP);
	sigaddset(&orders, SIGINT);
	sigaddset(&orders, SIGTERM);
	sigaddset(&orders, SIGUSR1);
	sigaddset(&orders, SIGUSR2);
	pthread_sigmask(SIG_BLOCK, &orders, NULL);
	sigemptyset(&driver);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaddset(&driver, number);
	pthread_sigmask(SIG_UNBLOCK, &driver, NULL);
}

static void *thread_main(void *arg)
{
	struct loop *loop = arg;
	unsigned index = worker_index(loop->worker);
	char name[16];

	snprintf(name, sizeof(name), "worker-%u", index);
	pthread_setname_np(pthread_self(), name);
	take_driver_signals_only();
	pin(loop);
	/* Without a place in the EAL it works as well, only without the pools' caches. */
	bool registered = rte_thread_register() == 0;
	if (arena_enter(&loop->arena) != 0)
		loop->arena = 0;
	idle_watch(&loop->idle, loop->queues, loop->queue_count);
	rcu_join(loop->rcu, index);
	poll_until_stopped(loop);
	rcu_leave(loop->rcu, index);
	if (registered)
		rte_thread_unregister();
	return NULL;
}

int loop_start(struct loop *loop)
{
	ensure(!loop->running);
	loop->stop = 0;
	int error = pthread_create(&loop->thread, NULL, thread_main, loop);
	loop->running = error == 0;
	return -error;
}

void loop_stop(struct loop *loop)
{
	if (!loop->running)
		return;
	__atomic_store_n(&loop->stop, 1, __ATOMIC_RELAXED);
	idle_wake(&loop->idle);
	pthread_join(loop->thread, NULL);
	loop->running = false;
}
