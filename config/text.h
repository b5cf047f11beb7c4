/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the texts of a configuration may look like. Each complain function gives NULL for a right text, else
 * the rest of the sentence that begins with the text: "is ...; write ...".
 */
#ifndef CONFIG_TEXT_H
#define CONFIG_TEXT_H

#include "base/ensure.h"
#include "base/span.h"
#include "config/bounds.h"
#include "config/words.h"

#include <stdbool.h>
#include <stddef.h>

const char *text_complain_name(struct span text);   /* of a node, listener, port, instance */
const char *text_complain_free(struct span text);   /* a description, a regular expression */
const char *text_complain_path(struct span text);   /* an absolute path for a unix socket */
const char *text_complain_file(struct span text);   /* an absolute path */
const char *text_complain_device(struct span text); /* a PCI address or a DPDK vdev string */
const char *text_complain_domain(struct span text); /* a domain name, with or without trailing dot */

/* A domain route's pattern, read: which names, and the name itself reversed, lower case, without outer dots.
 */
struct domain_pattern {
	enum config_scope scope;
	char reversed[CONFIG_DOMAIN_MAX + 1];
};

/* R-RT-1: ".com.domaina.*", ".com.domaina.lyncserver", "com.remote". Returns NULL or a complaint as above. */
must_use const char *text_read_pattern(struct span text, struct domain_pattern *ret_pattern);

/* R-RT-11: "sip.com", "*.sip.com". Returns NULL or a complaint. */
must_use const char *text_read_match_uri(struct span text, struct domain_pattern *ret_pattern);

/* Whether a pattern is most likely a domain written forward: "domaina.com". */
bool text_looks_forward(struct span text);

/* Whether a regular expression is most likely a reversed domain: ".com.domaina.*". */
bool text_looks_reversed(struct span text);

/* A value as an error text quotes it: cut short, without bytes that a terminal would act on. */
enum { TEXT_QUOTE_MAX = 64 };
const char *text_quote(struct span text, char buf[static TEXT_QUOTE_MAX]);

#endif
