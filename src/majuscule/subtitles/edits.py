"""What changes in a file: letters' case and blanks, where each of them stands."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, TypeAlias

from majuscule.errors import GuaranteeError
from majuscule.subtitles.cues import Span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from majuscule.subtitles.lines import Change
    from majuscule.subtitles.rows import Row

Pair: TypeAlias = tuple[Span, Span]
"""Where a token is in a text, and in what became of it."""


Converted: TypeAlias = tuple[str, list[Pair]]
"""What became of a line, and where its tokens are."""


def changed(
    rows: list[Row], convert: Callable[[list[str]], Iterable[Converted]]
) -> Iterator[Change]:
    """What changes in the file, if rows are converted."""
    lines = [" ".join(words[0].text for words in row) for row in rows]
    for row, line, (after, pairs) in zip(rows, lines, convert(lines), strict=True):
        starts = [0]
        for words in row:
            starts.append(starts[-1] + len(words[0].text) + 1)
        changes = list(_changes(line, after, pairs, {start - 1 for start in starts}))
        if _signs(with_changes(line, changes)) != _signs(after):
            raise GuaranteeError(
                "the words of a cue are not those that were restored; this is a bug in majuscule,"
                " please report the file"
            )
        for begin, end, new in changes:
            number = bisect_right(starts, begin - (begin == end)) - 1
            for phrase in row[number]:
                there = phrase.begin - starts[number]
                yield from phrase.line.changes(begin + there, end + there, new)


def _changes(before: str, after: str, pairs: list[Pair], borders: set[int]) -> Iterator[Change]:
    """What changes in a row; nothing between two lines of a cue, or two cues."""
    read = written = 0
    for (begin, end), (first, last) in pairs:
        gap, new = before[read:begin], after[written:first]
        if gap != new and read:
            inside = borders.isdisjoint(range(read, begin))
            sign = new.strip()
            if sign and (inside or sign != new):
                yield read, read, sign  # an apostrophe that was lost after the last letter
            if inside and sign == new:
                yield from ((at, at + 1, "") for at in range(read, begin))
            elif inside and not gap:
                yield read, read, " "
        if before[begin:end] != after[first:last]:
            yield from _of_token(before, begin, end, after[first:last], borders)
        read, written = end, last
    if pairs and (sign := after[written:].strip()):
        yield read, read, sign


def _of_token(before: str, begin: int, end: int, after: str, borders: set[int]) -> Iterator[Change]:
    """Letters that changed, apostrophes that came into a word, or an escape undone or made."""
    changes = []
    at = begin
    for char in after:
        while at < end and before[at].isspace():  # of a row of hyphens, or the n of n't
            if at not in borders:
                changes.append((at, at + 1, ""))
            at += 1
        if at < end and before[at].lower() == char.lower():
            if before[at] != char:
                changes.append((at, at + 1, char))
            at += 1
        elif char == "'":
            changes.append((at, at, char))
        else:
            break
    else:
        if at == end:
            yield from changes
            return
    for border in [*sorted(borders.intersection(range(begin, end))), end]:
        yield begin, border, after
        begin, after = border + 1, ""


def _signs(text: str) -> str:
    """What a text must keep: one apostrophe lost between two lines stays so."""
    return bare(text).replace("'", "")


def bare(text: str) -> str:
    """A text without blanks."""
    return "".join(text.split())


def with_changes(text: str, changes: Iterable[Change]) -> str:
    """A text with its changes, which may be in any order."""
    parts: list[str] = []
    at = 0
    for begin, end, new in sorted(changes):
        parts += text[at:begin], new
        at = end
    return "".join((*parts, text[at:]))
