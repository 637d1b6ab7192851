"""The words of a line as evaluation sees them: what stands between blanks.

A restoration and its reference have the same letters but need not have the same blanks, nor
the same escapes; here the one is cut like the other.
"""

from __future__ import annotations

import re
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from majuscule.text import ABBREVIATIONS, unescape

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def words(line: str) -> list[str]:
    """A line's whitespace tokens, with the escapes in each of them undone.

    >>> words("`` he ca n't , '' -LRB- 8 @-@ 10 -RRB-")
    ['"', 'he', 'ca', "n't", ',', '"', '(', '8', '-', '10', ')']
    """
    raw = line.split()
    whole = "".join(unescape(line).split())
    if whole == "".join(raw):
        return raw
    pieces = []
    place = 0
    for token in raw:
        # Some escapes are undone between numbers alone, some between plain blanks alone.
        tried = (
            "".join(unescape(between).split())[1:-1] for between in (f"1 {token} 1", f"1{token}1")
        )
        piece = next((piece for piece in tried if whole.startswith(piece, place)), token)
        pieces.append(piece)
        place += len(piece)
    return pieces


def realign(hypothesis: str, reference: str) -> list[str] | None:
    """Cut a restored line where its reference has blanks.

    Args:
        hypothesis: the line as restored, spaced in any way.
        reference: the line as written.

    Returns:
        One piece for each of `words(reference)`; None if the letters are not the same.

    >>> realign("The U.S. - led coalition ,", "the U.S.-led coalition,")
    ['The', 'U.S.-led', 'coalition,']
    """
    return recut(words(hypothesis), words(reference))


def recut(restored: Sequence[str], gold: Sequence[str]) -> list[str] | None:
    """The same of lines that are cut into words already."""
    chars = "".join(restored)
    if not same_letters(chars, "".join(gold)):
        return None
    ends = [0, *accumulate(map(len, gold))]
    return [chars[a:b] for a, b in pairwise(ends)]


def same_letters(left: str, right: str) -> bool:
    """Whether two strings are equal but for case, character by character."""
    # One character after another: lower-casing a string at once looks at its neighbours
    # (a Greek sigma at a word's end) and need not keep its length.
    if left.isascii() and right.isascii():  # where that makes no difference, at once
        return left.lower() == right.lower()
    return len(left) == len(right) and all(
        a == b or a.lower() == b.lower() for a, b in zip(left, right, strict=True)
    )


def seams(lengths: Iterable[int]) -> set[int]:
    """Where pieces of such lengths meet, in characters from the beginning of the first.

    Of a line's words that is where it has blanks.

    >>> sorted(seams(map(len, words("No, he said ."))))
    [3, 5, 9]
    """
    return set([*accumulate(lengths)][:-1])


_PART = re.compile(r"[^\W\d_]+")


def parts(text: str) -> list[str]:
    """The runs of letters in a text, in lower case: what a vocabulary holds.

    >>> parts("The U.S.-led coalition's 25th")
    ['the', 'u', 's', 'led', 'coalition', 's', 'th']
    """
    return _PART.findall(text.lower())


_STOP = re.compile(r"[.!?\u2026][\"'\u2019\u201d)\]}]*$")
_ABBREVIATION = re.compile(r"\W*(\w|\w+(\.\w+)+|" + ABBREVIATIONS.replace(" ", "|") + r")\.")


def begins(gold: Sequence[str]) -> list[bool]:
    """Which of a line's words begin a sentence, as far as their signs tell.

    >>> line = 'He met Mr. Lee of the U.S. Army. "So?"'.split()
    >>> [word for word, does in zip(line, begins(line)) if does]
    ['He', '"So?"']
    """
    marks = []
    ended = True
    for word in gold:
        letters = any(char.isalpha() for char in word)
        marks.append(ended and letters)
        ended = ended and not letters
        if _STOP.search(word) and not _ABBREVIATION.fullmatch(word.lower()):
            ended = True
    return marks
