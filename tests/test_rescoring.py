"""Learning a second stage: what is learned from, how, and that a call that was stopped goes on."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import asdict, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest
import reference_rescorer
from conftest import DATA, TINY, short_batches
from erratic import ErraticRescorer
from hypothesis import given
from hypothesis import strategies as st
from test_training import problem_of

from majuscule import DataError, MajusculeError, ModelError, _training
from majuscule.rescorer import FORMAT, Memory, Rescorer, beside, hash_of
from majuscule.restorer import Restorer
from majuscule.text import CASED, flatten, read
from majuscule.training import Source, ahead, batches
from majuscule.weights import SCALE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from majuscule.model import Model

    Firsts = tuple[list[Source], dict[int, Model]]

DOCUMENTS = (DATA / "tiny.txt").read_text(encoding="utf-8").split("\n\n")

# The slope ----------------------------------------------------------------------------------


def slow_loss(
    problem: dict[str, Any], scores: np.ndarray[Any, Any], transitions: Any, *, spacing: bool
) -> float:
    """The loss of all lines, from every row of labels there is."""
    total = 0.0
    for a, b in pairwise(problem["lines"]):
        if a < b:
            parts = (problem[name][a:b].tolist() for name in ("roles", "bits", "gold"))
            roles, bits, gold = parts
            total += reference_rescorer.loss(
                scores[a:b], roles, CASED.tolist(), bits, gold, transitions, spacing=spacing
            )
    return total


@given(st.integers(0, 2**32), st.booleans())
def test_the_slope_is_the_reference(seed: int, spacing: bool) -> None:
    """Its loss is the plain one, and its slope what that changes by."""
    problem = problem_of(seed)
    rng = np.random.default_rng(seed)
    count = len(problem["roles"])
    scores = rng.normal(0, 2, (count, 3, 4)).astype(np.float32)
    scores[:, 1:, 3] = 0
    transitions = problem["transitions"].astype(np.float64)
    loss, slope = _training.slope(
        scores,
        problem["roles"],
        CASED,
        problem["bits"],
        problem["gold"],
        problem["lines"],
        spacing,
        np.exp(problem["transitions"]),
    )
    exact = scores.astype(np.float64)
    assert loss == pytest.approx(
        slow_loss(problem, exact, transitions, spacing=spacing), rel=1e-3, abs=1e-3
    )
    for _ in range(min(count, 1) * 6):
        place = int(rng.integers(count)), int(rng.integers(3)), int(rng.integers(4))
        step = np.zeros_like(exact)
        step[place] = 1e-4
        ends = [
            slow_loss(problem, exact + sign * step, transitions, spacing=spacing)
            for sign in (1, -1)
        ]
        assert slope[place] == pytest.approx((ends[0] - ends[1]) / 2e-4, abs=2e-3)


def test_what_is_right_for_sure_has_no_slope() -> None:
    """And what is wrong for sure has all of it, without a number that is none."""
    tokens = read("He left Paris")
    count = len(tokens)
    sure = np.zeros((count, 3, 4), np.float32)
    sure[:, 0] = -40
    for i in range(count):
        if tokens.labels[i] % 4:
            sure[i, 0, tokens.labels[i] % 4 - 1] = 40
    potential = np.ones((22, 22, 8, 8), np.float32)
    bits = np.full(count, 63, np.uint8)
    rest = tokens.role, CASED, bits
    for scores, least, most in ((sure, 0, 1e-6), (-sure, 0.999, 3)):
        loss, slope = _training.slope(scores, *rest, tokens.labels, tokens.lines, True, potential)
        assert np.isfinite(slope).all()
        assert least <= np.abs(slope).max() <= most
        assert (loss > 30) == (least > 0)


# Folds --------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 40), min_size=1, max_size=3),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 100),
    st.integers(1, 3),
    st.booleans(),
)
def test_folds_share_no_text_and_miss_none(
    tmp_path_factory: pytest.TempPathFactory,
    counts: list[int],
    folds: int,
    weight: int,
    number: int,
    seed: int,
    spacing: bool,
) -> None:
    """However often a source is read, what a fold leaves out is never in it, and is all there."""
    home = tmp_path_factory.mktemp("folds")
    sources = []
    every = set()
    for n, count in enumerate(counts):
        # Each word is there once; some documents are long.
        words = [[f"w{n}x{k}x{j}" for j in range(1 + k * 7 % 60)] for k in range(count)]
        every |= {word for row in words for word in row}
        path = home / str(n)
        path.write_text("\n\n".join("\n".join(row) for row in words))
        style = ("a", None)[n % 2]
        sources.append(Source(path, style=style, weight=weight, spacing=spacing))

    def words_of(fold: int) -> set[str]:
        chosen = replace(TINY, seed=seed, folds=folds, fold=fold)
        read_ = [text.split() for text, _, _ in batches(sources, chosen, number, None)]
        found = [word for words in read_ for word in words if word.startswith("w")]
        assert all(found.count(word) == weight for word in found[:9])
        return set(found)

    with short_batches():
        assert words_of(0) == every
        own = [words_of(-fold) for fold in range(1, folds + 1)]
        assert sum(map(len, own)) == len(set.union(*own)) == len(every)
        for fold in range(1, folds + 1):
            assert words_of(fold) == every - own[fold - 1]


@pytest.mark.parametrize("values", [{"folds": 0}, {"folds": 2, "fold": 3}, {"fold": -2}])
def test_folds_that_cannot_be_are_refused(values: dict[str, int]) -> None:
    with pytest.raises(MajusculeError, match=r"expected folds? from"):
        replace(TINY, **values)


def test_a_fold_teaches_other_words_than_the_rest(firsts: Firsts, tiny: Model) -> None:
    _, models = firsts
    assert len({tiny.base, *(model.base for model in models.values())}) == 3
    assert all(model.about["settings"]["fold"] == fold for fold, model in models.items())


# Reading ahead ------------------------------------------------------------------------------


@given(st.lists(st.integers(), max_size=30), st.integers(1, 4))
def test_ahead_gives_the_same_items(items: list[int], most: int) -> None:
    assert list(ahead(iter(items), most)) == items


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_items_raise_is_raised_in_its_place(error: type[BaseException]) -> None:
    def items() -> Iterator[int]:
        yield from range(3)
        raise error("here")

    stream = ahead(items())
    assert [next(stream) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(error, match="here"):
        next(stream)
    assert not list(stream)


@pytest.mark.parametrize("most", [1, 3])
def test_reading_ahead_ends_with_its_reader(most: int) -> None:
    """And is never further ahead than it may be."""
    made = []

    def endless() -> Iterator[int]:
        while True:
            made.append(threading.current_thread())
            yield len(made)

    stream = ahead(endless(), most)
    assert [next(stream), next(stream)] == [1, 2]
    stream.close()
    thread = made[0]
    assert thread is not threading.current_thread()
    assert not thread.is_alive()
    assert len(made) <= 2 + most + 1


# What is learned from -----------------------------------------------------------------------


def learned_from(
    rescoring: Any, first: Model, settings: Any, text: str = DOCUMENTS[0], **rest: Any
) -> Any:
    """A text as a batch that is learned from, by itself."""
    return rescoring.lines_of(text, first, rescoring.known_of(first), settings, Memory(), **rest)


def test_what_is_learned_from_is_what_is_restored_from(
    rescoring: Any, small: Any, tiny: Model
) -> None:
    """The network reads of natural text what it will read of the same text flattened."""
    read_: list[tuple[Any, ...]] = []

    class Spy(ErraticRescorer):
        def correct(self, *given: Any) -> Any:
            read_.append(given)
            return super().correct(*given)

    spy = Spy(round(small.learn * SCALE), 100, small.spans)
    restorer = Restorer(tiny)
    restorer._rescorer = spy
    memory, known = Memory(), rescoring.known_of(tiny)
    for document in DOCUMENTS:
        flat = flatten(document)
        if read(flat).key.tolist() != read(document).key.tolist():
            continue
        learned = rescoring.lines_of(document, tiny, known, small, memory)
        restorer.restore(flat)
        places, numbers, looks, own = read_.pop()
        assert learned.places.tolist() == places.tolist()
        assert learned.numbers.tolist() == numbers.tolist()
        assert [look.tolist() for look in learned.looks] == [look.tolist() for look in looks]
        assert learned.own.tolist() == own.tolist()
        assert learned.characters == len(document)


def test_only_what_is_in_doubt_is_learned_from(rescoring: Any, small: Any, tiny: Model) -> None:
    counts = []
    for learn in (0.0, 0.5, 2.0, 50.0):
        settings = replace(small, learn=learn)
        lines = learned_from(rescoring, tiny, settings)
        unsure = lines.given.margins.min(axis=1) < learn * SCALE
        assert lines.chosen.tolist() == unsure.tolist()
        assert len(lines.own) == unsure.sum()
        counts.append(len(lines.own))
    assert counts[0] == 0 < counts[1] < counts[2] < counts[3]


def test_hidden_words_are_not_looked_at(rescoring: Any, small: Any, tiny: Model) -> None:
    torch = pytest.importorskip("torch")
    lines = learned_from(rescoring, tiny, small)
    others = lines.places.copy()
    others[:, :2] = others[::-1, :2]

    def corrections(places: Any, hidden: float, seed: int | None) -> Any:
        network = rescoring.Network(small)
        with torch.no_grad():
            network.last.normal_(generator=torch.Generator().manual_seed(1))
            return network.correct(lines._replace(places=places), hidden, seed).tolist()

    for seed in (1, 2):
        assert corrections(others, 1.0, seed) == corrections(lines.places, 1.0, seed)
        assert corrections(others, 0.0, seed) != corrections(lines.places, 0.0, seed)
    assert corrections(lines.places, 0.5, 1) != corrections(lines.places, 0.5, 2)
    assert corrections(lines.places, 1.0, None) == corrections(lines.places, 0.0, None)


# Learning -----------------------------------------------------------------------------------


def halves(rescoring: Any, small: Any, tiny: Model, firsts: Firsts) -> Iterator[Any]:
    """What the second stage was learned from: each half as the model without it scores it."""
    sources, models = firsts
    with short_batches():
        for entry in rescoring._texts(sources, tiny, 2, models, small):
            rest = {"spacing": entry.spacing, "style": entry.style}
            yield learned_from(rescoring, models[entry.fold], small, entry.text, **rest)


def loss_of(lines: Any, corrections: Any = 0) -> float:
    """The CRF's loss of a batch with corrections."""
    scores = lines.given.scores.astype(np.float32)
    scores[lines.chosen] += corrections
    tokens = lines.given.tokens
    loss, _ = _training.slope(
        scores / np.float32(SCALE),
        tokens.role,
        CASED,
        lines.given.bits,
        lines.gold,
        tokens.lines,
        lines.spacing,
        lines.potential,
    )
    return loss


def test_learning_lowers_the_loss(
    rescoring: Any, small: Any, tiny: Model, firsts: Firsts, deep: Path
) -> None:
    stage = Rescorer(beside(deep).read_bytes(), "deep", 1)
    before = after = 0.0
    for lines in halves(rescoring, small, tiny, firsts):
        before += loss_of(lines)
        found = stage.correct(lines.places, lines.numbers, lines.looks, lines.own)
        after += loss_of(lines, found)
    assert after < before / 2


def test_the_file_says_what_the_network_says(
    rescoring: Any, small: Any, tiny: Model, firsts: Firsts, deep: Path
) -> None:
    """But for what sixteen bits round otherwise while it is learned."""
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    network = rescoring.Network(small)
    saved = load_file(deep.with_name("saved"))
    with torch.no_grad():
        for name, value in network.state().items():
            value.copy_(saved[name])
    content = beside(deep).read_bytes()
    stage = Rescorer(content, "deep", 1)
    for lines in halves(rescoring, small, tiny, firsts):
        found = stage.correct(lines.places, lines.numbers, lines.looks, lines.own)
        learned = network.correct(lines).detach().numpy().reshape(-1, 3, 4) * SCALE
        apart = np.abs(found - learned).mean()
        assert apart < 0.05 * np.abs(learned).mean()
    # The same network always gives the same file.
    assert rescoring.export(network, stage.about) == content


def test_the_file_says_what_it_was_made_of(
    small: Any, tiny: Model, firsts: Firsts, deep: Path
) -> None:
    about = Rescorer(beside(deep).read_bytes(), "deep", 1).about
    assert about == {
        "format": FORMAT,
        "base": tiny.base,
        "spans": list(small.spans),
        "doubt": round(small.doubt * SCALE),
        "settings": json.loads(json.dumps(asdict(small))),
        "firsts": {str(fold): first.base for fold, first in firsts[1].items()},
        "begun": None,
        "judged": about["judged"],
    }
    # Nothing was kept apart, so by that it was not judged; what was learned from got better.
    assert all(entry.keys() == {"step", "learned"} for entry in about["judged"])
    assert about["judged"][0]["learned"] < about["judged"][-1]["learned"]


class Stopped(Exception):  # noqa: N818 - it is no error
    """The call ends here."""


class Until:
    """Progress that stops a call after so many batches."""

    def __init__(self, most: int = 1 << 30) -> None:
        self.left, self.names = most, []

    def begin(self, name: str, characters: int | None) -> None:
        self.names.append(name)

    def advance(self, characters: int) -> None:
        self.left -= self.names[-1] != "reading"
        if not self.left:
            raise Stopped


@pytest.fixture
def learn(rescoring: Any, small: Any, tiny: Model, firsts: Firsts, tmp_path: Path) -> Any:
    """A call that learns a little, saving every so often."""
    sources, models = firsts

    def call(
        stop: int = 1 << 30,
        name: str = "saved",
        base: Model = tiny,
        begun: bytes | None = None,
        **others: Any,
    ) -> Any:
        settings = replace(small, **{"passes": 3, "every": 4, **others})
        progress = Until(stop)
        with short_batches():
            content = rescoring.train(
                sources,
                base,
                models,
                settings,
                folds=2,
                saved=tmp_path / name,
                begun=begun,
                progress=progress,
            )
        return content, progress.names

    return call


def test_a_call_that_was_stopped_goes_on(learn: Any, tmp_path: Path) -> None:
    whole, names = learn(name="whole")
    passes = ["learning 1/3", "learning 2/3", "learning 3/3"]
    assert names == ["reading", *passes]
    count = sum(1 for _ in threads_of_batches())
    assert count > 4
    for stop in (1, 5, count, count + 1, 2 * count + 2):
        with pytest.raises(Stopped):
            learn(stop, name=str(stop))
        assert (tmp_path / str(stop)).exists() == (stop > 4)
        assert learn(name=str(stop))[0] == whole
    # Once it is done there is nothing left to learn; what was saved may be stopped and go on again.
    assert learn(name="whole")[0] == whole
    for _ in range(3):
        with pytest.raises(Stopped):
            learn(6, name="again")
    assert learn(name="again")[0] == whole
    assert not list(tmp_path.glob("*.part"))


def test_what_is_kept_apart_judges(
    rescoring: Any, small: Any, tiny: Model, firsts: Firsts, learn: Any
) -> None:
    """It is not learned from, and how the loss falls is what the file then does."""
    learned, judges = [], []
    learner = rescoring._Learner
    learn_, judge = learner.learn, learner.judge

    def spy_learn(self: Any, lines: Any) -> None:
        learned.append(lines)
        learn_(self, lines)

    def spy_judge(self: Any, lines: Any) -> None:
        judges[:] = lines
        judge(self, lines)

    rest = {"apart": 0.3, "passes": 12}
    with mock.patch.multiple(learner, learn=spy_learn, judge=spy_judge):
        content, _ = learn(name="whole", **rest)
    texts = [{lines.gold.tobytes() for lines in some} for some in (learned, judges)]
    every = {lines.gold.tobytes() for lines in halves(rescoring, small, tiny, firsts)}
    assert all(texts)
    assert not texts[0] & texts[1]
    assert texts[0] | texts[1] == every
    stage = Rescorer(content, "whole", 1)
    judged = stage.about["judged"]
    steps = list(range(4, len(learned), 4))
    assert [entry["step"] for entry in judged] == [*steps, len(learned)]
    before = sum(map(loss_of, judges))
    after = sum(
        loss_of(lines, stage.correct(lines.places, lines.numbers, lines.looks, lines.own))
        for lines in judges
    )
    assert judged[-1]["apart"] == pytest.approx(100 * (1 - after / before), abs=1)
    with pytest.raises(Stopped):
        learn(9, name="stopped", **rest)
    assert learn(name="stopped", **rest)[0] == content


def threads_of_batches() -> Iterator[str]:
    """The batches of a pass over both halves."""
    with short_batches():
        for text, _, _ in batches([Source(DATA / "tiny.txt")], TINY, 0, None):
            yield text


def test_what_others_had_learned_is_refused(learn: Any, firsts: Firsts, tmp_path: Path) -> None:
    learn(passes=1)
    for others in ({"passes": 2}, {"passes": 1, "rate": 1e-4}, {"passes": 1, "base": firsts[1][1]}):
        with pytest.raises(DataError, match="expected what these settings had learned") as raised:
            learn(**others)
        assert str(raised.value).startswith(f"{tmp_path / 'saved'}: ")


def test_a_damaged_file_is_told(learn: Any, tmp_path: Path) -> None:
    learn(passes=1)
    (tmp_path / "saved").write_bytes((tmp_path / "saved").read_bytes()[:100])
    with pytest.raises(DataError, match="got a damaged file"):
        learn(passes=1)


def test_a_share_of_the_text_is_learned_from(
    rescoring: Any, small: Any, tiny: Model, firsts: Firsts, learn: Any
) -> None:
    """In every pass the same."""
    with short_batches():
        some, every = (
            list(rescoring._texts(firsts[0], tiny, 2, firsts[1], chosen))
            for chosen in (replace(small, share=0.5), small)
        )
    assert 0 < len(some) < len(every)
    whole, _ = learn(name="whole", share=0.5)
    with pytest.raises(Stopped):
        learn(len(some) + 1, share=0.5)
    assert learn(share=0.5)[0] == whole


def test_the_corrected_model_teaches_nothing(
    rescoring: Any, small: Any, tiny: Model, firsts: Firsts, learn: Any
) -> None:
    """Each batch is judged with the transitions of the model that scored it, not with others."""
    for model in (tiny, *firsts[1].values()):
        lines = learned_from(rescoring, model, small)
        expected = np.exp(model.transitions.astype(np.float32) / SCALE)
        assert np.array_equal(lines.potential, expected)
    others = replace(tiny, transitions=tiny.transitions[::-1].copy())
    stages = []
    for name, base in (("one", tiny), ("other", others)):
        content, _ = learn(name=name, base=base, passes=1)
        stage = Rescorer(content, name, 1)
        stages.append(stage)
        assert stage.base == base.base
    assert stages[0].base != stages[1].base
    for lines in halves(rescoring, small, tiny, firsts):
        given = lines.places, lines.numbers, lines.looks, lines.own
        one, other = (stage.correct(*given).tolist() for stage in stages)
        assert one == other


def test_a_pass_is_mixed(
    rescoring: Any, small: Any, tiny: Model, firsts: Firsts, tmp_path: Path
) -> None:
    """Every pass reads all there is, each in an order of its own."""
    seen: list[list[str]] = []
    lines_of = rescoring.lines_of

    def spy(text: str, *rest: Any, **others: Any) -> Any:
        seen[-1].append(text)
        return lines_of(text, *rest, **others)

    class Passes(Until):
        def begin(self, name: str, characters: int | None) -> None:
            super().begin(name, characters)
            seen.append([])

    sources, models = firsts
    settings = replace(small, passes=3)
    rest = {"folds": 2, "saved": tmp_path / "saved", "progress": Passes()}
    with short_batches(), mock.patch.object(rescoring, "lines_of", spy):
        rescoring.train(sources, tiny, models, settings, **rest)
        entries = rescoring._texts(sources, tiny, 2, models, settings)
        every = [entry.text for entry in entries]
    assert len(seen) == 4
    assert not seen[0]
    assert all(sorted(one) == sorted(every) for one in seen[1:])
    assert len({tuple(one) for one in (every, *seen[1:])}) == 4


# Beginning with a file ----------------------------------------------------------------------


def begun_with(rescoring: Any, small: Any, content: bytes) -> Any:
    """A network that has what a file says."""
    network = rescoring.Network(small)
    network.take(content)
    return network


def test_a_network_takes_what_a_file_says(
    rescoring: Any, small: Any, tiny: Model, firsts: Firsts, deep: Path
) -> None:
    """And says it still when its products are normalised again; rounding apart."""
    content = beside(deep).read_bytes()
    stage = Rescorer(content, "deep", 1)
    network = begun_with(rescoring, small, content)
    batches_ = list(halves(rescoring, small, tiny, firsts))
    for settled in (False, True):
        if settled:
            network.settle(batches_)
        for lines in batches_:
            found = stage.correct(lines.places, lines.numbers, lines.looks, lines.own)
            said = network.correct(lines).detach().numpy().reshape(-1, 3, 4) * SCALE
            assert np.abs(found - said).mean() < 0.05 * np.abs(found).mean()
    # What a layer sums up is now as it is when learning begins: none spread wider than others.
    spreads = []
    layer = network._layer

    def spy(i: int, read: Any, learning: bool) -> Any:
        spreads.append((i, (read.float() @ network.weights[i]).detach().numpy()))
        return layer(i, read, learning)

    with mock.patch.object(network, "_layer", spy):
        for lines in batches_:
            network.correct(lines)
    for i in range(len(network.weights)):
        whole = np.concatenate([found for which, found in spreads if which == i])
        moving = whole.std(axis=0) > 0.05
        assert moving.any()
        assert whole.std(axis=0)[moving] == pytest.approx(1, abs=0.2)


def test_learning_begins_with_a_file(
    rescoring: Any, small: Any, tiny: Model, firsts: Firsts, deep: Path, learn: Any
) -> None:
    """One pass after it is better than one pass after nothing; it can be stopped, too."""
    content = beside(deep).read_bytes()

    def loss(content: bytes) -> float:
        stage = Rescorer(content, "some", 1)
        return sum(
            loss_of(lines, stage.correct(lines.places, lines.numbers, lines.looks, lines.own))
            for lines in halves(rescoring, small, tiny, firsts)
        )

    fresh, _ = learn(name="fresh", passes=1)
    onward, _ = learn(name="onward", passes=1, begun=content)
    assert loss(onward) < loss(fresh)
    about = Rescorer(onward, "onward", 1).about
    assert about["begun"] == hash_of(content)
    assert Rescorer(fresh, "fresh", 1).about["begun"] is None
    with pytest.raises(Stopped):
        learn(5, name="stopped", passes=1, begun=content)
    assert learn(name="stopped", passes=1, begun=content)[0] == onward
    with pytest.raises(DataError, match="expected what these settings had learned"):
        learn(name="stopped", passes=1)


def test_a_file_of_another_shape_is_no_beginning(
    rescoring: Any, small: Any, strange: bytes, deep: Path
) -> None:
    for changed in ({"width": 32}, {"spans": (1,)}, {"spans": (1, 2, 3)}, {"word_width": 8}):
        with pytest.raises(ModelError, match="expected a second stage of"):
            begun_with(rescoring, replace(small, **changed), beside(deep).read_bytes())
    # Spans are no part of its values: only how many there are.
    assert begun_with(rescoring, replace(small, spans=(1, 3)), strange)


def test_another_seed_learns_otherwise(learn: Any) -> None:
    one, other = (learn(name=str(seed), seed=seed, passes=1)[0] for seed in (1, 2))
    assert one != other


def test_what_cannot_be_learned_from_is_said(
    rescoring: Any, small: Any, tiny: Model, tmp_path: Path
) -> None:
    (tmp_path / "empty").write_text("\n\n")
    rest = {"folds": 1, "saved": tmp_path / "saved"}
    for sources in ([], [Source(tmp_path / "empty")]):
        with pytest.raises(DataError, match="expected text to learn from, found none"):
            rescoring.train(sources, tiny, {1: tiny}, small, **rest)
    for models in ({}, {0: tiny}, {1: tiny, 2: tiny}):
        folds = re.escape(f"expected models of folds from 1 to 1, got {list(models)}")
        with pytest.raises(MajusculeError, match=folds):
            rescoring.train([Source(DATA / "tiny.txt")], tiny, models, small, **rest)
    (tmp_path / "bad").write_bytes(b"Good.\nM\xfcnchen.\n")
    with pytest.raises(DataError, match="bad: line 2: expected UTF-8, got byte 0xfc"):
        rescoring.train([Source(tmp_path / "bad")], tiny, {1: tiny}, small, **rest)
    assert not rest["saved"].exists()


def test_tokenised_text_teaches_no_gaps(rescoring: Any, small: Any, tiny: Model) -> None:
    """Of its gaps the loss says nothing, whatever they are."""
    text = "He left Paris , and ( so ) did she ."
    spaced, tokenised = (
        learned_from(rescoring, tiny, small, text, spacing=spacing) for spacing in (True, False)
    )
    assert loss_of(tokenised) < loss_of(spaced)
    other = tokenised._replace(gold=tokenised.gold % 4)
    assert loss_of(other) == loss_of(tokenised)


# Doubt --------------------------------------------------------------------------------------


def test_another_doubt_changes_nothing_else(rescoring: Any, small: Any, deep: Path) -> None:
    content = beside(deep).read_bytes()
    assert rescoring.with_doubt(content, small.doubt) == content
    less = rescoring.with_doubt(content, 1.5)
    assert rescoring.with_doubt(less, small.doubt) == content
    about = Rescorer(content, "deep", 1).about
    assert Rescorer(less, "deep", 1).about == about | {"doubt": round(1.5 * SCALE)}


def test_without_a_doubt_it_looks_nowhere(rescoring: Any, deep: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(deep.read_bytes())
    flat = flatten("\n\n".join(DOCUMENTS))
    fast = Restorer(path).restore(flat)
    same = []
    for doubt in (0, 3):
        beside(path).write_bytes(rescoring.with_doubt(beside(deep).read_bytes(), doubt))
        same.append(Restorer(path, effort="best").restore(flat) == fast)
    assert same == [True, False]
