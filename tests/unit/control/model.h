/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Models for tests of control, from text. */
#ifndef TESTS_CONTROL_MODEL_H
#define TESTS_CONTROL_MODEL_H

#include "config/entry.h"
#include "config/load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* The model of a YAML text that is right. */
static inline struct config *model_of(const char *yaml)
{
	struct config_report report;
	struct config *config = NULL;

	config_report_init(&report, "test");
	if (config_load_text(span_str(yaml), &report, &config) < 0) {
		config_report_print(&report, stderr);
		fail();
	}
	config_report_fini(&report);
	return config;
}

#define MODEL_PORT                                                                     \
	"ports:\n  - name: lan\n    device: net_null0\n    addresses: [10.0.0.1/24]\n" \
	"listeners:\n  - name: udp\n    address: 10.0.0.1\n"

#endif
