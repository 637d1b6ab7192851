"""Lost apostrophes put back: ``islamic state s`` to ``islamic state's``.

Pipelines drop apostrophes in two ways: a blank takes their place (``it s``, ``jihadists last``)
or nothing does (``dont``, ``obamas``). What is lost is one decision a word (`Label`), and
most words are out of the question: candidates are a word that is known as a part and follows
another (``s``, ``ll``), words in *s*, and those that have a known form with one (``dont``). Each
is decided by itself, as a line of one token, from those features of `majuscule.features` that
see words and signs, not the document nor a model's classes: so one file serves every model.

This comes before capitals and spaces: the model then sees text with its apostrophes, as it
has learned it. A document that shows an apostrophe between letters has lost none and is left
alone; and one that shows a part by itself (``it s``) has blanks where apostrophes were, so that
its ``its`` is no ``it's``. Of each line that is asked of the lines up to it, and of a document's
first lines together (`majuscule.documents`).

The file is like a model's (see `majuscule.model`): ``table`` and ``codebook`` mean the same,
with the labels BEFORE, AFTER and FUSED in place of TITLE, UPPER and MIXED. Of ``lexicon``
each line is a part or a word: ``'s`` and ``o'``, which an apostrophe stands before or after;
``don't``, which has it inside; and ``this``, a word in *s* that has none. The header's ``kind``
is "apostrophes". `majuscule.stripping` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from majuscule import _model, _text, decode, documents, text, weights
from majuscule.errors import ModelError
from majuscule.features import Memory, extract
from majuscule.text import Document, Kind, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Codebook, CodePoints, Codes, Ints, Keys

KIND = "apostrophes"
"""What the file's header says it is."""

SHAPES = weights.TABLE
"""The tensors of the file."""

MARK = ord("'")
"""What is written."""

MARKS = (MARK, 0x2019)
"""What may stand in a word for an apostrophe."""

SURE = np.iinfo(np.int32).max
"""The margin where nothing was decided."""

BATCH_TOKENS = 4096
"""Tokens whose features are looked at together: they fit a core's own cache."""

_WORD = np.isin(np.arange(len(Kind)), (Kind.WORD, Kind.INITIAL, Kind.MIXTURE))
_BASE = np.isin(np.arange(len(Kind)), (Kind.WORD, Kind.INITIAL, Kind.MIXTURE, Kind.NUMBER))
_SHORTEST = 3
"""Letters of a word in *s* that may have lost an apostrophe."""


_TELLING = ("s", "ll", "ve")
"""Parts that are seldom a word: where one stands by itself, apostrophes became blanks."""


_BOLDER = round(weights.SCALE * np.log(0.6 / 0.4))
"""An apostrophe is put back from a probability of 0.4 on: F1 is best where the threshold is half
of it (Z. Lipton, C. Elkan and B. Naryanaswamy 2014, "Optimal thresholding of classifiers to
maximize F1 measure"), which is 0.3 for plurals and 0.49 for all."""


class Label(IntEnum):
    """Where a word lost an apostrophe; the numbers are those of `majuscule.labels.Case`."""

    NONE = 0
    BEFORE = 1
    AFTER = 2
    FUSED = 3


class Candidates(NamedTuple):
    """Words that may have lost an apostrophe; one entry each.

    Attributes:
        at: which token it is.
        bits: by label, whether it may have it; and bit 4, as `majuscule.decode` wants it.
        place: how many of its letters stand before the apostrophe if it is FUSED.
        telling: whether it is a part by itself that is seldom a word.
    """

    at: Ints
    bits: Bytes
    place: Ints
    telling: NDArray[np.bool_]


class Restored(NamedTuple):
    """A text with its apostrophes.

    Attributes:
        tokens: its tokens.
        origin: int32[its characters]: where each was in the text given; -1 for an
            apostrophe put back.
        apart: bool[its tokens]: whether a plural's apostrophe and a blank stand before it,
            both of which are to stay.
        margins: int32[tokens given]: by how much an apostrophe put back scored more than
            none; `SURE` where there is none.
    """

    tokens: Tokens
    origin: Ints
    apart: NDArray[np.bool_]
    margins: Ints


@dataclass(frozen=True)
class Apostrophes:
    """What was learned of apostrophes.

    Attributes:
        table, codebook: weights, as in a model.
        forms: the lexicon's lines.
        about: the header's JSON object.
    """

    table: Codes
    codebook: Codebook
    forms: tuple[str, ...] = field(repr=False)
    about: dict[str, Any]

    def put_back(
        self, tokens: Tokens, document: Document | Bytes, seen: int = 0, *, least: int = 0
    ) -> tuple[Restored, int]:
        """Put back the apostrophes that whole lines have lost.

        Args:
            tokens: the lines.
            document: what one document is, or uint8[lines], 1 for those that begin one.
            seen: what the document has shown before; 0 at its start.
            least: the least margin of an apostrophe over none.

        Returns:
            The text with its apostrophes, and what the document has shown now.

        >>> from majuscule.text import read
        >>> lost = read("it s the state s job")
        >>> restored, _ = load().put_back(lost, Document.BLOCK)
        >>> "".join(map(chr, restored.tokens.chars))
        "it's the state's job"
        """
        view, index = self._without_endings(tokens)
        begins = text.beginnings(tokens, document)
        shown = documents.Shown(view.lines, begins, seen >> 2, documents.AHEAD)
        whole, marks = shown.by(self._inside(view), seen & 1)
        found = self.candidates(view, ~whole)
        scores = self.score(view, found)
        telling = found.telling & (scores[:, 0, Label.BEFORE - 1] > 0)
        bits, parts = without_fused(view, found, telling, shown, seen & 2)
        found = found._replace(bits=bits)
        seen = marks | parts << 1 | shown.lines_so_far << 2
        labels, margins = decided(scores, found, least)
        # A part that joins the word before it leaves no room for that word's own.
        joined = np.zeros(len(view) + 1, dtype=bool)
        joined[found.at[labels == Label.BEFORE]] = True
        labels[(labels == Label.AFTER) & joined[found.at + 1]] = Label.NONE
        found = found._replace(at=index[found.at])
        # An apostrophe that stands there already is not put there twice.
        there = _shifted(is_mark(tokens) & ~_opens(tokens), -1)[found.at]
        labels[there & (labels != Label.BEFORE)] = Label.NONE
        chosen = labels != Label.NONE
        sure = np.full(len(tokens), SURE, dtype=np.int32)
        sure[found.at[chosen]] = margins[chosen]
        if not chosen.any():
            same = np.arange(len(tokens.chars), dtype=np.int32)
            return Restored(tokens, same, _apart(tokens), sure), seen
        chars, origin = _written(tokens, found, labels)
        check(tokens.chars, _text.to_str(chars))
        written = text.cut(chars)
        return Restored(written, origin, _apart(written), sure), seen

    def candidates(self, tokens: Tokens, where: NDArray[np.bool_] | None = None) -> Candidates:
        """Which words may have lost an apostrophe.

        Args:
            tokens: whole lines, without the apostrophes of plurals.
            where: bool[tokens], False for those that have lost none.
        """
        kind, key = tokens.kind, tokens.key
        size = tokens.end - tokens.start
        last = tokens.lower[tokens.end - 1]
        word, opens = _WORD[kind], _opens(tokens)
        after_word = _shifted(_BASE[kind], 1) & ~opens
        after_name = _shifted(kind == Kind.WORD, 1) & ~opens
        # An n't may be parted from its word, as the Treebank parts it, and lack the mark: n t, nt.
        after_n = _shifted(key == _key("n"), 1) & (key == _key("t"))
        negated = after_n & _shifted(after_name, 1) & ~opens
        parted = key == _key("nt")
        before = _among(key, self._befores) & ~after_n | negated
        before = word & after_word & (before | _shifted(_among(key, self._afters), 1))
        in_s = word & (last == ord("s")) & (size >= _SHORTEST)
        in_s[in_s] = ~_among(key[in_s], self._never)
        known = word & _among(key, self._fused[0]) & (~parted | after_name)
        place = np.where(in_s, size - 1, 0).astype(np.int32)
        place[known] = self._fused[1][np.searchsorted(self._fused[0], key[known])]
        in_s_alone = in_s.copy()
        in_s_alone[in_s] = tokens.lower[tokens.end[in_s] - 2] != ord("s")
        telling = after_n | (key == _key("t")) & _shifted(last == ord("n"), 1)
        telling |= np.logical_or.reduce([key == _key(part) for part in _TELLING])
        telling &= before & after_name
        fused = known | in_s_alone
        after = in_s & ~_shifted(is_mark(tokens) & ~opens, -1)
        bits = np.zeros(len(tokens), dtype=np.uint8)
        for label, may in zip(list(Label)[1:], (before, after, fused), strict=True):
            bits |= may * np.uint8(1 << label)
        if where is not None:
            bits[~where] = 0
        at = np.flatnonzero(bits).astype(np.int32)
        bits = bits[at] | np.uint8(1 << Label.NONE | 16)
        return Candidates(at, bits, place[at], telling[at])

    def _inside(self, tokens: Tokens) -> NDArray[np.bool_]:
        """Apostrophes between letters, wherever blanks are: one with a part beside it."""
        opens = _opens(tokens)
        found = is_mark(tokens)
        found &= (
            _shifted(_BASE[tokens.kind], 1) & ~opens & _shifted(_WORD[tokens.kind] & ~opens, -1)
        )
        (at,) = np.nonzero(found)
        befores, afters = self._befores, self._afters
        found[at] = _among(tokens.key[at + 1], befores) | _among(tokens.key[at - 1], afters)
        return found

    def _without_endings(self, tokens: Tokens) -> tuple[Tokens, Ints]:
        """The text without the apostrophes that follow words in *s*, and which tokens are left.

        So what is decided does not depend on whether plurals have theirs already.
        """
        kept = ~_after_s(tokens) | self._inside(tokens)
        index = np.flatnonzero(kept).astype(np.int32)
        if len(index) == len(tokens):
            return tokens, index
        before = np.concatenate([np.zeros(1, dtype=np.int32), np.cumsum(kept, dtype=np.int32)])
        return tokens.some(index, before[tokens.lines]), index

    def score(self, tokens: Tokens, found: Candidates) -> Ints:
        """int32[candidates, 3, 4]: the scores of BEFORE, AFTER and FUSED against NONE."""
        scores = [np.zeros((0, 3, 4), dtype=np.int32)]
        for ids, first in features_of(tokens, found.at):
            scores.append(_model.score(ids, first, first[1:], self.table, self.codebook))
        return np.concatenate(scores)

    @cached_property
    def _befores(self) -> Keys:
        return _keys(form[1:] for form in self.forms if form.startswith("'"))

    @cached_property
    def _afters(self) -> Keys:
        return _keys(form[:-1] for form in self.forms if form.endswith("'"))

    @cached_property
    def _never(self) -> Keys:
        return _keys(form for form in self.forms if "'" not in form)

    @cached_property
    def _fused(self) -> tuple[Keys, Ints]:
        """Keys in rising order of what is known with an apostrophe inside, and where it is."""
        forms = [form for form in self.forms if "'" in form[1:-1]]
        keys = text.read("\n".join(form.replace("'", "") for form in forms)).key
        order = np.argsort(keys, kind="stable")
        places = np.array([form.index("'") for form in forms], dtype=np.int32)
        return keys[order], places[order]

    def save(self, path: Path | str) -> None:
        """Write the file; the same content always gives the same bytes.

        Raises:
            OSError: it cannot be written there.
        """
        tensors: dict[str, NDArray[Any]] = {"table": self.table, "codebook": self.codebook}
        weights.write(path, tensors, self.forms, self.about)


def shipped() -> Path:
    """The English file inside the package."""
    return Path(__file__).parent / "data" / "en.apostrophes.safetensors"


def load(path: Path | str | None = None) -> Apostrophes:
    """Read a file of this kind; None is the shipped one. Nothing in it is executed.

    Raises:
        ModelError: the file cannot be used; the message says why.
        OSError: it cannot be read.
    """
    path = Path(path) if path is not None else shipped()
    _, about, tensors = weights.read(path, {KIND: SHAPES})
    try:
        forms = tuple(tensors["lexicon"].tobytes().decode().split("\n"))
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: the lexicon is not UTF-8: {error}") from None
    for form in forms:
        bare = form.replace("'", "", 1)
        if "'" in bare or len(text.read(bare)) != 1:
            raise ModelError(
                f"{path}: expected each line of the lexicon to be one word with at most one"
                f" apostrophe, got {form!r:.80}"
            )
    return Apostrophes(tensors["table"], tensors["codebook"], forms, about)


def is_mark(tokens: Tokens) -> NDArray[np.bool_]:
    """Which tokens are apostrophes, or look like one."""
    found: NDArray[np.bool_] = tokens.kind == Kind.APOSTROPHE
    found[found] = np.isin(tokens.chars[tokens.start[found]], MARKS)
    return found


def check(before: CodePoints, after: str) -> None:
    """Raise unless two texts are equal once apostrophes and blanks are removed, in lower case.

    Raises:
        GuaranteeError: they are not.
    """
    text.check(_bare(before), _text.to_str(_bare(_text.code_points(after))))


def _bare(chars: CodePoints) -> CodePoints:
    return chars[np.logical_and.reduce([chars != mark for mark in MARKS])]


def decided(scores: Ints, found: Candidates, least: int = 0) -> tuple[Bytes, Ints]:
    """The candidates' labels, and by how much each scores more than the next best.

    Args:
        scores: as `Apostrophes.score` gives them.
        found: the candidates.
        least: if not 0, with a smaller margin a label other than NONE becomes NONE.
    """
    count = len(found.at)
    role = np.full(count, Kind.WORD, dtype=np.uint8)
    rest = role, found.bits, np.arange(count + 1, dtype=np.int32), _no_transitions()
    bolder = scores.copy()
    bolder[:, 0, :3] += _BOLDER
    labels = decode.best(bolder, *rest)
    margins = decode.margins(scores, *rest, labels)[0][:, 0]
    if least:
        labels[margins < least] = Label.NONE
    return labels, margins


def features_of(tokens: Tokens, at: Ints) -> Iterator[tuple[Keys, Ints]]:
    """Features of some words, a batch of whole lines at a time: ids, and where each begins.

    Taken are those that see the word, its letters, and the words and signs around it.
    """
    lines = tokens.lines
    for begin, end in tokens.batches(BATCH_TOKENS):
        low, high = np.searchsorted(at, (lines[begin], lines[end]))
        if low == high:
            continue
        some = tokens.of_lines(begin, end)
        none = np.zeros(len(some), dtype=np.uint16)
        ids, first, _ = extract(some, none, Document.LINE, Memory(words=False))
        here = at[low:high] - lines[begin]
        size = some.end[here] - some.start[here]
        # Classes and what may follow them come after these in the kernel's order.
        each = 26 + np.minimum(size, 4) + np.minimum(size, 5)
        to = np.concatenate([np.zeros(1, dtype=np.int32), np.cumsum(each, dtype=np.int32)])
        yield ids[np.arange(to[-1]) + np.repeat(first[here] - to[:-1], each)], to


def _written(tokens: Tokens, found: Candidates, labels: Bytes) -> tuple[CodePoints, Ints]:
    """The text with its apostrophes, and where each character was, -1 for an apostrophe."""
    start, end = tokens.start, tokens.end
    before, after, fused = (found.at[labels == label] for label in list(Label)[1:])
    place = found.place[labels == Label.FUSED]
    # Blanks before a part go, and those before an n't that stood by itself.
    alone = before[tokens.key[before] == _key("t")] - 1
    alone = alone[tokens.key[alone] == _key("n")]
    gone = np.zeros(len(tokens.chars) + 1, dtype=np.int32)
    for at in (before, alone, fused[tokens.key[fused] == _key("nt")]):
        gone[end[at - 1]] += 1
        gone[start[at]] -= 1
    # So does one of two blanks after a word, where the other took the apostrophe's place.
    twice = after[_shifted(~_opens(tokens), -1)[after]]
    twice = twice[start[twice + 1] >= end[twice] + 2]
    twice = twice[
        (tokens.chars[end[twice]] == ord(" ")) & (tokens.chars[end[twice] + 1] == ord(" "))
    ]
    gone[end[twice]] += 1
    gone[end[twice] + 1] -= 1
    kept = np.flatnonzero(np.cumsum(gone)[:-1] == 0).astype(np.int32)
    at = np.sort(np.concatenate([start[before], end[after], start[fused] + place]))
    origin = np.insert(kept, np.searchsorted(kept, at), -1)
    chars = np.where(origin < 0, np.uint32(MARK), tokens.chars[origin])
    return chars, origin.astype(np.int32)


def _apart(tokens: Tokens) -> NDArray[np.bool_]:
    """Words that a plural's apostrophe and a blank stand before."""
    apart: NDArray[np.bool_] = _shifted(_after_s(tokens) & (tokens.gap == 1), 1)
    apart &= _BASE[tokens.kind] & (tokens.gap == 0)
    return apart


def _after_s(tokens: Tokens) -> NDArray[np.bool_]:
    """Apostrophes, or what looks like one, that follow a word in *s* that may end with one."""
    in_s = _WORD[tokens.kind] & (tokens.end - tokens.start >= _SHORTEST)
    in_s[in_s] = tokens.lower[tokens.end[in_s] - 1] == ord("s")
    found = is_mark(tokens)
    found &= _shifted(in_s, 1) & ~_opens(tokens)
    return found


def _opens(tokens: Tokens) -> NDArray[np.bool_]:
    """Which tokens begin a line."""
    opens = np.zeros(len(tokens), dtype=bool)
    opens[tokens.lines[:-1][np.diff(tokens.lines) > 0]] = True
    return opens


def _shifted(values: NDArray[Any], by: int) -> NDArray[Any]:
    """Of each token what the one before it (1) or after it (-1) has; 0 where there is none."""
    out = np.zeros_like(values)
    if by > 0:
        out[1:] = values[:-1]
    else:
        out[:-1] = values[1:]
    return out


def without_fused(
    tokens: Tokens,
    found: Candidates,
    telling: NDArray[np.bool_],
    shown: documents.Shown,
    seen: int = 0,
) -> tuple[Bytes, int]:
    """The candidates' bits: a document that shows a part by itself fuses no words.

    Args:
        tokens: whole lines.
        found: the candidates among them.
        telling: which of these are such parts.
        shown: the lines and their documents.
        seen: not 0 if the first document has shown one before.

    Returns:
        The bits, and whether the last document has shown one.
    """
    flags = np.zeros(len(tokens), dtype=bool)
    flags[found.at[telling]] = True
    blank, parts = shown.by(flags, seen)
    # An nt was parted from its word: what was lost in it left no blank of its own.
    gone = blank[found.at] & (tokens.key[found.at] != _key("nt"))
    return np.where(gone, found.bits & np.uint8(0xFF ^ 1 << Label.FUSED), found.bits), parts


def _among(keys: Keys, known: Keys) -> NDArray[np.bool_]:
    """Which keys are among those known, which are in rising order."""
    if not len(known):
        return np.zeros(len(keys), dtype=bool)
    place = np.searchsorted(known, keys).clip(max=len(known) - 1)
    found: NDArray[np.bool_] = known[place] == keys
    return found


def _keys(words: Iterable[str]) -> Keys:
    return np.unique(text.read("\n".join(words)).key)


@cache
def _key(word: str) -> np.uint64:
    (key,) = _keys([word])
    return np.uint64(key)


@cache
def _no_transitions() -> Ints:
    """Words are decided one by one."""
    return np.zeros((len(Kind), len(Kind), 8, 8), dtype=np.int32)
