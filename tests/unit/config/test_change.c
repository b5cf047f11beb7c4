/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Live changes: the same keys, checks and texts as the file; a failed change leaves everything as it was; and
 * whatever a change makes can be saved and loaded again.
 */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct config *load(void)
{
	return fixture_load_more("routes:\n"
				 "  - {pattern: .com.a.*, type: domain, next_hop: a}\n"
				 "  - {pattern: .com.a.*, type: domain, next_hop: b, priority: 2}\n"
				 "  - {pattern: \"[0-9]+\", next_hop: b}\n"
				 "acl: [10.99.0.0/24]\n"
				 "domains: [a.com]\n");
}

/* Ends a test: what is in memory must be what a file can say. */
static void finish(struct config *c)
{
	char *saved = fixture_save(c), *again;
	struct config *loaded = fixture_load(saved);

	again = fixture_save(loaded);
	assert_string_equal(saved, again);
	free(saved);
	free(again);
	config_destroy(loaded);
	config_destroy(c);
}

/* Runs what must fail, and that it changes nothing. */
typedef int (*change_fn)(
	struct config *config, enum config_list_id list, const char *pairs, char **ret_errors);

struct failing {
	change_fn change;
	enum config_list_id list;
	const char *pairs;
	int rc;
	const char *finding;
};

static void expect_failure(struct config *c, struct failing f)
{
	char *before = fixture_save(c), *after, *errors;
	int rc = f.change(c, f.list, f.pairs, &errors);

	if (rc != f.rc)
		fail_msg("%s gives %d, not %d: %s", f.pairs, rc, f.rc, errors);
	assert_has(errors, f.finding);
	after = fixture_save(c);
	assert_string_equal(before, after);
	free(before);
	free(after);
	free(errors);
}

static void test_entries_are_added_to_every_list(void **state)
{
	struct config *c = load();

	(void)state;
	assert_int_equal(
		fixture_add(c, CONFIG_NODES, "name=c address=10.99.0.13 weight=5 probe.fall=2", NULL), 0);
	assert_int_equal(
		fixture_add(c, CONFIG_ROUTES, "pattern=.com.b.* type=domain next_hop=c priority=3", NULL), 0);
	assert_int_equal(fixture_add(c, CONFIG_ROUTES,
				 "match_uri=*.sip.com next_hop=10.99.0.77 next_hop_port=5070", NULL),
		0);
	assert_int_equal(fixture_add(c, CONFIG_ACL,
				 "pattern=\"Allow from 10.1.0.0/16\" description=\"the lab\"", NULL),
		0);
	assert_int_equal(fixture_add(c, CONFIG_DOMAINS, "name=B.com", NULL), 0);
	assert_int_equal(
		fixture_add(c, CONFIG_PORTS,
			"name=wan device=net_ring1 addresses=[10.7.0.1/24,fd07::1/64] mtu=9000", NULL),
		0);
	assert_int_equal(fixture_add(c, CONFIG_LISTENERS, "name=w address=10.7.0.1", NULL), 0);
	assert_int_equal(config_count(c, CONFIG_ROUTES), 5);
	assert_string_equal(config_route_at(c, 3)->domain, "com.b");
	assert_non_null(config_node_find(c, span_str("c")));
	assert_int_equal(config_port_find(c, span_str("wan"))->address_count, 2);
	assert_int_equal(config_listener_find(c, span_str("w"))->port, 5060);
	finish(c);
}

static void test_a_wrong_addition_is_refused_and_explained(void **state)
{
	struct config *c = load();

	(void)state;
	expect_failure(c, (struct failing){fixture_add, CONFIG_ROUTES, "patern=x next_hop=a", -EINVAL,
				  "a route has no key \"patern\"; did you mean pattern?"});
	expect_failure(
		c, (struct failing){fixture_add, CONFIG_ROUTES, "pattern=.com.x.* next_hop=zz type=domain",
			   -EINVAL, "next_hop: \"zz\" is not the name of a node"});
	expect_failure(
		c, (struct failing){fixture_add, CONFIG_ROUTES, "pattern=.com.A.* next_hop=a type=domain",
			   -EEXIST, "pattern: has a route to the same next hop already"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_ROUTES,
				  "pattern=.com.A.* next_hop=10.99.0.11 type=domain", -EEXIST,
				  "has a route to the same next hop already"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_ROUTES, "pattern=x priority=70000 weight=zero",
				  -EINVAL, "priority: \"70000\" is not a number from 0 to 65535"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_ROUTES, "pattern=x priority=70000 weight=zero",
				  -EINVAL, "weight: \"zero\" is not \"node\" or a number"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_ROUTES, "pattern=x pattern=y next_hop=a",
				  -EINVAL, "\"pattern\" stands twice"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_NODES, "name=a address=10.99.0.50", -EEXIST,
				  "name: is taken already"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_NODES, "name=z address=10.99.0.11", -EEXIST,
				  "is that of node a already"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_NODES, "name=z address=10.98.0.11", -EINVAL,
				  "is in no prefix of a port"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_NODES, "name=z address=10.99.0.50 probe=x",
				  -EINVAL, "probe: has keys of its own"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_NODES, "name=z address=10.99.0.50 probe.fal=2",
				  -EINVAL, "a probe has no key \"fal\"; did you mean fall?"});
	expect_failure(
		c, (struct failing){fixture_add, CONFIG_NODES, "name=z address=10.99.0.50 probe.fall=0",
			   -EINVAL, "probe.fall: \"0\" is not a number"});
	expect_failure(
		c, (struct failing){fixture_add, CONFIG_NODES, "name=z address=10.99.0.50 transport=tls",
			   -EINVAL, "tls is not available"});
	expect_failure(
		c, (struct failing){fixture_add, CONFIG_ACL, "pattern=foo.com", -EINVAL, "names come later"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_ACL, "pattern=10.99.0.7/24", -EEXIST,
				  "is taken already"});
	expect_failure(
		c, (struct failing){fixture_add, CONFIG_DOMAINS, "name=A.COM", -EEXIST, "is taken already"});
	expect_failure(c, (struct failing){fixture_add, CONFIG_LISTENERS, "name=x address=10.99.0.1", -EINVAL,
				  "is taken by listener udp"});
	finish(c);
}

static void test_edits_replace_an_entry_in_its_place(void **state)
{
	struct config *c = load();
	const struct config_node *before = config_node_find(c, span_str("a")), *after;

	(void)state;
	assert_int_equal(fixture_edit(c, CONFIG_NODES, "name=a admin=drain", NULL), 0);
	after = config_node_find(c, span_str("a"));
	assert_ptr_not_equal(before, after);
	assert_int_equal(after->admin, CONFIG_ADMIN_DRAIN);
	assert_ptr_equal(config_node_at(c, 0), after);
	assert_int_equal(
		fixture_edit(c, CONFIG_NODES, "name=a admin= address=10.99.0.21 probe.interval_ms=300", NULL),
		0);
	after = config_node_find(c, span_str("a"));
	assert_int_equal(after->admin, CONFIG_ADMIN_READY);
	assert_ptr_equal(
		config_node_at_endpoint(c, &(struct endpoint){after->address, 5060}, TRANSPORT_UDP), after);
	assert_int_equal(
		fixture_edit(c, CONFIG_ROUTES, "pattern=.com.a.* next_hop=b priority=7 description=x", NULL),
		0);
	assert_int_equal(config_route_at(c, 1)->priority, 7);
	assert_int_equal(config_route_at(c, 0)->priority, 1);
	assert_int_equal(fixture_edit(c, CONFIG_ACL, "pattern=10.99.0.0/24 description=link", NULL), 0);
	assert_string_equal(config_acl_at(c, 0)->description, "link");
	assert_int_equal(fixture_edit(c, CONFIG_PORTS, "name=lan mtu=1400", NULL), 0);
	assert_int_equal(fixture_edit(c, CONFIG_LISTENERS, "name=udp port=5070 record_route=off", NULL), 0);
	finish(c);
}

static void test_a_wrong_edit_is_refused_and_undone(void **state)
{
	struct config *c = load();

	(void)state;
	expect_failure(c, (struct failing){fixture_edit, CONFIG_NODES, "name=q admin=drain", -ENOENT,
				  "name: \"q\" is not there"});
	expect_failure(
		c, (struct failing){fixture_edit, CONFIG_NODES, "admin=drain", -EINVAL, "name: is missing"});
	expect_failure(c, (struct failing){fixture_edit, CONFIG_NODES, "name=a admin=off", -EINVAL,
				  "admin: \"off\" is not one of ready, drain, maint"});
	expect_failure(c, (struct failing){fixture_edit, CONFIG_NODES, "name=a address=10.99.0.12", -EINVAL,
				  "is that of node b already"});
	expect_failure(c, (struct failing){fixture_edit, CONFIG_NODES, "name=a address=10.99.0.1", -EINVAL,
				  "is the balancer's own"});
	expect_failure(c, (struct failing){fixture_edit, CONFIG_ROUTES, "pattern=.com.a.* priority=7",
				  -EINVAL, "has 2 routes, to a, b; add next_hop"});
	expect_failure(
		c, (struct failing){fixture_edit, CONFIG_ROUTES, "pattern=.com.a.* next_hop=c priority=7",
			   -ENOENT, "is not that of a route of \".com.a.*\"; it leads to a, b"});
	expect_failure(c, (struct failing){fixture_edit, CONFIG_ROUTES, "pattern=.com.q.* priority=7",
				  -ENOENT, "has no route"});
	expect_failure(c, (struct failing){fixture_edit, CONFIG_PORTS, "name=lan addresses=[10.98.0.1/24]",
				  -EINVAL, "listeners[0].address: is not an address of any port"});
	expect_failure(c, (struct failing){fixture_edit, CONFIG_LISTENERS, "name=udp port=15060", -EINVAL,
				  "which worker 0 sends from"});
	finish(c);
}

/* Two routes by name and by address become one and the same when the node moves there. */
static void test_a_node_does_not_move_onto_the_next_hop_of_another_route(void **state)
{
	struct config *c = load();

	(void)state;
	assert_int_equal(
		fixture_add(c, CONFIG_ROUTES, "pattern=.com.a.* type=domain next_hop=10.99.0.50", NULL), 0);
	expect_failure(c, (struct failing){fixture_edit, CONFIG_NODES, "name=a address=10.99.0.50", -EINVAL,
				  "has a route to the same next hop already"});
	finish(c);
}

static void test_deletion_takes_exactly_what_is_named(void **state)
{
	struct config *c = load();

	(void)state;
	expect_failure(c,
		(struct failing){fixture_delete, CONFIG_ROUTES, "pattern=.com.a.*", -EINVAL, "has 2 routes"});
	expect_failure(c, (struct failing){fixture_delete, CONFIG_ROUTES, "pattern=.com.a.* priority=1",
				  -EINVAL, "\"priority\" does not say which route is meant"});
	expect_failure(c, (struct failing){fixture_delete, CONFIG_NODES, "name=a", -EBUSY,
				  "name: is the next hop of 1 route, the first with pattern .com.a.*"});
	expect_failure(c, (struct failing){fixture_delete, CONFIG_LISTENERS, "name=udp", -EBUSY,
				  "listeners: has no entry"});
	expect_failure(
		c, (struct failing){fixture_delete, CONFIG_PORTS, "name=lan", -EBUSY, "ports: has no entry"});
	assert_int_equal(fixture_delete(c, CONFIG_ROUTES, "pattern=.com.a.* next_hop=a", NULL), 0);
	assert_int_equal(fixture_delete(c, CONFIG_ROUTES, "pattern=.com.a.*", NULL), 0);
	assert_int_equal(fixture_delete(c, CONFIG_ROUTES, "pattern=[0-9]+", NULL), 0);
	assert_int_equal(config_count(c, CONFIG_ROUTES), 0);
	assert_int_equal(fixture_delete(c, CONFIG_NODES, "name=a", NULL), 0);
	assert_null(config_node_find(c, span_str("a")));
	assert_int_equal(fixture_delete(c, CONFIG_ACL, "pattern=\"allow from 10.99.0.9/24\"", NULL), 0);
	assert_int_equal(fixture_delete(c, CONFIG_DOMAINS, "name=A.com", NULL), 0);
	expect_failure(
		c, (struct failing){fixture_delete, CONFIG_DOMAINS, "name=A.com", -ENOENT, "is not there"});
	finish(c);
}

static void test_routes_by_address_are_named_by_address_port_and_protocol(void **state)
{
	struct config *c = load();

	(void)state;
	assert_int_equal(fixture_add(c, CONFIG_ROUTES, "match_uri=x.com next_hop=10.99.0.60", NULL), 0);
	assert_int_equal(
		fixture_add(c, CONFIG_ROUTES, "match_uri=x.com next_hop=10.99.0.60 next_hop_port=5070", NULL),
		0);
	expect_failure(c, (struct failing){fixture_delete, CONFIG_ROUTES,
				  "match_uri=x.com next_hop=10.99.0.60", -EINVAL, "has 2 routes"});
	assert_int_equal(fixture_delete(c, CONFIG_ROUTES,
				 "pattern=com.x next_hop=10.99.0.60 next_hop_port=5070", NULL),
		0);
	assert_int_equal(config_route_at(c, 3)->next_hop_port, 0);
	assert_int_equal(fixture_delete(c, CONFIG_ROUTES, "match_uri=X.com", NULL), 0);
	finish(c);
}

static void test_sections_change_key_by_key_or_not_at_all(void **state)
{
	struct config *c = load();
	char *errors;

	(void)state;
	assert_int_equal(fixture_section(c, "probe", "interval_ms=300 fall=4", NULL), 0);
	assert_int_equal(c->probe.interval_ms, 300);
	assert_int_equal(fixture_section(c, "log", "trace=[routing,server] level=debug", NULL), 0);
	assert_int_equal(c->log.trace, CONFIG_TRACE_ROUTING | CONFIG_TRACE_SERVER);
	assert_int_equal(fixture_section(c, "log", "trace=", NULL), 0);
	assert_int_equal(c->log.trace, 0);
	assert_int_equal(fixture_section(c, "instance", "name=lb-9", NULL), 0);
	assert_int_equal(fixture_section(c, "probe", "timeout_ms=400", &errors), -EINVAL);
	assert_has(errors, "probe.timeout_ms: is 400, longer than the interval of 300 ms");
	free(errors);
	assert_int_equal(c->probe.timeout_ms, 250);
	assert_int_equal(fixture_section(c, "prob", "fall=1", &errors), -ENOENT);
	assert_has(errors, "\"prob\" is not a section");
	free(errors);
	assert_int_equal(fixture_section(c, "routes", "fall=1", NULL), -ENOENT);
	assert_int_equal(c->probe.fall, 4);
	finish(c);
}

/* Step by step the values contradict each other; the state that they lead to does not. */
static void test_section_values_are_put_back_in_any_order(void **state)
{
	struct config *c = load();
	char value[64];

	(void)state;
	assert_int_equal(fixture_section(c, "probe", "interval_ms=2000 timeout_ms=1900", NULL), 0);
	assert_int_equal(
		config_section_put(c, span_str("probe"), span_str("interval_ms"), span_str("500")), 0);
	assert_int_equal(
		config_section_put(c, span_str("probe"), span_str("timeout_ms"), span_str("250")), 0);
	assert_int_equal(config_section_put(c, span_str("log"), span_str("trace"), span_str("[routing]")), 0);
	assert_true(config_section_value(c, span_str("log"), span_str("trace"), value, sizeof(value)) > 0);
	assert_string_equal(value, "[routing]");
	finish(c);
}

static void test_a_clone_stays_as_it_was_while_the_original_moves_on(void **state)
{
	struct config *c = load();
	struct config *clone = config_clone(c);
	char *before = fixture_save(c), *after;

	(void)state;
	assert_int_equal(fixture_edit(c, CONFIG_NODES, "name=a admin=maint", NULL), 0);
	assert_int_equal(fixture_delete(c, CONFIG_ROUTES, "pattern=.com.a.* next_hop=b", NULL), 0);
	assert_int_equal(fixture_add(c, CONFIG_ACL, "pattern=all", NULL), 0);
	assert_int_equal(fixture_section(c, "instance", "name=other", NULL), 0);
	after = fixture_save(clone);
	assert_string_equal(before, after);
	config_destroy(c);
	free(after);
	after = fixture_save(clone);
	assert_string_equal(before, after);
	assert_int_equal(config_node_find(clone, span_str("a"))->admin, CONFIG_ADMIN_READY);
	free(before);
	free(after);
	finish(clone);
}

static void test_entries_outlive_their_list_while_referred_to(void **state)
{
	struct config *c = load();
	struct config_report report;
	struct config_head *entry, *found;
	struct fixture_pairs pairs;

	(void)state;
	config_report_init(&report, NULL);
	fixture_pairs("pattern=.com.z.* type=domain next_hop=a", &pairs);
	assert_int_equal(config_entry_add(c, CONFIG_ROUTES, pairs.all, &report, &entry), 0);
	fixture_pairs("pattern=.com.z.*", &pairs);
	assert_int_equal(config_entry_find(c, CONFIG_ROUTES, pairs.all, &report, &found), 0);
	assert_ptr_equal(entry, found);
	assert_int_equal(config_entry_delete(c, CONFIG_ROUTES, pairs.all, &report, &found), 0);
	assert_ptr_equal(entry, found);
	config_entry_unref(CONFIG_ROUTES, found);
	config_destroy(c);
	assert_string_equal(((struct config_route *)entry)->domain, "com.z");
	config_entry_unref(CONFIG_ROUTES, entry);
	config_report_fini(&report);
}

static void test_values_are_given_back_as_written(void **state)
{
	struct config *c = load();
	const struct config_head *node = &config_node_at(c, 1)->head, *port = &config_port_at(c, 0)->head;
	char buf[256], tiny[8];

	(void)state;
	assert_true(config_entry_value(CONFIG_NODES, node, span_str("weight"), buf, sizeof(buf)) > 0);
	assert_string_equal(buf, "3");
	assert_int_equal(
		config_entry_value(CONFIG_NODES, node, span_str("description"), buf, sizeof(buf)), 0);
	assert_true(config_entry_value(CONFIG_NODES, node, span_str("probe.fall"), buf, sizeof(buf)) > 0);
	assert_string_equal(buf, "3");
	assert_true(config_entry_value(CONFIG_PORTS, port, span_str("addresses"), buf, sizeof(buf)) > 0);
	assert_string_equal(buf, "[10.99.0.1/24, fd99::1/64]");
	assert_int_equal(
		config_entry_value(CONFIG_PORTS, port, span_str("addresses"), tiny, sizeof(tiny)), 26);
	assert_string_equal(tiny, "[10.99.");
	assert_int_equal(
		config_entry_value(CONFIG_PORTS, port, span_str("nothing"), buf, sizeof(buf)), -ENOENT);
	assert_int_equal(
		config_entry_value(CONFIG_NODES, node, span_str("probe"), buf, sizeof(buf)), -ENOENT);
	config_entry_format(CONFIG_PORTS, port, buf, sizeof(buf));
	assert_string_equal(
		buf, "name=lan device=net_tap0,iface=slc0 addresses=\"[10.99.0.1/24, fd99::1/64]\"");
	assert_int_equal(config_entry_format(CONFIG_PORTS, port, tiny, sizeof(tiny)), (int)strlen(buf));
	config_destroy(c);
}

static void test_lists_and_keys_can_be_asked_for(void **state)
{
	enum config_list_id list;

	(void)state;
	assert_int_equal(config_list_parse(span_str("route"), &list), 0);
	assert_int_equal(list, CONFIG_ROUTES);
	assert_int_equal(config_list_parse(span_str("acl"), &list), 0);
	assert_int_equal(config_list_parse(span_str("roads"), &list), -EINVAL);
	assert_string_equal(config_list_name(CONFIG_DOMAINS), "domains");
	assert_string_equal(config_list_key(CONFIG_ROUTES, 0), "pattern");
	assert_null(config_list_key(CONFIG_DOMAINS, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_are_added_to_every_list),
		cmocka_unit_test(test_a_wrong_addition_is_refused_and_explained),
		cmocka_unit_test(test_edits_replace_an_entry_in_its_place),
		cmocka_unit_test(test_a_wrong_edit_is_refused_and_undone),
		cmocka_unit_test(test_a_node_does_not_move_onto_the_next_hop_of_another_route),
		cmocka_unit_test(test_deletion_takes_exactly_what_is_named),
		cmocka_unit_test(test_routes_by_address_are_named_by_address_port_and_protocol),
		cmocka_unit_test(test_sections_change_key_by_key_or_not_at_all),
		cmocka_unit_test(test_section_values_are_put_back_in_any_order),
		cmocka_unit_test(test_a_clone_stays_as_it_was_while_the_original_moves_on),
		cmocka_unit_test(test_entries_outlive_their_list_while_referred_to),
		cmocka_unit_test(test_values_are_given_back_as_written),
		cmocka_unit_test(test_lists_and_keys_can_be_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
