"""What passes between reading, restoring and writing a corpus: parts, and what comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from majuscule.changes import Changes
    from majuscule.faults import Fault

PART = 1 << 20
"""Bytes, or characters of plain text, after which a part is at an end as soon as it may be."""


class Part(NamedTuple):
    """A part of a file, to be restored by itself.

    Attributes:
        data: whole records; of tables an Arrow stream.
        row: the number of its first record in the file, from 0.
        at: how many bytes of the file had been read when it was whole.
        lead: what comes before it and is no record: a byte order mark, names of columns.
        about: what restoring it needs to know, by its format.
    """

    data: bytes
    row: int
    at: int
    lead: bytes = b""
    about: Any = None


class Piece(NamedTuple):
    """What came of a part.

    Attributes:
        data: the restored records.
        records: how many came in.
        changes: what changed in them.
        faults: the bad ones; rows are numbered from 0 in the part.
    """

    data: bytes
    records: int
    changes: Changes
    faults: list[Fault]


class Columns(NamedTuple):
    """Which columns hold text.

    Attributes:
        names: the columns' names, or their numbers from 1 where they have none.
        header: whether columns have names.
    """

    names: tuple[str, ...]
    header: bool = True
