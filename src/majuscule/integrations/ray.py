"""Ray Data: texts in the columns of a dataset, restored on a cluster.

>>> import ray  # doctest: +SKIP
>>> from majuscule.integrations.ray import restore
>>> ds = restore(ray.data.read_parquet("corpus"), ["text"])  # doctest: +SKIP
>>> ds.write_parquet("restored")  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from majuscule import tables
from majuscule.faults import ON_ERROR
from majuscule.integrations import Options, restorer_with

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ray.data import Dataset
    from typing_extensions import Unpack


def restore(
    ds: Dataset, columns: Sequence[str], *, on_error: str = ON_ERROR[0], **options: Unpack[Options]
) -> Dataset:
    """Restore columns of a Ray dataset, lazily, as Ray does all things.

    Rows stay in their order: `preserve_order` is set in this dataset's own execution options,
    which those made from it share. Ray's `write_parquet` may still change it within a file,
    which several threads write.

    Args:
        ds: the dataset.
        columns, on_error: as for `majuscule.tables.restore`.
        options: as for `majuscule.Restorer`; each text is a document if not told otherwise.

    Returns:
        A dataset of the same schema.

    Raises:
        MajusculeError, OSError: as `Restorer`. What `majuscule.tables.restore` raises comes
            when the dataset is computed, within an error of Ray's.
    """
    tables.check_asked(columns, on_error)
    restorer = restorer_with(options)
    ds.context.execution_options.preserve_order = True
    return ds.map_batches(
        tables.restore,
        batch_format="pyarrow",
        fn_kwargs={"columns": list(columns), "restorer": restorer, "on_error": on_error},
    )
