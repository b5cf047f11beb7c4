# SPDX-License-Identifier: GPL-2.0-or-later
"""How a scenario file says what a value must be: 7, ">=7", "<=7", "5..9", "/regular expression/" or plain text."""
import re
from fnmatch import fnmatch

from deadline import Failure

# Counters that say how much work there was. Every other counter names something refused, dropped or lost, and must
# be zero unless the scenario names it: a drop nobody expects is a failure even where the traffic survived it.
FLOW = """
rx_* tx_* net_arp_replies net_frag_reassembled net_frag_sent net_icmp_echo_replies net_mld_reports net_nd_adverts
net_neigh_requests net_udp_delivered net_udp_sent sip_requests* sip_responses sip_responses_forwarded sip_replies sip_dialog_requests
sip_options_answered sip_txn_begun sip_txn_answered sip_txn_acks sip_txn_acks_made sip_txn_cancelled sip_txn_cancels_made
worker_given_messages worker_given_requests worker_given_rx worker_given_tx worker_probe_answers worker_probe_sent
tcp_accepted tcp_connected tcp_segments_received tcp_segments_sent conn_accepted conn_messages conn_node_connected conn_opened
""".split()

# What the kernel on the other side says by itself, and what probes meet while nodes start and end: every run has it.
# Either side of a connection sends its last segment again when a busy machine lets an acknowledgement wait, and both the
# first SYN and its repetition arrive when a neighbour was long in answering: the second is challenged. The kernel moves a
# flow to the queue it last heard it on, so that an acknowledgement can overtake an older one, which PAWS then drops. A SIP
# request or response is sent again after half a second, which a busy machine may take.
NOISE = """
net_arp_not_ours net_eth_not_ours net_icmp_ignored net_icmp_unreachable net_ip6_not_ours net_mld_reports net_nd_not_ours
net_nd_router net_neigh_unknown net_neigh_unanswered net_neigh_failed worker_node_unreachable worker_unreachable_hint worker_probe_late sip_txn_absorbed
sip_txn_repeated sip_txn_requests_again
tcp_challenges_sent tcp_out_of_window tcp_paws tcp_retransmissions tcp_tail_probes
""".split()


def number(text):
    return float(text) if "." in text else int(text)


def holds(expected, actual):
    if isinstance(expected, bool) or not isinstance(expected, str):
        return actual == expected
    span = re.fullmatch(r"(-?[\d.]+?)\.\.(-?[\d.]+)", expected)
    if span:
        return number(span[1]) <= float(actual) <= number(span[2])
    for sign, compare in ((">=", float.__ge__), ("<=", float.__le__), (">", float.__gt__), ("<", float.__lt__)):
        if expected.startswith(sign):
            return compare(float(actual), float(expected[len(sign) :]))
    if len(expected) > 1 and expected.startswith("/") and expected.endswith("/"):
        return re.search(expected[1:-1], str(actual)) is not None
    return str(actual) == expected


def row_holds(expected, row):
    """Every column that is named must be there: a wrong name must not pass as a value that does not matter."""
    for column, value in expected.items():
        if column not in row:
            raise Failure(f"no column '{column}'; there are: {', '.join(row)}")
    return all(holds(value, row[column]) for column, value in expected.items())


def check_counters(expected, actual):
    """Compares the counters at the end with those of the scenario; all differences in one Failure."""
    wrong = []
    for name, value in expected.items():
        if name not in actual:
            wrong.append(f"there is no counter {name}")
        elif not holds(value, actual[name]):
            wrong.append(f"counter {name} is {actual[name]}, expected {value}")
    for name, value in actual.items():
        if value and name not in expected and not any(fnmatch(name, pattern) for pattern in FLOW + NOISE):
            wrong.append(f"counter {name} is {value}, and the scenario does not expect it")
    if wrong:
        raise Failure("; ".join(wrong))
