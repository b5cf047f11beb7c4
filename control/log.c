/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One record is one line, whatever bytes it holds, and is shorter than PIPE_BUF, so that a pipe takes it
 * whole or not at all. Called by the whole of control; signal handlers and workers never come here.
 */
#include "control/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int log_init(struct log *log, int fd, enum config_log_level level)
{
	*log = (struct log){.level = level, .fd = fd};
	log->lines = calloc(LOG_LINES, sizeof(log->lines[0]));
	return log->lines ? 0 : -ENOMEM;
}

void log_fini(struct log *log)
{
	free(log->lines);
	log->lines = NULL;
}

uint64_t log_wall_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void log_format_time(uint64_t wall_ms, char *buf, size_t size)
{
	time_t seconds = (time_t)(wall_ms / 1000);
	char date[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(buf, size, "%s.%03uZ", date, (unsigned)(wall_ms % 1000));
}

const char *log_level_name(unsigned level)
{
	static const char *const names[] = {"error", "warning", "info", "debug", "trace"};

	return names[level];
}

/*
 * A pipe or terminal that is full would block us. poll() says whether PIPE_BUF bytes fit, and a line is
 * shorter, so what is written here never waits.
 */
static void log_write(struct log *log, const struct log_entry *entry)
{
	struct pollfd ready = {.fd = log->fd, .events = POLLOUT};
	char line[LOG_TEXT_MAX + 128];
	char when[32];
	char lost[48] = "";
	int len;

	if (log->fd < 0)
		return;
	if (poll(&ready, 1, 0) != 1 || !(ready.revents & POLLOUT)) {
		log->lost++;
		return;
	}
	if (log->lost > 0)
		snprintf(lost, sizeof(lost), " [%llu lines lost before this]", (unsigned long long)log->lost);
	log_format_time(entry->wall_ms, when, sizeof(when));
	len = snprintf(
		line, sizeof(line), "%s %s: %s%s\n", when, log_level_name(entry->level), entry->text, lost);
	if (write(log->fd, line, (size_t)len) == (ssize_t)len)
		log->lost = 0;
	else
		log->lost++;
}

static struct log_entry *log_next(struct log *log, unsigned level)
{
	struct log_entry *entry = &log->lines[log->written++ % LOG_LINES];

	entry->wall_ms = log_wall_ms();
	entry->level = (uint8_t)level;
	return entry;
}

void log_line(struct log *log, enum config_log_level level, const char *format, ...)
{
	struct log_entry *entry;
	va_list args;

	if (level > log->level || !log->lines)
		return;
	entry = log_next(log, level);
	va_start(args, format);
	vsnprintf(entry->text, sizeof(entry->text), format, args);
	va_end(args);
	/* One record, one line: text that came from elsewhere must not make two. */
	for (char *p = entry->text; *p != '\0'; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	log_write(log, entry);
}

void log_trace(struct log *log, const char *text, size_t len)
{
	struct log_entry *entry = log_next(log, LOG_TRACE);

	snprintf(entry->text, sizeof(entry->text), "%.*s", (int)len, text);
	log_write(log, entry);
}

uint64_t log_count(const struct log *log)
{
	return log->written < LOG_LINES ? log->written : LOG_LINES;
}

const struct log_entry *log_at(const struct log *log, uint64_t i)
{
	uint64_t count = log_count(log);

	return i < count ? &log->lines[(log->written - count + i) % LOG_LINES] : NULL;
}
