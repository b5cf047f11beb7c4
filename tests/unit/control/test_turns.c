/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What waits for a change that takes long, and what does not. */
#include "rig.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* A job that holds the compile thread, and with it whatever needs that, until it is let go. */
struct holder {
	struct compile_job job;
	sem_t held, go;
};

static void hold(struct compile_job *job)
{
	struct holder *holder = (struct holder *)job;

	sem_post(&holder->held);
	sem_wait(&holder->go);
}

static void let_go(struct compile_job *job)
{
	(void)job;
}

static void hold_compiler(struct holder *holder)
{
	*holder = (struct holder){.job = {.run = hold, .done = let_go}};
	sem_init(&holder->held, 0, 0);
	sem_init(&holder->go, 0, 0);
	compiler_submit(world.daemon->compiler, &holder->job);
	sem_wait(&holder->held);
}

/* Another operator, whose command waits for the compile thread. */
static void *command(void *arg)
{
	const char *argv[] = {"sluicectl", "-s", world.socket, arg};
	struct cli_streams streams = {stdin, fopen("/dev/null", "w"), stderr, false};
	enum cli_exit code = cli_run(4, argv, &streams);

	fclose(streams.out);
	return code == CLI_DONE ? NULL : arg;
}

static pthread_t begin_reload(void)
{
	static char reload[] = "reload";
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, command, reload), 0);
	/* The stage is the control thread's; all that is asked here is when it stops being nothing. */
	while (*(volatile enum change_stage *)&world.daemon->change.stage == CHANGE_NONE)
		sched_yield();
	return thread;
}

static void end_reload(struct holder *holder, pthread_t thread)
{
	void *failed;

	sem_post(&holder->go);
	assert_int_equal(pthread_join(thread, &failed), 0);
	assert_null(failed);
	/* A change, if of nothing: when its turn has come, so has that of all before it. */
	expect_done("set log error");
}

static void expect_node(const char *row)
{
	expect_done("-o csv show node imp-a");
	if (!strstr(world.out, row))
		fail_msg("\"%s\" is not in: %s", row, world.out);
}

static void test_a_nodes_state_is_in_force_while_a_change_compiles(void **state)
{
	struct holder holder;
	pthread_t other;

	(void)state;
	hold_compiler(&holder);
	other = begin_reload();
	expect_done("set node imp-a admin drain");
	assert_non_null(strstr(world.out, "in force"));
	expect_node(",ready,drain,");
	/* What is said last counts, however often it is said. */
	expect_done("set node imp-a admin maint");
	expect_node(",ready,maint,");
	ctl("set node imp-b admin drain");
	assert_int_equal(world.code, CLI_REFUSED);
	assert_non_null(strstr(world.err, "last node that is ready"));
	end_reload(&holder, other);
	expect_done("show generation");
	assert_non_null(strstr(world.out, "~ nodes imp-a: admin=ready -> drain"));
	assert_non_null(strstr(world.out, "~ nodes imp-a: admin=drain -> maint"));
	expect_node(",ready,maint,");
	expect_done("rollback 2");
	expect_node(",ready,ready,");
}

/* What the file says of the node came before the operator's word. */
static void test_a_state_said_during_a_reload_outlives_it(void **state)
{
	struct holder holder;
	pthread_t other;
	char *text = config_text_of_start();
	char *renamed;

	(void)state;
	assert_true(asprintf(&renamed, "%.*s, admin: drain%s", (int)(strstr(text, "10.0.0.12") + 9 - text),
			    text, strstr(text, "10.0.0.12") + 9) > 0);
	write_config(renamed);
	hold_compiler(&holder);
	other = begin_reload();
	expect_done("set node imp-a admin maint");
	end_reload(&holder, other);
	expect_node(",ready,maint,");
	expect_done("diff");
	assert_non_null(strstr(world.out, "~ nodes imp-a: admin=ready -> maint"));
	expect_done("-o csv show node imp-b");
	assert_non_null(strstr(world.out, ",drain,drain,"));
	expect_done("rollback 2");
	write_config_of_start();
	expect_done("reload");
	free(renamed);
	free(text);
}

static void test_a_state_of_a_node_that_the_change_takes_away_is_dropped(void **state)
{
	struct holder holder;
	pthread_t other;
	char *text = NULL;

	(void)state;
	expect_done("add node gone address=10.0.0.13");
	text = config_text_of_start();
	write_config(text);
	hold_compiler(&holder);
	other = begin_reload();
	expect_done("set node gone admin maint");
	end_reload(&holder, other);
	ctl("show node gone");
	expect_done("-o csv show node");
	assert_null(strstr(world.out, "gone"));
	/* The row goes on: nothing waits behind what could not be done. */
	expect_done("set node imp-a admin maint");
	expect_done("rollback");
	free(text);
}

/* Slots of nodes on their way out are still taken while those of the new ones are given. */
static void test_a_reload_may_replace_every_node_at_once(void **state)
{
	enum { NODES = CONFIG_NODES_MAX - 2 };
	char *begin = config_text_of_start();
	const char *routes = strstr(begin, "routes:");
	char *text;
	size_t len;

	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		FILE *out = open_memstream(&text, &len);
		fprintf(out, "%.*s", (int)(routes - begin), begin);
		for (unsigned i = 0; i < NODES; i++)
			fprintf(out, "  - {name: n%u-%u, address: 10.0.0.%u, port: %u}\n", round, i,
				i % 250 + 2, 6000 + 10 * round + i / 250);
		fprintf(out, "%s", routes);
		fclose(out);
		write_config(text);
		free(text);
		expect_done("reload");
	}
	expect_done("-o csv show node n2-1021");
	assert_non_null(strstr(world.out, "10.0.0.23,6024"));
	write_config_of_start();
	expect_done("reload");
	free(begin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_nodes_state_is_in_force_while_a_change_compiles),
		cmocka_unit_test(test_a_state_said_during_a_reload_outlives_it),
		cmocka_unit_test(test_a_state_of_a_node_that_the_change_takes_away_is_dropped),
		cmocka_unit_test(test_a_reload_may_replace_every_node_at_once),
	};

	return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
