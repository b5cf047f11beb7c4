/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that does what takes longer than the control thread may be away. A job's run() sees only what the
 * job holds; its done() is called on the control thread, in order.
 */
#ifndef CONTROL_COMPILE_H
#define CONTROL_COMPILE_H

#include "base/ensure.h"
#include "control/reactor.h"

struct compile_job {
	void (*run)(struct compile_job *job);  /* on the compile thread */
	void (*done)(struct compile_job *job); /* on the control thread; may free the job */
	bool leave; /* does nothing but compute: the end of the process need not wait for it */
	struct compile_job *next;
};

struct compiler;

/* The thread has that name for whoever looks at the process; at most 15 bytes. */
must_use int compiler_create(struct reactor *reactor, const char *name, struct compiler **ret_compiler);
/* Waits for the job under way; jobs not begun are not run. done() is called for all. NULL is fine. */
void compiler_destroy(struct compiler *compiler);
/*
 * For the end of the process: lets no further job begin. True when one runs that may be left behind; then all
 * it can reach must stay until the process ends, and the compiler with it.
 */
bool compiler_leave(struct compiler *compiler);

/* The job belongs to the compiler until done(). */
void compiler_submit(struct compiler *compiler, struct compile_job *job);

#endif
