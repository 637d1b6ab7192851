"""What lines show and what follows, in plain Python: `majuscule.recognition`, bit for bit."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from majuscule.labels import Case
from majuscule.recognition import Signs, Spacing, Standing, Writing
from majuscule.text import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reference import Token

Row = dict[Signs, int]

CLITICS = ("s", "m", "d", "t", "ll", "re", "ve")
MOSES = re.compile(r"&(?:#(?:91|93|124)|(?:amp;)*(?:apos|quot|amp|lt|gt));")
MOSES_MARK = re.compile(r"@[-\u2010\u2011,.]@")
TREEBANK = re.compile(r"``|''|[-\u2010\u2011][lr][rsc]b[-\u2010\u2011]")

CLOSING = (Kind.COMMA, Kind.TERMINAL, Kind.COLON, Kind.PERCENT, Kind.CLOSING)
OPENING = (Kind.OPENING, Kind.CURRENCY)

# What a line shows ----------------------------------------------------------------------


def evidence(
    lines: Sequence[Sequence[Token]],
    standing: Sequence[int],
    document: str,
    *,
    fresh: bool = True,
) -> tuple[list[Row], bool]:
    """What each line shows, and whether a sentence may begin with the word that comes next."""
    rows = []
    at = 0
    for line in lines:
        if document == "line" or (document == "block" and not line):
            fresh = True
        row, fresh = _line(line, standing[at : at + len(line)], fresh=fresh)
        rows.append(row)
        at += len(line)
    return rows, fresh


def _line(line: Sequence[Token], standing: Sequence[int], *, fresh: bool) -> tuple[Row, bool]:
    row = dict.fromkeys(Signs, 0)
    row[Signs.TOKENS] = len(line)
    may = fresh  # a sentence may begin here, were there a blank
    first = True  # the next word is the first of a sentence, whatever the lines before say
    short = False  # and it may be that the sentence goes on, for an abbreviation came before
    i = 0
    while i < len(line):
        token = line[i]
        if token.is_word:
            _word(line, i, standing[i], row, may=may, fresh=fresh, first=first, short=short)
            may = fresh = first = short = False
            i += 1
            continue
        if length := _escape(line, i, row):
            if token.word == "@" or (
                token.word == "&" and line[i + 1].word not in ("apos", "quot", "#")
            ):
                may = fresh = False
            i += length
            continue
        _sign(line, i, row)
        before = line[i - 1] if i else None
        if not _is_stop(token):
            if token.kind not in (Kind.QUOTE, Kind.APOSTROPHE, Kind.OPENING, Kind.CLOSING):
                may = fresh = False
        elif before and _may_end(before):
            may = first = True
            closing = (Kind.QUOTE, Kind.APOSTROPHE, Kind.CLOSING)
            fresh = not _right(line, i) or line[i + 1].kind in closing
            short = token.kind == Kind.PERIOD and before.case != Case.LOWER
        elif before and before.kind == Kind.PERIOD:
            may = fresh = False
        i += 1
    return row, may


def _left(line: Sequence[Token], i: int) -> bool:
    """Whether token i stands at the one before it."""
    return i > 0 and line[i].glued


def _right(line: Sequence[Token], i: int) -> bool:
    """Whether token i stands at the one after it."""
    return i + 1 < len(line) and line[i + 1].glued


def _word(
    line: Sequence[Token],
    i: int,
    standing: int,
    row: Row,
    *,
    may: bool,
    fresh: bool,
    first: bool,
    short: bool,
) -> None:
    """Count a word, a letter or a mixture."""
    token = line[i]
    if token.kind == Kind.NUMBER:
        return
    capital = token.case != Case.LOWER
    row[Signs.CAPITALS] += capital
    if token.kind == Kind.WORD:
        row[Signs.WORDS] += 1
        row[Signs.FOREIGN] += token.word[0] >= "\u0370"
        row[Signs.UPPERS] += token.case == Case.UPPER and not _is_parted(line, i)
        after_hyphen = i > 0 and line[i - 1].kind == Kind.HYPHEN
        common = len(token.word) > 3 and standing == Standing.COMMON
        if common and not first and not after_hyphen:
            row[Signs.TITLED if capital else Signs.UNTITLED] += 1
    named = standing == Standing.NAME or token.word == "i"
    if capital:
        if may or named:
            row[Signs.BEGUN if may else Signs.NAMED] += 1
    elif _stands_alone(line, i) and not (fresh and short) and (fresh or named):
        row[Signs.UNBEGUN if fresh else Signs.UNNAMED] += 1


def _is_parted(line: Sequence[Token], i: int) -> bool:
    """Whether a small n't was parted from token i."""
    rest = line[i + 1 : i + 4]
    return [token.written for token in rest[:1]] == ["n"] and (
        len(rest) == 3
        and rest[1].kind == Kind.APOSTROPHE
        and rest[2].word == "t"
        and [token.glued for token in rest] == [False, True, True]
    )


def _stands_alone(line: Sequence[Token], i: int) -> bool:
    """Whether token i is no part of an address, a file's name, a compound."""
    if _left(line, i) and line[i - 1].kind not in (Kind.OPENING, Kind.QUOTE, Kind.APOSTROPHE):
        return False
    if not _right(line, i):
        return True
    after = line[i + 1].kind
    if after in (Kind.PERIOD, Kind.COLON, Kind.COMMA):
        return not _right(line, i + 1)
    return after in (Kind.TERMINAL, Kind.CLOSING, Kind.QUOTE, Kind.APOSTROPHE)


def _escape(line: Sequence[Token], i: int, row: Row) -> int:
    """How many tokens from i on are an escape; and count it."""
    if line[i].word not in ("&", "@", "`", "'") and line[i].kind != Kind.HYPHEN:
        return 0
    glued = list(itertools.takewhile(lambda token: token.glued, line[i + 1 :]))
    written = "".join(token.word for token in (line[i], *glued))
    found = MOSES.match(written)
    sign = Signs.MOSES
    if not found and not _left(line, i):
        found = MOSES_MARK.fullmatch(written)
        sign = Signs.MOSES if found else Signs.TREEBANK
        found = found or TREEBANK.fullmatch(written)
    if not found:
        return 0
    spans = itertools.accumulate(len(token.word) for token in (line[i], *glued))
    length = 1 + list(spans).index(found.end())
    rest = line[i + length] if length <= len(glued) else None
    if not _left(line, i) and (rest is None or rest.word in CLITICS):
        row[sign] += 1
        row[Signs.APART] += 1
    return length


def _sign(line: Sequence[Token], i: int, row: Row) -> None:
    """Count a sign that is no escape: apart or close, if it says which."""
    token = line[i]
    left, right = _left(line, i), _right(line, i)
    before = line[i - 1] if i else None
    after = line[i + 1] if i + 1 < len(line) else None
    row[Signs.CODE] += _is_of_programs(line, i)
    if token.kind == Kind.PERIOD and before:
        if not left:
            row[Signs.APART] += before.kind != Kind.PERIOD
            row[Signs.STOPS_APART] += before.kind != Kind.PERIOD
            if after and not right and before.kind == after.kind == Kind.NUMBER:
                row[Signs.SPLIT] += 1
        elif not after and (
            before.kind in (Kind.NUMBER, Kind.CLOSING, Kind.QUOTE)
            or (before.kind == Kind.WORD and len(before.word) > 2)
        ):
            row[Signs.CLOSE] += 1
            row[Signs.STOPS_CLOSE] += 1
    elif token.kind == Kind.APOSTROPHE and before and after:
        if before.kind in (Kind.WORD, Kind.INITIAL) and after.word in CLITICS:
            if not left:
                row[Signs.APART] += 1
                row[Signs.SPLIT] += not right
            elif before.word == "n" and after.word == "t" and i > 1 and not before.glued:
                row[Signs.APART] += 1
            elif right:
                row[Signs.CLOSE] += 1
    elif token.kind == Kind.HYPHEN and before and after:
        if not left and not right and before.kind == after.kind == Kind.WORD:
            row[Signs.HYPHENS] += 1
    elif token.kind == Kind.QUOTE and token.word not in "“„«”»":
        if left or right:
            row[Signs.CLOSE] += left != right
        else:
            row[Signs.APART] += 1
    elif token.kind in CLOSING or token.word in ("”", "»"):
        if before and before.kind not in (token.kind, Kind.OPENING):
            row[Signs.APART] += not left
            row[Signs.CLOSE] += left and not right
            row[Signs.STOPS_APART] += token.kind == Kind.COMMA and not left
            row[Signs.STOPS_CLOSE] += token.kind == Kind.COMMA and left and not right
    elif (token.kind in OPENING or token.word in ("“", "„", "«")) and (
        after and after.kind not in (token.kind, Kind.CLOSING)
    ):
        row[Signs.APART] += not right
        row[Signs.CLOSE] += right and not left


def _is_of_programs(line: Sequence[Token], i: int) -> bool:
    """Whether sign i is one that programs are full of: also &&, () and ; at a line's end."""
    word = line[i].word
    if word in "={}_|\\^~":
        return True
    if not _left(line, i):
        return False
    if word == ";":
        return i + 1 == len(line)
    if word == "&":
        return line[i - 1].word == "&"
    return line[i].kind == Kind.CLOSING and line[i - 1].kind == Kind.OPENING


def _is_stop(token: Token) -> bool:
    return token.word == "." or token.kind == Kind.TERMINAL


def _may_end(before: Token) -> bool:
    """Whether a sentence may end with a stop behind this."""
    return before.kind == Kind.TERMINAL or (before.is_word and len(before.word) > 3)


# What follows from it -------------------------------------------------------------------


@dataclass
class Shown:
    """What the first lines of a document show together."""

    tokens: int = 0
    capitals: int = 0
    uppers: int = 0
    loud: int = 0
    quiet: int = 0
    flat: int = 0
    signs: Row = field(default_factory=lambda: dict.fromkeys(SIGNS, 0))
    sentences: Row = field(default_factory=lambda: dict.fromkeys(BEGINNINGS, 0))

    def add(self, row: Row) -> None:
        """See one more line."""
        self.tokens += row[Signs.TOKENS] + 1
        for sign in SIGNS:
            self.signs[sign] += row[sign]
        words = row[Signs.WORDS]
        writing = _alone(row)
        if writing in (Writing.UPPER, Writing.TITLE):
            self.uppers += words
            self.loud += words if words >= 4 else 0
            return
        self.capitals += row[Signs.CAPITALS]
        self.quiet += words
        if writing == Writing.LOWER and _is_flat(row):
            self.flat += words
        for sign in BEGINNINGS:
            self.sentences[sign] += row[sign]

    @property
    def seen(self) -> int:
        """How many beginnings of sentences and names."""
        return sum(self.sentences.values())

    @property
    def enough(self) -> bool:
        """Whether no line to come can matter."""
        if self.seen >= 64:
            return True
        if self.capitals or self.uppers or not self.seen:
            return False
        stops, close = self.signs[Signs.STOPS_APART], self.signs[Signs.CLOSE]
        return self.seen >= 8 or (stops > 0 and close == 0)

    @property
    def few(self) -> bool:
        """Whether there is nothing but a word or two in capitals."""
        return not self.capitals and not self.seen and self.uppers in (1, 2)

    @property
    def natural(self) -> bool:
        """Whether sentences and names have their capitals, and the other words not too many.

        Lines that are flattened may be as loud as the others once they are restored.
        """
        loud = self.quiet - self.flat < self.loud + self.flat
        return self.capitals > 0 and not loud and not _lost(self.sentences)

    @property
    def stops_apart(self) -> bool:
        """Whether more stops stand apart than do not."""
        return _tokenised_stops(self.signs) > 0


BEGINNINGS = (Signs.BEGUN, Signs.UNBEGUN, Signs.NAMED, Signs.UNNAMED)
SIGNS = (
    Signs.APART,
    Signs.CLOSE,
    Signs.STOPS_APART,
    Signs.STOPS_CLOSE,
    Signs.CODE,
    Signs.WORDS,
)


def _lost(row: Row) -> bool:
    begun, unbegun, named, unnamed = (row[sign] for sign in BEGINNINGS)
    sentences = unbegun > begun or (unbegun >= 3 and 2 * unbegun > begun)
    names = unnamed >= 2 and unnamed >= begun and unnamed > 3 * named
    return sentences or names


def by_itself(row: Row) -> Writing:
    """What a line's case says where no document says that it is natural."""
    writing = _alone(row)
    return Writing.TITLE if writing != Writing.UPPER and _is_titled(row) else writing


def _alone(row: Row) -> Writing:
    if not row[Signs.CAPITALS]:
        return Writing.LOWER
    uppers = row[Signs.UPPERS]
    if uppers and 8 * (row[Signs.WORDS] - uppers) <= uppers:
        return Writing.UPPER
    if row[Signs.TITLED] >= 3 and 10 * row[Signs.UNTITLED] <= row[Signs.TITLED]:
        return Writing.TITLE
    return Writing.PARTLY if _lost(row) else Writing.NATURAL


def _is_titled(row: Row) -> bool:
    """Whether all words have a capital, those that need none, too."""
    if not row[Signs.TITLED] or row[Signs.UNTITLED]:
        return False
    return row[Signs.CAPITALS] >= row[Signs.WORDS]


def _is_flat(row: Row) -> bool:
    """Whether signs show twice that the line is flattened, and none that it is not."""
    return row[Signs.APART] >= 2 and row[Signs.CLOSE] == 0


def judge(
    rows: Sequence[Row], document: str, window: int, *, final: bool = True
) -> list[tuple[Writing, Spacing]]:
    """What the lines are that can be judged by now: all of them, if they are `final`."""
    head = _head(rows, document, window, final=final)
    out: list[tuple[Writing, Spacing]] = []
    for number, lines in _documents(rows, document):
        if lines is None:
            out.append((Writing.LOWER, Spacing.NATURAL))
            continue
        shown = Shown()
        decided = False
        for row in lines:
            shown.add(row)
            if document != "line" and (shown.tokens >= window or shown.enough):
                decided = True
                break
        goes_on = number + len(lines) == len(rows) and document != "line"
        if goes_on and not decided and not final:
            break
        natural = shown.few or shown.natural
        if not natural and not shown.stops_apart:
            if head is None:
                break
            natural = head
        out += [_settled(row, shown, natural=natural) for row in lines]
    return out


def _head(rows: Sequence[Row], document: str, window: int, *, final: bool) -> bool | None:
    """Whether a text begins naturally; None if that is not clear yet."""
    shown = Shown()
    if document == "line":
        return False
    for row in rows:
        shown.add(row)
        if shown.tokens >= window or shown.enough:
            break
    else:
        if not final:
            return None
    return shown.seen >= 8 and shown.natural


def _documents(rows: Sequence[Row], document: str) -> list[tuple[int, list[Row] | None]]:
    """Where each document begins, and its lines; None for a blank line between two."""
    numbered = list(enumerate(rows))
    if document == "line":
        return [(number, [row]) for number, row in numbered]
    if document == "file":
        return [(0, list(rows))] if rows else []
    out: list[tuple[int, list[Row] | None]] = []
    for blank, group in itertools.groupby(numbered, lambda pair: pair[1][Signs.TOKENS] == 0):
        lines = list(group)
        if blank:
            out += [(number, None) for number, _ in lines]
        else:
            out.append((lines[0][0], [row for _, row in lines]))
    return out


def _settled(row: Row, shown: Shown, *, natural: bool) -> tuple[Writing, Spacing]:
    """What a line is, in a document that showed so much."""
    if _tokenised_stops(shown.signs) <= 0 and (_is_program(row) or _is_program(shown.signs)):
        return Writing.NATURAL, Spacing.NATURAL
    writing = _alone(row)
    flat = _is_flat(row)
    tokenised = _tokenised(shown.signs)
    if 2 * row[Signs.FOREIGN] > row[Signs.WORDS]:
        writing = Writing.NATURAL
    elif natural:
        if writing != Writing.LOWER or not flat or tokenised > 0 or shown.few:
            writing = Writing.NATURAL
    elif by_itself(row) == Writing.TITLE:
        writing = Writing.TITLE
    elif writing == Writing.NATURAL and row[Signs.BEGUN] + row[Signs.NAMED] < 3:
        writing = Writing.PARTLY
    if tokenised > 0:
        kept = row[Signs.CLOSE] >= 3 and row[Signs.APART] == 0
    elif tokenised < 0:
        kept = not flat or (natural and writing == Writing.NATURAL)
    elif row[Signs.APART] + row[Signs.CLOSE]:
        kept = _tokenised(row) <= 0
    else:
        kept = writing in (Writing.NATURAL, Writing.PARTLY) or row[Signs.WORDS] == 0
    return writing, Spacing.NATURAL if kept else Spacing.TOKENISED


def _is_program(row: Row) -> bool:
    """Whether there are too many signs of programs for prose."""
    return row[Signs.CODE] >= 2 and 3 * row[Signs.CODE] >= row[Signs.WORDS]


def _tokenised_stops(row: Row) -> int:
    return row[Signs.STOPS_APART] - row[Signs.STOPS_CLOSE]


def _tokenised(row: Row) -> int:
    """More than 0 if signs stand apart, less if they do not; 0 if there are none."""
    if stops := _tokenised_stops(row):
        return stops
    if row[Signs.APART] + row[Signs.CLOSE] == 0:
        return 0
    return 1 if row[Signs.APART] > row[Signs.CLOSE] else -1
