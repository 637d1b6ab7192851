"""Natural text to a model: ``majuscule train``.

Training data is natural text and nothing else: reading it gives the tokens and the labels
to predict. Five steps over the sources, in an order that a seed fixes:

1. find classes of words (`majuscule.clustering`);
2. count features (in a sketch) and the written forms of mixed-case words;
3. learn the CRF's weights for every feature seen often enough, by Adagrad (J. Duchi,
   E. Hazan and Y. Singer 2011) one line at a time, the rate falling to nothing;
4. keep the features whose removal would cost most, and learn on with those alone;
5. replace each feature's four weights by the nearest of 4096 (vector quantisation).

Of each pass, one thread reads ahead and finds the features' rows while another learns; what
either does and in which order is fixed, so the same text gives the same model.
"""

from __future__ import annotations

import hashlib
import lzma
import queue
import random
import re
import threading
from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np

from majuscule import _model, _training
from majuscule.clustering import cluster, nearest
from majuscule.errors import DataError, MajusculeError
from majuscule.features import Memory, extract
from majuscule.labels import Case
from majuscule.layout import lay_out
from majuscule.model import Model, prefixed
from majuscule.text import CASED, Document, Kind, Tokens, allowed, read
from majuscule.weights import CODES, FEATURES, FORMAT, SCALE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from majuscule._arrays import Bytes, Codebook, Codes, Floats, Ints, Keys

BATCH_CHARACTERS = 32_000
"""How much of one source is learned from before another has its turn."""


NO_OFFSET: Ints = np.zeros((0, 3, 4), dtype=np.int32)
"""What learns from nothing but zero scores."""


@dataclass(frozen=True)
class Source:
    """One file of natural text: a paragraph a line, a blank line between documents.

    Attributes:
        path: a UTF-8 text file, ``.xz`` or plain.
        style: the house style it is written in, if any.
        weight: how many times it is read in every pass.
        spacing: False for tokenised text, which teaches case alone.
    """

    path: Path
    style: str | None = None
    weight: int = 1
    spacing: bool = True

    def __post_init__(self) -> None:
        """Refuse a weight that would leave the file unread."""
        if self.weight < 1:
            raise MajusculeError(f"{self.path}: expected a weight of 1 or more, got {self.weight}")


@dataclass(frozen=True)
class Settings:
    """How to train; the defaults made the shipped model.

    Attributes:
        seed: fixes the order of the text and every other choice.
        passes: over the sources with all features.
        final_passes: over the sources with the features kept.
        rate: Adagrad's rate in the first pass; it falls to 0 over `passes` together.
        final_rate: the same for `final_passes`.
        least: how often a feature must occur to be learned.
        buckets: size of the model's table, 64 bytes each.
        row_bits, sketch_bits: memory for training: 640 bytes << row_bits, 1 << sketch_bits.
        form_count: how often a mixed-case form must occur to be a written form.
        form_share: and in which share of its word's occurrences.
        prefix_forms: after how many beginnings alike words may have a second capital.
        class_words: how many of the most frequent words have a class.
        class_least: and how often they must occur.
        share: of the text to use, for trying things out.
        folds: how many parts the text is cut into, batch by batch.
        fold: which of them is left out; 0 is none, and -3 all but the third.
    """

    seed: int = 1
    passes: int = 3
    final_passes: int = 1
    rate: float = 0.2
    final_rate: float = 0.05
    least: int = 5
    buckets: int = 445_000
    row_bits: int = 22
    sketch_bits: int = 30
    form_count: int = 2
    form_share: float = 0.05
    prefix_forms: int = 300
    class_words: int = 120_000
    class_least: int = 10
    share: float = 1.0
    folds: int = 1
    fold: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained with."""
        for name, low, high in (
            ("passes", 1, 1 << 30),
            ("final_passes", 0, 1 << 30),
            ("rate", 0, 100),
            ("final_rate", 0, 100),
            ("least", 1, 255),
            ("buckets", 1, 1 << 26),
            ("row_bits", 1, 26),
            ("sketch_bits", 1, 40),
            ("form_count", 1, 1 << 40),
            ("form_share", 0, 1),
            ("prefix_forms", 1, 1 << 40),
            ("class_words", 0, 1 << 20),
            ("class_least", 1, 1 << 40),
            ("share", 0, 1),
            ("folds", 1, 1 << 20),
            ("fold", -self.folds, self.folds),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise MajusculeError(f"expected {name} from {low} to {high}, got {value}")


class Progress(Protocol):
    """What `train` reports to: `begin` of a pass, then `advance` by characters read."""

    def begin(self, name: str, characters: int | None) -> None:
        """A pass of about that many characters begins."""

    def advance(self, characters: int) -> None:
        """So many characters more are done."""


class Silent:
    """Progress that nobody asked for."""

    def begin(self, name: str, characters: int | None) -> None:
        """Say nothing."""

    def advance(self, characters: int) -> None:
        """Say nothing."""


class Known(NamedTuple):
    """What is known of words before features are learned.

    Attributes:
        words: the table of their classes.
        forms: keys of those with a written form.
        prefixes: see `majuscule.model`.
    """

    words: Codes
    forms: Keys = np.zeros(0, dtype=np.uint64)
    prefixes: tuple[str, ...] = ()


class Example(NamedTuple):
    """A batch of tokens, ready to learn from."""

    tokens: Tokens
    bits: Bytes
    gold: Bytes
    ids: Keys
    rows: Ints
    first: Ints
    edge: Ints
    spacing: bool
    characters: int


def train(
    sources: Sequence[Source],
    settings: Settings = Settings(),
    *,
    name: str = "custom",
    about: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> Model:
    """Train a model.

    Args:
        sources: natural text.
        settings: how.
        name: the model's name.
        about: more to say in the file's header.
        progress: told how far it is.

    Raises:
        DataError: a source is not text, or there is nothing in any of them.
        OSError: a source cannot be read.
    """
    progress = progress or Silent()
    styles = sorted({source.style for source in sources if source.style})
    empty = np.zeros(0, dtype=np.uint8)

    progress.begin("reading words", None)

    def texts() -> Iterator[Tokens]:
        for text, _, _ in batches(sources, settings, 0, None):
            yield read(text)
            progress.advance(len(text))

    classes = cluster(texts, settings.class_words, settings.class_least, settings.seed)
    known = Known(_table(classes.keys, classes.classes))

    sketch = np.zeros(1 << settings.sketch_bits, dtype=np.uint8)
    forms: Counter[str] = Counter()
    totals = np.zeros(1 << 24, dtype=np.uint32)  # of words, by the high bits of their keys
    digests: dict[Source, str] = {}
    progress.begin("counting", None)
    characters = 0

    def tally(ids: Keys) -> Ints:
        _training.count(ids, sketch, settings.sketch_bits)
        return np.zeros(0, dtype=np.int32)

    for example in _examples(sources, settings, styles, 0, known, tally, digests):
        tokens = example.tokens
        np.add.at(totals, tokens.key >> np.uint64(40), 1)
        for i in np.flatnonzero(tokens.case == Case.MIXED):
            forms[tokens.written(int(i))] += 1
        characters += example.characters
        progress.advance(example.characters)
    if not characters:
        raise DataError("expected text to train on, found none")
    written = _written_forms(forms, totals, settings)
    known = known._replace(
        forms=np.unique(read("\n".join(written)).key), prefixes=_prefixes(forms, settings)
    )

    learner = Learner(settings)

    def learn(name: str, begun: int, passes: int, rate: float) -> None:
        for number in range(passes):
            progress.begin(f"{name} {number + 1}/{passes}", characters)
            done = 0
            # In the very first pass features new to the table get rows.
            find = partial(learner.find, sketch if begun + number == 0 else empty)
            for example in _examples(sources, settings, styles, begun + number + 1, known, find):
                part = (number + done / characters) / passes
                learner.step(example, rate * (1 - part))
                done += example.characters
                progress.advance(example.characters)

    learn("learning", 0, settings.passes, settings.rate)
    learner.keep(settings.buckets * 15)
    learn("settling", settings.passes, settings.final_passes, settings.final_rate)

    header = {
        "format": FORMAT,
        "features": FEATURES,
        "name": name,
        "styles": styles,
        "prefixes": list(known.prefixes),
        "settings": asdict(settings),
        "training": [
            {"file": source.path.name, "style": source.style, "sha256": digests[source]}
            for source in sources
        ],
        **(about or {}),
    }
    return learner.model(known.words, written, header)


class Learner:
    """The weights while they are learned: a table of rows found by feature id."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        rows = 16 << settings.row_bits
        self.keys: NDArray[np.uint32] = np.zeros((1 << settings.row_bits, 16), dtype=np.uint32)
        self.counts: NDArray[np.uint32] = np.zeros(rows, dtype=np.uint32)
        # Four weights and four sums of squared gradients, which begin at 1: the first
        # steps of a rare feature are then no larger than the rate.
        self.weights: Floats = np.zeros((rows, 8), dtype=np.float32)
        shape = (len(Kind), len(Kind), 8, 8)
        self.transitions: Floats = np.zeros(shape, dtype=np.float32)
        self.squares: Floats = np.zeros(shape, dtype=np.float32)
        self.potential: Floats = np.ones(shape, dtype=np.float32)
        self.loss = 0.0

    def find(self, sketch: Bytes, ids: Keys) -> Ints:
        """The features' rows; with a sketch, frequent features new to the table get one."""
        settings = self.settings
        return _training.locate(
            ids,
            self.keys,
            self.counts,
            settings.row_bits,
            sketch,
            settings.sketch_bits,
            settings.least,
        )

    def step(
        self,
        example: Example,
        rate: float,
        offset: Ints = NO_OFFSET,
        *,
        transition_rate: float | None = None,
    ) -> None:
        """Learn from one batch.

        Args:
            example: the batch.
            rate: how far a step goes.
            offset: what another model says of the batch, to learn the difference alone.
            transition_rate: a rate of their own for transitions; 0 leaves them as they are.
        """
        tokens = example.tokens
        self.loss += _training.learn(
            example.rows,
            example.first,
            example.edge,
            tokens.role,
            CASED,
            example.bits,
            example.gold,
            tokens.lines,
            example.spacing,
            self.weights,
            self.transitions,
            self.squares,
            self.potential,
            rate,
            rate if transition_rate is None else transition_rate,
            offset,
            SCALE,
        )

    def importance(self) -> tuple[Ints, Floats]:
        """Rows in use, the most important first, and their curvature.

        A row is worth about what the loss would grow without it: the second-order estimate
        of Optimal Brain Damage (Y. LeCun, J. Denker and S. Solla 1990) with the sum of
        squared gradients for the curvature, and a share of the feature's count, since what
        is learned well has no gradient left.
        """
        rows = np.flatnonzero(self.keys.reshape(-1)).astype(np.int32)
        weights = self.weights[rows]
        curvature = weights[:, 4:] + 0.02 * self.counts[rows][:, None]
        worth = (weights[:, :4] ** 2 * curvature).sum(1, dtype=np.float32)
        order = np.argsort(-worth, kind="stable")
        return rows[order], curvature.sum(1, dtype=np.float32)[order]

    def keep(self, most: int) -> None:
        """Forget all but the most important features."""
        rows, _ = self.importance()
        gone = rows[most:]
        self.keys.reshape(-1)[gone] = 0
        self.weights[gone] = 0

    def model(self, words: Codes, written: Sequence[str], about: dict[str, Any]) -> Model:
        """Pack what was learned into a model."""
        table, codebook = self.packed(self.settings.buckets)
        transitions = np.rint(self.transitions * SCALE).astype(np.int32)
        return Model(table, words, codebook, transitions, tuple(written), about)

    def packed(self, buckets: int | None = None, codes: int = CODES) -> tuple[Codes, Codebook]:
        """The weights as a table and a codebook.

        Args:
            buckets: the table's size; None is one that all fit into.
            codes: how many of the codebook are in use.
        """
        rows, curvature = self.importance()
        if buckets is None:
            # What rounding leaves nothing of takes no room; and with twelve to a bucket of
            # sixteen next to none finds it full.
            some = np.abs(self.weights[rows][:, :4]).max(axis=1) > 0.5 / SCALE
            rows, curvature = rows[some], curvature[some]
            buckets = len(rows) // 12 + 1
        vectors = self.weights[rows][:, :4]
        codebook, coded = _quantise(vectors, curvature, self.settings.seed, codes)
        ids = _training.ids_of(rows, self.keys, self.settings.row_bits)
        weighty = coded > 0
        table, _ = _model.fill(ids[weighty], coded[weighty], buckets)
        return table, codebook


def _quantise(weights: Floats, curvature: Floats, seed: int, most: int) -> tuple[Codebook, Codes]:
    """A codebook of at most so many weight vectors, each row's nearest in it; code 0 is zero.

    k-means (S. Lloyd 1982) on rows drawn in proportion to their curvature, so that the
    vectors are dense where an error costs most: among the frequent features.
    """
    rng = np.random.default_rng(seed)
    centres = np.zeros((CODES, 4), dtype=np.float32)
    used = 1
    if len(weights):
        chance = curvature.astype(np.float64)
        draws = min(32 * most, 2 * len(weights))
        sample = weights[rng.choice(len(weights), draws, p=chance / chance.sum())]
        used = min(most, 2 + len(weights) // 16)  # more would only learn a small model by heart
        some = centres[:used]
        some[1:] = sample[: used - 1]
        for _ in range(12):
            group = nearest(sample, some)
            sums = np.zeros((used, 4))
            np.add.at(sums, group, sample)
            counts = np.bincount(group, minlength=used)[:, None]
            some[:] = np.where(counts, sums / np.maximum(counts, 1), some)
            some[0] = 0
    codebook = np.clip(np.rint(centres * SCALE), -32000, 32000).astype(np.int16)
    codes = nearest(weights, codebook[:used].astype(np.float32) / np.float32(SCALE))
    return codebook, codes.astype(np.uint32)


def _written_forms(
    forms: Counter[str], totals: NDArray[np.uint32], settings: Settings
) -> tuple[str, ...]:
    """For each word its most frequent mixed-case form, if frequent enough."""
    best: dict[str, tuple[int, str]] = {}
    for form, count in forms.items():
        total = totals[int(read(form).key[0]) >> 40]
        if count >= max(settings.form_count, settings.form_share * total):
            word = form.lower()
            best[word] = max(best.get(word, (0, "")), (count, form))
    return tuple(sorted(form for _, form in best.values()))


def _prefixes(forms: Counter[str], settings: Settings) -> tuple[str, ...]:
    """Beginnings of many written forms with a second capital: ``Mc`` of ``McConnell``."""
    inner = (re.fullmatch(r"([A-Z][a-z]+)[A-Z][a-z]{2,}", form) for form in forms)
    counts = Counter(match[1] for match in inner if match)
    return tuple(sorted(name for name, count in counts.items() if count >= settings.prefix_forms))


def _table(keys: Keys, codes: Codes) -> Codes:
    """A model's table of these, about three quarters full; the least frequent may be left out."""
    return _model.fill(keys, codes, max(1, len(keys) // 12))[0]


def _examples(
    sources: Sequence[Source],
    settings: Settings,
    styles: Sequence[str],
    number: int,
    known: Known,
    find: Callable[[Keys], Ints],
    digests: dict[Source, str] | None = None,
) -> Iterator[Example]:
    """Batches of a pass, read ahead in a thread of their own; `find` gives features rows."""
    memory = Memory()

    def made() -> Iterator[Example]:
        for text, source, style in batches(sources, settings, number, digests):
            number_of_style = styles.index(style) + 1 if style else 0
            memory.forget()
            yield example_of(text, source.spacing, number_of_style, known, memory, find)

    yield from ahead(made())


Item = TypeVar("Item")


def ahead(items: Iterator[Item], most: int = 16) -> Iterator[Item]:
    """The same items, made ahead in a thread of their own, so many of them at most."""
    made: queue.Queue[Item | BaseException | None] = queue.Queue(maxsize=most)
    stop = threading.Event()

    def put(item: Item | BaseException | None) -> None:
        while not stop.is_set():
            try:
                made.put(item, timeout=0.2)
            except queue.Full:
                continue
            return

    def produce() -> None:
        try:
            for item in items:
                if stop.is_set():
                    return
                put(item)
            put(None)
        except BaseException as error:  # noqa: BLE001 - raised again where it is awaited
            put(error)

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while (item := made.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stop.set()
        thread.join()


def example_of(
    text: str,
    spacing: bool,
    style: int,
    known: Known,
    memory: Memory,
    find: Callable[[Keys], Ints],
) -> Example:
    """Tokens, their features' rows and the labels to predict.

    Args:
        text: natural text.
        spacing: False if it is tokenised.
        style: the number of the style it is written in.
        known: what is known of words.
        memory: what came before in the document; it is brought up to date.
        find: gives features their rows.
    """
    tokens = read(text)
    prefix = prefixed(tokens, known.prefixes)
    mixed = (np.isin(tokens.key, known.forms) | (prefix > 0)).astype(np.uint8)
    bits, _ = allowed(tokens, mixed, Document.BLOCK, 0, free=True)
    case = tokens.case.copy()
    # A form that is not in the lexicon cannot be written: the nearest that can be.
    for i in np.flatnonzero((case == Case.MIXED) & ~np.isin(tokens.key, known.forms)):
        form = tokens.written(int(i))
        after = int(prefix[i])
        if not after or form != form[:after].capitalize() + form[after:].capitalize():
            case[i] = Case.TITLE if form[0].isupper() else Case.LOWER
    # A token without a case carries the one before it in its line.
    place = np.where(CASED[tokens.kind], np.arange(len(tokens)), -1)
    opens = np.zeros(len(tokens), dtype=np.int64)
    starts = tokens.lines[:-1][np.diff(tokens.lines) > 0]
    opens[starts] = starts
    place = np.maximum.accumulate(place)
    carried = place >= np.maximum.accumulate(opens)
    case = np.where(carried, case[place], Case.LOWER).astype(np.uint8)
    gap = tokens.gap.copy()
    gap[starts] = 0
    gold = (case + 4 * gap).astype(np.uint8)
    bits = bits | (1 << case).astype(np.uint8) | (16 << gap).astype(np.uint8)
    classes = _model.codes_of(tokens.key, known.words)
    ids, first, edge = extract(tokens, classes, Document.BLOCK, memory, style)
    return Example(tokens, bits, gold, ids, find(ids), first, edge, spacing, len(text))


def batches(
    sources: Sequence[Source], settings: Settings, number: int, digests: dict[Source, str] | None
) -> Iterator[tuple[str, Source, str | None]]:
    """Text of all sources, mixed: ``(text, source, style or None)``.

    The style is withheld from half of the batches, so that no style works too.
    """
    rng = random.Random(f"{settings.seed} {number}")
    streams = [
        (source, _of_fold(_stream(source, rng, digests if repeat == 0 else None), settings))
        for source in sources
        for repeat in range(source.weight)
    ]
    weights = [float(source.path.stat().st_size or 1) for source, _ in streams]
    while streams:
        (chosen,) = rng.choices(range(len(streams)), weights)
        source, stream = streams[chosen]
        text = next(stream, None)
        if text is None:
            del streams[chosen], weights[chosen]
            continue
        if rng.random() < settings.share:
            yield text, source, source.style if rng.random() < 0.5 else None


def _of_fold(stream: Iterator[str], settings: Settings) -> Iterator[str]:
    """Those batches of a source that are of the fold, or are not."""
    for number, text in enumerate(stream):
        of_it = number % settings.folds == abs(settings.fold) - 1
        if of_it is (settings.fold < 0):
            yield text


def _stream(source: Source, rng: random.Random, digests: dict[Source, str] | None) -> Iterator[str]:
    """One source in batches of whole documents, or of whole lines of long ones."""
    digest = hashlib.sha256()
    batch: list[str] = []
    size = 0
    document: list[str] = []
    for line in lines_of(source, digest):
        document.append(line)
        size += len(line) + 1
        full = size >= 4 * BATCH_CHARACTERS
        if not line or full:
            batch += lay_out(document, rng, source.style) if source.spacing else document
            document = []
        if size >= BATCH_CHARACTERS and (not line or full):
            yield "\n".join(batch)
            batch, size = [], 0
    batch += lay_out(document, rng, source.style) if source.spacing else document
    if batch:
        yield "\n".join(batch)
    if digests is not None:
        digests[source] = digest.hexdigest()


def lines_of(source: Source, digest: hashlib._Hash) -> Iterator[str]:
    """A source's lines, without their ends; their bytes go into the digest.

    Raises:
        DataError: the source is no text.
        OSError: it cannot be read.
    """
    with _open(source.path) as file:
        for number, raw in enumerate(_lines(file, source.path)):
            digest.update(raw)
            try:
                yield raw.decode().rstrip("\r\n")
            except UnicodeDecodeError as error:
                raise DataError(
                    f"{source.path}: line {number + 1}: expected UTF-8, got byte"
                    f" 0x{raw[error.start]:02x} at {error.start}"
                ) from None


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".xz":
        return lzma.open(path)
    return path.open("rb")


def _lines(file: IO[bytes], path: Path) -> Iterator[bytes]:
    try:
        yield from file
    except (lzma.LZMAError, EOFError) as error:
        raise DataError(f"{path}: expected a whole .xz file, got a damaged one: {error}") from None
