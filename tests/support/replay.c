/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs a fuzz harness without a fuzzer: each file of the named folders as it is, cut short at many places,
 * and with bytes changed by a seeded generator. A failure prints what to repeat; the same arguments repeat
 * it.
 */
#include "base/ensure.h"
#include "base/rng.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { FILE_MAX = 65536, CUTS = 64, CHANGES = 300 };

/* From the heap and exactly as long as it is, so that the address sanitizer sees a read beyond it. */
static void run_exact(const uint8_t *bytes, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	ensure(exact != NULL);
	memcpy(exact, bytes, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static void change_bytes(struct rng *rng, uint8_t *bytes, size_t len)
{
	uint32_t count = 1 + rng_below(rng, 6);

	for (uint32_t i = 0; i < count; i++) {
		static const uint8_t telling[] = {0, 1, 0x7f, 0x80, 0xff, 8, 44, 60};
		uint8_t *at = &bytes[rng_below(rng, (uint32_t)len)];
		uint32_t how = rng_below(rng, 3);

		if (how == 0)
			*at ^= (uint8_t)(1U << rng_below(rng, 8));
		else if (how == 1)
			*at = telling[rng_below(rng, sizeof(telling))];
		else
			*at = (uint8_t)rng_u64(rng);
	}
}

static void replay_file(const char *path)
{
	static uint8_t original[FILE_MAX];
	static uint8_t changed[FILE_MAX];
	FILE *file = fopen(path, "rb");
	struct rng rng;
	size_t len;

	ensure(file != NULL);
	len = fread(original, 1, sizeof(original), file);
	fclose(file);
	run_exact(original, len);
	for (uint32_t i = 0; i < CUTS; i++)
		run_exact(original, len * i / CUTS);
	for (uint64_t seed = 0; seed < CHANGES && len > 0; seed++) {
		rng_init(&rng, seed);
		memcpy(changed, original, len);
		change_bytes(&rng, changed, len);
		run_exact(changed, len);
	}
}

static int replay_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[4096];
	int files = 0;

	if (!dir)
		return 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		fprintf(stderr, "%s\n", path);
		replay_file(path);
		files++;
	}
	closedir(dir);
	return files;
}

int main(int argc, char **argv)
{
	int files = 0;

	for (int i = 1; i < argc; i++)
		files += replay_folder(argv[i]);
	printf("%d files replayed\n", files);
	/* An empty corpus proves nothing. */
	return files > 0 ? 0 : 1;
}
