"""Text that breaks things: all of Unicode's oddities, and what tokenisers leave, without end.

A kind of text is a function from a source of chance to a piece; a text is pieces of a kind
until it is long enough. The same seed gives the same text.

>>> write("rows of hyphens", 12, 1) == write("rows of hyphens", 12, 1)
True
>>> len(write("any code point", 1000, 2))
1000
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable
from functools import cache
from random import Random

WORDS = (  # noqa: SIM905 - easier to read than forty quotes
    "the mayor of new york said nato can not go u.s.-led al-Qaim McDonald's iPhone I i"
).split()
SIGNS = tuple(".,:;!?'’‘`\"“”„«»()[]{}-–—/\\$€%°&@#_+=*~|<>…")
ESCAPES = (  # noqa: SIM905 - as above
    "&amp; &apos; &quot; &lt; &gt; &#91; &#93; &#124; &AMP; &Apos; &amp;amp; &amp;apos; &amp;#91;"
    " & amp ; # 91 lt quot -LRB- -lrb- -rrb- -RSB- -lcb- lrb rrb @-@ @ - -- `` '' ` ' n't N'T n n’t"
    " ca t ' tis twas gon na can not &am p; &ap os;"
).split()


@cache
def _of(*categories: str) -> tuple[str, ...]:
    """Every code point of these general categories."""
    every = map(chr, range(sys.maxunicode + 1))
    return tuple(char for char in every if unicodedata.category(char).startswith(categories))


@cache
def _odd_in_case() -> tuple[str, ...]:
    """Every code point whose other cases are several characters or do not lead back to it."""
    odd = []
    for char in map(chr, range(sys.maxunicode + 1)):
        forms = (char.lower(), char.upper(), char.title(), char.casefold())
        pair = {char.lower(), char.upper()}
        if set(forms) != {char} and (
            set(forms) != pair or {f.lower() for f in pair} | {f.upper() for f in pair} != pair
        ):
            odd.append(char)
    return tuple(odd)


@cache
def _blanks() -> tuple[str, ...]:
    return tuple(char for char in map(chr, range(sys.maxunicode + 1)) if char.isspace())


JOINERS = "\u200b\u200c\u200d\u2060\u034f\ufe0e\ufe0f\u00ad\ufeff"
DIRECTIONS = "\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def _some(chance: Random, chars: str | tuple[str, ...], most: int) -> str:
    return "".join(chance.choices(chars, k=chance.randrange(1, most)))


def _word(chance: Random) -> str:
    word = chance.choice(WORDS)
    return chance.choice((word, word, word.upper(), word.title()))


def _among_words(chars: Callable[[], str | tuple[str, ...]], most: int) -> Piece:
    """Pieces of which some are words and some such characters, in and around the words."""

    def piece(chance: Random) -> str:
        word, cut = _word(chance), chance.randrange(4)
        odd = _some(chance, chars(), most)
        return word[:cut] + odd + word[cut:] + chance.choice(("", " ", " ", "\n"))

    return piece


def _marked(chance: Random) -> str:
    marks = "".join(chance.choices(_of("M"), k=chance.randrange(6)))
    return chance.choice("eEaAßıİñ中א ") + marks


def _escape(chance: Random) -> str:
    if chance.random() < 0.05:
        return "&" + "amp;" * chance.randrange(200) + chance.choice(("lt;", "apos;", "#91;", "x"))
    return chance.choice(ESCAPES) + chance.choice(("", " ", " ", " ", "\n"))


def _long(chance: Random) -> str:
    return chance.choice(("a", "Ab", "éÉ", "x1", "中", "Ⅷⓐ")) * chance.randrange(1, 2000) + " , "


def _same(chance: Random) -> str:
    return chance.choice(SIGNS) * chance.randrange(1, 3000) + "\n"


def _quotes(chance: Random) -> str:
    quotes = ("'", '"', "`", "``", "''", "’", "“", "”", "«", "»", "&quot;", "&apos;")
    between = chance.choice(("", " ", "  "))
    return between.join(chance.choices(quotes, k=chance.randrange(1, 400))) + _word(chance) + " "


def _brackets(chance: Random) -> str:
    opening, closing = chance.choice(("()", "[]", "{}", ("-lrb- ", " -rrb-"), ("( ", " )")))
    deep = chance.randrange(1, 3000)
    return opening * deep + _word(chance) + closing * chance.randrange(deep + 1) + "\n"


def _hyphens(chance: Random) -> str:
    blank = chance.choice(("", " "))
    row = chance.choice(("-", "--", "- ", "-- ", "@-@ ", "–", "---- ")) * chance.randrange(1, 300)
    return _word(chance) + blank + row + blank


def _mixed(chance: Random) -> str:
    piece = KINDS[chance.choice(list(KINDS)[:-1])](chance)
    return piece[: chance.randrange(1, 60)] + chance.choice(("", " ", " ", "\n", "\n\n"))


Piece = Callable[[Random], str]

KINDS: dict[str, Piece] = {
    "any code point": lambda chance: chr(chance.randrange(sys.maxunicode + 1)),
    "marks of direction": _among_words(lambda: DIRECTIONS + "אבגدذ", 6),
    "combining marks": _marked,
    "joiners": _among_words(lambda: JOINERS + "👩🚀🏳🌈नक", 5),
    "astral planes": lambda chance: chr(chance.randrange(0x10000, sys.maxunicode + 1)),
    "letters odd in case": _among_words(_odd_in_case, 8),
    "private and unassigned": _among_words(lambda: _of("Co", "Cn", "Cs"), 6),
    "blanks of all kinds": _among_words(_blanks, 5),
    "control characters": _among_words(lambda: _of("Cc", "Cf"), 5),
    "escapes, nested": _escape,
    "very long tokens": _long,
    "one endless token": lambda chance: chance.choice("aAéÉx1中"),
    "lines of one sign": _same,
    "rows of quotes": _quotes,
    "deep brackets": _brackets,
    "rows of hyphens": _hyphens,
    "words and signs": lambda chance: (
        chance.choice((_word(chance), chance.choice(SIGNS))) + chance.choice(("", " ", " "))
    ),
    "all of these": _mixed,
}


def write(kind: str, size: int, seed: int) -> str:
    """A text of so many characters."""
    chance = Random(f"{kind} {seed}")
    pieces, length = [], 0
    while length < size:
        pieces.append(KINDS[kind](chance))
        length += len(pieces[-1])
    return "".join(pieces)[:size]
