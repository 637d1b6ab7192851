"""Text to tokens and back: `read`, `render`, and the check that no letter changed.

A *token* is a run of letters, marks and digits, a row of hyphens, or any one other
character, so that
every convention's tokens are whole rows of these: ``u.s.-led`` is ``u . s . - led``
whether it came as ``U.S.-led``, ``u.s.-led`` or ``u.s. @-@ led``. Tokens are *blind*:
they do not depend on where blanks were, nor on case, and so neither does anything
computed from them. Only a word the Penn Treebank holds for two (``can|not``) is cut
inside, for the same reason.

Natural text comes back from its tokens exactly:

>>> text = "The U.S.-led coalition said on Friday, ..."
>>> tokens = read(text)
>>> [tokens.word(i) for i in range(7)]
['the', 'u', '.', 's', '.', '-', 'led']
>>> render(tokens, tokens.labels) == text
True
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load

from majuscule import _text
from majuscule.errors import DataError, GuaranteeError, MajusculeError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, CodePoints, Ints, Keys

_TABLES = load((Path(__file__).parent / "data" / "unicode.safetensors").read_bytes())
_UNICODE = (_TABLES["page"], _TABLES["info"])

LONGEST = 1 << 30
"""Most characters `read` takes at once."""


class Kind(IntEnum):
    """What a token is, as far as its first character tells; 0 is a line's beginning.

    The last two are roles only: words and single letters where a sentence may begin.
    """

    BEGIN = 0
    WORD = 1
    INITIAL = 2
    NUMBER = 3
    MIXTURE = 4
    PERIOD = 5
    COMMA = 6
    COLON = 7
    TERMINAL = 8
    APOSTROPHE = 9
    QUOTE = 10
    OPENING = 11
    CLOSING = 12
    HYPHEN = 13
    DASH = 14
    SLASH = 15
    CURRENCY = 16
    PERCENT = 17
    SYMBOL = 18
    SIGN = 19
    FIRST_WORD = 20
    FIRST_INITIAL = 21


CASED: NDArray[np.uint8] = np.array(
    [kind in (Kind.WORD, Kind.INITIAL, Kind.MIXTURE) or kind >= Kind.FIRST_WORD for kind in Kind],
    dtype=np.uint8,
)
"""By kind: whether its tokens have a case of their own."""


class Convention(IntEnum):
    """How `flatten` tokenises."""

    PLAIN = 0
    """The Penn Treebank's token boundaries, every character as it was."""
    MOSES = 1
    """The Moses tokeniser's boundaries and its escapes (``&apos;``)."""
    PTB = 2
    """The Penn Treebank's boundaries, quotes and brackets (``-lrb-``)."""
    MOSES_PLAIN = 3
    """Moses' boundaries, every character as it was."""
    SPACY = 4
    """spaCy's: as plain, but words are parted at their hyphens, too."""
    UD = 5
    """English Universal Dependencies': as spaCy's, and at slashes between words."""
    BERT = 6
    """The basic tokens of uncased BERT: every sign by itself."""


CONVENTIONS = {convention.name.lower().replace("_", "-"): convention for convention in Convention}
"""By the names that users give them."""


class Document(IntEnum):
    """What counts as one document: a line, a block up to a blank line, or everything."""

    LINE = 0
    BLOCK = 1
    FILE = 2


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text cut into tokens; one array entry a token unless said otherwise.

    Attributes:
        chars: the text's code points, escapes undone (one a character).
        lower: the same, in lower case.
        start, end: where the token is in `chars`.
        kind: its `Kind`.
        role: the same, but for words where a sentence may begin.
        key: a hash of its lower-case letters; numbers are told apart by length alone.
        case: its `majuscule.labels.Case` as read.
        gap: 1 (JOIN) if no blank stands before it in its line, else 0 (SPACE).
        lines: line r holds tokens ``lines[r]`` to ``lines[r + 1]``; a line of more than
            65536 tokens counts as several.
    """

    chars: CodePoints
    lower: CodePoints
    start: Ints
    end: Ints
    kind: Bytes
    role: Bytes
    key: Keys
    case: Bytes
    gap: Bytes
    lines: Ints

    def __len__(self) -> int:
        return len(self.start)

    @property
    def labels(self) -> Bytes:
        """The labels as read: ``case + 4 * gap``."""
        return self.case | self.gap << np.uint8(2)

    def word(self, i: int) -> str:
        """Token i in lower case."""
        return _text.to_str(self.lower[self.start[i] : self.end[i]])

    def written(self, i: int) -> str:
        """Token i as it was read."""
        return _text.to_str(self.chars[self.start[i] : self.end[i]])

    def of_lines(self, first: int, last: int) -> Tokens:
        """Lines `first` to `last` (exclusive); arrays are views, `chars` stays whole."""
        a, b = int(self.lines[first]), int(self.lines[last])
        return Tokens(
            self.chars,
            self.lower,
            self.start[a:b],
            self.end[a:b],
            self.kind[a:b],
            self.role[a:b],
            self.key[a:b],
            self.case[a:b],
            self.gap[a:b],
            self.lines[first : last + 1] - self.lines[first],
        )

    def batches(self, most: int) -> Iterator[tuple[int, int]]:
        """Runs of whole lines, of at most so many tokens or of one line: first, last exclusive."""
        lines = self.lines
        first, count = 0, len(lines) - 1
        while first < count:
            last = int(np.searchsorted(lines, lines[first] + most, side="right")) - 1
            last = min(max(last, first + 1), count)
            yield first, last
            first = last

    def some(self, places: Ints, lines: Ints) -> Tokens:
        """The tokens at these places, in lines that begin with these of them; `chars` whole."""
        return Tokens(
            self.chars,
            self.lower,
            self.start[places],
            self.end[places],
            self.kind[places],
            self.role[places],
            self.key[places],
            self.case[places],
            self.gap[places],
            lines,
        )


def unescape(text: str) -> str:
    """Undo the escapes of Moses, of the Penn Treebank and of WikiText.

    Moses' ``&apos; &quot; &amp; &lt; &gt; &#91; &#93; &#124;`` anywhere; between blanks
    also ``@-@``, ``-LRB-`` and its kin, the Treebank's quotes, ``n't`` and ``-- --``; between
    digits WikiText's ``@,@`` and ``@.@``. Blanks that an escape shows to be the tokeniser's go
    with it; a '' that closes nothing in its line, before another one, may as well open, and
    shows none. Doing it twice changes nothing.

    >>> unescape("`` i ca n't , '' he said -lrb- at the u.s. @-@ led talks -rrb-")
    '"i can\\'t ," he said ( at the u.s.-led talks )'
    """
    return _text.to_str(_unescape(_text.code_points(text)))


def _unescape(chars: CodePoints) -> CodePoints:
    length = _text.unescape_entities(chars)
    length = _text.unescape_treebank(chars[:length], *_UNICODE)
    return chars[:length]


def runs(chars: CodePoints, marks: NDArray[np.bool_]) -> Iterator[tuple[int, int, bool]]:
    """Runs of lines that are marked alike: ``(first offset, last, mark)``.

    Args:
        chars: a text's code points.
        marks: one for each of its lines; what follows the last line feed is one, too.
    """
    if not len(marks):
        return
    ends = np.append(np.flatnonzero(chars == ord("\n")) + 1, len(chars))[: len(marks)]
    last = np.append(np.flatnonzero(np.diff(marks)), len(marks) - 1)
    begin = 0
    for line in last.tolist():
        yield begin, int(ends[line]), bool(marks[line])
        begin = int(ends[line])


_ENTITY = re.compile(r"&(?:amp;)*(?:lt|gt|apos|quot|amp|#91|#93|#124);", re.IGNORECASE | re.ASCII)
_TREEBANK = re.compile(r"-[lr][rsc]b-|``|''|@[-,.]@", re.IGNORECASE | re.ASCII)


def origins(text: str, undone: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Where each character of `unescape` comes from.

    Args:
        text: what is unescaped.
        undone: in which of its lines; None is all.

    Returns:
        int64[characters of `unescape`, 2]: first and last offset in `text`, exclusive.

    >>> [("it &apos;s"[a:b], char) for (a, b), char in zip(origins("it &apos;s"), "it 's")]
    [('i', 'i'), ('t', 't'), (' ', ' '), ('&apos;', "'"), ('s', 's')]
    """
    if undone is not None and not undone.all():
        parts = [
            (origins(text[begin:end]) if mark else _themselves(end - begin)) + begin
            for begin, end, mark in runs(_text.code_points(text), undone)
        ]
        return np.concatenate(parts) if parts else _themselves(0)
    out = unescape(text)
    if out == text:
        return _themselves(len(text))
    spans = []
    i = 0
    for match in _ENTITY.finditer(text):
        spans += [(k, k + 1) for k in range(i, match.start())]
        spans.append(match.span())
        i = match.end()
    spans += [(k, k + 1) for k in range(i, len(text))]
    plain = _text.code_points(text)
    half = _text.to_str(plain[: _text.unescape_entities(plain)])
    found = []
    i = 0
    for char in out:
        while half[i] == " " != char:  # a blank that went with an escape
            i += 1
        escape = None if half[i] == char else _TREEBANK.match(half, i)
        end = escape.end() if escape else i + 1
        found.append((spans[i][0], spans[end - 1][1]))
        i = end
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def _themselves(count: int) -> NDArray[np.int64]:
    return np.arange(count)[:, np.newaxis] + np.arange(2)


def read(text: str, undone: NDArray[np.bool_] | None = None) -> Tokens:
    """Cut text, natural or flattened, into tokens with the labels it has as it stands.

    Args:
        text: of any number of lines.
        undone: in which of its lines escapes are undone; None is all.

    Raises:
        DataError: more than `LONGEST` characters at once.

    >>> tokens = read("it 's")
    >>> [tokens.word(i) for i in range(len(tokens))], list(tokens.gap)
    (['it', "'", 's'], [np.uint8(0), np.uint8(0), np.uint8(1)])
    """
    if len(text) > LONGEST:
        raise DataError(f"expected at most {LONGEST:,} characters at once, got {len(text):,}")
    chars = _text.code_points(text)
    if undone is None:
        chars = _unescape(chars)
    elif undone.any():
        chars = _undone(chars, undone)
    return cut(chars)


def undo(text: str, tokens: Tokens, undone: NDArray[np.bool_]) -> Tokens:
    """What `read` gives, from what it gave for the same text with no escape undone.

    >>> some, everywhere = read("it 's", np.zeros(1, bool)), np.ones(1, bool)
    >>> undo("it 's", some, everywhere) is some
    True
    """
    if not undone.any():
        return tokens
    chars = _undone(_text.code_points(text), undone)
    return tokens if len(chars) == len(tokens.chars) else cut(chars)


def _undone(chars: CodePoints, undone: NDArray[np.bool_]) -> CodePoints:
    if undone.all():
        return _unescape(chars)
    return np.concatenate(
        [_unescape(chars[a:b]) if mark else chars[a:b] for a, b, mark in runs(chars, undone)]
    )


def cut(chars: CodePoints) -> Tokens:
    """The tokens of code points, as they stand."""
    return Tokens(chars, *_text.scan(chars, *_UNICODE))


def cases(tokens: Tokens, form_at: Ints, forms: CodePoints) -> Bytes:
    """uint8[n]: which cases write each token as it stands, a bit each.

    Args:
        tokens: the tokens.
        form_at, forms: as for `render`; -1 where a token has no written form. One that was
            read as MIXED counts as its own.

    >>> tokens = read("a A Bc 1 \u017f")  # the long s has no capital that leads back to it
    >>> cases(tokens, np.full(5, -1, np.int32), tokens.chars).tolist()
    [1, 6, 2, 7, 7]
    """
    given = tokens.chars, tokens.lower, tokens.start, tokens.end, tokens.case
    return _text.cases(*given, form_at, forms, *_UNICODE)


def beginnings(tokens: Tokens, document: Document | Bytes) -> Bytes:
    """uint8[lines]: 1 for lines that begin a document, a blank line the one that follows it.

    Args:
        tokens: whole lines; whether the first goes on with a document is not theirs to say.
        document: what one document is, or what this gives already.

    >>> beginnings(read("a\\n\\nb\\n"), Document.BLOCK).tolist()
    [0, 1, 0]
    """
    if not isinstance(document, Document):
        return document
    if document == Document.BLOCK:
        return np.equal(tokens.lines[1:], tokens.lines[:-1]).view(np.uint8)
    return np.full(len(tokens.lines) - 1, document == Document.LINE, dtype=np.uint8)


def line_numbers(tokens: Tokens) -> NDArray[np.intp]:
    """Which line of a whole text each of `tokens.lines` belongs to: a long one counts as one.

    >>> line_numbers(read("a\\n\\nb")).tolist()
    [0, 1, 2]
    """
    feeds = np.flatnonzero(tokens.chars == ord("\n"))
    count = len(tokens.lines) - 1
    if count == len(feeds) + (len(tokens.chars) > 0 and tokens.chars[-1] != ord("\n")):
        return np.arange(count)
    # A line without tokens is no part of a long one.
    empty = np.diff(tokens.lines) == 0
    begin = np.searchsorted(feeds, tokens.start[np.minimum(tokens.lines[:-1], len(tokens) - 1)])
    new = np.ones(count, dtype=bool)
    new[1:] = empty[1:] | empty[:-1] | (np.diff(begin) > 0)
    return np.cumsum(new) - 1


def render(
    tokens: Tokens,
    labels: Bytes,
    form_at: Ints | None = None,
    forms: CodePoints | None = None,
) -> str:
    """Write tokens with the labels given; blanks are dropped where a gap is JOIN.

    Token i of case MIXED is written as ``forms[form_at[i]:]`` says; without forms, as
    it was read. The result is checked against the tokens' own text.

    Raises:
        GuaranteeError: the result differs in more than case and blanks.
    """
    if form_at is None or forms is None:
        form_at, forms = tokens.start, tokens.chars
    out = _text.render(
        tokens.chars, tokens.lower, tokens.start, tokens.end, labels, form_at, forms, *_UNICODE
    )
    check(tokens.chars, out)
    return out


# Titles and shortenings whose full stop ends no sentence though a capital follows: what
# tokenisers know, too (Moses' list of non-breaking prefixes is of this kind). Only
# `flatten`, evaluation and the lexicon ask; restoring learns where stops stand alone from text.
ABBREVIATIONS = (
    "adm brig capt cmdr col cpl dr fr ft gen gov hon lieut lt maj messrs mr mrs ms mt no pres"
    " prof rep reps rev sen sens sgt st supt vs jan feb mar apr jun jul aug sep sept oct nov dec"
)
ABBREVIATION_KEYS = np.sort(read(ABBREVIATIONS).key)


def flatten(text: str, convention: Convention | str = Convention.PLAIN) -> str:
    """Take capitals and spacing away: the inverse of restoring.

    Args:
        text: natural text of any number of lines; each line stays a line.
        convention: whose tokens to write: a `Convention` or its name, ``"moses-plain"``
            for MOSES_PLAIN.

    Returns:
        Lower-case tokens with one blank between them. Letters without a lower-case form
        that leads back to them stay as they are.

    Raises:
        MajusculeError: there is no such convention.
        DataError: the text is longer than `LONGEST`.

    >>> flatten("The U.S.-led coalition (IS) can't, he said.")
    "the u.s.-led coalition ( is ) ca n't , he said ."
    >>> flatten("The U.S.-led coalition (IS) can't, he said.", "moses")
    'the u.s.-led coalition ( is ) can &apos;t , he said .'
    >>> flatten("The U.S.-led coalition (IS) can't, he said.", "bert")
    "the u . s . - led coalition ( is ) can ' t , he said ."
    """
    if isinstance(convention, str):
        try:
            convention = CONVENTIONS[convention]
        except KeyError:
            raise MajusculeError(
                f"expected a convention, one of {', '.join(CONVENTIONS)}; got {convention!r}"
            ) from None
    tokens = read(text)
    return _text.flatten(
        tokens.chars,
        tokens.lower,
        tokens.start,
        tokens.end,
        tokens.kind,
        tokens.key,
        tokens.gap,
        int(convention),
        ABBREVIATION_KEYS,
        *_UNICODE,
    )


def lower(text: str) -> str:
    """Lower case as flattened text has it, spaced as it was; escapes are undone.

    Letters without a lower-case form that leads back to them stay as they are.

    >>> lower("``Straße in İzmir , ``")
    '``straße in İzmir , "'
    """
    return _text.to_str(read(text).lower)


def check(before: CodePoints, after: str) -> None:
    """Raise unless `after` equals `before` once blanks are removed and letters lower-cased.

    Raises:
        GuaranteeError: it does not; the message names the place.
    """
    place = _text.first_violation(before, _text.code_points(after), *_UNICODE)
    if place >= 0:
        raise GuaranteeError(
            f"the restored text differs from its input at character {place} in more than case"
            " and spaces; this is a bug in majuscule, please report the text around it"
        )


def allowed(
    tokens: Tokens,
    mixed: NDArray[Any],
    document: Document | Bytes,
    seen: int,
    *,
    free: bool = False,
) -> tuple[Bytes, int]:
    """Which labels each token may get: bits 0-3 are its cases, 4 SPACE and 5 JOIN.

    A gap that is closed stays closed. A hyphen, dash, slash or symbol between two words
    stays open on both sides in a document that has shown one glued between words, for
    then its tokeniser does not part them; one glued beside a number tells of the like
    alone. An escape never comes about by joining. MIXED is for tokens that `mixed` marks,
    which have a written form.

    Args:
        tokens: whole lines of a document.
        mixed: not 0 where the token has a written form in the lexicon.
        document: what one document is, or uint8[lines], 1 for those that begin one; a new one
            resets `seen`.
        seen: what the document has shown so far (0 at its start).
        free: disregard the spacing as read; what training sees.

    Returns:
        The bits, and the new `seen`.
    """
    bits, seen = _text.allowed(
        tokens.lower,
        tokens.start,
        tokens.end,
        tokens.kind,
        tokens.gap,
        tokens.lines,
        beginnings(tokens, document),
        mixed,
        seen,
        free,
    )
    return bits, seen
