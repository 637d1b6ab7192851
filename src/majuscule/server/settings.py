"""What a server may be told, and its bounds."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """How to serve, and how much.

    Attributes:
        model: files of a model and of adapters to lay on it; none is the model in the package.
        token: what clients must send as ``Authorization: Bearer TOKEN``; None asks for nothing.
        hosts: names by which it may be called besides those of the loopback; ``*`` is any.
        origins: pages of other origins that may call it from a browser; none unless told.
        max_body: bytes that a request may have.
        max_items: texts in a request.
        max_sample: characters of a sample to adapt to.
        max_requests: requests that are worked on or wait; one more is told to come later.
        threads: requests that are worked on at once.
        timeout: seconds until a request must have come whole, and then until it is done; of
            an answer that is streamed, until its first part is.
        head: seconds that the head of a request may take.
        grace: seconds that requests have when it is told to stop.
    """

    model: tuple[str, ...] = ()
    token: str | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    max_body: int = 16 << 20
    max_items: int = 10_000
    max_sample: int = 200_000
    max_requests: int = 256
    threads: int = os.cpu_count() or 1
    timeout: float = 30.0
    head: float = 10.0
    grace: float = 30.0
