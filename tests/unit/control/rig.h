/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The whole daemon in this process, on a device that goes nowhere, operated by sluicectl in this process too.
 * One daemon serves all tests of a program: DPDK starts once a process. Tests take back what they change.
 */
#ifndef TEST_CONTROL_RIG_H
#define TEST_CONTROL_RIG_H

#include "control/cli/cli.h"
#include "control/daemon.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct world {
	char folder[32];
	char path[64];
	char socket[64];
	char lock[64];
	char keys[64];
	struct daemon *daemon;
	pthread_t thread;
	char *out, *err; /* of the last command */
	enum cli_exit code;
};

extern struct world world;
/* The configuration it starts with, for the caller to change and free. */
char *config_text_of_start(void);
/* Into the daemon's file, for its next reload. */
void write_config(const char *text);
void write_config_of_start(void);

/* For the group of tests. */
int rig_start(void **state);
int rig_stop(void **state);

/* Runs sluicectl with these arguments, given on one line; `in` is what it reads from a pipe. */
void ctl_with(const char *line, const char *in);
void ctl(const char *line);
/* The same, and it must succeed. */
void expect_done(const char *line);
/* Asks again until the answer has the text; fails after ten seconds. */
void expect_soon(const char *line, const char *text);

#endif
