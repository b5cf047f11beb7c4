/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Polling goes on for a while after the last work, because the next frame of a busy time is near and waking
 * costs more than looking. The eventfd ends every kind of sleep. Called between two loops of a worker, by its
 * own thread (idle_wake: by any).
 */
#include "plane/idle.h"

#include "plane/port.h"

#include <errno.h>
#include <poll.h>
#include <rte_interrupts.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static const uint64_t ns_per_ms = 1000000;
static const uint64_t keep_polling_ns = 50000;
static const uint64_t nap_min_ns = 50000;     /* a shorter one costs more than it saves */
static const uint64_t nap_max_ns = 1000000;   /* without interrupts a frame waits at most so long */
static const uint64_t rest_max_ns = 10000000; /* with them only the neighbour table wants attention */

int idle_init(struct idle *idle, enum idle_policy policy)
{
	*idle = (struct idle){.policy = policy, .nap_ns = nap_min_ns};
	idle->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return idle->wake_fd < 0 ? -errno : 0;
}

void idle_fini(struct idle *idle)
{
	close(idle->wake_fd);
	idle->wake_fd = -1;
}

/* rte_epoll keeps a set for each thread; the device's queues and our eventfd are both in it. */
static bool watch_all(struct idle *idle, const struct idle_queue *queues, unsigned count)
{
	idle->wake_event = (struct rte_epoll_event){.epdata.event = EPOLLIN};
	if (rte_epoll_ctl(RTE_EPOLL_PER_THREAD, EPOLL_CTL_ADD, idle->wake_fd, &idle->wake_event) != 0)
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (port_wait_add(queues[i].port, queues[i].queue) != 0)
			return false;
	}
	return true;
}

void idle_watch(struct idle *idle, const struct idle_queue *queues, unsigned count)
{
	ensure(count <= PORTS_MAX);
	for (unsigned i = 0; i < count; i++)
		idle->queues[i] = queues[i];
	idle->queue_count = count;
	if (idle->policy == IDLE_ADAPTIVE)
		idle->interrupts = watch_all(idle, queues, count);
}

void idle_wake(struct idle *idle)
{
	const uint64_t one = 1;

	/* Orders what was handed over before the look at `asleep`; pairs with the fence in idle_begin. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&idle->asleep, __ATOMIC_RELAXED) == 0)
		return;
	/* A full counter wakes as well as a fresh one. */
	if (write(idle->wake_fd, &one, sizeof(one)) < 0)
		ensure(errno == EAGAIN || errno == EINTR);
}

void idle_busy(struct idle *idle)
{
	idle->idle_since_ns = 0;
	idle->nap_ns = nap_min_ns;
}

uint64_t idle_nap_ns(struct idle *idle, uint64_t now_ns, uint64_t next_ns)
{
	uint64_t longest_ns = idle->interrupts ? rest_max_ns : idle->nap_ns;
	uint64_t left_ns = next_ns > now_ns ? next_ns - now_ns : 0;

	if (idle->policy == IDLE_POLL)
		return 0;
	if (idle->idle_since_ns == 0)
		idle->idle_since_ns = now_ns;
	if (now_ns - idle->idle_since_ns < keep_polling_ns)
		return 0;
	if (left_ns < longest_ns)
		longest_ns = left_ns;
	if (idle->nap_ns < nap_max_ns)
		idle->nap_ns *= 2;
	return longest_ns < nap_min_ns ? 0 : longest_ns;
}

void idle_begin(struct idle *idle)
{
	__atomic_store_n(&idle->asleep, 1, __ATOMIC_RELAXED);
	/* Orders the store before the caller's last look; pairs with the fence in idle_wake. */
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

void idle_cancel(struct idle *idle)
{
	uint64_t count;

	__atomic_store_n(&idle->asleep, 0, __ATOMIC_RELAXED);
	/* Nothing to read is the usual case. */
	if (read(idle->wake_fd, &count, sizeof(count)) < 0)
		ensure(errno == EAGAIN || errno == EINTR);
}

static void rest(struct idle *idle, uint64_t nap_ns)
{
	struct rte_epoll_event events[PORTS_MAX + 1];
	int timeout_ms = nap_ns < ns_per_ms ? 1 : (int)(nap_ns / ns_per_ms);

	for (unsigned i = 0; i < idle->queue_count; i++)
		port_wait_begin(idle->queues[i].port, idle->queues[i].queue);
	/*
	 * Woken, it polls for a while before it may sleep again: events are edges, so a frame that the driver
	 * hands out only a moment after its event would else lie there until the next one.
	 */
	if (rte_epoll_wait(RTE_EPOLL_PER_THREAD, events, PORTS_MAX + 1, timeout_ms) > 0)
		idle_busy(idle);
	for (unsigned i = 0; i < idle->queue_count; i++)
		port_wait_end(idle->queues[i].port, idle->queues[i].queue);
}

void idle_sleep(struct idle *idle, uint64_t nap_ns)
{
	struct pollfd wake = {.fd = idle->wake_fd, .events = POLLIN};
	struct timespec timeout = {.tv_nsec = (long)nap_ns};

	ensure(nap_ns > 0 && nap_ns <= rest_max_ns);
	if (idle->interrupts)
		rest(idle, nap_ns);
	else
		ppoll(&wake, 1, &timeout, NULL); /* a signal ends it too: that is fine */
	idle_cancel(idle);
}
