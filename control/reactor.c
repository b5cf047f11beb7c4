/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * epoll, timerfd and signalfd. System calls are interrupted often: a TAP device announces frames by a
 * real-time signal, which any thread may get, so EINTR is an ordinary answer everywhere here.
 */
#include "control/reactor.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int reactor_init(struct reactor *reactor)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	reactor->epoll_fd = fd;
	reactor->stopping = false;
	return 0;
}

void reactor_fini(struct reactor *reactor)
{
	close(reactor->epoll_fd);
	reactor->epoll_fd = -1;
}

int reactor_add(struct reactor *reactor, struct reactor_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	ensure(source->ready);
	return epoll_ctl(reactor->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void reactor_change(struct reactor *reactor, struct reactor_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	ensure(epoll_ctl(reactor->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) == 0);
}

void reactor_remove(struct reactor *reactor, struct reactor_source *source)
{
	ensure(epoll_ctl(reactor->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL) == 0);
}

static void timer_ready(struct reactor_source *source, uint32_t events)
{
	struct reactor_timer *timer = (struct reactor_timer *)source;
	uint64_t expirations;

	(void)events;
	/* Nothing to read means that an earlier read took it: the timer has fired once for both. */
	if (read(source->fd, &expirations, sizeof(expirations)) == (ssize_t)sizeof(expirations))
		timer->fire(timer);
}

int reactor_timer_open(struct reactor *reactor, struct reactor_timer *timer, uint32_t interval_ms)
{
	struct timespec interval = {interval_ms / 1000, (long)(interval_ms % 1000) * 1000000};
	struct itimerspec spec = {interval, interval};
	int ret;

	ensure(timer->fire && interval_ms > 0);
	timer->source.ready = timer_ready;
	timer->source.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (timer->source.fd < 0)
		return -errno;
	ret = timerfd_settime(timer->source.fd, 0, &spec, NULL) < 0 ? -errno : 0;
	if (ret == 0)
		ret = reactor_add(reactor, &timer->source, EPOLLIN);
	if (ret < 0)
		close(timer->source.fd);
	return ret;
}

void reactor_timer_close(struct reactor *reactor, struct reactor_timer *timer)
{
	reactor_remove(reactor, &timer->source);
	close(timer->source.fd);
}

static void signals_ready(struct reactor_source *source, uint32_t events)
{
	struct reactor_signals *signals = (struct reactor_signals *)source;
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		signals->caught(signals, (int)info.ssi_signo);
}

int reactor_signals_open(struct reactor *reactor, struct reactor_signals *signals, const sigset_t *set)
{
	int ret;

	ensure(signals->caught);
	signals->source.ready = signals_ready;
	signals->source.fd = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->source.fd < 0)
		return -errno;
	ret = reactor_add(reactor, &signals->source, EPOLLIN);
	if (ret < 0)
		close(signals->source.fd);
	return ret;
}

void reactor_signals_close(struct reactor *reactor, struct reactor_signals *signals)
{
	reactor_remove(reactor, &signals->source);
	close(signals->source.fd);
}

int reactor_step(struct reactor *reactor, int timeout_ms)
{
	struct epoll_event event;
	struct reactor_source *source;
	int count = epoll_wait(reactor->epoll_fd, &event, 1, timeout_ms);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	if (count == 0)
		return 0;
	source = event.data.ptr;
	source->ready(source, event.events);
	return 1;
}

int reactor_run(struct reactor *reactor)
{
	int ret = 0;

	while (!reactor->stopping && ret >= 0)
		ret = reactor_step(reactor, -1);
	return ret < 0 ? ret : 0;
}

void reactor_stop(struct reactor *reactor)
{
	reactor->stopping = true;
}

uint64_t reactor_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
