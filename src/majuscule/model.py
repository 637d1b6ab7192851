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

from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from majuscule import _model, adapter, weights
from majuscule.adapter import Adapter
from majuscule.errors import ModelError
from majuscule.features import CAPITAL, of_classes
from majuscule.recognition import Standing
from majuscule.text import Kind, Tokens, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Classes, Codebook, CodePoints, Codes, Ints, Keys

NO_STYLE = "none"
"""The name of no style in particular, unless a model has a style of that name."""

SHAPES: weights.Shapes = {
    **weights.TABLE,
    "words": ("uint32", (None, weights.WAYS)),
    "transitions": ("int32", (len(Kind), len(Kind), 8, 8)),
}
"""The tensors of a model's file."""

# A transition can add at most this, and so many adapters can lie on a model, so that no sum
# overflows whatever a file holds.
_LARGEST = 1 << 24
_MOST = 64

_LONGEST_PREFIX = 8


@dataclass(frozen=True)
class Model:
    """Weights, transitions, written forms and what is known about them.

    Attributes:
        table, words, codebook, transitions: see the module.
        forms: the lexicon's written forms.
        about: the header's JSON object.
        adapters: what is laid on it.
        files: the paths it was read from, none if it is the shipped one alone; None if some of
            it is from no file.
        home: the model's own file, None if it is from no file.
    """

    table: Codes
    words: Codes
    codebook: Codebook
    transitions: Ints
    forms: tuple[str, ...] = field(repr=False)
    about: dict[str, Any]
    adapters: tuple[Adapter, ...] = ()
    files: tuple[str, ...] | None = field(default=None, repr=False, compare=False)
    home: Path | None = field(default=None, repr=False, compare=False)

    def with_adapters(self, *adapters: Adapter) -> Model:
        """This model with adapters laid on it, over those that lie there already.

        Their scores are added, so their order makes no difference but where two know a
        written form of the same word, or two want a style: then the last has its way.

        Raises:
            ModelError: one of them was learned on another model.
        """
        for some in adapters:
            self._fits(some)
        if len(self.adapters) + len(adapters) > _MOST:
            raise ModelError(f"expected at most {_MOST} adapters on a model, got more")
        return replace(self, adapters=(*self.adapters, *adapters), files=None)

    def _fits(self, some: Adapter, where: str = "") -> None:
        """Refuse an adapter that is not of this model."""
        if some.base != self.base:
            raise ModelError(
                f"{where}expected an adapter of this model, {self.about.get('name')}"
                f" ({self.base}); got {some.name!r:.80}, which was learned on"
                f" {some.about.get('base_name')!s:.80} ({some.base:.80}); name that model, too,"
                " or adapt this one anew"
            )
        if some.style is not None and some.style not in self.styles:
            raise ModelError(
                f"{where}expected the style of {some.name!r:.80} to be one of the model's,"
                f" got {some.style!r:.80}"
            )

    @property
    def styles(self) -> tuple[str, ...]:
        """Names of the styles, in the order of their numbers."""
        return tuple(self.about["styles"])

    def style(self, name: str | None) -> int:
        """A style's number; None is that of the last adapter with one, or none (0).

        Raises:
            ModelError: the model has no style of that name.
        """
        if name is None:
            wanted = [some.style for some in self.adapters if some.style is not None]
            name = wanted[-1] if wanted else NO_STYLE
        if name == NO_STYLE and name not in self.styles:
            return 0
        if name not in self.styles:
            raise ModelError(
                f"expected a style of this model, one of {', '.join(self.styles) or '(none)'};"
                f" got {name!r}"
            )
        return self.styles.index(name) + 1

    @property
    def written_forms(self) -> tuple[str, ...]:
        """The forms in use: the adapters' come before the model's."""
        forms = self.forms
        for some in self.adapters:
            known = {form.lower() for form in some.forms}
            forms = (*(form for form in forms if form.lower() not in known), *some.forms)
        return forms

    @cached_property
    def _lexicon(self) -> tuple[Tokens, Keys, Ints, Ints]:
        """The forms as tokens; their keys in rising order, and starts and ends likewise."""
        tokens = read("\n".join(self.written_forms))
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

    def standings(self) -> Bytes:
        """uint8[classes]: what words of each class are, a `majuscule.recognition.Standing`.

        A name is what has a capital for its class alone, whatever stands around it, with odds
        of at least e to 1.
        """
        ids = of_classes()
        first = np.arange(len(ids) + 1, dtype=np.int32)
        best = self.score(ids, first, first[1:])[:, 0, :3].max(axis=1)
        names = best >= weights.SCALE
        classes = np.arange(len(ids))
        common = (classes > 0) & (classes < CAPITAL) & ~names
        return np.select(
            [names, common], [np.uint8(Standing.NAME), np.uint8(Standing.COMMON)], np.uint8(0)
        )

    def score(self, ids: Keys, first: Ints, edge: Ints) -> Ints:
        """Sum the weights of each token's features.

        Args:
            ids, first, edge: as `majuscule.features.extract` gives them.

        Returns:
            int32[n, 3, 4], of TITLE, UPPER, MIXED and JOIN: for each token by itself, and
            what is to be added if the one before it is TITLE (or MIXED), or UPPER.
        """
        scores = _model.score(ids, first, edge, self.table, self.codebook)
        for some in self.adapters:
            scores += _model.score(ids, first, edge, some.table, some.codebook)
        return scores

    @cached_property
    def hash(self) -> str:
        """Twelve hexadecimal digits that tell these weights, adapters' too, from any others."""
        import hashlib  # noqa: PLC0415 - as below

        if not self.adapters:
            return self.base
        parts = [self.base, *sorted(some.hash for some in self.adapters), *self.written_forms]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @cached_property
    def base(self) -> str:
        """The hash of the model by itself, whatever is laid on it."""
        import hashlib  # noqa: PLC0415 - a tenth of the time a short call takes to start

        digest = hashlib.sha256()
        for array in (self.table, self.words, self.codebook, self.transitions):
            digest.update(array.tobytes())
        digest.update("\n".join(self.forms).encode())
        return digest.hexdigest()[:12]

    def save(self, path: Path | str) -> None:
        """Write the model file; the same model always gives the same bytes.

        Raises:
            ModelError: adapters lie on it, which have files of their own.
            OSError: it cannot be written there.
        """
        if self.adapters:
            raise ModelError(
                "expected a model without adapters, for a file holds either; save each by itself"
            )
        tensors: dict[str, NDArray[Any]] = {
            "table": self.table,
            "words": self.words,
            "codebook": self.codebook,
            "transitions": self.transitions,
        }
        weights.write(path, tensors, self.forms, self.about)


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


def load(source: Path | str | Adapter | Sequence[Path | str | Adapter] | None = None) -> Model:
    """Read a model, or the files that make one; None is the shipped model.

    Nothing in the files is executed, and a file that is not whole or of no known version
    is refused.

    Args:
        source: a model's file, an adapter or its file, or several of them, but at most one
            model. Adapters are laid on the model, or on the shipped one.

    Raises:
        ModelError: a file cannot be used, or not with the others; the message says why.
        OSError: one cannot be read.
    """
    named = [source] if isinstance(source, Path | str | Adapter) else list(source or ())
    base: Model | None = None
    laid: list[tuple[str, Adapter]] = []
    for some in named:
        found = some if isinstance(some, Adapter) else load_file(some)
        if isinstance(found, Adapter):
            laid.append(("" if isinstance(some, Adapter) else f"{some}: ", found))
        elif base is None:
            base = found
        else:
            raise ModelError(f"{some}: expected one model and adapters, got a second model")
    if base is None:
        found = load_file(shipped())
        assert isinstance(found, Model)  # as the package was built
        base = found
    for where, one in laid:
        base._fits(one, where)  # noqa: SLF001 - as with_adapters does, naming the file
    paths = [str(Path(some).resolve()) for some in named if not isinstance(some, Adapter)]
    files = tuple(paths) if len(paths) == len(named) else None
    return replace(base.with_adapters(*(one for _, one in laid)), files=files)


def load_file(path: Path | str) -> Model | Adapter:
    """Read one file: a model or an adapter.

    Raises:
        ModelError: the file cannot be used; the message says why.
        OSError: it cannot be read.
    """
    path = Path(path)
    kind, about, tensors = weights.read(path, {"model": SHAPES, "adapter": adapter.SHAPES})
    if kind == "adapter":
        return adapter.made(path, about, tensors)
    for part in ("styles", "prefixes"):
        if part not in about:
            raise ModelError(f"{path}: a safetensors file, but not a majuscule model")
        names = about[part]
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ModelError(f"{path}: expected a list of {part}, got {names!r:.80}")
    for prefix in about["prefixes"]:
        if not prefix.isascii() or not prefix.isalpha() or len(prefix) > _LONGEST_PREFIX:
            raise ModelError(f"{path}: expected prefixes of a few letters, got {prefix!r:.80}")
    if np.abs(tensors["transitions"].astype(np.int64)).max() > _LARGEST:
        raise ModelError(f"{path}: expected transitions of at most {_LARGEST} either way")
    forms = weights.forms_of(path, tensors["lexicon"])
    table, words = tensors["table"], tensors["words"]
    rest = tensors["codebook"], tensors["transitions"], forms, about
    return Model(table, words, *rest, home=path)
