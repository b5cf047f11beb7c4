/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The methods, headers and errors that are told apart, each a row of its .def table, and what they are
 * called. */
#ifndef SIP_NAMES_H
#define SIP_NAMES_H

enum sip_method {
	SIP_UNKNOWN = 0,
#define SIP_METHOD(name) SIP_##name,
#include "sip/method.def"
#undef SIP_METHOD
	SIP_METHOD_COUNT
};

enum sip_header_id {
	SIP_HDR_OTHER = 0,
#define SIP_HEADER(id, name, compact, first, second) SIP_HDR_##id,
#include "sip/header.def"
#undef SIP_HEADER
	SIP_HDR_COUNT
};

enum sip_error {
	SIP_ERR_NONE = 0,
#define SIP_ERROR(name, status, doc) SIP_ERR_##name,
#include "sip/error.def"
#undef SIP_ERROR
	SIP_ERR_COUNT
};

/* The status a request with this error is answered with; 0 means drop. */
unsigned sip_error_status(enum sip_error error);
const char *sip_error_name(enum sip_error error);
const char *sip_method_name(enum sip_method method);

#endif
