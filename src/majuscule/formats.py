"""What a file holds, how it is cut into parts, and how one part is restored.

A part is a few megabytes of whole records, or of whole documents of plain text, so that each
can be restored by itself, in any process. How a file is cut depends on the file alone. What
comes of its parts, one after another, is the restored file; of tables it is turned into one in
the end.
"""

from __future__ import annotations

import io
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from majuscule import corpus, records, sources, tables
from majuscule import faults as faults_of
from majuscule.changes import Changes
from majuscule.documents import Bounds
from majuscule.errors import DataError, MajusculeError
from majuscule.faults import LONGEST_FIELD, Fault
from majuscule.text import LONGEST, Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    import pyarrow as pa

    from majuscule.restorer import Restorer
    from majuscule.sources import Source

PART = 1 << 22
"""Bytes, or characters of plain text, after which a part is at an end as soon as it may be."""

LARGEST_DOCUMENT = 1 << 26
"""Bytes of a plain text that is one document, and so one part."""

LARGEST_RECORD = 1 << 28
"""Bytes of a record that can be held; none longer can be passed through."""

ROW_GROUP = 1 << 26
"""Bytes of a table that are written together."""

MOST_ROWS = 1 << 13
"""Rows of a table that are read together at most."""

BOM = b"\xef\xbb\xbf"


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
    suffix = Path(sources.split_suffix(name)[0]).suffix.lower()
    for known, form in FORMATS.items():
        if suffix in form.suffixes:
            return known
    suffixes = [suffix for form in FORMATS.values() for suffix in form.suffixes]
    raise MajusculeError(
        f"{name}: expected a name that ends in one of {', '.join(suffixes)}, before .gz, .bz2,"
        f" .xz or .zst if it is compressed; got {suffix or 'none of them'!r}; say what it holds"
        " with --format"
    )


def is_known(name: str) -> bool:
    """Whether a name says that a file is something else than plain text that can be read at once.

    >>> is_known("a.txt"), is_known("a.txt.gz"), is_known("a.csv"), is_known("a.md")
    (False, True, True, False)
    """
    bare, suffix = sources.split_suffix(name)
    known = Path(bare).suffix.lower()
    others = (form.suffixes for kind, form in FORMATS.items() if kind != "text")
    return bool(suffix) or known in chain.from_iterable(others)


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
            if bounds.line(text) and size >= PART:
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
            data = file.read(max(PART, len(rest)))
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

    def parts(source: Source, columns: Columns, restorer: Restorer) -> Iterator[Part]:
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

    return parts


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


# Tables ---------------------------------------------------------------------------------------


def _table_parts(
    batches: Callable[[BinaryIO, str], Iterator[tuple[float, pa.RecordBatch]]],
) -> Callable[[Source, Columns, Restorer], Iterator[Part]]:
    def parts(source: Source, columns: Columns, restorer: Restorer) -> Iterator[Part]:
        del restorer
        row = 0
        with sources.open_bytes(source) as file:
            for share, batch in batches(file, source.name):
                if not row:
                    tables.check(batch.schema, columns.names, source.name)
                step = max(1, batch.num_rows * PART // max(batch.nbytes, PART))
                for first in range(0, max(batch.num_rows, 1), step):
                    some = batch.slice(first, step)
                    yield Part(_stream_of(some), row, int(share * (source.size or 0)))
                    row += some.num_rows

    return parts


def _stream_of(batch: pa.RecordBatch) -> bytes:
    pa = sources.needed("pyarrow")
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(out.getvalue())


def _parquet_batches(file: BinaryIO, name: str) -> Iterator[tuple[float, pa.RecordBatch]]:
    """The rows, and which share of them all has come."""
    pq, pa = sources.needed("pyarrow.parquet"), sources.needed("pyarrow")
    try:
        table = pq.ParquetFile(file, pre_buffer=False)
        total = table.metadata.num_rows
        groups = range(table.metadata.num_row_groups)
        size = sum(table.metadata.row_group(group).total_byte_size for group in groups)
        rows = max(1, min(MOST_ROWS, PART * total // max(size, 1)))
        done = 0
        for batch in table.iter_batches(rows):
            done += batch.num_rows
            yield done / total, batch
        if not total:
            yield 1.0, pa.RecordBatch.from_pylist([], table.schema_arrow)
    except (pa.ArrowException, OSError) as error:
        raise _not_whole(name, "a Parquet file", error) from None


def _arrow_batches(file: BinaryIO, name: str) -> Iterator[tuple[float, pa.RecordBatch]]:
    pa = sources.needed("pyarrow")
    try:
        if _is_stream(file):
            reader = pa.ipc.open_stream(file)
            batches = reader
            count = 0
        else:
            reader = pa.ipc.open_file(file)
            count = reader.num_record_batches
            batches = (reader.get_batch(i) for i in range(count))
        number = 0
        for number, batch in enumerate(batches, 1):
            yield number / count if count else 0.0, batch
        if not number:
            yield 1.0, pa.RecordBatch.from_pylist([], reader.schema)
    except (pa.ArrowException, OSError) as error:
        raise _not_whole(name, "an Arrow file", error) from None


def _is_stream(file: BinaryIO) -> bool:
    magic = file.read(6)
    file.seek(0)
    return magic != b"ARROW1"


def _not_whole(name: str, what: str, error: Exception) -> DataError:
    return DataError(f"{name}: expected {what} that is whole, got: {str(error).splitlines()[0]}")


def _table_restored(part: Part, columns: Columns, restorer: Restorer, keep: bool) -> Piece:
    pa = sources.needed("pyarrow")
    (batch,) = pa.ipc.open_stream(part.data)
    counts = Changes()

    def restore(texts: Sequence[str]) -> list[str]:
        nonlocal counts
        restored, counts = restorer.restore_counted(texts)
        return restored

    rule = "keep" if keep else "skip"
    restored, faults = tables.restored(batch, columns.names, restore, on_error=rule)
    return Piece(_stream_of(restored), batch.num_rows, counts, faults)


def _batches_of(pieces: Path, ends: Sequence[int]) -> Iterator[pa.RecordBatch]:
    pa = sources.needed("pyarrow")
    with pa.memory_map(str(pieces)) as file:
        for first, last in zip([0, *ends], ends, strict=False):
            file.seek(first)
            yield from pa.ipc.open_stream(file.read_buffer(last - first))


def _parquet_finished(pieces: Path, ends: Sequence[int], source: Source, out: Path) -> None:
    pq, pa = sources.needed("pyarrow.parquet"), sources.needed("pyarrow")
    with sources.open_bytes(source) as file:
        about = pq.ParquetFile(file).metadata
    codec = "snappy"
    if about.num_row_groups and about.num_columns:
        codec = about.row_group(0).column(0).compression.lower()
    batches = _batches_of(pieces, ends)
    first = next(batches)
    waiting, size = [first], first.nbytes
    with pq.ParquetWriter(
        out, first.schema, compression="none" if codec == "uncompressed" else codec
    ) as writer:
        for batch in batches:
            if size + batch.nbytes > ROW_GROUP:
                writer.write_table(pa.Table.from_batches(waiting))
                waiting, size = [], 0
            waiting.append(batch)
            size += batch.nbytes
        writer.write_table(pa.Table.from_batches(waiting))


def _arrow_finished(pieces: Path, ends: Sequence[int], source: Source, out: Path) -> None:
    pa = sources.needed("pyarrow")
    with sources.open_bytes(source) as file:
        new = pa.ipc.new_stream if _is_stream(file) else pa.ipc.new_file
    batches = _batches_of(pieces, ends)
    first = next(batches)
    # A file has one dictionary for all its batches. These lie in mapped memory.
    options = pa.ipc.IpcWriteOptions(unify_dictionaries=True)
    with new(str(out), first.schema, options=options) as writer:
        if any(pa.types.is_dictionary(kind) for kind in first.schema.types):
            writer.write_table(pa.Table.from_batches([first, *batches]))
        else:
            for batch in (first, *batches):
                writer.write_batch(batch)


FORMATS = {
    "text": Format((".txt", ".text"), False, _text_parts, _text_restored),
    "jsonl": Format((".jsonl", ".ndjson", ".jsonlines"), True, _json_parts, _json_restored),
    "csv": Format((".csv",), True, _separated_parts(","), _separated_restored),
    "tsv": Format((".tsv", ".tab"), True, _separated_parts("\t"), _separated_restored),
    "parquet": Format(
        (".parquet", ".pq"),
        True,
        _table_parts(_parquet_batches),
        _table_restored,
        _parquet_finished,
    ),
    "arrow": Format(
        (".arrow", ".arrows", ".ipc", ".feather"),
        True,
        _table_parts(_arrow_batches),
        _table_restored,
        _arrow_finished,
    ),
}
"""By the names that users give them."""
