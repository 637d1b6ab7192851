"""Subtitles, SubRip's and WebVTT's: the words of their cues are restored, all else stays.

A sentence goes through several cues, and a cue shows a piece of it. So the cues' text is put
in a row until a sentence ends, another voice begins or nobody speaks for a while; each row is
one line to the restorer, all of them one document. What it changes is then changed where it
stands in the file: no word moves to another line or cue, and what is not text of a cue is never
touched.

>>> from majuscule.restorer import Restorer
>>> talk = '''1
... 00:00:01,000 --> 00:00:02,500
... she met the president of
... the united <i>states</i>
...
... 2
... 00:00:02,500 --> 00:00:04,000
... of america , in paris .
... '''
>>> print(restore(talk, Restorer(), "srt"), end="")
1
00:00:01,000 --> 00:00:02,500
She met the President of
the United <i>States</i>
<BLANKLINE>
2
00:00:02,500 --> 00:00:04,000
of America, in Paris.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from majuscule import text as texts
from majuscule.errors import DataError, MajusculeError
from majuscule.recognition import Spacing, Writing
from majuscule.subtitles.cues import cues_of
from majuscule.subtitles.edits import bare, changed, with_changes
from majuscule.subtitles.rows import ends, rows_of, together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from majuscule.restorer import Restorer
    from majuscule.subtitles.cues import Span
    from majuscule.subtitles.edits import Converted, Pair
    from majuscule.subtitles.lines import Change
    from majuscule.text import Convention

KINDS = ("srt", "vtt")
"""SubRip and WebVTT; also how the names of such files end."""

LONGEST = 1 << 26
"""Most characters of a file: a film has a thousandth of them."""


def kind_of(name: str) -> str | None:
    """The kind of subtitles that a file's name tells of; None if it tells of none.

    >>> kind_of("Talk.SRT"), kind_of("talk.en.vtt"), kind_of("talk.txt")
    ('srt', 'vtt', None)
    """
    suffix = Path(name).suffix.lower().removeprefix(".")
    return suffix if suffix in KINDS else None


def restore(text: str, restorer: Restorer, kind: str) -> str:
    """Give the words of subtitles their capitals and their spaces back.

    Args:
        text: a whole file, flattened or not; what it is, is recognised as in any text.
        restorer: what restores it. Cues are lines of one document, unless its documents are
            lines.
        kind: one of `KINDS`.

    Returns:
        The same file. In the text of its cues letters may have changed case and blanks within
        a line may be gone, where it was tokenised; markup and WebVTT's escapes are there as
        they were.

    Raises:
        MajusculeError: there is no such kind.
        DataError: there is no cue, or the file is longer than `LONGEST`.
        GuaranteeError: never, unless majuscule has a bug.

    >>> from majuscule.restorer import Restorer
    >>> restore("00:01.000 --> 00:02.000\\n<v Ann>is n't it nice", Restorer(), "vtt")
    "00:01.000 --> 00:02.000\\n<v Ann>Isn't it nice"
    """
    return _converted(text, kind, lambda lines: _restored(lines, restorer))


def flatten(text: str, kind: str, convention: Convention | str = texts.Convention.PLAIN) -> str:
    """Take capitals and spacing from the words of subtitles: the inverse of `restore`.

    Args:
        text: a whole file.
        kind: one of `KINDS`.
        convention: as for `majuscule.flatten`.

    Returns:
        The same file; the text of its cues is in lower-case tokens, each in its line.

    Raises:
        MajusculeError: there is no such kind or convention.
        DataError: there is no cue, or the file is longer than `LONGEST`.

    >>> flatten("1\\n00:00:01,000 --> 00:00:02,000\\n- <i>It's</i> me, Ann.", "srt")
    "1\\n00:00:01,000 --> 00:00:02,000\\n- <i>it 's</i> me , ann ."
    """
    return _converted(text, kind, lambda lines: (_flattened(line, convention) for line in lines))


def _restored(lines: list[str], restorer: Restorer) -> Iterator[Converted]:
    """Lines restored, as one text."""
    stops = _stops(lines, restorer)
    ended = [line + stop for line, stop in zip(lines, stops, strict=True)]
    restored, decisions = restorer.explain("\n".join(ended))
    given = done = number = 0
    for line, stop, after in zip(ended, stops, restored.split("\n"), strict=True):
        pairs: list[Pair] = []
        while number < len(decisions) and decisions[number].input[0] < given + len(line):
            (first, last), (begin, end) = decisions[number].input, decisions[number].output
            pairs.append(((first - given, last - given), (begin - done, end - done)))
            number += 1
        given += len(line) + 1
        done += len(after) + 1
        yield (after[: pairs.pop()[1][0]] if stop else after), pairs


def _stops(lines: list[str], restorer: Restorer) -> list[str]:
    """What a line lacks to end as sentences do.

    After one that ends in a word or a sign a restorer takes the next for its rest, which it is
    not: another voice begins, or there was a pause. Where case says something, it is enough;
    and in a text without any stop each line begins a sentence.
    """
    lacks = [not ends(line) for line in lines]
    stops = [""] * len(lines)
    if any(lacks) and not all(lacks):
        for found in restorer.detect("\n".join(lines)):
            if found.writing in {Writing.LOWER, Writing.UPPER}:
                stop = " ." if found.spacing == Spacing.TOKENISED else "."
                for number in range(found.first - 1, found.last):
                    stops[number] = stop if lacks[number] else ""
    return stops


def _flattened(line: str, convention: Convention | str) -> Converted:
    """A line flattened, and where each of its characters is in both."""
    before = _origins(line)
    signs = bare(texts.lower(line))
    for tried in (convention, texts.Convention.PLAIN):
        after = texts.flatten(line, tried)
        if bare(after) == signs:
            spans = [(at, at + 1) for at, char in enumerate(after) if not char.isspace()]
        elif bare(texts.unescape(after)) == signs:
            spans = _origins(after)
        else:
            continue
        return after, list(zip(before, spans, strict=True))
    return line, []  # flattening made a whole escape from pieces of some


def _origins(line: str) -> list[Span]:
    """Where the characters come from that are there but for blanks when escapes are undone."""
    origins = zip(texts.origins(line), texts.unescape(line), strict=True)
    return [(int(first), int(last)) for (first, last), char in origins if not char.isspace()]


def _converted(text: str, kind: str, convert: Callable[[list[str]], Iterable[Converted]]) -> str:
    if kind not in KINDS:
        raise MajusculeError(f"expected a kind of subtitles, {' or '.join(KINDS)}; got {kind!r}")
    if len(text) > LONGEST:
        raise DataError(
            f"expected at most {LONGEST:,} characters of subtitles, got more; is it another kind"
            " of file?"
        )
    changes: list[Change] = []
    for rows in together(rows_of(text, cues_of(text, kind), kind)):
        changes += changed(rows, convert)
    return with_changes(text, changes)
