/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that goes on by real time until a signal ends it. */
#ifndef TESTS_INTEROP_TAPSTACK_PROCESS_H
#define TESTS_INTEROP_TAPSTACK_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

/* From now on SIGTERM and SIGINT only make process_stopping() true, and end a wait. */
void process_stop_on_signals(void);
bool process_stopping(void);

uint64_t process_now_ns(void); /* CLOCK_MONOTONIC */

#endif
