/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an operator sees and changes through sluicectl, on the running daemon. */
#include "control/dispatch.h"
#include "rig.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void test_every_command_has_a_function_and_every_function_a_command(void **state)
{
	(void)state;
	assert_int_equal(dispatch_entry_count, api_command_count);
	for (size_t i = 0; i < dispatch_entry_count; i++)
		assert_non_null(api_command_find(dispatch_entries[i].method));
}

/* Commands that change nothing, and need no argument, all answer; tables with as many cells as columns. */
static void test_everything_that_can_be_shown_is_shown(void **state)
{
	static const char *const formats[] = {"", "-o csv ", "-o json "};

	(void)state;
	for (size_t i = 0; i < api_command_count; i++) {
		const struct api_command *command = &api_commands[i];
		char words[64];
		char line[128];
		if (command->permission != API_READ || strchr(command->syntax, '<'))
			continue;
		snprintf(words, sizeof(words), "%s", command->syntax);
		words[strcspn(words, "[")] = '\0';
		for (size_t k = 0; k < sizeof(formats) / sizeof(formats[0]); k++) {
			snprintf(line, sizeof(line), "%s%s", formats[k], words);
			expect_done(line);
		}
	}
}

static void test_a_table_has_stable_columns(void **state)
{
	(void)state;
	expect_done("show route");
	assert_string_equal(world.out,
		"pattern         match_uri  type    next_hop  priority  weight  in_service  block  "
		"allow_less_specific  description\n"
		".com.domaina.*  -          domain  imp-a            1  node    yes         no     no        "
		"   "
		"        -\n"
		".com.domaina.*  -          domain  imp-b            2  node    yes         no     no        "
		"   "
		"        -\n");
	expect_done("show acl");
	assert_string_equal(world.out, "pattern      description\n10.0.0.0/24  the link\n");
}

static void test_csv_quotes_what_has_a_comma_and_json_is_an_array_of_objects(void **state)
{
	(void)state;
	expect_done("-o csv show domain");
	assert_string_equal(world.out, "name,description\ndomaina.com,\n");
	expect_done("-o json show acl");
	assert_string_equal(world.out, "[\n {\"pattern\":\"10.0.0.0/24\",\"description\":\"the link\"}\n]\n");
	expect_done("-o csv add acl 10.9.9.9");
	expect_done("set acl 10.9.9.9 description=a,b");
	expect_done("-o csv show acl");
	assert_non_null(strstr(world.out, "10.9.9.9,\"a,b\"\n"));
	expect_done("rollback 2");
}

static void test_exit_codes_tell_whose_fault_it_was(void **state)
{
	const char *argv[] = {"sluicectl", "-s", "/nonexistent/socket", "show", "node"};
	struct cli_streams streams = {stdin, stdout, fopen("/dev/null", "w"), false};

	(void)state;
	ctl("frobnicate");
	assert_int_equal(world.code, CLI_USAGE);
	ctl("del node nobody");
	assert_int_equal(world.code, CLI_REFUSED);
	assert_non_null(strstr(world.err, "nobody"));
	ctl("-o xml show node");
	assert_int_equal(world.code, CLI_USAGE);
	assert_int_equal(cli_run(5, argv, &streams), CLI_NO_DAEMON);
	argv[2] = world.socket;
	streams.out = fopen("/dev/full", "w");
	assert_int_equal(cli_run(5, argv, &streams), CLI_BROKEN);
	fclose(streams.out);
	fclose(streams.err);
}

static void test_commands_come_from_a_pipe_until_one_fails(void **state)
{
	(void)state;
	ctl_with("", "show domain\n\n# a comment\nshow nonsense\nshow acl\n");
	assert_int_equal(world.code, CLI_USAGE);
	assert_non_null(strstr(world.out, "domaina.com"));
	assert_null(strstr(world.out, "the link"));
	assert_non_null(strstr(world.err, "line 4"));
	ctl_with("-k", "show nonsense\nshow acl\n");
	assert_int_equal(world.code, CLI_USAGE);
	assert_non_null(strstr(world.out, "the link"));
}

static void test_a_route_takes_effect_and_is_taken_back(void **state)
{
	(void)state;
	expect_done("add domain new.com");
	expect_done("test route sip:bob@new.com");
	assert_null(strstr(world.out, "imp-b"));
	expect_done("add route pattern=.com.new.* type=domain next_hop=imp-b");
	assert_non_null(strstr(world.out, "effective_ms"));
	expect_done("test route sip:bob@host.new.com");
	assert_non_null(strstr(world.out, "not one of ours"));
	expect_done("test route sip:bob@new.com");
	assert_non_null(strstr(world.out, ".com.new.*"));
	assert_non_null(strstr(world.out, "imp-b"));
	expect_done("diff");
	assert_non_null(strstr(world.out, "+ routes pattern=.com.new.*"));
	expect_done("rollback");
	expect_done("test route sip:bob@new.com");
	assert_null(strstr(world.out, "imp-b"));
	expect_done("rollback");
	expect_done("diff");
	assert_string_equal(world.out, "");
}

/* The merge runs while routes still come. A change that wants the whole table may come later. */
static void test_many_changes_are_merged_behind_the_operators_back(void **state)
{
	static char lines[32768];
	size_t len = 0;

	(void)state;
	expect_done("set log debug");
	for (unsigned i = 0; i < ROUTE_DELTA_MERGE + 40; i++)
		len += (size_t)snprintf(lines + len, sizeof(lines) - len,
			"add route pattern=.com.domaina.m%u type=domain next_hop=imp-b\n", i);
	ctl_with("", lines);
	assert_int_equal(world.code, CLI_DONE);
	expect_soon("show log --lines=1000", "routes merged into a new base");
	expect_done("set node imp-b weight=7");
	snprintf(lines, sizeof(lines), "rollback %u", ROUTE_DELTA_MERGE + 42);
	expect_done(lines);
	expect_done("diff");
	assert_string_equal(world.out, "");
}

static void test_a_refused_change_leaves_everything_as_it_was(void **state)
{
	uint64_t before = world.daemon->journal.number;

	(void)state;
	ctl("add route pattern=.com.x.* type=domain next_hop=nobody");
	assert_int_equal(world.code, CLI_REFUSED);
	/* The model takes any expression; only the compiler knows that this is none. */
	ctl("add route pattern=(unclosed next_hop=imp-a");
	assert_int_equal(world.code, CLI_REFUSED);
	expect_done("diff");
	assert_string_equal(world.out, "");
	assert_int_equal(world.daemon->journal.number, before);
	expect_done("add route pattern=[0-9]+ next_hop=imp-a");
	expect_done("test route sip:12345@domaina.com");
	assert_non_null(strstr(world.out, "[0-9]+"));
	expect_done("rollback");
}

static void test_a_next_hop_by_address_is_a_node_while_a_route_leads_there(void **state)
{
	(void)state;
	expect_done("add route pattern=.com.lit.* type=domain next_hop=10.0.0.77");
	expect_done("show node");
	assert_non_null(strstr(world.out, "10.0.0.77:5060/udp"));
	expect_done("del route pattern=.com.lit.*");
	expect_done("show node");
	assert_null(strstr(world.out, "10.0.0.77"));
	expect_done("rollback 2");
}

static void test_a_node_moves_and_its_routes_follow(void **state)
{
	(void)state;
	expect_done("set node imp-a address=10.0.0.99");
	expect_done("test route sip:bob@domaina.com");
	assert_non_null(strstr(world.out, "imp-a 10.0.0.99:5060"));
	expect_done("rollback");
	expect_done("test route sip:bob@domaina.com");
	assert_non_null(strstr(world.out, "imp-a 10.0.0.11:5060"));
}

static void test_configured_and_current_admin_state_stand_apart(void **state)
{
	(void)state;
	expect_done("set node imp-a admin drain");
	expect_done("-o csv show node imp-a");
	assert_non_null(strstr(world.out, "imp-a,10.0.0.11,5060,udp,ready,drain,"));
	expect_done("rollback");
	expect_done("-o csv show node imp-a");
	assert_non_null(strstr(world.out, "imp-a,10.0.0.11,5060,udp,ready,ready,"));
	ctl("show node nobody");
	assert_int_equal(world.code, CLI_REFUSED);
}

static void test_the_last_ready_node_is_not_drained(void **state)
{
	(void)state;
	expect_done("set node imp-b admin maint");
	ctl("set node imp-a admin drain");
	assert_int_equal(world.code, CLI_REFUSED);
	assert_non_null(strstr(world.err, "last node"));
	expect_done("rollback");
	expect_done("set node imp-a admin drain");
	expect_done("rollback");
}

static void test_commit_writes_what_reload_reads(void **state)
{
	(void)state;
	expect_done("add acl 10.1.0.0/16");
	expect_done("commit");
	expect_done("diff");
	assert_string_equal(world.out, "");
	expect_done("del acl 10.1.0.0/16");
	expect_done("reload");
	expect_done("show acl");
	assert_non_null(strstr(world.out, "10.1.0.0/16"));
	write_config_of_start();
	expect_done("reload");
	expect_done("show acl");
	assert_null(strstr(world.out, "10.1.0.0/16"));
}

static void test_a_file_that_is_wrong_is_refused_with_its_lines(void **state)
{
	FILE *file = fopen(world.path, "a");

	(void)state;
	fputs("nonsense: 1\n", file);
	fclose(file);
	ctl("reload");
	assert_int_equal(world.code, CLI_REFUSED);
	assert_non_null(strstr(world.err, "nonsense"));
	write_config_of_start();
	expect_done("reload");
}

static void test_what_needs_a_restart_is_said_and_left_alone(void **state)
{
	char *text = config_text_of_start();

	(void)state;
	/* Two workers become three. */
	*strchr(strstr(text, "count: 2"), '2') = '3';
	write_config(text);
	free(text);
	expect_done("-o json reload");
	assert_non_null(strstr(world.out, "needs a restart: ~ workers count=2 -> 3"));
	expect_done("-o csv show worker");
	assert_null(strstr(world.out, "\n2,"));
	write_config_of_start();
	expect_done("reload");
}

static void test_the_stores_of_connections_are_shown(void **state)
{
	(void)state;
	expect_done("-o csv show worker");
	assert_non_null(
		strstr(world.out, ",mbufs_used,mbufs_size,connections,half_open,time_wait,pinned_bytes\n"));
	expect_done("-o csv show memory");
	assert_non_null(strstr(world.out, "worker,1 connections,0,16384,0,"));
	assert_non_null(strstr(world.out, "worker,1 half-open,0,4096,0,"));
	assert_non_null(strstr(world.out, "worker,1 time-wait,0,16384,0,"));
	assert_non_null(strstr(world.out, "worker,0 source-ports,0,"));
	assert_non_null(strstr(world.out, "worker,0 pinned-bytes,0,"));
}

static void test_traces_are_switched_one_by_one(void **state)
{
	(void)state;
	expect_done("set trace routing on");
	expect_done("set trace sip_udp on");
	expect_done("-o csv show trace");
	assert_non_null(strstr(world.out, "routing,on,"));
	assert_non_null(strstr(world.out, "sip_udp,on,"));
	assert_non_null(strstr(world.out, "sip_tls,off,"));
	expect_done("set trace all off");
	expect_done("-o csv show trace");
	assert_null(strstr(world.out, ",on,"));
	expect_done("rollback 3");
}

static void test_what_changes_nothing_makes_no_generation(void **state)
{
	static const char *const lines[] = {"set failback auto", "set log error", "set probe interval_ms=500",
		"set node imp-b weight=3", "set node imp-a admin ready"};

	(void)state;
	expect_done("add acl 10.9.9.9");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		expect_done(lines[i]);
	/* What the operator last changed is what rollback takes back. */
	expect_done("rollback");
	expect_done("-o csv show acl");
	assert_null(strstr(world.out, "10.9.9.9"));
}

static void test_names_are_completed_from_what_is_configured(void **state)
{
	(void)state;
	expect_done("complete node imp-b");
	assert_string_equal(world.out, "imp-b\n");
	expect_done("complete route-key pat");
	assert_string_equal(world.out, "pattern=\n");
}

static void test_the_acl_is_asked_as_the_proxy_asks_it(void **state)
{
	(void)state;
	expect_done("-o csv test acl 10.0.0.200");
	assert_non_null(strstr(world.out, "admitted,yes"));
	expect_done("-o csv test acl 192.0.2.1");
	assert_non_null(strstr(world.out, "admitted,no"));
	ctl("test acl nonsense");
	assert_int_equal(world.code, CLI_REFUSED);
}

static void test_a_second_instance_ends_before_it_touches_a_device(void **state)
{
	struct daemon *second = aligned_alloc(64, (sizeof(*second) + 63) / 64 * 64);
	char error[DAEMON_ERROR_MAX];

	(void)state;
	assert_non_null(second);
	/* DPDK would refuse to start twice in one process, so this error is not its. */
	assert_int_equal(daemon_init(second, "test", world.path, error), -EADDRINUSE);
	assert_non_null(strstr(error, "another instance has"));
	free(second);
	expect_done("show version");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_has_a_function_and_every_function_a_command),
		cmocka_unit_test(test_everything_that_can_be_shown_is_shown),
		cmocka_unit_test(test_a_table_has_stable_columns),
		cmocka_unit_test(test_csv_quotes_what_has_a_comma_and_json_is_an_array_of_objects),
		cmocka_unit_test(test_exit_codes_tell_whose_fault_it_was),
		cmocka_unit_test(test_commands_come_from_a_pipe_until_one_fails),
		cmocka_unit_test(test_a_route_takes_effect_and_is_taken_back),
		cmocka_unit_test(test_many_changes_are_merged_behind_the_operators_back),
		cmocka_unit_test(test_a_refused_change_leaves_everything_as_it_was),
		cmocka_unit_test(test_a_next_hop_by_address_is_a_node_while_a_route_leads_there),
		cmocka_unit_test(test_a_node_moves_and_its_routes_follow),
		cmocka_unit_test(test_configured_and_current_admin_state_stand_apart),
		cmocka_unit_test(test_the_last_ready_node_is_not_drained),
		cmocka_unit_test(test_commit_writes_what_reload_reads),
		cmocka_unit_test(test_a_file_that_is_wrong_is_refused_with_its_lines),
		cmocka_unit_test(test_what_needs_a_restart_is_said_and_left_alone),
		cmocka_unit_test(test_the_stores_of_connections_are_shown),
		cmocka_unit_test(test_traces_are_switched_one_by_one),
		cmocka_unit_test(test_what_changes_nothing_makes_no_generation),
		cmocka_unit_test(test_names_are_completed_from_what_is_configured),
		cmocka_unit_test(test_the_acl_is_asked_as_the_proxy_asks_it),
		cmocka_unit_test(test_a_second_instance_ends_before_it_touches_a_device),
	};

	return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
