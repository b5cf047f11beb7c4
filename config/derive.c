/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fills the members that no key sets: default ports by transport, a route's pattern in normal form, an ACL
 * entry's prefix. Runs after every change of an entry, so it starts from the keys given and never from what
 * it derived before. Complains about keys of one entry that contradict each other.
 */
#include "config/derive.h"

#include "config/text.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

int derive_listener(void *object, const struct place *place)
{
	struct config_listener *listener = object;

	if (!schema_given(place->schema, &listener->head, "port"))
		listener->port = transport_default_port(listener->transport);
	return 0;
}

int derive_node(void *object, const struct place *place)
{
	struct config_node *node = object;

	if (!schema_given(place->schema, &node->head, "port"))
		node->port = transport_default_port(node->transport);
	return 0;
}

static int refuse(const struct place *place, const char *key, const char *text, const char *complaint)
{
	char quoted[TEXT_QUOTE_MAX];

	place_error(place, key, "%s %s", text_quote(span_str(text), quoted), complaint);
	return -EINVAL;
}

static int derive_domain_route(struct config_route *route, const struct place *place)
{
	const char *key = route->match_uri ? "match_uri" : "pattern";
	const char *text = route->match_uri ? route->match_uri : route->pattern;
	struct domain_pattern pattern;
	const char *complaint = route->match_uri ? text_read_match_uri(span_str(text), &pattern)
						 : text_read_pattern(span_str(text), &pattern);

	if (complaint)
		return refuse(place, key, text, complaint);
	route->domain = strdup(pattern.reversed);
	if (!route->domain)
		return -ENOMEM;
	route->scope = (uint8_t)pattern.scope;
	if (route->pattern && text_looks_forward(span_str(text)))
		place_warn(place, key,
			"looks like a domain written forward, and would match its mirror image; write it "
			"reversed "
			"(.com.domaina.*) or use match_uri");
	return 0;
}

static int derive_pattern(struct config_route *route, const struct place *place)
{
	bool type_given = schema_given(place->schema, &route->head, "type");

	if (!route->pattern == !route->match_uri) {
		place_error(place, route->pattern ? "match_uri" : "pattern",
			route->pattern ? "stands beside pattern; keep one of the two"
				       : "is missing; write pattern: .com.domaina.* or match_uri: sip.com");
		return -EINVAL;
	}
	if (route->match_uri && route->type == CONFIG_ROUTE_USER && type_given) {
		place_error(place, "match_uri", "names a domain, but the type is user; write type: domain");
		return -EINVAL;
	}
	if (route->match_uri)
		route->type = CONFIG_ROUTE_DOMAIN;
	if (route->type == CONFIG_ROUTE_DOMAIN)
		return derive_domain_route(route, place);
	if (!type_given && text_looks_reversed(span_str(route->pattern)))
		place_warn(place, "pattern",
			"looks like a reversed domain, but without type it is a regular expression for the "
			"user "
			"part; write type: domain");
	return 0;
}

/* A name is looked up among the nodes later; here is only known whether it can be one. */
static int derive_next_hop(struct config_route *route, const struct place *place)
{
	memset(&route->next_hop_address, 0, sizeof(route->next_hop_address));
	if (!route->next_hop) {
		if (route->block)
			return 0;
		place_error(
			place, "next_hop", "is missing; write a node's name or an IP address, or block: on");
		return -EINVAL;
	}
	if (!ip_parse(span_str(route->next_hop), &route->next_hop_address))
		return 0;
	if (text_complain_name(span_str(route->next_hop)))
		return refuse(place, "next_hop", route->next_hop,
			"is neither a node's name nor an IP address; the port goes into next_hop_port");
	return 0;
}

int derive_route(void *object, const struct place *place)
{
	struct config_route *route = object;
	int rc, rc_hop;

	free(route->domain);
	route->domain = NULL;
	rc = derive_pattern(route, place);
	rc_hop = derive_next_hop(route, place);
	return rc ? rc : rc_hop;
}

static bool all_digits_and_dots(struct span text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (!isdigit((unsigned char)text.p[i]) && text.p[i] != '.')
			return false;
	}
	return true;
}

/* Clears the bits behind the prefix length, so that two spellings of one prefix compare equal. */
static void prefix_mask(struct ip_prefix *prefix)
{
	for (unsigned bit = prefix->len; bit < 128; bit++)
		prefix->addr.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

int derive_acl(void *object, const struct place *place)
{
	static const struct span words = SPAN_LIT("allow from ");
	struct config_acl *acl = object;
	struct span text = span_trim(span_str(acl->pattern));

	if (text.len > words.len && span_ieq(span_of(text.p, words.len), words))
		text = span_trim(span_of(text.p + words.len, text.len - words.len));
	memset(&acl->prefix, 0, sizeof(acl->prefix));
	if (span_ieq_str(text, "all"))
		return 0;
	if (!ip_prefix_parse(text, &acl->prefix)) {
		struct ip_prefix bare = acl->prefix;
		prefix_mask(&acl->prefix);
		if (!ip_equal(&bare.addr, &acl->prefix.addr))
			place_warn(place, "pattern",
				"has bits set behind its prefix length; they make no difference");
		return 0;
	}
	if (!text_complain_domain(text) && !all_digits_and_dots(text))
		return refuse(place, "pattern", acl->pattern,
			"is a host or domain name, and names come later; write all, an IP address or a "
			"prefix");
	return refuse(place, "pattern", acl->pattern,
		"is not an address pattern; write all, an IP address (192.0.2.1) or a prefix (192.0.2.0/24)");
}

int derive_domain(void *object, const struct place *place)
{
	struct config_domain *domain = object;
	size_t len = strlen(domain->name);

	(void)place;
	for (size_t i = 0; i < len; i++)
		domain->name[i] = (char)tolower((unsigned char)domain->name[i]);
	if (len > 1 && domain->name[len - 1] == '.')
		domain->name[len - 1] = '\0';
	return 0;
}
