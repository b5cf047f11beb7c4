/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Texts that the tests of connections send. */
#ifndef TESTS_UNIT_CONN_MESSAGES_H
#define TESTS_UNIT_CONN_MESSAGES_H

#define VIA   "Via: SIP/2.0/TCP 192.0.2.2:5070;branch=z9hG4bK1\r\n"
#define ALIAS "Via: SIP/2.0/TCP 192.0.2.2:5070;alias;branch=z9hG4bK1\r\n"
#define REST                                  \
	"From: <sip:a@example.com>;tag=1\r\n" \
	"To: <sip:b@example.com>\r\n"         \
	"Call-ID: 7@c.example.com\r\n"        \
	"CSeq: 1 MESSAGE\r\n"
#define REQUEST_LINE  "MESSAGE sip:b@example.com SIP/2.0\r\n"
#define REQUEST       REQUEST_LINE VIA REST "Content-Length: 5\r\n\r\nhello"
#define ALIAS_REQUEST REQUEST_LINE ALIAS REST "Content-Length: 5\r\n\r\nhello"
#define NO_LENGTH     REQUEST_LINE VIA REST "\r\n"
#define RESPONSE      "SIP/2.0 200 OK\r\n" VIA REST "Content-Length: 0\r\n\r\n"

#endif
