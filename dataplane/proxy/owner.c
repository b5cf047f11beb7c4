/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which worker a response is for, before anybody parses it: called for every message that may have come to
 * the wrong worker. It errs on the side of "any worker", where the message is handled without the state.
 */
#include "proxy/branch.h"
#include "proxy/proxy.h"

#include <errno.h>

/* Is that line a Via header? */
static bool is_via(struct span line)
{
	const char *colon = memchr(line.p, ':', line.len);
	struct span name = colon ? span_trim(span_from(line.p, colon)) : line;

	return span_ieq_str(name, "via") || span_ieq_str(name, "v");
}

static struct span topmost_via(struct span bytes)
{
	const char *end = span_end(bytes);

	for (const char *line = bytes.p; line < end;) {
		const char *feed = memchr(line, '\n', (size_t)(end - line));
		struct span text = span_from(line, feed ? feed : end);

		if (is_via(text))
			return text;
		line = span_end(text) + 1;
	}
	return span_of(bytes.p, 0);
}

int proxy_owner_of(struct span bytes)
{
	static const struct span response = SPAN_LIT("SIP/2.0 ");
	static const struct span name = SPAN_LIT("branch=");
	const char *begin;
	const char *end;
	struct span via;

	if (bytes.len < response.len || memcmp(bytes.p, response.p, response.len) != 0)
		return -ENOENT;
	via = topmost_via(bytes);
	begin = via.len > 0 ? memmem(via.p, via.len, name.p, name.len) : NULL;
	if (!begin)
		return -ENOENT;
	begin += name.len;
	for (end = begin; end < span_end(via) && !memchr(";, \t\r", *end, 5);)
		end++;
	return branch_owner(span_from(begin, end));
}
