"""Slow, plain versions of what majuscule compiles; the fast code must agree with them.

Nothing here is clever. Text is a `str`, a token a small object, a table a `dict`, and the
best of many rows is found by looking at all of them.
"""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load

from majuscule.labels import Case
from majuscule.text import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

MASK = (1 << 64) - 1
LINE_TOKENS = 65536

# Unicode --------------------------------------------------------------------------------

OTHER, BLANK, LETTER, LOWER, UPPER, MARK, DIGIT = range(7)

_TABLES = load((resources.files("majuscule") / "data" / "unicode.safetensors").read_bytes())
_PAGE, _INFO = _TABLES["page"].tolist(), _TABLES["info"].tolist()


def _info(char: str) -> int:
    code = ord(char)
    return int(_INFO[_PAGE[code >> 8] * 256 + (code & 255)])


def class_of(char: str) -> int:
    """What a character is, as the frozen Unicode table says."""
    return _info(char) & 7


def lower(text: str) -> str:
    """Letters that come back from their lower case, in lower case."""
    return "".join(chr(ord(c) + (_info(c) >> 3)) if class_of(c) == UPPER else c for c in text)


def upper(text: str) -> str:
    """Letters that come back from their upper case, in upper case."""
    return "".join(chr(ord(c) + (_info(c) >> 3)) if class_of(c) == LOWER else c for c in text)


def is_blank(char: str) -> bool:
    return class_of(char) == BLANK


def is_word(char: str) -> bool:
    return class_of(char) >= LETTER


@cache
def _set_of(*classes: int) -> str:
    """A regular expression for one character of these classes."""
    numbers = [code for code in range(0x110000) if _info(chr(code)) & 7 in classes]
    ranges = []
    for _, group in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        ranges.append(f"\\U{run[0]:08x}-\\U{run[-1]:08x}")
    return "".join(ranges)


# Escapes --------------------------------------------------------------------------------

ENTITIES = {
    "&lt;": "<",
    "&gt;": ">",
    "&amp;": "&",
    "&apos;": "'",
    "&quot;": '"',
    "&#91;": "[",
    "&#93;": "]",
    "&#124;": "|",
}
ENTITY = re.compile("|".join(ENTITIES), re.IGNORECASE | re.ASCII)
BRACKETS = {
    "-lrb-": "(",
    "-rrb-": ")",
    "-lsb-": "[",
    "-rsb-": "]",
    "-lcb-": "{",
    "-rcb-": "}",
}


@cache
def _treebank() -> re.Pattern[str]:
    word = _set_of(LETTER, LOWER, UPPER, MARK, DIGIT)
    cased, digit = _set_of(LOWER, UPPER), _set_of(DIGIT)
    begin, end = r"(?<![^ \t\n\r])", r"(?![^ \t\n\r])"
    return re.compile(
        rf"(?P<bracket>{begin}-[lrLR][rscRSC][bB]-{end})"
        rf"|(?P<opening>{begin}``{end}[ ]*)"
        rf"|(?P<before>[ ]*){begin}(?P<closing>''){end}"
        r"|(?P<line>\n)"
        rf"|(?P<hyphen>(?<=[{word}.])[ ]@-@[ ](?=[{word}]))"
        rf"|(?P<number>(?<=[{digit}])[ ]@[.,]@[ ](?=[{digit}]))"
        rf"|(?P<blank>(?<=[{cased}])[ ](?=[nN]['\u2019][tT](?![{word}]))|(?<=--)[ ](?=--))"
    )


def unescape(text: str) -> str:
    """Undo Moses' escapes, then the Treebank's.

    A quote that closes none of its line and comes before another such keeps its blanks.
    """
    before = None
    while before != text:
        before = text
        text = ENTITY.sub(lambda match: ENTITIES[match[0].lower()], text)

    opened = False

    def plain(match: re.Match[str]) -> str:
        nonlocal opened
        if match["line"]:
            opened = False
            return "\n"
        if match["opening"]:
            opened = True
            return '"'
        if match["closing"]:
            after = re.search(r"(?<![^ \t\n\r])(``|'')(?![^ \t\n\r])|\n", text[match.end() :])
            nothing = not opened and after and after[0] == "''"
            opened = False
            return (match["before"] if nothing else "") + '"'
        if match["bracket"]:
            return BRACKETS[match["bracket"].lower()]
        if match["hyphen"]:
            return "-"
        if match["number"]:
            return match["number"][2]
        return ""

    return _treebank().sub(plain, text)


# Tokens ---------------------------------------------------------------------------------

SIGNS = {
    char: kind
    for kind, chars in {
        Kind.PERIOD: ".…۔।։",
        Kind.COMMA: ",،",
        Kind.COLON: ":;؛",
        Kind.TERMINAL: "!?؟",
        Kind.APOSTROPHE: "'’‘`",
        Kind.QUOTE: '"“”„«»',
        Kind.OPENING: "([{",
        Kind.CLOSING: ")]}",
        Kind.HYPHEN: "-\u2010\u2011",
        Kind.DASH: "\u2013\u2014\u2212",
        Kind.SLASH: "/\\",
        Kind.CURRENCY: "$£€¥₹",
        Kind.PERCENT: "%°",
        Kind.SYMBOL: "&@#_+=*~",
    }.items()
    for char in chars
}
HALVES = {
    "cannot": ("can", "not"),
    "gimme": ("gim", "me"),
    "gonna": ("gon", "na"),
    "gotta": ("got", "ta"),
    "lemme": ("lem", "me"),
    "wanna": ("wan", "na"),
}
HALVES_AFTER_APOSTROPHE = {"tis": ("t", "is"), "twas": ("t", "was")}
WORDS = (Kind.WORD, Kind.INITIAL, Kind.NUMBER, Kind.MIXTURE)
FRESHENING = (Kind.PERIOD, Kind.TERMINAL, Kind.COLON, Kind.QUOTE)
MARKS = (
    Kind.HYPHEN,
    Kind.DASH,
    Kind.SLASH,
    Kind.CURRENCY,
    Kind.PERCENT,
    Kind.SYMBOL,
    Kind.SIGN,
)
STALING = (Kind.COMMA, *MARKS)


@dataclass
class Token:
    """One token: where it is, how it was written, and all that is known about it."""

    start: int
    end: int
    written: str
    kind: int
    role: int
    key: int
    case: int
    glued: bool

    @property
    def word(self) -> str:
        return lower(self.written)

    @property
    def is_word(self) -> bool:
        return self.kind in WORDS


def _kind(written: str) -> Kind:
    if written.startswith("--"):
        return Kind.DASH
    if not is_word(written[0]):
        return SIGNS.get(written, Kind.SIGN)
    classes = [class_of(char) for char in written]
    cased = sum(cls in (LOWER, UPPER) for cls in classes)
    if not cased:
        return Kind.NUMBER
    if DIGIT in classes:
        return Kind.MIXTURE
    if cased == 1 and not (LETTER in classes or MARK in classes):
        return Kind.INITIAL
    return Kind.WORD


def leads(char: str) -> bool:
    """Whether a letter without case takes the place of a word's capital."""
    return class_of(char) == LETTER and not "\u02b0" <= char <= "\u02ff"


def before_its_case(word: str) -> str:
    """What stands before a word's first letter with a case."""
    cased = [i for i, char in enumerate(word) if class_of(char) in (LOWER, UPPER)]
    return word[: cased[0]] if cased else word


def _case(written: str) -> Case:
    cased = [class_of(char) == UPPER for char in written if class_of(char) in (LOWER, UPPER)]
    if not any(cased):
        return Case.LOWER
    if cased[0] and not any(cased[1:]) and not any(map(leads, before_its_case(written))):
        return Case.TITLE
    return Case.UPPER if all(cased) else Case.MIXED


def _key(written: str, kind: Kind) -> int:
    word = lower(written)
    if not is_word(word[0]):
        h = (ord(word[0]) + len(word) * 0x51ED27) * 0x9E3779B97F4A7C15 & MASK
        return h ^ h >> 31
    h = 0x2545F4914F6CDD1D
    if kind == Kind.NUMBER and all(class_of(char) == DIGIT for char in word):
        h = (h ^ len(word)) * 0x9E3779B97F4A7C15 & MASK
        if len(word) == 4:
            h ^= ord(word[0])
        h = h * 0xD6E8FEB86659FD93 & MASK
    else:
        for char in word:
            h = (h ^ ord(char)) * 0x9E3779B97F4A7C15 & MASK
            h ^= h >> 29
    return h ^ h >> 32


def _pieces(line: str) -> Iterable[tuple[int, int]]:
    """Where a line's tokens are: runs of word characters, rows of hyphens, single signs."""
    i = 0
    while i < len(line):
        j = i + 1
        if not is_blank(line[i]):
            while is_word(line[i]) and j < len(line) and is_word(line[j]):
                j += 1
            while line[i] == "-" and j < len(line) and line[j] == "-":
                j += 1
            yield i, j
        i = j


def tokenise(text: str) -> list[list[Token]]:
    """The tokens of each line of an unescaped text."""
    lines = []
    offset = 0
    texts = text.split("\n")
    if texts[-1] == "":
        texts.pop()  # a line feed ends a line, it begins none
    for line in texts:
        tokens: list[Token] = []
        fresh = True
        for start, end in _pieces(line):
            word = lower(line[start:end])
            after_apostrophe = bool(tokens) and tokens[-1].kind == Kind.APOSTROPHE
            halves = HALVES.get(word) or (
                HALVES_AFTER_APOSTROPHE.get(word) if after_apostrophe else None
            )
            cut = start + len(halves[0]) if halves else end
            for a, b in ((start, cut), (cut, end)):
                if a == b:
                    continue
                written = line[a:b]
                kind = role = _kind(written)
                if fresh and kind in (Kind.WORD, Kind.MIXTURE):
                    role = Kind.FIRST_WORD
                elif fresh and kind == Kind.INITIAL:
                    role = Kind.FIRST_INITIAL
                if kind in FRESHENING:
                    fresh = True
                elif kind in WORDS or kind in STALING:
                    fresh = False
                glued = bool(tokens) and tokens[-1].end == offset + a
                key = _key(written, kind)
                case = _case(written)
                tokens.append(Token(offset + a, offset + b, written, kind, role, key, case, glued))
        lines.append(tokens)
        offset += len(line) + 1
    return lines


def parts(line: list[Token]) -> list[list[Token]]:
    """A line in parts of at least LINE_TOKENS tokens, cut at a blank if one comes in time."""
    cuts = [0]
    for i, token in enumerate(line):
        count = i - cuts[-1]
        if count >= 2 * LINE_TOKENS or (count >= LINE_TOKENS and not token.glued):
            cuts.append(i)
    return [line[a:b] for a, b in itertools.pairwise([*cuts, len(line)])]


# Which labels a token may get -------------------------------------------------------------

SPACE, JOIN = 0, 1


def is_pair(line: list[Token], i: int) -> bool:
    """Whether tokens i - 1 and i are halves of one word."""
    pair = (line[i - 1].word, line[i].word)
    if pair in HALVES.values():
        return True
    return (
        pair in HALVES_AFTER_APOSTROPHE.values() and i > 1 and line[i - 2].kind == Kind.APOSTROPHE
    )


def _escapes(line: list[Token], i: int) -> range:
    """The tokens from i + 1 on that must not be joined, lest an escape came about."""
    token, after = line[i], line[i + 1 : i + 4]
    if len(after) >= 2:
        if token.word == "&":
            if after[0].word[0] in "aglq" and after[1].word == ";":
                return range(i + 1, i + 3)
            if after[0].word == "#" and len(after) == 3 and after[2].word == ";":
                return range(i + 1, i + 4)
        if token.kind == after[1].kind == Kind.HYPHEN and re.fullmatch("..b", after[0].word):
            return range(i + 1, i + 3)
        between = after[0].kind == Kind.HYPHEN or after[0].word in {",", "."}
        if token.word == after[1].word == "@" and between:
            return range(i + 1, i + 3)
        if token.word == "n" and after[0].kind == Kind.APOSTROPHE and after[1].word[0] == "t":
            return range(i + 1, i + 3)
    return range(0)


Shown = tuple[int, bool, bool]
"""A mark's kind, and whether numbers stand on its left and on its right."""


def _glues(seen: set[Shown], mark: int, left: int, right: int) -> bool:
    """Whether a document that has shown these glues such a mark between such neighbours."""
    same = (mark, left == Kind.NUMBER, right == Kind.NUMBER)
    return same in seen or (mark, False, False) in seen


def allowed(
    lines: Iterable[list[Token]],
    mixed: set[int],
    *,
    document: str = "block",
    seen: set[Shown] | None = None,
    free: bool = False,
) -> tuple[list[tuple[set[int], set[int]]], set[Shown]]:
    """Each token's cases and gaps, and the marks seen glued; `mixed` are keys with a form."""
    seen = set(seen or ())
    out = []
    for line in lines:
        if document == "line" or (document == "block" and not line):
            seen = set()
        for left, mark, right in zip(line, line[1:], line[2:], strict=False):
            if mark.kind in MARKS and mark.glued and right.glued and left.is_word and right.is_word:
                seen.add((mark.kind, left.kind == Kind.NUMBER, right.kind == Kind.NUMBER))
        choices = []
        for i, token in enumerate(line):
            cases: set[int] = set(Case)
            if token.kind == Kind.INITIAL:
                cases = {Case.LOWER, Case.TITLE}
            elif token.kind in (Kind.WORD, Kind.MIXTURE) and token.key not in mixed:
                cases = {Case.LOWER, Case.TITLE, Case.UPPER}
            gaps = {SPACE, JOIN}
            if i == 0:
                gaps = {SPACE}
            elif token.glued and not free:
                gaps = {JOIN}
            elif token.word[0] == line[i - 1].word[-1] == "-":
                gaps = {SPACE}  # they would be one token
            elif token.is_word and line[i - 1].is_word:
                if not is_pair(line, i):
                    gaps = {SPACE}
            elif not free:
                # A mark that this document glues between words stays as it stands here.
                opens = i + 1 < len(line) and not line[i + 1].glued
                follows = i > 1 and not line[i - 1].glued
                before = line[i - 1].kind
                if (opens and _glues(seen, token.kind, before, line[i + 1].kind)) or (
                    follows and _glues(seen, before, line[i - 2].kind, token.kind)
                ):
                    gaps = {SPACE}
            choices.append((cases, gaps))
        if not free:
            for i, token in enumerate(line):
                kept = list(_escapes(line, i))
                if i and token.kind == Kind.APOSTROPHE and token.word == line[i - 1].word:
                    kept = [i]
                for k in kept:
                    if not line[k].glued:
                        choices[k] = (choices[k][0], {SPACE})
        out += choices
    return out, seen


# Writing ----------------------------------------------------------------------------------


def write(word: str, case: int, form: str | None = None) -> str:
    """A lower-case word in a case."""
    if case == Case.MIXED:
        assert form is not None
        return form
    if case == Case.UPPER:
        return upper(word)
    if case == Case.TITLE:
        i = len(before_its_case(word))
        if i < len(word) and not any(map(leads, word[:i])):
            return word[:i] + upper(word[i]) + word[i + 1 :]
    return word


def render(
    text: str,
    tokens: Sequence[Token],
    cases: Sequence[int],
    gaps: Sequence[int],
    forms: Sequence[str | None] | None = None,
) -> str:
    """An unescaped text with its tokens in the cases given, without the joined gaps' blanks."""
    out, at = [], 0
    for i, token in enumerate(tokens):
        if gaps[i] == SPACE:
            out.append(text[at : token.start])
        out.append(write(token.word, cases[i], forms[i] if forms else token.written))
        at = token.end
    return "".join(out) + text[at:]


def bare(text: str) -> str:
    """What the guarantee compares: lower case, and of the blanks the line feeds alone."""
    return "".join(c for c in lower(text) if c == "\n" or not is_blank(c))


def first_violation(before: str, after: str) -> int:
    """Where `before` stops agreeing with `after` in more than case and blanks, or -1."""
    places = [i for i, c in enumerate(before) if c == "\n" or not is_blank(c)]
    a, b = bare(before), bare(after)
    if a == b:
        return -1
    same = len(list(itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))))
    # Where one of them ends early, blanks at the end of `before` are passed over.
    return places[same] if same < len(a) else len(before)


# Scores and labels ------------------------------------------------------------------------


def codes_of(table: NDArray[np.uint32]) -> dict[tuple[int, int], int]:
    """A table as bucket and fingerprint to code."""
    return {
        (bucket, int(entry) >> 12): int(entry) & 4095
        for bucket, row in enumerate(table)
        for entry in row
        if entry
    }


def place_of(feature: int, buckets: int) -> tuple[int, int]:
    """A feature's bucket and fingerprint."""
    return (feature >> 32) * buckets >> 32, feature >> 10 & 0xFFFFF


def score(
    ids: Sequence[int],
    first: Sequence[int],
    edge: Sequence[int],
    table: NDArray[np.uint32],
    codebook: NDArray[np.int16],
) -> list[list[list[int]]]:
    """Each token's three rows of four sums."""
    codes = codes_of(table)
    out = []
    for i in range(len(first) - 1):
        rows = [[0] * 4 for _ in range(3)]
        for c in range(first[i], first[i + 1]):
            code = codes.get(place_of(ids[c], len(table)), 0)
            row = 0 if c < edge[i] else 1 + (c - edge[i]) % 2
            if row and not code:
                continue
            for d in range(4):
                rows[row][d] += int(codebook[code, d])
        out.append(rows)
    return out


def fill(
    ids: Sequence[int], codes: Sequence[int], buckets: int, ways: int = 16
) -> tuple[list[list[int]], int]:
    """A table of buckets, the first come first served; and how many found no place."""
    table: list[dict[int, int]] = [{} for _ in range(buckets)]
    left_out = 0
    for feature, code in zip(ids, codes, strict=True):
        bucket, fingerprint = place_of(feature, buckets)
        if fingerprint in table[bucket] or len(table[bucket]) == ways:
            left_out += 1
        else:
            table[bucket][fingerprint] = code
    rows = [[fp << 12 | code for fp, code in entries.items()] for entries in table]
    return [row + [0] * (ways - len(row)) for row in rows], left_out


def lookup(keys: Sequence[int], known: Sequence[int]) -> list[int]:
    """Where each key first is among the known, or -1."""
    return [known.index(key) if key in known else -1 for key in keys]


def may_follow(i: int, j: int, *, cased: bool) -> bool:
    """A token without a case of its own carries the case before it."""
    return cased or i % 4 == j % 4


def steps(
    row: Sequence[int], roles: Sequence[int], cased: Sequence[int]
) -> Iterable[tuple[int, int, int, int, int]] | None:
    """``(t, role before, role, label before, label)`` of a row of labels; None if impossible."""
    out = []
    before, role_before = 0, 0
    for t, (label, role) in enumerate(zip(row, roles, strict=True)):
        if not may_follow(before, label, cased=bool(cased[role])):
            return None
        out.append((t, role_before, role, before, label))
        before, role_before = label, role
    return out


def group(label: int) -> int:
    """Which row of scores holds after a label: MIXED is as TITLE."""
    return (0, 1, 2, 1)[label % 4]


def gain(scores: Any, t: int, before: int, label: int, *, cased: bool) -> Any:
    """What a token's own scores give a label after another."""
    case, gap = label % 4, label // 4
    total = scores[t][0][3] if gap else 0
    if case and cased:
        total += scores[t][0][case - 1]
        if group(before):
            total += scores[t][group(before)][case - 1]
    return total


def choices(bits: int) -> list[int]:
    """The labels that a token's bits allow."""
    return [
        case + 4 * gap
        for gap in (0, 1)
        for case in range(4)
        if bits >> case & 1 and bits >> 4 + gap & 1
    ]


def best_of_all(
    scores: Any, roles: Sequence[int], cased: Sequence[int], bits: Sequence[int], transitions: Any
) -> list[int]:
    """The best row of one line's labels: score every row there is."""
    found = None
    for row in itertools.product(*map(choices, bits)):
        path = steps(row, roles, cased)
        if path is None:
            continue
        total = _total(path, scores, cased, transitions)
        # Of equal rows the one with smaller labels, the last token counting first.
        rank = (-total, row[::-1])
        if found is None or rank < found:
            found = rank
    assert found is not None
    return _own(found[1][::-1], roles, cased)


def best(
    scores: Any, roles: Sequence[int], cased: Sequence[int], bits: Sequence[int], transitions: Any
) -> list[int]:
    """The same for lines of any length: the best row up to each label, token by token."""
    rows: dict[int, tuple[int, tuple[int, ...]]] = {0: (0, ())}
    role_before = 0
    for t, role in enumerate(roles):
        longer = {}
        for j in choices(bits[t]):
            ways = [
                (
                    -(
                        total
                        + int(transitions[role_before][role][i][j])
                        + gain(scores, t, i, j, cased=bool(cased[role]))
                    ),
                    i,
                )
                for i, (total, _) in rows.items()
                if may_follow(i, j, cased=bool(cased[role]))
            ]
            if ways:
                loss, i = min(ways)
                longer[j] = (-loss, (*rows[i][1], j))
        rows = longer
        role_before = role
    last = min(rows, key=lambda j: (-rows[j][0], j))
    return _own(rows[last][1], roles, cased)


def score_of(
    scores: Any, roles: Sequence[int], cased: Sequence[int], labels: Sequence[int], transitions: Any
) -> int:
    """The score of a row of labels, signs carrying the case before them."""
    row = []
    case = 0
    for label, role in zip(labels, roles, strict=True):
        case = label % 4 if cased[role] else case
        row.append(label // 4 * 4 + case)
    path = steps(row, roles, cased)
    assert path is not None
    return _total(path, scores, cased, transitions)


def _total(path: Iterable[Any], scores: Any, cased: Sequence[int], transitions: Any) -> int:
    return sum(
        int(transitions[kp][k][i][j]) + gain(scores, t, i, j, cased=bool(cased[k]))
        for t, kp, k, i, j in path
    )


def _own(row: Sequence[int], roles: Sequence[int], cased: Sequence[int]) -> list[int]:
    """Labels without the cases that were only carried."""
    return [
        label if cased[role] else label // 4 * 4 for label, role in zip(row, roles, strict=True)
    ]


# Training ---------------------------------------------------------------------------------


def count(ids: Iterable[int], sketch: list[int], bits: int) -> None:
    """Count ids by their top bits, up to 255."""
    for feature in ids:
        place = feature >> 64 - bits
        sketch[place] = min(255, sketch[place] + 1)


def locate(
    ids: Iterable[int],
    rows: dict[tuple[int, int], int],
    uses: dict[int, int],
    bits: int,
    sketch: Sequence[int],
    sketch_bits: int,
    least: int,
) -> list[int]:
    """Each id's row, -1 for none; with a sketch, frequent ones get a row while there is room."""
    out = []
    for feature in ids:
        place = (feature >> 64 - bits, (feature >> 10 & 0xFFFFFFFF) or 1)
        if sketch and place not in rows and sketch[feature >> 64 - sketch_bits] >= least:
            held = sum(bucket == place[0] for bucket, _ in rows)
            if held < 16:
                rows[place] = 16 * place[0] + held
        row = rows.get(place, -1)
        if sketch and row >= 0:
            uses[row] = uses.get(row, 0) + 1
        out.append(row)
    return out


@dataclass
class Weights:
    """What is learned, in double precision."""

    weights: NDArray[np.float64]
    transitions: NDArray[np.float64]
    squares: NDArray[np.float64]

    def _scores(self, rows: Sequence[int], first: int, edge: int, last: int) -> NDArray[Any]:
        out = np.zeros((3, 4))
        for c in range(first, last):
            if rows[c] >= 0:
                if c < edge:
                    out[0] += self.weights[rows[c], :4]
                else:
                    out[1 + (c - edge) % 2, :3] += self.weights[rows[c], :3]
        return out

    def learn(
        self,
        rows: Sequence[int],
        first: Sequence[int],
        edge: Sequence[int],
        roles: Sequence[int],
        cased: Sequence[int],
        bits: Sequence[int],
        gold: Sequence[int],
        rate: float,
        *,
        spacing: bool,
        offset: NDArray[np.float64] | None = None,
        moving: bool = True,
    ) -> float:
        """One step on one line, by weighing every row of labels; returns the line's loss.

        The offset is added to the scores; transitions learn if they are `moving`.
        """
        n = len(roles)
        scores = [self._scores(rows, first[t], edge[t], first[t + 1]) for t in range(n)]
        if offset is not None:
            scores = [own + more for own, more in zip(scores, offset, strict=True)]
        paths = []
        for row in itertools.product(*map(choices, bits)):
            path = steps(row, roles, cased)
            if path is not None:
                total = sum(
                    self.transitions[kp, k, i, j] + gain(scores, t, i, j, cased=bool(cased[k]))
                    for t, kp, k, i, j in path
                )
                right = all(
                    label == want if spacing else label % 4 == want % 4
                    for label, want in zip(row, gold, strict=True)
                )
                paths.append((total, list(path), right))
        total_all = math.fsum(math.exp(total) for total, _, _ in paths)
        total_right = math.fsum(math.exp(total) for total, _, right in paths if right)
        single = np.zeros((n, 3, 4))
        moves = np.zeros((n, 8, 8))
        for total, path, right in paths:
            weight = math.exp(total) / total_all
            if right:
                weight -= math.exp(total) / total_right
            for t, _, k, i, j in path:
                moves[t, i, j] += weight
                if j >= 4:
                    single[t, 0, 3] += weight
                if j % 4 and cased[k]:
                    single[t, 0, j % 4 - 1] += weight
                    if group(i):
                        single[t, group(i), j % 4 - 1] += weight
        for t in range(n):
            for c in range(first[t], first[t + 1]):
                which = 0 if c < edge[t] else 1 + (c - edge[t]) % 2
                if rows[c] >= 0:
                    self._step(self.weights[rows[c]], single[t, which], rate)
            if spacing and moving:
                kp, k = (roles[t - 1] if t else 0), roles[t]
                pull = np.where(abs(moves[t]) > 1e-3, moves[t], 0)
                self.squares[kp, k] += pull**2
                self.transitions[kp, k] -= rate * pull / np.sqrt(self.squares[kp, k] + 1)
        return math.log(total_all) - math.log(total_right)

    @staticmethod
    def _step(weights: NDArray[np.float64], pull: NDArray[np.float64], rate: float) -> None:
        """Adagrad: the rate falls with the gradients seen; the smallest are passed over."""
        if (pull**2).sum() > 1e-6:
            weights[4:] += pull**2
            weights[:4] -= rate * pull / np.sqrt(weights[4:] + 1)
