/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char config_text[] =
	"instance: {name: test, key_file: %s/keys}\n"
	"memory: {huge_pages: off, memory_mb: 128}\n"
	"workers: {count: 2}\n"
	"control: {socket: %s/s}\n"
	"log: {level: error}\n"
	"ports:\n"
	"  - {name: lan, device: net_null0, addresses: [10.0.0.1/24]}\n"
	"listeners:\n"
	"  - {name: udp, address: 10.0.0.1}\n"
	"nodes:\n"
	"  - {name: imp-a, address: 10.0.0.11, description: \"first, active\"}\n"
	"  - {name: imp-b, address: 10.0.0.12, weight: 3}\n"
	"routes:\n"
	"  - {pattern: .com.domaina.*, type: domain, next_hop: imp-a}\n"
	"  - {pattern: .com.domaina.*, type: domain, next_hop: imp-b, priority: 2}\n"
	"acl:\n"
	"  - {pattern: 10.0.0.0/24, description: the link}\n"
	"domains: [domaina.com]\n";

struct world world;

static void *serve(void *arg)
{
	daemon_run(arg);
	return NULL;
}

char *config_text_of_start(void)
{
	char *text = NULL;

	assert_true(asprintf(&text, config_text, world.folder, world.folder) > 0);
	return text;
}

void write_config(const char *text)
{
	FILE *file = fopen(world.path, "w");

	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

void write_config_of_start(void)
{
	char *text = config_text_of_start();

	write_config(text);
	free(text);
}

int rig_start(void **state)
{
	char error[DAEMON_ERROR_MAX];

	(void)state;
	snprintf(world.folder, sizeof(world.folder), "/tmp/sluice-XXXXXX");
	assert_non_null(mkdtemp(world.folder));
	snprintf(world.path, sizeof(world.path), "%s/c.yaml", world.folder);
	snprintf(world.socket, sizeof(world.socket), "%s/s", world.folder);
	snprintf(world.keys, sizeof(world.keys), "%s/keys", world.folder);
	snprintf(world.lock, sizeof(world.lock), "%s/s.lock", world.folder);
	write_config_of_start();
	world.daemon = aligned_alloc(64, (sizeof(*world.daemon) + 63) / 64 * 64);
	if (daemon_init(world.daemon, "test", world.path, error) < 0)
		fail_msg("%s", error);
	return pthread_create(&world.thread, NULL, serve, world.daemon);
}

void ctl_with(const char *line, const char *in)
{
	char copy[512];
	static char piped[32768];
	const char *argv[32] = {"sluicectl", "-s", world.socket};
	int argc = 3;
	char *rest = copy;
	size_t out_len;
	size_t err_len;

	free(world.out);
	free(world.err);
	snprintf(copy, sizeof(copy), "%s", line);
	snprintf(piped, sizeof(piped), "%s", in);
	for (char *word; (word = strsep(&rest, " ")) != NULL && argc < 32;)
		if (*word != '\0')
			argv[argc++] = word;
	struct cli_streams streams = {.in = fmemopen(piped, strlen(in) + 1, "r"),
		.out = open_memstream(&world.out, &out_len),
		.err = open_memstream(&world.err, &err_len)};
	world.code = cli_run(argc, argv, &streams);
	fclose(streams.in);
	fclose(streams.out);
	fclose(streams.err);
}

void ctl(const char *line)
{
	ctl_with(line, "");
}

void expect_done(const char *line)
{
	ctl(line);
	if (world.code != CLI_DONE)
		print_error("%s: %s\n", line, world.err);
	assert_int_equal(world.code, CLI_DONE);
}

void expect_soon(const char *line, const char *text)
{
	uint64_t end_ns = reactor_now_ns() + 10000000000;

	do {
		expect_done(line);
	} while (!strstr(world.out, text) && reactor_now_ns() < end_ns);
	if (!strstr(world.out, text))
		fail_msg("\"%s\" is not in: %s", text, world.out);
}

int rig_stop(void **state)
{
	(void)state;
	expect_done("stop");
	pthread_join(world.thread, NULL);
	assert_true(daemon_fini(world.daemon));
	assert_int_equal(access(world.socket, F_OK), -1);
	unlink(world.path);
	unlink(world.lock);
	unlink(world.keys);
	assert_int_equal(rmdir(world.folder), 0);
	free(world.daemon);
	free(world.out);
	free(world.err);
	return 0;
}
