/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What parsing one message costs. The same message over and over trains the branch predictor on it, which is
 * what the first rows show; the last row goes round many unlike messages, as a busy listener does at worst.
 */
#include "measure.h"
#include "messages.h"

#include "base/ensure.h"
#include "sip/msg.h"

#include <stdlib.h>

static struct sip_msg msg;

static void parse_one(void *data, uint64_t iterations)
{
	const struct span *bytes = data;

	for (uint64_t i = 0; i < iterations; i++) {
		ensure(sip_parse(*bytes, true, &msg) == PARSE_OK);
		measure_keep(&msg);
	}
}

static const char *const mixed_paths[] = {
	"bench/messages/rfc3261-invite.sip",
	"tests/fixtures/subscribe-partitioned.sip",
	"tests/fixtures/rfc4475/regescrt.dat",
	"bench/messages/invite-600.sip",
	"tests/fixtures/rfc4475/unreason.dat",
	"tests/fixtures/rfc4475/lwsdisp.dat",
	"bench/messages/invite-1400.sip",
	"tests/fixtures/rfc4475/bcast.dat",
	"tests/fixtures/rfc4475/sdp01.dat",
	"tests/fixtures/rfc4475/semiuri.dat",
	"tests/fixtures/rfc4475/transports.dat",
	"tests/fixtures/rfc4475/noreason.dat",
	"tests/fixtures/rfc4475/esc01.dat",
	"tests/fixtures/rfc4475/cparam02.dat",
	"tests/fixtures/rfc4475/inv2543.dat",
	"tests/fixtures/rfc4475/zeromf.dat",
};

enum { MIXED = sizeof(mixed_paths) / sizeof(mixed_paths[0]) };

static void parse_mixed(void *data, uint64_t iterations)
{
	const struct span *all = data;
	uint64_t order = 1;

	for (uint64_t i = 0; i < iterations; i++) {
		order = order * 6364136223846793005ULL + 1442695040888963407ULL;
		ensure(sip_parse(all[(order >> 33) % MIXED], true, &msg) == PARSE_OK);
		measure_keep(&msg);
	}
}

int main(void)
{
	static const struct {
		const char *name;
		const char *path;
	} messages[] = {
		{"rfc3261-invite", "bench/messages/rfc3261-invite.sip"},
		{"subscribe-partitioned", "tests/fixtures/subscribe-partitioned.sip"},
		{"invite-600", "bench/messages/invite-600.sip"},
		{"invite-1400", "bench/messages/invite-1400.sip"},
	};
	enum { ONE = sizeof(messages) / sizeof(messages[0]) };
	struct measure_row rows[ONE + 1];
	struct span mixed[MIXED];
	size_t total = 0;

	for (size_t i = 0; i < ONE; i++) {
		struct span bytes = message_read(messages[i].path);

		rows[i] = (struct measure_row){.name = messages[i].name, .size = bytes.len};
		measure(parse_one, &bytes, &rows[i]);
	}
	for (size_t i = 0; i < MIXED; i++) {
		mixed[i] = message_read(mixed_paths[i]);
		total += mixed[i].len;
	}
	rows[ONE] = (struct measure_row){.name = "mixed", .size = total / MIXED};
	measure(parse_mixed, mixed, &rows[ONE]);
	measure_print(stdout, &(struct measure_report){"parse", "message", "bytes", rows, ONE + 1});
	return 0;
}
