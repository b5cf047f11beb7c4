/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A bad wire between two devices: frames of --device (read and written as a packet socket) come out of the
 * TAP device --tap and the other way round, late, and some of them never, twice, damaged, or in another
 * order. The seed decides which: the same frames in the same order suffer the same. On SIGTERM it prints what
 * it did.
 */
#include "queue.h"

#include "tapstack/process.h"
#include "tapstack/tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BURST = 64, SOCKET_BYTES = 16 << 20, PER_MILLE = 1000 };

struct relay {
	const char *device, *tap_name;
	uint64_t seed;
	uint64_t delay_ns;                         /* of every frame, each way */
	unsigned drop, duplicate, reorder, damage; /* per mille of frames */
	int device_fd, tap_fd;
	struct queue queue;
	struct {
		unsigned long passed, dropped, duplicated, reordered, damaged, overflown;
	} count;
};

/* splitmix64 */
static uint64_t dice(struct relay *relay)
{
	uint64_t x = relay->seed += 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static bool chance(struct relay *relay, unsigned per_mille)
{
	return dice(relay) % PER_MILLE < per_mille;
}

static void put(struct relay *relay, const struct frame *frame)
{
	if (!queue_put(&relay->queue, frame))
		relay->count.overflown++;
}

/* One bit behind the Ethernet header of an IP packet: a checksum must tell. ARP has none. */
static bool damage(struct relay *relay, struct frame *frame)
{
	uint16_t type = (uint16_t)((uint8_t)frame->bytes[12] << 8 | (uint8_t)frame->bytes[13]);
	uint32_t bits = (frame->len - (uint32_t)ETH_HLEN) * 8;
	uint32_t bit;

	if (frame->len <= ETH_HLEN || (type != ETH_P_IP && type != ETH_P_IPV6))
		return false;
	bit = (uint32_t)(dice(relay) % bits);
	frame->bytes[ETH_HLEN + bit / 8] ^= (char)(1 << bit % 8);
	return true;
}

/* All dice are thrown for each frame, so that one fate does not move the others. */
static void take(struct relay *relay, struct frame *frame, uint64_t now)
{
	bool drop = chance(relay, relay->drop);
	bool duplicate = chance(relay, relay->duplicate);
	bool reorder = chance(relay, relay->reorder);
	bool damages = chance(relay, relay->damage) && damage(relay, frame);

	relay->count.passed++;
	relay->count.dropped += drop;
	relay->count.duplicated += duplicate && !drop;
	relay->count.reordered += reorder && !drop;
	relay->count.damaged += damages && !drop;
	if (drop)
		return;
	/* One that is overtaken takes half as long again. */
	frame->due_ns = now + relay->delay_ns + (reorder ? relay->delay_ns / 2 : 0);
	put(relay, frame);
	if (duplicate) {
		frame->due_ns += relay->delay_ns / 10;
		put(relay, frame);
	}
}

static void frames_in(struct relay *relay, int from, int to)
{
	static struct frame frame;
	uint64_t now = process_now_ns();

	for (int i = 0; i < BURST; i++) {
		ssize_t len = read(from, frame.bytes, sizeof(frame.bytes));
		if (len <= 0)
			return;
		frame.len = (uint16_t)len;
		frame.to = to;
		take(relay, &frame, now);
	}
}

static void frames_out(struct relay *relay)
{
	uint64_t now = process_now_ns();
	const struct frame *frame;

	while ((frame = queue_first(&relay->queue)) != NULL && frame->due_ns <= now) {
		if (write(frame->to, frame->bytes, frame->len) < 0)
			relay->count.overflown++;
		queue_drop_first(&relay->queue);
	}
}

static void run(struct relay *relay)
{
	while (!process_stopping()) {
		struct pollfd polled[2] = {{relay->device_fd, POLLIN, 0}, {relay->tap_fd, POLLIN, 0}};
		const struct frame *first = queue_first(&relay->queue);
		uint64_t now = process_now_ns();
		uint64_t wait_ns = !first ? 1000000000 : first->due_ns > now ? first->due_ns - now : 0;
		struct timespec timeout = {(time_t)(wait_ns / 1000000000), (long)(wait_ns % 1000000000)};

		if (ppoll(polled, 2, &timeout, NULL) < 0 && errno != EINTR)
			perror("relay: poll");
		frames_in(relay, relay->device_fd, relay->tap_fd);
		frames_in(relay, relay->tap_fd, relay->device_fd);
		frames_out(relay);
	}
}

/* All frames of the device but those that go out by this socket itself. */
static int packet_open(const char *name)
{
	struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	struct packet_mreq promiscuous = {.mr_type = PACKET_MR_PROMISC};
	int bytes = SOCKET_BYTES;
	int one = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL));

	address.sll_ifindex = promiscuous.mr_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || address.sll_ifindex == 0)
		return fd < 0 ? -errno : -ENODEV;
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) != 0 ||
		setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &promiscuous, sizeof(promiscuous)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)) != 0 ||
		setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)) != 0) {
		int error = errno;
		close(fd);
		return -error;
	}
	return fd;
}

static bool read_options(struct relay *relay, int argc, char **argv)
{
	static const struct option options[] = {{"device", 1, NULL, 'i'}, {"tap", 1, NULL, 't'},
		{"seed", 1, NULL, 's'}, {"delay-ms", 1, NULL, 'l'}, {"drop", 1, NULL, 'd'},
		{"duplicate", 1, NULL, '2'}, {"damage", 1, NULL, 'x'}, {"reorder", 1, NULL, 'r'},
		{NULL, 0, NULL, 0}};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		unsigned long number = optarg ? strtoul(optarg, NULL, 10) : 0;
		if (option == 'i')
			relay->device = optarg;
		else if (option == 't')
			relay->tap_name = optarg;
		else if (option == 's')
			relay->seed = number;
		else if (option == 'l')
			relay->delay_ns = number * 1000000;
		else if (option == 'd')
			relay->drop = (unsigned)number;
		else if (option == '2')
			relay->duplicate = (unsigned)number;
		else if (option == 'x')
			relay->damage = (unsigned)number;
		else if (option == 'r')
			relay->reorder = (unsigned)number;
		else
			return false;
	}
	return relay->device && relay->tap_name && optind == argc;
}

int main(int argc, char **argv)
{
	static struct relay relay;

	if (!read_options(&relay, argc, argv)) {
		fputs("usage: relay --device NAME --tap NAME [--seed N] [--delay-ms MS]\n"
		      "  [--drop N] [--duplicate N] [--reorder N] [--damage N]   of 1,000 frames\n",
			stderr);
		return 2;
	}
	process_stop_on_signals();
	relay.device_fd = packet_open(relay.device);
	relay.tap_fd = tap_open(relay.tap_name);
	if (relay.device_fd < 0 || relay.tap_fd < 0 || queue_init(&relay.queue) != 0) {
		fprintf(stderr, "relay: %s: %s, %s: %s\n", relay.device,
			strerror(relay.device_fd < 0 ? -relay.device_fd : 0), relay.tap_name,
			strerror(relay.tap_fd < 0 ? -relay.tap_fd : 0));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	run(&relay);
	printf("passed %lu dropped %lu duplicated %lu reordered %lu damaged %lu overflown %lu\n",
		relay.count.passed, relay.count.dropped, relay.count.duplicated, relay.count.reordered,
		relay.count.damaged, relay.count.overflown);
	while (queue_first(&relay.queue))
		queue_drop_first(&relay.queue);
	free(relay.queue.frames);
	return 0;
}
