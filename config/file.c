/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A configuration in a file: loading it, checking it for an operator, saving it.
 */
#include "config/load.h"

#include "config/disk.h"

#include <errno.h>
#include <stdlib.h>

int config_load_file(const char *path, struct config_report *report, struct config **ret_config)
{
	char complaint[CONFIG_FINDING_TEXT_MAX];
	struct disk_file file;
	int rc = disk_read(path, CONFIG_FILE_MAX_BYTES, &file);

	if (rc == -EFBIG)
		config_report_error(report, 0, "", "has more than %u MB; no configuration is so long",
			CONFIG_FILE_MAX_BYTES >> 20);
	else if (rc)
		config_report_error(report, 0, "", "%s", disk_complaint(rc, complaint, sizeof(complaint)));
	if (rc)
		return rc;
	rc = config_load_text(span_of(file.bytes, file.len), report, ret_config);
	free(file.bytes);
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

static int write_config(FILE *out, const void *config)
{
	return config_save(config, out);
}

int config_save_file(const struct config *config, const char *path)
{
	return disk_replace(path, 0640, write_config, config);
}
