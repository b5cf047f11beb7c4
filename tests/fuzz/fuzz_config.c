/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes as a configuration file: refused with a reason, or a model that saves to a text which loads to
 * the same model.
 */
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *save(const struct config *config, size_t *ret_len)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_len);

	ensure(out && config_save(config, out) == 0);
	fclose(out);
	return text;
}

static int refuse_change(const struct config_change *change, void *arg)
{
	(void)change;
	(void)arg;
	ensure(!"what is loaded again differs");
}

static void expect_round_trip(const struct config *config)
{
	struct config_report report;
	struct config *again;
	size_t len, len_again;
	char *text = save(config, &len), *text_again;

	config_report_init(&report, NULL);
	ensure(config_load_text(span_of(text, len), &report, &again) == 0);
	config_diff(config, again, refuse_change, NULL);
	text_again = save(again, &len_again);
	ensure(len == len_again && memcmp(text, text_again, len) == 0);
	config_destroy(again);
	config_report_fini(&report);
	free(text);
	free(text_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config_report report;
	struct config *config = NULL;
	int rc;

	config_report_init(&report, "f");
	rc = config_load_text(span_of((const char *)data, size), &report, &config);
	ensure(rc == 0 || rc == -EINVAL);
	ensure((rc == 0) == (report.error_count == 0));
	if (rc == 0)
		expect_round_trip(config);
	config_destroy(config);
	config_report_fini(&report);
	return 0;
}
