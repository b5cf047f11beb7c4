/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is ours: listeners by endpoint, by name on the wire, by family; addresses and worker ports. */
#include "snapshot.h"

#include "support/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct snapshot snap;

static void listener_add(const char *local, enum transport transport)
{
	struct listener *listener = &snap.listeners[snap.listener_count++];

	listener->local = endpoint_of(local);
	listener->transport = (uint8_t)transport;
	listener->id = listener_id(&listener->local, transport);
}

static int setup(void **state)
{
	(void)state;
	memset(&snap, 0, sizeof(snap));
	listener_add("192.0.2.1:5060", TRANSPORT_UDP);
	listener_add("192.0.2.1:5060", TRANSPORT_TCP);
	listener_add("[2001:db8::1]:5060", TRANSPORT_UDP);
	snap.locals[snap.local_count++] = endpoint_of("192.0.2.1").ip;
	snap.locals[snap.local_count++] = endpoint_of("10.0.0.1").ip;
	snap.source_port_base = 30000;
	snap.worker_count = 2;
	return 0;
}

static void test_a_listener_is_found_by_endpoint_and_transport(void **state)
{
	struct endpoint at = endpoint_of("192.0.2.1:5060");

	(void)state;
	assert_ptr_equal(snapshot_listener(&snap, &at, TRANSPORT_UDP), &snap.listeners[0]);
	assert_ptr_equal(snapshot_listener(&snap, &at, TRANSPORT_TCP), &snap.listeners[1]);
	assert_null(snapshot_listener(&snap, &at, TRANSPORT_TLS));
	at.port = 5061;
	assert_null(snapshot_listener(&snap, &at, TRANSPORT_UDP));
}

static void test_a_listener_is_found_by_its_name_on_the_wire(void **state)
{
	(void)state;
	for (unsigned i = 0; i < snap.listener_count; i++)
		assert_ptr_equal(snapshot_listener_by_id(&snap, snap.listeners[i].id), &snap.listeners[i]);
	assert_null(snapshot_listener_by_id(&snap, (uint16_t)(snap.listeners[0].id + 1)));
}

/* Branches and cookies name listeners after a restart and on another instance too. */
static void test_a_listeners_name_never_changes(void **state)
{
	struct endpoint four = endpoint_of("192.0.2.1:5060");
	struct endpoint six = endpoint_of("[2001:db8::1]:5060");

	(void)state;
	assert_int_equal(listener_id(&four, TRANSPORT_UDP), 64593);
	assert_int_equal(listener_id(&six, TRANSPORT_UDP), 14994);
}

static void test_a_family_has_its_first_listener(void **state)
{
	(void)state;
	assert_ptr_equal(snapshot_listener_of_family(&snap, IP_V4, TRANSPORT_UDP), &snap.listeners[0]);
	assert_ptr_equal(snapshot_listener_of_family(&snap, IP_V4, TRANSPORT_TCP), &snap.listeners[1]);
	assert_ptr_equal(snapshot_listener_of_family(&snap, IP_V6, TRANSPORT_UDP), &snap.listeners[2]);
	snap.listener_count = 2;
	assert_null(snapshot_listener_of_family(&snap, IP_V6, TRANSPORT_UDP));
}

static void test_ours_are_listeners_and_the_ports_of_existing_workers(void **state)
{
	static const char *const ours[] = {
		"192.0.2.1:5060", "[2001:db8::1]:5060", "10.0.0.1:30000", "192.0.2.1:30001"};
	static const char *const theirs[] = {"192.0.2.1:5061", "10.0.0.1:5060", "10.0.0.1:29999",
		"10.0.0.1:30002", "10.0.0.2:30000", "[2001:db8::1]:30000"};

	(void)state;
	for (unsigned i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		struct endpoint at = endpoint_of(ours[i]);
		assert_true(snapshot_is_local(&snap, &at));
	}
	for (unsigned i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
		struct endpoint at = endpoint_of(theirs[i]);
		assert_false(snapshot_is_local(&snap, &at));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_listener_is_found_by_endpoint_and_transport, setup),
		cmocka_unit_test_setup(test_a_listener_is_found_by_its_name_on_the_wire, setup),
		cmocka_unit_test_setup(test_a_listeners_name_never_changes, setup),
		cmocka_unit_test_setup(test_a_family_has_its_first_listener, setup),
		cmocka_unit_test_setup(test_ours_are_listeners_and_the_ports_of_existing_workers, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
