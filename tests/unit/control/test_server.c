/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server against clients that are slow, rude or broken. Loop and clients share this thread: nothing is
 * timing. */
#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { ROWS = 100000, CONNECTIONS = 4 };

struct world {
	struct reactor reactor;
	struct server *server;
	char path[64];
	struct ticket deferred;
	unsigned cursors_open;
	unsigned rows_made;
	unsigned calls;
};

struct counting {
	struct cursor cursor;
	struct world *world;
	unsigned at;
};

static json_t *counting_next(struct cursor *cursor)
{
	struct counting *counting = (struct counting *)cursor;

	if (counting->at == ROWS)
		return NULL;
	counting->world->rows_made++;
	return json_pack("[i, s]", counting->at++, "a route of usual length.example.com");
}

static void counting_finish(struct cursor *cursor)
{
	((struct counting *)cursor)->world->cursors_open--;
	free(cursor);
}

static void handle(void *ctx, struct call *call)
{
	struct world *world = ctx;
	const char *method = call_command(call)->method;

	world->calls++;
	if (strcmp(method, "show.route") == 0) {
		struct counting *counting = calloc(1, sizeof(*counting));
		*counting = (struct counting){{counting_next, counting_finish}, world, 0};
		world->cursors_open++;
		call_rows(call, &counting->cursor);
	} else if (strcmp(method, "commit") == 0) {
		world->deferred = call_defer(call);
	} else if (strcmp(method, "show.node") == 0) {
		call_error(call, API_NOT_FOUND, "no node %s", call_value(call, "name") ?: "at all");
	} else {
		call_result(call, json_pack("{s:s}", "did", method));
	}
}

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	char error[256];

	snprintf(world->path, sizeof(world->path), "/tmp/sluice-test-%d.sock", (int)getpid());
	struct server_settings settings = {
		&world->reactor, handle, world, world->path, 0600, CONNECTIONS, 1000, 1000};
	assert_int_equal(reactor_init(&world->reactor), 0);
	assert_int_equal(server_create(&settings, error, sizeof(error), &world->server), 0);
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	server_destroy(world->server);
	assert_int_equal(world->cursors_open, 0);
	assert_int_equal(access(world->path, F_OK), -1);
	reactor_fini(&world->reactor);
	free(world);
	return 0;
}

static void pump(struct world *world)
{
	while (reactor_step(&world->reactor, 0) > 0)
		;
}

/* The server has not noticed yet. */
static int knock(const struct world *world)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	memcpy(addr.sun_path, world->path, strlen(world->path));
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int dial(struct world *world)
{
	int fd = knock(world);

	pump(world);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* All that there is to read for now, up to the buffer. */
static size_t hear(struct world *world, int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t got;

	do {
		pump(world);
		got = recv(fd, buf + len, size - 1 - len, 0);
		len += got > 0 ? (size_t)got : 0;
	} while (got > 0 && len < size - 1);
	buf[len] = '\0';
	return len;
}

static void assert_hung_up(struct world *world, int fd)
{
	char byte;
	ssize_t got;

	pump(world);
	got = recv(fd, &byte, 1, 0);
	assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
	close(fd);
}

#define REQUEST(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" #id ",\"method\":\"" method "\"}\n"

static void test_requests_are_answered_in_order_however_they_are_cut(void **state)
{
	static const char text[] =
		REQUEST(1, "show.version") REQUEST(2, "show.node") REQUEST(3, "show.version");
	struct world *world = *state;
	char answer[4096];
	int fd = dial(world);

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		assert_int_equal(send(fd, text + i, 1, 0), 1);
		pump(world);
	}
	hear(world, fd, answer, sizeof(answer));
	assert_string_equal(answer,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"did\":\"show.version\"}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32001,\"message\":\"no node at all\","
		"\"data\":{\"name\":\"not_found\"}}}\n"
		"{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"did\":\"show.version\"}}\n");
	close(fd);
}

static void expect_error(struct world *world, const char *line, const char *name)
{
	char answer[4096];
	char expected[64];
	int fd = dial(world);

	say(fd, line);
	hear(world, fd, answer, sizeof(answer));
	snprintf(expected, sizeof(expected), "\"name\":\"%s\"", name);
	assert_non_null(strstr(answer, expected));
	say(fd, REQUEST(9, "show.version"));
	hear(world, fd, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"id\":9,\"result\"")); /* the connection goes on */
	close(fd);
	pump(world);
}

static void test_garbage_gets_an_error_with_a_name_and_the_connection_goes_on(void **state)
{
	struct world *world = *state;
	static char deep[40000];

	expect_error(world, "nonsense\n", "parse_error");
	expect_error(world, "{\"jsonrpc\":\"2.0\"\n", "parse_error");
	expect_error(world, "\xff\xfe\x01\n", "parse_error");
	expect_error(world, "[]\n", "invalid_request");
	expect_error(
		world, "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"show.version\"}\n", "invalid_request");
	expect_error(world, "{\"jsonrpc\":\"2.0\",\"method\":\"show.version\"}\n", "invalid_request");
	expect_error(
		world, "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"show.version\"}\n", "invalid_request");
	expect_error(world, REQUEST(1, "show.nonsense"), "unknown_method");
	expect_error(world,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"show.node\",\"params\":{\"x\":\"1\"}}\n",
		"bad_arguments");
	expect_error(world, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"show.node\",\"params\":[1]}\n",
		"bad_arguments");
	expect_error(world,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"show.node\",\"params\":{\"name\":1}}\n",
		"bad_arguments");
	expect_error(world, REQUEST(1, "set.node.admin"), "bad_arguments");
	expect_error(world,
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"add.route\",\"params\":{\"pairs\":[]}}\n",
		"bad_arguments");
	memset(deep, '[', sizeof(deep) - 2);
	deep[sizeof(deep) - 2] = '\n';
	expect_error(world, deep, "parse_error");
}

static void test_a_name_cut_within_a_character_is_still_told(void **state)
{
	struct world *world = *state;
	char line[256];
	char answer[1024];
	int fd = dial(world);

	/* 64 bytes of the name are told: 63 letters and half of the next. */
	snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%063d\xc3\xa4\"}\n", 7);
	say(fd, line);
	hear(world, fd, answer, sizeof(answer));
	assert_non_null(strstr(answer, "there is no method '000"));
	assert_non_null(strstr(answer, "07?'"));
	close(fd);
	pump(world);
}

/* Lines that are nearly requests: each byte of a good one replaced, at random. */
static void test_no_line_whatever_ends_anything_but_its_own_connection(void **state)
{
	static const char good[] =
		"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"show.node\",\"params\":{\"name\":\"x\"}}\n";
	struct world *world = *state;
	static char answer[65536];
	int witness = dial(world);

	srand(1);
	for (unsigned round = 0; round < 5000; round++) {
		char line[sizeof(good)];
		int fd = dial(world);
		memcpy(line, good, sizeof(good));
		for (int i = rand() % 6; i > 0; i--)
			line[rand() % (int)(sizeof(good) - 1)] = (char)rand();
		(void)!send(fd, line, sizeof(good) - 1, MSG_NOSIGNAL);
		hear(world, fd, answer, sizeof(answer));
		close(fd);
		pump(world);
	}
	say(witness, REQUEST(7, "show.version"));
	hear(world, witness, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"id\":7,\"result\""));
	close(witness);
}

static void test_a_line_of_ten_megabytes_is_refused_after_64_kilobytes(void **state)
{
	struct world *world = *state;
	static char block[65536];
	char answer[512];
	int fd = dial(world);
	size_t sent = 0;

	memset(block, 'x', sizeof(block));
	while (sent < (10u << 20)) {
		ssize_t now = send(fd, block, sizeof(block), MSG_NOSIGNAL);
		if (now < 0 && errno != EAGAIN)
			break;
		sent += now > 0 ? (size_t)now : 0;
		pump(world);
	}
	assert_true(sent < (1u << 20));
	assert_true(recv(fd, answer, sizeof(answer) - 1, 0) > 0);
	answer[511] = '\0';
	assert_non_null(strstr(answer, "\"name\":\"too_long\""));
	assert_hung_up(world, fd);
	assert_int_equal(server_figures(world->server).connections, 0);
}

static void test_half_a_line_ends_the_connection_after_its_time(void **state)
{
	struct world *world = *state;
	char answer[512];
	int fd = dial(world);

	say(fd, "{\"jsonrpc\":");
	pump(world);
	server_tick(world->server, reactor_now_ns() + 900 * 1000000ull);
	assert_int_equal(server_figures(world->server).connections, 1);
	server_tick(world->server, reactor_now_ns() + 1100 * 1000000ull);
	hear(world, fd, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"name\":\"too_slow\""));
	assert_hung_up(world, fd);
}

static void test_rows_are_made_only_as_fast_as_they_are_read(void **state)
{
	struct world *world = *state;
	static char answer[1 << 20];
	size_t total = 0;
	size_t got;
	int fd = dial(world);

	say(fd, REQUEST(1, "show.route"));
	pump(world);
	assert_true(world->rows_made > 0 && world->rows_made < ROWS / 10);
	while ((got = hear(world, fd, answer, sizeof(answer))) > 0) {
		total += got;
		if (strstr(answer, "\"id\":1,\"result\""))
			break;
	}
	assert_int_equal(world->rows_made, ROWS);
	assert_true(total > ROWS * 40u);
	close(fd);
}

static void test_another_client_is_served_while_a_long_answer_streams(void **state)
{
	struct world *world = *state;
	char answer[512];
	int slow = dial(world);
	int quick = dial(world);

	say(slow, REQUEST(1, "show.route"));
	pump(world);
	say(quick, REQUEST(2, "show.version"));
	hear(world, quick, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"id\":2,\"result\""));
	assert_int_equal(world->cursors_open, 1);
	close(quick);
	close(slow);
	pump(world);
	assert_int_equal(world->cursors_open, 0); /* closing in the middle frees the cursor */
}

static void test_one_event_makes_one_chunk_of_rows(void **state)
{
	struct world *world = *state;
	int fd = dial(world);
	unsigned before = 0;

	say(fd, REQUEST(1, "show.route"));
	while (reactor_step(&world->reactor, 0) > 0) {
		assert_true(world->rows_made - before <= 256);
		before = world->rows_made;
	}
	close(fd);
}

static void test_a_client_that_never_reads_is_ended_after_its_time(void **state)
{
	struct world *world = *state;
	int fd = dial(world);

	say(fd, REQUEST(1, "show.route"));
	pump(world);
	server_tick(world->server, reactor_now_ns() + 900 * 1000000ull);
	assert_int_equal(server_figures(world->server).connections, 1);
	server_tick(world->server, reactor_now_ns() + 1100 * 1000000ull);
	assert_int_equal(server_figures(world->server).connections, 0);
	assert_int_equal(server_figures(world->server).stalled, 1);
	assert_int_equal(world->cursors_open, 0);
	close(fd);
}

static void test_a_deferred_answer_finds_its_connection_or_learns_that_it_is_gone(void **state)
{
	struct world *world = *state;
	char answer[512];
	int fd = dial(world);
	struct call *call;

	say(fd, REQUEST(1, "commit") REQUEST(2, "show.version"));
	pump(world);
	assert_int_equal(world->calls, 1); /* the second waits for the first */
	call = server_resume(world->server, world->deferred);
	assert_non_null(call);
	call_result(call, json_object());
	hear(world, fd, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"id\":1,\"result\":{}"));
	assert_non_null(strstr(answer, "\"id\":2,\"result\""));
	say(fd, REQUEST(3, "commit"));
	pump(world);
	close(fd);
	pump(world);
	assert_null(server_resume(world->server, world->deferred));
	fd = dial(world); /* the same slot, another connection */
	assert_null(server_resume(world->server, world->deferred));
	close(fd);
}

static void test_one_connection_too_many_takes_the_place_of_the_longest_idle(void **state)
{
	struct world *world = *state;
	int fds[CONNECTIONS + 1];

	for (int i = 0; i <= CONNECTIONS; i++)
		fds[i] = dial(world);
	assert_int_equal(server_figures(world->server).evicted, 1);
	assert_hung_up(world, fds[0]);
	for (int i = 1; i <= CONNECTIONS; i++)
		close(fds[i]);
}

static void test_when_all_connections_are_busy_one_more_is_refused_by_name(void **state)
{
	struct world *world = *state;
	char answer[512];
	int fds[CONNECTIONS + 1];

	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = dial(world);
		say(fds[i], "{");
		pump(world);
	}
	fds[CONNECTIONS] = dial(world);
	assert_true(recv(fds[CONNECTIONS], answer, sizeof(answer), 0) > 0);
	assert_non_null(strstr(answer, "\"name\":\"busy\""));
	assert_hung_up(world, fds[CONNECTIONS]);
	for (int i = 0; i < CONNECTIONS; i++)
		close(fds[i]);
}

/* Whom the file's mode lets in may look; the socket remembers who connected. */
static void test_another_user_may_look_but_not_change(void **state)
{
	struct world *world = *state;
	char answer[4096];
	int fd;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(world->path, 0666), 0);
	assert_int_equal(seteuid(65534), 0);
	fd = knock(world);
	assert_int_equal(seteuid(0), 0);
	say(fd, REQUEST(1, "stop") REQUEST(2, "show.version"));
	hear(world, fd, answer, sizeof(answer));
	assert_non_null(strstr(answer, "\"denied\""));
	assert_non_null(strstr(answer, "show.version"));
	assert_null(strstr(answer, "\"did\":\"stop\""));
	assert_int_equal(world->calls, 1);
	close(fd);
}

static void test_the_socket_has_the_mode_asked_for(void **state)
{
	struct world *world = *state;
	struct stat status;

	assert_int_equal(stat(world->path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_a_live_socket_is_refused_and_a_stale_one_replaced(void **state)
{
	struct world *world = *state;
	struct server *second = NULL;
	char error[256];
	char path[80];
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	struct server_settings settings = {&world->reactor, handle, world, world->path, 0600, 1, 1000, 1000};

	assert_int_equal(server_create(&settings, error, sizeof(error), &second), -EADDRINUSE);
	assert_non_null(strstr(error, "another instance"));
	snprintf(path, sizeof(path), "%s.stale", world->path);
	memcpy(addr.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd); /* as after kill -9: the file stays, nobody listens */
	settings.path = path;
	assert_int_equal(server_create(&settings, error, sizeof(error), &second), 0);
	server_destroy(second);
}

static void test_a_file_that_is_no_socket_is_left_alone(void **state)
{
	struct world *world = *state;
	struct server *second = NULL;
	char error[256];
	char path[80];
	struct server_settings settings = {&world->reactor, handle, world, path, 0600, 1, 1000, 1000};

	snprintf(path, sizeof(path), "%s.file", world->path);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	assert_int_equal(server_create(&settings, error, sizeof(error), &second), -EADDRINUSE);
	assert_non_null(strstr(error, "no socket"));
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		SERVER_TEST(test_requests_are_answered_in_order_however_they_are_cut),
		SERVER_TEST(test_garbage_gets_an_error_with_a_name_and_the_connection_goes_on),
		SERVER_TEST(test_a_name_cut_within_a_character_is_still_told),
		SERVER_TEST(test_no_line_whatever_ends_anything_but_its_own_connection),
		SERVER_TEST(test_a_line_of_ten_megabytes_is_refused_after_64_kilobytes),
		SERVER_TEST(test_half_a_line_ends_the_connection_after_its_time),
		SERVER_TEST(test_rows_are_made_only_as_fast_as_they_are_read),
		SERVER_TEST(test_another_client_is_served_while_a_long_answer_streams),
		SERVER_TEST(test_one_event_makes_one_chunk_of_rows),
		SERVER_TEST(test_a_client_that_never_reads_is_ended_after_its_time),
		SERVER_TEST(test_a_deferred_answer_finds_its_connection_or_learns_that_it_is_gone),
		SERVER_TEST(test_one_connection_too_many_takes_the_place_of_the_longest_idle),
		SERVER_TEST(test_when_all_connections_are_busy_one_more_is_refused_by_name),
		SERVER_TEST(test_another_user_may_look_but_not_change),
		SERVER_TEST(test_the_socket_has_the_mode_asked_for),
		SERVER_TEST(test_a_live_socket_is_refused_and_a_stale_one_replaced),
		SERVER_TEST(test_a_file_that_is_no_socket_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
