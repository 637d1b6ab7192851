"""Gives flattened text its capitals and its spaces back.

>>> import majuscule
>>> majuscule.restore("beirut ( reuters ) - the u.s.-led coalition said on friday , ...")
'BEIRUT (Reuters) - The U.S.-led coalition said on Friday, ...'

No letter ever changes: with spaces removed and letters lower-cased, what comes out equals
what went in. `restore` is for the first minute, `Restorer` for work.
"""

from __future__ import annotations

from functools import cache

from majuscule.errors import DataError, GuaranteeError, MajusculeError, ModelError
from majuscule.model import Model
from majuscule.restorer import Restorer
from majuscule.text import Convention, flatten

__all__ = [
    "Convention",
    "DataError",
    "GuaranteeError",
    "MajusculeError",
    "Model",
    "ModelError",
    "Restorer",
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
