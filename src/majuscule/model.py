"""What was learned, and the file it lives in.

A model file is a `safetensors` file: tensors and a header, nothing that runs. Tensors:

* ``table``, uint32[buckets, 16]: the features' weights. A feature id chooses a bucket (its
  high 32 bits, scaled) and is found there by a 20-bit fingerprint; the other 12 bits are
  its code. A feature that is not there weighs nothing.
* ``words``, uint32[buckets, 16]: likewise, the words' classes by their keys.
* ``codebook``, int16[4096, 4]: for each code the weights of TITLE, UPPER, MIXED (against
  LOWER) and JOIN (against SPACE), in units of 1/256 of a natural logarithm.
* ``transitions``, int32[22, 22, 8, 8]: by the roles of two neighbours and their labels.
* ``lexicon``, uint8[bytes]: the written forms of MIXED tokens, UTF-8, one a line.

The header's metadata has one entry, ``majuscule``: a JSON object with ``format`` (2),
``features`` (the number of the feature templates' version), ``name``, ``styles`` (in the
order of their numbers, from 1), ``prefixes`` (beginnings after which words of no written
form may have a second capital: ``Mc``), ``license``, ``training`` (what it was trained on, with
hashes) and whatever else a builder wishes to say. All weights are integers, so sums do not
depend on their order and every machine gives the same answers.
"""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as serialise

from majuscule import _model
from majuscule.errors import ModelError
from majuscule.text import Kind, Tokens, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Classes, Codebook, CodePoints, Codes, Ints, Keys

FORMAT = 2
"""The file format's version."""

FEATURES = 2
"""The feature templates' version: ids of another one mean something else."""

SCALE = 256
"""Weights are stored in units of 1/SCALE."""

WAYS = 16
CODES = 4096


@dataclass(frozen=True)
class Model:
    """Weights, transitions, written forms and what is known about them.

    Attributes:
        table, words, codebook, transitions: see the module.
        forms: the lexicon's written forms.
        about: the header's JSON object.
    """

    table: Codes
    words: Codes
    codebook: Codebook
    transitions: Ints
    forms: tuple[str, ...] = field(repr=False)
    about: dict[str, Any]

    @property
    def styles(self) -> tuple[str, ...]:
        """Names of the styles, in the order of their numbers."""
        return tuple(self.about["styles"])

    def style(self, name: str | None) -> int:
        """A style's number, 0 for None.

        Raises:
            ModelError: the model has no style of that name.
        """
        if name is None:
            return 0
        if name not in self.styles:
            raise ModelError(
                f"expected a style of this model, one of {', '.join(self.styles) or '(none)'};"
                f" got {name!r}"
            )
        return self.styles.index(name) + 1

    @cached_property
    def _lexicon(self) -> tuple[Tokens, Keys, Ints, Ints]:
        """The forms as tokens; their keys in rising order, and starts and ends likewise."""
        tokens = read("\n".join(self.forms))
        order = np.argsort(tokens.key, kind="stable")
        return tokens, tokens.key[order], tokens.start[order], tokens.end[order]

    @property
    def written(self) -> CodePoints:
        """The written forms' code points, one after another."""
        return self._lexicon[0].chars

    @property
    def prefixes(self) -> tuple[str, ...]:
        """What may stand before an inner capital in words without a written form."""
        return tuple(self.about["prefixes"])

    def find(self, tokens: Tokens) -> Ints:
        """Where in `written` each token's form starts, -1 for tokens without one."""
        forms, known, start, end = self._lexicon
        return _model.lookup(
            tokens.key,
            tokens.lower,
            tokens.start,
            tokens.end,
            known,
            forms.lower,
            start,
            end,
        )

    def classes(self, tokens: Tokens) -> Classes:
        """uint16[n]: the class of each token, 0 if it has none."""
        return _model.codes_of(tokens.key, self.words)

    def score(self, ids: Keys, first: Ints, edge: Ints) -> Ints:
        """Sum the weights of each token's features.

        Args:
            ids, first, edge: as `majuscule.features.extract` gives them.

        Returns:
            int32[n, 3, 4], of TITLE, UPPER, MIXED and JOIN: for each token by itself, and
            what is to be added if the one before it is TITLE (or MIXED), or UPPER.
        """
        return _model.score(ids, first, edge, self.table, self.codebook)

    @cached_property
    def hash(self) -> str:
        """Twelve hexadecimal digits that tell this model's weights from any other's."""
        import hashlib  # noqa: PLC0415 - a tenth of the time a short call takes to start

        digest = hashlib.sha256()
        for array in (self.table, self.words, self.codebook, self.transitions):
            digest.update(array.tobytes())
        digest.update("\n".join(self.forms).encode())
        return digest.hexdigest()[:12]

    def save(self, path: Path | str) -> None:
        """Write the model file; the same model always gives the same bytes.

        Raises:
            OSError: it cannot be written there.
        """
        tensors: dict[str, NDArray[Any]] = {
            "table": self.table,
            "words": self.words,
            "codebook": self.codebook,
            "transitions": self.transitions,
            "lexicon": np.frombuffer("\n".join(self.forms).encode(), dtype=np.uint8),
        }
        metadata = {"majuscule": json.dumps(self.about, sort_keys=True)}
        Path(path).write_bytes(serialise(tensors, metadata))


def prefixed(tokens: Tokens, prefixes: Sequence[str]) -> Bytes:
    """Length of the longest prefix that each word begins with, 0 for none; uint8[n].

    At least three letters follow it, and those beside the capitals are of ASCII.
    """
    low, start, size = tokens.lower, tokens.start, tokens.end - tokens.start
    found = np.zeros(len(tokens), dtype=np.uint8)
    for prefix in sorted(prefixes, key=len):
        letters = [ord(letter) for letter in prefix.lower()]
        (at,) = np.nonzero((tokens.kind == Kind.WORD) & (size >= len(letters) + 3))
        for place, letter in enumerate(letters):
            at = at[low[start[at] + place] == letter]
        after = low[start[at] + len(letters)]
        found[at[(after >= ord("a")) & (after <= ord("z"))]] = len(letters)
    return found


def after_prefixes(tokens: Tokens, prefix: Bytes) -> CodePoints:
    """The text in lower case, but for capitals where prefixed words and what follows begin."""
    chars = tokens.lower.copy()
    at = np.flatnonzero(prefix)
    for places in (tokens.start[at], tokens.start[at] + prefix[at]):
        chars[places] -= ord("a") - ord("A")
    return chars


def shipped() -> Path:
    """The English model inside the package."""
    return Path(__file__).parent / "data" / "en.safetensors"


def load(path: Path | str | None = None) -> Model:
    """Read a model file; None is the shipped one.

    Nothing in the file is executed, and a file that is not a whole model of a known
    version is refused.

    Raises:
        ModelError: the file cannot be used; the message says why.
        OSError: it cannot be read.
    """
    path = shipped() if path is None else Path(path)
    mode = path.stat().st_mode
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        with path.open("rb"):
            pass  # what cannot be opened is the caller's to report, as an OSError
    else:  # opening a pipe would wait for a writer
        raise ModelError(f"{path}: expected a majuscule model in a file, got something else")
    try:
        with safe_open(path, framework="numpy") as file:
            about = _about(path, file.metadata() or {})
            tensors = {name: _tensor(path, file, name) for name in _SHAPES}
    except SafetensorError as error:
        raise ModelError(
            f"{path}: expected a majuscule model (safetensors), but it is damaged or"
            f" something else: {error}"
        ) from None
    try:
        forms = tuple(tensors["lexicon"].tobytes().decode().split("\n"))
    except UnicodeDecodeError as error:
        raise ModelError(f"{path}: the lexicon is not UTF-8: {error}") from None
    forms = () if forms == ("",) else forms
    table, words, codebook, transitions = (tensors[name] for name in _SHAPES if name != "lexicon")
    model = Model(table, words, codebook, transitions, forms, about)
    tokens = model._lexicon[0]  # noqa: SLF001 - read here once, for restoring too
    if len(tokens) != len(forms) or (np.diff(tokens.lines) > 1).any():
        raise ModelError(f"{path}: the lexicon holds a line that is not one token")
    return model


def _aligned(table: NDArray[Any]) -> NDArray[Any]:
    """A copy whose buckets each lie in one cache line."""
    room = np.empty(table.nbytes + 64, dtype=np.uint8)
    skip = -room.ctypes.data % 64
    copy = room[skip : skip + table.nbytes].view(table.dtype).reshape(table.shape)
    copy[:] = table
    return copy


_SHAPES: dict[str, tuple[str, tuple[int | None, ...]]] = {
    "table": ("uint32", (None, WAYS)),
    "words": ("uint32", (None, WAYS)),
    "codebook": ("int16", (CODES, 4)),
    "transitions": ("int32", (len(Kind), len(Kind), 8, 8)),
    "lexicon": ("uint8", (None,)),
}

_TYPES = {"U8": "uint8", "I16": "int16", "I32": "int32", "U32": "uint32"}

_LONGEST_PREFIX = 8

# A transition can add at most this, so that no sum overflows whatever a file holds.
_LARGEST = 1 << 24


def _about(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    try:
        about = json.loads(metadata["majuscule"])
        version, features = about["format"], about["features"]
        names = {part: about[part] for part in ("styles", "prefixes")}
    except (KeyError, TypeError, ValueError, RecursionError):
        raise ModelError(f"{path}: a safetensors file, but not a majuscule model") from None
    if version != FORMAT or features != FEATURES:
        raise ModelError(
            f"{path}: expected model format {FORMAT} with features {FEATURES}, got format"
            f" {version!r:.40} with features {features!r:.40}; install the majuscule it was made"
            " for"
        )
    for part, listed in names.items():
        if not isinstance(listed, list) or not all(isinstance(name, str) for name in listed):
            raise ModelError(f"{path}: expected a list of {part}, got {listed!r:.80}")
    for prefix in names["prefixes"]:
        if not prefix.isascii() or not prefix.isalpha() or len(prefix) > _LONGEST_PREFIX:
            raise ModelError(f"{path}: expected prefixes of a few letters, got {prefix!r:.80}")
    assert isinstance(about, dict)  # `about["format"]` with a str key succeeded on JSON
    return about


def _tensor(path: Path, file: safe_open, name: str) -> NDArray[Any]:
    dtype, shape = _SHAPES[name]
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
    if shape[-1] == WAYS:
        array = _aligned(array)
    if name == "transitions" and np.abs(array.astype(np.int64)).max() > _LARGEST:
        raise ModelError(f"{path}: expected transitions of at most {_LARGEST} either way")
    return array
