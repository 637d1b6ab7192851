"""Tables in files, Parquet and Arrow: read in parts, restored, and made whole again.

A part is an Arrow stream of one batch, and so is what comes of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from majuscule import parts, sources, tables
from majuscule.changes import Changes
from majuscule.errors import DataError
from majuscule.parts import Columns, Part, Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    import pyarrow as pa

    from majuscule.restorer import Restorer
    from majuscule.sources import Source

ROW_GROUP = 1 << 26
"""Bytes of a table that are written together."""

MOST_ROWS = 1 << 13
"""Rows of a table that are read together at most."""


def parquet_parts(source: Source, columns: Columns, restorer: Restorer) -> Iterator[Part]:
    """The parts of a Parquet file; at least one, for its schema."""
    del restorer
    return _parts(source, columns, _parquet_batches)


def arrow_parts(source: Source, columns: Columns, restorer: Restorer) -> Iterator[Part]:
    """The parts of an Arrow file or stream; at least one, for its schema."""
    del restorer
    return _parts(source, columns, _arrow_batches)


def _parts(
    source: Source,
    columns: Columns,
    batches: Callable[[BinaryIO, str], Iterator[tuple[float, pa.RecordBatch]]],
) -> Iterator[Part]:
    row = 0
    with sources.open_bytes(source) as file:
        for share, batch in batches(file, source.name):
            if not row:
                tables.check(batch.schema, columns.names, source.name)
            step = max(1, batch.num_rows * parts.PART // max(batch.nbytes, parts.PART))
            for first in range(0, max(batch.num_rows, 1), step):
                some = batch.slice(first, step)
                yield Part(_stream_of(some), row, int(share * (source.size or 0)))
                row += some.num_rows


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
        rows = max(1, min(MOST_ROWS, parts.PART * total // max(size, 1)))
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


def restored(part: Part, columns: Columns, restorer: Restorer, keep: bool) -> Piece:
    """What comes of a part: bad rows stay as they were, or are left out."""
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


def parquet_finished(pieces: Path, ends: Sequence[int], source: Source, out: Path) -> None:
    """Make a Parquet file of pieces, with the codec of the one that went in."""
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


def arrow_finished(pieces: Path, ends: Sequence[int], source: Source, out: Path) -> None:
    """Make an Arrow file or stream of pieces, whichever went in."""
    pa = sources.needed("pyarrow")
    with sources.open_bytes(source) as file:
        is_stream = _is_stream(file)
    batches = _batches_of(pieces, ends)
    first = next(batches)
    if is_stream:
        with pa.ipc.new_stream(str(out), first.schema) as writer:
            for batch in (first, *batches):
                writer.write_batch(batch)
        return
    # A file has one dictionary of a column for all batches. These lie in mapped memory.
    options = pa.ipc.IpcWriteOptions(unify_dictionaries=True)
    with pa.ipc.new_file(str(out), first.schema, options=options) as writer:
        writer.write_table(pa.Table.from_batches([first, *batches]))
