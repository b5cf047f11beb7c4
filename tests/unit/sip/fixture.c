/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixture.h"

#include "base/ensure.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void fixture_read(const char *path, struct fixture *ret_fixture)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char full[512];
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", FIXTURE_DIR, path);
	file = fopen(full, "rb");
	ensure(file != NULL);
	ret_fixture->len = fread(ret_fixture->bytes, 1, sizeof(ret_fixture->bytes), file);
	ensure(ret_fixture->len > 0 && ret_fixture->len < sizeof(ret_fixture->bytes));
	fclose(file);
	snprintf(ret_fixture->name, sizeof(ret_fixture->name), "%.*s", (int)strcspn(name, "."), name);
}

static int is_message(const struct dirent *entry)
{
	return strstr(entry->d_name, ".dat") != NULL;
}

void fixture_each(void (*visit)(const struct fixture *fixture, void *data), void *data)
{
	struct fixture *fixture = malloc(sizeof(*fixture));
	struct dirent **entries;
	int count = scandir(FIXTURE_DIR "/rfc4475", &entries, is_message, alphasort);

	ensure(fixture != NULL && count > 0);
	for (int i = 0; i < count; i++) {
		char path[512];

		snprintf(path, sizeof(path), "rfc4475/%s", entries[i]->d_name);
		fixture_read(path, fixture);
		visit(fixture, data);
		free(entries[i]);
	}
	free(entries);
	fixture_read("subscribe-partitioned.sip", fixture);
	visit(fixture, data);
	free(fixture);
}

void guard_init(struct guard *guard)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	guard->map_len = FIXTURE_MAX + 2 * page;
	guard->map = mmap(NULL, guard->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ensure(guard->map != MAP_FAILED);
	guard->floor = guard->map + page;
	guard->wall = guard->floor + FIXTURE_MAX;
	ensure(mprotect(guard->map, page, PROT_NONE) == 0);
	ensure(mprotect(guard->wall, page, PROT_NONE) == 0);
}

void guard_fini(struct guard *guard)
{
	munmap(guard->map, guard->map_len);
}

struct span guard_put(const struct guard *guard, struct span bytes)
{
	char *begin = guard->wall - bytes.len;

	ensure(bytes.len <= FIXTURE_MAX);
	memcpy(begin, bytes.p, bytes.len);
	return span_of(begin, bytes.len);
}

struct span guard_put_low(const struct guard *guard, struct span bytes)
{
	ensure(bytes.len <= FIXTURE_MAX);
	memcpy(guard->floor, bytes.p, bytes.len);
	return span_of(guard->floor, bytes.len);
}
