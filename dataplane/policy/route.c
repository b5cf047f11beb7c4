/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the patterns that cover a host: one scan of the base and one of the delta, both over the reversed
 * host. Called by workers for hosts that they do not know, and by control to explain; no allocation, no lock,
 * no state but the caller's scratch. Sources: R-RT-1, R-RT-2.
 */
#include "policy/route.h"

#include "policy/host_priv.h"
#include "policy/route_priv.h"

#include <stdio.h>

/* A literal ends with each label at most, so a host cannot make more matches than it has labels. */
struct hits {
	unsigned count;
	struct hit {
		uint32_t id;
		uint32_t end; /* byte behind the match */
	} at[HOST_LABELS_MAX];
};

/* Hyperscan mostly reports in order and once; the list is kept so when it does not. */
static int note_hit(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	struct hits *hits = context;
	unsigned i = hits->count;

	(void)from;
	(void)flags;
	for (; i > 0 && hits->at[i - 1].end > to; i--)
		;
	if (i > 0 && hits->at[i - 1].end == to)
		return 0;
	ensure(hits->count < HOST_LABELS_MAX);
	memmove(&hits->at[i + 1], &hits->at[i], (hits->count - i) * sizeof(hits->at[0]));
	hits->at[i] = (struct hit){.id = id, .end = (uint32_t)to};
	hits->count++;
	return 0;
}

static void scan(const struct hs_database *database, const struct host_text *text, struct hs_scratch *scratch,
	struct hits *ret_hits)
{
	hs_error_t rc;

	ret_hits->count = 0;
	if (!database)
		return;
	rc = hs_scan(database, text->bytes, (unsigned)text->len, 0, scratch, note_hit, ret_hits);
	ensure(rc == HS_SUCCESS);
}

/* At the domain itself exact and subtree patterns apply, below it those for its children and the subtree. */
static void result_add(const struct route_entry *entry, bool at_apex, struct route_result *result)
{
	uint8_t excluded = at_apex ? ROUTE_CHILDREN : ROUTE_EXACT;

	for (size_t i = 0; i < entry->pattern_count && result->count < PATTERNS_PER_HOST_MAX; i++)
		if (entry->patterns[i].scope != excluded)
			result->patterns[result->count++] = &entry->patterns[i];
}

/* From the longest domain to the shortest; where base and delta mean the same one, the delta counts. */
static void result_fill(const struct route_table *table, const struct hits *base, const struct hits *delta,
	size_t text_len, struct route_result *result)
{
	unsigned b = base->count;
	unsigned d = delta->count;

	while (b > 0 || d > 0) {
		uint32_t base_end = b > 0 ? base->at[b - 1].end : 0;
		uint32_t delta_end = d > 0 ? delta->at[d - 1].end : 0;
		uint32_t end = base_end > delta_end ? base_end : delta_end;
		const struct route_entry *entry;

		if (delta_end == end)
			entry = &table->delta.items[delta->at[d - 1].id]->entry;
		else
			entry = table->base->entries[base->at[b - 1].id];
		b -= base_end == end;
		d -= delta_end == end;
		result_add(entry, end == text_len, result);
	}
}

void route_match(
	const struct route_table *table, unsigned worker, struct span host, struct route_result *ret_result)
{
	struct hs_scratch *scratch = scan_scratch_of(&table->scratch, worker);
	struct host_text text;
	struct hits base;
	struct hits delta;

	ret_result->count = 0;
	ret_result->host = host_reverse(host, &text);
	if (ret_result->host != ROUTE_HOST_DOMAIN)
		return;
	scan(table->base->literals->database, &text, scratch, &base);
	scan(table->delta_database, &text, scratch, &delta);
	result_fill(table, &base, &delta, text.len, ret_result);
}

/* "com.sip" back into "sip.com", for the one notation that is not reversed. */
static void unreverse(struct span domain, char out[static HOST_NAME_MAX_BYTES + 1])
{
	char *at = out;

	while (domain.len > 0) {
		const char *dot = memrchr(domain.p, '.', domain.len);
		struct span label = dot ? span_from(dot + 1, span_end(domain)) : domain;
		memcpy(at, label.p, label.len);
		at += label.len;
		domain.len -= label.len;
		if (domain.len > 0) {
			*at++ = '.';
			domain.len--;
		}
	}
	*at = '\0';
}

size_t route_pattern_format(const struct route_pattern *pattern, char *buf, size_t size)
{
	char domain[HOST_NAME_MAX_BYTES + 1];
	int len = 0;

	switch ((enum route_scope)pattern->scope) {
	case ROUTE_EXACT:
		len = snprintf(buf, size, ".%.*s", SPAN_ARG(pattern->text));
		break;
	case ROUTE_SUBTREE:
		len = snprintf(buf, size, ".%.*s.*", SPAN_ARG(pattern->text));
		break;
	case ROUTE_CHILDREN:
		unreverse(pattern->text, domain);
		len = snprintf(buf, size, "*.%s", domain);
		break;
	case ROUTE_USER:
		len = snprintf(buf, size, "user:%.*s", SPAN_ARG(pattern->text));
		break;
	case ROUTE_SCOPES:
		break;
	}
	ensure(len > 0);
	return (size_t)len;
}

const char *route_scope_name(enum route_scope scope)
{
	static const char *const names[ROUTE_SCOPES] = {[ROUTE_EXACT] = "exact",
		[ROUTE_SUBTREE] = "subtree",
		[ROUTE_CHILDREN] = "children",
		[ROUTE_USER] = "user"};

	ensure((unsigned)scope < ROUTE_SCOPES);
	return names[scope];
}

const char *route_host_name(enum route_host host)
{
	static const char *const names[] = {[ROUTE_HOST_DOMAIN] = "domain",
		[ROUTE_HOST_IP] = "ip address",
		[ROUTE_HOST_INVALID] = "invalid"};

	ensure((unsigned)host < sizeof(names) / sizeof(names[0]));
	return names[host];
}
