/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to measure with, read from files of the source tree. */
#ifndef BENCH_MESSAGES_H
#define BENCH_MESSAGES_H

#include "base/span.h"

#define MESSAGE_MAX 8192

/*
 * Reads one message, by its path below the source tree's root, into memory that lives as long as the
 * process. Ends the process when it cannot.
 */
struct span message_read(const char *path);

#endif
