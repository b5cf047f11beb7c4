/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "handover_world.h"

#include "conn/directory.h"
#include "support/eal.h"
#include "support/endpoint.h"
#include "worker/worker_priv.h"

#include <stdio.h>
#include <string.h>

struct handover_world world;

static void begin_with(struct rig *made)
{
	world.rig = made;
	world.host = stream_host_create(world.rig);
	stream_host_wait(world.host, 200);
	world.node = stream_host_node_of(world.host, HERE);
	stream_host_forget(world.host);
}

void world_begin(void)
{
	begin_with(rig_create_stateful(2, TRANSPORT_TCP));
}

void world_begin_stateless(void)
{
	begin_with(rig_create_over(2, TRANSPORT_TCP));
}

void world_end(void)
{
	stream_host_destroy(world.host);
	rig_destroy(world.rig);
}

uint64_t counted(unsigned worker, enum stat stat)
{
	return stats_get(worker_stats(world.rig->workers[worker]), stat);
}

struct endpoint client_endpoint(uint16_t port)
{
	return (struct endpoint){endpoint_of(CLIENT).ip, port};
}

const char *request_of(const char *method, uint16_t port, unsigned call)
{
	static char text[1024];

	snprintf(text, sizeof(text),
		"%s sip:alice@192.0.2.100:%u;transport=tcp SIP/2.0\r\n"
		"Via: SIP/2.0/TCP 192.0.2.11:5060;branch=z9hG4bKn%u\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:bob@b.example>;tag=1\r\nTo: <sip:alice@example.com>\r\n"
		"Call-ID: node%u@b\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
		method, port, call, call, method);
	return text;
}

const char *request_to(uint16_t port)
{
	static unsigned call;

	return request_of("MESSAGE", port, ++call);
}

void ask_for_alias(struct stream_end *client, uint16_t port)
{
	static unsigned call;
	char text[1024];

	call++;
	snprintf(text, sizeof(text),
		"OPTIONS sip:bob@nowhere.example SIP/2.0\r\n"
		"Via: SIP/2.0/TCP 192.0.2.100:%u;alias;branch=z9hG4bKa%u\r\n"
		"Max-Forwards: 70\r\nFrom: <sip:alice@a.example>;tag=1\r\nTo: <sip:bob@nowhere.example>\r\n"
		"Call-ID: alias%u@a\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
		port, call, call);
	stream_host_say(world.host, client, text);
	stream_host_forget(world.host);
}

bool is_message(const struct stream_end *client)
{
	return strncmp(client->text, "MESSAGE sip:alice@192.0.2.100:", 30) == 0;
}

void answer_with(struct stream_end *client, const char *status)
{
	char text[2048];

	snprintf(text, sizeof(text), "SIP/2.0 %s%s", status, strstr(client->text, "\r\n"));
	stream_host_forget(world.host);
	stream_host_say(world.host, client, text);
}

void answer(struct stream_end *client)
{
	assert_true(is_message(client));
	answer_with(client, "200 OK");
}

void assert_node_heard(const char *status_line)
{
	const char *at = strstr(world.node->text, "SIP/2.0 ");

	assert_non_null(at);
	assert_int_equal(strncmp(at, status_line, strlen(status_line)), 0);
}

uint64_t answered(void)
{
	return counted(HERE, STAT_sip_txn_answered);
}

void say_to_here(const char *text)
{
	stream_host_write(world.host, world.node, text);
	for (unsigned i = 0; i < 4; i++)
		worker_poll(world.rig->workers[HERE], world.rig->now_ns);
}

struct stream_end *client_with_alias(unsigned worker, uint16_t port)
{
	struct stream_end *client = stream_host_open_to(world.host, worker);

	ask_for_alias(client, port);
	return client;
}

void mislead(const struct endpoint *address)
{
	directory_put(world.rig->directory, address, conn_id_make(THERE, 77, 5));
}

conn_id found(const struct endpoint *address)
{
	return directory_find(world.rig->directory, address);
}

void fill_ring(unsigned from)
{
	static char text[] = "SIP/2.0 200 OK\r\n\r\n";
	struct proxy_out out = {.buf = text,
		.len = sizeof(text) - 1,
		.conn = conn_id_make(!from, 77, 0),
		.transport = TRANSPORT_TCP};

	while (worker_give_out(world.rig->workers[from], !from, &out) == 0)
		;
}

void choke(struct stream_end *client)
{
	struct conns *conns = world.rig->workers[THERE]->conns;
	char text[256]; /* less than a request */

	client->deaf = true;
	memset(text, '\n', sizeof(text));
	while (conns_send(conns, found(&client->local), span_of(text, sizeof(text)), world.rig->now_ns) == 0)
		;
	assert_int_equal(counted(THERE, STAT_conn_send_full), 1);
}

bool heard_first(const struct stream_end *client, const char *text)
{
	return strncmp(client->text, text, strlen(text)) == 0;
}
