/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Called before the clock starts, so it may take memory and end the process as it likes. */
#include "messages.h"

#include <err.h>
#include <stdio.h>
#include <stdlib.h>

struct span message_read(const char *path)
{
	char full[512];
	char *bytes = malloc(MESSAGE_MAX);
	size_t len;
	FILE *file;

	snprintf(full, sizeof(full), "%s/%s", SOURCE_ROOT, path);
	file = fopen(full, "rb");
	if (file == NULL || bytes == NULL)
		err(1, "%s", full);
	len = fread(bytes, 1, MESSAGE_MAX, file);
	if (len == 0 || len == MESSAGE_MAX)
		errx(1, "%s: %zu bytes, want 1 to %d", full, len, MESSAGE_MAX - 1);
	fclose(file);
	return span_of(bytes, len);
}
