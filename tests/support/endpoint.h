/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endpoints as tests write them. */
#ifndef TESTS_SUPPORT_ENDPOINT_H
#define TESTS_SUPPORT_ENDPOINT_H

#include "base/addr.h"
#include "base/ensure.h"

/* "192.0.2.1:5070" or "[2001:db8::1]:5070"; 5060 where no port is written. Aborts on anything else. */
static inline struct endpoint endpoint_of(const char *text)
{
	struct endpoint endpoint = {.port = 0};
	int rc = endpoint_parse(span_str(text), 5060, &endpoint);

	ensure(rc == 0);
	return endpoint;
}

#endif
