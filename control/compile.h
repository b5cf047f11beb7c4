/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The compile thread: does what takes longer than the control thread may be away. A job's run() sees only
 * what the job holds; its done() is called on the control thread, in order.
 */
#ifndef CONTROL_COMPILE_H
#define CONTROL_COMPILE_H

#include "base/ensure.h"
#include "control/reactor.h"

struct compile_job {
	void (*run)(struct compile_job *job);  /* on the compile thread */
	void (*done)(struct compile_job *job); /* on the control thread; may free the job */
	struct compile_job *next;
};

struct compiler;

must_use int compiler_create(struct reactor *reactor, struct compiler **ret_compiler);
/* Waits for the job under way; jobs not begun are not run. done() is called for all. NULL is fine. */
void compiler_destroy(struct compiler *compiler);

/* The job belongs to the compiler until done(). */
void compiler_submit(struct compiler *compiler, struct compile_job *job);

#endif
