"""The feature templates in plain Python: what `majuscule.features` computes, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from majuscule.text import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from reference import Token

MASK = (1 << 64) - 1
LINE_BEGIN, LINE_END = 0x1F83D9ABFB41BD6B, 0x5BE0CD19137E2179


STOPS = (Kind.PERIOD, Kind.COMMA, Kind.COLON, Kind.TERMINAL)
BARE = 24


def mix(first: int, *others: int) -> int:
    """Hash numbers one after another; the order counts."""
    for other in others:
        first = (first ^ other * 0x9E3779B97F4A7C15 & MASK) * 0xD6E8FEB86659FD93 & MASK
        first ^= first >> 32
    return first


def feature(template: int, value: int) -> int:
    """The id of a template's value."""
    value = (value + template * 0xA24BAED4963EE407) * 0x9FB21C651E98DF25 & MASK
    value ^= value >> 28
    return value * 0x9E3779B97F4A7C15 & MASK | 1


def bucket(length: int) -> int:
    """A length, rounded."""
    bounds = (8, 12, 20, 40)
    return length if length < 8 else 8 + sum(length >= bound for bound in bounds[1:])


def finish(before: int) -> int:
    """How the line before ended."""
    last = before >> 1 & 255
    if before == 0:
        return 0
    if last in (Kind.PERIOD, Kind.TERMINAL):
        return 1
    if last <= Kind.MIXTURE:
        headline = before >> 13
        return (2 if (before >> 9 & 15) < 8 else 3) + 248 * headline
    return last


def tail(token: Token) -> int:
    """The last three letters."""
    h = 7
    for char in token.word[-3:]:
        h = (h * 0x10001B3 + ord(char)) & MASK
    return h


NOTHING, CAPITAL = 4096, 2048
SPELT, DEFINED, KNOWN, RECALLED = 1, 2, 3, 4


@dataclass
class Occurrence:
    """What a document remembers of a word: the last time, and how often."""

    key: int
    left: int
    right: int
    classes: tuple[int, int]
    around: int
    count: int
    position: int
    acronym: bool


@dataclass
class Memory:
    """A document so far."""

    before: int = 0
    number: int = 0
    position: int = 0
    unstopped: int = 0
    stopped: bool = False
    bare: bool = False
    words: dict[int, Occurrence] = field(default_factory=dict)
    names: dict[int, str] = field(default_factory=dict)

    def forget(self) -> None:
        """A new document begins."""
        self.before = 0
        self.number += 1
        self.unstopped, self.stopped = 0, False
        self.words = {}
        self.names = {}


@dataclass
class Seen:
    """A line and one place in it: what a template may ask."""

    line: list[Token]
    classes: list[int]
    i: int
    style: int
    memory: Memory
    quotes: int
    opened: int
    acronyms: dict[int, int]

    @property
    def before(self) -> int:
        return self.memory.before

    def class_of(self, *steps: int) -> int:
        """The class of a word so many words away."""
        place: int | None = self.i
        for step in steps:
            if place is not None:
                place = self.word(step, place)[2]
        return NOTHING if place is None else self.classes[place]

    @property
    def begin(self) -> int:
        return mix(LINE_BEGIN, finish(self.before))

    @property
    def quoting(self) -> int:
        """Whether a quotation is open here, and whether the line's quotes are even."""
        return self.opened << 1 | self.quotes & 1

    def kind(self, away: int) -> int:
        """The kind of the token so far away, 0 beyond the line."""
        place = self.i + away
        return self.line[place].kind if 0 <= place < len(self.line) else 0

    def key(self, away: int) -> int:
        """Its key, or the line's own end on that side."""
        place = self.i + away
        if 0 <= place < len(self.line):
            return self.line[place].key
        return self.begin if away < 0 else LINE_END

    def word(self, step: int, start: int | None = None) -> tuple[int, int, int | None]:
        """The nearest word to one side: its key, the signs between, and its place if any."""
        i = self.i if start is None else start
        passed = []
        i += step
        while 0 <= i < len(self.line) and not self.line[i].is_word:
            passed.append(self.line[i].key)
            i += step
        signs = 0
        # Hashed from the word on towards this place.
        for key in reversed(passed):
            signs = mix(signs + 1 & MASK, key)
        if 0 <= i < len(self.line):
            return self.line[i].key, signs, i
        return (self.begin if step < 0 else LINE_END), signs, None

    @property
    def context(self) -> int:
        """How the line ends, how long it is, whether it opens a document."""
        return last_of(self.line) << 8 | bucket(len(self.line)) << 1 | (self.before == 0)


def last_of(line: list[Token]) -> int:
    """The kind of what ends a line, but for quotes and brackets after it."""
    i = len(line) - 1
    while i > 0 and line[i].kind in (Kind.QUOTE, Kind.CLOSING, Kind.APOSTROPHE):
        i -= 1
    return line[i].kind


Values = list[tuple[int, int]]
"""Templates' numbers with their values."""


def of_sign(seen: Seen) -> Values:
    """A sign's gap, seen from the tokens right beside it."""
    if seen.i == 0:
        return []
    token, quoting = seen.line[seen.i], seen.quoting
    p, pp, n, nn = (seen.kind(away) for away in (-1, -2, 1, 2))
    left, left2, right, right2 = (seen.key(away) for away in (-1, -2, 1, 2))
    word_left, signs_left, _ = seen.word(-1)
    word_right, signs_right, _ = seen.word(1)
    h = mix(token.key, 1)
    values = [
        (1, h),
        (2, mix(h, left)),
        (3, mix(h, right)),
        (4, mix(h, left, right)),
        (5, mix(h, left, left2)),
        (6, mix(h, right, right2)),
        (7, mix(h, p << 24 | n << 16 | pp << 8 | nn)),
        (8, mix(h, p << 8 | n)),
        (9, mix(h, p << 8 | pp)),
        (10, mix(h, n << 8 | nn)),
        (11, mix(h, quoting)),
        (12, mix(h, quoting << 16 | p << 8 | n)),
        (13, mix(h, quoting << 8 | n, left)),
        (14, mix(h, quoting << 8 | p, right)),
        (15, mix(h, tail(seen.line[seen.i - 1]), n)),
        (16, mix(h, word_left, word_right)),
        (17, mix(h, signs_left, signs_right)),
        (18, mix(h, signs_left, quoting << 8 | n)),
    ]
    if seen.style:
        h = mix(h, seen.style)
        values += [
            (90, h),
            (91, mix(h, p << 8 | n)),
            (92, mix(h, left)),
            (93, mix(h, quoting << 8 | p)),
        ]
    return values


def of_number(seen: Seen) -> Values:
    """A number's gap, open only after a sign."""
    word_left, signs_left, _ = seen.word(-1)
    word_right, signs_right, _ = seen.word(1)
    if seen.i == 0 or not signs_left:
        return []
    key, h = seen.line[seen.i].key, mix(signs_left, 2)
    around = seen.kind(-2) << 8 | seen.kind(1)
    values = [
        (20, h),
        (21, mix(h, key)),
        (22, mix(h, word_left)),
        (23, mix(h, word_left, key)),
        (24, mix(h, seen.quoting)),
        (25, mix(h, word_right, signs_right)),
        (26, mix(h, around)),
        (27, mix(h, key, around)),
    ]
    if seen.style:
        values.append((94, mix(h, seen.style)))
    return values


def of_word(seen: Seen) -> tuple[Values, list[tuple[int, int]]]:
    """A word's features, and its pairs: ``(first of two templates, value)``."""
    token, line = seen.line[seen.i], seen.line
    word, size = token.word, bucket(len(token.word))
    left, signs_left, left_at = seen.word(-1)
    right, signs_right, right_at = seen.word(1)
    left2, signs_left2 = seen.word(-1, left_at)[:2] if left_at is not None else (0, 0)
    right2, signs_right2 = seen.word(1, right_at)[:2] if right_at is not None else (0, 0)
    on_left, on_right = mix(left, signs_left), mix(right, signs_right)
    far_left = mix(on_left, left2, signs_left2)
    far_right = mix(on_right, right2, signs_right2)
    left_tail = mix(tail(line[left_at]), signs_left) if left_at is not None else signs_left
    right_tail = mix(tail(line[right_at]), signs_right) if right_at is not None else signs_right
    h = mix(token.key, 3)
    values = [
        (30, h),
        (31, mix(h, signs_left)),
        (32, mix(h, on_left)),
        (33, mix(h, on_right)),
        (34, on_left),
        (35, on_right),
        (36, mix(h, on_left, on_right)),
        (37, mix(h, far_left)),
        (38, mix(h, far_right)),
        (39, far_left),
        (40, far_right),
        (41, mix(on_left, on_right)),
        (42, mix(h, signs_right)),
        (43, mix(h, left2)),
        (44, mix(h, right2)),
        (45, left2),
        (46, right2),
        (47, token.kind << 32 | size << 24 | seen.kind(-1) << 16 | seen.kind(1)),
        (48, mix(signs_left, seen.quoting << 8 | token.kind)),
        (49, mix(seen.context, token.kind << 8 | (len(word) > 3))),
        (50, mix(h, seen.context & ~1)),
        (51, mix(left_tail, size)),
        (52, right_tail),
        (53, mix(tail(token), on_left, 5)),
        (54, mix(tail(token), on_right, 5)),
    ]
    values += [(60 + k, mix(11, *map(ord, word[: k + 1]))) for k in range(min(4, len(word)))]
    values += [(65 + k, mix(13, *map(ord, word[: -k - 2 : -1]))) for k in range(min(5, len(word)))]
    values.append((71, mix(mix(11, *map(ord, word[:4])), tail(token))))
    own, d1, d2 = seen.class_of(), seen.class_of(-1), seen.class_of(-1, -1)
    e1, e2, e3 = seen.class_of(1), seen.class_of(1, 1), seen.class_of(1, 1, 1)
    class_left, class_right = mix(d1 << 16 | own, signs_left), mix(e1 << 16 | own, signs_right)
    beside = d1 << 16 | e1
    five = d2 >> 4 << 48 | d1 >> 4 << 36 | own >> 4 << 24 | e1 >> 4 << 12 | e2 >> 4
    values += [
        (100, class_left),
        (101, class_right),
        (102, mix(class_left, class_right)),
        (103, mix(token.key, d1, signs_left)),
        (104, mix(token.key, e1, signs_right)),
        (105, mix(token.key, beside, signs_left)),
        (106, mix(beside, signs_left, signs_right)),
        (107, mix(d2 << 32 | d1 << 16 | own >> 4, signs_left)),
        (108, mix(e2 << 32 | e1 << 16 | own >> 4, signs_right)),
        (109, mix(five, signs_left, signs_right)),
        (110, mix(own, on_left)),
        (111, mix(own, on_right)),
        (112, mix(own >> 4 << 48 | e1 << 32 | e2 << 16 | e3 >> 4, signs_right)),
        (113, own),
        (114, mix(tail(token), e1, signs_right)),
        (115, mix(tail(token), d1, signs_left)),
    ]
    values += of_memory(seen)
    if seen.i == 0:
        values += [
            (72, seen.before),
            (73, mix(seen.before, token.key)),
            (74, mix(seen.context, 3)),
        ]
    if seen.style:
        h = mix(token.key, seen.style)
        values += [
            (95, h),
            (96, mix(h, on_left)),
            (97, mix(h, on_right)),
            (98, mix(signs_left + seen.style & MASK, token.kind << 8 | seen.context >> 8)),
            (116, mix(own, seen.style)),
            (117, mix(own, seen.style, d1, signs_left)),
            (118, mix(own, seen.style, e1, signs_right)),
        ]
    pairs = []
    if left_at is not None:
        g = mix(signs_left, line[left_at].role >= Kind.FIRST_WORD)
        h = mix(g, token.key)
        pairs = [
            (80, h),
            (82, mix(h, on_right)),
            (84, mix(g, tail(token), size)),
            (86, mix(g, left)),
            (88, mix(g, own)),
            (78, mix(mix(g, own), mix(e1, signs_right))),
        ]
    return values, pairs


def of_memory(seen: Seen) -> Values:
    """What the document said before of the word, which is noted at once."""
    memory, token = seen.memory, seen.line[seen.i]
    left, signs_left, _ = seen.word(-1)
    right, signs_right, _ = seen.word(1)
    own, beside = seen.class_of(), (seen.class_of(-1), seen.class_of(1))
    packed = beside[0] << 16 | beside[1]
    position = memory.position + seen.i
    place = token.key >> 50
    last = memory.words.get(place)
    values: Values = []
    if last and last.key != token.key:
        last = None  # another word took its place
    acronym = seen.acronyms.get(seen.i, 0)
    if last:
        near = sum(position - last.position >= far for far in (30, 120, 500))
        values = [
            (120, last.left),
            (121, last.right),
            (122, mix(last.around, near)),
            (123, mix(last.around, own >> 4)),
            (124, mix(last.classes[1] << 2 | near, own)),
            (125, mix(last.classes[0] << 2 | near, own)),
            (126, mix(min(last.count, 4) << 2 | near, token.kind << 10 | own >> 4)),
            (127, mix(last.classes[0] << 16 | last.classes[1], packed, own >> 4)),
        ]
        if last.acronym and not acronym:
            acronym = KNOWN
    if own >= CAPITAL:
        note_initials(seen)
    in_brackets = seen.kind(-1) == Kind.OPENING and seen.kind(1) == Kind.CLOSING
    if acronym != DEFINED and in_brackets and token.word in memory.names.values():
        acronym = RECALLED
    memory.words[place] = Occurrence(
        token.key,
        mix(left, signs_left),
        mix(right, signs_right),
        beside,
        mix(packed, signs_left, signs_right),
        last.count + 1 if last else 1,
        position,
        acronym in (DEFINED, RECALLED) or bool(last and last.acronym),
    )
    if acronym:
        h = mix(acronym, token.key)
        on_left, on_right = mix(left, signs_left), mix(right, signs_right)
        values += [
            (140, acronym),
            (141, h),
            (142, mix(acronym, on_left)),
            (143, mix(acronym, on_right)),
            (144, mix(acronym, packed)),
            (145, mix(h, beside[0])),
            (146, mix(h, beside[1])),
            (147, mix(acronym, own)),
            (148, mix(acronym, bucket(len(token.word)))),
            (149, mix(acronym, beside[0])),
            (150, mix(acronym, beside[1])),
            (151, mix(h, on_left)),
            (152, mix(h, on_right)),
        ]
    return values


def note_initials(seen: Seen) -> None:
    """Names of two to five words that begin here, by their initials."""
    letters = seen.line[seen.i].word[0]
    place: int = seen.i
    while len(letters) < 5:
        _, signs, after = seen.word(1, place)
        if after is None or signs:
            return
        place = after
        letters += seen.line[place].word[0]
        h = 0
        for letter in letters:
            h = (h + ord(letter)) * 0x9FB21C651E98DF25 & MASK
        seen.memory.names[h >> 54] = letters


def acronyms_of(line: list[Token]) -> dict[int, int]:
    """Acronyms in brackets after the words whose initials they are, and those words."""
    found: dict[int, int] = {}
    words = [i for i, token in enumerate(line) if token.is_word]
    for i, token in enumerate(line):
        if token.kind != Kind.WORD or len(token.word) > 8 or not 0 < i < len(line) - 1:
            continue
        if line[i - 1].kind != Kind.OPENING or line[i + 1].kind != Kind.CLOSING:
            continue
        wanted = token.word
        for j in reversed([j for j in words if j < i][-2 * len(token.word) :]):
            if line[j].word[0] == wanted[-1]:
                wanted = wanted[:-1]
                if not wanted:
                    found[i] = DEFINED
                    found |= dict.fromkeys(range(j, i), SPELT)
                    break
            elif len(line[j].word) > 3:
                break
    return found


def _opened(seen: Seen) -> int:
    """Whether a quotation is open after this straight quote."""
    before, after = seen.kind(-1), seen.kind(1)
    ends = (Kind.PERIOD, Kind.TERMINAL)
    if seen.i == 0 or before in (Kind.OPENING, Kind.COLON):
        return 1
    if before in ends or after in (0, *ends, Kind.COMMA, Kind.COLON, Kind.CLOSING):
        return 0
    return 1 - seen.opened


def extract(
    lines: Iterable[list[Token]],
    classes: list[int],
    document: str,
    memory: Memory,
    style: int = 0,
) -> list[tuple[list[int], list[int]]]:
    """Each token's ids: its own, and those of pairs. The memory is brought up to date."""
    out = []
    read = 0
    for line in lines:
        if document == "line" or (document == "block" and not line):
            memory.forget()
        if not line:
            continue
        quotes = sum(token.word == '"' for token in line)
        opened = 0
        own_classes, acronyms = classes[read : read + len(line)], acronyms_of(line)
        for i, token in enumerate(line):
            seen = Seen(line, own_classes, i, style, memory, quotes, opened, acronyms)
            pairs: Values = []
            if not token.is_word:
                values = of_sign(seen)
            elif token.kind == Kind.NUMBER:
                values = of_number(seen)
            else:
                values, pairs = of_word(seen)
            own = [feature(template, value) for template, value in values]
            # One for a token before that is TITLE, one for UPPER.
            after = [feature(template + k, value) for template, value in pairs for k in (0, 1)]
            out.append((own, after))
            if token.word == '"':
                opened = _opened(seen)
        first = memory.before == 0
        for token in line:
            memory.stopped |= token.kind in STOPS
            memory.unstopped += not memory.stopped
        last = last_of(line)
        if memory.bare and memory.unstopped >= BARE and not memory.stopped and last <= Kind.MIXTURE:
            last = Kind.PERIOD
        memory.before = 1 | last << 1 | bucket(len(line)) << 9 | first << 13
        memory.position += len(line)
        read += len(line)
    return out
