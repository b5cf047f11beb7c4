/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a request goes: RFC 3261 16.4 to 16.6, R-RT-4 to R-RT-9, R-DOM-1, and what explain says about it. */
#include "world.h"

#include "policy/domain.h"
#include "proxy/explain.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static enum proxy_action give_uri(const char *uri)
{
	return give_from_client(request((struct ask){.uri = uri}));
}

static void expect_node(enum proxy_action action, const struct node *node)
{
	assert_int_equal(action, PROXY_FORWARD);
	assert_true(endpoint_equal(&world.out.dst, &node->remote));
	assert_int_equal(world.out.node_slot, node->slot);
}

static void test_the_primary_serves_while_it_is_alive(void **state)
{
	(void)state;
	expect_node(give_uri("sip:bob@example.com"), world.a);
	expect_node(give_uri("SIP:bob@EXAMPLE.com.;transport=tcp"), world.a);
	expect_node(give_uri("sips:bob@example.com:5099"), world.a);
	assert_int_equal(counted(STAT_sip_requests_forwarded), 3);
}

/* R-LB-1; a retransmission is nothing special to a stateless proxy. */
static void test_a_retransmission_goes_to_the_backup_when_its_node_has_gone_down(void **state)
{
	const char *invite = request((struct ask){0});

	(void)state;
	expect_node(give_from_client(invite), world.a);
	node_is(world.a, NODE_DOWN, NODE_READY);
	expect_node(give_from_client(invite), world.b);
	node_is(world.a, NODE_UP, NODE_READY);
	expect_node(give_from_client(invite), world.a);
}

static void test_a_draining_or_stopped_node_gets_no_new_work(void **state)
{
	(void)state;
	node_is(world.a, NODE_UP, NODE_DRAIN);
	expect_node(give_uri("sip:bob@example.com"), world.b);
	node_is(world.a, NODE_UP, NODE_MAINT);
	expect_node(give_uri("sip:bob@example.com"), world.b);
}

static void test_no_node_left_is_answered_503_with_retry_after(void **state)
{
	(void)state;
	node_is(world.a, NODE_DOWN, NODE_READY);
	node_is(world.b, NODE_DOWN, NODE_READY);
	expect_refusal(give_uri("sip:bob@example.com"), 503, STAT_sip_no_node);
	expect_text("\r\nRetry-After: 5\r\n");
}

/* R-RT-6 */
static void test_a_less_specific_pattern_serves_only_where_it_is_allowed(void **state)
{
	(void)state;
	expect_node(give_uri("sip:bob@leaf.tree.com"), world.a);
	node_is(world.a, NODE_DOWN, NODE_READY);
	expect_node(give_uri("sip:bob@leaf.tree.com"), world.b);
	expect_refusal(give_uri("sip:bob@lone.tree.com"), 503, STAT_sip_no_node);
}

static void test_a_blocked_pattern_is_answered_403(void **state)
{
	(void)state;
	expect_refusal(give_uri("sip:bob@blocked.com"), 403, STAT_sip_route_blocked);
}

/* R-DOM-1: exact, so a name below a presence domain is another domain. */
static void test_a_domain_that_is_not_served_is_answered_404(void **state)
{
	(void)state;
	expect_refusal(give_uri("sip:bob@abc.tree.com"), 404, STAT_sip_domain_unknown);
}

static void expect_refused(uint32_t row, const char *name, uint64_t requests)
{
	const struct refused_domain *refused = &world.proxy.refused.rows[row];

	assert_true(row < refused_domains_count(&world.proxy.refused));
	assert_int_equal(refused->len, strlen(name));
	assert_memory_equal(refused->name, name, refused->len);
	assert_int_equal(refused->requests, requests);
}

/* R-DOM-1 */
static void test_refused_domains_are_counted_by_name(void **state)
{
	(void)state;
	give_uri("sip:bob@abc.tree.com");
	give_uri("sip:bob@forgotten.org");
	give_uri("sip:alice@FORGOTTEN.org.");
	give_uri("sip:bob@routeless.com");
	give_uri("sip:bob@example.com");
	assert_int_equal(refused_domains_count(&world.proxy.refused), 2);
	expect_refused(0, "abc.tree.com", 1);
	expect_refused(1, "forgotten.org", 2);
}

static void test_more_refused_domains_than_fit_are_counted_together(void **state)
{
	char uri[512];

	(void)state;
	for (unsigned i = 0; i < REFUSED_DOMAINS_MAX + 3; i++) {
		snprintf(uri, sizeof(uri), "sip:bob@n%u.org", i);
		give_uri(uri);
	}
	snprintf(uri, sizeof(uri), "sip:bob@%0*u.org", HOST_NAME_MAX_BYTES, 7);
	give_uri(uri);
	give_uri("sip:bob@n0.org");
	assert_int_equal(refused_domains_count(&world.proxy.refused), REFUSED_DOMAINS_MAX);
	expect_refused(0, "n0.org", 2);
	assert_int_equal(world.proxy.refused.others, 4);
}

static void test_a_domain_without_a_route_is_answered_404(void **state)
{
	(void)state;
	expect_refusal(give_uri("sip:bob@routeless.com"), 404, STAT_sip_no_route);
}

/* R-RT-8: nodes send to remote domains over us; clients do not. */
static void test_only_nodes_reach_remote_domains(void **state)
{
	(void)state;
	expect_refusal(give_uri("sip:bob@remote.com"), 404, STAT_sip_domain_unknown);
	expect_node(give_from_node(request((struct ask){.uri = "sip:bob@remote.com"})), world.b);
}

/* R-RT-4, R-RT-9 */
static void test_numbers_are_routed_by_user_patterns_alone(void **state)
{
	(void)state;
	expect_node(give_uri("tel:+15551234"), world.b);
	expect_node(give_uri("sip:+1555@example.com;user=phone"), world.b);
	expect_node(give_uri("sip:%2B1555@example.com"), world.b);
	expect_node(give_uri("sip:+1555@192.0.2.1"), world.b);
	expect_node(give_uri("sip:+49555@example.com"), world.a);
	expect_refusal(give_uri("sip:+49555@example.com;user=phone"), 404, STAT_sip_no_route);
}

static void test_a_number_that_no_pattern_takes_is_answered_416(void **state)
{
	(void)state;
	expect_refusal(give_uri("tel:+495551234"), 416, STAT_sip_scheme_unserved);
}

static void test_a_foreign_scheme_is_answered_416(void **state)
{
	(void)state;
	expect_refusal(give_uri("nobodyKnowsThisScheme:totallyopaque"), 416, STAT_sip_scheme_unserved);
}

static void test_the_request_uri_is_not_rewritten(void **state)
{
	(void)state;
	give_uri("sips:bob%20b@EXAMPLE.com:5099;transport=tls;x=y");
	expect_text("INVITE sips:bob%20b@EXAMPLE.com:5099;transport=tls;x=y SIP/2.0\r\n");
}

static void test_a_node_may_be_named_by_its_address(void **state)
{
	(void)state;
	expect_node(give_uri("sip:bob@10.0.0.12"), world.b);
	expect_node(give_uri("sip:bob@10.0.0.12:5060;transport=UDP"), world.b);
}

/* No open relay: a peer that is no node cannot name next hops. */
static void test_a_client_cannot_send_through_us_to_any_address(void **state)
{
	const struct ask asks[] = {
		{.uri = "sip:bob@203.0.113.200"},
		{.uri = "sip:bob@10.0.0.12:5999"},
		{.headers = "Route: <sip:203.0.113.200;lr>\r\n"},
		{.headers = "Route: <sip:proxy.elsewhere.net;lr>\r\n"},
		{.headers = "Route: <sip:10.0.0.12;transport=tls;lr>\r\n"},
		{.uri = "sip:bob@example.com;maddr=203.0.113.200"},
		{.uri = "sip:bob@example.com;maddr=elsewhere.net"},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(asks) / sizeof(asks[0]); i++) {
		assert_int_equal(give_from_client(request(asks[i])), PROXY_REPLY);
		assert_int_equal(world.out.status, 403);
		assert_int_equal(counted(STAT_sip_relay_denied), i + 1);
	}
}

static void test_a_node_may_name_its_next_hop(void **state)
{
	(void)state;
	assert_int_equal(
		give_from_node(request((struct ask){.uri = "sip:bob@203.0.113.200:5090"})), PROXY_FORWARD);
	expect_path(LISTENER4, "203.0.113.200:5090");
	assert_int_equal(world.out.node_slot, PROXY_NO_NODE);
	assert_int_equal(
		give_from_node(request((struct ask){.headers = "Route: <sip:203.0.113.201;lr>\r\n"})),
		PROXY_FORWARD);
	expect_path(LISTENER4, "203.0.113.201:5060");
	assert_int_equal(give_from_node(request((struct ask){.uri = "sip:bob@x.y;maddr=203.0.113.202"})),
		PROXY_FORWARD);
	expect_path(LISTENER4, "203.0.113.202:5060");
}

static void test_a_node_reaches_the_other_family_from_the_other_listener(void **state)
{
	(void)state;
	assert_int_equal(
		give_from_node(request((struct ask){.uri = "sip:bob@[2001:db8:7::1]"})), PROXY_FORWARD);
	expect_path(LISTENER6, "[2001:db8:7::1]:5060");
	expect_text("Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK");
}

static void test_a_family_without_a_listener_is_answered_503(void **state)
{
	(void)state;
	world.fixture.snap.listener_count = 1;
	expect_refusal(give_from_node(request((struct ask){.uri = "sip:bob@[2001:db8:7::1]"})), 503,
		STAT_sip_no_egress);
}

static void test_a_node_that_no_address_of_ours_reaches_is_answered_503(void **state)
{
	(void)state;
	world.a->local = world.six->local;
	expect_refusal(give_uri("sip:bob@example.com"), 503, STAT_sip_no_egress);
}

static void test_a_next_hop_over_a_transport_we_lack_is_answered_503(void **state)
{
	(void)state;
	expect_refusal(give_from_node(request(
			       (struct ask){.headers = "Route: <sip:203.0.113.201;transport=tls;lr>\r\n"})),
		503, STAT_sip_transport_unserved);
}

static void test_a_node_over_a_transport_we_lack_is_answered_503(void **state)
{
	(void)state;
	world.a->transport = TRANSPORT_TLS;
	expect_refusal(give_uri("sip:bob@example.com"), 503, STAT_sip_transport_unserved);
}

static void test_multicast_is_no_next_hop(void **state)
{
	(void)state;
	expect_refusal(give_from_node(request((struct ask){.uri = "sip:bob@224.0.1.75"})), 403,
		STAT_sip_relay_denied);
}

/* RFC 3261 16.4: a maddr that is ours has done its work and goes, with port and transport. */
static void test_our_own_maddr_is_stripped(void **state)
{
	(void)state;
	expect_node(give_uri("sip:bob@example.com:5070;a=b;maddr=192.0.2.1;transport=udp;c"), world.a);
	expect_text("INVITE sip:bob@example.com;a=b;c SIP/2.0\r\n");
}

/* RFC 3261 16.6 step 7: the topmost Route decides; by name through our own table. */
static void test_a_route_that_names_a_served_domain_is_followed(void **state)
{
	(void)state;
	expect_node(give_from_client(request((struct ask){
			    .uri = "sip:x@elsewhere.net", .headers = "Route: <sip:tree.com;lr>\r\n"})),
		world.b);
	expect_text("\r\nRoute: <sip:tree.com;lr>\r\n");
}

/* RFC 3261 16.4, 16.12.1.2: a strict router put our URI into the Request-URI; ours is told by its cookie. */
static void test_what_a_strict_router_did_is_undone(void **state)
{
	(void)state;
	expect_node(give_from_client(request((struct ask){.uri = "sip:192.0.2.1;lr;sl=00",
			    .headers = "Route: <sip:tree.com;lr>, <sip:bob@example.com;x>\r\n"})),
		world.b);
	expect_text("INVITE sip:bob@example.com;x SIP/2.0\r\n");
	expect_text("\r\nRoute: <sip:tree.com;lr>\r\n");
}

/* RFC 3261 16.6 step 6, 16.12.1.1 */
static void test_a_strict_next_hop_finds_itself_in_the_request_uri(void **state)
{
	(void)state;
	expect_node(
		give_from_client(request((struct ask){.headers = "Route: <sip:192.0.2.1;lr>\r\n"
								 "Route: <sip:tree.com;x>, <sip:c;lr>\r\n"})),
		world.b);
	expect_text("INVITE sip:tree.com;x SIP/2.0\r\n");
	expect_text("\r\nRoute: <sip:c;lr>\r\nRoute: <sip:bob@example.com>\r\n");
	expect_no_text("192.0.2.1;lr");
}

/* RFC 3261 12.2.1.1, 19.1.1: a Route may have what a Request-URI may not. */
static void test_a_route_leaves_its_headers_behind_when_it_becomes_the_request_uri(void **state)
{
	(void)state;
	give_from_client(request((struct ask){.headers = "Route: <sip:tree.com;x?Subject=y>\r\n"}));
	expect_text("INVITE sip:tree.com;x SIP/2.0\r\n");
	give_from_client(request((struct ask){
		.uri = "sip:192.0.2.1;lr;sl=00", .headers = "Route: <sip:bob@example.com;x?Subject=y>\r\n"}));
	expect_text("INVITE sip:bob@example.com;x SIP/2.0\r\n");
}

static void test_our_own_routes_are_taken_off_wherever_the_line_breaks(void **state)
{
	const char *const headers[] = {
		"Route: <sip:192.0.2.1;lr>, <sip:[2001:db8::1];lr>, <sip:tree.com;lr>, <sip:c;lr>\r\n",
		("Route: <sip:192.0.2.1;lr>\r\nRoute: <sip:[2001:db8::1];lr>\r\n"
		 "Route: <sip:tree.com;lr>, <sip:c;lr>\r\n"),
		"Route: <sip:192.0.2.1;lr>\r\nRoute: <sip:192.0.2.1;lr> , <sip:tree.com;lr>, <sip:c;lr>\r\n",
	};

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		expect_node(give_from_client(request((struct ask){.headers = headers[i]})), world.b);
		expect_text("\r\nRoute: <sip:tree.com;lr>, <sip:c;lr>\r\n");
		expect_no_text("192.0.2.1;lr");
		expect_no_text("2001:db8::1");
	}
}

/* The next record is this line; NULL: there is none. */
static void expect_trace(const char *line)
{
	struct trace_record record;

	if (!line) {
		assert_false(trace_take(&world.trace, &record));
		return;
	}
	assert_true(trace_take(&world.trace, &record));
	assert_int_equal(record.len, strlen(line));
	assert_memory_equal(record.text, line, record.len);
}

/* R-RT-7 */
static void test_the_dip_is_logged_in_the_form_of_the_original(void **state)
{
	(void)state;
	trace_set_mask(&world.trace, 1u << TRACE_ROUTING);
	give_uri("sip:bob@example.com");
	expect_trace("Routing: dipping for example.com");
	expect_trace("Routing: Found domain route for example.com:10.0.0.11:5060;UDP pwf 1:1:1");
	expect_trace(NULL);
}

/* R-TR-1 */
static void test_method_and_event_and_where_they_went_are_logged(void **state)
{
	(void)state;
	trace_set_mask(&world.trace, 1u << TRACE_METHOD_ROUTING);
	give_uri("sip:bob@example.com");
	expect_trace("INVITE from 198.51.100.7:5060 to 10.0.0.11:5060, node n0");
	give_from_client(request((struct ask){.method = "SUBSCRIBE", .headers = "Event: presence\r\n"}));
	expect_trace("SUBSCRIBE, event presence from 198.51.100.7:5060 to 10.0.0.11:5060, node n0");
	give_from_node(request((struct ask){.uri = "sip:x@198.51.100.99"}));
	expect_trace("INVITE from 10.0.0.11:5060 to 198.51.100.99:5060");
	give_uri("sip:bob@routeless.com");
	expect_trace(NULL);
}

static void test_why_a_message_went_no_further_is_logged(void **state)
{
	(void)state;
	trace_set_mask(&world.trace, 1u << TRACE_SIP_MESSAGE);
	give_uri("sip:bob@example.com");
	expect_trace(NULL);
	give_uri("sip:bob@routeless.com");
	expect_trace("INVITE from 198.51.100.7:5060 answered 404: sip_no_route");
	give_from_client(request((struct ask){.method = "ACK", .uri = "sip:bob@routeless.com"}));
	expect_trace("ACK from 198.51.100.7:5060 dropped: sip_no_route");
	give_from_client(
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 203.0.113.1;branch=z9hG4bKx\r\n"
		"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n\r\n");
	expect_trace("response 200 from 198.51.100.7:5060 dropped: sip_response_foreign");
}

static struct explanation explanation;

static int explain(const char *uri, const char *from)
{
	struct explain_query query = {.uri = span_str(uri), .from = endpoint_of(from).ip};

	return proxy_explain(&world.fixture.snap, &query, &explanation);
}

static void test_explain_tells_every_reason_on_the_way(void **state)
{
	(void)state;
	node_is(world.a, NODE_DOWN, NODE_READY);
	assert_int_equal(explain("sip:bob@leaf.tree.com", CLIENT), 0);
	assert_true(explanation.trust.admitted);
	assert_int_equal(explanation.trust.acl_entry, 0);
	assert_null(explanation.trust.node);
	assert_true(explanation.steps.domain_asked);
	assert_int_equal(explanation.steps.domain, 4);
	assert_int_equal(explanation.steps.pattern_count, 2);
	assert_int_equal(explanation.steps.patterns[0].chosen, -ENOENT);
	assert_int_equal(explanation.steps.patterns[0].verdicts[0], NODE_IS_DOWN);
	assert_int_equal(explanation.steps.patterns[1].chosen, 0);
	assert_int_equal(explanation.steps.patterns[1].verdicts[0], NODE_CHOSEN);
	assert_int_equal(explanation.target.kind, TARGET_NODE);
	assert_ptr_equal(explanation.target.node, world.b);
}

static void test_explain_agrees_with_what_is_done(void **state)
{
	const char *const uris[] = {"sip:bob@example.com", "sip:bob@lone.tree.com", "sip:bob@blocked.com",
		"tel:+15551234", "tel:+4955", "sip:bob@routeless.com", "sip:bob@nowhere.com",
		"sip:b@10.0.0.12", "sip:b@203.0.113.200", "sip:bob@192.0.2.1", "sip:bob@remote.com",
		"sip:b@x;maddr=203.0.113.1"};
	const char *const sources[] = {CLIENT, NODE_A};

	(void)state;
	for (unsigned i = 0; i < 2 * sizeof(uris) / sizeof(uris[0]); i++) {
		const char *uri = uris[i / 2];
		enum proxy_action action = give(sources[i % 2], LISTENER4, request((struct ask){.uri = uri}));

		assert_int_equal(explain(uri, sources[i % 2]), 0);
		switch (explanation.target.kind) {
		case TARGET_NODE:
			expect_node(action, explanation.target.node);
			break;
		case TARGET_DIRECT:
			assert_int_equal(action, PROXY_FORWARD);
			assert_true(endpoint_equal(&world.out.dst, &explanation.target.endpoint));
			break;
		case TARGET_REFUSED:
			assert_int_equal(action, PROXY_REPLY);
			assert_int_equal(world.out.status, explanation.target.status);
			break;
		case TARGET_SELF:
			assert_int_equal(world.out.status, 404);
			break;
		}
	}
}

static void test_explain_knows_strangers_and_nodes(void **state)
{
	(void)state;
	assert_int_equal(explain("sip:bob@nowhere.com", STRANGER), 0);
	assert_false(explanation.trust.admitted);
	assert_int_equal(explanation.steps.domain, DOMAIN_UNKNOWN);
	assert_int_equal(explain("sip:bob@example.com", NODE_A), 0);
	assert_ptr_equal(explanation.trust.node, world.a);
	assert_int_equal(explain("no uri", CLIENT), -EINVAL);
}

static void test_explain_without_a_source_does_not_ask_the_acl(void **state)
{
	struct explain_query query = {.uri = span_str("sip:bob@example.com")};

	(void)state;
	assert_int_equal(proxy_explain(&world.fixture.snap, &query, &explanation), 0);
	assert_int_equal(explanation.trust.acl_entry, ACL_REFUSED);
	assert_null(explanation.trust.node);
	assert_int_equal(explanation.target.kind, TARGET_NODE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
		T(test_the_primary_serves_while_it_is_alive),
		T(test_a_retransmission_goes_to_the_backup_when_its_node_has_gone_down),
		T(test_a_draining_or_stopped_node_gets_no_new_work),
		T(test_no_node_left_is_answered_503_with_retry_after),
		T(test_a_less_specific_pattern_serves_only_where_it_is_allowed),
		T(test_a_blocked_pattern_is_answered_403),
		T(test_a_domain_that_is_not_served_is_answered_404),
		T(test_refused_domains_are_counted_by_name),
		T(test_more_refused_domains_than_fit_are_counted_together),
		T(test_a_domain_without_a_route_is_answered_404),
		T(test_only_nodes_reach_remote_domains),
		T(test_numbers_are_routed_by_user_patterns_alone),
		T(test_a_number_that_no_pattern_takes_is_answered_416),
		T(test_a_foreign_scheme_is_answered_416),
		T(test_the_request_uri_is_not_rewritten),
		T(test_a_node_may_be_named_by_its_address),
		T(test_a_client_cannot_send_through_us_to_any_address),
		T(test_a_node_may_name_its_next_hop),
		T(test_a_node_reaches_the_other_family_from_the_other_listener),
		T(test_a_family_without_a_listener_is_answered_503),
		T(test_a_node_that_no_address_of_ours_reaches_is_answered_503),
		T(test_a_next_hop_over_a_transport_we_lack_is_answered_503),
		T(test_a_node_over_a_transport_we_lack_is_answered_503),
		T(test_multicast_is_no_next_hop),
		T(test_our_own_maddr_is_stripped),
		T(test_a_route_that_names_a_served_domain_is_followed),
		T(test_what_a_strict_router_did_is_undone),
		T(test_a_strict_next_hop_finds_itself_in_the_request_uri),
		T(test_a_route_leaves_its_headers_behind_when_it_becomes_the_request_uri),
		T(test_our_own_routes_are_taken_off_wherever_the_line_breaks),
		T(test_the_dip_is_logged_in_the_form_of_the_original),
		T(test_method_and_event_and_where_they_went_are_logged),
		T(test_why_a_message_went_no_further_is_logged),
		T(test_explain_tells_every_reason_on_the_way),
		T(test_explain_agrees_with_what_is_done),
		T(test_explain_knows_strangers_and_nodes),
		T(test_explain_without_a_source_does_not_ask_the_acl),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
