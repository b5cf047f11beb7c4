/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "node/node.h"

#include "support/endpoint.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static struct node_table table;
static struct node nodes[NODES_MAX];

static struct node *node_make(unsigned slot, const char *endpoint, enum transport transport)
{
	struct node *node = &nodes[slot];

	memset(node, 0, sizeof(*node));
	node->slot = (uint16_t)slot;
	node->transport = (uint8_t)transport;
	node->remote = endpoint_of(endpoint);
	node->id = node_id(&node->remote, transport);
	return node;
}

static int setup(void **state)
{
	(void)state;
	node_table_init(&table);
	return 0;
}

static void test_a_node_is_found_by_slot_identity_endpoint_and_address(void **state)
{
	struct node *a = node_make(0, "192.0.2.1:5060", TRANSPORT_UDP);
	struct node *b = node_make(7, "[2001:db8::7]:5070", TRANSPORT_TCP);
	struct endpoint other_port = endpoint_of("192.0.2.1:5061");
	struct endpoint other_ip = endpoint_of("192.0.2.2:5060");

	(void)state;
	assert_int_equal(node_table_add(&table, a), 0);
	assert_int_equal(node_table_add(&table, b), 0);
	assert_int_equal(table.slot_count, 8);
	assert_ptr_equal(node_by_slot(&table, 0), a);
	assert_ptr_equal(node_by_slot(&table, 7), b);
	assert_null(node_by_slot(&table, 3));
	assert_null(node_by_slot(&table, 8));
	assert_null(node_by_slot(&table, NODES_MAX - 1));
	assert_ptr_equal(node_by_id(&table, a->id), a);
	assert_ptr_equal(node_by_id(&table, b->id), b);
	assert_null(node_by_id(&table, a->id ^ 1));
	assert_ptr_equal(node_by_endpoint(&table, &a->remote), a);
	assert_ptr_equal(node_by_endpoint(&table, &b->remote), b);
	assert_null(node_by_endpoint(&table, &other_port));
	assert_ptr_equal(node_by_ip(&table, &other_port.ip), a);
	assert_null(node_by_ip(&table, &other_ip.ip));
}

static void test_an_empty_table_finds_nothing(void **state)
{
	struct endpoint any = endpoint_of("192.0.2.1");

	(void)state;
	assert_null(node_by_slot(&table, 0));
	assert_null(node_by_id(&table, 1));
	assert_null(node_by_endpoint(&table, &any));
	assert_null(node_by_ip(&table, &any.ip));
}

static void test_a_taken_slot_or_identity_is_refused(void **state)
{
	(void)state;
	assert_int_equal(node_table_add(&table, node_make(1, "192.0.2.1:5060", TRANSPORT_UDP)), 0);
	assert_int_equal(node_table_add(&table, node_make(2, "192.0.2.1:5060", TRANSPORT_UDP)), -EEXIST);
	assert_int_equal(node_table_add(&table, node_make(1, "192.0.2.9:5060", TRANSPORT_UDP)), -EEXIST);
	assert_int_equal(table.slot_count, 2);
}

static void test_a_slot_or_identity_that_cannot_be_is_refused(void **state)
{
	struct node *node = node_make(1, "192.0.2.1:5060", TRANSPORT_UDP);

	(void)state;
	node->slot = NODES_MAX;
	assert_int_equal(node_table_add(&table, node), -EINVAL);
	node->slot = 1;
	node->id++;
	assert_int_equal(node_table_add(&table, node), -EINVAL);
	assert_int_equal(table.slot_count, 0);
}

static void test_the_lowest_slot_stands_for_a_shared_endpoint_in_any_order(void **state)
{
	struct node *tcp = node_make(5, "192.0.2.1:5060", TRANSPORT_TCP);
	struct node *udp = node_make(3, "192.0.2.1:5060", TRANSPORT_UDP);
	struct node *other = node_make(4, "192.0.2.1:5080", TRANSPORT_UDP);

	(void)state;
	assert_int_equal(node_table_add(&table, tcp), 0);
	assert_int_equal(node_table_add(&table, udp), 0);
	assert_int_equal(node_table_add(&table, other), 0);
	assert_ptr_equal(node_by_endpoint(&table, &tcp->remote), udp);
	assert_ptr_equal(node_by_ip(&table, &tcp->remote.ip), udp);
	assert_ptr_equal(node_by_id(&table, tcp->id), tcp);
}

static void test_a_full_table_finds_every_node(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NODES_MAX; i++) {
		char text[ENDPOINT_TEXT_MAX];
		snprintf(text, sizeof(text), "10.0.%u.%u:%u", i / 200, i % 200 + 1, 5060 + i % 3);
		assert_int_equal(node_table_add(&table, node_make(i, text, TRANSPORT_UDP)), 0);
	}
	for (unsigned i = 0; i < NODES_MAX; i++) {
		assert_ptr_equal(node_by_id(&table, nodes[i].id), &nodes[i]);
		assert_ptr_equal(node_by_endpoint(&table, &nodes[i].remote), &nodes[i]);
		assert_ptr_equal(node_by_ip(&table, &nodes[i].remote.ip), &nodes[i]);
	}
}

/* Cookies of other processes, other instances and yesterday carry it. */
static void test_an_identity_depends_on_address_port_and_transport_alone(void **state)
{
	struct endpoint a = endpoint_of("192.0.2.1:5060");
	struct endpoint port = endpoint_of("192.0.2.1:5061");
	struct endpoint v6 = endpoint_of("[2001:db8::1]:5060");

	(void)state;
	assert_int_equal(node_id(&a, TRANSPORT_UDP), 0x1f636aef);
	assert_int_equal(node_id(&v6, TRANSPORT_TLS), 0xed0d5b2d);
	assert_int_not_equal(node_id(&a, TRANSPORT_UDP), node_id(&a, TRANSPORT_TCP));
	assert_int_not_equal(node_id(&a, TRANSPORT_UDP), node_id(&port, TRANSPORT_UDP));
}

static void test_the_word_gives_back_what_was_put_in(void **state)
{
	(void)state;
	for (int health = NODE_UNKNOWN; health <= NODE_DOWN; health++)
		for (int admin = NODE_READY; admin <= NODE_MAINT; admin++) {
			uint32_t word = node_word_make(health, admin, NODE_WORD_BUSY | NODE_WORD_HELD);
			assert_int_equal(node_word_health(word), health);
			assert_int_equal(node_word_admin(word), admin);
			assert_true(word & NODE_WORD_BUSY);
			assert_true(word & NODE_WORD_HELD);
		}
	assert_string_equal(node_health_name(NODE_SUSPECT), "suspect");
	assert_string_equal(node_admin_name(NODE_MAINT), "maint");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_node_is_found_by_slot_identity_endpoint_and_address, setup),
		cmocka_unit_test_setup(test_an_empty_table_finds_nothing, setup),
		cmocka_unit_test_setup(test_a_taken_slot_or_identity_is_refused, setup),
		cmocka_unit_test_setup(test_a_slot_or_identity_that_cannot_be_is_refused, setup),
		cmocka_unit_test_setup(test_the_lowest_slot_stands_for_a_shared_endpoint_in_any_order, setup),
		cmocka_unit_test_setup(test_a_full_table_finds_every_node, setup),
		cmocka_unit_test_setup(test_an_identity_depends_on_address_port_and_transport_alone, setup),
		cmocka_unit_test_setup(test_the_word_gives_back_what_was_put_in, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
