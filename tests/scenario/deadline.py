# SPDX-License-Identifier: GPL-2.0-or-later
"""Waiting: for a condition until a deadline, or through a time in which nothing may go wrong. Nobody else sleeps."""
import time

POLL_S = 0.02
DEFAULT_MS = 5000


class Failure(Exception):
    """The scenario did not go as its file says; the text tells what was expected and what was seen."""


def until(what, look, within_ms=DEFAULT_MS):
    """Calls look() until it returns (True, seen), and returns seen; Failure with the last seen at the deadline."""
    end = time.monotonic() + within_ms / 1000
    while True:
        done, seen = look()
        if done:
            return seen
        left = end - time.monotonic()
        if left <= 0:
            raise Failure(f"not within {within_ms} ms: {what}; last seen: {seen}")
        time.sleep(min(POLL_S, left))


def hold(still_right, for_ms):
    """Lets for_ms pass; still_right() raises Failure when that what must not happen has happened."""
    end = time.monotonic() + for_ms / 1000
    while time.monotonic() < end:
        still_right()
        time.sleep(POLL_S)
    still_right()
