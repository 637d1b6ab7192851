"""What the second stage reads and computes, in plain Python: `majuscule.rescorer`, bit for bit."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from reference import choices, codes_of, gain, place_of, steps

from majuscule.text import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from reference import Token

MASK = (1 << 64) - 1
ZERO, ONE = 128, 192
LETTERS = (Kind.WORD, Kind.MIXTURE)


# What is read -----------------------------------------------------------------------------


def mixed(value: int) -> int:
    """A hash of one number."""
    value = value * 0x9FB21C651E98DF25 & MASK
    value ^= value >> 28
    value = value * 0x9E3779B97F4A7C15 & MASK
    return value ^ value >> 32


def byte(value: int) -> int:
    """A number as the network reads it."""
    return min(max(value, -128), 127) + ZERO


def part(letters: str, which: int) -> int:
    """The place of a beginning or an ending."""
    value = which
    for letter in letters:
        value = mixed(value + ord(letter))
    return 1 + (value >> 50)


class Found(NamedTuple):
    """What the first stage says of a token."""

    scores: list[list[int]]
    bits: int
    label: int
    margins: list[int]
    runner_up: int


class Word(NamedTuple):
    """What it said of a word's earlier occurrences: how many, and their sums."""

    key: int
    count: int
    capital: int
    upper: int


@dataclass
class Memory:
    """A document's words so far, as many as there are places."""

    number: int = 0
    words: dict[int, Word] = field(default_factory=dict)


def mean(total: int, count: int) -> int:
    """A quotient rounded to 0."""
    return math.trunc(total / count)


def inputs(
    lines: list[list[Token]],
    begins: Sequence[int],
    classes: Sequence[int],
    found: Sequence[Found],
    style: int,
    memory: Memory | None,
) -> tuple[list[list[int]], list[list[int]]]:
    """Each token's places and numbers; the memory is brought up to date, None remembers nothing."""
    places, numbers = [], []
    for line, begin in zip(lines, begins, strict=True):
        if begin and memory:
            memory.number += 1
            memory.words = {}
        for i, token in enumerate(line):
            n = len(places)
            h = mixed(token.key + 1 & MASK)
            if token.kind in LETTERS:
                parts = part(token.word[:3], 1), part(token.word[-3:], 2)
            else:
                parts = (part(token.word[:2], 3),) * 2
            places.append([1 + (h >> 48), 1 + (h >> 8 & 0xFFFF), 1 + classes[n], *parts])
            own = found[n]
            alone, after_title, after_upper = own.scores
            row = [ZERO] * 176
            row[0:4] = [byte(score >> 3) for score in alone]
            row[4:8] = [byte(score >> 6) for score in alone]
            row[8:11] = [byte(score >> 5) for score in after_title[:3]]
            row[11:14] = [byte(score >> 5) for score in after_upper[:3]]
            row[14:16] = [byte((margin >> 2) - 128) for margin in own.margins]
            row[16:18] = [byte((margin >> 5) - 128) for margin in own.margins]
            marks = {
                18 + own.label % 4: True,
                22: own.label >= 4,
                23 + min(own.runner_up, 4): True,
                28 + token.role: True,
                50: i == 0,
                51: i == len(line) - 1,
                52: own.bits & 8,
                53: own.bits & 32,
                55 + style % 16: style,
            }
            for place, mark in marks.items():
                if mark:
                    row[place] = ONE
            row[54] = byte(8 * min(len(token.word), 12) - 64)
            if memory and token.kind in LETTERS and len(token.word) > 1:
                row[72:76] = remembered(memory, h, token.role, alone)
            numbers.append(row)
    return places, numbers


def remembered(memory: Memory, key: int, role: int, scores: list[int]) -> list[int]:
    """What the document said of the word, which is noted at once, but where a sentence begins."""
    place = key >> 50
    word = memory.words.pop(place, None)
    if word and word.key != key:
        word = None  # another word had its place
    row = [ZERO] * 4
    if word:
        means = [byte(mean(total, word.count)) for total in (word.capital, word.upper)]
        row = [ONE, byte(16 * min(word.count, 8)), *means]
    if role != Kind.FIRST_WORD:
        count, capital, upper = word[1:] if word else (0, 0, 0)
        capital += byte(max(scores[0], scores[1]) >> 3) - ZERO
        upper += byte(scores[1] - scores[0] >> 3) - ZERO
        word = Word(key, count + 1, capital, upper)
    if word:
        memory.words[place] = word
    return row


SLOTS = {
    **{1 + k: k for k in range(18)},
    **{90 + k: 18 + k for k in range(4)},
    **{20 + k: k for k in range(8)},
    94: 8,
    **{30 + k: k for k in range(25)},
    **dict.fromkeys(range(60, 64), 25),
    **dict.fromkeys(range(65, 70), 26),
    71: 27,
    **{100 + k: 28 + k for k in range(16)},
    **dict.fromkeys(range(120, 128), 44),
    **dict.fromkeys(range(140, 153), 45),
    **dict.fromkeys(range(72, 75), 46),
    **dict.fromkeys((95, 96, 97, 98, 116, 117, 118), 47),
}
"""Where among a token's numbers a template's weights are."""


def weigh(
    ids: Sequence[int],
    templates: Mapping[int, int],
    cased: bool,
    table: NDArray[np.uint32],
    codebook: NDArray[np.int16],
) -> list[int]:
    """The numbers of a token that say what its own features weigh, by their templates."""
    codes = codes_of(table)
    sums = [[0, 0] for _ in range(48)]
    for feature in ids:
        weights = codebook[codes.get(place_of(feature, len(table)), 0)].tolist()
        own = sums[SLOTS[templates[feature]]]
        if cased:
            own[0] += weights[0]
            own[1] += weights[1]
        else:
            own[0] += weights[3]
    return [byte(total >> 3) for own in sums for total in own]


# Where it looks, and what it computes -----------------------------------------------------


def reach(
    chosen: Sequence[int], lines: Sequence[int], spans: Sequence[int]
) -> tuple[list[int], list[list[list[int]]], list[int]]:
    """As `majuscule.rescorer.reach`, by sets."""
    line_of = [r for r, (a, b) in enumerate(itertools.pairwise(lines)) for _ in range(a, b)]
    upper = asked = [i for i, mark in enumerate(chosen) if mark]
    looks: list[list[list[int]]] = []
    for span in reversed(spans):
        seen = {
            i: [
                j if 0 <= j < len(line_of) and line_of[j] == line_of[i] else -1
                for j in (i - span, i, i + span)
            ]
            for i in upper
        }
        lower = sorted({j for three in seen.values() for j in three if j >= 0})
        looks.insert(0, [[lower.index(j) + 1 if j >= 0 else 0 for j in seen[i]] for i in upper])
        upper = lower
    return upper, looks, [upper.index(i) for i in asked]


class Layer(NamedTuple):
    """A layer of a file: what its sums are worth, its weights and what is added to its sums."""

    unit: NDArray[np.float32]
    weights: NDArray[np.int8]
    bias: NDArray[np.int32]

    def bytes(self, read: NDArray[Any], scale: float, zero: int) -> NDArray[np.int64]:
        """The layer's bytes, of numbers."""
        sums = read.astype(np.int64) @ self.weights.astype(np.int64) + self.bias
        worth = sums.astype(np.int32).astype(np.float32) * (self.unit * np.float32(scale))
        return np.clip(np.rint(worth).astype(np.float64) + zero, 0, 255).astype(np.int64)


class Network(NamedTuple):
    """The weights of a file."""

    tables: list[NDArray[np.uint8]]
    lowest: Layer
    layers: list[Layer]
    top: Layer
    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    unit: NDArray[np.float32]

    @classmethod
    def of(cls, graph: Any) -> Network:
        """Those of an ONNX graph."""
        from onnx.numpy_helper import to_array

        held = {tensor.name: to_array(tensor) for tensor in graph.initializer}

        def given(kind: str) -> list[list[Any]]:
            return [
                [held.get(name) for name in node.input]
                for node in graph.node
                if node.op_type == kind
            ]

        tables = [row[0] for row in given("Gather") if row[0] is not None]
        lowest, *layers, top = (Layer(row[4], row[3], row[6]) for row in given("QGemm"))
        ((_, weights),) = given("MatMulInteger")
        ((_, bias),) = given("Add")
        ((_, unit),) = given("Mul")
        return cls(tables, lowest, layers, top, weights, bias, unit)

    def correct(
        self,
        places: NDArray[np.int32],
        numbers: NDArray[np.uint8],
        looks: Sequence[NDArray[np.int32]],
        own: NDArray[np.int32],
    ) -> NDArray[np.int64]:
        """The corrections, token by token and layer by layer; 0 is beyond the line."""
        read = [
            np.concatenate([*(table[p] for table, p in zip(self.tables, at, strict=True)), row])
            for at, row in zip(places, numbers, strict=True)
        ]
        # What is read has 64 steps by one, layers have 32.
        found = first = self.lowest.bytes(np.array(read).astype(np.int64) - ZERO, 1 / 2, 0)
        for look, layer in zip(looks, self.layers, strict=True):
            rows = []
            for three in look:
                seen = [found[j - 1] if j else np.zeros_like(found[0]) for j in three]
                more = layer.bytes(np.concatenate(seen), 1, ZERO) - ZERO
                rows.append(np.clip(seen[1] + more, 0, 255))
            found = np.array(rows)
        top = self.top.bytes(np.concatenate([found, first[own]], axis=1), 1, 0)
        sums = top @ self.weights.astype(np.int64) + self.bias
        worth = np.rint(sums.astype(np.int32).astype(np.float32) * self.unit)
        return np.clip(worth.astype(np.int64), -(1 << 14), 1 << 14).reshape(-1, 3, 4)


# What is learned --------------------------------------------------------------------------


def loss(
    scores: Any,
    roles: Sequence[int],
    cased: Sequence[int],
    bits: Sequence[int],
    gold: Sequence[int],
    transitions: NDArray[np.float64],
    *,
    spacing: bool,
) -> float:
    """The negative log likelihood of one line's labels, of every row of labels there is."""
    totals, right = [], []
    for row in itertools.product(*map(choices, bits)):
        path = steps(row, roles, cased)
        if path is None:
            continue
        total = math.fsum(
            transitions[kp, k, i, j] + gain(scores, t, i, j, cased=bool(cased[k]))
            for t, kp, k, i, j in path
        )
        totals.append(total)
        pairs = zip(row, gold, strict=True)
        if all(label == want if spacing else label % 4 == want % 4 for label, want in pairs):
            right.append(total)
    return _log_of_sum(totals) - _log_of_sum(right)


def _log_of_sum(totals: Sequence[float]) -> float:
    most = max(totals)
    return most + math.log(math.fsum(math.exp(total - most) for total in totals))
