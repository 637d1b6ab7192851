"""What is said, in rows: a sentence or more of one voice, from as many cues as it takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from majuscule import text as texts
from majuscule.subtitles.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from majuscule.subtitles.cues import Cue
    from majuscule.subtitles.lines import Line

PAUSE = 2.0
"""Seconds without a cue after which a sentence does not go on.

Speakers are silent for up to a second or so within a sentence, and a cue stays on the screen
a little longer than it is spoken, so that between cues less of a silence is left.
"""

TOUCHING = 0.1
"""Seconds between cues of which the second may show the first one's lines once more."""

TOGETHER = 1 << 20
"""Characters that are one document: some twenty hours of speech."""


class Phrase(NamedTuple):
    """A part of a line that is one voice's, without blanks at its ends."""

    line: Line
    begin: int
    end: int

    @property
    def text(self) -> str:
        """Its characters."""
        return self.line.text[self.begin : self.end]


Words: TypeAlias = list[Phrase]
"""The same words, as often as they are shown."""

Row: TypeAlias = list[Words]
"""What is one line to the restorer."""

_MARK = re.compile(r">\s*>[>\s]*|[♩♪♫♬]\s*")
_DASH = re.compile(r"\s*[-‐–—]\s*(?![-‐–—\d])(?![lr][rsc]b-)", re.IGNORECASE)
_SOUND = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
_END = re.compile(r"[.?!…][\s\"'’”»)\]}]*$")
_SHORTENED = re.compile(r"(\w+)\s*\.\s*$")
_GOES_ON = re.compile(r"…|\.\s*\.")
_SHORT = frozenset(texts.ABBREVIATIONS.split())


def _phrases(line: Line) -> list[tuple[str | None, Phrase]]:
    """A line's phrases, and what each begins with: a voice's name, "" for a mark, or nothing."""
    cuts = [(at, at, name) for at, name in line.voices]
    cuts += [(match.start(), match.end(), "") for match in _MARK.finditer(line.text)]
    if dash := _DASH.match(line.text):
        cuts.append((*dash.span(), ""))
    found: list[tuple[str | None, Phrase]] = []
    begin, opened = 0, None
    for start, end, name in [*sorted(cuts), (len(line.text), len(line.text), None)]:
        part = line.text[begin:start]
        if part.strip() or opened is not None:
            last = begin + len(part.rstrip())
            found.append((opened, Phrase(line, last - len(part.strip()), last)))
        begin, opened = max(begin, end), name
    return found


def rows_of(text: str, cues: Iterable[Cue], kind: str) -> Iterator[Row]:
    """The phrases of cues in rows: a sentence or more, said by one voice."""
    row: Row = []
    ended = new = False  # whether a sentence is over; whether the next phrase begins a row
    voice = ""
    said_until: float | None = None
    before: list[list[Words]] = []  # the lines of the cue before
    for cue in cues:
        lines = [_phrases(line) for line in lines_of(text, cue, kind)]
        silence = None
        if cue.begin is not None and said_until is not None:
            silence = cue.begin - said_until
        new |= silence is not None and silence > PAUSE
        count = _shown_again(before, lines) if silence is not None and silence < TOUCHING else 0
        shown = before[len(before) - count :]
        for again, line in zip(shown, lines, strict=False):
            for words, (_, phrase) in zip(again, line, strict=True):
                words.append(phrase)
        for line in lines[count:]:
            shown.append([])
            for opened, phrase in line:
                words = [phrase]
                shown[-1].append(words)
                new |= opened not in {None, voice} or opened == ""
                voice = opened or voice
                seen = phrase.text
                sound = _SOUND.fullmatch(texts.unescape(seen)) is not None
                new |= sound or (ended and bool(seen) and not _GOES_ON.match(seen))
                if not seen:
                    continue
                if new and row:
                    yield row
                    row = []
                row.append(words)
                ended, new = False, sound
        if lines[count:] and row:
            ended = ends(row[-1][0].text)
        before, said_until = shown, cue.end
    if row:
        yield row


def _shown_again(before: list[list[Words]], lines: list[list[tuple[str | None, Phrase]]]) -> int:
    """How many of a cue's first lines are the last ones of the cue before, as captions roll up."""
    old = [[words[0].text for words in line] for line in before]
    new = [[phrase.text for _, phrase in line] for line in lines]
    most = min(len(old), len(new))
    return next((n for n in range(most, 0, -1) if old[-n:] == new[:n]), 0)


def ends(text: str) -> bool:
    """Whether a sentence is over with the text of a cue."""
    tail = texts.unescape(text[-60:])
    short = _SHORTENED.search(tail)
    return bool(_END.search(tail)) and not (short and short[1].lower() in _SHORT)


def together(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows that are restored together: all, unless there are very many words."""
    some: list[Row] = []
    size = 0
    for row in rows:
        some.append([])
        for words in row:
            if size > TOGETHER:
                yield some
                some, size = [[]], 0
            some[-1].append(words)
            size += len(words[0].text) + 1
    if some:
        yield some
