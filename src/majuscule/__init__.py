"""Gives flattened text its capitals and its spaces back.

>>> import majuscule
>>> majuscule.restore("beirut ( reuters ) - the u.s.-led coalition said on friday , ...")
'BEIRUT (Reuters) - The U.S.-led coalition said on Friday, ...'

No letter ever changes: with spaces removed and letters lower-cased, what comes out equals
what went in. `restore` is for the first minute, `Restorer` for work; `adapt` learns how a
house writes.
"""

from __future__ import annotations

import collections.abc
import pathlib
from functools import cache

from majuscule.adapter import Adapter
from majuscule.errors import DataError, GuaranteeError, MajusculeError, ModelError
from majuscule.model import Model
from majuscule.restorer import Restorer
from majuscule.text import Convention, flatten

__all__ = [
    "Adapter",
    "Convention",
    "DataError",
    "GuaranteeError",
    "MajusculeError",
    "Model",
    "ModelError",
    "Restorer",
    "adapt",
    "flatten",
    "restore",
]

__version__ = "0.1.0"


@cache
def _restorer() -> Restorer:
    return Restorer()


def restore(flattened: str) -> str:
    """Restore a text with the shipped model; see `Restorer.restore`.

    Args:
        flattened: lower-cased, tokenised English in any of the usual conventions.

    Returns:
        Natural text: the same characters in the same lines.

    Raises:
        DataError: the text is longer than 2**30 characters.

    >>> restore("it 's in new york , is n't it ?")
    "It's in New York, isn't it?"
    """
    return _restorer().restore(flattened)


def adapt(
    samples: collections.abc.Iterable[pathlib.Path | str],
    model: Model | None = None,
    *,
    style: str | None = None,
    tokenised: bool = False,
    name: str = "house",
) -> Adapter:
    """Learn how a house writes, from text of its own; see `majuscule.adaptation`.

    Args:
        samples: files of natural text, UTF-8: a paragraph a line, a blank line between
            documents.
        model: what to learn the difference from; None is the shipped model.
        style: the model's style to begin with, or ``"none"``; None chooses the nearest.
        tokenised: the text is tokenised, and teaches no spacing.
        name: what to call it.

    Returns:
        The difference, to `Adapter.save` or to lay on the model: `Model.with_adapters`.

    Raises:
        ModelError: the model has no such style.
        DataError: a sample is not text, or there is nothing in any of them.
        OSError: a sample cannot be read.

    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sample = pathlib.Path(folder, "house.txt")
    ...     _ = sample.write_text("She saw the president of the bank, he said.\\n" * 20)
    ...     house = adapt([sample])
    >>> restore("he wrote to the president .")
    'He wrote to the President.'
    >>> Restorer(house).restore("he wrote to the president .")
    'He wrote to the president.'
    """
    from majuscule.adaptation import adapt  # noqa: PLC0415 - restoring needs none of it
    from majuscule.training import Source  # noqa: PLC0415 - as above

    sources = [Source(pathlib.Path(path), spacing=not tokenised) for path in samples]
    return adapt(sources, model or _restorer().model, style=style, name=name)
