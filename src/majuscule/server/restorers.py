"""Restorers, built once for each way to restore, and adapters that clients have made."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from majuscule import adapter, model, rescorer
from majuscule.restorer import Restorer
from majuscule.server.refusals import Refusal

if TYPE_CHECKING:
    from pathlib import Path

    from majuscule.server.settings import Settings
    from majuscule.server.shapes import Options

RESTORERS = 64
"""Those kept; building one takes a thousandth of a second, or more with a long lexicon."""

ADAPTERS = 16
"""Those kept; each has a megabyte at most."""


class Restorers:
    """Restorers by the options of requests; safe for threads.

    Args:
        settings: which model.

    Raises:
        ModelError, OSError: it cannot be used.
    """

    def __init__(self, settings: Settings) -> None:
        self.model = model.load(settings.model or None)
        self._lock = threading.Lock()
        self._built: OrderedDict[str, Restorer] = OrderedDict()
        self._adapters: OrderedDict[str, tuple[adapter.Adapter, bytes]] = OrderedDict()

    def of(self, options: Options) -> Restorer:
        """The restorer that a request asks for.

        Raises:
            MajusculeError: there is none such.
            Refusal: its adapter is not there, or its second stage.
        """
        asked = options.model_dump(include=_OPTIONS)
        key = repr(asked)
        built = self._at_hand(key)
        if built is not None:
            return built
        name = asked.pop("adapter")
        known = self.model
        if name is not None:
            known = known.with_adapters(self._adapter(name)[0])
        if options.effort == "best" and not self._has_second_stage():
            # The library would say where the model lies, which is no client's business.
            raise Refusal(
                422,
                "invalid",
                "effort: expected fast, got best, but the model of this server has no second stage",
            )
        built = Restorer(known, **asked)
        with self._lock:
            _keep(self._built, key, built, RESTORERS)
        return built

    def at_hand(self, options: Options) -> Restorer | None:
        """The restorer that a request asks for, if it is built already."""
        return self._at_hand(repr(options.model_dump(include=_OPTIONS)))

    def _at_hand(self, key: str) -> Restorer | None:
        with self._lock:
            if key in self._built:
                self._built.move_to_end(key)
            return self._built.get(key)

    def add(self, path: Path) -> str:
        """Keep an adapter from a file, and say what it is called."""
        made = adapter.load(path)
        with self._lock:
            _keep(self._adapters, made.hash, (made, path.read_bytes()), ADAPTERS)
        return made.hash

    def file(self, name: str) -> bytes:
        """An adapter as a file.

        Raises:
            Refusal: it is not there.
        """
        return self._adapter(name)[1]

    def _has_second_stage(self) -> bool:
        home = self.model.home
        return home is not None and rescorer.beside(home).exists()

    def _adapter(self, name: str) -> tuple[adapter.Adapter, bytes]:
        with self._lock:
            if name not in self._adapters:
                raise Refusal(
                    404,
                    "no_adapter",
                    "expected the name of an adapter that this server made and still has, got"
                    " another; make it again with /v1/adapt",
                )
            self._adapters.move_to_end(name)
            return self._adapters[name]


_OPTIONS = {
    *("effort", "style", "document", "edits", "lexicon", "min_confidence", "recase", "respace"),
    "adapter",
}


def _keep(kept: OrderedDict, name: str, one: object, most: int) -> None:  # type: ignore[type-arg]
    kept[name] = one
    kept.move_to_end(name)
    while len(kept) > most:
        kept.popitem(last=False)
