"""Natural text to a second stage: how the network of `majuscule.rescorer` is learned.

What the first stage says of text that it has learned is better than what it will say of any
other, so the network learns from parts of the text (folds) each scored by a model that has
not seen it (D. Wolpert 1992, "Stacked generalization", section 2). Its loss is that of the first
stage, a CRF's negative log likelihood with the corrections added to the scores and with the first
stage's transitions; only tokens in doubt are corrected, and only what they look at is computed.

Every layer but the last is normalised over the tokens of a batch (S. Ioffe and C. Szegedy 2015,
"Batch normalization"), which becomes a factor and a summand of its integer weights in the
file; layers above the first add to what the one below them found (K. He et al. 2016, "Deep residual
learning for image recognition"). From the first step on values are rounded as they will be
in the file, and slopes go through the rounding as if it were not there (Y. Bengio, N. Leonard and
A. Courville 2013), as in B. Jacob et al. 2018, section 3.

What is learned is saved every so often, and a call that was stopped goes on from there. Each time
it is judged, too, by a little text kept apart: where the loss of what is learned falls and that of
the text apart does not, the network learns by heart.
"""

from __future__ import annotations

import json
import random
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from majuscule import _training, rescorer
from majuscule.errors import DataError, MajusculeError, ModelError
from majuscule.features import Memory
from majuscule.rescorer import FORMAT, NUMBERS, OUTPUTS, TABLES, ZERO, Scored, inputs, reach, weigh
from majuscule.text import CASED, Document, read
from majuscule.training import Known, Silent, ahead, batches, example_of
from majuscule.training import Settings as Reading
from majuscule.weights import SCALE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Floats, Ints
    from majuscule.model import Model
    from majuscule.training import Progress, Source

IN = 64
"""Steps of what the network reads, by one: bytes less `ZERO`, -2 to 2."""

STEP = 32
"""Steps of a layer's values by one: bytes, 0 to 8."""

MOST = 63
"""The greatest integer weight, either way."""

# A tenth of the time where a machine multiplies these, thirty times as long where it does not.
_BRAIN = {"amx_bf16", "avx512_bf16", "bf16"}
FLOAT = (
    torch.bfloat16
    if any(torch.cpu.get_capabilities().get(name) for name in _BRAIN)
    else torch.float32
)
"""What layers are multiplied in while learning."""

_MOMENTUM = 0.02
_LEAST_VARIANCE = 1e-4

_SETTLED = 40
"""Batches that a network is normalised over which begins with what another has learned."""


@dataclass(frozen=True)
class Settings:
    """How to learn the second stage; the defaults made the shipped one.

    Attributes:
        seed: fixes the order of the text and every other choice.
        passes: over the folds.
        spans: how far each layer looks to either side, the lowest first.
        width: values of a layer, of the last one `top`.
        top: see `width`.
        word_width: values of a word in each of its two tables.
        class_width: values of its class.
        part_width: values of its beginning, and of its ending.
        rate: AdamW's (I. Loshchilov and F. Hutter 2019), falling to 0 over all passes.
        table_rate: Adagrad's for the tables, likewise.
        hidden: share of the tokens whose word is hidden, so that unknown words are known.
        most: how many times a source is read in a pass at most, whatever its weight.
        learn: margins below this are learned from, in natural logarithms.
        doubt: margins below this are looked at afterwards.
        every: batches from one time of saving and judging to the next.
        apart: share of the text that is kept apart to judge by, of sources read once in a pass.
        share: of the text to use, for trying things out.
    """

    seed: int = 1
    passes: int = 1
    spans: tuple[int, ...] = (1, 2, 4, 8)
    width: int = 384
    top: int = 512
    word_width: int = 48
    class_width: int = 32
    part_width: int = 24
    rate: float = 5e-4
    table_rate: float = 0.03
    hidden: float = 0.05
    most: int = 2
    learn: float = 4.0
    doubt: float = 3.0
    every: int = 500
    apart: float = 0.01
    share: float = 1.0


class Lines(NamedTuple):
    """A batch, as the first stage leaves it and as the network reads it.

    `potential` are the exponentials of that first stage's transitions. Another's do not fit its
    scores: with those of the model to be corrected, whose bias lies elsewhere, the network
    learned to correct a fault that only this mixture had.
    """

    given: Scored
    potential: Floats
    gold: Bytes
    spacing: bool
    chosen: NDArray[np.bool_]
    looks: list[Ints]
    own: Ints
    places: Ints
    numbers: Bytes
    characters: int


def lines_of(
    text: str,
    first: Model,
    known: Known,
    settings: Settings,
    memory: rescorer.Memory,
    *,
    spacing: bool = True,
    style: int = 0,
) -> Lines:
    """Score natural text and find what is to be learned of it.

    Args:
        text: one document, or several with blank lines between them.
        first: the first stage, which has not learned it.
        known: what that knows of words: `known_of` it.
        settings: how far the network looks, and from which doubt on.
        memory: of the second stage; a new document begins in it.
        spacing: False if the text is tokenised.
        style: the number of the style it is written in.
    """
    example = example_of(text, spacing, style, known, Memory(), lambda _: np.zeros(0, np.int32))
    tokens = example.tokens
    ids = example.ids, example.first, example.edge
    memory.forget()
    given = rescorer.scored(
        first,
        tokens,
        first.classes(tokens),
        Document.BLOCK,
        style,
        ids,
        first.score(*ids),
        example.bits,
    )
    places, numbers = inputs(given, memory)
    chosen = given.margins.min(axis=1) < settings.learn * SCALE
    spans = np.array(settings.spans, dtype=np.int32)
    lowest, looks, own = reach(chosen.view(np.uint8), tokens.lines, spans)
    weigh(given, lowest, first, numbers)
    rest = chosen, looks, own, places[lowest], numbers[lowest], len(text)
    potential = np.exp(first.transitions.astype(np.float32) / SCALE)
    return Lines(given, potential, example.gold, spacing, *rest)


def known_of(first: Model) -> Known:
    """What a model knows of words, as training takes it."""
    return Known(first.words, np.unique(read("\n".join(first.forms)).key), first.prefixes)


class Network:
    """The network while it is learned: parameters by name, running means and variances."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        seed = torch.Generator().manual_seed(settings.seed)
        word, part = settings.word_width, settings.part_width
        widths = word, word, settings.class_width, part, part
        self.tables = [
            0.15 * torch.randn(rows, width, generator=seed)
            for rows, width in zip(TABLES, widths, strict=True)
        ]
        wide, top = settings.width, settings.top
        shapes = [(sum(widths) + NUMBERS, wide)]
        shapes += [(3 * wide, wide)] * len(settings.spans) + [(2 * wide, top)]
        self.weights = [torch.randn(*shape, generator=seed) / shape[0] ** 0.5 for shape in shapes]
        self.factors = [torch.ones(width) for _, width in shapes]
        self.summands = [torch.zeros(width) for _, width in shapes]
        self.means = [torch.zeros(width) for _, width in shapes]
        self.variances = [torch.ones(width) for _, width in shapes]
        self.last = torch.zeros(top, OUTPUTS)
        self.bias = torch.zeros(OUTPUTS)
        self._sums: list[list[Any]] | None = None
        for value in (*self.tables, *self.learned()):
            value.requires_grad_(True)

    def learned(self) -> list[Any]:
        """What is learned, but for the tables."""
        return [*self.weights, *self.factors, *self.summands, self.last, self.bias]

    def state(self) -> dict[str, Any]:
        """All values by name."""
        named = {"last": self.last, "bias": self.bias}
        for kind in ("tables", "weights", "factors", "summands", "means", "variances"):
            named |= {f"{kind}.{i}": value for i, value in enumerate(getattr(self, kind))}
        return named

    def correct(self, lines: Lines, hidden: float = 0.0, seed: int | None = None) -> Any:  # noqa: ANN401 - torch has no types here
        """What to add to the scores of the chosen tokens: float32[chosen, 12], in logarithms.

        Args:
            lines: the batch.
            hidden: share of the tokens whose word is hidden.
            seed: chooses them, and says that this is to learn from; None is for use.
        """
        learning = seed is not None
        places = torch.from_numpy(lines.places).long()
        read = [
            _rounded(
                torch.nn.functional.embedding(places[:, i], table, sparse=True), -2, 127 / IN, IN
            )
            for i, table in enumerate(self.tables)
        ]
        if seed is not None and hidden:
            chance = torch.rand(len(places), 1, generator=torch.Generator().manual_seed(seed))
            read[:2] = [value * (chance >= hidden) for value in read[:2]]
        numbers = (torch.from_numpy(lines.numbers).float() - ZERO) / IN
        found = self._layer(0, torch.cat([*read, numbers], 1).to(FLOAT), learning)
        found = lowest = _rounded(found, 0, 255 / STEP, STEP)
        for i, look in enumerate(lines.looks):
            # What is beyond the line is 0.
            below = torch.cat([torch.zeros(1, found.shape[1], dtype=found.dtype), found])
            at = torch.from_numpy(look).long()
            seen = torch.nn.functional.embedding(at, below).flatten(1)
            more = _rounded(self._layer(i + 1, seen, learning), -128 / STEP, 127 / STEP, STEP)
            same = torch.nn.functional.embedding(at[:, 1], below)
            found = _rounded(more + same, 0, 255 / STEP, STEP)
        own = torch.nn.functional.embedding(torch.from_numpy(lines.own).long(), lowest)
        found = self._layer(len(lines.looks) + 1, torch.cat([found, own], 1), learning)
        found = _rounded(found, 0, 255 / STEP, STEP)
        return (found @ _coarse(self.last).to(FLOAT)).float() + self.bias

    def take(self, content: bytes) -> None:
        """Take the values of a file that `export` made of a network of this shape.

        Its normalisation is within its weights: `settle` parts them again.

        Raises:
            ModelError: the file is another's, or of another shape.
        """
        given = onnx.load_model_from_string(content).graph
        constants = {entry.name: numpy_helper.to_array(entry) for entry in given.initializer}
        taken: dict[str, Any] = {}
        tables = layers = 0
        for node in given.node:
            held: list[Any] = [constants.get(name) for name in node.input]
            if node.op_type == "Gather" and held[0] is not None:
                taken[f"tables.{tables}"] = (held[0].astype(np.float32) - ZERO) / IN
                tables += 1
            elif node.op_type == "QGemm":
                scale, weights, unit, bias = (held[place] for place in (1, 3, 4, 6))
                taken[f"weights.{layers}"] = weights * unit
                taken[f"summands.{layers}"] = unit * bias * scale
                layers += 1
            elif node.op_type in ("MatMulInteger", "Add"):
                name = "last" if node.op_type == "MatMulInteger" else "bias"
                taken[name] = held[1].astype(np.float32)
            elif node.op_type == "Mul":
                worth = held[1] / np.float32(SCALE)
                taken["last"] = taken["last"] * worth * STEP
                taken["bias"] = taken["bias"] * worth
        for i in range(layers):
            shape = taken[f"summands.{i}"].shape
            taken[f"factors.{i}"] = np.ones(shape)
            taken[f"means.{i}"] = np.zeros(shape)
            taken[f"variances.{i}"] = np.full(shape, 1 - _LEAST_VARIANCE)
        own = self.state()
        here, there = (
            {name: tuple(value.shape) for name, value in some.items()} for some in (own, taken)
        )
        if here != there:
            raise ModelError(f"expected a second stage of {here}, got one of {there}")
        with torch.no_grad():
            for name, value in own.items():
                value.copy_(torch.from_numpy(np.ascontiguousarray(taken[name])))

    def settle(self, batches: Iterable[Lines]) -> None:
        """Normalise over these batches; what the network says stays the same.

        Products with the weights then have a variance of 1, as those that learning begins with.
        """
        self._sums = [[torch.zeros(1)] * 3 for _ in self.weights]
        with torch.no_grad():
            for lines in batches:
                if lines.chosen.any():
                    self.correct(lines)
            sums, self._sums = self._sums, None
            for i, (count, total, squares) in enumerate(sums):
                mean = total / count
                spread = (squares / count - mean**2).clamp(min=_LEAST_VARIANCE).sqrt()
                factor = self.factors[i] / (self.variances[i] + _LEAST_VARIANCE).sqrt()
                self.summands[i].add_((mean - self.means[i]) * factor)
                self.factors[i].copy_(factor * spread * (1 + _LEAST_VARIANCE) ** 0.5)
                self.weights[i].div_(spread)
                self.means[i].copy_(mean / spread)
                self.variances[i].fill_(1)

    def _layer(self, i: int, read: Any, learning: bool) -> Any:  # noqa: ANN401 - as above
        """Products with the weights, normalised."""
        products = read @ _coarse(self.weights[i]).to(FLOAT)
        if self._sums is not None:
            some = products.float()
            more = torch.tensor(float(len(some))), some.sum(0), (some**2).sum(0)
            self._sums[i] = [sum_ + one for sum_, one in zip(self._sums[i], more, strict=True)]
        return torch.nn.functional.batch_norm(
            products,
            self.means[i],
            self.variances[i],
            self.factors[i],
            self.summands[i],
            learning,
            _MOMENTUM,
            _LEAST_VARIANCE,
        )


def _rounded(values: Any, low: float, high: float, steps: int) -> Any:  # noqa: ANN401 - as above
    """Values as bytes can hold them; slopes go through where they are within bounds."""
    within = values.clamp(low, high)
    return within + (torch.round(within.detach() * steps) / steps - within.detach())


def _coarse(weights: Any) -> Any:  # noqa: ANN401 - as above
    """Weights as the file will hold them."""
    whole, unit = _whole(weights.detach())
    return weights + (whole * unit - weights.detach())


def _whole(weights: Any) -> tuple[Any, Any]:  # noqa: ANN401 - as above
    """Weights as integers, and for each column what one is worth."""
    unit = weights.abs().amax(0, keepdim=True).clamp(min=1e-6) / MOST
    return torch.round(weights / unit), unit


def train(
    sources: Sequence[Source],
    base: Model,
    firsts: Mapping[int, Model],
    settings: Settings = Settings(),
    *,
    folds: int,
    saved: Path,
    begun: bytes | None = None,
    about: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> bytes:
    """Learn the second stage of a model.

    Args:
        sources: natural text.
        base: the model whose scores it will correct.
        firsts: models like it, by the fold that each has not learned, from 1. The text of the
            other folds is not used.
        settings: how.
        folds: how many there are in all.
        saved: where to save what is learned so far; if that is there, learning goes on.
        begun: a second stage's file of the same shape, to begin with what it has learned.
        about: more to say in the file.
        progress: told how far it is.

    Returns:
        The file.

    Raises:
        DataError: a source is not text, or there is none in the folds; or what is saved was
            learned otherwise.
        ModelError: what to begin with is of another shape.
        OSError: a file cannot be read or written.
    """
    if not firsts or not all(1 <= fold <= folds for fold in firsts):
        raise MajusculeError(f"expected models of folds from 1 to {folds}, got {list(firsts)}")
    progress = progress or Silent()
    read_from = [[source.path.name, source.style, source.weight] for source in sources]
    known = {fold: known_of(first) for fold, first in firsts.items()}
    progress.begin("reading", None)
    texts: list[_Text] = []
    kept: list[_Text] = []
    chance = random.Random(settings.seed)
    for entry in _texts(sources, base, folds, firsts, settings):
        apart = entry.once and chance.random() < settings.apart
        (kept if apart else texts).append(entry)
        progress.advance(len(entry.text))
    if not texts:
        raise DataError("expected text to learn from, found none")

    def order(number: int) -> list[_Text]:
        # Sources end at different times when they are read: so a pass is mixed to its very end.
        return random.Random(f"{settings.seed} {number}").sample(texts, len(texts))

    def made(some: list[_Text]) -> Iterator[Lines]:
        memory = rescorer.Memory()
        for entry in some:
            stage = firsts[entry.fold], known[entry.fold], settings, memory
            yield lines_of(entry.text, *stage, spacing=entry.spacing, style=entry.style)

    begins_with = rescorer.hash_of(begun) if begun else None
    without = {str(fold): first.base for fold, first in firsts.items()}
    signature = [asdict(settings), base.base, without, folds, read_from]
    learner = _Learner(Network(settings), saved, json.dumps([*signature, begins_with]))
    if begun and not saved.exists():
        learner.network.take(begun)
        learner.network.settle(made(order(0)[:_SETTLED]))
    total = settings.passes * len(texts)
    learner.resume(total)
    judges = list(made(kept))
    for number in range(settings.passes):
        left = order(number)[max(0, learner.step - number * len(texts)) :]
        progress.begin(
            f"learning {number + 1}/{settings.passes}", sum(len(entry.text) for entry in left)
        )
        for lines in ahead(made(left)):
            learner.learn(lines)
            progress.advance(lines.characters)
            if learner.step % settings.every == 0 or learner.step == total:
                learner.judge(judges)
                learner.save()
    header = {
        "format": FORMAT,
        "base": base.base,
        "spans": list(settings.spans),
        "doubt": round(settings.doubt * SCALE),
        "settings": asdict(settings),
        "firsts": without,
        "begun": begins_with,
        "judged": learner.judged,
        **(about or {}),
    }
    return export(learner.network, header)


class _Text(NamedTuple):
    """A batch of one source, which is read once in a pass, or several times."""

    fold: int
    text: str
    spacing: bool
    style: int
    once: bool


def _texts(
    sources: Sequence[Source], base: Model, folds: int, chosen: Iterable[int], settings: Settings
) -> Iterator[_Text]:
    """The batches of some folds."""
    some = [replace(source, weight=min(source.weight, settings.most)) for source in sources]
    reading = Reading(seed=settings.seed, share=settings.share, folds=folds)
    for fold in chosen:
        for text, source, style in batches(some, replace(reading, fold=-fold), 100, None):
            if text.strip():
                number = base.styles.index(style) + 1 if style else 0
                yield _Text(fold, text, source.spacing, number, source.weight == 1)


class _Learner:
    """A network with its optimisers, and where they are saved."""

    def __init__(self, network: Network, saved: Path, signature: str) -> None:
        settings = network.settings
        self.network, self._saved = network, saved
        self._dense = torch.optim.AdamW(network.learned(), settings.rate, (0.9, 0.99))
        # Sums of squares begin at next to nothing: rows are seldom seen.
        rest = {"initial_accumulator_value": 1e-8, "eps": 1e-10}
        self._tables = torch.optim.Adagrad(network.tables, settings.table_rate, **rest)
        self.step = self._total = 0
        self.judged: list[dict[str, float]] = []
        # The loss of what was learned from since it was judged, by the first stage and by both.
        self._losses = np.zeros(2)
        self._signature = signature

    def learn(self, lines: Lines) -> None:
        """One step down the slope of the CRF's loss."""
        self.step += 1
        if not lines.chosen.any():
            return
        settings = self.network.settings
        corrections = self.network.correct(lines, settings.hidden, self.step)
        before, after, slope = _losses(lines, corrections)
        self._losses += before, after
        pull = torch.from_numpy(slope[lines.chosen].reshape(-1, OUTPUTS)) / 400
        left = min(1, self.step / 150) * (1 - (self.step - 1) / self._total)
        for optimiser, rate in (
            (self._dense, settings.rate),
            (self._tables, settings.table_rate),
        ):
            optimiser.param_groups[0]["lr"] = rate * left
            optimiser.zero_grad(set_to_none=True)
        corrections.backward(pull)
        torch.nn.utils.clip_grad_norm_(self.network.learned(), 1.0)
        self._dense.step()
        # Said outright, or torch warns: slopes of rows are made well.
        with torch.sparse.check_sparse_tensor_invariants(enable=False):
            self._tables.step()

    def judge(self, batches: Sequence[Lines]) -> None:
        """Note by how many per cent the loss fell: of what was learned from, and of these."""
        apart = np.zeros(2)
        with torch.no_grad():
            for lines in batches:
                if lines.chosen.any():
                    apart += _losses(lines, self.network.correct(lines))[:2]
        entry: dict[str, float] = {"step": self.step}
        for name, (before, after) in (("learned", self._losses), ("apart", apart)):
            if before:
                entry[name] = round(float(100 * (1 - after / before)), 2)
        self.judged.append(entry)
        self._losses[:] = 0

    def _state(self) -> dict[str, Any]:
        """All values that learning goes on from, by name."""
        named = dict(self.network.state())
        for name, optimiser in (("dense", self._dense), ("tables", self._tables)):
            for i, value in enumerate(optimiser.param_groups[0]["params"]):
                state = optimiser.state[value]
                named |= {f"{name}.{i}.{key}": state[key] for key in state}
        return named

    def save(self) -> None:
        """Write what is learned, whole or not at all."""
        self._saved.parent.mkdir(parents=True, exist_ok=True)
        whole = self._saved.with_suffix(".part")
        tensors = {name: value.detach().contiguous() for name, value in self._state().items()}
        known = {"step": str(self.step), "judged": json.dumps(self.judged)}
        save_file(tensors, whole, known | {"signature": self._signature})
        whole.replace(self._saved)

    def resume(self, total: int) -> None:
        """Go on from what is saved, if there is any.

        Args:
            total: steps in all.
        """
        self._total = total
        if not self._saved.exists():
            return
        try:
            with safe_open(self._saved, "pt") as file:
                known = file.metadata() or {}
        except SafetensorError as error:
            raise DataError(
                f"{self._saved}: expected what was learned so far, got a damaged file ({error});"
                " move it away to begin anew"
            ) from None
        if known.get("signature") != self._signature:
            raise DataError(
                f"{self._saved}: expected what these settings had learned so far, got what others"
                " had; move it away to begin anew"
            )
        values = load_file(self._saved)
        with torch.no_grad():
            for name, value in self.network.state().items():
                value.copy_(values[name])
            for name, optimiser in (("dense", self._dense), ("tables", self._tables)):
                for i, parameter in enumerate(optimiser.param_groups[0]["params"]):
                    prefix = f"{name}.{i}."
                    optimiser.state[parameter] = {
                        key.removeprefix(prefix): value
                        for key, value in values.items()
                        if key.startswith(prefix)
                    }
        self.step = int(known["step"])
        self.judged = json.loads(known["judged"])


def _losses(lines: Lines, corrections: Any) -> tuple[float, float, Floats]:  # noqa: ANN401 - as above
    """The loss of a batch without corrections and with them, and the slope of the latter."""
    given = lines.given
    tokens = given.tokens
    rest = tokens.role, CASED, given.bits, lines.gold, tokens.lines, lines.spacing, lines.potential
    scores = given.scores.astype(np.float32) / np.float32(SCALE)
    before, _ = _training.slope(scores, *rest)
    scores[lines.chosen] += corrections.detach().numpy().reshape(-1, 3, 4)
    return before, *_training.slope(scores, *rest)


def export(network: Network, about: dict[str, Any]) -> bytes:
    """The network as an ONNX file of integers; see `majuscule.rescorer`.

    A layer's byte is ``round(unit[j] * (sum of products + bias[j]))``, one product of floats
    that any machine rounds alike, for sums of integers below 2**24 are exact.
    """
    made = _Graph()
    columns = []
    for i, table in enumerate(network.tables):
        rows = np.clip(np.rint(table.detach().numpy() * IN) + ZERO, 0, 255).astype(np.uint8)
        which = made.add("Gather", ["places", made.constant(np.array(i, np.int64))], axis=1)
        columns.append(made.add("Gather", [made.constant(rows), which], axis=0))
    read = made.add("Concat", [*columns, "numbers"], axis=1)
    bottom, zero = made.constant(np.uint8(0)), made.constant(np.uint8(ZERO))
    fine, step = made.constant(np.float32(1 / IN)), made.constant(np.float32(1 / STEP))

    def layer(i: int, read: str, scale: str, zero_in: str, steps: int, zero_out: str) -> str:
        unit, weights, bias = _folded(network, i, steps)
        columns = made.constant(np.zeros(len(unit), np.int8))
        parts = [read, scale, zero_in, made.constant(weights), made.constant(unit), columns]
        rest = [made.constant(bias), step, zero_out]
        return made.add("QGemm", [*parts, *rest], domain="com.microsoft")

    found = lowest = layer(0, read, fine, zero, IN, bottom)
    width = network.settings.width
    three = made.constant(np.array([-1, 3 * width], np.int64))
    middle = made.constant(np.array(1, np.int64))
    beyond = made.constant(np.zeros((1, width), np.uint8))
    for i in range(len(network.settings.spans)):
        below = made.add("Concat", [beyond, found], axis=0)
        seen = made.add("Reshape", [made.add("Gather", [below, f"look{i}"], axis=0), three])
        more = layer(i + 1, seen, step, bottom, STEP, zero)
        here = made.add("Gather", [f"look{i}", middle], axis=1)
        same = made.add("Gather", [below, here], axis=0)
        both = [more, step, zero, same, step, bottom, step, bottom]
        found = made.add("QLinearAdd", both, domain="com.microsoft")
    own = made.add("Gather", [lowest, "own"], axis=0)
    top = made.add("Concat", [found, own], axis=1)
    top = layer(len(network.settings.spans) + 1, top, step, bottom, STEP, bottom)
    whole, unit = _whole(network.last.detach())
    worth = unit.numpy()[0] / STEP
    bias = np.rint(network.bias.detach().numpy() / worth).astype(np.int32)
    sums = made.add("MatMulInteger", [top, made.constant(whole.numpy().astype(np.int8))])
    sums = made.add("Add", [sums, made.constant(bias)])
    floats = made.add("Cast", [sums], to=TensorProto.FLOAT)
    scaled = made.add("Mul", [floats, made.constant((worth * SCALE).astype(np.float32))])
    rounded = made.add("Round", [scaled])
    made.add("Cast", [rounded], name="corrections", to=TensorProto.INT32)
    return made.file(len(network.settings.spans), about)


def _folded(network: Network, i: int, steps: int) -> tuple[Floats, NDArray[np.int8], Ints]:
    """A layer's units, integer weights and biases, its normalisation within them."""
    whole, unit = (value.numpy() for value in _whole(network.weights[i].detach()))
    rest = network.factors[i], network.summands[i], network.means[i], network.variances[i]
    factor, summand, mean, variance = (value.detach().numpy().astype(np.float64) for value in rest)
    factor = factor / np.sqrt(variance + _LEAST_VARIANCE)
    worth = np.maximum(np.abs(factor) * unit[0], 1e-9)
    bias = np.clip(np.rint((summand - mean * factor) / worth * steps), -(2**30), 2**30)
    signed = np.where(factor < 0, -whole, whole)
    return worth.astype(np.float32), signed.astype(np.int8), bias.astype(np.int32)


class _Graph:
    """An ONNX graph in the making; constants and results are named by number."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, value: Any) -> str:  # noqa: ANN401 - any array
        """The name of a new constant."""
        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, kind: str, given: list[str], name: str | None = None, **rest: Any) -> str:  # noqa: ANN401 - attributes
        """The name of a new operation's result."""
        name = name or f"result{len(self._nodes)}"
        self._nodes.append(helper.make_node(kind, given, [name], **rest))
        return name

    def file(self, layers: int, about: dict[str, Any]) -> bytes:
        """The graph as a file."""
        value, kinds = helper.make_tensor_value_info, TensorProto
        given = [
            value("places", kinds.INT32, ["lowest", len(TABLES)]),
            value("numbers", kinds.UINT8, ["lowest", NUMBERS]),
            value("own", kinds.INT32, ["chosen"]),
            *(value(f"look{i}", kinds.INT32, [f"layer{i}", 3]) for i in range(layers)),
        ]
        found = [value("corrections", kinds.INT32, ["chosen", OUTPUTS])]
        graph = helper.make_graph(self._nodes, "majuscule", given, found, self._constants)
        versions = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
        # The oldest version of the format that holds these, for the oldest ONNX Runtime.
        made = helper.make_model(graph, opset_imports=versions, ir_version=8)
        helper.set_model_props(made, {"majuscule": json.dumps(about, sort_keys=True)})
        content: bytes = made.SerializeToString(deterministic=True)
        return content


def with_doubt(content: bytes, doubt: float) -> bytes:
    """A second stage's file that looks at what is less sure than so many natural logarithms."""
    made = onnx.load_model_from_string(content)
    (entry,) = (entry for entry in made.metadata_props if entry.key == "majuscule")
    about = json.loads(entry.value) | {"doubt": round(doubt * SCALE)}
    entry.value = json.dumps(about, sort_keys=True)
    changed: bytes = made.SerializeToString(deterministic=True)
    return changed
