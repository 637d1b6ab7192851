"""Weights in a file: tensors and a header, nothing that runs and nothing that is believed.

What a model and an adapter have in common. Files are `safetensors` files; the header's
metadata has one entry, ``majuscule``, a JSON object with ``format``, ``features`` (the
number of the feature templates' version) and, unless the file is a model, its ``kind``.
Whoever reads one says which tensors of which types and shapes it must hold.
"""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from majuscule.errors import ModelError
from majuscule.text import read as tokens_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes

FORMAT = 2
"""The file format's version."""

FEATURES = 2
"""The feature templates' version: ids of another one mean something else."""

SCALE = 256
"""Weights are stored in units of 1/SCALE."""

WAYS = 16
"""Entries of a table's bucket."""

CODES = 4096
"""Entries of a codebook."""

Shapes: TypeAlias = "Mapping[str, tuple[str, tuple[int | None, ...]]]"
"""By a tensor's name its type and its shape; None is any size."""

TABLE: Shapes = {
    "table": ("uint32", (None, WAYS)),
    "codebook": ("int16", (CODES, 4)),
    "lexicon": ("uint8", (None,)),
}
"""What every file holds; `majuscule.model` says what it means."""

_TYPES = {"U8": "uint8", "I16": "int16", "I32": "int32", "U32": "uint32"}


def read(
    path: Path, kinds: Mapping[str, Shapes]
) -> tuple[str, dict[str, Any], dict[str, NDArray[Any]]]:
    """Read a file of one of some kinds.

    Args:
        path: where it is.
        kinds: by the kind's name, the tensors that a file of it holds.

    Returns:
        Its kind, its header and its tensors.

    Raises:
        ModelError: the file cannot be used; the message says why.
        OSError: it cannot be read.
    """
    mode = path.stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        with path.open("rb"):
            pass  # what cannot be opened is the caller's to report, as an OSError
    else:  # opening a pipe would wait for a writer
        raise ModelError(f"{path}: expected a majuscule model in a file, got something else")
    try:
        with safe_open(path, framework="numpy") as file:
            about = _about(path, file.metadata() or {})
            kind = about.get("kind", "model")
            if not isinstance(kind, str) or kind not in kinds:
                raise ModelError(f"{path}: expected a majuscule {_either(kinds)}, got {kind!r:.40}")
            tensors = {name: _tensor(path, file, name, kinds[kind]) for name in kinds[kind]}
    except SafetensorError as error:
        raise ModelError(
            f"{path}: expected a majuscule model (safetensors), but it is damaged or"
            f" something else: {error}"
        ) from None
    return kind, about, tensors


def write(
    path: Path | str,
    tensors: Mapping[str, NDArray[Any]],
    forms: Sequence[str],
    about: dict[str, Any],
) -> None:
    """Write a file; the same content always gives the same bytes.

    Raises:
        OSError: it cannot be written there.
    """
    lexicon = np.frombuffer("\n".join(forms).encode(), dtype=np.uint8)
    metadata = {"majuscule": json.dumps(about, sort_keys=True)}
    Path(path).write_bytes(serialise({**tensors, "lexicon": lexicon}, metadata))


def forms_of(path: Path, lexicon: Bytes) -> tuple[str, ...]:
    """The written forms that a file holds, each of them one token.

    Raises:
        ModelError: they are no text, or one of them is not a token.
    """
    try:
        text = lexicon.tobytes().decode()
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: the lexicon is not UTF-8: {error}") from None
    forms = tuple(text.split("\n")) if text else ()
    tokens = tokens_of("\n".join(forms))
    if len(tokens) != len(forms) or (np.diff(tokens.lines) > 1).any():
        raise ModelError(f"{path}: the lexicon holds a line that is not one token")
    return forms


def _either(names: Mapping[str, Shapes]) -> str:
    return " or ".join(sorted(names, reverse=True))


def _about(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    try:
        about = json.loads(metadata["majuscule"])
        version, features = about["format"], about["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ModelError(f"{path}: a safetensors file, but not a majuscule model") from None
    if version != FORMAT or features != FEATURES:
        raise ModelError(
            f"{path}: expected model format {FORMAT} with features {FEATURES}, got format"
            f" {version!r:.40} with features {features!r:.40}; install the majuscule it was made"
            " for"
        )
    assert isinstance(about, dict)  # `about["format"]` with a str key succeeded on JSON
    return about


def _tensor(path: Path, file: safe_open, name: str, shapes: Shapes) -> NDArray[Any]:
    dtype, shape = shapes[name]
    names: list[str] = file.keys()  # type: ignore[no-untyped-call] # the library's
    if name not in names:
        raise ModelError(f"{path}: expected a tensor named {name}, found none")
    # Type and shape first: numpy has no word for some types of tensors.
    part = file.get_slice(name)  # type: ignore[no-untyped-call] # the library's
    given, got = part.get_dtype(), part.get_shape()
    fits = len(got) == len(shape) and all(
        want is None or want == size for want, size in zip(shape, got, strict=True)
    )
    if not fits or _TYPES.get(given) != dtype or (shape[-1] == WAYS and got[0] == 0):
        raise ModelError(
            f"{path}: expected {name} to be {dtype}{list(shape)}, got {_TYPES.get(given, given)}"
            f"{got!s:.80}"
        )
    array: NDArray[Any] = file.get_tensor(name)  # type: ignore[no-untyped-call] # the library's
    return _aligned(array) if shape[-1] == WAYS else array


def _aligned(table: NDArray[Any]) -> NDArray[Any]:
    """A copy whose buckets each lie in one cache line."""
    room = np.empty(table.nbytes + 64, dtype=np.uint8)
    skip = -room.ctypes.data % 64
    copy = room[skip : skip + table.nbytes].view(table.dtype).reshape(table.shape)
    copy[:] = table
    return copy
