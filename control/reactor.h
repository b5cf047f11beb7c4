/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control thread's event loop: file descriptors, timers and signals, one event at a time, so that nothing
 * a handler frees can still wait in a batch. Everything in control/ runs on this thread unless its file says
 * otherwise.
 */
#ifndef CONTROL_REACTOR_H
#define CONTROL_REACTOR_H

#include "base/ensure.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct reactor {
	int epoll_fd;
	bool stopping;
};

/* Stands inside its owner, who also closes fd. */
struct reactor_source {
	int fd;
	void (*ready)(struct reactor_source *source, uint32_t events); /* EPOLL* bits */
};

struct reactor_timer {
	struct reactor_source source;
	void (*fire)(struct reactor_timer *timer);
};

struct reactor_signals {
	struct reactor_source source;
	void (*caught)(struct reactor_signals *signals, int number);
};

must_use int reactor_init(struct reactor *reactor);
void reactor_fini(struct reactor *reactor);

must_use int reactor_add(struct reactor *reactor, struct reactor_source *source, uint32_t events);
void reactor_change(struct reactor *reactor, struct reactor_source *source, uint32_t events);
void reactor_remove(struct reactor *reactor, struct reactor_source *source);

/* Fires each interval_ms until it is closed; firings missed while the loop was busy are one. */
must_use int reactor_timer_open(struct reactor *reactor, struct reactor_timer *timer, uint32_t interval_ms);
void reactor_timer_close(struct reactor *reactor, struct reactor_timer *timer);

/* The signals must be blocked in every thread: block them before the first thread is made. */
must_use int reactor_signals_open(
	struct reactor *reactor, struct reactor_signals *signals, const sigset_t *set);
void reactor_signals_close(struct reactor *reactor, struct reactor_signals *signals);

/* Until reactor_stop(). Returns 0, or -errno when waiting itself fails. */
must_use int reactor_run(struct reactor *reactor);
void reactor_stop(struct reactor *reactor);

/* Waits up to timeout_ms for one event and handles it. Returns 1, 0 when none came, -errno. */
int reactor_step(struct reactor *reactor, int timeout_ms);

/* CLOCK_MONOTONIC, in ns. */
uint64_t reactor_now_ns(void);

#endif
