"""A house's own text to the difference between it and a model: ``majuscule adapt``.

The CRF of `majuscule.training` learns once more, from the sample, with what the model says
as an offset to the scores: what is learned is the difference alone, and where there is
nothing to say it stays zero (C. Chelba and A. Acero 2004, "Adaptation of maximum entropy
capitalizer: little data can help a lot", who keep the weights near the old model's; as
additional weights, H. Daumé III 2007). Transitions stay the model's, and only features that
name a word or its class are learned: a sample of a few articles says something of its words
and of words like them, nothing of all words that end alike, and text without them stays as
the model has it.

Ten articles are few, and a difference can do harm. So the sample is parted in five; each
part is judged by what was learned on the other four, at several strengths, and the one that
makes it likeliest is what the weights of the whole are multiplied by; nothing at all is one
of them, and is taken, too, if clearly more words come out wrong. The same trial says what to
expect on text that was not seen.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from majuscule.adapter import Adapter
from majuscule.errors import DataError, MajusculeError
from majuscule.evaluation import Report, Tally, count
from majuscule.features import Memory, lexical
from majuscule.labels import Case
from majuscule.restorer import Restorer
from majuscule.text import CASED, Kind, flatten, lower, read
from majuscule.training import (
    Example,
    Known,
    Learner,
    Progress,
    Settings,
    Silent,
    Source,
    example_of,
    lines_of,
)
from majuscule.weights import CODES, FEATURES, FORMAT, SCALE, WAYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from majuscule._arrays import Codebook, Codes, Ints, Keys
    from majuscule.model import Model

PARTS = 5
"""In how many parts a sample is judged."""

SKETCH_BITS = 8
"""Every feature is learned, so that nothing need be told apart by its count."""

FEWEST_CODES, MOST_CODES, SHARE = 256, 1024, 500
"""Codes of the codebook in use, one for so many features: more are not worth the time."""

FEWEST = 10
"""Lines of a sample that is judged at all."""

HABITS = 100
"""Words that changed most, kept in the header."""

BATCH_CHARACTERS = 8_000
"""How much is learned from before the rate falls a little."""


@dataclass(frozen=True)
class AdaptSettings:
    """How to adapt.

    Attributes:
        seed: fixes the order of the text and every other choice.
        passes: over the sample.
        rate: Adagrad's rate at first; it falls to 0.
        most: features to keep, the most important; 4 bytes each and a third more.
        form_count: how often a mixed-case form must occur to be a written form.
        strength: what weights are multiplied by; 0 chooses by trial.
    """

    seed: int = 1
    passes: int = 3
    rate: float = 0.15
    most: int = 1_000_000
    form_count: int = 2
    strength: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what cannot be adapted with."""
        for name, low, high in (
            ("passes", 1, 1 << 30),
            ("rate", 0, 100),
            ("most", 1, 1 << 30),
            ("form_count", 1, 1 << 40),
            ("strength", 0, 100),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise MajusculeError(f"expected {name} from {low} to {high}, got {value}")


STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Those tried where none is given."""


class _Unit(NamedTuple):
    """What is learned from or judged as a whole: a document, or a paragraph of few."""

    text: str
    spacing: bool


def adapt(
    sources: Sequence[Source],
    base: Model,
    settings: AdaptSettings = AdaptSettings(),
    *,
    style: str | None = None,
    name: str = "house",
    about: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Adapter:
    """Learn what sets a sample's writing apart from a model's.

    Args:
        sources: natural text of the house; their weights and styles do not count.
        base: the model, with adapters or without.
        settings: how.
        style: the model's style to begin with; None chooses the nearest, or none.
        name: the adapter's name.
        about: more to say in the file's header.
        progress: told how far it is.

    Raises:
        ModelError: the model has no such style.
        DataError: a source is not text, or there is nothing in any of them.
        OSError: a source cannot be read.
    """
    progress = progress or Silent()
    digests: list[str] = []
    units = _units(sources, digests)
    forms = _new_forms(units, base, settings)
    if style is None:
        style = _nearest(units, base, forms, settings)
    elif base.style(style) == 0:
        style = None
    header: dict[str, Any] = {
        "kind": "adapter",
        "format": FORMAT,
        "features": FEATURES,
        "name": name,
        "base": base.base,
        "base_name": base.about.get("name"),
        "upon": [some.hash for some in base.adapters],
        "style": style,
        "settings": asdict(settings),
        "training": [
            {"file": source.path.name, "sha256": digest}
            for source, digest in zip(sources, digests, strict=True)
        ],
        **(about or {}),
    }
    strength, header["held_out"] = settings.strength or 1.0, None
    characters = sum(len(unit.text) for unit in units)
    if sum(unit.text.count("\n") + 1 for unit in units) >= FEWEST and len(units) >= PARTS:
        progress.begin("trying", settings.passes * characters * (PARTS - 1))
        strength, header["held_out"] = _tried(units, base, forms, header, settings, progress)
    header["strength"] = strength
    progress.begin("learning", settings.passes * characters)
    learned = _learned(units, base, forms, header, settings, progress)
    adapter = _times(learned, strength)
    header["habits"] = _habits(units, base, adapter)
    return adapter


def _units(sources: Iterable[Source], digests: list[str]) -> list[_Unit]:
    """The sample's documents, or its paragraphs where there are too few of them."""
    documents: list[_Unit] = []
    for source in sources:
        digest = hashlib.sha256()
        lines: list[str] = []
        for line in (*lines_of(source, digest), ""):
            if line.strip():
                lines.append(line)
            elif lines:
                documents.append(_Unit("\n".join(lines), source.spacing))
                lines = []
        digests.append(digest.hexdigest())
    if not documents:
        raise DataError("expected text to adapt to, found none")
    if len(documents) >= PARTS:
        return documents
    return [_Unit(line, one.spacing) for one in documents for line in one.text.split("\n")]


def _new_forms(units: Iterable[_Unit], base: Model, settings: AdaptSettings) -> tuple[str, ...]:
    """Mixed-case forms that the model would not write, and the house mostly does."""
    seen: Counter[str] = Counter()
    mixed: Counter[str] = Counter()
    for unit in units:
        tokens = read(unit.text)
        found = np.flatnonzero(tokens.case == Case.MIXED)
        mixed.update(tokens.written(int(i)) for i in found)
    wanted = {form.lower() for form, times in mixed.items() if times >= settings.form_count}
    if not wanted:
        return ()
    for unit in units:
        tokens = read(unit.text)
        seen.update(word for i in range(len(tokens)) if (word := tokens.word(i)) in wanted)
    known = set(base.written_forms)
    return tuple(
        sorted(
            form
            for form, times in mixed.items()
            if times >= settings.form_count and 2 * times > seen[form.lower()] and form not in known
        )
    )


def _flat(text: str, spacing: bool) -> str:
    return flatten(text) if spacing else lower(text)


def _nearest(
    units: Sequence[_Unit], base: Model, forms: tuple[str, ...], settings: AdaptSettings
) -> str | None:
    """The style in which the sample is likeliest; None if it is as likely in none."""
    judge, known = _learner(base, settings, 8), _known(base, forms)

    def loss(style: str | None) -> float:
        judge.loss = 0.0
        for example in _examples(units, base.style(style), known):
            offset = base.score(example.ids, example.first, example.edge)
            judge.step(example, 0, offset, transition_rate=0)
        return judge.loss

    best, style = min(((loss(style), style) for style in base.styles), default=(0.0, None))
    # A nat is the price of one more choice (H. Akaike 1974).
    return style if style and best < loss(None) - 1 else None


def _joined(units: Sequence[_Unit]) -> Iterator[_Unit]:
    """Batches of units; documents stay apart by a blank line."""
    batch: list[str] = []
    size = 0
    spacing = True
    apart = "\n\n" if any("\n" in unit.text for unit in units) else "\n"
    for unit in units:
        if batch and (size >= BATCH_CHARACTERS or unit.spacing != spacing):
            yield _Unit(apart.join(batch), spacing)
            batch, size = [], 0
        batch.append(unit.text)
        size += len(unit.text)
        spacing = unit.spacing
    if batch:
        yield _Unit(apart.join(batch), spacing)


def _learned(
    units: Sequence[_Unit],
    base: Model,
    forms: tuple[str, ...],
    header: dict[str, Any],
    settings: AdaptSettings,
    progress: Progress,
) -> Adapter:
    """The difference at its full strength."""
    rng = random.Random(settings.seed)
    batches = list(_joined(units))
    characters = sum(len(batch.text) for batch in batches)
    # Up to four features a character: room for all of them, and of a large sample for some.
    row_bits = min(max((characters // 4).bit_length(), 8), 17)
    learner = _learner(base, settings, row_bits)
    known, memory = _known(base, forms), Memory()
    number = base.style(header["style"])
    new = np.full(1 << SKETCH_BITS, 255, dtype=np.uint8)  # every feature is frequent enough
    steps = settings.passes * len(batches)
    step = 0
    for turn in range(settings.passes):
        rng.shuffle(batches)
        sketch = new if turn == 0 else new[:0]
        for batch in batches:
            style = rng.choice((number, 0))
            memory.forget()
            example = example_of(batch.text, batch.spacing, style, known, memory, _nowhere)
            chosen = lexical(example.tokens, example.first, example.edge)
            example.rows[chosen] = learner.find(sketch, example.ids[chosen])
            offset = base.score(example.ids, example.first, example.edge)
            learner.step(example, settings.rate * (1 - step / steps), offset, transition_rate=0)
            step += 1
            progress.advance(len(batch.text))
    learner.keep(settings.most)
    codes = int(np.count_nonzero(learner.keys)) // SHARE
    table, codebook = learner.packed(codes=min(max(codes, FEWEST_CODES), MOST_CODES))
    return Adapter(table, codebook, forms, header)


def _learner(base: Model, settings: AdaptSettings, row_bits: int) -> Learner:
    """What learns with the transitions of the model."""
    learner = Learner(
        Settings(seed=settings.seed, row_bits=row_bits, least=1, sketch_bits=SKETCH_BITS)
    )
    learner.transitions[:] = base.transitions / np.float32(SCALE)
    learner.potential[:] = np.exp(learner.transitions)
    return learner


def _known(base: Model, forms: tuple[str, ...]) -> Known:
    """What is known of words once an adapter with such forms lies on the model."""
    written = np.unique(read("\n".join((*forms, *base.written_forms))).key)
    return Known(base.words, written, base.prefixes)


def _examples(units: Sequence[_Unit], style: int, known: Known) -> Iterator[Example]:
    """The units as they are judged: nothing is learned from them."""
    memory = Memory()
    for text, spacing in _joined(units):
        memory.forget()
        yield example_of(text, spacing, style, known, memory, _nowhere)


def _nowhere(ids: Keys) -> Ints:
    """No rows for any feature."""
    return np.full(len(ids), -1, dtype=np.int32)


def _empty(forms: tuple[str, ...], header: dict[str, Any]) -> Adapter:
    """An adapter without a weight."""
    table: Codes = np.zeros((1, WAYS), dtype=np.uint32)
    codebook: Codebook = np.zeros((CODES, 4), dtype=np.int16)
    return Adapter(table, codebook, forms, header)


def _times(adapter: Adapter, strength: float) -> Adapter:
    """The same difference, weaker or stronger."""
    if not strength:
        return _empty(adapter.forms, adapter.about)
    scaled = np.clip(np.rint(adapter.codebook * np.float64(strength)), -32000, 32000)
    return Adapter(adapter.table, scaled.astype(np.int16), adapter.forms, adapter.about)


def _tried(
    units: Sequence[_Unit],
    base: Model,
    forms: tuple[str, ...],
    header: dict[str, Any],
    settings: AdaptSettings,
    progress: Progress,
) -> tuple[float, dict[str, Any]]:
    """The strength at which parts that were not learned from are likeliest, and how good it is."""
    strengths = (settings.strength,) if settings.strength else STRENGTHS
    losses = np.zeros(len(strengths))
    known = _known(base, forms)
    number = base.style(header["style"])
    adapters = []
    for part in range(PARTS):
        rest = [unit for i, unit in enumerate(units) if i % PARTS != part]
        adapters.append(_learned(rest, base, forms, header, settings, progress))
        adapted = base.with_adapters(adapters[-1])
        judge = _learner(base, settings, 8)
        for example in _examples(units[part::PARTS], number, known):
            given = example.ids, example.first, example.edge
            plain = base.score(*given)
            more = adapted.score(*given) - plain
            for k, strength in enumerate(strengths):
                judge.loss = 0.0
                offset = plain + np.rint(more * strength).astype(np.int32)
                judge.step(example, 0, offset, transition_rate=0)
                losses[k] += judge.loss
    strength = strengths[int(np.argmin(losses))]

    def judged(strength: float | None) -> Tally:
        """The words of all parts, restored at some strength, or by the model as it was."""
        total = Report()
        for part, adapter in enumerate(adapters):
            laid = () if strength is None else (_times(adapter, strength),)
            restorer = Restorer(base.with_adapters(*laid))
            for text, spacing in _joined(units[part::PARTS]):
                flat = _flat(text, spacing)
                total += _judged(restorer.restore(flat), text, flat)
        return total.words

    before, after = judged(None), judged(strength)
    if not settings.strength and strength:
        without = judged(0)
        # Of so many errors twice the root may come and go by chance.
        if without.right - after.right > 2 * (without.total - without.right) ** 0.5:
            strength, after = 0.0, without
    return strength, {
        "parts": PARTS,
        "words": before.total,
        "wrong_before": before.total - before.right,
        "wrong_after": after.total - after.right,
        "word_f1_before": _rounded(before.f1),
        "word_f1_after": _rounded(after.f1),
        "losses": dict(zip(map(str, strengths), losses.round(1).tolist(), strict=True)),
    }


def _judged(restored: str, natural: str, flattened: str) -> Report:
    """All lines together, but those of which flattening has no way back."""
    total = Report()
    for line in zip(*(t.split("\n") for t in (restored, natural, flattened)), strict=True):
        with suppress(DataError):
            total += count(*line)
    return total


def _rounded(figure: float) -> float | None:
    return None if isnan(figure) else round(figure, 2)


def _habits(units: Sequence[_Unit], base: Model, adapter: Adapter) -> list[dict[str, Any]]:
    """The words whose writing inside of sentences the adapter changed most in the sample."""
    before, after = Restorer(base), Restorer(base.with_adapters(adapter))
    total: Counter[str] = Counter()
    forms: tuple[Counter[tuple[str, str]], ...] = (Counter(), Counter())
    for text, spacing in _joined(units):
        flat = _flat(text, spacing)
        for restorer, counts in zip((before, after), forms, strict=True):
            tokens = read(restorer.restore(flat))
            inner = (CASED[tokens.role] != 0) & (tokens.role < Kind.FIRST_WORD)
            for i in np.flatnonzero(inner).tolist():
                counts[tokens.word(i), tokens.written(i)] += 1
    for (word, _), times in forms[0].items():
        total[word] += times
    changes: dict[str, tuple[int, str]] = {}
    for word, form in {*forms[0], *forms[1]}:
        change = abs(forms[1][word, form] - forms[0][word, form])
        if form != word:  # what is no capital goes without saying
            changes[word] = max(changes.get(word, (0, "")), (change, form))
    most = sorted((-change, word, form) for word, (change, form) in changes.items() if change)
    return [
        {
            "word": word,
            "form": form,
            "before": forms[0][word, form],
            "after": forms[1][word, form],
            "of": total[word],
        }
        for _, word, form in most[:HABITS]
    ]
