/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * epoll, timerfd and signalfd. System calls are interrupted often: a TAP device announces frames by a
 * real-time signal, which any thread may get, so EINTR is an ordinary answer everywhere here.
 */
#include "control/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

int loop_init(struct loop *loop)
{
	int fd = epoll_create1(EPOLL_CLOEXEC);

	if (fd < 0)
		return -errno;
	loop->epoll_fd = fd;
	loop->stopping = false;
	return 0;
}

void loop_fini(struct loop *loop)
{
	close(loop->epoll_fd);
	loop->epoll_fd = -1;
}

int loop_add(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	ensure(source->ready);
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void loop_change(struct loop *loop, struct loop_source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};

	ensure(epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event) == 0);
}

void loop_remove(struct loop *loop, struct loop_source *source)
{
	ensure(epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL) == 0);
}

static void timer_ready(struct loop_source *source, uint32_t events)
{
	struct loop_timer *timer = (struct loop_timer *)source;
	uint64_t expirations;

	(void)events;
	/* Nothing to read means that an earlier read took it: the timer has fired once for both. */
	if (read(source->fd, &expirations, sizeof(expirations)) == (ssize_t)sizeof(expirations))
		timer->fire(timer);
}

int loop_timer_open(struct loop *loop, struct loop_timer *timer, uint32_t interval_ms)
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
		ret = loop_add(loop, &timer->source, EPOLLIN);
	if (ret < 0)
		close(timer->source.fd);
	return ret;
}

void loop_timer_close(struct loop *loop, struct loop_timer *timer)
{
	loop_remove(loop, &timer->source);
	close(timer->source.fd);
}

static void signals_ready(struct loop_source *source, uint32_t events)
{
	struct loop_signals *signals = (struct loop_signals *)source;
	struct signalfd_siginfo info;

	(void)events;
	if (read(source->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		signals->caught(signals, (int)info.ssi_signo);
}

int loop_signals_open(struct loop *loop, struct loop_signals *signals, const sigset_t *set)
{
	int ret;

	ensure(signals->caught);
	signals->source.ready = signals_ready;
	signals->source.fd = signalfd(-1, set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals->source.fd < 0)
		return -errno;
	ret = loop_add(loop, &signals->source, EPOLLIN);
	if (ret < 0)
		close(signals->source.fd);
	return ret;
}

void loop_signals_close(struct loop *loop, struct loop_signals *signals)
{
	loop_remove(loop, &signals->source);
	close(signals->source.fd);
}

int loop_step(struct loop *loop, int timeout_ms)
{
	struct epoll_event event;
	struct loop_source *source;
	int count = epoll_wait(loop->epoll_fd, &event, 1, timeout_ms);

	if (count < 0)
		return errno == EINTR ? 0 : -errno;
	if (count == 0)
		return 0;
	source = event.data.ptr;
	source->ready(source, event.events);
	return 1;
}

int loop_run(struct loop *loop)
{
	int ret = 0;

	while (!loop->stopping && ret >= 0)
		ret = loop_step(loop, -1);
	return ret < 0 ? ret : 0;
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
}

uint64_t loop_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
