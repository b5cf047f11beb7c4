/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reverses hosts for route_match, and checks patterns when a table is built. Called by workers for each host,
 * so the bytes are a peer's: anything may come. What a host name is: RFC 3261 25.1 (hostname, toplabel) and
 * RFC 1035 2.3.4, with the underscore that Microsoft's networks use.
 */
#include "policy/host_priv.h"

static_assert(HOST_NAME_MAX_BYTES == 255, "HOST_LABELS_MAX and the tests are built on it");

/* The byte in lower case, or 0 when no host name has it. */
static const char host_bytes[256] = {
	['-'] = '-',
	['_'] = '_',
	['0'] = '0',
	['1'] = '1',
	['2'] = '2',
	['3'] = '3',
	['4'] = '4',
	['5'] = '5',
	['6'] = '6',
	['7'] = '7',
	['8'] = '8',
	['9'] = '9',
	['a'] = 'a',
	['b'] = 'b',
	['c'] = 'c',
	['d'] = 'd',
	['e'] = 'e',
	['f'] = 'f',
	['g'] = 'g',
	['h'] = 'h',
	['i'] = 'i',
	['j'] = 'j',
	['k'] = 'k',
	['l'] = 'l',
	['m'] = 'm',
	['n'] = 'n',
	['o'] = 'o',
	['p'] = 'p',
	['q'] = 'q',
	['r'] = 'r',
	['s'] = 's',
	['t'] = 't',
	['u'] = 'u',
	['v'] = 'v',
	['w'] = 'w',
	['x'] = 'x',
	['y'] = 'y',
	['z'] = 'z',
	['A'] = 'a',
	['B'] = 'b',
	['C'] = 'c',
	['D'] = 'd',
	['E'] = 'e',
	['F'] = 'f',
	['G'] = 'g',
	['H'] = 'h',
	['I'] = 'i',
	['J'] = 'j',
	['K'] = 'k',
	['L'] = 'l',
	['M'] = 'm',
	['N'] = 'n',
	['O'] = 'o',
	['P'] = 'p',
	['Q'] = 'q',
	['R'] = 'r',
	['S'] = 's',
	['T'] = 't',
	['U'] = 'u',
	['V'] = 'v',
	['W'] = 'w',
	['X'] = 'x',
	['Y'] = 'y',
	['Z'] = 'z',
};

static bool is_number(struct span label)
{
	for (size_t i = 0; i < label.len; i++)
		if (label.p[i] < '0' || label.p[i] > '9')
			return false;
	return label.len > 0;
}

/* Copies one label in lower case and the dot behind it. False when a byte or the emptiness forbids it. */
static bool label_copy(struct span label, char *out)
{
	for (size_t i = 0; i < label.len; i++) {
		out[i] = host_bytes[(unsigned char)label.p[i]];
		if (out[i] == '\0')
			return false;
	}
	out[label.len] = '.';
	return label.len > 0;
}

static struct span last_label(struct span host)
{
	const char *dot = memrchr(host.p, '.', host.len);

	return dot ? span_from(dot + 1, span_end(host)) : host;
}

enum route_host host_reverse(struct span host, struct host_text *ret_text)
{
	char *out = ret_text->bytes;

	if (host.len > 0 && host.p[0] == '[')
		return ROUTE_HOST_IP;
	if (host.len > 0 && host.p[host.len - 1] == '.')
		host.len--;
	if (host.len == 0 || host.len > HOST_NAME_MAX_BYTES)
		return ROUTE_HOST_INVALID;
	if (is_number(last_label(host)))
		return ROUTE_HOST_IP;
	*out++ = '^';
	*out++ = '.';
	for (;;) {
		struct span label = last_label(host);
		if (!label_copy(label, out))
			return ROUTE_HOST_INVALID;
		out += label.len + 1;
		if (label.len == host.len)
			break;
		host.len -= label.len + 1;
	}
	ret_text->len = (size_t)(out - ret_text->bytes);
	return ROUTE_HOST_DOMAIN;
}

size_t host_literal(struct span domain, char *buf)
{
	buf[0] = '^';
	buf[1] = '.';
	memcpy(buf + 2, domain.p, domain.len);
	buf[2 + domain.len] = '.';
	return domain.len + 3;
}

const char *host_pattern_fault(struct span domain)
{
	const char *dot = domain.len > 0 ? memchr(domain.p, '.', domain.len) : NULL;

	if (domain.len == 0)
		return "is empty: name at least a top-level domain";
	if (domain.len > HOST_NAME_MAX_BYTES)
		return "is longer than 255 bytes, the longest host name";
	if (is_number(dot ? span_from(domain.p, dot) : domain))
		return "has a number for its top-level label: no host name ends so; write the labels "
		       "reversed";
	for (size_t i = 0; i < domain.len; i++) {
		bool at_edge = i == 0 || i == domain.len - 1 || domain.p[i - 1] == '.';
		unsigned char byte = (unsigned char)domain.p[i];
		if (byte == '.' && at_edge)
			return "has an empty label: write one dot between labels and none at the ends";
		if (byte != '.' && (byte == '\0' || host_bytes[byte] != domain.p[i]))
			return "has a byte that no host name has in lower case: use a-z, 0-9, '-' and '_'";
	}
	return NULL;
}
