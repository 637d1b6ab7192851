"""Where in a file of subtitles the text of its cues is, and when they are shown."""

from __future__ import annotations

import re
from typing import NamedTuple, TypeAlias

from majuscule.errors import DataError

# Why an own parser: srt, pysubs2 and webvtt-py read a file into objects and write another one
# from these. Numbers, the digits of timings, notes, styles, settings, line ends or escapes come
# out otherwise than they came in, and none of them tells where in the file a cue's text was.

Span: TypeAlias = tuple[int, int]


class Cue(NamedTuple):
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


def cues_of(text: str, kind: str) -> list[Cue]:
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
            cues.append(Cue(lines[first][0], lines[last - 1][1], *times))
    if not known:
        raise _no_cue(text, lines)
    return cues


def _empty(text: str, line: Span) -> bool:
    return not text[slice(*line)].strip("\r\n")


def _before_number(text: str, lines: list[Span], first: int, last: int) -> int:
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


def _no_cue(text: str, lines: list[Span]) -> DataError:
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
