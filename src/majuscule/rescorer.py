"""The second stage: scores that the first is unsure of, corrected by a small network.

The linear model is right but for a few tokens, and knows which: seven errors of ten are among
the twelfth of all tokens whose decision is least sure. For those alone a convolutional network
(R. Collobert et al. 2011, "Natural language processing (almost) from scratch", section 3.2;
dilated as by E. Strubell et al. 2017, "Fast and accurate entity recognition with iterated
dilated convolutions") looks at the line around them: at the words, their classes, beginnings
and endings, at the first stage's scores, weights and decisions (D. Wolpert 1992, "Stacked
generalization"), and at what the first stage found of the same word earlier in the document.
It says what to add to the scores of a token; decoding goes on as before.

A layer is computed where the one above it looks, and nowhere else (`reach`), in one batch
without padding. All values are integers, as in B. Jacob et al. 2018 ("Quantization and training
of neural networks for efficient integer-arithmetic-only inference"): weights of 7 bits, so
that two products fit into 16 bits whatever instructions a machine has, sums of 32 bits, layers
of 8. A token's correction depends on its line and document alone, not on the machine, on
threads or on what is computed along with it.

The file is an ONNX graph of integer weights, run by ONNX Runtime (``majuscule[deep]``). Its
metadata have one entry, ``majuscule``: a JSON object with ``format`` (1), ``base`` (the hash of
the model whose scores it corrects), ``spans`` (how far each layer looks to either side),
``doubt`` (which margin is unsure, in the model's units) and whatever else its builder wishes
to say. `majuscule.rescoring` makes it.
"""

from __future__ import annotations

import json
import os
import sys
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from majuscule import _rescorer, decode
from majuscule.errors import MajusculeError, ModelError
from majuscule.text import beginnings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Classes, Ints, Keys
    from majuscule.model import Model
    from majuscule.text import Document, Tokens

FORMAT = 1
"""The version of the file."""

TABLES = (65537, 65537, 4097, 16385, 16385)
"""Rows of the tables of words (twice, hashed otherwise), classes, beginnings and endings."""

NUMBERS = 176
"""Bytes of a token that are no place in a table: what it is, and what its features weigh."""

ZERO = 128
"""The byte that stands for 0 in what the network reads; 64 more stand for 1."""

OUTPUTS = 12
"""What is said of a token: a correction for each of its scores, int32[3, 4]."""

_FARTHEST = 1 << 16
"""How far a layer may look."""

_LARGEST = 1 << 14
"""What a correction may be at most, either way: 64 natural logarithms."""


class Memory:
    """What the first stage found of a document's words so far; numbers, no text.

    Args:
        words: False to remember nothing.
    """

    def __init__(self, *, words: bool = True) -> None:
        self.state: Keys = np.zeros(1, dtype=np.uint64)
        self.words: Keys = np.zeros((1 << 14 if words else 0, 4), dtype=np.uint64)

    def forget(self) -> None:
        """A new document begins."""
        self.state[0] += 1


class Scored(NamedTuple):
    """Whole lines as the first stage leaves them.

    Attributes:
        tokens: the lines.
        classes: uint16[n], the tokens' classes.
        begins: uint8[lines], 1 for lines that begin a document.
        style: the style's number, 0 for none.
        ids, first, edge: the features, as `majuscule.features.extract` gives them.
        scores: int32[n, 3, 4], as for `majuscule.decode.best`.
        bits: uint8[n], the labels allowed.
        labels: uint8[n], the best row of labels.
        margins, runner_up: how sure they are, as `majuscule.decode.margins` says.
    """

    tokens: Tokens
    classes: Classes
    begins: Bytes
    style: int
    ids: Keys
    first: Ints
    edge: Ints
    scores: Ints
    bits: Bytes
    labels: Bytes
    margins: Ints
    runner_up: Bytes


def scored(
    model: Model,
    tokens: Tokens,
    classes: Classes,
    document: Document | Bytes,
    style: int,
    features: tuple[Keys, Ints, Ints],
    scores: Ints,
    bits: Bytes,
) -> Scored:
    """Decode what the first stage says, and how surely; the arguments are as in `Scored`."""
    rest = scores, tokens.role, bits, tokens.lines, model.transitions
    labels = decode.best(*rest)
    sure = decode.margins(*rest, labels)
    begins = beginnings(tokens, document)
    return Scored(tokens, classes, begins, style, *features, scores, bits, labels, *sure)


def inputs(given: Scored, memory: Memory) -> tuple[Ints, Bytes]:
    """What the network reads of each token.

    Args:
        given: the lines.
        memory: what the document was so far; it is brought up to date.

    Returns:
        int32[n, 5], places in `TABLES` (0 is no token's), and uint8[n, `NUMBERS`], in which what
        features weigh is left for `weigh` to write.
    """
    tokens = given.tokens
    return _rescorer.inputs(
        tokens.lower,
        tokens.start,
        tokens.end,
        tokens.kind,
        tokens.role,
        tokens.key,
        tokens.lines,
        given.begins,
        given.classes,
        given.scores,
        given.bits,
        given.labels,
        given.margins,
        given.runner_up,
        given.style,
        memory.state,
        memory.words,
    )


def weigh(given: Scored, which: Ints, model: Model, numbers: Bytes) -> None:
    """Write among the numbers of some tokens what their features weigh in the model.

    The sums alone are scores. Apart they tell how a word's own evidence stands to that of
    what is around it, and which of it was ever seen.

    Args:
        given: the lines.
        which: int32[m], the tokens.
        model: whose weights.
        numbers: as `inputs` gave them; they are written to.
    """
    tokens = given.tokens
    _rescorer.weigh(
        which,
        given.ids,
        given.first,
        given.edge,
        tokens.start,
        tokens.end,
        tokens.kind,
        given.style > 0,
        model.table,
        model.codebook,
        numbers,
    )


def reach(chosen: Bytes, lines: Ints, spans: Ints) -> tuple[Ints, list[Ints], Ints]:
    """Which tokens each layer must look at, for the chosen ones.

    Args:
        chosen: uint8[n], 1 for the tokens that are asked for.
        lines: int32[lines + 1], where each line begins.
        spans: int32[layers], how far each looks to either side, the lowest first.

    Returns:
        The tokens that the lowest layer looks at, in order; for each layer int32[m, 3], of
        each of its tokens which three of the layer below it looks at, counted from 1, 0
        beyond the line; and for each chosen token, which of the lowest it is, from 0.

    >>> chosen = np.array([0, 0, 0, 1, 0, 0], dtype=np.uint8)
    >>> lines = np.array([0, 6], dtype=np.int32)
    >>> lowest, looks, own = reach(chosen, lines, np.array([1, 3], dtype=np.int32))
    >>> lowest.tolist(), own.tolist()
    ([0, 1, 2, 3, 4], [3])
    >>> [look.tolist() for look in looks]
    [[[0, 1, 2], [3, 4, 5]], [[1, 2, 0]]]
    """
    lowest, looks = _rescorer.reach(chosen, lines, spans)
    own = np.searchsorted(lowest, np.flatnonzero(chosen)).astype(np.int32)
    return lowest, looks, own


class Rescorer:
    """The second stage of a model.

    Args:
        content: the file.
        where: its name, for messages.
        threads: how many of them a batch may use.

    Attributes:
        about: what the file says of itself.
        hash: twelve hexadecimal digits that tell this one from any other.

    Raises:
        ModelError: this is no such file.
        MajusculeError: ONNX Runtime is not installed.
    """

    def __init__(self, content: bytes, where: str, threads: int) -> None:
        try:
            onnxruntime: Any = import_module("onnxruntime")
        except ImportError:
            raise MajusculeError(
                "expected the package onnxruntime, found none; install it with"
                " pip install 'majuscule[deep]', or be content with effort fast"
            ) from None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 4
        # Threads that wait take no core from others.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                content, options, providers=["CPUExecutionProvider"]
            )
            metadata = self._session.get_modelmeta().custom_metadata_map
            self.about: dict[str, Any] = json.loads(metadata["majuscule"])
            version = self.about["format"]
            if version != FORMAT:
                raise ModelError(f"format {version!r:.80}, expected {FORMAT}")  # noqa: TRY301 - told below
            self.base = str(self.about["base"])
            self._spans = np.array(self.about["spans"], dtype=np.int32)
            if not all(0 < span <= _FARTHEST for span in self._spans):
                raise ModelError(f"spans {self.about['spans']!r:.80}")  # noqa: TRY301 - as above
            self._doubt = min(int(self.about["doubt"]), np.iinfo(np.int32).max)
            self._try()
        except Exception as error:  # noqa: BLE001 - for whatever is wrong there is one of its own
            reason = str(error).split("\n", maxsplit=1)[0]
            raise ModelError(f"{where}: expected a second stage, got {reason:.200}") from None
        self.hash = hash_of(content)

    def _try(self) -> None:
        """Look at the last place of every table, so that what does not fit shows at once."""
        places = np.array([TABLES], dtype=np.int32) - 1
        numbers = np.full((1, NUMBERS), ZERO, dtype=np.uint8)
        lines = np.array([0, 1], dtype=np.int32)
        _, looks, own = reach(np.ones(1, dtype=np.uint8), lines, self._spans)
        found = self.correct(places, numbers, looks, own)
        if found.shape != (1, 3, 4) or found.dtype != np.int32:
            raise ModelError(f"{found.dtype}{list(found.shape)} for one token")

    def rescore(
        self, given: Scored, wanted: NDArray[np.bool_], model: Model, memory: Memory
    ) -> Ints:
        """Correct the scores of whole lines where they are unsure.

        Args:
            given: the lines; they stay as they are.
            wanted: bool[n], False for tokens whose scores are of no use.
            model: what scored them.
            memory: what the document was so far; it is brought up to date.

        Returns:
            int32[n, 3, 4], the scores.
        """
        places, numbers = inputs(given, memory)
        chosen = (given.margins.min(axis=1, initial=self._doubt) < self._doubt) & wanted
        if not chosen.any():
            return given.scores
        lowest, looks, own = reach(chosen.view(np.uint8), given.tokens.lines, self._spans)
        weigh(given, lowest, model, numbers)
        scores = given.scores.copy()
        scores[chosen] += self.correct(places[lowest], numbers[lowest], looks, own)
        return scores

    def correct(self, places: Ints, numbers: Bytes, looks: list[Ints], own: Ints) -> Ints:
        """What to add to the scores of the chosen tokens.

        Args:
            places, numbers: what the network reads of each token that the lowest layer looks at.
            looks, own: as `reach` gives them.

        Returns:
            int32[chosen, 3, 4].
        """
        feed = {"places": places, "numbers": numbers, "own": own}
        feed |= {f"look{i}": look for i, look in enumerate(looks)}
        found: Ints = self._session.run(None, feed)[0]
        return np.clip(found.reshape(-1, 3, 4), -_LARGEST, _LARGEST)


def beside(path: Path) -> Path:
    """Where the second stage of a model's file is: beside it."""
    return path.with_name(f"{path.stem}.deep.onnx")


def hash_of(content: bytes) -> str:
    """Twelve hexadecimal digits that tell this second stage's file from any other."""
    import hashlib  # noqa: PLC0415 - nothing else that starts quickly needs it

    return hashlib.sha256(content).hexdigest()[:12]


def load(model: Model, threads: int | None = None) -> Rescorer:
    """Read the second stage of a model, which lies beside its file.

    Args:
        model: the model.
        threads: how many of them a batch may use; None is one a core.

    Raises:
        ModelError: it has none, or one that cannot be used; the message says why.
        MajusculeError: ONNX Runtime is not installed.
        OSError: the file cannot be read.
    """
    name = model.about.get("name")
    if model.home is None:
        raise ModelError(
            f"expected a model from a file, for its second stage lies beside it; got {name} in"
            " memory"
        )
    path = beside(model.home)
    if not path.exists():
        raise ModelError(
            f"{path}: expected the second stage of the model {name} here, found none; be"
            " content with effort fast"
        )
    stands = path.stat()
    rescorer = _opened(path, stands.st_mtime_ns, stands.st_size, threads or _cores())
    if rescorer.base != model.base:
        raise ModelError(
            f"{path}: expected the second stage of the model {name} ({model.base}), got that of"
            f" {rescorer.base:.80}"
        )
    return rescorer


@lru_cache(maxsize=4)
def _opened(path: Path, changed: int, size: int, threads: int) -> Rescorer:  # noqa: ARG001
    """The second stage in a file as it stands, one for all who restore with it."""
    return Rescorer(path.read_bytes(), str(path), threads)


def _cores() -> int:
    """How many cores to use: one in a process of a pool, whose others use the rest."""
    told = os.environ.get("OMP_NUM_THREADS", "")
    if told.isdecimal():
        return max(1, int(told))
    for name in ("multiprocessing", "multiprocess"):
        pool = sys.modules.get(f"{name}.process")
        if pool is not None and pool.parent_process() is not None:
            return 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
