/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The claim is a lock on a file beside the socket. It is taken before the first device is opened: a device
 * like TAP lets a second process in, which on its way out takes the link and its addresses from the first.
 * The socket itself cannot be that guard, because it comes last, when everything behind it runs.
 *
 * The file stays when the claim ends. If it went, a process that had opened it before would hold a lock that
 * nobody else can see.
 */
#include "control/claim.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The socket's own folder is made when it is missing, as /run is empty after a start of the machine. */
static void make_folder(const char *path)
{
	char *folder = strdup(path);
	char *slash = folder ? strrchr(folder, '/') : NULL;

	if (slash && slash != folder) {
		*slash = '\0';
		/* If that fails, so does open(), which has the words for it. */
		(void)mkdir(folder, 0755);
	}
	free(folder);
}

static int lock_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int ret;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	ret = errno == EWOULDBLOCK ? -EADDRINUSE : -errno;
	close(fd);
	return ret;
}

int claim_take(const char *socket_path, char *error, size_t error_size, int *ret_fd)
{
	char *path = NULL;
	int fd;

	snprintf(error, error_size, "memory is short");
	if (asprintf(&path, "%s.lock", socket_path) < 0)
		return -ENOMEM;
	make_folder(path);
	fd = lock_file(path);
	if (fd == -EADDRINUSE)
		snprintf(error, error_size,
			"another instance has %s; stop it, or set control.socket to another path",
			socket_path);
	else if (fd < 0)
		snprintf(error, error_size, "%s: %s; does its directory exist, and may we write there?", path,
			strerror(-fd));
	free(path);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return 0;
}

void claim_drop(int fd)
{
	close(fd);
}
