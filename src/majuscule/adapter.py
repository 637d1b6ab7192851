"""What sets one house's writing apart: a small file that is laid on a model.

An adapter (the field's word; N. Houlsby et al. 2019, "Parameter-Efficient Transfer Learning
for NLP") holds the difference between what a model says and what a house writes: weights of
the model's own kind, which are added to the model's. It is of use on the one model that it
was learned on, several can be stacked, and it is gone when it is not named.

The file is like a model's (see `majuscule.model`): ``table``, ``codebook`` and ``lexicon``
mean the same, and there are no ``transitions``. The header has the model's ``format`` and
``features``, and further ``kind`` ("adapter"), ``base`` (the model's hash) and
``base_name``, ``upon`` (hashes of the adapters that lay on the model when it was learned),
``name``, ``style`` (the model's house style that is nearest, or null), ``held_out`` (what
it is worth on text that it was not learned on, or null), ``habits`` (what it changed),
``settings`` and ``training``. `majuscule.adaptation` makes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from majuscule import weights
from majuscule.errors import ModelError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from majuscule._arrays import Codebook, Codes

SHAPES = weights.TABLE
"""The tensors of an adapter's file."""


@dataclass(frozen=True)
class Adapter:
    """The difference between a model and a house.

    Attributes:
        table, codebook: weights to add, as in a model.
        forms: written forms that come before the model's own.
        about: the header's JSON object.
    """

    table: Codes
    codebook: Codebook
    forms: tuple[str, ...] = field(repr=False)
    about: dict[str, Any]

    @property
    def name(self) -> str:
        """What it is called."""
        return str(self.about.get("name"))

    @property
    def base(self) -> str:
        """The hash of the model that it was learned on."""
        return str(self.about["base"])

    @property
    def style(self) -> str | None:
        """The model's house style that is nearest, if one is."""
        style = self.about.get("style")
        return None if style is None else str(style)

    @cached_property
    def hash(self) -> str:
        """Twelve hexadecimal digits that tell this adapter's weights from any other's."""
        import hashlib  # noqa: PLC0415 - a tenth of the time a short call takes to start

        digest = hashlib.sha256()
        digest.update(self.table.tobytes())
        digest.update(self.codebook.tobytes())
        digest.update("\n".join(self.forms).encode())
        return digest.hexdigest()[:12]

    def save(self, path: Path | str) -> None:
        """Write the file; the same adapter always gives the same bytes.

        Raises:
            OSError: it cannot be written there.
        """
        tensors: dict[str, NDArray[Any]] = {"table": self.table, "codebook": self.codebook}
        weights.write(path, tensors, self.forms, self.about)


def load(path: Path | str) -> Adapter:
    """Read an adapter's file; nothing in it is executed.

    Raises:
        ModelError: the file cannot be used; the message says why.
        OSError: it cannot be read.
    """
    path = Path(path)
    _, about, tensors = weights.read(path, {"adapter": SHAPES})
    return made(path, about, tensors)


def made(path: Path, about: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Adapter:
    """The adapter that a file's header and tensors make.

    Raises:
        ModelError: they make none.
    """
    base, style = about.get("base"), about.get("style")
    if not isinstance(base, str):
        raise ModelError(f"{path}: expected an adapter's base to be a hash, got {base!r:.40}")
    if style is not None and not isinstance(style, str):
        raise ModelError(f"{path}: expected an adapter's style to be a name, got {style!r:.40}")
    forms = weights.forms_of(path, tensors["lexicon"])
    return Adapter(tensors["table"], tensors["codebook"], forms, about)
