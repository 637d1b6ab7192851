"""How far something that takes its time is."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from typing import Any

from majuscule.cli.console import say

MILLION = {"char": "million characters", "B": "MB"}
"""What a million of a unit is called."""


class Progress:
    """How far it is, on standard error: a bar on a terminal, else a line now and then.

    The bar takes ``tqdm``, which comes with the extras ``train`` and ``corpus``.

    Args:
        unit: what is counted, one of `MILLION`.
        seconds: between two lines.
    """

    def __init__(self, unit: str = "char", seconds: float = 10) -> None:
        self._unit, self._seconds = unit, seconds
        self._bar: Any = None
        self._fancy = bool(sys.stderr and sys.stderr.isatty() and find_spec("tqdm"))

    def begin(self, name: str, total: int | None) -> None:
        """A pass over about so many begins."""
        self.close()
        if self._fancy:
            from tqdm import tqdm  # noqa: PLC0415 - an extra, and wanted only here

            self._bar = tqdm(total=total, desc=name, unit=self._unit, unit_scale=True)
        else:
            self._name, self._total, self._done = name, total, 0
            self._begun = self._said = time.monotonic()
            say(name)

    def advance(self, count: int) -> None:
        """So many more are done."""
        if self._bar is not None:
            self._bar.update(count)
            return
        self._done += count
        now = time.monotonic()
        if now - self._said < self._seconds:
            return
        self._said = now
        parts = [f"{self._done / 1e6:,.0f} {MILLION[self._unit]}"]
        if self._total and self._done:
            left = (now - self._begun) * (self._total / self._done - 1)
            parts = [f"{self._done / self._total:.0%}", f"{left / 60:.0f} min left"]
        if self._unit == "B":
            parts.append(f"{self._done / 1e6 / (now - self._begun):,.1f} MB/s")
        say(f"{self._name}: {', '.join(parts)}")

    def close(self) -> None:
        """Leave the terminal's line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
