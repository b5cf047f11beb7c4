/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control thread's event loop: file descriptors, timers and signals, one event at a time, so that nothing
 * a handler frees can still wait in a batch. Everything in control/ runs on this thread unless its file says
 * otherwise.
 */
#ifndef CONTROL_LOOP_H
#define CONTROL_LOOP_H

#include "base/ensure.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct loop {
	int epoll_fd;
	bool stopping;
};

/* Stands inside its owner, who also closes fd. */
struct loop_source {
	int fd;
	void (*ready)(struct loop_source *source, uint32_t events); /* EPOLL* bits */
};

struct loop_timer {
	struct loop_source source;
	void (*fire)(struct loop_timer *timer);
};

struct loop_signals {
	struct loop_source source;
	void (*caught)(struct loop_signals *signals, int number);
};

must_use int loop_init(struct loop *loop);
void loop_fini(struct loop *loop);

must_use int loop_add(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_change(struct loop *loop, struct loop_source *source, uint32_t events);
void loop_remove(struct loop *loop, struct loop_source *source);

/* Fires each interval_ms until it is closed; firings missed while the loop was busy are one. */
must_use int loop_timer_open(struct loop *loop, struct loop_timer *timer, uint32_t interval_ms);
void loop_timer_close(struct loop *loop, struct loop_timer *timer);

/* The signals must be blocked in every thread: block them before the first thread is made. */
must_use int loop_signals_open(struct loop *loop, struct loop_signals *signals, const sigset_t *set);
void loop_signals_close(struct loop *loop, struct loop_signals *signals);

/* Until loop_stop(). Returns 0, or -errno when waiting itself fails. */
must_use int loop_run(struct loop *loop);
void loop_stop(struct loop *loop);

/* Waits up to timeout_ms for one event and handles it. Returns 1, 0 when none came, -errno. */
int loop_step(struct loop *loop, int timeout_ms);

/* CLOCK_MONOTONIC, in ns. */
uint64_t loop_now_ns(void);

#endif
