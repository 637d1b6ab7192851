"""pandas: texts in the columns of a frame, or in a series, restored.

>>> import pandas as pd
>>> from majuscule.integrations.pandas import restore
>>> frame = pd.DataFrame({"id": [1, 2], "text": ["nato met in paris .", None]}, index=["a", "b"])
>>> restore(frame, ["text"], on_error="skip")
   id                text
a   1  NATO met in Paris.
>>> restore(frame["text"], on_error="keep").tolist()[0]
'NATO met in Paris.'
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from majuscule import tables
from majuscule.errors import MajusculeError
from majuscule.faults import ON_ERROR
from majuscule.integrations import Options, restorer_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from typing_extensions import Unpack

    from majuscule.restorer import Restorer

    Frame = TypeVar("Frame", pd.DataFrame, pd.Series)
else:
    Frame = TypeVar("Frame")


def restore(
    frame: Frame,
    columns: Sequence[str] | None = None,
    *,
    on_error: str = ON_ERROR[0],
    **options: Unpack[Options],
) -> Frame:
    """Restore columns of a pandas frame, or a series.

    Args:
        frame: a frame, or a series of texts; it stays as it is.
        columns: as for `majuscule.tables.restore`; a series has none to name.
        on_error: what becomes of rows without a text, as there.
        options: as for `majuscule.Restorer`; each text is a document if not told otherwise.

    Returns:
        The same rows with the same index and columns of the same types; a category's
        categories are restored.

    Raises:
        DataError: as `majuscule.tables.restore`; a value that is no text is one row's fault.
        MajusculeError, OSError: as `Restorer`.
    """
    return restored(frame, columns, restorer_with(options), on_error=on_error)


def restored(
    frame: Frame, columns: Sequence[str] | None, restorer: Restorer, *, on_error: str
) -> Frame:
    """The same with a restorer that there is."""
    import pandas as pd  # noqa: PLC0415 - who calls this has it

    if isinstance(frame, pd.Series):
        if columns is not None:
            raise MajusculeError(f"expected no columns of a series, got {columns!r:.200}")
        name = str(frame.name or "")
        whole = restored(frame.to_frame(name), [name], restorer, on_error=on_error)
        return whole[name].rename(frame.name)
    if columns is None:
        raise MajusculeError("expected the columns of a frame that hold text, got none")
    if not frame.columns.is_unique:
        raise MajusculeError("expected columns with a name of their own, got two of the same")
    batch = {name: frame[name].array for name in frame.columns}
    after, bad = tables.restored_lists(batch, columns, restorer.restore_batch, on_error=on_error)
    skipped = {fault.row for fault in bad} if on_error == "skip" else set()
    stay = [row for row in range(len(frame)) if row not in skipped]
    out = frame.iloc[stay].copy() if skipped else frame.copy(deep=False)
    for name, values in after.items():
        kind = frame.dtypes[name]
        if isinstance(kind, pd.CategoricalDtype):
            kind = _category(kind, batch[name].take(stay), values)
        series = pd.Series(values, index=out.index, dtype=kind)
        out.isetitem(out.columns.get_loc(name), series)
    return out


def _category(
    kind: pd.CategoricalDtype, before: Sequence[object], after: Sequence[object]
) -> pd.CategoricalDtype:
    """A category of restored values, in the order of the old ones."""
    import pandas as pd  # noqa: PLC0415 - who calls this has it

    now = dict(zip(before, after, strict=True))
    both = [*(now.get(old, old) for old in kind.categories), *after]
    return pd.CategoricalDtype(pd.Series(both).dropna().unique(), ordered=kind.ordered)
