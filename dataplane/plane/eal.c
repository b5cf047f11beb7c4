/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Builds the EAL's command line. Control's thread becomes the only EAL core and floats over all CPUs the
 * process may use; where huge pages are too few the EAL would give up, so that is looked at before.
 */
#include "plane/eal.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	ARGUMENTS_MAX = 32,
	TEXT_MAX = 4096,
	MEMORY_MB_DEFAULT = 512,
};

struct command_line {
	char text[TEXT_MAX];
	size_t used;
	char *argv[ARGUMENTS_MAX];
	int argc;
};

static void add(struct command_line *line, const char *word)
{
	size_t size = strlen(word) + 1;

	ensure(line->argc < ARGUMENTS_MAX && line->used + size <= sizeof(line->text));
	memcpy(line->text + line->used, word, size);
	line->argv[line->argc++] = line->text + line->used;
	line->used += size;
}

/* Free huge pages of one size, from a directory name such as "hugepages-2048kB". */
static uint64_t free_kb(const char *directory)
{
	char path[512];
	unsigned long page_kb;
	unsigned long count = 0;

	if (sscanf(directory, "hugepages-%lukB", &page_kb) != 1)
		return 0;
	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/%s/free_hugepages", directory);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	if (fscanf(file, "%lu", &count) != 1)
		count = 0;
	fclose(file);
	return (uint64_t)count * page_kb;
}

static uint64_t huge_free_mb(void)
{
	uint64_t total_kb = 0;
	DIR *directory = opendir("/sys/kernel/mm/hugepages");

	if (!directory)
		return 0;
	for (const struct dirent *entry = readdir(directory); entry; entry = readdir(directory))
		total_kb += free_kb(entry->d_name);
	closedir(directory);
	return total_kb / 1024;
}

/* "0@(0,1,5)": EAL core 0 may run on any of these CPUs. */
static void add_cores(struct command_line *line)
{
	char text[TEXT_MAX / 2] = "0@(";
	size_t len = strlen(text);
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE && len < sizeof(text) - 8; cpu++) {
		if (CPU_ISSET(cpu, &set))
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%u,", cpu);
	}
	text[len - 1] = ')';
	add(line, "--lcores");
	add(line, text);
}

/* "0000:3b:00.0" and "3b:00.0"; everything else is a vdev, which port.c makes. */
static bool is_pci(const char *device)
{
	unsigned a, b, c, d;
	int end = 0;

	if (sscanf(device, "%4x:%2x:%2x.%1x%n", &a, &b, &c, &d, &end) == 4 && end > 0)
		return device[end] == '\0' || device[end] == ',';
	if (sscanf(device, "%2x:%2x.%1x%n", &a, &b, &c, &end) == 3 && end > 0)
		return device[end] == '\0' || device[end] == ',';
	return false;
}

static void add_devices(struct command_line *line, const struct eal_config *config)
{
	bool any = false;

	for (unsigned i = 0; i < config->device_count; i++) {
		if (!is_pci(config->devices[i]))
			continue;
		any = true;
		add(line, "-a");
		add(line, config->devices[i]);
	}
	if (!any)
		add(line, "--no-pci");
}

static void add_memory(struct command_line *line, const struct eal_config *config, bool huge_pages)
{
	char text[32];

	if (huge_pages) {
		add(line, "--in-memory");
		return;
	}
	/* --in-memory cannot stand beside --no-huge; without shared files the prefix only names nothing. */
	add(line, "--no-huge");
	add(line, "--no-shconf");
	add(line, "-m");
	snprintf(text, sizeof(text), "%u", config->memory_mb ? config->memory_mb : MEMORY_MB_DEFAULT);
	add(line, text);
	snprintf(text, sizeof(text), "--file-prefix=sluice%d", (int)getpid());
	add(line, text);
}

/*
 * The TAP driver's signals are the workers' (loop.c). Blocked here they are blocked in the EAL's own threads
 * and in all that control starts later; while nobody takes one it waits for the first worker.
 */
static void leave_driver_signals_to_workers(void)
{
	sigset_t driver;

	sigemptyset(&driver);
	for (int number = SIGRTMIN; number <= SIGRTMAX; number++)
		sigaddset(&driver, number);
	pthread_sigmask(SIG_BLOCK, &driver, NULL);
}

int eal_boot(
	const struct eal_config *config, struct eal_facts *ret_facts, char ret_error[static EAL_ERROR_MAX])
{
	struct command_line line = {.argc = 0};
	uint32_t wanted_mb = config->memory_mb ? config->memory_mb : MEMORY_MB_DEFAULT;
	bool huge_pages = config->huge_pages && huge_free_mb() >= wanted_mb;
	char level[32];

	add(&line, config->program);
	add(&line, "--no-telemetry");
	snprintf(level, sizeof(level), "--log-level=%s", config->log_level);
	add(&line, level);
	add_cores(&line);
	add_memory(&line, config, huge_pages);
	add_devices(&line, config);
	leave_driver_signals_to_workers();
	if (rte_eal_init(line.argc, line.argv) < 0) {
		snprintf(ret_error, EAL_ERROR_MAX, "DPDK does not start: %s; its own messages stand above",
			rte_strerror(rte_errno));
		return rte_errno > 0 ? -rte_errno : -EIO;
	}
	ret_facts->huge_pages = huge_pages;
	return 0;
}

void eal_shutdown(void)
{
	rte_eal_cleanup();
}
