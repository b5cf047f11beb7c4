/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other names for the parser's functions, so that two builds of it can stand in one program. */
#ifndef TESTS_SIP_SCALAR_NAMES_H
#define TESTS_SIP_SCALAR_NAMES_H

#define header_names        scalar_header_names
#define host_take           scalar_host_take
#define ipv6_take           scalar_ipv6_take
#define lines_are_odd       scalar_lines_are_odd
#define lines_find_end      scalar_lines_find_end
#define lines_find_rest     scalar_lines_find_rest
#define name_addr_read      scalar_name_addr_read
#define odd_line_kind       scalar_odd_line_kind
#define param_next          scalar_param_next
#define param_skip          scalar_param_skip
#define plain_address_read  scalar_plain_address_read
#define plain_via_read      scalar_plain_via_read
#define sip_error_name      scalar_error_name
#define sip_error_status    scalar_error_status
#define sip_header_lookup   scalar_header_lookup
#define sip_list_next       scalar_list_next
#define sip_method_lookup   scalar_method_lookup
#define sip_method_name     scalar_method_name
#define sip_name_addr_parse scalar_name_addr_parse
#define sip_param_search    scalar_param_search
#define sip_parse           scalar_parse
#define sip_unescape        scalar_unescape
#define sip_uri_parse       scalar_uri_parse
#define sip_via_next        scalar_via_next
#define sip_via_parse       scalar_via_parse
#define start_line_read     scalar_start_line_read
#define uri_read            scalar_uri_read
#define via_read            scalar_via_read

#endif
