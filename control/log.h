/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: lines to stderr, the last ones kept for `show log`. Control thread only; other threads
 * bring their lines by a ring or a finished job. A stderr that nobody reads costs lines, never time.
 */
#ifndef CONTROL_LOG_H
#define CONTROL_LOG_H

#include "config/words.h"

#include <stdint.h>
#include <stdio.h>

enum { LOG_LINES = 1024, LOG_TEXT_MAX = 320, LOG_TRACE = CONFIG_LOG_DEBUG + 1 };

struct log_entry {
	uint64_t wall_ms; /* since 1970 */
	uint8_t level;    /* enum config_log_level, or LOG_TRACE */
	char text[LOG_TEXT_MAX];
};

struct log {
	enum config_log_level level;
	int fd;           /* borrowed; -1: nowhere */
	uint64_t written; /* lines ever kept; the last LOG_LINES of them are in `lines` */
	uint64_t lost;    /* lines that fd did not take, since the last one it took */
	struct log_entry *lines;
};

/* 0 or -ENOMEM. */
int log_init(struct log *log, int fd, enum config_log_level level);
void log_fini(struct log *log);

__attribute__((format(printf, 3, 4))) void log_line(
	struct log *log, enum config_log_level level, const char *format, ...);

/* A line that a worker traced: somebody asked for it, so no level holds it back. */
void log_trace(struct log *log, const char *text, size_t len);

/* The i-th of those kept, oldest first; NULL past the last. */
const struct log_entry *log_at(const struct log *log, uint64_t i);
uint64_t log_count(const struct log *log);

const char *log_level_name(unsigned level);
/* "2026-11-21T20:31:38.123Z"; buf has at least 25 bytes. */
void log_format_time(uint64_t wall_ms, char *buf, size_t size);
uint64_t log_wall_ms(void);

#endif
