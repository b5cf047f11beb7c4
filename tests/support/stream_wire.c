/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/stream_wire.h"

#include <rte_mbuf.h>

static uint16_t port_at(const char *bytes)
{
	return (uint16_t)((uint8_t)bytes[0] << 8 | (uint8_t)bytes[1]);
}

void stream_wire_send(struct packet_ends ends, struct rte_mbuf *segment, struct packet *ret_packet)
{
	const char *bytes = rte_pktmbuf_mtod(segment, const char *);

	ensure(segment->nb_segs == 1);
	ends.src.port = port_at(bytes);
	ends.dst.port = port_at(bytes + 2);
	packet_tcp(&ends, span_of(bytes, rte_pktmbuf_data_len(segment)), ret_packet);
	rte_pktmbuf_free(segment);
}

void stream_wire_receive(
	struct tcp *tcp, struct rte_mempool *pool, const struct packet_view *view, uint64_t now_ns)
{
	struct rte_mbuf *mbuf = rte_pktmbuf_alloc(pool);
	struct tcp_packet packet = {.mbuf = mbuf,
		.src = &view->src.ip,
		.dst = &view->dst.ip,
		.l4_len = (uint32_t)view->payload.len};

	ensure(mbuf != NULL);
	memcpy(rte_pktmbuf_append(mbuf, (uint16_t)view->payload.len), view->payload.p, view->payload.len);
	tcp_input(tcp, &packet, now_ns);
}
