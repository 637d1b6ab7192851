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

import html
import re
import unicodedata
from bisect import bisect_right
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from majuscule import text as texts
from majuscule.errors import DataError, GuaranteeError, MajusculeError
from majuscule.recognition import Spacing, Writing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from majuscule.restorer import Restorer
    from majuscule.text import Convention

KINDS = ("srt", "vtt")
"""SubRip and WebVTT; also how the names of such files end."""

LONGEST = 1 << 26
"""Most characters of a file: a film has a thousandth of them."""

PAUSE = 2.0
"""Seconds without a cue after which a sentence does not go on.

Speakers are silent for up to a second or so within a sentence, and a cue stays on the screen
a little longer than it is spoken, so that between cues less of a silence is left.
"""

TOUCHING = 0.1
"""Seconds between cues of which the second may show the first one's lines once more."""

_TOGETHER = 1 << 20
"""Characters that are one document: some twenty hours of speech."""


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


_Span: TypeAlias = tuple[int, int]
_Pair: TypeAlias = tuple[_Span, _Span]
"""Where a token is in a text, and in what became of it."""

_Change: TypeAlias = tuple[int, int, str]
"""Between which offsets of a text something else is to stand."""


_Converted: TypeAlias = tuple[str, list[_Pair]]
"""What became of a line, and where its tokens are."""


def _restored(lines: list[str], restorer: Restorer) -> Iterator[_Converted]:
    """Lines restored, as one text."""
    stops = _stops(lines, restorer)
    ended = [line + stop for line, stop in zip(lines, stops, strict=True)]
    restored, decisions = restorer.explain("\n".join(ended))
    given = done = number = 0
    for line, stop, after in zip(ended, stops, restored.split("\n"), strict=True):
        pairs: list[_Pair] = []
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
    lacks = [not _ends(line) for line in lines]
    stops = [""] * len(lines)
    if any(lacks) and not all(lacks):
        for found in restorer.detect("\n".join(lines)):
            if found.writing in {Writing.LOWER, Writing.UPPER}:
                stop = " ." if found.spacing == Spacing.TOKENISED else "."
                for number in range(found.first - 1, found.last):
                    stops[number] = stop if lacks[number] else ""
    return stops


def _flattened(line: str, convention: Convention | str) -> _Converted:
    """A line flattened, and where each of its characters is in both."""
    before = _origins(line)
    signs = _bare(texts.lower(line))
    for tried in (convention, texts.Convention.PLAIN):
        after = texts.flatten(line, tried)
        if _bare(after) == signs:
            spans = [(at, at + 1) for at, char in enumerate(after) if not char.isspace()]
        elif _bare(texts.unescape(after)) == signs:
            spans = _origins(after)
        else:
            continue
        return after, list(zip(before, spans, strict=True))
    return line, []  # flattening made a whole escape from pieces of some


def _origins(line: str) -> list[_Span]:
    """Where the characters come from that are there but for blanks when escapes are undone."""
    origins = zip(texts.origins(line), texts.unescape(line), strict=True)
    return [(int(first), int(last)) for (first, last), char in origins if not char.isspace()]


def _converted(text: str, kind: str, convert: Callable[[list[str]], Iterable[_Converted]]) -> str:
    if kind not in KINDS:
        raise MajusculeError(f"expected a kind of subtitles, {' or '.join(KINDS)}; got {kind!r}")
    if len(text) > LONGEST:
        raise DataError(
            f"expected at most {LONGEST:,} characters of subtitles, got more; is it another kind"
            " of file?"
        )
    changes: list[_Change] = []
    for rows in _together(_rows(text, _cues(text, kind), kind)):
        changes += _changed(rows, convert)
    return _with(text, changes)


def _with(text: str, changes: Iterable[_Change]) -> str:
    parts: list[str] = []
    at = 0
    for begin, end, new in sorted(changes):
        parts += text[at:begin], new
        at = end
    return "".join((*parts, text[at:]))


# The file -------------------------------------------------------------------------------------

# Why an own parser: srt, pysubs2 and webvtt-py read a file into objects and write another one
# from these. Numbers, the digits of timings, notes, styles, settings, line ends or escapes come
# out otherwise than they came in, and none of them tells where in the file a cue's text was.


class _Cue(NamedTuple):
    """Where a cue's text is, and its seconds; None where the timing cannot be read."""

    first: int
    last: int
    begin: float | None
    end: float | None


_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n|$)")
_TIME = r"\s*(?:(\d{1,9})\s*:\s*)?(\d{1,9})\s*:\s*(\d{1,9})(?:\s*[,.:]\s*(\d{1,9}))?"
_TIMING = re.compile(rf"\ufeff?{_TIME}\s*-->{_TIME}")
_NUMBER = re.compile(r"\ufeff?\s*\d+\s*")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?!\S)")


def _cues(text: str, kind: str) -> list[_Cue]:
    """The cues of a file, as lenient as players are.

    In SubRip whatever stands between two timings is text, blank lines as well, but for the
    number before a timing; in WebVTT a cue ends with a blank line.
    """
    lines = [match.span() for match in _LINE.finditer(text) if match.group()]
    cues = []
    known = False
    number = 0
    while number < len(lines):
        line = text[slice(*lines[number])]
        number += 1
        if kind == "vtt" and _BLOCK.match(line) and (number < 2 or _empty(text, lines[number - 2])):
            while number < len(lines) and not _empty(text, lines[number]):
                number += 1
            continue
        if "-->" not in line:
            continue
        timing = _TIMING.match(line)
        known |= timing is not None
        first = number
        while number < len(lines) and "-->" not in text[slice(*lines[number])]:
            if kind == "vtt" and _empty(text, lines[number]):
                break
            number += 1
        last = number
        if last < len(lines) and not _empty(text, lines[last]):
            last = _before_number(text, lines, first, last)
        if first < last:
            times = _seconds(timing) if timing else (None, None)
            cues.append(_Cue(lines[first][0], lines[last - 1][1], *times))
    if not known:
        raise _no_cue(text, lines)
    return cues


def _empty(text: str, line: _Span) -> bool:
    return not text[slice(*line)].strip("\r\n")


def _before_number(text: str, lines: list[_Span], first: int, last: int) -> int:
    """Where text ends before the number of the next cue, if it has one."""
    at = last - 1
    while at >= first and not text[slice(*lines[at])].strip():
        at -= 1
    return at if at >= first and _NUMBER.fullmatch(text[slice(*lines[at])]) else last


def _seconds(timing: re.Match[str]) -> tuple[float, float]:
    begin, end = (
        int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) + float(f"0.{part or 0}")
        for hours, minutes, seconds, part in (timing.groups()[:4], timing.groups()[4:])
    )
    return begin, end


def _no_cue(text: str, lines: list[_Span]) -> DataError:
    shown = [text[slice(*line)].strip("\ufeff\r\n") for line in lines]
    full = [number for number, line in enumerate(shown, 1) if line.strip()]
    if not full:
        return DataError("line 1: expected a cue, got nothing; is this the right file?")
    number = next((number for number in full if "-->" in shown[number - 1]), full[0])
    return DataError(
        f"line {number}: expected the timing of a cue, as in 00:00:01,000 --> 00:00:02,500, in"
        f" this or a later line; got {shown[number - 1]!r:.80}; if this is plain text, say so"
        " with --format text"
    )


# The text of cues -----------------------------------------------------------------------------


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


class _Line:
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

    def changes(self, begin: int, end: int, new: str) -> Iterator[_Change]:
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


class _Phrase(NamedTuple):
    """A part of a line that is one voice's, without blanks at its ends."""

    line: _Line
    begin: int
    end: int

    @property
    def text(self) -> str:
        """Its characters."""
        return self.line.text[self.begin : self.end]


_Words: TypeAlias = list[_Phrase]
"""The same words, as often as they are shown."""

_Row: TypeAlias = list[_Words]
"""What is one line to the restorer."""

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


def _lines(text: str, cue: _Cue, kind: str) -> Iterator[_Line]:
    """A cue's lines that have any text."""
    line = _Line()
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
            line = _Line()
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


# Rows -----------------------------------------------------------------------------------------

_MARK = re.compile(r">\s*>[>\s]*|[♩♪♫♬]\s*")
_DASH = re.compile(r"\s*[-‐–—]\s*(?![-‐–—\d])(?![lr][rsc]b-)", re.IGNORECASE)
_SOUND = re.compile(r"\[[^\[\]]*\]|\([^()]*\)")
_END = re.compile(r"[.?!…][\s\"'’”»)\]}]*$")
_SHORTENED = re.compile(r"(\w+)\s*\.\s*$")
_GOES_ON = re.compile(r"…|\.\s*\.")
_SHORT = frozenset(texts.ABBREVIATIONS.split())


def _phrases(line: _Line) -> list[tuple[str | None, _Phrase]]:
    """A line's phrases, and what each begins with: a voice's name, "" for a mark, or nothing."""
    cuts = [(at, at, name) for at, name in line.voices]
    cuts += [(match.start(), match.end(), "") for match in _MARK.finditer(line.text)]
    if dash := _DASH.match(line.text):
        cuts.append((*dash.span(), ""))
    found: list[tuple[str | None, _Phrase]] = []
    begin, opened = 0, None
    for start, end, name in [*sorted(cuts), (len(line.text), len(line.text), None)]:
        part = line.text[begin:start]
        if part.strip() or opened is not None:
            last = begin + len(part.rstrip())
            found.append((opened, _Phrase(line, last - len(part.strip()), last)))
        begin, opened = max(begin, end), name
    return found


def _rows(text: str, cues: Iterable[_Cue], kind: str) -> Iterator[_Row]:
    """The phrases of cues in rows: a sentence or more, said by one voice."""
    row: _Row = []
    ended = new = False  # whether a sentence is over; whether the next phrase begins a row
    voice = ""
    said_until: float | None = None
    before: list[list[_Words]] = []  # the lines of the cue before
    for cue in cues:
        lines = [_phrases(line) for line in _lines(text, cue, kind)]
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
            ended = _ends(row[-1][0].text)
        before, said_until = shown, cue.end
    if row:
        yield row


def _shown_again(before: list[list[_Words]], lines: list[list[tuple[str | None, _Phrase]]]) -> int:
    """How many of a cue's first lines are the last ones of the cue before, as captions roll up."""
    old = [[words[0].text for words in line] for line in before]
    new = [[phrase.text for _, phrase in line] for line in lines]
    most = min(len(old), len(new))
    return next((n for n in range(most, 0, -1) if old[-n:] == new[:n]), 0)


def _ends(text: str) -> bool:
    """Whether a sentence is over with the text of a cue."""
    tail = texts.unescape(text[-60:])
    short = _SHORTENED.search(tail)
    return bool(_END.search(tail)) and not (short and short[1].lower() in _SHORT)


def _together(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Rows that are restored together: all, unless there are very many words."""
    some: list[_Row] = []
    size = 0
    for row in rows:
        some.append([])
        for words in row:
            if size > _TOGETHER:
                yield some
                some, size = [[]], 0
            some[-1].append(words)
            size += len(words[0].text) + 1
    if some:
        yield some


# What changes ---------------------------------------------------------------------------------


def _changed(
    rows: list[_Row], convert: Callable[[list[str]], Iterable[_Converted]]
) -> Iterator[_Change]:
    """What changes in the file, if rows are converted."""
    lines = [" ".join(words[0].text for words in row) for row in rows]
    for row, line, (after, pairs) in zip(rows, lines, convert(lines), strict=True):
        starts = [0]
        for words in row:
            starts.append(starts[-1] + len(words[0].text) + 1)
        changes = list(_changes(line, after, pairs, {start - 1 for start in starts}))
        if _signs(_with(line, changes)) != _signs(after):
            raise GuaranteeError(
                "the words of a cue are not those that were restored; this is a bug in majuscule,"
                " please report the file"
            )
        for begin, end, new in changes:
            number = bisect_right(starts, begin - (begin == end)) - 1
            for phrase in row[number]:
                there = phrase.begin - starts[number]
                yield from phrase.line.changes(begin + there, end + there, new)


def _changes(before: str, after: str, pairs: list[_Pair], borders: set[int]) -> Iterator[_Change]:
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


def _of_token(
    before: str, begin: int, end: int, after: str, borders: set[int]
) -> Iterator[_Change]:
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
    return _bare(text).replace("'", "")


def _bare(text: str) -> str:
    return "".join(text.split())
