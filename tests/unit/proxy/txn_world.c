/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One world at a time, like the one below it. */
#include "txn_world.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

struct txn_world txn_world;

static int keep_sent(void *ctx, struct proxy_out *out)
{
	struct sent_message *sent = &txn_world.sent[txn_world.sent_count];

	assert_ptr_equal(ctx, &txn_world);
	if (endpoint_equal(&out->dst, &txn_world.dead))
		return -EHOSTUNREACH;
	assert_true(txn_world.sent_count++ < TXN_WORLD_SENT_MAX && out->len < KEPT_MAX);
	if (out->transport == TRANSPORT_TCP && out->is_request)
		out->conn = txn_world.node_conn;
	sent->out = *out;
	memcpy(sent->text, out->buf, out->len);
	sent->text[out->len] = '\0';
	return 0;
}

static void count_heard(void *ctx, const struct proxy_out *out)
{
	assert_ptr_equal(ctx, &txn_world);
	assert_true(out->node_slot != PROXY_NO_NODE && out->status >= 100);
	txn_world.heard++;
}

int txn_setup(void **state)
{
	const struct proxy_config config = {
		.worker_index = 1,
		.stats = &world.stats,
		.trace = &world.trace,
		.way = {.ctx = &txn_world, .send = keep_sent, .heard = count_heard},
		.transactions = {.transactions_max = TXN_WORLD_TRANSACTIONS,
			.text_counts = {16, 24, 16, 4, 2},
			.key = {1, 2}},
	};

	world_setup(state);
	world.fixture.snap.failover_timeout_ms = 2000;
	memset(&txn_world, 0, sizeof(txn_world));
	txn_world.node_conn = conn_id_make(1, 5, 3);
	return proxy_init(&world.proxy, &config);
}

int txn_teardown(void **state)
{
	proxy_fini(&world.proxy);
	return world_teardown(state);
}

void pass_ms(unsigned ms)
{
	uint64_t end_ns = world.now_ns + ms * 1000000ULL;

	while (world.now_ns < end_ns) {
		uint64_t next_ns = proxy_next_ns(&world.proxy);

		/* A timer fires within a tick of the wheel. */
		next_ns = next_ns < world.now_ns + 200000 ? world.now_ns + 200000 : next_ns;
		world.now_ns = next_ns < end_ns ? next_ns : end_ns;
		proxy_tick(&world.proxy, &world.fixture.snap, world.now_ns);
	}
}

void look_at(const char *text)
{
	size_t len = strlen(text);

	assert_true(len < sizeof(world.text));
	memmove(world.text, text, len + 1);
}

void expect_sent(const char *dst, const char *begin)
{
	const struct sent_message *sent = &txn_world.sent[txn_world.seen_count];

	if (txn_world.seen_count == txn_world.sent_count)
		fail_msg("nothing more was sent; expected %s to %s", begin, dst);
	txn_world.seen_count++;
	look_at(sent->text);
	world.out = sent->out;
	if (strncmp(sent->text, begin, strlen(begin)) != 0)
		fail_msg("expected %s, sent\n%s", begin, sent->text);
	if (dst) {
		struct endpoint wanted = endpoint_of(dst);
		char text[ENDPOINT_TEXT_MAX];

		endpoint_format(&sent->out.dst, text);
		if (!endpoint_equal(&sent->out.dst, &wanted))
			fail_msg("expected to %s, sent to %s:\n%s", dst, text, sent->text);
	}
}

void expect_quiet(void)
{
	if (txn_world.seen_count < txn_world.sent_count)
		fail_msg("sent besides:\n%s", txn_world.sent[txn_world.seen_count].text);
}

unsigned txns_in_use(void)
{
	struct txns_level levels[TXNS_LEVELS_MAX];
	unsigned count = txns_levels(world.proxy.txns, levels);
	unsigned used = 0;

	for (unsigned i = 0; i < count; i++)
		used += (unsigned)levels[i].used;
	return used;
}

void take_from_client(const char *message)
{
	assert_int_equal(give_from_client(message), PROXY_TAKEN);
}

void take_answer(const char *node, const char *status_line)
{
	assert_int_equal(give(node, "10.0.0.1:30001", response_to_last(status_line)), PROXY_TAKEN);
}

void skip_routine(void)
{
	while (txn_world.seen_count < txn_world.sent_count) {
		const struct sent_message *sent = &txn_world.sent[txn_world.seen_count];

		if (!sent->out.is_repeat && strncmp(sent->text, "SIP/2.0 100", 11) != 0)
			return;
		txn_world.seen_count++;
	}
}

void expect_next(const char *dst, const char *begin)
{
	skip_routine();
	expect_sent(dst, begin);
}

void expect_all_ends(void)
{
	pass_ms(250000);
	assert_int_equal(txns_in_use(), 0);
}

const char *in_dialog(const char *cookie)
{
	static char headers[KEPT_MAX + 16];

	snprintf(headers, sizeof(headers), "Route: %s\r\n", cookie);
	return request((struct ask){.method = "INFO",
		.uri = "sip:bob@10.0.0.11",
		.to_tag = "callee",
		.cseq = "8",
		.via = "Via: SIP/2.0/UDP 198.51.100.7:5060;branch=z9hG4bKinfo",
		.headers = headers});
}
