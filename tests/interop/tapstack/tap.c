/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without offloads: the kernel computes checksums and cuts segments before the frames come here. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Longer than the largest burst of all connections' windows: a full queue would be loss on the wire. */
enum { QUEUE_FRAMES = 10000 };

static int bring_up(struct ifreq *request)
{
	int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int ret = -1;

	if (any < 0)
		return -errno;
	request->ifr_qlen = QUEUE_FRAMES;
	ret = ioctl(any, SIOCSIFTXQLEN, request);
	if (ret == 0)
		ret = ioctl(any, SIOCGIFFLAGS, request);
	request->ifr_flags |= IFF_UP;
	if (ret == 0)
		ret = ioctl(any, SIOCSIFFLAGS, request);
	ret = ret == 0 ? 0 : -errno;
	close(any);
	return ret;
}

int tap_open(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
	int tap = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int ret;

	if (tap < 0)
		return -errno;
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	ret = ioctl(tap, TUNSETIFF, &request) == 0 ? bring_up(&request) : -errno;
	if (ret == 0)
		return tap;
	close(tap);
	return ret;
}
