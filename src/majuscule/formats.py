"""What a file holds, how it is cut into parts, and how one part is restored.

A part is a megabyte of whole records, or of whole documents of plain text, so that each
can be restored by itself, in any process. How a file is cut depends on the file alone. What
comes of its parts, one after another, is the restored file; of tables it is turned into one in
the end.
"""

from __future__ import annotations

import io
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from majuscule import corpus, parts, records, sources, tabular
from majuscule import faults as faults_of
from majuscule.changes import Changes
from majuscule.documents import Bounds
from majuscule.errors import DataError, MajusculeError
from majuscule.faults import LONGEST_FIELD, Fault
from majuscule.parts import Columns, Part, Piece
from majuscule.text import LONGEST, Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from majuscule.restorer import Restorer
    from majuscule.sources import Source

LARGEST_DOCUMENT = 1 << 26
"""Bytes of a plain text that is one document, and so one part."""

LARGEST_RECORD = 1 << 28
"""Bytes of a record that can be held; none longer can be passed through."""

BOM = b"\xef\xbb\xbf"


class Format(NamedTuple):
    """What can be done with files of a kind.

    Attributes:
        suffixes: how their names end, without a compression's.
        columns: whether columns are to be named.
        parts: cuts a file.
        restored: restores a part; with whatever is at fault left out, or as it was.
        finished: makes a file of what came of its parts; None where it is one already.
    """

    suffixes: tuple[str, ...]
    columns: bool
    parts: Callable[[Source, Columns, Restorer], Iterator[Part]]
    restored: Callable[[Part, Columns, Restorer, bool], Piece]
    finished: Callable[[Path, Sequence[int], Source, Path], None] | None = None


def of(name: str, chosen: str | None = None) -> str:
    """The name of a file's format.

    Args:
        name: the file's.
        chosen: a format, if it was chosen; None goes by the suffix.

    Raises:
        MajusculeError: the suffix tells of none.

    >>> of("a/b.jsonl.gz"), of("b.PARQUET"), of("c.dat", "csv")
    ('jsonl', 'parquet', 'csv')
    """
    if chosen is not None:
        return chosen
    if known := by_suffix(name):
        return known
    suffix = Path(sources.split_suffix(name)[0]).suffix.lower()
    suffixes = [suffix for form in FORMATS.values() for suffix in form.suffixes]
    raise MajusculeError(
        f"{name}: expected a name that ends in one of {', '.join(suffixes)}, before .gz, .bz2,"
        f" .xz or .zst if it is compressed; got {suffix or 'none of them'!r}; say what it holds"
        " with --format"
    )


def by_suffix(name: str) -> str | None:
    """The format that a name tells of, whatever the file is compressed with; None if it tells none.

    >>> by_suffix("a.TSV.xz"), by_suffix("a.md")
    ('tsv', None)
    """
    suffix = Path(sources.split_suffix(name)[0]).suffix.lower()
    return next((known for known, form in FORMATS.items() if suffix in form.suffixes), None)


def is_known(name: str) -> bool:
    """Whether a name says that a file is something else than plain text that can be read at once.

    >>> is_known("a.txt"), is_known("a.txt.gz"), is_known("a.csv"), is_known("a.md")
    (False, True, True, False)
    """
    return bool(sources.split_suffix(name)[1]) or by_suffix(name) not in {None, "text"}


# Plain text -----------------------------------------------------------------------------------


def _text_parts(source: Source, columns: Columns, restorer: Restorer) -> Iterator[Part]:
    del columns  # it has none
    with sources.open_bytes(source) as file:
        naturally = restorer.begins_naturally(corpus.pieces(file, source.name, "replace"))
    bounds = Bounds(restorer.document)
    whole = restorer.document == Document.FILE
    begun: list[bytes] = []
    size = row = 0
    with sources.open_bytes(source) as file:
        for number, line in enumerate(_lines(file, source.name)):
            text = line.decode("utf-8", "surrogateescape")
            if bounds.line(text) and size >= parts.PART:
                yield Part(b"".join(begun), row, file.consumed, b"", naturally)
                begun, size, row = [], 0, number
            begun.append(line)
            size += len(text)
            if whole and size > LARGEST_DOCUMENT:
                raise DataError(
                    f"{source.name}: expected at most {LARGEST_DOCUMENT:,} characters in a"
                    " document, got more; choose another --document than file, or stream it with"
                    " majuscule restore"
                )
        if begun:
            yield Part(b"".join(begun), row, file.consumed, b"", naturally)


def _lines(file: BinaryIO, name: str) -> Iterator[bytes]:
    """All lines of a file.

    Raises:
        DataError: one is too long to be held.
    """
    number = 0
    while line := file.readline(LONGEST + 1):
        number += 1
        if len(line) > LONGEST:
            raise DataError(
                f"{name}: line {number}: expected at most {LONGEST:,} bytes in a line, got more;"
                " break it into lines"
            )
        yield line


def _text_restored(part: Part, columns: Columns, restorer: Restorer, keep: bool) -> Piece:
    del columns
    lines, faults = [part.data], []
    if len(part.data) > LONGEST_FIELD or not _is_text(part.data):
        lines = list(records.lines(part.data))
        whys = [faults_of.of_bytes(line) for line in lines]
        faults = [Fault(row, None, why) for row, why in enumerate(whys) if why]
        lines = [b"" if why else line for line, why in zip(lines, whys, strict=True)]
    file = io.BytesIO(b"".join(lines))
    restored, counts = [], Changes()
    for text, changes in restorer.stream_counted(corpus.pieces(file, ""), naturally=part.about):
        restored.append(text.encode())
        counts += changes
    data = b"".join(restored)
    if faults and keep:
        data = _woven(part.data, data, {fault.row for fault in faults})
    count = part.data.count(b"\n") + (not part.data.endswith(b"\n"))
    return Piece(data, count, counts, faults)


def _is_text(data: bytes) -> bool:
    with suppress(UnicodeDecodeError):
        data.decode()
        return True
    return False


def _woven(before: bytes, restored: bytes, kept: set[int]) -> bytes:
    """Restored lines, and between them those that are kept as they were."""
    after = records.lines(restored)
    lines = enumerate(records.lines(before))
    return b"".join(line if row in kept else next(after) for row, line in lines)


# Records in lines -----------------------------------------------------------------------------


def _blocks(
    source: Source, cut: Callable[[bytes, bool], tuple[int, int]]
) -> Iterator[tuple[bytes, int, int]]:
    """A file in blocks of whole records, how many these are, and how much of it has been read.

    Args:
        source: the file.
        cut: where the last whole record in some bytes ends, and how many there are; the second
            argument says that no more will come.
    """
    rest = b""
    with sources.open_bytes(source) as file:
        while True:
            # A long record is not looked through too often.
            data = file.read(max(parts.PART, len(rest)))
            rest += data
            at, count = cut(rest, not data)
            if at:
                yield rest[:at], count, file.consumed
                rest = rest[at:]
            if not data:
                return
            if len(rest) > LARGEST_RECORD:
                raise DataError(
                    f"{source.name}: expected at most {LARGEST_RECORD:,} bytes in a record, got"
                    " more; does a quote not close, or is this no such file?"
                )


def _json_parts(source: Source, columns: Columns, restorer: Restorer) -> Iterator[Part]:
    del columns, restorer

    def cut(data: bytes, final: bool) -> tuple[int, int]:
        at = len(data) if final else data.rfind(b"\n") + 1
        return at, data.count(b"\n", 0, at)

    row = 0
    for block, count, at in _blocks(source, cut):
        lead = BOM if row == 0 and block.startswith(BOM) else b""
        yield Part(block[len(lead) :], row, at, lead)
        row += count


def _json_restored(part: Part, columns: Columns, restorer: Restorer, keep: bool) -> Piece:
    return _written(part, records.json_lines(part.data, columns.names), restorer, keep)


def _written(part: Part, found: records.Found, restorer: Restorer, keep: bool) -> Piece:
    restored, changes = restorer.restore_counted(found.texts)
    data = part.lead + found.written(restored, keep=keep)
    return Piece(data, found.records, changes, found.faults)


def _separated_parts(delimiter: str) -> Callable[[Source, Columns, Restorer], Iterator[Part]]:
    def cut(data: bytes, final: bool) -> tuple[int, int]:
        return records.whole_records(data, delimiter, final=final)

    def cut_into_parts(source: Source, columns: Columns, restorer: Restorer) -> Iterator[Part]:
        del restorer
        row = 0
        about: tuple[Mapping[int, str], str, int] | None = None
        for block, count, at in _blocks(source, cut):
            lead = b""
            first = row
            if about is None:
                lead = BOM if block.startswith(BOM) else b""
                names, size = records.first_record(block[len(lead) :], delimiter)
                about = _places(source, columns, names), delimiter, len(names)
                if columns.header:
                    lead = block[: len(lead) + size]
                    first = 1
            yield Part(block[len(lead) :], first, at, lead, about)
            row += count

    return cut_into_parts


def _places(source: Source, columns: Columns, names: Sequence[str]) -> dict[int, str]:
    """Where the columns of text are, and their names."""
    if columns.header:
        places = {place: name for place, name in enumerate(names) if name in columns.names}
        missing = [name for name in columns.names if name not in places.values()]
        there = ", ".join(names)
    else:
        wanted = {name: int(name) if name.isdecimal() else 0 for name in columns.names}
        places = {number - 1: name for name, number in wanted.items()}
        missing = [name for name, number in wanted.items() if not 1 <= number <= len(names)]
        there = f"1 to {len(names)}"
    if missing:
        raise DataError(
            f"{source.name}: expected a column {missing[0]!r:.80}, found {there:.400}; name one of"
            " these with --column"
        )
    return places


def _separated_restored(part: Part, columns: Columns, restorer: Restorer, keep: bool) -> Piece:
    del columns  # their places are known
    found = records.separated(part.data, *part.about)
    return _written(part, found, restorer, keep)


FORMATS = {
    "text": Format((".txt", ".text"), False, _text_parts, _text_restored),
    "jsonl": Format((".jsonl", ".ndjson", ".jsonlines"), True, _json_parts, _json_restored),
    "csv": Format((".csv",), True, _separated_parts(","), _separated_restored),
    "tsv": Format((".tsv", ".tab"), True, _separated_parts("\t"), _separated_restored),
    "parquet": Format(
        (".parquet", ".pq"),
        True,
        tabular.parquet_parts,
        tabular.restored,
        tabular.parquet_finished,
    ),
    "arrow": Format(
        (".arrow", ".arrows", ".ipc", ".feather"),
        True,
        tabular.arrow_parts,
        tabular.restored,
        tabular.arrow_finished,
    ),
}
"""By the names that users give them."""
