"""Where a restoration is wrong: the words and gaps, how often each, and what stood around.

>>> found = Mistakes()
>>> found.add(1, "the President said: \\" no.\\"", "the president said: \\"no.\\"")
>>> for mistake, times in found.most_common(5):
...     print(times, mistake.kind, mistake.gold, "->", mistake.got)
1 case president -> President
1 space "… -> " …
>>> found.examples(mistake)
[Example(line=1, before='the president said: ', gold='"no', got='" no', after='."')]
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from majuscule.words import recut, seams, words

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = 3
"""Places that are kept of each mistake."""

AROUND = 40
"""Characters of the reference that an example shows before and after the place."""


class Mistake(NamedTuple):
    """One kind of mistake.

    Attributes:
        kind: ``"case"`` of a word, ``"space"`` between two tokens, or ``"letters"``, which
            a restorer must not change.
        gold: as the reference has it; of a gap, signs as they are and words as ``…``.
        got: as it was restored.
    """

    kind: str
    gold: str
    got: str

    def shown(self, written: str) -> str:
        """`gold` or `got` with the blank that matters to be seen.

        >>> Mistake("space", "… ,", "…,").shown("… ,")
        '…␣,'
        """
        return written.replace(" ", "␣") if self.kind == "space" else written


class Example(NamedTuple):
    """One place where a mistake was made: its line, counted from 1, and the text there."""

    line: int
    before: str
    gold: str
    got: str
    after: str


class Mistakes:
    """Mistakes of any number of lines, counted, with the first places of each."""

    def __init__(self) -> None:
        self._times: Counter[Mistake] = Counter()
        self._examples: dict[Mistake, list[Example]] = {}

    def add(self, line: int, hypothesis: str, reference: str, *, spacing: bool = True) -> None:
        """Count the mistakes of one restored line.

        Args:
            line: its number.
            hypothesis, reference: as for `majuscule.evaluation.count`.
            spacing: whether gaps are judged, too.
        """
        for mistake, example in _find(line, hypothesis, reference, spacing=spacing):
            self._times[mistake] += 1
            kept = self._examples.setdefault(mistake, [])
            if len(kept) < EXAMPLES:
                kept.append(example)

    def __len__(self) -> int:
        """How many mistakes there were in all."""
        return self._times.total()

    def most_common(self, most: int) -> list[tuple[Mistake, int]]:
        """At most so many mistakes, the most frequent first, each with how often it was made."""
        return sorted(self._times.items(), key=lambda item: (-item[1], item[0]))[:most]

    def examples(self, mistake: Mistake) -> list[Example]:
        """The first places where it was made."""
        return self._examples.get(mistake, [])


def _find(
    line: int, hypothesis: str, reference: str, *, spacing: bool
) -> Iterator[tuple[Mistake, Example]]:
    gold, restored = words(reference), words(hypothesis)
    cut = recut(restored, gold)
    if cut is None:
        example = Example(line, "", reference[:AROUND], hypothesis[:AROUND], "")
        yield Mistake("letters", "a line", "another line"), example
        return
    natural = " ".join(gold)
    offset = 0
    for word, got in zip(gold, cut, strict=True):
        if word != got:
            first, last = _core(word)
            mistake = Mistake("case", word[first:last], got[first:last])
            a, b = offset + first, offset + last
            yield mistake, _example(line, natural, a, b, mistake.gold, mistake.got)
        offset += len(word) + 1
    if not spacing:
        return
    wanted, spaced = seams(map(len, gold)), seams(map(len, restored))
    ends = sorted(wanted)
    for place in sorted(wanted ^ spaced):
        a = place + bisect_left(ends, place)  # where the token before it ends,
        b = a + (place in wanted)  # and the one after it begins
        left = _TOKEN_BEFORE.search(natural, max(0, a - AROUND), a)
        right = _TOKEN.match(natural, b)
        assert left is not None  # neither is a blank
        assert right is not None
        shapes = [_shape(match[0]) for match in (left, right)]
        mistake = Mistake("space", *_spaced(*shapes, wide=a < b))
        pair = _spaced(left[0], right[0], wide=a < b)
        yield mistake, _example(line, natural, left.start(), right.end(), *pair)


_TOKEN = re.compile(r"\w+|.", re.DOTALL)
_TOKEN_BEFORE = re.compile(r"(?:\w+|.)\Z", re.DOTALL)
_CORE = re.compile(r"\w(?:.*\w)?", re.DOTALL)


def _core(word: str) -> tuple[int, int]:
    """Where a word begins and ends without the signs around it."""
    match = _CORE.search(word)
    return match.span() if match else (0, len(word))


def _shape(token: str) -> str:
    return "…" if re.match(r"\w", token) else token


def _spaced(left: str, right: str, *, wide: bool) -> tuple[str, str]:
    """Two tokens as the reference has them and as they were restored, which is otherwise."""
    both = (f"{left} {right}", f"{left}{right}")
    return both if wide else both[::-1]


def _example(line: int, natural: str, a: int, b: int, gold: str, got: str) -> Example:
    before, after = natural[:a], natural[b:]
    if len(before) > AROUND:
        before = "… " + before[-AROUND:].partition(" ")[2]
    if len(after) > AROUND:
        after = after[:AROUND].rpartition(" ")[0] + " …"
    return Example(line, before, gold, got, after)
