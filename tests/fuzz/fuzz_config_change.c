/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any lines as live changes, "add|set|del LIST KEY=VALUE|KEY=VALUE...": a line is refused with a reason and
 * changes nothing, or leaves a model that can be saved and loaded again.
 */
#include "config/entry.h"
#include "config/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char base[] =
	"ports: [{name: lan, device: net_ring0, addresses: [10.99.0.1/24, \"fd99::1/64\"]}]\n"
	"listeners: [{name: udp, address: 10.99.0.1}]\n"
	"nodes: [{name: a, address: 10.99.0.11}, {name: b, address: 10.99.0.12}]\n"
	"routes: [{match_uri: a.com, next_hop: a}, {match_uri: a.com, next_hop: b}]\n"
	"acl: [all]\n"
	"domains: [a.com]\n";

enum { PAIRS_MAX = 8, LINES_MAX = 12 };

static struct span cut(struct span *rest, char at)
{
	const char *end = memchr(rest->p, at, rest->len);
	struct span head = end ? span_from(rest->p, end) : *rest;

	*rest = end ? span_from(end + 1, span_end(*rest)) : span_of(span_end(*rest), 0);
	return head;
}

static size_t read_pairs(struct span rest, struct config_pair pairs[static PAIRS_MAX])
{
	size_t count = 0;

	while (rest.len > 0 && count < PAIRS_MAX) {
		struct span pair = cut(&rest, '|');
		pairs[count].key = cut(&pair, '=');
		pairs[count++].value = pair;
	}
	return count;
}

static void expect_loadable(const struct config *config)
{
	struct config_report report;
	struct config *again;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ensure(out && config_save(config, out) == 0);
	fclose(out);
	config_report_init(&report, NULL);
	ensure(config_load_text(span_of(text, len), &report, &again) == 0);
	config_destroy(again);
	config_report_fini(&report);
	free(text);
}

static void run_line(struct config *config, struct span line)
{
	struct config_pair pairs[PAIRS_MAX];
	struct config_report report;
	struct span verb = cut(&line, ' '), where = cut(&line, ' ');
	struct config_pairs all = {pairs, read_pairs(line, pairs)};
	enum config_list_id list;
	int rc = -ENOENT;

	config_report_init(&report, NULL);
	if (config_list_parse(where, &list)) {
		rc = config_section_edit(config, where, all, &report);
	} else if (span_eq_str(verb, "add")) {
		rc = config_entry_add(config, list, all, &report, NULL);
	} else if (span_eq_str(verb, "set")) {
		rc = config_entry_edit(config, list, all, &report, NULL);
	} else {
		rc = config_entry_delete(config, list, all, &report, NULL);
	}
	ensure((rc == 0) == (report.error_count == 0));
	config_report_fini(&report);
	if (rc == 0)
		expect_loadable(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span rest = span_of((const char *)data, size);
	struct config_report report;
	struct config *config;

	config_report_init(&report, NULL);
	ensure(config_load_text(span_str(base), &report, &config) == 0);
	config_report_fini(&report);
	for (int i = 0; i < LINES_MAX && rest.len > 0; i++)
		run_line(config, cut(&rest, '\n'));
	config_destroy(config);
	return 0;
}
