/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must hold between entries: each way to contradict oneself is told, at the line of the later one.
 */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct row {
	const char *text; /* behind fixture_base, which has 13 lines */
	const char *finding;
};

static void expect(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *findings = fixture_errors_more(rows[i].text);
		assert_has(findings, rows[i].finding);
		free(findings);
	}
}

static void expect_warning(const char *text, const char *finding)
{
	char *findings = fixture_warnings_more(text);

	assert_has(findings, finding);
	free(findings);
}

static void test_sections_agree_with_themselves(void **state)
{
	static const struct row rows[] = {
		{"workers: {count: 2, cores: [1]}\n", "f:14: workers.cores: names 1 cores for 2 workers"},
		{"workers: {count: 2, cores: [1, 1]}\n", "f:14: workers.cores: names core 1 twice"},
		{"workers: {mbufs: 2047}\n", "f:14: workers.mbufs: is 2047, too few to fill the receive "
					     "rings of 1 ports and to send; "
					     "write at least 2048"},
		{"workers: {mbufs: 10000}\ntcp: {memory_mb: 32}\n",
			"f:14: workers.mbufs: is 10000, too few beside the 32 MiB of them that connections "
			"may hold (tcp.memory_mb); write at least 13963"},
		{"tcp: {port_first: 40000, port_last: 40010}\n",
			"f:14: tcp.port_last: is 40010, which leaves less than 16 ports from 40000 on for "
			"each "
			"of 1 workers; write at least 40015"},
		{"workers: {count: 4}\ntcp: {port_first: 40000, port_last: 40062}\n",
			"f:15: tcp.port_last: is 40062, which leaves less than 16 ports from 40000 on for "
			"each "
			"of 4 workers; write at least 40063"},
		{"workers:\n  count: 8\n  source_port_base: 65530\n",
			"f:16: workers.source_port_base: leaves no port for worker 7; write at most 65528"},
		{"probe: {timeout_ms: 600}\n",
			"f:14: probe.timeout_ms: is 600, longer than the interval of 500 ms"},
	};

	(void)state;
	expect(rows, sizeof(rows) / sizeof(rows[0]));
}

/* Whole files: what fixture_base holds would be in the way. */
static const struct row port_rows[] = {
	{"listeners: []\n", "f: ports: has no entry; write at least one"},
	{"ports: []\n", "f: listeners: has no entry"},
	{"ports: [{name: p, device: net_ring0, addresses: []}]\n", "ports[0].addresses: is empty"},
	{"ports: [{name: p, device: net_ring0, addresses: [10.0.0.0/24]}]\n",
		"10.0.0.0/24 is not the address of a host"},
	{"ports: [{name: p, device: net_ring0, addresses: [10.0.0.255/24]}]\n",
		"is not the address of a host"},
	{"ports: [{name: p, device: net_ring0, addresses: [224.0.0.1/24]}]\n",
		"is not the address of a host"},
	{"ports: [{name: p, device: net_ring0, addresses: [127.0.0.1/8]}]\n", "is not the address of a host"},
	{"ports: [{name: p, device: net_ring0, addresses: [\"fd00::1/64\"], mtu: 1000}]\n",
		"mtu: is 1000, but IPv6 (fd00::1) needs 1280"},
	{"ports: [{name: p, device: net_ring0, addresses: [10.0.0.1/24, 10.0.0.1/16]}]\n",
		"10.0.0.1 stands twice"},
	{"ports:\n  - {name: p, device: net_ring0, addresses: [10.0.0.1/24]}\n"
	 "  - {name: p, device: net_ring1, addresses: [10.0.1.1/24]}\n",
		"f:3: ports[1].name: is taken already (line 2)"},
	{"ports:\n  - {name: p, device: \"net_ring0,x=1\", addresses: [10.0.0.1/24]}\n"
	 "  - {name: q, device: net_ring0, addresses: [10.0.1.1/24]}\n",
		"f:3: ports[1].device: is that of port p already"},
	{"ports:\n  - {name: p, device: net_ring0, addresses: [10.0.0.1/24]}\n"
	 "  - {name: q, device: net_ring1, addresses: [10.0.0.2/16]}\n",
		"10.0.0.2/16 overlaps a prefix of port p"},
	{"ports: [{name: p, device: net_ring0, addresses: [10.0.0.1/24], gateway: 10.0.1.1}]\n",
		"gateway: is in none of the port's prefixes"},
	{"ports: [{name: p, device: net_ring0, addresses: [10.0.0.1/24], gateway: 10.0.0.1}]\n",
		"gateway: is the port's own address"},
	{"ports: [{name: p, device: net_ring0, addresses: [10.0.0.1/24], gateway: \"fe80::1\"}]\n",
		"gateway: is not an IPv4 address; write it under gateway6"},
	{"ports: [{name: p, device: net_ring0, addresses: [10.0.0.1/24], mac: 01:00:00:00:00:01}]\n",
		"mac: \"01:00:00:00:00:01\" is not a unicast MAC address"},
};

static void test_ports_can_carry_packets(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(port_rows) / sizeof(port_rows[0]); i++) {
		char *findings = fixture_errors(port_rows[i].text);
		assert_has(findings, port_rows[i].finding);
		free(findings);
	}
}

/* fixture_base with other listeners. */
static char *listener_errors(const char *listeners)
{
	char *text, *findings;

	assert_true(
		asprintf(&text,
			"ports: [{name: lan, device: net_ring0, addresses: [10.99.0.1/24, \"fd99::1/64\"]}]\n"
			"workers: {count: 2}\nlisteners:\n%s",
			listeners) > 0);
	findings = fixture_errors(text);
	free(text);
	return findings;
}

static void test_listeners_sit_on_free_ports_of_our_addresses(void **state)
{
	static const struct row rows[] = {
		{"  - {name: l, address: 10.99.0.2}\n",
			"f:4: listeners[0].address: is not an address of any port"},
		{"  - {name: l, address: 10.99.0.1}\n  - {name: m, address: 10.99.0.1}\n",
			"f:5: listeners[1].port: 5060 on this address is taken by listener l"},
		{"  - {name: l, address: 10.99.0.1, port: 15061}\n",
			"listeners[0].port: is 15061, which worker 1 sends from"},
		{"  - {name: l, address: 10.99.0.1}\n  - {name: l, address: \"fd99::1\"}\n",
			"listeners[1].name: is taken already (line 4)"},
		{"  - {name: l, address: 10.99.0.1, transport: tls}\n",
			"listeners[0].transport: tls is not available in this version; write udp"},
		{"  - {name: l, address: 10.99.0.1, transport: tls, port: 5061}\n  - {name: m, address: "
		 "10.99.0.1, transport: tcp, port: 5061}\n",
			"5061 on this address is taken by listener l"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *findings = listener_errors(rows[i].text);
		assert_has(findings, rows[i].finding);
		free(findings);
	}
}

static void test_nodes_can_be_reached_and_are_not_us(void **state)
{
	static const char head[] = "ports: [{name: lan, device: net_ring0, addresses: [10.99.0.1/24]}]\n"
				   "listeners: [{name: l, address: 10.99.0.1}]\nnodes:\n";
	static const struct row rows[] = {
		{"  - {name: n, address: 10.98.0.1}\n", "f:4: nodes[0].address: is in no prefix of a port, "
							"and no port has a gateway for IPv4"},
		{"  - {name: n, address: \"fd99::2\"}\n", "a gateway for IPv6"},
		{"  - {name: n, address: 10.99.0.1}\n", "nodes[0].address: is the balancer's own"},
		{"  - {name: n, address: 127.0.0.1}\n", "is not one that a node can have"},
		{"  - {name: n, address: 10.99.0.2, transport: tls}\n", "transport: tls is not available"},
		{"  - {name: n, address: 10.99.0.2}\n  - {name: n, address: 10.99.0.3}\n",
			"f:5: nodes[1].name: is taken already (line 4)"},
		{"  - {name: n, address: 10.99.0.2}\n  - {name: m, address: 10.99.0.2, port: 5060}\n",
			"f:5: nodes[1].address: with its port and transport is that of node n already (line "
			"4)"},
		{"  - name: n\n    address: 10.99.0.2\n    probe:\n      timeout_ms: 700\n",
			"f:7: nodes[0].probe.timeout_ms: is 700, longer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text, *findings;
		assert_true(asprintf(&text, "%s%s", head, rows[i].text) > 0);
		findings = fixture_errors(text);
		assert_has(findings, rows[i].finding);
		free(findings);
		free(text);
	}
}

static void test_routes_lead_somewhere_once(void **state)
{
	static const struct row rows[] = {
		{"routes:\n  - {match_uri: a.com, next_hop: x}\n",
			"f:15: routes[0].next_hop: \"x\" is not the name of a node"},
		{"routes:\n  - {match_uri: a.com, next_hop: imp.domaina.com}\n",
			"is not the name of a node; add it to nodes"},
		{"routes:\n  - {match_uri: a.com, next_hop: 10.1.0.1}\n",
			"next_hop: is in no prefix of a port"},
		{"routes:\n  - {match_uri: a.com, next_hop: a, next_hop_port: 5070}\n",
			"next_hop_port: is 5070, but node a has port 5060"},
		{"routes:\n  - {match_uri: a.com, next_hop: a, protocol: tcp}\n",
			"protocol: is tcp, but node a speaks udp"},
		{"routes:\n  - {match_uri: a.com, next_hop: 10.99.0.9, protocol: tls}\n",
			"protocol: tls is not available in this version"},
		{"routes:\n  - {match_uri: a.com, next_hop: a}\n  - {pattern: com.A, type: domain, next_hop: "
		 "a}\n",
			"f:16: routes[1].pattern: has a route to the same next hop already (line 15)"},
		{"routes:\n  - {match_uri: a.com, next_hop: a}\n  - {match_uri: a.com, next_hop: "
		 "10.99.0.11}\n",
			"f:16: routes[1].match_uri: has a route to the same next hop already (line 15)"},
		{"acl: [10.0.0.0/8, Allow from 10.0.0.0/8]\n",
			"f:14: acl[1].pattern: is taken already (line 14)"},
		{"acl: [all, ALL]\n", "acl[1].pattern: is taken already"},
		{"domains: [a.com, A.COM.]\n", "f:14: domains[1].name: is taken already"},
	};

	(void)state;
	expect(rows, sizeof(rows) / sizeof(rows[0]));
}

static void test_one_pattern_may_have_several_scopes_types_and_hops(void **state)
{
	struct config *c =
		fixture_load_more("routes:\n"
				  "  - {pattern: .com.a.*, type: domain, next_hop: a}\n"
				  "  - {pattern: .com.a.*, type: domain, next_hop: b, priority: 2}\n"
				  "  - {pattern: com.a, type: domain, next_hop: a}\n"
				  "  - {match_uri: \"*.a.com\", next_hop: a}\n"
				  "  - {pattern: com.a, type: user, next_hop: a}\n");

	(void)state;
	assert_int_equal(config_count(c, CONFIG_ROUTES), 5);
	config_destroy(c);
}

static void test_a_pattern_has_a_bounded_number_of_routes(void **state)
{
	char *text = NULL, *findings;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	fputs("routes:\n", out);
	for (int i = 0; i <= CONFIG_ROUTES_PER_PATTERN_MAX; i++)
		fprintf(out, "  - {match_uri: a.com, next_hop: 10.99.0.%d}\n", 100 + i);
	fclose(out);
	findings = fixture_errors_more(text);
	assert_has(findings, "is one too many for its pattern");
	free(findings);
	free(text);
}

static void test_regular_expressions_are_bounded(void **state)
{
	char *text = NULL, *findings;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	struct config *config;

	(void)state;
	fputs("routes:\n  - {pattern: r0, next_hop: b}\n", out);
	for (int i = 0; i < CONFIG_USER_PATTERNS_MAX; i++)
		fprintf(out, "  - {pattern: r%d, next_hop: a}\n", i);
	fflush(out);
	config = fixture_load_more(text);
	assert_int_equal(fixture_add(config, CONFIG_ROUTES, "pattern=other next_hop=a", &findings), -EINVAL);
	assert_has(findings, "routes: of type user have more than 1024 different patterns");
	assert_int_equal(config_count(config, CONFIG_ROUTES), CONFIG_USER_PATTERNS_MAX + 1);
	free(findings);
	config_destroy(config);
	fputs("  - {pattern: other, next_hop: a}\n", out);
	fclose(out);
	findings = fixture_errors_more(text);
	assert_has(findings, "f:1040: routes: of type user have more than 1024 different patterns");
	free(findings);
	free(text);
}

static void test_nodes_named_by_address_count_as_nodes(void **state)
{
	char *text = NULL, *findings;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	(void)state;
	fputs("routes:\n", out);
	for (int i = 0; i < CONFIG_NODES_MAX; i++)
		fprintf(out, "  - {match_uri: d%d.com, next_hop: 10.99.0.99, next_hop_port: %d}\n", i,
			1000 + i);
	fclose(out);
	findings = fixture_errors_more(text);
	assert_has(findings, "nodes: with the next hops that routes name by address are more than 1024");
	free(findings);
	free(text);
}

static void test_what_is_legal_but_odd_is_warned_of(void **state)
{
	(void)state;
	expect_warning("", "warning: routes: is empty, so every request gets 404");
	expect_warning("", "warning: acl: is empty, so only nodes may send requests");
	expect_warning("routes:\n  - {pattern: .com.a.*, next_hop: a}\n",
		"f:15: warning: routes[0].pattern: looks like a reversed domain, but without type it is");
	expect_warning("routes:\n  - {pattern: domaina.com, type: domain, next_hop: a}\n",
		"f:15: warning: routes[0].pattern: looks like a domain written forward");
	expect_warning("tcp: {keepalive_ms: 5000, idle_timeout_ms: 5000}\n",
		"f:14: warning: tcp.keepalive_ms: is 5000, not less than the idle timeout of 5000 ms");
	expect_warning("acl: [10.0.0.5/24]\n",
		"f:14: warning: acl[0].pattern: has bits set behind its prefix length");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sections_agree_with_themselves),
		cmocka_unit_test(test_ports_can_carry_packets),
		cmocka_unit_test(test_listeners_sit_on_free_ports_of_our_addresses),
		cmocka_unit_test(test_nodes_can_be_reached_and_are_not_us),
		cmocka_unit_test(test_routes_lead_somewhere_once),
		cmocka_unit_test(test_one_pattern_may_have_several_scopes_types_and_hops),
		cmocka_unit_test(test_a_pattern_has_a_bounded_number_of_routes),
		cmocka_unit_test(test_regular_expressions_are_bounded),
		cmocka_unit_test(test_nodes_named_by_address_count_as_nodes),
		cmocka_unit_test(test_what_is_legal_but_odd_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
