/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The shapes of names, paths, devices and domain patterns (R-RT-1, R-RT-2, R-RT-11). Pure functions over
 * spans; the schema table names them.
 */
#include "config/text.h"

#include <ctype.h>
#include <stdio.h>

static bool all_of(struct span text, const char *allowed)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (!(c < 0x80 && isalnum(c)) && (c == '\0' || !strchr(allowed, c)))
			return false;
	}
	return true;
}

/* The code point at the begin of the text, and its length; 0 bytes when it is no UTF-8 (RFC 3629). */
static size_t utf8_decode(struct span text, uint32_t *ret_point)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; /* shorter forms are forbidden */
	unsigned char lead = (unsigned char)text.p[0];
	size_t len = lead < 0x80         ? 1
		     : lead >> 5 == 0x6  ? 2
		     : lead >> 4 == 0xe  ? 3
		     : lead >> 3 == 0x1e ? 4
					 : 0;
	uint32_t point = len == 1 ? lead : lead & (0x7fu >> len);

	if (len == 0 || len > text.len)
		return 0;
	for (size_t i = 1; i < len; i++) {
		unsigned char c = (unsigned char)text.p[i];
		if (c >> 6 != 0x2)
			return 0;
		point = point << 6 | (c & 0x3f);
	}
	if (point < least[len] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return len;
}

/* Control characters of both sets, and what YAML takes for a line end, a byte order mark or no character. */
static bool is_unprintable(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x2028 || point == 0x2029 ||
	       point == 0xfeff || (point & 0xfffe) == 0xfffe;
}

const char *text_complain_free(struct span text)
{
	uint32_t point;
	size_t len;

	for (size_t i = 0; i < text.len; i += len) {
		len = utf8_decode(span_of(text.p + i, text.len - i), &point);
		if (len == 0)
			return "is not UTF-8; write it in that encoding";
		if (is_unprintable(point))
			return "holds a control character; write it on one line, without tabs";
	}
	return text.len ? NULL : "is empty; write something or leave the key out";
}

const char *text_complain_name(struct span text)
{
	if (text.len == 0 || !isalpha((unsigned char)text.p[0]) || !all_of(text, "._-"))
		return "is not a name; begin with a letter, go on with letters, digits and . _ -";
	return NULL;
}

const char *text_complain_file(struct span text)
{
	if (text.len == 0 || text.p[0] != '/')
		return "is not an absolute path; begin it with /";
	return text_complain_free(text);
}

const char *text_complain_path(struct span text)
{
	/* sun_path of struct sockaddr_un has 108 bytes with the NUL. */
	return text.len > 107 ? "is too long for a unix socket; write at most 107 bytes"
			      : text_complain_file(text);
}

/* "03:00.0" or "0000:03:00.0" */
static bool is_pci_address(struct span text)
{
	static const char shape[] = "hhhh:hh:hh.h";
	const char *want = shape;

	if (text.len == 7)
		want += 5;
	else if (text.len != 12)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (want[i] == 'h' ? !isxdigit((unsigned char)text.p[i]) : text.p[i] != want[i])
			return false;
	}
	return true;
}

const char *text_complain_device(struct span text)
{
	struct span driver = text;
	const char *comma = memchr(text.p, ',', text.len);

	if (is_pci_address(text))
		return NULL;
	if (comma)
		driver.len = (size_t)(comma - text.p);
	if (driver.len == 0 || !isalpha((unsigned char)driver.p[0]) || !all_of(driver, "_"))
		return "is not a device; write a PCI address (0000:03:00.0) or a DPDK vdev "
		       "(net_tap0,iface=sl0)";
	if (memchr(text.p, ' ', text.len))
		return "holds a blank; DPDK's vdev strings have none";
	return text_complain_free(text);
}

/* Labels of letters, digits, - and _ between single dots; no dot at either end. */
static const char *complain_labels(struct span text)
{
	size_t label = 0;

	if (text.len == 0)
		return "has no domain name in it; write one";
	if (text.len > CONFIG_DOMAIN_MAX)
		return "is longer than a domain name can be; write at most 253 bytes";
	if (!all_of(text, "._-"))
		return "is not a domain name; write labels of letters, digits and - with dots between";
	for (size_t i = 0; i <= text.len; i++) {
		if (i < text.len && text.p[i] != '.') {
			label++;
			continue;
		}
		if (label == 0)
			return "has an empty label; write one dot between two labels";
		if (label > 63)
			return "has a label of more than 63 bytes; DNS knows none so long";
		label = 0;
	}
	return NULL;
}

static struct span without_trailing_dot(struct span text)
{
	if (text.len > 1 && text.p[text.len - 1] == '.')
		text.len--;
	return text;
}

const char *text_complain_domain(struct span text)
{
	return complain_labels(without_trailing_dot(text));
}

static bool ends_with(struct span text, const char *tail)
{
	size_t len = strlen(tail);

	return text.len >= len && memcmp(span_end(text) - len, tail, len) == 0;
}

static void lower_copy(struct span text, char *ret_text)
{
	for (size_t i = 0; i < text.len; i++)
		ret_text[i] = (char)tolower((unsigned char)text.p[i]);
	ret_text[text.len] = '\0';
}

static struct span first_label(struct span text)
{
	const char *dot = memchr(text.p, '.', text.len);

	return dot ? span_from(text.p, dot) : text;
}

static struct span last_label(struct span text)
{
	const char *dot = memrchr(text.p, '.', text.len);

	return dot ? span_from(dot + 1, span_end(text)) : text;
}

/* No host name ends in a number (RFC 3261 25.1, toplabel): what does is an IP address, which no route covers.
 */
static const char *complain_top(struct span label)
{
	for (size_t i = 0; i < label.len; i++) {
		if (!isdigit((unsigned char)label.p[i]))
			return NULL;
	}
	return "has a number for its top-level domain; write a domain name, addresses are not routed by";
}

const char *text_read_pattern(struct span text, struct domain_pattern *ret_pattern)
{
	enum config_scope scope = CONFIG_SCOPE_EXACT;
	const char *complaint;

	if (text.len > 0 && text.p[0] == '.')
		text = span_of(text.p + 1, text.len - 1);
	if (ends_with(text, ".*")) {
		text.len -= 2;
		scope = CONFIG_SCOPE_SUBTREE;
	}
	if (memchr(text.p, '*', text.len))
		return "has a * in a wrong place; it may only end the pattern, after a dot: .com.domaina.*";
	complaint = complain_labels(text);
	if (!complaint)
		complaint = complain_top(first_label(text));
	if (complaint)
		return complaint;
	ret_pattern->scope = scope;
	lower_copy(text, ret_pattern->reversed);
	return NULL;
}

/* "lync.domaina.com" -> "com.domaina.lync" */
static void reverse_labels(struct span text, char *ret_text)
{
	size_t out = 0;

	for (size_t end = text.len, i = text.len; i-- > 0;) {
		if (i > 0 && text.p[i - 1] != '.')
			continue;
		lower_copy(span_of(text.p + i, end - i), ret_text + out);
		out += end - i;
		if (i > 0)
			ret_text[out++] = '.';
		end = i > 0 ? i - 1 : 0;
	}
	ret_text[out] = '\0';
}

const char *text_read_match_uri(struct span text, struct domain_pattern *ret_pattern)
{
	enum config_scope scope = CONFIG_SCOPE_EXACT;
	const char *complaint;

	text = without_trailing_dot(text);
	if (text.len > 2 && text.p[0] == '*' && text.p[1] == '.') {
		text = span_of(text.p + 2, text.len - 2);
		scope = CONFIG_SCOPE_CHILDREN;
	}
	if (memchr(text.p, '*', text.len))
		return "has a * in a wrong place; it may only begin the name, before a dot: *.sip.com";
	complaint = complain_labels(text);
	if (!complaint)
		complaint = complain_top(last_label(text));
	if (complaint)
		return complaint;
	ret_pattern->scope = scope;
	reverse_labels(text, ret_pattern->reversed);
	return NULL;
}

static bool is_top_level(struct span label)
{
	static const char *const known[] = {"com", "net", "org", "edu", "gov", "mil", "info", "biz", "int",
		"local", "de", "uk", "fr", "eu", "us", "ch", "at", "nl", "it", "es", "jp", "cn", "ru", "au"};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (span_ieq_str(label, known[i]))
			return true;
	}
	return false;
}

bool text_looks_forward(struct span text)
{
	const char *first = memchr(text.p, '.', text.len);
	const char *last = memrchr(text.p, '.', text.len);

	return first && first != text.p && !is_top_level(span_from(text.p, first)) &&
	       is_top_level(span_from(last + 1, span_end(text)));
}

bool text_looks_reversed(struct span text)
{
	struct domain_pattern pattern;
	const char *dot;

	if (text_read_pattern(text, &pattern))
		return false;
	dot = strchr(pattern.reversed, '.');
	return dot && is_top_level(span_from(pattern.reversed, dot));
}

const char *text_quote(struct span text, char buf[static TEXT_QUOTE_MAX])
{
	size_t len = text.len < TEXT_QUOTE_MAX - 6 ? text.len : TEXT_QUOTE_MAX - 6;
	size_t out = 0;

	buf[out++] = '"';
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text.p[i];
		buf[out++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	}
	snprintf(buf + out, TEXT_QUOTE_MAX - out, "%s\"", len < text.len ? "..." : "");
	return buf;
}
