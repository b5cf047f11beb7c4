/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where messages begin and end in a stream (RFC 3261 7.5, 18.3), and the keepalive between them (RFC 5626
 * 3.5.1). Pure: bytes come in as one piece that begins where the last answer ended, in any division. A byte
 * of a header section is looked at once by the framer, however small the pieces are; then the message is
 * parsed once, or twice when its body arrives after its headers.
 */
#ifndef CONN_FRAME_H
#define CONN_FRAME_H

#include "base/ensure.h"
#include "base/span.h"
#include "sip/msg.h"
#include "stats.h"

#include <stdint.h>

/* Where the reader of a stream is. All zero at the stream's beginning. */
struct frame {
	uint32_t scanned; /* bytes of the message begun in which no end of the headers is */
	uint32_t total;   /* length of the message begun, once it is known; else 0 */
	uint8_t gap;      /* bytes of CR LF CR LF seen between two messages */
};

enum frame_result {
	FRAME_MORE,    /* nothing whole; call again with more bytes behind the same */
	FRAME_SKIP,    /* `len` bytes mean nothing: line ends between messages */
	FRAME_PING,    /* the same, and they end a keepalive that wants a CRLF for an answer */
	FRAME_MESSAGE, /* `len` bytes are a message; *msg is what was read of it, msg->error what is wrong */
	FRAME_BROKEN,  /* where the next message begins cannot be known: close */
};

/* Why a stream cannot be read any further; each is a counter. */
enum frame_fault {
	FRAME_GARBAGE,          /* no message begins so */
	FRAME_LINE_END,         /* a CR or LF stands alone: another reader would see other lines */
	FRAME_HEADERS_TOO_LONG, /* all headers together, or one of them */
	FRAME_NO_LENGTH,        /* without Content-Length nobody knows where the next message begins */
	FRAME_BAD_LENGTH,       /* Content-Length is no number, or two of them differ */
	FRAME_BODY_TOO_LONG,
	FRAME_FAULTS
};

struct frame_found {
	uint32_t len;    /* bytes that are done with; of a message all its bytes */
	uint8_t fault;   /* enum frame_fault, with FRAME_BROKEN */
	uint16_t status; /* with FRAME_BROKEN: what to answer, 400 or 413; 0: there is nobody to answer */
};

/*
 * Looks at the bytes that wait. Whatever has a `len` must be gone from the front before the next call. *msg
 * is scratch; it holds spans into `bytes` with FRAME_MESSAGE, and with FRAME_BROKEN when status is not 0.
 */
enum frame_result frame_next(
	struct frame *frame, struct span bytes, struct sip_msg *msg, struct frame_found *ret_found);

/* How many bytes more the message begun needs at the least; what lies behind them need not be copied. */
uint32_t frame_wants(const struct frame *frame, uint32_t have);

enum stat frame_fault_stat(enum frame_fault fault);

#endif
