/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any conversation with a link: frames as they are or with their checksums mended, time that passes,
 * datagrams and segments that we send. The input is a list of records, {kind, two bytes of argument,
 * payload}. Whatever happens, every mbuf comes back; the address sanitizer sees reads beyond a frame, since
 * each frame ends where its memory ends.
 */
#include "unit/net/rig.h"

#include "net/flow.h"

#include <rte_mbuf.h>

#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum record {
	FRAME_AS_IT_IS,
	FRAME_MENDED,
	FRAME_IN_SEGMENTS,
	TIME_PASSES,
	WE_SEND,
	WE_LEARN,
	WE_SEND_SEGMENT,
	RECORD_KINDS
};
enum { RECORD_HEADER = 3, FRAME_MAX = 9000 };

struct input {
	const uint8_t *p;
	size_t len;
};

static void take_frame(struct input *input, uint32_t len, struct frame *frame)
{
	frame->len = (uint32_t)RTE_MIN(RTE_MIN(len, input->len), (size_t)FRAME_MAX);
	memset(frame->bytes, 0, 128);
	memcpy(frame->bytes, input->p, frame->len);
	input->p += frame->len;
	input->len -= frame->len;
}

static const char *const peers[] = {"192.0.2.2", "192.0.2.3", "198.51.100.1", "2001:db8::2", "2001:db8::3",
	"2001:db9::1", "192.0.2.255", "ff02::1"};

/* A segment that fits and has a peer to go to leaves, unless its neighbour is silent or no room is left. */
static void send_segment(struct rig *rig, uint32_t argument)
{
	int ret = rig_send_segment(rig, peers[argument & 7], argument, (argument >> 3) & 0x5ff);

	if (ret != 0 && (argument >> 3 & 0x5ff) <= 1400 && (argument & 7) < 6 && ret != -ENOBUFS &&
		ret != -EHOSTUNREACH)
		abort();
}

static void send_somewhere(struct rig *rig, uint32_t argument)
{
	if (rig_send(rig, peers[argument & 7], (argument >> 3) & 0x7ff) != 0)
		rig->verdict = NET_NO_LISTENER;
}

static void learn(struct rig *rig, struct input *input, uint32_t argument)
{
	struct net_neighbour heard = {.flags = (uint8_t)(argument & 3)};

	heard.ip = rig_ip(argument & 4 ? "192.0.2.2" : "2001:db8::2");
	memcpy(heard.mac, input->p, RTE_MIN(input->len, sizeof(heard.mac)));
	net_neigh_learn(rig->net, &heard, rig->now_ns);
}

static void arrive(struct rig *rig, const struct frame *frame, uint32_t segment)
{
	if (frame->len == 0)
		return;
	if (segment > 0)
		rig_input_cut(rig, frame, segment);
	else
		rig_input(rig, frame);
}

static void play(struct rig *rig, struct input *input)
{
	static struct frame frame;
	uint32_t argument = (uint32_t)input->p[1] << 8 | input->p[2];
	enum record record = input->p[0] % RECORD_KINDS;

	input->p += RECORD_HEADER;
	input->len -= RECORD_HEADER;
	switch (record) {
	case FRAME_AS_IT_IS:
		take_frame(input, argument, &frame);
		arrive(rig, &frame, 0);
		break;
	case FRAME_MENDED:
		take_frame(input, argument, &frame);
		frame_seal(&frame);
		arrive(rig, &frame, 0);
		break;
	case FRAME_IN_SEGMENTS:
		take_frame(input, argument & 0x7ff, &frame);
		frame_seal(&frame);
		arrive(rig, &frame, 64 + (argument >> 11) * 16);
		break;
	case TIME_PASSES:
		rig_wait(rig, (argument & 0x1f) * 50 * RIG_MS);
		break;
	case WE_SEND:
		send_somewhere(rig, argument);
		break;
	case WE_SEND_SEGMENT:
		send_segment(rig, argument);
		break;
	case WE_LEARN:
	case RECORD_KINDS:
		learn(rig, input, argument);
		break;
	}
	rig_forget_sent(rig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = {data, size};
	void *state = NULL;
	struct rig *rig;

	if (rig_setup(&state) != 0)
		abort();
	rig = state;
	rig->config.neighbours_max = 4;
	rig->config.pending_max = 24;
	rig->config.reassemblies_max = 16;
	rig->config.reassembly_timeout_ns = RIG_S;
	rig_take_segments(rig);
	for (int records = 0; records < 64 && input.len >= RECORD_HEADER; records++)
		play(rig, &input);
	if (rig_teardown(&state) != 0)
		abort();
	return 0;
}
