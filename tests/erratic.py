"""Models without sense, under which all promises must hold nevertheless."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from majuscule.model import Model
from majuscule.rescorer import Rescorer
from majuscule.text import Kind
from majuscule.weights import FEATURES, FORMAT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Ints, Keys

FORMS = ("CanNot", "GonNA", "McDonald", "ThE", "cAn", "eBay", "gOn", "iPhone", "nA", "nOT", "sAId")


@dataclass(frozen=True)
class Erratic(Model):
    """Whatever a model may come to want, this one wants somewhere: its scores are hashes.

    Like any model's they depend on the features alone, so that all promises must hold.
    """

    join: int = 0

    def score(
        self, ids: NDArray[np.uint64], first: NDArray[np.int32], edge: NDArray[np.int32]
    ) -> NDArray[np.int32]:
        """Scores of -1000 to 1000, and `join` more for JOIN."""
        sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(ids, dtype=np.uint64)])
        own = sums[first[1:]] - sums[first[:-1]]
        out = np.zeros((len(own), 3, 4), dtype=np.int32)
        for k in range(12):
            hashed = (own + np.uint64(k)) * np.uint64(0x9E3779B97F4A7C15)
            out[:, k // 4, k % 4] = (hashed >> np.uint64(40)) % np.uint64(2001)
        out -= 1000
        out[:, 0, 3] += self.join
        out[:, 1:, 3] = 0
        return out

    @classmethod
    def made(cls, join: int = 0) -> Erratic:
        """One with transitions by chance, and `join` for JOIN wherever it may."""
        rng = np.random.default_rng(7)
        shape = (len(Kind), len(Kind), 8, 8)
        about = {
            "format": FORMAT,
            "features": FEATURES,
            "name": "erratic",
            "styles": ["a", "b"],
            "prefixes": ["Mc", "D"],
        }
        return cls(
            np.zeros((1, 16), dtype=np.uint32),
            np.zeros((1, 16), dtype=np.uint32),
            np.zeros((4096, 4), dtype=np.int16),
            rng.integers(-1000, 1000, shape).astype(np.int32),
            FORMS,
            about,
            join=join,
        )


class ErraticRescorer(Rescorer):
    """A second stage whose corrections are hashes of all that it looks at.

    Args:
        doubt: which margins are unsure.
        most: what a correction is at most, either way.
        spans: how far each layer looks.
    """

    def __init__(self, doubt: int, most: int, spans: tuple[int, ...] = (1, 2)) -> None:
        self._doubt, self._most = doubt, most
        self._spans = np.array(spans, dtype=np.int32)
        self.about, self.base, self.hash = {}, "erratic", "0123456789ab"

    def correct(self, places: Ints, numbers: Bytes, looks: list[Ints], own: Ints) -> Ints:
        """Hashes of what is read, layer by layer as the network would look at it."""
        below = first = _hashed(np.concatenate([places, numbers], axis=1).astype(np.uint64))
        for look in looks:
            below = _hashed(np.concatenate([np.zeros(1, np.uint64), below])[look])
        found = _hashed(np.stack([below, first[own]], axis=1))
        factors = np.arange(1, 25, 2, dtype=np.uint64) * np.uint64(0x9FB21C651E98DF25)
        some = (found[:, np.newaxis] * factors) >> np.uint64(40)
        out = (some % np.uint64(2 * self._most + 1)).astype(np.int32) - self._most
        return out.reshape(-1, 3, 4)


def _hashed(rows: Keys) -> Keys:
    """A hash of each row."""
    out = np.zeros(len(rows), dtype=np.uint64)
    for column in rows.T:
        out = (out ^ column * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xD6E8FEB86659FD93)
        out ^= out >> np.uint64(32)
    return out
