"""Spark: texts in the columns of a data frame, restored on a cluster.

>>> from majuscule.integrations.spark import restore
>>> df = spark.read.parquet("corpus")  # doctest: +SKIP
>>> restore(df, ["text"]).write.parquet("restored")  # doctest: +SKIP
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from majuscule import tables
from majuscule.errors import DataError
from majuscule.faults import ON_ERROR
from majuscule.integrations import Options, check_column_rule, restorer_with
from majuscule.integrations.pandas import restored as restored_series

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    import pyarrow as pa
    from pyspark.sql import DataFrame
    from pyspark.sql.types import DataType, StructType
    from typing_extensions import Unpack


def restore(
    df: DataFrame,
    columns: Sequence[str],
    *,
    on_error: str = ON_ERROR[0],
    **options: Unpack[Options],
) -> DataFrame:
    """Restore columns of a Spark data frame, lazily, as Spark does all things.

    Args:
        df: the data frame.
        columns, on_error: as for `majuscule.tables.restore`.
        options: as for `majuscule.Restorer`; each text is a document if not told otherwise.

    Returns:
        A data frame of the same schema; rows stay in their order and partitions.

    Raises:
        DataError: there is no such column, or it holds no text.
        MajusculeError, OSError: as `Restorer`. What else `majuscule.tables.restore` raises
            comes when the data frame is computed, within an error of Spark's; it tells the
            partition and the row in it.
    """
    tables.check_asked(columns, on_error)
    restorer = restorer_with(options)
    _check(df.schema, columns)

    def restored(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in batches:
            with _placed(f", after {rows} rows"):
                yield tables.restore(batch, columns, restorer, on_error=on_error)
            rows += batch.num_rows

    return df.mapInArrow(restored, df.schema)


def udf(*, on_error: str = ON_ERROR[0], **options: Unpack[Options]) -> Any:  # noqa: ANN401 - Spark has no name for it
    """Make a pandas UDF that restores a column of strings.

    Args:
        on_error: ``"fail"``, or ``"keep"`` for nulls that stay null; a row cannot be left out
            here.
        options: as for `restore`.

    Returns:
        A function of a column.

    Raises:
        MajusculeError, OSError: as `Restorer`.

    >>> from majuscule.integrations.spark import udf
    >>> df.withColumn("text", udf(on_error="keep")("text"))  # doctest: +SKIP
    """
    import pandas as pd  # noqa: PLC0415 - Spark needs it for this, too
    from pyspark.sql.functions import pandas_udf  # noqa: PLC0415 - who calls this has it

    check_column_rule(on_error)
    restorer = restorer_with(options)

    def restored(texts: pd.Series) -> pd.Series:
        with _placed():
            return restored_series(texts, None, restorer, on_error=on_error)

    # Spark looks for the types themselves, whose names it does not know.
    restored.__annotations__ = {"texts": pd.Series, "return": pd.Series}
    return pandas_udf(restored, "string")


@contextmanager
def _placed(where: str = "") -> Iterator[None]:
    """Let errors say in which partition they came up."""
    from pyspark import TaskContext  # noqa: PLC0415 - who calls this has it

    try:
        yield
    except DataError as error:
        context = TaskContext.get()
        assert context, "only a task restores anything"
        raise DataError(f"partition {context.partitionId()}{where}: {error}") from None


def _check(schema: StructType, columns: Sequence[str]) -> None:
    """See that there are such columns of strings, before anything is computed."""
    from pyspark.sql.types import StringType  # noqa: PLC0415 - who calls this has it

    for column in columns:
        kind = _type_of(schema, column)
        if not isinstance(kind, StringType):
            found = kind.simpleString() if kind else "none"
            raise DataError(
                f"column {column!r:.80}: expected strings, found {found}; the columns are"
                f" {schema.simpleString():.400}"
            )


def _type_of(schema: Any, column: str) -> DataType | None:  # noqa: ANN401 - maybe no struct
    if column in getattr(schema, "names", ()):
        return schema[column].dataType
    for field in getattr(schema, "fields", ()):
        if column.startswith(f"{field.name}."):
            return _type_of(field.dataType, column[len(field.name) + 1 :])
    return None
