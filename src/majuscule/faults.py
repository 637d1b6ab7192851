"""Bad records: what they are, and what becomes of them.

A record is bad if there is no text where text should be, or text that cannot be used: a null,
a number, a column that is missing, broken JSON, bytes that are not UTF-8, half of a surrogate
pair, or more than `LONGEST_FIELD` characters.
"""

from __future__ import annotations

from typing import NamedTuple

ON_ERROR = ("fail", "skip", "keep")
"""What becomes of bad records: all ends there, they are left out, or left as they were."""

LONGEST_FIELD = 1 << 23
"""Characters a field, or a line of plain text, may have."""


class Fault(NamedTuple):
    """A bad record.

    Attributes:
        row: its number, from 0 where it was found.
        column: whose value is bad; None where it is the whole record.
        why: what was expected, and what came.
    """

    row: int
    column: str | None
    why: str


def of_text(text: str) -> str | None:
    """Why a text cannot be used; None if it can.

    >>> of_text("fine")
    >>> of_text("\\ud800")
    'expected Unicode text, got half of a surrogate pair'
    """
    if len(text) > LONGEST_FIELD:
        return f"expected at most {LONGEST_FIELD:,} characters, got {len(text):,}"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return "expected Unicode text, got half of a surrogate pair"
    return None


def of_bytes(data: bytes) -> str | None:
    """Why bytes are no text that can be used; None if they are one.

    >>> of_bytes(b"caf\\xe9")
    'expected UTF-8, got byte 0xe9'
    """
    try:
        return of_text(data.decode())
    except UnicodeDecodeError as error:
        return f"expected UTF-8, got byte 0x{data[error.start]:02x}"
