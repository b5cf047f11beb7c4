/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a transaction costs: a MESSAGE of a client is taken, kept and sent to its node, the node's 200 ends
 * the client transaction and goes back, and 32 s later timer J ends the server transaction, all of it over
 * UDP. Each iteration is a request of its own, a virtual millisecond after the one before: 32,000 are alive
 * at any moment. Messages are made by writing branches into texts of fixed shape, which costs little beside.
 *
 * --live N: N such requests are under way at once, without an answer; then all are answered; then all end.
 * Told is the memory that is resident for each at the most, apart from what its texts take, and with them,
 * and how long each step takes. Fails unless all stores are as full in the end as they were before.
 */
#include "measure.h"

#include "proxy/branch.h"
#include "proxy/proxy.h"
#include "proxy/transactions.h"
#include "sip/build.h"
#include "support/endpoint.h"
#include "support/snapshot_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MESSAGE_MAX = 4096, DIGITS = 12 };

static struct snapshot_fixture fixture;
static struct stats stats;
static struct proxy proxy;
static uint64_t now_ns;
static uint64_t serial;
static char request_text[MESSAGE_MAX];
static char *request_serial; /* its branch ends in digits that change */
static char response_text[MESSAGE_MAX];
static size_t response_len;
static char *response_branch; /* ours, and the client's below it */
static char *response_serial;
static char first_text[MESSAGE_MAX]; /* the first request as it went out */
static size_t first_len;
static char sent_branch[BRANCH_LONG_LEN]; /* of the one that went out last */
static size_t sent_branch_at;             /* where it stands: they all have one shape */
static char out_buf[SIP_DATAGRAM_MAX];

static int keep_branch(void *ctx, struct proxy_out *out)
{
	(void)ctx;
	if (first_len == 0) {
		ensure(out->is_request && out->len < MESSAGE_MAX);
		memcpy(first_text, out->buf, out->len);
		first_len = out->len;
	}
	if (out->is_request)
		memcpy(sent_branch, out->buf + sent_branch_at, sizeof(sent_branch));
	return 0;
}

/* short_texts: and twice as many longer ones; 0: as many as usual for so many transactions. */
static void build_world(uint32_t transactions_max, uint32_t short_texts)
{
	const uint32_t long_texts = short_texts > 0; /* none is needed, but the store wants one of each */
	const struct proxy_config config = {
		.stats = &stats,
		.way = {.send = keep_branch},
		.transactions = {.transactions_max = transactions_max,
			.text_counts = {short_texts, 2 * short_texts, long_texts, long_texts, long_texts},
			.key = {1, 2}},
	};
	const struct node *node;

	snapshot_fixture_init(&fixture, 1);
	snapshot_fixture_listener(&fixture, "front", "192.0.2.1:5060");
	node = snapshot_fixture_node(&fixture, "10.0.0.11:5060", "10.0.0.1");
	snapshot_fixture_route(&fixture, "com.domaina", ROUTE_SUBTREE, 0, node);
	snapshot_fixture_admit(&fixture, "192.0.2.0/24");
	snapshot_fixture_domain(&fixture, "domaina.com");
	snapshot_fixture_build(&fixture);
	ensure(proxy_init(&proxy, &config) == 0);
}

static void write_serial(char *digits)
{
	char text[DIGITS + 1];

	snprintf(text, sizeof(text), "%012llu", (unsigned long long)serial);
	memcpy(digits, text, DIGITS);
}

static void ask(void)
{
	const struct proxy_in in = {.bytes = span_str(request_text),
		.src = endpoint_of("192.0.2.101:5060"),
		.local = endpoint_of("192.0.2.1:5060"),
		.now_ns = now_ns};
	struct proxy_out out = {.buf = out_buf, .buf_size = sizeof(out_buf)};

	write_serial(request_serial);
	ensure(proxy_input(&proxy, &fixture.snap, &in, &out) == PROXY_TAKEN);
}

static void answer(void)
{
	const struct proxy_in in = {.bytes = span_of(response_text, response_len),
		.src = endpoint_of("10.0.0.11:5060"),
		.local = endpoint_of("10.0.0.1:30000"),
		.now_ns = now_ns};
	struct proxy_out out = {.buf = out_buf, .buf_size = sizeof(out_buf)};

	memcpy(response_branch, sent_branch, sizeof(sent_branch));
	write_serial(response_serial);
	ensure(proxy_input(&proxy, &fixture.snap, &in, &out) == PROXY_TAKEN);
}

/* The texts, with the places that change: found once, in a request that went through. */
static void prepare(void)
{
	static struct sip_msg sent;
	const struct sip_reply reply = {.status = 200, .to_tag = 1};
	const struct endpoint src = endpoint_of("10.0.0.1:30000");
	struct sip_writer w = sip_writer_of(response_text, sizeof(response_text) - 1);

	snprintf(request_text, sizeof(request_text),
		"MESSAGE sip:bob@domaina.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.101:5060;branch=z9hG4bK%012d\r\n"
		"Max-Forwards: 69\r\n"
		"From: \"Alice Example\" <sip:alice@example.com>;tag=9fxced76sl\r\n"
		"To: \"Bob\" <sip:bob@domaina.com>\r\n"
		"Call-ID: 3848276298220188511@client.example.com\r\n"
		"CSeq: 1 MESSAGE\r\n"
		"Content-Type: text/plain\r\nContent-Length: 250\r\n\r\n%250s",
		0, "");
	request_serial = strstr(request_text, "z9hG4bK") + 7;
	ask();
	sent_branch_at = (size_t)(strstr(first_text, "z9hG4bK-sl2") - first_text);
	ensure(sip_parse(span_of(first_text, first_len), true, &sent) == PARSE_OK);
	sip_build_response(&sent, &src, &reply, &w);
	response_len = w.len;
	response_branch = strstr(response_text, "z9hG4bK-sl2");
	response_serial = strstr(response_text, "z9hG4bK0") + 7;
	memcpy(sent_branch, response_branch, sizeof(sent_branch));
	answer();
}

static void live_many(void *data, uint64_t iterations)
{
	(void)data;
	for (uint64_t i = 0; i < iterations; i++) {
		serial++;
		now_ns += 1000000;
		ask();
		answer();
		proxy_tick(&proxy, &fixture.snap, now_ns);
	}
}

static uint64_t resident_bytes(void)
{
	unsigned long long size, resident;
	FILE *file = fopen("/proc/self/statm", "r");

	ensure(file && fscanf(file, "%llu %llu", &size, &resident) == 2);
	fclose(file);
	return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Of the transactions, of their client sides, and of each size of texts. */
static void count_used(uint64_t used[2 + TEXT_CLASSES])
{
	struct txns_level levels[TXNS_LEVELS_MAX];

	ensure(txns_levels(proxy.txns, levels) >= 2 + TEXT_CLASSES);
	for (unsigned i = 0; i < 2 + TEXT_CLASSES; i++)
		used[i] = levels[i].used;
}

static uint64_t text_bytes(const uint64_t used[2 + TEXT_CLASSES])
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < TEXT_CLASSES; i++)
		bytes += used[2 + i] * text_block_bytes[i];
	return bytes;
}

static void ask_all(char (*branches)[BRANCH_LONG_LEN], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		serial++;
		ask();
		memcpy(branches[i], sent_branch, sizeof(sent_branch));
	}
}

static void answer_all(char (*branches)[BRANCH_LONG_LEN], uint32_t count)
{
	serial -= count;
	for (uint32_t i = 0; i < count; i++) {
		serial++;
		memcpy(sent_branch, branches[i], sizeof(sent_branch));
		answer();
	}
}

/* Timer J has fired for all of them, some at a time. */
static void end_all(void)
{
	uint64_t end_ns = now_ns + 40000000000ULL;

	for (; now_ns < end_ns; now_ns += 10000000)
		while (proxy_tick(&proxy, &fixture.snap, now_ns) > 0) {
		}
}

enum live_figure { LIVE_COUNT, LIVE_STRUCTS, LIVE_ALL, LIVE_ASKED, LIVE_ANSWERED, LIVE_ENDED, LIVE_FIGURES };

static void print_live(const double values[LIVE_FIGURES], size_t request_bytes)
{
	static const char *const names[LIVE_FIGURES] = {
		"live", "resident-without-texts", "resident-with-texts", "asked", "answered", "ended"};
	static const char *const units[LIVE_FIGURES] = {
		"transactions at once", "bytes each", "bytes each", "s for all", "s for all", "s for all"};
	struct measure_value rows[LIVE_FIGURES];

	for (unsigned i = 0; i < LIVE_FIGURES; i++)
		rows[i] = (struct measure_value){
			.name = names[i], .size = request_bytes, .value = values[i], .unit = units[i]};
	measure_print(stdout,
		&(struct measure_report){"transaction", "transaction", "bytes", NULL, 0, rows, LIVE_FIGURES});
}

static void live_at_once(uint32_t count)
{
	char(*branches)[BRANCH_LONG_LEN] = malloc(count * sizeof(*branches));
	uint64_t before[2 + TEXT_CLASSES], most[2 + TEXT_CLASSES], after[2 + TEXT_CLASSES];
	double values[LIVE_FIGURES] = {count};
	double times_ns[4];

	ensure(branches != NULL);
	memset(branches, 1, count * sizeof(*branches));
	end_all();
	count_used(before);
	uint64_t resident = resident_bytes();
	times_ns[0] = measure_now_ns();
	ask_all(branches, count);
	times_ns[1] = measure_now_ns();
	count_used(most);
	resident = resident_bytes() - resident;
	ensure(most[0] == before[0] + count && most[1] == before[1] + count);
	answer_all(branches, count);
	times_ns[2] = measure_now_ns();
	end_all();
	times_ns[3] = measure_now_ns();
	count_used(after);
	ensure(memcmp(before, after, sizeof(before)) == 0);
	values[LIVE_STRUCTS] = (double)(resident - (text_bytes(most) - text_bytes(before))) / count;
	values[LIVE_ALL] = (double)resident / count;
	for (unsigned i = 0; i < 3; i++)
		values[LIVE_ASKED + i] = (times_ns[i + 1] - times_ns[i]) / 1e9;
	print_live(values, strlen(request_text));
	free(branches);
}

static void one_by_one(void)
{
	struct measure_row row = {.name = "message-udp"};
	struct measure_value rate = {.name = "message-udp", .unit = "transactions per second"};

	row.size = strlen(request_text);
	measure(live_many, NULL, &row);
	rate.size = row.size;
	rate.value = 1e9 / row.ns.median;
	measure_print(
		stdout, &(struct measure_report){"transaction", "transaction", "bytes", &row, 1, &rate, 1});
}

int main(int argc, char **argv)
{
	bool many = argc == 3 && strcmp(argv[1], "--live") == 0;
	uint64_t count = 0;

	if ((argc > 1 && !many) ||
		(many && (span_to_u64(span_str(argv[2]), 10000000, &count) != 0 || count == 0))) {
		fprintf(stderr, "usage: bench_transaction [--live N], N up to 10000000\n");
		return 2;
	}
	/* A request has two texts while it is under way, then its answer has one. */
	build_world(many ? (uint32_t)count + 1 : 65536, (uint32_t)count);
	prepare();
	if (many)
		live_at_once((uint32_t)count);
	else
		one_by_one();
	ensure(stats_get(&stats, STAT_sip_txn_exhausted) == 0);
	ensure(stats_get(&stats, STAT_sip_txn_answered) == stats_get(&stats, STAT_sip_txn_begun));
	proxy_fini(&proxy);
	snapshot_fixture_fini(&fixture);
	return 0;
}
