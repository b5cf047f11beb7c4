/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The byte classes of RFC 3261 25.1, as rows of 16 ASCII bytes (scan.h). Where peers are known to be looser
 * than the grammar and nothing becomes ambiguous by it, so is the class; each such case is named.
 */
#ifndef SIP_CHARSET_PRIV_H
#define SIP_CHARSET_PRIV_H

#include "sip/scan.h"

/* token = alphanum and -.!%*_+`'~ */
static const struct scan_class class_token = SCAN_CLASS(0, 0, 0x6ca2, 0x03ff, 0xfffe, 0x87ff, 0xffff, 0x47ff);

/* token and blanks: an unquoted display name */
static const struct scan_class class_display =
	SCAN_CLASS(0x2600, 0, 0x6ca3, 0x03ff, 0xfffe, 0x87ff, 0xffff, 0x47ff);

/* hostname and IPv4address: alphanum - . and the underscore that some networks use in names */
static const struct scan_class class_host = SCAN_CLASS(0, 0, 0x6000, 0x03ff, 0xfffe, 0x87ff, 0xfffe, 0x07ff);

/* scheme = alphanum + - . */
static const struct scan_class class_scheme =
	SCAN_CLASS(0, 0, 0x6800, 0x03ff, 0xfffe, 0x07ff, 0xfffe, 0x07ff);

/* a telephone number (RFC 3966 3): hex digits * # and the visual separators - . ( ) behind an optional + */
static const struct scan_class class_telephone = SCAN_CLASS(0, 0, 0x6f08, 0x03ff, 0x007e, 0, 0x007e, 0);

/* inside an IPv6 reference: hex digits : . */
static const struct scan_class class_ipv6 = SCAN_CLASS(0, 0, 0x4000, 0x07ff, 0x007e, 0, 0x007e, 0);

/* reserved, unreserved, escaped, brackets; and '#', which dial strings carry unescaped */
static const struct scan_class class_uri = SCAN_CLASS(0, 0, 0xfffa, 0xafff, 0xffff, 0xafff, 0xfffe, 0x47ff);

/* ... without @ and brackets: user and password */
static const struct scan_class class_userinfo =
	SCAN_CLASS(0, 0, 0xfffa, 0xafff, 0xfffe, 0x87ff, 0xfffe, 0x47ff);

/* ... without ; , ? : an address without angle brackets (RFC 3261 20.10) */
static const struct scan_class class_addr_spec =
	SCAN_CLASS(0, 0, 0xeffa, 0x27ff, 0xffff, 0xafff, 0xfffe, 0x47ff);

/* ... without @ ? : URI parameters */
static const struct scan_class class_uri_params =
	SCAN_CLASS(0, 0, 0xfffa, 0x2fff, 0xfffe, 0xafff, 0xfffe, 0x47ff);

/* every printable byte: Call-ID, where peers use more than `word` has */
static const struct scan_class class_printable =
	SCAN_CLASS(0, 0, 0xfffe, 0xffff, 0xffff, 0xffff, 0xffff, 0x7fff);

/* the value of a parameter without quotes: printable but ;,"()<> (branches hold more than `token` has) */
static const struct scan_class class_value = SCAN_CLASS(0, 0, 0xecfa, 0xa7ff, 0xffff, 0xffff, 0xffff, 0x7fff);

/* ... without = : the name of a parameter */
static const struct scan_class class_param_name =
	SCAN_CLASS(0, 0, 0xecfa, 0x87ff, 0xffff, 0xffff, 0xffff, 0x7fff);

static const struct scan_class class_digit = SCAN_CLASS(0, 0, 0, 0x03ff, 0, 0, 0, 0);

/* Stops: what a reader looks for next. */
static const struct scan_class class_space = SCAN_CLASS(0, 0, 0x0001, 0, 0, 0, 0, 0);
static const struct scan_class class_quoted_stop = SCAN_CLASS(0, 0, 0x0004, 0, 0, 0x1000, 0, 0);  /* " \ */
static const struct scan_class class_list_stop = SCAN_CLASS(0, 0, 0x1004, 0x1000, 0, 0, 0, 0);    /* , " < */
static const struct scan_class class_param_stop = SCAN_CLASS(0, 0, 0x0004, 0x0800, 0, 0, 0, 0);   /* ; " */
static const struct scan_class class_comment_stop = SCAN_CLASS(0, 0, 0x0300, 0, 0, 0x1000, 0, 0); /* ( ) \ */
static const struct scan_class class_user_stop = SCAN_CLASS(0, 0, 0x0020, 0x0400, 0, 0, 0, 0);    /* % : */

#endif
