/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place where text and disk meet: reading a whole file, and replacing one so that a crash at any
 * moment leaves either the old or the new one. May block as long as the disk does.
 */
#ifndef CONFIG_DISK_H
#define CONFIG_DISK_H

#include "base/ensure.h"

#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>

struct disk_file {
	char *bytes; /* owner: the caller; no NUL behind them */
	size_t len;
	struct stat status;
};

/*
 * 0; -errno of the file; -EISDIR; -ESPIPE: a pipe, a socket or a device, which could keep a reader waiting;
 * -EFBIG: longer than max_bytes; -EIO; -ENOMEM. On failure *ret_file is untouched.
 */
must_use int disk_read(const char *path, size_t max_bytes, struct disk_file *ret_file);

/* The rest of the sentence "FILE ...": what is wrong with it, and what would be right. */
const char *disk_complaint(int error, char *buf, size_t size);

/* Writes the contents; 0 or -errno. */
typedef int (*disk_writer)(FILE *out, const void *what);

/*
 * Writes beside the file, syncs, renames. The new file has the old one's permission bits, or mode_if_new.
 * 0 or -errno, with the old file as it was.
 */
must_use int disk_replace(const char *path, mode_t mode_if_new, disk_writer writer, const void *what);

#endif
