/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The choices of the model. Each enum stands in the order of its words in the schema table (schema.c).
 */
#ifndef CONFIG_WORDS_H
#define CONFIG_WORDS_H

enum config_huge_pages { CONFIG_HUGE_PAGES_AUTO, CONFIG_HUGE_PAGES_OFF };
enum config_idle { CONFIG_IDLE_ADAPTIVE, CONFIG_IDLE_POLL };
enum config_acl_action { CONFIG_ACL_ANSWER, CONFIG_ACL_DROP };
enum config_mode { CONFIG_MODE_TRANSACTION, CONFIG_MODE_STATELESS };
enum config_admin { CONFIG_ADMIN_READY, CONFIG_ADMIN_DRAIN, CONFIG_ADMIN_MAINT };
enum config_failback { CONFIG_FAILBACK_AUTO, CONFIG_FAILBACK_MANUAL };
enum config_probe_method { CONFIG_PROBE_OPTIONS };
enum config_route_type { CONFIG_ROUTE_DOMAIN, CONFIG_ROUTE_USER };
enum config_log_level { CONFIG_LOG_ERROR, CONFIG_LOG_WARNING, CONFIG_LOG_INFO, CONFIG_LOG_DEBUG };

/* Bits of log.trace, in the order of R-TR-1. */
enum config_trace {
	CONFIG_TRACE_SIP_UDP = 1 << 0,
	CONFIG_TRACE_SIP_TCP = 1 << 1,
	CONFIG_TRACE_SIP_TLS = 1 << 2,
	CONFIG_TRACE_SERVER = 1 << 3,
	CONFIG_TRACE_SIP_MESSAGE = 1 << 4, /* SIP message and state machine */
	CONFIG_TRACE_METHOD_ROUTING = 1 << 5,
	CONFIG_TRACE_ROUTING = 1 << 6,
};

/* What a domain route covers, once its notation (R-RT-1, R-RT-11) has been read. */
enum config_scope {
	CONFIG_SCOPE_EXACT, /* the host alone: ".com.domaina.lyncserver", "com.remote", match_uri "sip.com" */
	CONFIG_SCOPE_SUBTREE,  /* the host and every name below it: ".com.domaina.*" */
	CONFIG_SCOPE_CHILDREN, /* the names below it only: match_uri "*.sip.com" */
};

/* The lists of struct config; the order is the order in a saved file. */
enum config_list_id {
	CONFIG_PORTS,
	CONFIG_LISTENERS,
	CONFIG_NODES,
	CONFIG_ROUTES,
	CONFIG_ACL,
	CONFIG_DOMAINS,
	CONFIG_LISTS,
};

#endif
