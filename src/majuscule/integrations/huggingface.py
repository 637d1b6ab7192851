"""Hugging Face datasets: a function for `Dataset.map` and `IterableDataset.map`.

>>> from majuscule.integrations.huggingface import mapper
>>> dataset.map(mapper(["text"]), batched=True, num_proc=8)  # doctest: +SKIP
>>> dataset.with_format("arrow").map(mapper(["text"]), batched=True)  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import majuscule
from majuscule import tables
from majuscule.faults import ON_ERROR
from majuscule.integrations import Options, restorer_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from typing_extensions import Unpack

    from majuscule.restorer import Restorer


def mapper(
    columns: Sequence[str], *, on_error: str = ON_ERROR[0], **options: Unpack[Options]
) -> Mapper:
    """Make a function that restores columns of batches.

    Its fingerprint is that of its options, of the model and of majuscule's version, so that
    `datasets` finds what it has done before in its cache, and nothing else.

    Args:
        columns, on_error: as for `majuscule.tables.restore`.
        options: as for `majuscule.Restorer`; each text is a document if not told otherwise.

    Returns:
        A function to give to `map`, with ``batched=True``. Arrow batches (``with_format``)
        are the faster ones. An `IterableDataset` forgets its features in `map` unless they
        are given again: ``features=dataset.features``.

    Raises:
        MajusculeError, OSError: as `Restorer`.
    """
    tables.check_asked(columns, on_error)
    return Mapper(list(columns), restorer_with(options), on_error)


class Mapper:
    """Restores columns of batches: of Arrow tables, or of lists by their names."""

    def __init__(self, columns: Sequence[str], restorer: Restorer, on_error: str) -> None:
        self.columns = columns
        self.restorer = restorer
        self.on_error = on_error
        self.version = majuscule.__version__  # part of the fingerprint

    def __call__(self, batch: Mapping[str, Any] | pa.Table) -> Mapping[str, Any] | pa.Table:
        """Restore a batch.

        Returns:
            A table of the same schema; or lists, if lists came in, of those columns that
            changed: of all columns where rows are left out.

        Raises:
            DataError: as `majuscule.tables.restore`.
        """
        if not isinstance(batch, Mapping):
            return tables.restore(batch, self.columns, self.restorer, on_error=self.on_error)
        after, bad = tables.restored_lists(
            batch, self.columns, self.restorer.restore_batch, on_error=self.on_error
        )
        if self.on_error != "skip":
            return after
        skipped = {fault.row for fault in bad}
        others = {
            name: [value for row, value in enumerate(values) if row not in skipped]
            for name, values in batch.items()
            if name not in after
        }
        return {**after, **others}
