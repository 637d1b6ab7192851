"""Arrow tables: the texts in some of their columns restored, all else as it was.

This is what engines call, on one machine or many: a batch in, a batch of the same schema out.

>>> import pyarrow as pa
>>> from majuscule import Restorer
>>> batch = pa.record_batch({"id": [1], "text": ["nato met in paris ."]})
>>> restore(batch, ["text"], Restorer(document="file")).to_pylist()
[{'id': 1, 'text': 'NATO met in Paris.'}]
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from itertools import pairwise
from numbers import Integral
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from majuscule import faults
from majuscule.errors import DataError, MajusculeError
from majuscule.faults import LONGEST_FIELD, ON_ERROR, Fault
from majuscule.sources import needed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from majuscule.restorer import Restorer

    Batch = TypeVar("Batch", pa.RecordBatch, pa.Table)
else:
    Batch = TypeVar("Batch")

WHOLE_DICTIONARY = 1 << 10
"""Values that a dictionary may have to be restored as a whole, and so alike in all batches; of
a larger one only what a batch uses is restored, and stays in it."""


def restore(
    batch: Batch, columns: Sequence[str], restorer: Restorer, *, on_error: str = ON_ERROR[0]
) -> Batch:
    """Restore the texts in columns of a record batch or a table.

    Args:
        batch: a `pyarrow.RecordBatch` or a `pyarrow.Table`.
        columns: the columns' names; ``a.b`` is the field ``b`` of the struct ``a``, if no
            column has that name. They hold strings of any kind, also as dictionaries.
        restorer: restores them, each value by itself.
        on_error: what becomes of rows without a text: ``"fail"``, ``"skip"`` or ``"keep"``.

    Returns:
        The same rows, in columns of the same types and order; without the bad rows, if these
        are to be skipped.

    Raises:
        DataError: there is no such column, or it holds no text; or a row is bad and that is
            not allowed.
    """
    return restored(batch, columns, restorer.restore_batch, on_error=on_error)[0]


def restored(
    batch: Batch,
    columns: Sequence[str],
    restore: Callable[[list[str]], list[str]],
    *,
    on_error: str = ON_ERROR[0],
) -> tuple[Batch, list[Fault]]:
    """Restore with any function, and say what was bad.

    Args:
        batch, columns, on_error: as for `restore`.
        restore: gives as many texts as it gets; called once.

    Returns:
        The batch, and the bad rows, numbered from 0: of each the first thing that is wrong.

    Raises:
        DataError: as `restore`.
    """
    check_asked(columns, on_error)
    paths = dict(zip(columns, check(batch.schema, columns), strict=True))
    found = {name: _found(batch, path) for name, path in paths.items()}
    bad = _bad(
        Fault(row, name, why)
        for name, some in found.items()
        for texts in some
        for row, why in texts.faults()
    )
    rows = {fault.row for fault in bad}
    if bad and on_error == "fail":
        raise _refused(bad[0], batch.num_rows, _others(batch, bad[0].row, paths))
    wanted = [texts.wanted(rows) for some in found.values() for texts in some]
    after = iter(_afterwards(wanted, restore))
    for name, (top, *path) in paths.items():
        arrays = [
            _put(array, path, texts.written(next(after), rows if on_error == "keep" else set()))
            for array, texts in zip(_arrays(batch, top), found[name], strict=True)
        ]
        field = batch.schema.field(top)
        batch = batch.set_column(top, field, _column(batch, arrays, field.type))
    return (_without(batch, rows) if on_error == "skip" else batch), bad


def restored_lists(
    batch: Mapping[str, Sequence[Any]],
    columns: Sequence[str],
    restore: Callable[[list[str]], list[str]],
    *,
    on_error: str = ON_ERROR[0],
) -> tuple[dict[str, list[Any]], list[Fault]]:
    """The same for columns of Python's values, of which those that are no `str` are bad.

    Args:
        batch: columns of the same length; where a column is a struct, its values are mappings.
        columns, restore, on_error: as for `restored`.

    Returns:
        The columns with texts, not the others, and the bad rows, as `restored` does.

    Raises:
        DataError: as `restore`.

    >>> batch = {"n": [1, 2, 3], "a": ["one", "two", None]}
    >>> restored_lists(batch, ["a"], lambda texts: texts, on_error="skip")
    ({'a': ['one', 'two']}, [Fault(row=2, column='a', why='expected text, got null')])
    """
    check_asked(columns, on_error)
    paths = {name: _keys(batch, name) for name in columns}
    values = {
        name: [_value_of(value, key) for value in batch[top]] if key else list(batch[top])
        for name, (top, key) in paths.items()
    }
    count = max(map(len, values.values()), default=0)
    bad = _bad(
        Fault(row, name, why)
        for name, some in values.items()
        for row, value in enumerate(some)
        if (why := _why(value))
    )
    rows = {fault.row for fault in bad}
    if bad and on_error == "fail":
        tops = {top for top, *_ in paths.values()}
        others = {name: some[bad[0].row] for name, some in batch.items() if name not in tops}
        raise _refused(bad[0], count, others)
    wanted = [
        [None if row in rows else value for row, value in enumerate(some)]
        for some in values.values()
    ]
    new = {top: list(batch[top]) for top, _ in paths.values()}
    for (top, key), after in zip(paths.values(), _afterwards(wanted, restore), strict=True):
        new[top] = [
            old if text is None else _with_text(old, key, text)
            for old, text in zip(new[top], after, strict=True)
        ]
    if on_error == "skip" and rows:
        new = {
            top: [value for row, value in enumerate(some) if row not in rows]
            for top, some in new.items()
        }
    return new, bad


def check(schema: pa.Schema, columns: Sequence[str], name: str = "") -> list[tuple[int, ...]]:
    """Find the columns of text in a schema.

    Args:
        schema: a batch's.
        columns: as for `restore`.
        name: what error messages call the file, if it is one.

    Returns:
        Where each is: its number, and those of the fields below it that lead to the text.

    Raises:
        DataError: there is no such column, or it holds no text.
        MajusculeError: columns are not named one by one, or one is named twice.

    >>> import pyarrow as pa
    >>> check(pa.schema({"id": pa.int8(), "meta": pa.struct({"body": pa.string()})}), ["meta.body"])
    [(1, 0)]
    """
    check_asked(columns)
    found = []
    for column in columns:
        path = _path(list(schema), column)
        there = ", ".join(_leaves(schema))
        if path is None:
            raise DataError(
                f"{name and name + ': '}expected one column {column!r:.80}, found {there:.400};"
                " name one of these"
            )
        kind = schema.field(path[0]).type
        for i in path[1:]:
            kind = kind.field(i).type
        if not _is_text(kind):
            raise DataError(
                f"{name and name + ': '}column {column!r:.80}: expected string, large_string,"
                f" string_view or a dictionary of these, got {kind}; found {there:.400}; name"
                " columns of text"
            )
        found.append(path)
    return found


# Names of columns -----------------------------------------------------------------------------


def check_asked(columns: Sequence[str], on_error: str = ON_ERROR[0]) -> None:
    """See that there is sense in what is asked for, before there is a table.

    Raises:
        MajusculeError: columns are not named one by one, or one is named twice; or there is no
            such way with bad rows.
    """
    if on_error not in ON_ERROR:
        raise MajusculeError(
            f"expected on_error to be one of {', '.join(ON_ERROR)}; got {on_error!r}"
        )
    if isinstance(columns, str) or len(set(columns)) < len(columns):
        raise MajusculeError(
            f"expected the columns' names one by one, each once; got {columns!r:.200}"
        )


def _path(fields: Sequence[pa.Field], column: str) -> tuple[int, ...] | None:
    names = [field.name for field in fields]
    if column in names:
        return (names.index(column),) if names.count(column) == 1 else None
    for i, field in enumerate(fields):
        if column.startswith(f"{field.name}.") and _is_struct(field.type):
            below = _path(list(field.type), column[len(field.name) + 1 :])
            if below:
                return i, *below
    return None


def _leaves(fields: Iterable[pa.Field], above: str = "") -> Iterator[str]:
    for field in fields:
        if _is_struct(field.type):
            yield from _leaves(field.type, f"{above}{field.name}.")
        else:
            yield f"{above}{field.name} ({field.type})"


def _is_struct(kind: pa.DataType) -> bool:
    return bool(needed("pyarrow").types.is_struct(kind))


def _is_text(kind: pa.DataType) -> bool:
    types = needed("pyarrow").types
    if types.is_dictionary(kind):
        kind = kind.value_type
    # A column of nothing but nulls is one that nobody could know the type of.
    asked = types.is_string, types.is_large_string, types.is_string_view, types.is_null
    return any(of_type(kind) for of_type in asked)


# Rows -----------------------------------------------------------------------------------------


def _bad(found: Iterable[Fault]) -> list[Fault]:
    """The first fault of each row, in the order of rows."""
    first: dict[int, Fault] = {}
    for fault in found:
        first.setdefault(fault.row, fault)
    return [first[row] for row in sorted(first)]


def _refused(fault: Fault, count: int, others: Mapping[str, object]) -> DataError:
    """What to raise; other values of the row tell which one it is where rows have no numbers."""
    seen = [
        f"{name!s:.40} {value[:40]!r}" if isinstance(value, str) else f"{name!s:.40} {value}"
        for name, value in others.items()
        if isinstance(value, (Integral, str))
    ]
    row = ", ".join((f"row {fault.row + 1} of {count}", *seen[:3]))
    return DataError(
        f"{row}: column {fault.column!r:.80}: {fault.why}; mend it, or leave such rows out with"
        " on_error='skip', or as they are with on_error='keep'"
    )


def _afterwards(
    wanted: Sequence[list[str | None]], restore: Callable[[list[str]], list[str]]
) -> list[list[str | None]]:
    """Lists of texts restored, all at once; a None stays one."""
    texts = [text for some in wanted for text in some if text is not None]
    after = restore(texts)
    if len(after) != len(texts):
        raise MajusculeError(f"expected {len(texts)} restored texts, got {len(after)}")
    rest = iter(after)
    return [[None if text is None else next(rest) for text in some] for some in wanted]


# Python's values ------------------------------------------------------------------------------


def _keys(batch: Mapping[str, object], column: str) -> tuple[str, str]:
    """The name of a column, and of what is below it, if the text is."""
    if column in batch:
        return column, ""
    for name in batch:
        if column.startswith(f"{name}."):
            return name, column[len(name) + 1 :]
    raise DataError(
        f"expected a column {column!r:.80}, found {', '.join(map(str, batch)):.400}; name one of"
        " these"
    )


def _value_of(value: object, key: str) -> object:
    """What is below a key with dots; None if nothing is."""
    while isinstance(value, Mapping):
        if key in value:
            return value[key]
        head, _, key = key.partition(".")
        value = value.get(head)
    return None


def _with_text(value: Any, key: str, text: str) -> Any:  # noqa: ANN401 - whatever is in a column
    """The value with this text below the key, or this text if there is none."""
    if not key:
        return text
    if key in value:
        return {**value, key: text}
    head, _, rest = key.partition(".")
    return {**value, head: _with_text(value[head], rest, text)}


def _why(value: object) -> str | None:
    """Why a value is no text that can be used; None if it is one."""
    if isinstance(value, str):
        return faults.of_text(value)
    # Where there is no text, pandas may have a float that is no number, or an object of its own.
    null = value is None or type(value).__name__ == "NAType" or value != value  # noqa: PLR0124
    return f"expected text, got {'null' if null else type(value).__name__}"


# Arrow's --------------------------------------------------------------------------------------


def _arrays(batch: pa.RecordBatch | pa.Table, column: int) -> list[pa.Array]:
    found = batch.column(column)
    return [found] if isinstance(found, needed("pyarrow").Array) else found.chunks


def _column(
    batch: pa.RecordBatch | pa.Table, arrays: list[pa.Array], kind: pa.DataType
) -> pa.Array | pa.ChunkedArray:
    """What `_arrays` is of."""
    pa = needed("pyarrow")
    return arrays[0] if isinstance(batch, pa.RecordBatch) else pa.chunked_array(arrays, kind)


def _found(batch: pa.RecordBatch | pa.Table, path: Sequence[int]) -> list[_Texts]:
    found = []
    row = 0
    for array in _arrays(batch, path[0]):
        found.append(_Texts(array, path[1:], row))
        row += len(array)
    return found


class _Texts:
    """The texts in an array, or in an array below it.

    Of a dictionary these are its values, of which rows have the numbers.

    Args:
        array: a column's, or a part of it.
        path: numbers of fields that lead to the texts.
        row: the number of its first row in the batch.
    """

    def __init__(self, array: pa.Array, path: Sequence[int], row: int) -> None:
        pa = needed("pyarrow")
        self._row = row
        # A field of a struct has values of its own, also where the struct is null.
        self._old = visible = array
        for i in path:
            self._old, visible = self._old.field(i), visible.flatten()[i]
        self._of_row: NDArray[np.int64] | None = None
        self._null = np.zeros(0, dtype=bool)
        if isinstance(visible, pa.DictionaryArray):
            self._null = np.asarray(visible.indices.is_null())
            self._of_row = np.asarray(visible.indices.fill_null(0)).astype(np.int64)
            visible = visible.dictionary
        self._values, self._whys = _read(visible)

    def faults(self) -> Iterator[tuple[int, str]]:
        """The rows that have no text that can be used, and why."""
        if self._of_row is None:
            for row, why in self._whys.items():
                yield self._row + row, why
            return
        bad = self._null | np.isin(self._of_row, list(self._whys))
        for row in np.flatnonzero(bad).tolist():
            null = self._null[row]
            why = "expected text, got null" if null else self._whys[int(self._of_row[row])]
            yield self._row + row, why

    def wanted(self, bad: set[int]) -> list[str | None]:
        """The texts, without those of rows that are bad for whatever reason."""
        if self._of_row is None:
            if not bad:
                return self._values
            return [
                None if row in bad else text for row, text in enumerate(self._values, self._row)
            ]
        if len(self._values) <= WHOLE_DICTIONARY:
            return self._values
        good = np.ones(len(self._of_row), dtype=bool)
        good[self._within(bad)] = False
        used = np.zeros(len(self._values), dtype=bool)
        used[self._of_row[good]] = True
        return [
            text if use else None for text, use in zip(self._values, used.tolist(), strict=True)
        ]

    def written(self, new: list[str | None], kept: set[int]) -> pa.Array:
        """The array with these texts.

        Args:
            new: of each of `wanted` what it is now, or None where it stays.
            kept: rows that stay as they were.
        """
        pa = needed("pyarrow")
        if self._of_row is None:
            return _array(self._old, self._values, new)
        old = self._old.dictionary
        before = old.view(_bytes_of(old.type)).to_pylist()
        whole = len(new) <= WHOLE_DICTIONARY
        numbers: dict[bytes | None, int] = {}  # values that became the same are one
        number_of = np.full(len(new) + 1, -1, dtype=np.int64)
        for i, (value, text) in enumerate(zip(before, new, strict=True)):
            if whole or text is not None:
                now = value if text is None else text.encode()
                number_of[i] = numbers.setdefault(now, len(numbers))
        of_row = number_of[self._of_row]
        for row in self._within(kept):
            if not self._null[row]:
                value = before[self._of_row[row]]
                of_row[row] = numbers.setdefault(value, len(numbers))
        # Of rows that will be left out nothing may have stayed that they could point to.
        null = self._null | (of_row < 0)
        kind = self._old.type
        try:
            indices = pa.array(of_row, kind.index_type, mask=null)
        except pa.ArrowInvalid:
            raise DataError(
                f"expected as few values as {kind.index_type} can number in a dictionary, got"
                f" {len(numbers)}, restored and kept ones; decode the dictionary first"
            ) from None
        values = pa.array(list(numbers), _bytes_of(old.type)).view(old.type)
        return pa.DictionaryArray.from_arrays(indices, values, ordered=kind.ordered)

    def _within(self, rows: set[int]) -> list[int]:
        """Rows of the batch that are here, numbered from 0."""
        return [row - self._row for row in rows if 0 <= row - self._row < len(self._old)]


def _read(array: pa.Array) -> tuple[list[str | None], dict[int, str]]:
    """The values of an array, None where there is no text that can be used; and why not."""
    whys: dict[int, str] = {}
    try:
        values = array.to_pylist()
    except UnicodeDecodeError:
        data = array.view(_bytes_of(array.type)).to_pylist()
        whys = {
            i: why
            for i, value in enumerate(data)
            if value is not None and (why := faults.of_bytes(value))
        }
        values = [
            None if value is None or i in whys else value.decode() for i, value in enumerate(data)
        ]
    if array.null_count:
        nulls = np.flatnonzero(np.asarray(array.is_null())).tolist()
        whys |= dict.fromkeys(nulls, "expected text, got null")
    if max(map(len, filter(None, values)), default=0) > LONGEST_FIELD:
        for i, value in enumerate(values):
            if value is not None and (why := faults.of_text(value)):
                whys[i], values[i] = why, None
    return values, whys


def _array(old: pa.Array, values: list[str | None], new: list[str | None]) -> pa.Array:
    """An array with other texts, where there is one."""
    pa = needed("pyarrow")
    if new == values:
        return old
    made = pa.array(new, old.type)
    if None in new:
        # What stays may be no UTF-8.
        data = old.view(_bytes_of(old.type)).to_pylist()
        both = [was if text is None else text.encode() for was, text in zip(data, new, strict=True)]
        made = pa.array(both, _bytes_of(old.type))
    if isinstance(made, pa.ChunkedArray):
        raise DataError(
            f"expected at most 2 GiB of text in a batch, got more; make batches smaller, or"
            f" columns of large_string of those of {old.type}"
        )
    return made.view(old.type)


def _bytes_of(kind: pa.DataType) -> pa.DataType:
    """The type of the same layout whose values need not be UTF-8."""
    pa = needed("pyarrow")
    known = {
        pa.string(): pa.binary(),
        pa.large_string(): pa.large_binary(),
        pa.string_view(): pa.binary_view(),
    }
    return known.get(kind, kind)


def _put(array: pa.Array, path: Sequence[int], leaf: pa.Array) -> pa.Array:
    """An array with another field below it, or that field if no path leads there."""
    if not path:
        return leaf
    fields = list(array.type)
    below = [array.field(i) for i in range(len(fields))]
    below[path[0]] = _put(below[path[0]], path[1:], leaf)
    return needed("pyarrow").StructArray.from_arrays(below, fields=fields, mask=array.is_null())


def _without(batch: Batch, rows: set[int]) -> Batch:
    """A batch without some of its rows."""
    if not rows:
        return batch
    pa = needed("pyarrow")
    bounds = [-1, *sorted(rows), batch.num_rows]
    # Not all types can be filtered; all can be cut and put together.
    parts = [
        batch.slice(before + 1, after - before - 1)
        for before, after in pairwise(bounds)
        if after - before > 1
    ] or [batch.slice(0, 0)]
    if isinstance(batch, pa.Table):
        return pa.concat_tables(parts).combine_chunks()
    whole = pa.Table.from_batches(parts).combine_chunks()
    return whole.to_batches()[0] if whole.num_rows else parts[0]


def _others(
    batch: pa.RecordBatch | pa.Table, row: int, paths: Mapping[str, Sequence[int]]
) -> dict[str, object]:
    """A row's numbers and texts in columns that are not restored."""
    pa = needed("pyarrow")
    tops = {top for top, *_ in paths.values()}
    found = {}
    for i, field in enumerate(batch.schema):
        if i not in tops and (pa.types.is_integer(field.type) or _is_text(field.type)):
            with suppress(UnicodeDecodeError):
                found[field.name] = batch.column(i)[row].as_py()
    return found
