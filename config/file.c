/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The only place where configuration meets the disk: reading a whole file, and replacing one so that a crash
 * at any moment leaves either the old or the new one.
 */
#include "config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

/* Reads to the end rather than by the size that stat tells, which is 0 for a pipe. */
static int read_all(FILE *in, char **ret_bytes, size_t *ret_len)
{
	size_t len = 0, capacity = 1 << 16;
	char *bytes = NULL;

	for (;;) {
		char *grown = len == 0 || len == capacity ? realloc(bytes, capacity *= 2) : bytes;
		if (!grown) {
			free(bytes);
			return -ENOMEM;
		}
		bytes = grown;
		len += fread(bytes + len, 1, capacity - len, in);
		if (len > CONFIG_FILE_MAX_BYTES || ferror(in)) {
			free(bytes);
			return ferror(in) ? -EIO : -EFBIG;
		}
		if (feof(in))
			break;
	}
	*ret_bytes = bytes;
	*ret_len = len;
	return 0;
}

static int read_file(const char *path, char **ret_bytes, size_t *ret_len)
{
	struct stat status;
	FILE *in;
	int rc;

	if (stat(path, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	in = fopen(path, "re");
	if (!in)
		return -errno;
	rc = read_all(in, ret_bytes, ret_len);
	fclose(in);
	return rc;
}

int config_load_file(const char *path, struct config_report *report, struct config **ret_config)
{
	char *bytes = NULL;
	size_t len = 0;
	int rc = read_file(path, &bytes, &len);

	if (rc == -EFBIG)
		config_report_error(report, 0, "", "has more than %u MB; no configuration is so long",
			CONFIG_FILE_MAX_BYTES >> 20);
	else if (rc)
		config_report_error(report, 0, "",
			"cannot be read: %s; name a file that exists and that you may read", strerror(-rc));
	if (rc)
		return rc;
	rc = config_load_text(span_of(bytes, len), report, ret_config);
	free(bytes);
	return rc;
}

int config_check_file(const char *path, FILE *out)
{
	struct config_report report;
	struct config *config = NULL;
	int rc;

	config_report_init(&report, path);
	rc = config_load_file(path, &report, &config);
	config_report_print(&report, out);
	if (rc == -ENOMEM)
		fprintf(out, "%s: memory is short\n", path);
	else if (rc)
		fprintf(out, "%s: %u error%s, %u warning%s\n", path, report.error_count,
			report.error_count == 1 ? "" : "s", report.warning_count,
			report.warning_count == 1 ? "" : "s");
	else
		fprintf(out, "%s: fine, %u warning%s\n", path, report.warning_count,
			report.warning_count == 1 ? "" : "s");
	config_destroy(config);
	config_report_fini(&report);
	return rc ? 1 : 0;
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

static int write_and_sync(const struct config *config, int fd)
{
	FILE *out = fdopen(fd, "w");
	int rc;

	if (!out) {
		rc = -errno;
		close(fd);
		return rc;
	}
	rc = config_save(config, out);
	if (!rc && fsync(fd))
		rc = -errno;
	if (fclose(out) && !rc)
		rc = -errno;
	return rc;
}

int config_save_file(const struct config *config, const char *path)
{
	char beside[PATH_BYTES_MAX];
	struct stat old;
	int fd, rc;

	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >= (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fchmod(fd, stat(path, &old) ? 0640 : old.st_mode & 0777)) {
		rc = -errno;
		close(fd);
	} else {
		rc = write_and_sync(config, fd);
	}
	if (!rc && rename(beside, path))
		rc = -errno;
	if (rc) {
		unlink(beside);
		return rc;
	}
	return sync_folder(path);
}
