"""The alphabet of decisions: what case a token has, and what stands before it.

A *label* is the pair of both, as one small number: ``case + 4 * gap``. There are eight, for
of gaps the model knows SPACE and JOIN; the others are what becomes of a gap that has lost
an apostrophe (`majuscule.apostrophes`).
"""

from __future__ import annotations

from enum import IntEnum


class Case(IntEnum):
    """How a token is written.

    >>> Case.of("coalition"), Case.of("Syria"), Case.of("SDF"), Case.of("iPhone")
    (<Case.LOWER: 0>, <Case.TITLE: 1>, <Case.UPPER: 2>, <Case.MIXED: 3>)
    """

    LOWER = 0
    TITLE = 1
    UPPER = 2
    MIXED = 3

    @classmethod
    def of(cls, written: str) -> Case:
        """The case of a written form; a single capital counts as TITLE."""
        cased = [char for char in written if char.lower() != char.upper()]
        if not any(char.isupper() for char in cased):
            return cls.LOWER
        if cased[0].isupper() and not any(char.isupper() for char in cased[1:]):
            return cls.TITLE
        if all(char.isupper() for char in cased):
            return cls.UPPER
        return cls.MIXED


class Gap(IntEnum):
    """What stands between a token and the one before it."""

    SPACE = 0
    JOIN = 1
    APOSTROPHE = 2
    """An apostrophe put back, as in ``state's``."""
    APOSTROPHE_SPACE = 3
    """An apostrophe put back, and a blank, as in ``jihadists' last``."""


LABELS = len(Case) * 2


def label(case: Case, gap: Gap) -> int:
    """The number of a pair of decisions.

    >>> label(Case.TITLE, Gap.JOIN)
    5
    """
    return int(case) + len(Case) * int(gap)
