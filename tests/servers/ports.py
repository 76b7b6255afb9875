"""Ports on loopback for servers of the tests that are stopped and started again."""

from __future__ import annotations

import random
import socket

_BELOW = range(10_000, 32_000)  # what a system gives to outgoing connections lies above: none of them takes the port


def free(count: int) -> list[int]:
    """So many different ports that nobody listens on."""
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().choice(_BELOW)
        with socket.socket() as tried:
            try:
                tried.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found
