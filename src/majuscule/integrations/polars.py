"""Polars: texts in the columns of a frame restored, and in expressions.

>>> import polars as pl
>>> from majuscule.integrations.polars import expression, restore
>>> frame = pl.DataFrame({"id": [1, 2], "text": ["nato met in paris .", None]})
>>> restore(frame, ["text"], on_error="skip").rows()
[(1, 'NATO met in Paris.')]
>>> frame.lazy().with_columns(expression("text", on_error="keep")).collect().rows()
[(1, 'NATO met in Paris.'), (2, None)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from majuscule import tables
from majuscule.errors import DataError
from majuscule.faults import ON_ERROR
from majuscule.integrations import Options, check_column_rule, restorer_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from typing_extensions import Unpack

    from majuscule.restorer import Restorer


def restore(
    frame: pl.DataFrame,
    columns: Sequence[str],
    *,
    on_error: str = ON_ERROR[0],
    **options: Unpack[Options],
) -> pl.DataFrame:
    """Restore columns of a Polars frame.

    Args:
        frame: the frame; of a lazy one restore an `expression`.
        columns, on_error: as for `majuscule.tables.restore`.
        options: as for `majuscule.Restorer`; each text is a document if not told otherwise.

    Returns:
        A frame of the same schema.

    Raises:
        DataError: as `majuscule.tables.restore`; and an Enum lists what it may hold.
        MajusculeError, OSError: as `Restorer`.
    """
    return _restored(frame, columns, restorer_with(options), on_error)


def expression(
    column: str | pl.Expr, *, on_error: str = ON_ERROR[0], **options: Unpack[Options]
) -> pl.Expr:
    """Make an expression that restores a column of strings, also of a lazy frame.

    Args:
        column: its name, or an expression that gives strings.
        on_error: ``"fail"``, or ``"keep"`` for nulls that stay null; a row cannot be left out
            here.
        options: as for `restore`.

    Raises:
        MajusculeError, OSError: as `Restorer`. What `restore` raises comes when the frame is
            collected, within an error of Polars'.
    """
    import polars as pl  # noqa: PLC0415 - who calls this has it

    check_column_rule(on_error)
    restorer = restorer_with(options)

    def restored(texts: pl.Series) -> pl.Series:
        frame = texts.to_frame()
        return _restored(frame, frame.columns, restorer, on_error).to_series()

    given = pl.col(column) if isinstance(column, str) else column
    return given.map_batches(restored, return_dtype=pl.String, is_elementwise=True)


def _restored(
    frame: pl.DataFrame, columns: Sequence[str], restorer: Restorer, on_error: str
) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415 - who calls this has it

    table = frame.select(pl.exclude(pl.Object)).to_arrow(compat_level=pl.CompatLevel.newest())
    paths = tables.check(table.schema, columns)
    for column, (top, *below) in zip(columns, paths, strict=True):
        kind = frame.schema[table.schema.names[top]]
        for i in below:
            kind = kind.fields[i].dtype
        if isinstance(kind, pl.Enum):
            raise DataError(
                f"column {column!r:.80}: expected texts that may become others, got those of an"
                " Enum; cast it to String"
            )
    after, bad = tables.restored(table, columns, restorer.restore_batch, on_error=on_error)
    if on_error == "skip" and bad:
        skipped = {fault.row for fault in bad}
        frame = frame.filter(pl.Series([row not in skipped for row in range(frame.height)]))
    new = pl.from_arrow(after.select(sorted({top for top, *_ in paths})))
    return frame.with_columns(new.get_columns())
