"""The lines of cues without their markup, and where in the file each character stands."""

from __future__ import annotations

import html
import re
import unicodedata
from bisect import bisect_right
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from majuscule.subtitles.cues import Cue

Change: TypeAlias = tuple[int, int, str]
"""Between which offsets of a text something else is to stand."""


class _Run(NamedTuple):
    """Characters of a line, and where they are in the file.

    Attributes:
        at: the first one's offset in the line.
        source: its offset in the file.
        length: how many characters of the file they are.
        raw: whether they stand there as themselves; what is written otherwise never changes.
    """

    at: int
    source: int
    length: int
    raw: bool


class _Voice(NamedTuple):
    """Where in a line somebody begins to speak, and who."""

    at: int
    name: str


class Line:
    """A line of a cue without its markup, escapes undone.

    Attributes:
        text: its characters.
        voices: where in it a ``<v Name>`` was, and the name.
    """

    def __init__(self) -> None:
        self.voices: list[_Voice] = []
        self._runs: list[_Run] = []
        self._parts: list[str] = []
        self._length = 0

    @cached_property
    def text(self) -> str:
        """Its characters; none are added after it was asked for."""
        return "".join(self._parts)

    def add(self, seen: str, source: int, length: int, *, raw: bool) -> None:
        """Add characters."""
        self._runs.append(_Run(self._length, source, length, raw))
        self._parts.append(seen)
        self._length += len(seen)

    def add_voice(self, name: str) -> None:
        """Say who speaks from here on."""
        self.voices.append(_Voice(self._length, name))

    def changes(self, begin: int, end: int, new: str) -> Iterator[Change]:
        """What has to change in the file, if something in the line is to."""
        if begin == end:
            run = self._run(begin - 1)
            after = run.source + (begin - run.at if run.raw else run.length)
            yield after, after, new
            return
        runs = [(self._run(at), at) for at in range(begin, end)]
        if all(run.raw for run, _ in runs):
            for run, at in runs:
                source = run.source + at - run.at
                yield source, source + 1, new
                new = ""

    def _run(self, at: int) -> _Run:
        return self._runs[bisect_right(self._runs, at, key=lambda run: run.at) - 1]


_TAG = {"srt": r"</?(?:[a-z]|\d+:)[^<>\r\n]*>", "vtt": r"<[^<>]*>"}
_PIECE = {
    kind: re.compile(
        r"(?P<line>\r\n?|\n)|(?P<blank><br\s*/?>|(?-i:\\[Nh]))"
        rf"|(?P<tag>{tag}|\{{(?:\\|[a-z]:)[^{{}}\r\n]*\}})"
        r"|(?P<entity>&(?:amp;)*(?P<name>(?:\#x[\da-f]+|\#\d+|[a-z][a-z\d]*);))"
        "|(?P<format>[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff])",
        re.IGNORECASE,
    )
    for kind, tag in _TAG.items()
}
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>", re.IGNORECASE)
_UNDONE = {"srt": {"&apos;", "&quot;", "&#91;", "&#93;", "&#124;"}, "vtt": set[str]()}
"""Escapes that are a tokeniser's: SubRip has none of its own, and these write no markup."""


def lines_of(text: str, cue: Cue, kind: str) -> Iterator[Line]:
    """A cue's lines that have any text."""
    line = Line()
    at = cue.first
    for match in _PIECE[kind].finditer(text, cue.first, cue.last):
        shown = _shown(match, kind)
        if shown == match.group():
            continue
        if at < match.start():
            line.add(text[at : match.start()], at, match.start() - at, raw=True)
        at = match.end()
        if match["line"]:
            if line.text.strip():
                yield line
            line = Line()
        elif shown:
            line.add(shown, match.start(), at - match.start(), raw=False)
        elif voice := _VOICE.fullmatch(match.group()):
            line.add_voice(voice[1].strip())
    if at < cue.last:
        line.add(text[at : cue.last], at, cue.last - at, raw=True)
    if line.text.strip():
        yield line


def _shown(match: re.Match[str], kind: str) -> str:
    """What the restorer sees of a piece of markup: nothing, a blank or a character."""
    if match["blank"]:
        return " "
    written = match["entity"]
    if not written or written.lower() in _UNDONE[kind]:
        return written or ""
    seen = html.unescape(f"&{match['name']}")  # an escape may itself be escaped
    if seen.isspace():
        return " "
    return "" if all(unicodedata.category(char) == "Cf" for char in seen) else seen
