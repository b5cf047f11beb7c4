/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFC 3261 11: OPTIONS asks for capabilities; any final response proves that the transaction layer of the
 * peer is alive. Max-Forwards is 1, so that a proxy asked about itself answers and passes it to nobody else.
 *
 * The branch: magic cookie of RFC 3261 8.1.1.7, our word, and in hex epoch, node id, seq and their SipHash.
 */
#include "worker/probe_message.h"

#include "sip/msg.h"
#include "sip/write.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char branch_word[] = "z9hG4bK-slprobe-";

/* What stands in the branch as digits. */
struct sealed_ident {
	struct probe_ident ident;
	uint32_t mac[2]; /* halves: the struct has no padding */
};

enum {
	BRANCH_WORD_LEN = sizeof(branch_word) - 1,
	BRANCH_LEN = BRANCH_WORD_LEN + 2 * sizeof(struct sealed_ident),
};

static struct sealed_ident seal_ident(const struct probe_ident *ident, const struct hash_key *key)
{
	uint64_t mac = siphash(key, ident, sizeof(*ident));

	static_assert(sizeof(*ident) == 3 * sizeof(uint32_t) && sizeof(struct sealed_ident) == 20,
		"neither has a byte that is not said");
	return (struct sealed_ident){*ident, {(uint32_t)mac, (uint32_t)(mac >> 32)}};
}

/* The whole branch, with a NUL. */
static void branch_write(
	const struct probe_ident *ident, const struct hash_key *key, char buf[static BRANCH_LEN + 1])
{
	struct sealed_ident sealed = seal_ident(ident, key);
	struct sip_writer w = sip_writer_of(buf, BRANCH_LEN + 1);

	sip_write_lit(&w, "z9hG4bK-slprobe-");
	sip_write_hex(&w, &sealed, sizeof(sealed));
	sip_write_lit(&w, "\0");
	ensure(w.len == BRANCH_LEN + 1);
}

size_t probe_message_write(
	const struct probe_request *request, const struct hash_key *key, char buf[static PROBE_MESSAGE_MAX])
{
	const struct probe_ident *ident = &request->ident;
	bool stream = request->transport == TRANSPORT_TCP;
	char local[ENDPOINT_TEXT_MAX];
	char remote[ENDPOINT_TEXT_MAX];
	char branch[BRANCH_LEN + 1];

	branch_write(ident, key, branch);
	endpoint_format(&request->local, local);
	endpoint_format(&request->remote, remote);
	int len = snprintf(buf, PROBE_MESSAGE_MAX,
		"OPTIONS sip:%s%s SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s;branch=%s;rport\r\n"
		"Max-Forwards: 1\r\n"
		"From: <sip:probe@%s>;tag=%08x\r\n"
		"To: <sip:%s>\r\n"
		"Call-ID: %08x-%08x-%08x\r\n"
		"CSeq: %u OPTIONS\r\n"
		"Content-Length: 0\r\n\r\n",
		remote, stream ? ";transport=tcp" : "", stream ? "TCP" : "UDP", local, branch, local,
		ident->epoch, remote, ident->epoch, ident->node_id, ident->seq, ident->seq & INT32_MAX);
	ensure(len > 0 && len < PROBE_MESSAGE_MAX);
	return (size_t)len;
}

/* The first Via line, by its name in either form; empty when the header section has none. */
static struct span first_via_line(struct span bytes)
{
	while (bytes.len > 0) {
		const char *newline = memchr(bytes.p, '\n', bytes.len);
		if (!newline)
			break;
		struct span line = span_from(bytes.p, newline);
		if (line.len > 4 && (line.p[0] == 'V' || line.p[0] == 'v')) {
			struct span name = span_of(line.p, 3);
			if (span_ieq_str(name, "via") || line.p[1] == ':' || line.p[1] == ' ')
				return line;
		}
		if (line.len <= 1)
			break;
		bytes = span_from(newline + 1, span_end(bytes));
	}
	return span_of(NULL, 0);
}

static int branch_read(struct span branch, const struct hash_key *key, struct probe_ident *ret_ident)
{
	struct sealed_ident sealed;
	struct sealed_ident right;

	if (branch.len != BRANCH_LEN || memcmp(branch.p, branch_word, BRANCH_WORD_LEN) != 0)
		return -EINVAL;
	if (sip_read_hex(span_from(branch.p + BRANCH_WORD_LEN, span_end(branch)), &sealed, sizeof(sealed)) !=
		0)
		return -EINVAL;
	right = seal_ident(&sealed.ident, key);
	if (memcmp(&sealed, &right, sizeof(right)) != 0)
		return -EINVAL;
	*ret_ident = sealed.ident;
	return 0;
}

bool probe_message_quoted(struct span bytes, const struct hash_key *key, struct probe_ident *ret_ident)
{
	const char *branch = bytes.len > 0 ? memmem(bytes.p, bytes.len, branch_word, BRANCH_WORD_LEN) : NULL;

	return branch && (size_t)(span_end(bytes) - branch) >= BRANCH_LEN &&
	       branch_read(span_of(branch, BRANCH_LEN), key, ret_ident) == 0;
}

/* Retry-After = delta-seconds [ comment ] *( SEMI retry-param ), RFC 3261 20.33. */
static uint32_t retry_after(const struct sip_msg *msg)
{
	const struct sip_header *header = sip_header_first(msg, SIP_HDR_RETRY_AFTER);
	uint64_t seconds;
	struct span value;
	size_t digits = 0;

	if (!header)
		return 0;
	value = sip_header_value(msg, header);
	while (digits < value.len && value.p[digits] >= '0' && value.p[digits] <= '9')
		digits++;
	if (span_to_u64(span_of(value.p, digits), UINT32_MAX, &seconds) != 0)
		return 0;
	return (uint32_t)seconds;
}

enum probe_reading probe_message_read(struct span bytes, const struct hash_key *key, struct sip_msg *scratch,
	struct probe_response *ret_response)
{
	struct probe_response response = {.status = 0};

	if (!probe_message_is_response(bytes))
		return PROBE_FOREIGN;
	struct span line = first_via_line(bytes);
	if (line.len < BRANCH_LEN || !memmem(line.p, line.len, branch_word, BRANCH_WORD_LEN))
		return PROBE_FOREIGN;
	if (sip_parse(bytes, true, scratch) != PARSE_OK || scratch->is_request)
		return PROBE_FORGED;
	if (branch_read(scratch->via.branch, key, &response.ident) != 0)
		return PROBE_FORGED;
	if (scratch->status < 200)
		return PROBE_INTERIM;
	response.status = scratch->status;
	response.retry_after_s = retry_after(scratch);
	*ret_response = response;
	return PROBE_FINAL;
}
