/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Called for the configuration and for the key file, at the start by the control thread and later by the
 * compile thread. A file is opened without waiting and looked at before it is read: opening a pipe would wait
 * for a writer who may never come.
 */
#include "config/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

/* Reads to the end rather than by the size that stat tells, which is 0 for a file of the kernel's. */
static int read_all(FILE *in, size_t max_bytes, struct disk_file *file)
{
	size_t capacity = 1 << 16;

	for (;;) {
		bool full = file->len == 0 || file->len == capacity;
		char *grown = full ? realloc(file->bytes, capacity *= 2) : file->bytes;
		if (!grown)
			return -ENOMEM;
		file->bytes = grown;
		file->len += fread(file->bytes + file->len, 1, capacity - file->len, in);
		if (ferror(in))
			return -EIO;
		if (file->len > max_bytes)
			return -EFBIG;
		if (feof(in))
			return 0;
	}
}

static int look_at(int fd, struct stat *ret_status)
{
	if (fstat(fd, ret_status) != 0)
		return -errno;
	if (S_ISDIR(ret_status->st_mode))
		return -EISDIR;
	return S_ISREG(ret_status->st_mode) ? 0 : -ESPIPE;
}

int disk_read(const char *path, size_t max_bytes, struct disk_file *ret_file)
{
	struct disk_file file = {0};
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	FILE *in = NULL;
	int ret;

	if (fd < 0)
		return errno == ENXIO ? -ESPIPE : -errno; /* a socket, or a device without its driver */
	ret = look_at(fd, &file.status);
	if (ret == 0) {
		in = fdopen(fd, "r");
		ret = in ? read_all(in, max_bytes, &file) : -errno;
	}
	if (in)
		fclose(in);
	else
		close(fd);
	if (ret < 0)
		free(file.bytes);
	else
		*ret_file = file;
	return ret;
}

const char *disk_complaint(int error, char *buf, size_t size)
{
	if (error == -ESPIPE)
		snprintf(buf, size, "is a pipe, a socket or a device; name a file on a disk");
	else if (error == -EFBIG)
		snprintf(buf, size, "is far too long for what it should be; name the right file");
	else
		snprintf(buf, size, "cannot be read: %s; name a file that exists and that you may read",
			strerror(-error));
	return buf;
}

/* The rename is on the disk only once the folder is. */
static int sync_folder(const char *path)
{
	char folder[PATH_BYTES_MAX];
	char *slash;
	int fd, rc;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	rc = fsync(fd) ? -errno : 0;
	close(fd);
	return rc;
}

static int write_and_sync(int fd, disk_writer writer, const void *what)
{
	FILE *out = fdopen(fd, "w");
	int rc;

	if (!out) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = writer(out, what);
	if (!rc && (fflush(out) || fsync(fd)))
		rc = -errno;
	if (fclose(out) && !rc)
		rc = -errno;
	return rc;
}

int disk_replace(const char *path, mode_t mode_if_new, disk_writer writer, const void *what)
{
	char beside[PATH_BYTES_MAX];
	struct stat old;
	int fd, rc;

	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, stat(path, &old) ? mode_if_new : old.st_mode & 0777)) {
		rc = -errno;
		close(fd);
	} else {
		rc = write_and_sync(fd, writer, what);
	}
	if (!rc && rename(beside, path))
		rc = -errno;
	if (rc) {
		unlink(beside);
		return rc;
	}
	return sync_folder(path);
}
