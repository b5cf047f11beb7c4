/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between the socket calls' addresses and ours. IPv4 addresses mapped into IPv6 are not taken. */
#include "stack_priv.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

int endpoint_of_sockaddr(const struct sockaddr *addr, socklen_t len, struct endpoint *ret_endpoint)
{
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;

	if (!addr || len < sizeof(addr->sa_family))
		return -EINVAL;
	if (addr->sa_family == AF_INET && len >= sizeof(v4)) {
		memcpy(&v4, addr, sizeof(v4));
		*ret_endpoint = (struct endpoint){ip_from_v4(&v4.sin_addr), ntohs(v4.sin_port)};
		return 0;
	}
	if (addr->sa_family == AF_INET6 && len >= sizeof(v6)) {
		memcpy(&v6, addr, sizeof(v6));
		*ret_endpoint = (struct endpoint){ip_from_v6(&v6.sin6_addr), ntohs(v6.sin6_port)};
		return 0;
	}
	return addr->sa_family == AF_INET || addr->sa_family == AF_INET6 ? -EINVAL : -EAFNOSUPPORT;
}

static void write_cut(const void *bytes, socklen_t size, struct sockaddr *addr, socklen_t *len)
{
	memcpy(addr, bytes, *len < size ? *len : size);
	*len = size;
}

void sockaddr_write(const struct endpoint *endpoint, struct sockaddr *addr, socklen_t *len)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(endpoint->port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(endpoint->port)};

	if (endpoint->ip.family == IP_V4) {
		memcpy(&v4.sin_addr, endpoint->ip.bytes, sizeof(v4.sin_addr));
		write_cut(&v4, sizeof(v4), addr, len);
	} else {
		memcpy(&v6.sin6_addr, endpoint->ip.bytes, sizeof(v6.sin6_addr));
		write_cut(&v6, sizeof(v6), addr, len);
	}
}
