/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two lists under one lock: jobs to do and jobs done. The lock is held for pointer work alone. An eventfd
 * tells the control thread; a condition tells the compile thread.
 */
#include "control/compile.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

/* A compilation takes seconds; the loop's ticks and the workers may have to share its core. */
enum { COMPILE_NICER = 10 /* than the daemon itself; Linux stops at 19 */ };

struct queue {
	struct compile_job *first, *last;
};

struct compiler {
	struct reactor_source source; /* the eventfd */
	struct reactor *reactor;
	pthread_t thread;
	pthread_mutex_t lock; /* guards all below */
	pthread_cond_t more;
	struct queue waiting, done;
	const struct compile_job *running;
	bool ending;
};

static void queue_put(struct queue *queue, struct compile_job *job)
{
	job->next = NULL;
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
}

static struct compile_job *queue_take(struct queue *queue)
{
	struct compile_job *job = queue->first;

	if (!job)
		return NULL;
	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	return job;
}

/* The next job, or NULL when the compiler ends. */
static struct compile_job *wait_for_job(struct compiler *compiler)
{
	struct compile_job *job = NULL;

	pthread_mutex_lock(&compiler->lock);
	while (!compiler->ending && !compiler->waiting.first)
		pthread_cond_wait(&compiler->more, &compiler->lock);
	if (!compiler->ending)
		job = queue_take(&compiler->waiting);
	compiler->running = job;
	pthread_mutex_unlock(&compiler->lock);
	return job;
}

static void *compile_main(void *arg)
{
	struct compiler *compiler = arg;
	struct compile_job *job;
	const uint64_t one = 1;

	/* To Linux a thread is a process here. If it fails, jobs only disturb others more. */
	(void)setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + COMPILE_NICER);
	while ((job = wait_for_job(compiler)) != NULL) {
		job->run(job);
		pthread_mutex_lock(&compiler->lock);
		queue_put(&compiler->done, job);
		compiler->running = NULL;
		pthread_mutex_unlock(&compiler->lock);
		/* An eventfd takes any number of ones: this cannot fail for want of room. */
		while (write(compiler->source.fd, &one, sizeof(one)) < 0 && errno == EINTR)
			;
	}
	return NULL;
}

static void call_done(struct compiler *compiler)
{
	struct compile_job *job;

	do {
		pthread_mutex_lock(&compiler->lock);
		job = queue_take(&compiler->done);
		pthread_mutex_unlock(&compiler->lock);
		if (job)
			job->done(job);
	} while (job);
}

static void compiler_ready(struct reactor_source *source, uint32_t events)
{
	struct compiler *compiler = (struct compiler *)source;
	uint64_t count;

	(void)events;
	if (read(source->fd, &count, sizeof(count)) == (ssize_t)sizeof(count))
		call_done(compiler);
}

int compiler_create(struct reactor *reactor, const char *name, struct compiler **ret_compiler)
{
	struct compiler *compiler = calloc(1, sizeof(*compiler));
	int ret;

	if (!compiler)
		return -ENOMEM;
	compiler->reactor = reactor;
	compiler->source.ready = compiler_ready;
	pthread_mutex_init(&compiler->lock, NULL);
	pthread_cond_init(&compiler->more, NULL);
	compiler->source.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ret = compiler->source.fd < 0 ? -errno : reactor_add(reactor, &compiler->source, EPOLLIN);
	if (ret < 0)
		goto close_eventfd;
	ret = -pthread_create(&compiler->thread, NULL, compile_main, compiler);
	if (ret < 0)
		goto leave_loop;
	pthread_setname_np(compiler->thread, name);
	*ret_compiler = compiler;
	return 0;
leave_loop:
	reactor_remove(reactor, &compiler->source);
close_eventfd:
	if (compiler->source.fd >= 0)
		close(compiler->source.fd);
	free(compiler);
	return ret;
}

bool compiler_leave(struct compiler *compiler)
{
	bool left;

	pthread_mutex_lock(&compiler->lock);
	compiler->ending = true;
	left = compiler->running && compiler->running->leave;
	pthread_cond_signal(&compiler->more);
	pthread_mutex_unlock(&compiler->lock);
	return left;
}

void compiler_destroy(struct compiler *compiler)
{
	struct compile_job *job;

	if (!compiler)
		return;
	compiler_leave(compiler);
	pthread_join(compiler->thread, NULL);
	call_done(compiler);
	while ((job = queue_take(&compiler->waiting)) != NULL)
		job->done(job);
	reactor_remove(compiler->reactor, &compiler->source);
	close(compiler->source.fd);
	pthread_mutex_destroy(&compiler->lock);
	pthread_cond_destroy(&compiler->more);
	free(compiler);
}

void compiler_submit(struct compiler *compiler, struct compile_job *job)
{
	pthread_mutex_lock(&compiler->lock);
	queue_put(&compiler->waiting, job);
	pthread_cond_signal(&compiler->more);
	pthread_mutex_unlock(&compiler->lock);
}
