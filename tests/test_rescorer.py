"""The second stage: what it reads, where it looks, and that all promises hold with it."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import reference
import reference_features
import reference_rescorer
from conftest import DATA
from erratic import ErraticRescorer
from hypothesis import assume, example, given
from hypothesis import strategies as st
from test_features import classes_of, repetitive
from test_restorer import ANY, assert_promises
from texts import cut, documents, lines, texts

from majuscule import MajusculeError, ModelError, _model, _text, rescorer
from majuscule import restorer as module
from majuscule.choices import Choice
from majuscule.features import Memory, extract
from majuscule.model import load
from majuscule.rescorer import NUMBERS, TABLES, Rescorer, Scored, inputs, reach, scored, weigh
from majuscule.restorer import EDITS, MORE_EDITS, Restorer
from majuscule.text import CASED, Document, allowed, beginnings, flatten, read, unescape
from majuscule.weights import CODES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from majuscule.model import Model

TINY = (DATA / "tiny.txt").read_text(encoding="utf-8")
FLAT = flatten(TINY)

STAGES = {
    "some": ErraticRescorer(doubt=500, most=1500),
    "all": ErraticRescorer(doubt=1 << 30, most=3000, spans=(1,)),
}
"""One that looks at what is less sure than most, and one that looks at all."""


@pytest.fixture(params=[*STAGES, "network"])
def stage(request: pytest.FixtureRequest) -> Rescorer:
    """Second stages that correct by chance: hashes, and a network of weights by chance."""
    if request.param in STAGES:
        return STAGES[request.param]
    strange: bytes = request.getfixturevalue("strange")
    return Rescorer(strange, "strange", 1)


def looking(model: Model, stage: Rescorer, **options: Any) -> Restorer:
    """A restorer with a second stage that lies nowhere."""
    restorer = Restorer(model, **options)
    restorer._rescorer = stage
    return restorer


def afresh(model: Model, stage: Rescorer, **options: Any) -> Restorer:
    """One that decides all afresh, whatever comes in."""
    return looking(model, stage, recase=True, respace=True, **options)


# What is read -------------------------------------------------------------------------------


def scored_of(
    model: Model, given_text: str, document: Document = Document.BLOCK, style: int = 0
) -> Scored:
    """What the first stage says of a text."""
    tokens = read(given_text)
    classes = classes_of(tokens)
    begins = beginnings(tokens, document)
    seen = extract(tokens, classes, begins, Memory(), style)
    mixed = np.ones(len(tokens), np.uint8)
    bits, _ = allowed(tokens, mixed, begins, 0, free=True)
    return scored(model, tokens, classes, begins, style, seen, model.score(*seen), bits)


def plain_lines(given: Scored) -> list[list[reference.Token]]:
    """Its tokens as the reference has them."""
    found = reference.tokenise(str(_text.to_str(given.tokens.chars)))
    assume(len(given.tokens) == sum(map(len, found)))
    return found


@given(
    st.one_of(texts, documents, repetitive),
    st.sampled_from(Document),
    st.integers(0, 2),
    st.sampled_from([1, 40, 1 << 20]),
    st.booleans(),
)
@example(
    "a b . a b ab cd\ncd ab . ab cd ab\n\nab 'cd' x" + " cd ab" * 20, Document.FILE, 0, 1, True
)
def test_inputs_are_the_reference(
    erratic: Restorer, given_text: str, document: Document, style: int, factor: int, words: bool
) -> None:
    given = scored_of(erratic.model, given_text, document, style)
    scores = given.scores * np.int32(factor) // np.int32(40)
    given = given._replace(scores=scores)
    found = [
        reference_rescorer.Found(*own)
        for own in zip(
            *(part.tolist() for part in (scores, given.bits, given.labels)),
            *(part.tolist() for part in (given.margins, given.runner_up)),
            strict=True,
        )
    ]
    plain = given.begins.tolist(), given.classes.tolist(), found, style
    slow = reference_rescorer.Memory() if words else None
    wanted = reference_rescorer.inputs(plain_lines(given), *plain, slow)
    places, numbers = inputs(given, rescorer.Memory(words=words))
    assert places.tolist() == wanted[0]
    assert numbers.tolist() == wanted[1]
    assert (places > 0).all()
    assert (places < np.array(TABLES)).all()
    assert numbers.shape[1] == NUMBERS


@given(st.data(), st.one_of(texts, documents, repetitive), st.integers(0, 2))
@example(None, "human rights watch ( hrw ) and 'hrw'\n- the hrw ( hrw ) , 3 ; the 5", 1)
def test_what_features_weigh_is_the_reference(
    tiny: Model, data: st.DataObject | None, given_text: str, style: int
) -> None:
    """Found by the features' templates, where the kernel goes by their places."""
    templates: dict[int, int] = {}

    def noted(template: int, value: int) -> int:
        feature = of(template, value)
        templates[feature] = template
        return feature

    of = reference_features.feature
    given = scored_of(tiny, given_text, Document.FILE, style)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference_features, "feature", noted)
        ids = reference_features.extract(
            plain_lines(given), given.classes.tolist(), "file", reference_features.Memory(), style
        )
    seed = data.draw(st.integers(0, 2**32)) if data else 0
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, CODES, len(given.ids)).astype(np.uint32)
    some = rng.random(len(codes)) < 0.8
    table, _ = _model.fill(given.ids[some], codes[some], len(codes) // 12 + 1)
    codebook = rng.integers(-999, 1000, (CODES, 4)).astype(np.int16)
    model = replace(tiny, table=table, codebook=codebook)
    which = np.flatnonzero(rng.random(len(ids)) < 0.8).astype(np.int32)
    numbers = rng.integers(0, 256, (len(ids), NUMBERS)).astype(np.uint8)
    wanted = numbers.tolist()
    for i in which:
        cased = bool(CASED[given.tokens.kind[i]])
        wanted[i][80:] = reference_rescorer.weigh(ids[i][0], templates, cased, table, codebook)
    weigh(given, which, model, numbers)
    assert numbers.tolist() == wanted


@given(documents, st.integers(0, 6))
def test_lines_may_come_one_after_another(erratic: Restorer, given_text: str, place: int) -> None:
    whole = scored_of(erratic.model, given_text)
    place = min(place, len(whole.tokens.lines) - 1)
    at = int(whole.tokens.lines[place])
    memory = rescorer.Memory()
    parts = []
    for a, b, i, j in ((0, place, 0, at), (place, len(whole.begins), at, len(whole.tokens))):
        given = whole._replace(tokens=whole.tokens.of_lines(a, b), begins=whole.begins[a:b])
        kinds = "classes", "scores", "bits", "labels", "margins", "runner_up"
        given = given._replace(**{kind: getattr(given, kind)[i:j] for kind in kinds})
        parts.append(inputs(given, memory))
    for together, *apart in zip(inputs(whole, rescorer.Memory()), *parts, strict=True):
        assert together.tolist() == np.concatenate(apart).tolist()


def test_how_many_documents_came_before_does_not_matter(tiny: Model) -> None:
    """Words share places, but the same words in every document."""
    rng = np.random.default_rng(3)
    words = ["".join(row) for row in rng.choice(list("abcdefgh"), (2000, 5))]
    text = " ".join(words * 2)
    given = scored_of(tiny, "\n\n".join([text] * 3))
    _, numbers = inputs(given, rescorer.Memory())
    first, second, third = numbers.reshape(3, len(words) * 2, NUMBERS)
    assert (first == second).all()
    assert (first == third).all()
    assert 0 < (first[:, 72] != rescorer.ZERO).sum() < len(words)  # some had their place taken


def test_words_are_remembered_from_where_their_case_tells(tiny: Model) -> None:
    """Not from where a sentence may begin; and of a document alone."""
    given = scored_of(tiny, "nato . nato nato x , nato nato\nnato\n\nwe nato")
    _, numbers = inputs(given, rescorer.Memory())
    known = numbers[:, 72:74].tolist()
    assert [known[i] for i in (0, 2, 3, 6, 7, 8, 10)] == [
        *([rescorer.ZERO] * 2,) * 3,
        *([rescorer.ZERO + 64, rescorer.ZERO + 16 * count] for count in (1, 2, 3)),
        [rescorer.ZERO] * 2,
    ]


# Where it looks -----------------------------------------------------------------------------


@given(
    st.lists(st.lists(st.booleans(), max_size=12), max_size=5),
    st.lists(st.integers(1, 9), max_size=4),
)
def test_reach_is_the_reference(rows: list[list[bool]], spans: list[int]) -> None:
    chosen = np.array([mark for row in rows for mark in row], np.uint8)
    bounds = np.cumsum([0, *map(len, rows)]).astype(np.int32)
    lowest, looks, own = reach(chosen, bounds, np.array(spans, np.int32))
    wanted = reference_rescorer.reach(chosen.tolist(), bounds.tolist(), spans)
    assert (lowest.tolist(), [look.tolist() for look in looks], own.tolist()) == wanted


# What it says -------------------------------------------------------------------------------


@pytest.fixture(params=["strange", "deep"])
def content(request: pytest.FixtureRequest) -> bytes:
    """Files of second stages: one of weights by chance, and one that has learned something."""
    found: bytes | Path = request.getfixturevalue(request.param)
    return found if isinstance(found, bytes) else rescorer.beside(found).read_bytes()


@given(
    st.integers(0, 2**32),
    st.lists(st.integers(0, 9), min_size=1, max_size=4),
    st.sampled_from([0.1, 0.5, 1.0]),
)
def test_the_network_is_the_reference(
    content: bytes, seed: int, lengths: list[int], share: float
) -> None:
    """To the bit, whatever it reads, and with one thread or two."""
    onnx = pytest.importorskip("onnx")
    stage = Rescorer(content, "here", 1)
    rng = np.random.default_rng(seed)
    chosen = (rng.random(sum(lengths)) < share).astype(np.uint8)
    assume(chosen.any())
    bounds = np.cumsum([0, *lengths]).astype(np.int32)
    lowest, looks, own = reach(chosen, bounds, stage._spans)
    places = rng.integers(0, TABLES, (len(lowest), len(TABLES))).astype(np.int32)
    numbers = rng.integers(0, 256, (len(lowest), NUMBERS)).astype(np.uint8)
    slow = reference_rescorer.Network.of(onnx.load_model_from_string(content).graph)
    wanted = slow.correct(places, numbers, looks, own).tolist()
    assert stage.correct(places, numbers, looks, own).tolist() == wanted
    assert Rescorer(content, "here", 2).correct(places, numbers, looks, own).tolist() == wanted


def test_a_network_by_chance_goes_to_every_bound(strange: bytes) -> None:
    """Or the reference would not judge what happens there."""
    onnx = pytest.importorskip("onnx")
    network = reference_rescorer.Network.of(onnx.load_model_from_string(strange).graph)
    rng = np.random.default_rng(5)
    read = rng.integers(-128, 128, (200, len(network.lowest.weights)))
    found = network.lowest.bytes(read, 1 / 2, 0)
    assert {0, 255} <= set(found.flat)
    assert len(set(found.flat)) > 50
    stage = Rescorer(strange, "strange", 1)
    chosen = np.ones(50, np.uint8)
    _, looks, own = reach(chosen, np.array([0, 50], np.int32), stage._spans)
    places = rng.integers(0, TABLES, (50, len(TABLES))).astype(np.int32)
    numbers = rng.integers(0, 256, (50, NUMBERS)).astype(np.uint8)
    corrections = stage.correct(places, numbers, looks, own)
    assert (corrections.min(), corrections.max()) == (-(1 << 14), 1 << 14)
    assert len(set(corrections.flat)) > 50


@given(documents, st.integers(0, 2**32))
def test_a_correction_does_not_depend_on_others(
    tiny: Model, stage: Rescorer, given_text: str, seed: int
) -> None:
    """Not on what else is asked for, nor on the lines of other documents."""
    given = scored_of(tiny, given_text)
    all_ = np.ones(len(given.tokens), bool)
    whole = stage.rescore(given, all_, tiny, rescorer.Memory())
    some = np.random.default_rng(seed).random(len(all_)) < 0.3
    part = stage.rescore(given, some, tiny, rescorer.Memory())
    assert part.tolist() == np.where(some[:, None, None], whole, given.scores).tolist()
    nothing = stage.rescore(given, ~all_, tiny, rescorer.Memory())
    assert nothing.tolist() == given.scores.tolist()
    after = scored_of(tiny, f"the mayor of paris\n\n{given_text}")
    again = stage.rescore(after, np.ones(len(after.tokens), bool), tiny, rescorer.Memory())
    assume(len(again) == len(whole) + 4)
    alone = scored_of(tiny, f"\n{given_text}")
    wanted = stage.rescore(alone, all_, tiny, rescorer.Memory())
    assert again[4:].tolist() == wanted.tolist()


# Promises -----------------------------------------------------------------------------------


@given(ANY)
@example("' t is , ' tis , 't is , 'tis")
@example("can not gon na ca n't n ' t")
@example("a - b c-d\n\ne - f / g h/i j /k")
@example("the $ the 's at\nthe the money \"")
def test_promises_of_any_second_stage(erratic: Restorer, stage: Rescorer, given_text: str) -> None:
    for make in (looking, afresh):
        assert_promises(make(erratic.model, stage), given_text)


@given(ANY)
def test_promises_of_any_second_stage_of_a_trained_model(
    tiny: Model, stage: Rescorer, given_text: str
) -> None:
    for make in (looking, afresh):
        assert_promises(make(tiny, stage), given_text)


@given(ANY, st.sampled_from([0.5, 0.7, 0.99]))
@example('r!00if"Y01&Y', 0.7)
def test_what_is_less_sure_stays(
    erratic: Restorer, stage: Rescorer, given_text: str, least: float
) -> None:
    for make in (looking, afresh):
        assert_promises(make(erratic.model, stage, min_confidence=least), given_text)


@given(
    ANY,
    st.sampled_from([0.0, 0.8]),
    st.sampled_from([(), ("Army", "iPhone", "the USA", "cAn")]),
    st.sampled_from([EDITS, EDITS[:1], EDITS[1:], (*EDITS, *MORE_EDITS)]),
)
def test_twice_is_once_with_any_options(
    erratic: Restorer,
    stage: Rescorer,
    given_text: str,
    least: float,
    lexicon: tuple[str, ...],
    edits: tuple[str, ...],
) -> None:
    for make in (looking, afresh):
        one = make(erratic.model, stage, min_confidence=least, lexicon=lexicon, edits=edits)
        once = one.restore(given_text)
        assert one.restore(once) == once


@given(ANY)
def test_case_of_the_input_does_not_matter(
    erratic: Restorer, stage: Rescorer, given_text: str
) -> None:
    one = afresh(erratic.model, stage)
    wanted = one.restore(given_text)
    assert one.restore(reference.upper(given_text)) == wanted
    assert one.restore(reference.lower(given_text)) == wanted


@given(
    st.lists(st.one_of(lines, texts, st.just("")), max_size=8).map("\n".join),
    st.sets(st.integers(1, 12)),
    st.sampled_from(["line", "block", "file"]),
)
def test_a_stream_gives_what_one_call_gives(
    erratic: Restorer, stage: Rescorer, given_text: str, places: set[int], document: str
) -> None:
    one = looking(erratic.model, stage, document=document)
    assert "".join(one.stream(cut(given_text, places))) == one.restore(given_text)


@given(documents, st.sampled_from(["line", "block", "file"]))
def test_batches_of_tokens_change_nothing(
    tiny: Model, stage: Rescorer, given_text: str, document: str
) -> None:
    one = looking(tiny, stage, document=document)
    wanted = one.restore(given_text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH_TOKENS", 3)
        assert one.restore(given_text) == wanted


@given(st.lists(ANY, max_size=5), st.sampled_from(["line", "block", "file"]))
def test_a_batch_is_its_texts_one_by_one(
    tiny: Model, stage: Rescorer, batch: list[str], document: str
) -> None:
    one = looking(tiny, stage, document=document)
    assert one.restore_batch(batch) == [one.restore(text) for text in batch]


def test_a_batch_of_long_texts_is_its_texts_one_by_one(tiny: Model, stage: Rescorer) -> None:
    """So long that words share places in the memory."""
    rng = np.random.default_rng(4)
    words = ["".join(row) for row in rng.choice(list("abcdefgh"), (900, 5))]
    text = "x " + " , x ".join(words * 2)
    for document in ("line", "file"):
        one = looking(tiny, stage, document=document)
        assert one.restore_batch([text] * 3) == [one.restore(text)] * 3


@given(ANY, st.sampled_from([0.0, 0.8]), st.sampled_from([(), ("Army", "iPhone")]))
def test_an_explanation_is_of_what_restore_gives(
    erratic: Restorer, stage: Rescorer, given_text: str, least: float, lexicon: tuple[str, ...]
) -> None:
    for make in (looking, afresh):
        one = make(erratic.model, stage, min_confidence=least, lexicon=lexicon)
        restored, decisions = one.explain(given_text)
        assert restored == one.restore(given_text) == one.margins(given_text)[0]
        assert all(restored[slice(*decision.output)] == decision.written for decision in decisions)


@given(lines, lines)
def test_what_was_chosen_is_written(
    erratic: Restorer, stage: Rescorer, before: str, after: str
) -> None:
    one = afresh(erratic.model, stage)
    choice = Choice(len(before) + 3, "ArmY")
    text = one.explain(f"{before} , army , {after}", [choice]).text
    assert "ArmY" in text
    assert reference.bare(text) == reference.bare(unescape(f"{before} , army , {after}"))


def test_a_second_stage_changes_what_comes_out(erratic: Restorer, stage: Rescorer) -> None:
    one = looking(erratic.model, stage)
    assert one.restore(FLAT) != erratic.restore(FLAT)
    assert one.hash == f"{erratic.hash}+{stage.hash}"


# Files --------------------------------------------------------------------------------------


@pytest.fixture
def home(deep: Path, tmp_path: Path) -> Path:
    """A model and its second stage in files of one's own."""
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(deep.read_bytes())
    rescorer.beside(path).write_bytes(rescorer.beside(deep).read_bytes())
    return path


def test_a_model_from_a_file_has_its_second_stage_beside_it(home: Path) -> None:
    fast, best = Restorer(home), Restorer(home, effort="best")
    assert (fast.options["effort"], best.options["effort"]) == ("fast", "best")
    assert best.restore(FLAT) != fast.restore(FLAT)
    assert_promises(best, FLAT)
    assert fast.hash == load(home).hash
    assert best.hash == f"{fast.hash}+{rescorer.load(load(home)).hash}"
    assert Restorer(home, effort="fast").restore(FLAT) == fast.restore(FLAT)
    assert Restorer(load(home), effort="best").restore(FLAT) == best.restore(FLAT)
    # Those who restore with the same file have the same second stage.
    assert Restorer(home, effort="best")._rescorer is best._rescorer


def test_threads_change_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restored = []
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        restored.append(Restorer(home, effort="best").restore(FLAT * 20))
    assert restored[0] == restored[1]


def test_it_goes_to_other_processes(home: Path) -> None:
    """With the same second stage; another beside the model there is refused."""
    best = Restorer(home, effort="best")
    code = (
        "import pickle, sys; restorer = pickle.load(sys.stdin.buffer);"
        " sys.stdout.buffer.write(restorer.restore(sys.argv[1]).encode())"
    )

    def elsewhere() -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, "-c", code, FLAT],
            input=pickle.dumps(best),
            capture_output=True,
            check=False,
        )

    done = elsewhere()
    assert done.stdout.decode() == best.restore(FLAT), done.stderr.decode()
    path = rescorer.beside(home)
    path.write_bytes(changed(path.read_bytes(), doubt=1))
    done = elsewhere()
    assert done.returncode == 1
    assert f"expected the model {best.hash}, got" in done.stderr.decode()


def test_effort_fast_needs_no_second_stage(model: Path) -> None:
    code = (
        "import sys; from majuscule.restorer import Restorer;"
        " Restorer(sys.argv[1]).restore('he said .'); assert 'onnxruntime' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code, str(model)], check=True)


def changed(content: bytes, **about: Any) -> bytes:
    """A second stage's file that says something else of itself."""
    onnx = pytest.importorskip("onnx")
    made = onnx.load_model_from_string(content)
    (entry,) = made.metadata_props
    entry.value = json.dumps(json.loads(entry.value) | about)
    return bytes(made.SerializeToString())


def other_inputs(content: bytes) -> bytes:
    onnx = pytest.importorskip("onnx")
    made = onnx.load_model_from_string(content)
    made.graph.input[1].type.tensor_type.shape.dim[1].dim_value = NUMBERS - 1
    return bytes(made.SerializeToString())


def short_table(content: bytes) -> bytes:
    onnx = pytest.importorskip("onnx")
    made = onnx.load_model_from_string(content)
    (table, *_) = (part for part in made.graph.initializer if list(part.dims)[:1] == [TABLES[0]])
    rows = onnx.numpy_helper.to_array(table)[:-1]
    table.CopyFrom(onnx.numpy_helper.from_array(rows, table.name))
    return bytes(made.SerializeToString())


def unnamed(content: bytes) -> bytes:
    onnx = pytest.importorskip("onnx")
    made = onnx.load_model_from_string(content)
    del made.metadata_props[:]
    return bytes(made.SerializeToString())


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda _: b"", "expected a second stage, got "),
        (lambda _: b"no graph", "expected a second stage, got "),
        (lambda content: content[:-1000], "expected a second stage, got "),
        (lambda content: content[: len(content) // 2], "expected a second stage, got "),
        (lambda content: changed(content, format=2), "got format 2, expected 1"),
        (lambda content: changed(content, format="1"), "got format '1', expected 1"),
        (lambda content: changed(content, base="0123"), r"expected .* model tiny \(.*of 0123$"),
        (lambda content: changed(content, spans=[1]), "expected a second stage, got "),
        (lambda content: changed(content, spans=[0, -1]), "expected a second stage, got "),
        (lambda content: changed(content, spans=[1 << 40] * 2), "expected a second stage, got "),
        (lambda content: changed(content, spans="ab"), "expected a second stage, got "),
        (lambda content: changed(content, doubt=None), "expected a second stage, got "),
        (lambda content: changed(content, doubt=float("inf")), "expected a second stage, got "),
        (other_inputs, "expected a second stage, got "),
        (short_table, "expected a second stage, got "),
        (unnamed, "expected a second stage, got "),
    ],
)
def test_what_is_no_second_stage_of_the_model_is_refused(
    home: Path, spoil: Callable[[bytes], bytes], says: str
) -> None:
    path = rescorer.beside(home)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ModelError, match=says) as raised:
        Restorer(home, effort="best")
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)
    assert Restorer(home).restore("he said .")


def test_no_second_stage_is_said(tiny: Model, model: Path) -> None:
    with pytest.raises(MajusculeError, match="expected effort to be fast or best, got 'slow'"):
        Restorer(tiny, effort="slow")
    with pytest.raises(ModelError, match=r"expected a model from a file, .* got tiny in memory"):
        Restorer(tiny, effort="best")
    path = rescorer.beside(model)
    with pytest.raises(ModelError, match=r"expected the second stage .* none") as raised:
        Restorer(model, effort="best")
    assert str(raised.value).startswith(f"{path}: ")


def test_without_onnx_runtime_it_says_what_to_install(
    model: Path, without_runtime: Callable[[], None]
) -> None:
    without_runtime()
    rescorer.beside(model).write_bytes(b"")
    with pytest.raises(MajusculeError, match=r"pip install 'majuscule\[deep\]'"):
        Restorer(model, effort="best")
    assert Restorer(model).restore("he said .")


@pytest.mark.parametrize(("told", "wanted"), [("3", 3), ("0", 1), ("", None), ("many", None)])
def test_how_many_threads_it_may_use_can_be_told(
    told: str, wanted: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    of_machine = rescorer._cores()
    assert of_machine >= 1
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    assert rescorer._cores() == (wanted or of_machine)
