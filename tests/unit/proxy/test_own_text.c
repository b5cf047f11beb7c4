/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The texts about ourselves that a worker keeps. */
#include "proxy/own_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

static struct own_texts texts;

static void expect(const char *address, enum transport transport, const char *via, const char *record_route)
{
	const struct own_text *own;
	struct endpoint at;

	assert_int_equal(endpoint_parse(span_str(address), 0, &at), 0);
	own = own_text_at(&texts, &at, transport);
	assert_true(span_eq_str(span_of(own->via.text, own->via.len), via));
	assert_true(span_eq_str(span_of(own->record_route.text, own->record_route.len), record_route));
}

static void test_the_texts_name_the_address_and_what_is_spoken_there(void **state)
{
	(void)state;
	expect("192.0.2.1:5060", TRANSPORT_UDP,
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=", "Record-Route: <sip:192.0.2.1:5060;lr;sl=");
	expect("192.0.2.1:5060", TRANSPORT_TCP, "Via: SIP/2.0/TCP 192.0.2.1:5060;branch=",
		"Record-Route: <sip:192.0.2.1:5060;transport=tcp;lr;sl=");
}

static void test_the_longest_address_has_room(void **state)
{
	(void)state;
	expect("[1111:2222:3333:4444:5555:6666:7777:8888]:65535", TRANSPORT_TCP,
		"Via: SIP/2.0/TCP [1111:2222:3333:4444:5555:6666:7777:8888]:65535;branch=",
		"Record-Route: <sip:[1111:2222:3333:4444:5555:6666:7777:8888]:65535;transport=tcp;lr;sl=");
}

/* More than there are places, so that some meet: each has its own text all the same, time after time. */
static void test_addresses_that_share_a_place_are_not_mistaken(void **state)
{
	(void)state;
	for (unsigned turn = 0; turn < 2; turn++) {
		for (unsigned i = 0; i < 4 * OWN_TEXT_SLOTS; i++) {
			char address[ENDPOINT_TEXT_MAX], via[OWN_LINE_MAX], record_route[OWN_LINE_MAX];

			snprintf(address, sizeof(address), "10.0.0.%u:%u", i % 7, 5060 + i);
			snprintf(via, sizeof(via), "Via: SIP/2.0/UDP %s;branch=", address);
			snprintf(record_route, sizeof(record_route), "Record-Route: <sip:%s;lr;sl=", address);
			expect(address, TRANSPORT_UDP, via, record_route);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_texts_name_the_address_and_what_is_spoken_there),
		cmocka_unit_test(test_the_longest_address_has_room),
		cmocka_unit_test(test_addresses_that_share_a_place_are_not_mistaken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
