/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From bytes that wait in TCP to messages. A message that lies in one piece is read where it lies; the others
 * are put together in a buffer. Each connection has its turn, and in it a bounded number of messages; then
 * come the others. Above high water, what a peer asks for is not read: its window closes, and it alone waits.
 * What a node sends is always read: two that wait for each other to read would wait for ever.
 */
#include "conn/conn_priv.h"

enum step {
	STEP_DRY,   /* nothing whole is left */
	STEP_AGAIN, /* there may be more */
};

static bool must_wait(const struct conn *conn)
{
	return conn->choked && conn->kind == CONN_ACCEPTED;
}

void reader_wake(struct conns *conns, struct conn *conn)
{
	if (!list_in(&conn->ready) && !must_wait(conn))
		list_append(&conns->ready, &conn->ready);
}

static struct conn_message message_of(struct conns *conns, const struct conn *conn, struct span bytes)
{
	return (struct conn_message){
		.conn = conn_id_of(conns, conn),
		.bytes = bytes,
		.msg = &conns->msg,
		.src = conn->remote,
		.local = conn->local,
	};
}

/* From its first message on, a connection no longer has to make room for those that come. */
static void deliver(struct conns *conns, struct conn *conn, struct span bytes)
{
	struct conn_message message = message_of(conns, conn, bytes);

	conn_count(conns, STAT_conn_messages);
	if (conn->state == CONN_UP)
		list_remove(&conn->waiting);
	if (conn->kind == CONN_ACCEPTED && conn->alias_port == 0)
		peers_alias(conns, conn, &conns->msg);
	conns->config.message(conns->config.ctx, &message);
}

/* What still waits is read away: TCP would reset a connection with unread text, and our answer with it. */
static void drain(struct conns *conns, struct conn *conn)
{
	struct span span;

	while (tcp_receive(conn->tcb, &span, 1) == 1)
		tcp_consume(conn->tcb, (uint32_t)span.len, conns->now_ns);
}

static enum step give_up(
	struct conns *conns, struct conn *conn, struct span bytes, const struct frame_found *found)
{
	conn_count(conns, frame_fault_stat((enum frame_fault)found->fault));
	if (found->status == 0) {
		conn_end(conns, conn, TCP_WHY_ABORTED);
		return STEP_DRY;
	}
	struct conn_message message = message_of(conns, conn, bytes);
	conns->config.broken(conns->config.ctx, &message);
	drain(conns, conn);
	conn_end(conns, conn, TCP_WHY_CLOSED);
	return STEP_DRY;
}

/* RFC 5626 4.4.1: one line end answers two. Whoever does not take it asks again. */
static void pong(struct conns *conns, struct conn *conn)
{
	static const char line_end[] = "\r\n";
	int ret = sender_send(conns, conn, span_of(line_end, sizeof(line_end) - 1));

	if (ret == 0)
		conn_count(conns, STAT_conn_pings);
}

/* `span` waits in TCP, and no message has begun before it. */
static enum step read_in_place(struct conns *conns, struct conn *conn, struct span span)
{
	struct frame_found found;

	switch (frame_next(&conn->frame, span, &conns->msg, &found)) {
	case FRAME_MESSAGE:
		deliver(conns, conn, span_of(span.p, found.len));
		break;
	case FRAME_PING:
		pong(conns, conn);
		break;
	case FRAME_SKIP:
		break;
	case FRAME_BROKEN:
		return give_up(conns, conn, span, &found);
	case FRAME_MORE:
		buffer_take(conns, conn);
		ensure(span.len <= CONN_BUFFER_BYTES);
		memcpy(conn->buffer, span.p, span.len);
		conn->buffer_len = (uint32_t)span.len;
		tcp_consume(conn->tcb, (uint32_t)span.len, conns->now_ns);
		return STEP_AGAIN;
	}
	tcp_consume(conn->tcb, found.len, conns->now_ns);
	return STEP_AGAIN;
}

/* As much of it as the message can need; what turns out to be of the next one is not taken from TCP. */
static uint32_t fill(struct conn *conn, struct span span)
{
	uint32_t room = CONN_BUFFER_BYTES - conn->buffer_len;
	uint32_t wants = frame_wants(&conn->frame, conn->buffer_len);
	uint32_t len = span.len < room ? (uint32_t)span.len : room;

	if (conn->frame.total != 0 && len > wants)
		len = wants;
	ensure(len > 0); /* the framer refuses a message before it fills a buffer */
	memcpy(conn->buffer + conn->buffer_len, span.p, len);
	return len;
}

static enum step read_behind(struct conns *conns, struct conn *conn, struct span span)
{
	uint32_t had = conn->buffer_len;
	uint32_t added = fill(conn, span);
	struct span bytes = span_of(conn->buffer, had + added);
	struct frame_found found;

	switch (frame_next(&conn->frame, bytes, &conns->msg, &found)) {
	case FRAME_MESSAGE:
		ensure(found.len > had);
		deliver(conns, conn, span_of(conn->buffer, found.len));
		tcp_consume(conn->tcb, found.len - had, conns->now_ns);
		buffer_give(conns, conn);
		return STEP_AGAIN;
	case FRAME_MORE:
		conn->buffer_len = had + added;
		tcp_consume(conn->tcb, added, conns->now_ns);
		return STEP_AGAIN;
	case FRAME_BROKEN:
		return give_up(conns, conn, bytes, &found);
	case FRAME_SKIP:
	case FRAME_PING:
		break;
	}
	ensure(!"line ends between messages are never kept");
	return STEP_DRY;
}

static enum step read_step(struct conns *conns, struct conn *conn)
{
	struct span span;

	if (conn->doomed || must_wait(conn) || tcp_receive(conn->tcb, &span, 1) == 0)
		return STEP_DRY;
	return conn->buffer ? read_behind(conns, conn, span) : read_in_place(conns, conn, span);
}

void reader_finish(struct conns *conns, struct conn *conn)
{
	if (conn->buffer) {
		conn_count(conns, STAT_conn_cut_short);
		buffer_give(conns, conn);
	}
	/* RFC 9293 3.9.1: who has closed may still listen; requests of it may be waiting for answers. */
	if (conn->kind == CONN_ACCEPTED)
		open_linger(conns, conn);
	else
		conn_end(conns, conn, TCP_WHY_CLOSED);
}

static void read_turn(struct conns *conns, struct conn *conn)
{
	enum step step = STEP_AGAIN;

	peers_heard(conns, conn);
	conn->reading = true;
	for (unsigned i = 0; i < CONN_MESSAGES_PER_TURN && step == STEP_AGAIN; i++)
		step = read_step(conns, conn);
	conn->reading = false;
	if (conn->doomed)
		conn_end(conns, conn, (enum tcp_reason)conn->doom);
	else if (step == STEP_AGAIN)
		reader_wake(conns, conn);
	else if (conn->peer_closed && conn->state == CONN_UP && !must_wait(conn))
		reader_finish(conns, conn);
}

unsigned reader_run(struct conns *conns)
{
	unsigned work = 0;

	conns->turn++;
	while (!list_empty(&conns->ready) && work < CONN_TURNS_PER_LOOP) {
		struct conn *conn = list_owner(conns->ready.next, struct conn, ready);
		if (conn->turn == conns->turn)
			break; /* had its turn in this loop, and so have all that stand behind it */
		conn->turn = conns->turn;
		list_remove(&conn->ready);
		read_turn(conns, conn);
		work++;
	}
	return work;
}
