/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * YAML becomes the model; and what is wrong with single keys is told with line, key, reason and remedy.
 */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_the_smallest_file_has_every_default(void **state)
{
	struct config *c = fixture_load(fixture_base);

	(void)state;
	assert_string_equal(c->instance.name, "sluice");
	assert_int_equal(c->instance.retry_after_s, 5);
	assert_int_equal(c->memory.huge_pages, CONFIG_HUGE_PAGES_AUTO);
	assert_int_equal(c->workers.count, 1);
	assert_int_equal(c->workers.core_count, 0);
	assert_int_equal(c->workers.source_port_base, 15060);
	assert_int_equal(c->tcp.connections_max, 16384);
	assert_int_equal(c->tcp.memory_mb, 0);
	assert_int_equal(c->tcp.port_first, 32768);
	assert_int_equal(c->tcp.port_last, 60999);
	assert_int_equal(c->tcp.idle_timeout_ms, 1800000);
	assert_int_equal(c->probe.interval_ms, 500);
	assert_int_equal(c->probe.timeout_ms, 250);
	assert_int_equal(c->probe.fall, 3);
	assert_int_equal(c->probe.rise, 2);
	assert_int_equal(c->probe.failback, CONFIG_FAILBACK_AUTO);
	assert_int_equal(c->probe.hold_ms, 5000);
	assert_string_equal(c->control.socket, "/run/sluice/control.sock");
	assert_int_equal(c->control.mode, 0600);
	assert_int_equal(c->log.level, CONFIG_LOG_INFO);
	assert_int_equal(c->log.trace, 0);
	assert_int_equal(config_port_at(c, 0)->mtu, 1500);
	assert_int_equal(config_port_at(c, 0)->queues, 0);
	assert_int_equal(config_listener_at(c, 0)->port, 5060);
	assert_true(config_listener_at(c, 0)->record_route);
	assert_int_equal(config_node_at(c, 0)->port, 5060);
	assert_int_equal(config_node_at(c, 0)->weight, 1);
	config_destroy(c);
}

static void test_every_section_is_read(void **state)
{
	struct config *c =
		fixture_load_more("instance: {name: lb-1, retry_after_s: 7}\n"
				  "memory: {huge_pages: off, memory_mb: 512}\n"
				  "workers: {count: 2, cores: [4, 6], idle: poll, source_port_base: 20000}\n"
				  "tcp: {connections_max: 100000, memory_mb: auto, window_bytes: 131072}\n"
				  "probe: {interval_ms: 1000, timeout_ms: 1000, failback: manual}\n"
				  "control: {socket: /tmp/s, mode: 0660}\n"
				  "log: {level: debug, trace: [routing, sip_udp]}\n");

	(void)state;
	assert_string_equal(c->instance.name, "lb-1");
	assert_int_equal(c->instance.retry_after_s, 7);
	assert_int_equal(c->memory.huge_pages, CONFIG_HUGE_PAGES_OFF);
	assert_int_equal(c->memory.memory_mb, 512);
	assert_int_equal(c->workers.core_count, 2);
	assert_int_equal(c->workers.cores[1], 6);
	assert_int_equal(c->workers.idle, CONFIG_IDLE_POLL);
	assert_int_equal(c->tcp.connections_max, 100000);
	assert_int_equal(c->tcp.memory_mb, 0);
	assert_int_equal(c->tcp.window_bytes, 131072);
	assert_int_equal(c->probe.failback, CONFIG_FAILBACK_MANUAL);
	assert_int_equal(c->control.mode, 0660);
	assert_int_equal(c->log.level, CONFIG_LOG_DEBUG);
	assert_int_equal(c->log.trace, CONFIG_TRACE_ROUTING | CONFIG_TRACE_SIP_UDP);
	config_destroy(c);
}

static void test_routes_in_every_notation_are_read(void **state)
{
	struct config *c =
		fixture_load_more("routes:\n"
				  "  - {pattern: .com.DomainA.*, type: domain, next_hop: a}\n"
				  "  - {match_uri: \"*.sip.com\", next_hop: b, priority: 2, weight: 9}\n"
				  "  - {pattern: \"[0-9]+\", next_hop: 10.99.0.40, next_hop_port: 5070}\n"
				  "  - {pattern: com.bad, type: domain, block: on}\n");
	const struct config_route *r;

	(void)state;
	r = config_route_at(c, 0);
	assert_string_equal(r->domain, "com.domaina");
	assert_int_equal(r->scope, CONFIG_SCOPE_SUBTREE);
	assert_int_equal(r->priority, 1);
	assert_true(r->in_service);
	r = config_route_at(c, 1);
	assert_string_equal(r->domain, "com.sip");
	assert_int_equal(r->scope, CONFIG_SCOPE_CHILDREN);
	assert_int_equal(r->type, CONFIG_ROUTE_DOMAIN);
	r = config_route_at(c, 2);
	assert_int_equal(r->type, CONFIG_ROUTE_USER);
	assert_null(r->domain);
	r = config_route_at(c, 3);
	assert_true(r->block);
	assert_null(r->next_hop);
	config_destroy(c);
}

static void test_next_hops_resolve_by_name_and_by_address(void **state)
{
	struct config *c =
		fixture_load_more("routes:\n"
				  "  - {match_uri: a.com, next_hop: b}\n"
				  "  - {match_uri: b.com, next_hop: 10.99.0.12}\n"
				  "  - {match_uri: c.com, next_hop: 10.99.0.40, weight: 4}\n"
				  "  - {match_uri: d.com, next_hop: \"fd99::40\", next_hop_port: 5070}\n");
	struct config_next_hop hop;

	(void)state;
	assert_int_equal(config_next_hop(c, config_route_at(c, 0), &hop), 0);
	assert_ptr_equal(hop.node, config_node_at(c, 1));
	assert_int_equal(hop.weight, 3);
	assert_string_equal(hop.name, "b");
	assert_int_equal(config_next_hop(c, config_route_at(c, 1), &hop), 0);
	assert_ptr_equal(hop.node, config_node_at(c, 1));
	assert_int_equal(config_next_hop(c, config_route_at(c, 2), &hop), 0);
	assert_null(hop.node);
	assert_int_equal(hop.weight, 4);
	assert_string_equal(hop.name, "10.99.0.40:5060/udp");
	assert_int_equal(config_next_hop(c, config_route_at(c, 3), &hop), 0);
	assert_string_equal(hop.name, "[fd99::40]:5070/udp");
	config_destroy(c);
}

static void test_a_node_overrides_single_probe_keys(void **state)
{
	struct config *c = fixture_load("ports: [{name: p, device: net_ring0, addresses: [10.0.0.1/24]}]\n"
					"listeners: [{name: l, address: 10.0.0.1}]\n"
					"probe: {fall: 5, interval_ms: 900}\n"
					"nodes: [{name: n, address: 10.0.0.2, probe: {interval_ms: 300}}]\n");
	struct config_probe probe;

	(void)state;
	config_node_probe(c, config_node_at(c, 0), &probe);
	assert_int_equal(probe.interval_ms, 300);
	assert_int_equal(probe.fall, 5);
	assert_int_equal(probe.timeout_ms, 250);
	config_node_probe(c, NULL, &probe);
	assert_int_equal(probe.interval_ms, 900);
	config_destroy(c);
}

static void test_acl_patterns_are_read(void **state)
{
	struct config *c = fixture_load_more("acl:\n"
					     "  - all\n"
					     "  - Allow from 192.0.2.7\n"
					     "  - {pattern: aLLOW FROM 192.0.2.99/25, description: x}\n"
					     "  - \"2001:db8::/32\"\n"
					     "domains: [Synergy.COM., {name: b.com}]\n");

	(void)state;
	assert_int_equal(config_acl_at(c, 0)->prefix.addr.family, IP_NONE);
	assert_int_equal(config_acl_at(c, 1)->prefix.len, 32);
	assert_int_equal(config_acl_at(c, 2)->prefix.len, 25);
	assert_int_equal(config_acl_at(c, 2)->prefix.addr.bytes[3], 0);
	assert_int_equal(config_acl_at(c, 3)->prefix.addr.family, IP_V6);
	assert_string_equal(config_domain_at(c, 0)->name, "synergy.com");
	config_destroy(c);
}

/* A text and a finding that it must give. */
struct wrong {
	const char *text;
	const char *finding;
};

static const struct wrong rows[] = {
	{"prts: []\n", "f:1: has no key \"prts\"; did you mean ports?"},
	{"xyzzy: []\n", "f:1: has no key \"xyzzy\"; its keys are instance, memory"},
	{"workers:\n  count: 0\n", "f:2: workers.count: \"0\" is not a number from 1 to"},
	{"workers:\n  count: two\n", "f:2: workers.count: \"two\" is not a number from 1"},
	{"workers:\n  count: 99999999999999999999\n", "f:2: workers.count:"},
	{"workers:\n  count: -1\n", "f:2: workers.count: \"-1\" is not"},
	{"workers: [1]\n", "f:1: workers: takes keys of its own, but a list stands here"},
	{"workers: 7\n", "f:1: workers: takes keys of its own, but a single value stands here"},
	{"workers:\n  count: [1]\n", "f:2: workers.count: takes one value, but a list stands here"},
	{"workers:\n  count: {a: b}\n", "f:2: workers.count: takes one value, but a section of keys"},
	{"workers:\n  count:\n", "f:2: workers.count: takes one value, but nothing stands here"},
	{"workers:\n  cores: 4\n", "f:2: workers.cores: takes a list of values, but a single value stands"},
	{"workers:\n  cores: [4, x]\n", "f:2: workers.cores: \"x\" is not a number"},
	{"workers:\n  idle: lazy\n", "f:2: workers.idle: \"lazy\" is not one of adaptive, poll"},
	{"workers:\n  count: 1\n  count: 2\n", "f:3: workers.count: stands here twice, first on line 2"},
	{"ports: {name: x}\n", "f:1: ports: takes a list, but a section of keys stands here"},
	{"ports: [x]\n", "f:1: ports[0]: takes keys, but a single value stands here"},
	{"ports:\n  - name: x\n", "f:2: ports[0].device: is missing; write for example device: 0000:03:00.0"},
	{"nodes:\n  - name: x\n    address: 1.2.3\n",
		"f:3: nodes[0].address: \"1.2.3\" is not an IPv4 or IPv6"},
	{"nodes:\n  - name: x\n    adress: 1.2.3.4\n",
		"f:3: nodes[0]: has no key \"adress\"; did you mean address?"},
	{"nodes:\n  - name: 9x\n    address: 1.2.3.4\n", "f:2: nodes[0].name: \"9x\" is not a name"},
	{"nodes:\n  - name: x\n    address: 1.2.3.4\n    port: 70000\n",
		"f:4: nodes[0].port: \"70000\" is not a number from 1 to 65535"},
	{"nodes:\n  - name: x\n    address: 1.2.3.4\n    probe:\n      fall: 0\n",
		"f:5: nodes[0].probe.fall: \"0\""},
	{"control: {mode: 0888}\n", "f:1: control.mode: \"0888\" is not a set of permission bits"},
	{"control: {socket: here}\n", "f:1: control.socket: \"here\" is not an absolute path"},
	{"log: {trace: [sip]}\n", "f:1: log.trace: \"sip\" is not one of sip_udp, sip_tcp"},
	{"acl: [admin.lync.com]\n", "f:1: acl[0].pattern: \"admin.lync.com\" is a host or domain "
				    "name, and names come later"},
	{"acl: [foo.com]\n", "names come later"},
	{"acl: [10.0.0.1/33]\n", "f:1: acl[0].pattern: \"10.0.0.1/33\" is not an address pattern"},
	{"acl: [10.0.0]\n", "is not an address pattern"},
	{"domains: [a_b..c]\n", "f:1: domains[0].name: \"a_b..c\" has an empty label"},
	{"routes:\n  - {next_hop: a}\n", "f:2: routes[0].pattern: is missing"},
	{"routes:\n  - {match_uri: a.com}\n", "f:2: routes[0].next_hop: is missing; write a node's name"},
	{"routes:\n  - {match_uri: a.com, pattern: x, next_hop: a}\n",
		"f:2: routes[0].match_uri: stands beside pattern"},
	{"routes:\n  - {match_uri: a.com, type: user, next_hop: a}\n",
		"names a domain, but the type is user"},
	{"routes:\n  - {match_uri: a..com, next_hop: a}\n", "has an empty label"},
	{"routes:\n  - {pattern: .com.*.x, type: domain, next_hop: a}\n", "has a * in a wrong place"},
	{"routes:\n  - {match_uri: a.com, next_hop: \"10.0.0.1:5060\"}\n",
		"the port goes into next_hop_port"},
	{"instance: !tag {name: x}\n", "f:1: has a tag (!)"},
	{"instance: &x {name: x}\n", "f:1: has an anchor or alias"},
	{"routes:\n  - match_uri: *.sip.com\n", "f:2: is not YAML: did not find expected alphabetic or "
						"numeric character, while scanning an alias; "
						"put a text that begins with * or & into quotes"},
	{"instance: {name: *x}\n", "f:1:"},
	{"- a\n- b\n", "f:1: holds a list; a configuration is a set of sections"},
	{"just words\n", "f:1: holds a single value; a configuration is"},
	{"workers:\n\tcount: 1\n", "f:2: is not YAML:"},
	{"workers: {count: 1\n", "is not YAML:"},
	{"log: {level: info}\n---\nlog: {level: info}\n", "f:2: holds a second document"},
	{"? [a]\n: b\n", "f:1: has a list where a key belongs"},
};

static void test_a_wrong_key_or_value_is_told_with_line_and_remedy(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *findings = fixture_errors(rows[i].text);
		assert_has(findings, rows[i].finding);
		free(findings);
	}
}

static void test_several_errors_are_told_at_once_in_the_order_of_lines(void **state)
{
	char *findings = fixture_errors("workers:\n"
					"  count: many\n"
					"  coares: 3\n"
					"ports:\n"
					"  - name: lan\n"
					"    device: net_tap0\n"
					"    addresses: [10.0.0.1]\n"
					"    mtu: 10\n"
					"nodes:\n"
					"  - name: a\n"
					"    address: x\n"
					"    port: 0\n"
					"routes:\n"
					"  - {match_uri: a.com, next_hop: nobody}\n");
	static const char *const lines[] = {"f:2: workers.count", "f:3: workers: has no key \"coares\"",
		"f:7: ports[0].addresses: \"10.0.0.1\" is not an address with its prefix length",
		"f:8: ports[0].mtu", "f:11: nodes[0].address", "f:12: nodes[0].port",
		"f:14: routes[0].next_hop: \"nobody\" is not the name"};
	const char *at = findings;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		const char *next = strstr(at, lines[i]);
		if (!next)
			fail_msg("\"%s\" is not in its place in:\n%s", lines[i], findings);
		at = next;
	}
	free(findings);
}

static void test_a_wrong_node_is_still_known_to_routes(void **state)
{
	char *findings =
		fixture_errors("nodes: [{name: n, address: x}]\nroutes: [{match_uri: a.com, next_hop: n}]\n");

	(void)state;
	assert_has(findings, "nodes[0].address");
	assert_has_not(findings, "routes[0]");
	free(findings);
}

static void test_a_wrong_port_brings_no_further_complaints(void **state)
{
	char *findings = fixture_errors("ports: [{name: p, device: net_ring0, addresses: [x]}]\n"
					"listeners: [{name: l, address: 10.0.0.1}]\n"
					"nodes: [{name: n, address: 10.0.0.2}]\n"
					"routes: [{match_uri: a.com, next_hop: 10.0.0.3}]\n");

	(void)state;
	assert_has(findings, "ports[0].addresses");
	assert_has_not(findings, "f:2:");
	assert_has_not(findings, "f:3:");
	assert_has_not(findings, "f:4:");
	free(findings);
}

static void test_too_many_findings_are_counted(void **state)
{
	struct config_report report;
	struct config *config = NULL;
	char text[16384] = "";
	char *findings;

	(void)state;
	for (int i = 0; i < 300; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "key_%d: 1\n", i);
	config_report_init(&report, "f");
	assert_int_equal(config_load_text(span_str(text), &report, &config), -EINVAL);
	assert_int_equal(report.count, CONFIG_FINDINGS_MAX);
	assert_true(report.error_count >= 300);
	findings = fixture_findings(&report);
	assert_has(findings, "more\n");
	free(findings);
	config_report_fini(&report);
}

static void test_empty_lists_and_byte_order_marks_are_fine(void **state)
{
	char *text;
	struct config *c;

	(void)state;
	assert_true(asprintf(&text, "\xef\xbb\xbf%sroutes:\nacl: []\ndomains: ~\nlog:\n", fixture_base) > 0);
	c = fixture_load(text);
	assert_int_equal(config_count(c, CONFIG_ROUTES), 0);
	config_destroy(c);
	free(text);
}

static void test_a_file_that_cannot_be_read_is_told(void **state)
{
	struct config_report report;
	struct config *config = NULL;
	char *findings;

	(void)state;
	config_report_init(&report, "/nowhere/x.yaml");
	assert_int_equal(config_load_file("/nowhere/x.yaml", &report, &config), -ENOENT);
	findings = fixture_findings(&report);
	assert_has(findings, "/nowhere/x.yaml: cannot be read: No such file");
	free(findings);
	config_report_fini(&report);
	config_report_init(&report, "/tmp");
	assert_int_equal(config_load_file("/tmp", &report, &config), -EISDIR);
	config_report_fini(&report);
}

/* Whoever opened a pipe the ordinary way would wait for its writer, and the daemon with him. */
static void test_a_pipe_or_device_is_refused_and_not_waited_for(void **state)
{
	static const char finding[] = ": is a pipe, a socket or a device; name a file on a disk";
	char folder[] = "/tmp/sluice-XXXXXX", pipe[64];
	const char *const paths[] = {pipe, "/dev/zero"};
	struct config_report report;
	struct config *config = NULL;
	char *findings;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(pipe, sizeof(pipe), "%s/pipe", folder);
	assert_int_equal(mkfifo(pipe, 0600), 0);
	for (unsigned i = 0; i < 2; i++) {
		config_report_init(&report, paths[i]);
		assert_int_equal(config_load_file(paths[i], &report, &config), -ESPIPE);
		findings = fixture_findings(&report);
		assert_has(findings, paths[i]);
		assert_has(findings, finding);
		free(findings);
		config_report_fini(&report);
	}
	unlink(pipe);
	rmdir(folder);
}

static void check_example(const char *name)
{
	char path[512], *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	int rc;

	snprintf(path, sizeof(path), "%s/%s.yaml", EXAMPLE_FOLDER, name);
	rc = config_check_file(path, out);
	fclose(out);
	if (rc)
		fail_msg("%s", text);
	assert_has(text, ": fine, 0 warnings");
	free(text);
}

static void test_every_example_is_fine(void **state)
{
	(void)state;
	check_example("demo");
	check_example("demo-tcp");
	check_example("lync-front");
	check_example("ocs-front");
}

static void test_checking_a_wrong_file_fails_and_counts(void **state)
{
	char path[] = "/tmp/config-test-XXXXXX", *text = NULL;
	int fd = mkstemp(path);
	size_t len;
	FILE *file = fdopen(fd, "w"), *out = open_memstream(&text, &len);

	(void)state;
	fputs("a: 1\nb: 2\nports: []\n", file);
	fclose(file);
	assert_int_equal(config_check_file(path, out), 1);
	fclose(out);
	remove(path);
	assert_has(text, ":1: has no key \"a\"");
	assert_has(text, ":2: has no key \"b\"");
	assert_has(text, ": 4 errors, 2 warnings\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_smallest_file_has_every_default),
		cmocka_unit_test(test_every_section_is_read),
		cmocka_unit_test(test_routes_in_every_notation_are_read),
		cmocka_unit_test(test_next_hops_resolve_by_name_and_by_address),
		cmocka_unit_test(test_a_node_overrides_single_probe_keys),
		cmocka_unit_test(test_acl_patterns_are_read),
		cmocka_unit_test(test_a_wrong_key_or_value_is_told_with_line_and_remedy),
		cmocka_unit_test(test_several_errors_are_told_at_once_in_the_order_of_lines),
		cmocka_unit_test(test_a_wrong_node_is_still_known_to_routes),
		cmocka_unit_test(test_a_wrong_port_brings_no_further_complaints),
		cmocka_unit_test(test_too_many_findings_are_counted),
		cmocka_unit_test(test_empty_lists_and_byte_order_marks_are_fine),
		cmocka_unit_test(test_a_file_that_cannot_be_read_is_told),
		cmocka_unit_test(test_a_pipe_or_device_is_refused_and_not_waited_for),
		cmocka_unit_test(test_every_example_is_fine),
		cmocka_unit_test(test_checking_a_wrong_file_fails_and_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
