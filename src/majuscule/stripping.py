"""Natural text to what puts lost apostrophes back: the text loses them, and says where.

As in `majuscule.training`, good text is all there is to learn from. Each batch of it loses its
apostrophes in one of the ways of pipelines: a blank for each, nothing for each, or one of
these after the Penn Treebank has parted ``n't``; now and then all other signs go, too. What
a batch has lost is what to predict; quotation marks go as well and are not.

The parts and words in question are counted first (`known_forms`), then weights are learned
as those of a model are, each candidate being a line of its own.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from majuscule import _training, text
from majuscule._text import code_points
from majuscule.apostrophes import (
    KIND,
    MARKS,
    Apostrophes,
    Candidates,
    Label,
    features_of,
    without_fused,
)
from majuscule.documents import Shown
from majuscule.errors import DataError
from majuscule.text import Document, Kind, Tokens
from majuscule.training import Example, Learner, Settings, Silent, batches
from majuscule.weights import CODES, FEATURES, FORMAT, WAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Ints
    from majuscule.training import Progress, Source

SETTINGS = Settings(
    passes=2,
    rate=0.2,
    least=3,
    buckets=6_300,
    row_bits=20,
    sketch_bits=28,
    share=1.0,
)
"""How the shipped file was learned; what is not named here plays no part."""

LEAST_FORMS = 50
"""How often a form with an apostrophe must occur to be known."""

LEAST_SHARE = 0.001
"""And in which share of all occurrences of its letters."""

LEAST_PLAIN = 3_000
"""How often a word in *s* must occur with hardly an apostrophe to be known for having none."""

MOST_MARKED = 1 / 2_000
"""What hardly is."""


class Way(NamedTuple):
    """How a text loses its apostrophes.

    Attributes:
        blank: whether a blank takes their place.
        parted: whether ``n't`` was parted from its word before.
        signs: whether all other signs stay.
    """

    blank: bool
    parted: bool = False
    signs: bool = True


class Lost(NamedTuple):
    """A text without its apostrophes, and where they were.

    Attributes:
        tokens: what is left.
        labels: uint8[tokens], the `Label` of each.
        place: int32[tokens], where in a FUSED one the apostrophe was; -1 if it was several.
    """

    tokens: Tokens
    labels: Bytes
    place: Ints


def apostrophes_of(tokens: Tokens) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which tokens of natural text are apostrophes: those inside of words, and plurals'.

    Inside are those between letters or digits. A plural's ends a word in *s* and is no closing
    quotation mark: none was opened before it in its line.

    >>> tokens = text.read("The states' rights, 'the states' and it's done.")
    >>> inside, plural = apostrophes_of(tokens)
    >>> [tokens.word(int(i) - 1) for i in np.flatnonzero(inside)]
    ['it']
    >>> [tokens.word(int(i) + 1) for i in np.flatnonzero(plural)]
    ['rights']
    """
    kind, gap = tokens.kind.tolist(), tokens.gap.tolist()
    inside = np.zeros(len(tokens), dtype=bool)
    plural = np.zeros(len(tokens), dtype=bool)
    bases = {Kind.WORD, Kind.INITIAL, Kind.MIXTURE, Kind.NUMBER}
    quotes = np.flatnonzero(tokens.kind == Kind.APOSTROPHE)
    line_of = np.searchsorted(tokens.lines, quotes, side="right") - 1
    line, opened = -1, False
    for i, its in zip(quotes.tolist(), line_of.tolist(), strict=True):
        if its != line:
            line, opened = its, False
        joined_left = bool(gap[i]) and i > tokens.lines[line]
        joined_right = i + 1 < tokens.lines[line + 1] and gap[i + 1] == 1
        straight = int(tokens.chars[tokens.start[i]]) in MARKS
        word_left = joined_left and kind[i - 1] in bases
        word_right = joined_right and kind[i + 1] in bases
        if straight and word_left and word_right:
            inside[i] = True
        elif word_right or (joined_right and not joined_left):
            opened = True
        elif opened:
            opened = False
        elif straight and word_left and tokens.word(i - 1).endswith("s"):
            plural[i] = True
    return inside, plural


_NEGATED = re.compile(r"(?<=[a-z])n(?=['’]t\b)", re.IGNORECASE)


def strip(natural: str, way: Way) -> Lost:
    """Take a text's apostrophes away.

    >>> lost = strip("It's the states' right.", Way(blank=True))
    >>> [lost.tokens.word(i) for i in range(5)], lost.labels.tolist()
    (['it', 's', 'the', 'states', 'right'], [0, 1, 0, 2, 0, 0])
    >>> lost = strip("It's the states' right.", Way(blank=False))
    >>> [lost.tokens.word(i) for i in range(4)], lost.labels.tolist()
    (['its', 'the', 'states', 'right'], [3, 0, 2, 0, 0])
    """
    if way.parted:
        natural = _NEGATED.sub(lambda found: " " + found[0], natural)
    tokens = text.cut(code_points(natural))
    inside, plural = apostrophes_of(tokens)
    chars = tokens.chars.copy()
    if not way.signs:
        for i in np.flatnonzero(tokens.kind > Kind.MIXTURE):
            chars[tokens.start[i] : tokens.end[i]] = ord(" ")
    kept = np.ones(len(chars) + 1, dtype=bool)
    quotes = tokens.start[
        (tokens.kind == Kind.APOSTROPHE) & (tokens.chars[tokens.start] != ord("`"))
    ]
    if way.blank:
        chars[quotes] = ord(" ")
    else:
        kept[quotes] = False
    moved = (np.cumsum(kept) - kept).astype(np.int32)  # where each character is now, or would be
    left = text.cut(chars[kept[:-1]])
    labels = np.zeros(len(left), dtype=np.uint8)
    place = np.zeros(len(left), dtype=np.int32)
    ends = np.searchsorted(left.end, moved[tokens.start[plural]])
    labels[ends] = Label.AFTER
    # Where a blank is now, the apostrophe was before the part that follows it.
    at = moved[tokens.start[inside]] + way.blank
    token = np.searchsorted(left.start, at, side="right") - 1
    within = at - left.start[token]
    labels[token] = np.where(within == 0, Label.BEFORE, Label.FUSED)
    np.maximum.at(place, token, within)
    several = np.bincount(token, minlength=len(left)) > 1
    place[several & (labels == Label.FUSED)] = -1
    return Lost(left, labels, place)


def known_forms(texts: Iterable[str]) -> tuple[str, ...]:
    """The lexicon that natural text makes; see `majuscule.apostrophes`."""
    counts: Counter[str] = Counter()
    for natural in texts:
        counts.update(_WORDS.findall(natural.lower().replace("’", "'")))
    befores: Counter[str] = Counter()
    afters: Counter[str] = Counter()
    fused: dict[str, tuple[int, str]] = {}
    inside = [(word.split("'"), count) for word, count in counts.items() if "'" in word[:-1]]
    pairs = [(parts[0], parts[1], count) for parts, count in inside if len(parts) == 2]
    for _, right, count in pairs:
        befores[right] += count
    known = {right for right, count in befores.items() if _often(count, counts[right])}
    for left, right, count in pairs:
        if right not in known:
            afters[left] += count
    lefts = {left for left, count in afters.items() if _often(count, counts[left])}
    for left, right, count in pairs:
        bare = left + right
        if right != "s" and (right in known or left in lefts) and _often(count, counts[bare]):
            fused[bare] = max(fused.get(bare, (0, "")), (count, f"{left}'{right}"))
    never = (
        word
        for word, count in counts.items()
        if count >= LEAST_PLAIN
        and word.endswith("s")
        and "'" not in word
        and counts[word + "'"] + counts[word[:-1] + "'s"] < MOST_MARKED * count
    )
    lines = {
        "n't",
        *(f"'{right}" for right in known),
        *(f"{left}'" for left in lefts),
        *(form for _, form in fused.values()),
        *never,
    }
    return tuple(sorted(line for line in lines if len(text.read(line.replace("'", ""))) == 1))


_WORDS = re.compile(r"[^\W_]+(?:'[^\W_]+)*'?")


def _often(count: int, plain: int) -> bool:
    return count >= LEAST_FORMS and count >= LEAST_SHARE * (count + plain)


def _way(rng: random.Random) -> Way:
    return Way(rng.random() < 0.5, parted=rng.random() < 0.2, signs=rng.random() < 0.9)


def learn(
    sources: Sequence[Source],
    settings: Settings = SETTINGS,
    *,
    name: str = "custom",
    about: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Apostrophes:
    """Learn where apostrophes were.

    Args:
        sources: natural text; what is tokenised is left out.
        settings: how.
        name: what to call it.
        about: more to say in the file's header.
        progress: told how far it is.

    Raises:
        DataError: a source is not text, or there is nothing in any of them.
        OSError: a source cannot be read.
    """
    progress = progress or Silent()
    sources = [source for source in sources if source.spacing]
    digests: dict[Source, str] = {}
    progress.begin("reading", None)
    texts: list[str] = []
    for natural, _, _ in batches(sources, settings, 0, digests):
        texts.append(natural)
        progress.advance(len(natural))
    characters = sum(map(len, texts))
    if not characters:
        raise DataError("expected text to learn apostrophes from, found none")
    forms = known_forms(texts)
    header = {
        "kind": KIND,
        "format": FORMAT,
        "features": FEATURES,
        "name": name,
        "settings": {key: getattr(settings, key) for key in _SAID},
        "training": [{"file": source.path.name, "sha256": digests[source]} for source in sources],
        **(about or {}),
    }
    empty = Apostrophes(
        np.zeros((1, WAYS), dtype=np.uint32), np.zeros((CODES, 4), dtype=np.int16), forms, header
    )
    learner = Learner(settings)
    sketch = np.zeros(1 << settings.sketch_bits, dtype=np.uint8)

    def go(name: str, number: int, counted: bool, begins: float, ends: float) -> None:
        """One pass over the texts, in an order and in ways of its own."""
        progress.begin(name, characters)
        rng = random.Random(f"{settings.seed} {number}")
        done = 0
        for natural in rng.sample(texts, len(texts)):
            rate = begins + (ends - begins) * done / characters
            for example in _examples(natural, _way(rng), empty):
                if not counted:
                    _training.count(example.ids, sketch, settings.sketch_bits)
                    continue
                rows = learner.find(sketch if number == 0 else sketch[:0], example.ids)
                learner.step(example._replace(rows=rows), rate, transition_rate=0)
            done += len(natural)
            progress.advance(len(natural))

    go("counting", 0, False, 0, 0)
    for number in range(settings.passes):
        rates = (settings.rate * (1 - turn / settings.passes) for turn in (number, number + 1))
        go(f"learning {number + 1}/{settings.passes}", number, True, *rates)
    learner.keep(settings.buckets * 15)
    for number in range(settings.final_passes):
        rates = (
            settings.final_rate * (1 - turn / settings.final_passes)
            for turn in (number, number + 1)
        )
        go(f"settling {number + 1}/{settings.final_passes}", settings.passes + number, True, *rates)
    table, codebook = learner.packed(settings.buckets)
    return Apostrophes(table, codebook, forms, header)


_SAID = ("seed", "passes", "final_passes", "rate", "final_rate", "least", "buckets", "share")


def _examples(natural: str, way: Way, known: Apostrophes) -> Iterable[Example]:
    """Candidates of a batch with the labels to predict, each as a line of one token."""
    lost = strip(natural, way)
    found = known.candidates(lost.tokens)
    begins = text.beginnings(lost.tokens, Document.BLOCK)
    shown = Shown(lost.tokens.lines, begins, 0, 0)
    bits, _ = without_fused(lost.tokens, found, found.telling, shown)
    labels, place = lost.labels[found.at], lost.place[found.at]
    fits = (labels != Label.FUSED) | (place == found.place)
    fits &= bits > 1 << Label.NONE | 16  # more than NONE is left
    found = Candidates(*(array[fits] for array in found._replace(bits=bits)))
    labels = labels[fits]
    bits = found.bits | (1 << labels).astype(np.uint8)
    at = 0
    for ids, first in features_of(lost.tokens, found.at):
        here = slice(at, at + len(first) - 1)
        alone = lost.tokens.some(found.at[here], np.arange(len(first), dtype=np.int32))
        yield Example(
            alone, bits[here], labels[here], ids, first[:0], first, first[1:], True, len(natural)
        )
        at = here.stop
