"""The model and its file: the same numbers as the reference, and no harm from any file."""

from __future__ import annotations

import json
import os
import pickle
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import reference
from hypothesis import example, given
from hypothesis import strategies as st
from safetensors.numpy import save
from texts import documents, texts

from majuscule import ModelError, _model
from majuscule.features import Memory, extract
from majuscule.model import Model, load
from majuscule.restorer import Restorer
from majuscule.text import Document, Kind, read, unescape
from majuscule.weights import CODES, FEATURES, FORMAT

# Scores -------------------------------------------------------------------------------------


@given(st.data())
def test_fill_and_score_are_the_reference(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    buckets = data.draw(st.integers(1, 5))
    # Ids alike in their high or in their low bits meet in buckets and fingerprints.
    high = rng.integers(0, data.draw(st.sampled_from([2, 1 << 32])), 300, dtype=np.uint64)
    low = rng.integers(0, data.draw(st.sampled_from([3, 1 << 22])), 300, dtype=np.uint64)
    ids = high << np.uint64(32) | low << np.uint64(10) | np.uint64(1)
    codes = rng.integers(1, CODES, 200).astype(np.uint32)
    table, left_out = _model.fill(ids[:200], codes, buckets)
    assert (table.tolist(), left_out) == reference.fill(ids[:200].tolist(), codes.tolist(), buckets)

    known = reference.codes_of(table)
    found = _model.codes_of(ids, table)
    assert found.tolist() == [known.get(reference.place_of(int(i), buckets), 0) for i in ids]

    codebook = rng.integers(-32768, 32768, (CODES, 4)).astype(np.int16)
    first = np.sort(rng.integers(0, 301, 21)).astype(np.int32)
    first[0], first[-1] = 0, 300
    edge = np.array([rng.integers(a, b + 1) for a, b in pairwise(first)], np.int32)
    scores = _model.score(ids, first, edge, table, codebook)
    assert scores.tolist() == reference.score(
        ids.tolist(), first.tolist(), edge.tolist(), table, codebook
    )


@given(documents)
def test_scores_of_text_are_the_reference(tiny: Model, given_text: str) -> None:
    tokens = read(given_text)
    ids, first, edge = extract(tokens, tiny.classes(tokens), Document.BLOCK, Memory())
    assert tiny.score(ids, first, edge).tolist() == reference.score(
        ids.tolist(), first.tolist(), edge.tolist(), tiny.table, tiny.codebook
    )


def test_a_model_without_features_says_nothing() -> None:
    tokens = read("said on friday")
    none = np.zeros(len(tokens), np.uint16)
    ids, first, edge = extract(tokens, none, Document.BLOCK, Memory())
    table = np.zeros((1, 16), np.uint32)
    codebook = np.zeros((CODES, 4), np.int16)
    assert not _model.score(ids, first, edge, table, codebook).any()


@given(texts, st.lists(st.sampled_from(["iPhone", "eBay", "cAn", "nOT", "x1Y", "中Aa", "éÀ"])))
@example("iphone 's can not ebay", ["eBay", "iPhone", "IPhone"])
def test_find_is_the_reference(given_text: str, forms: list[str]) -> None:
    model = Model(
        np.zeros((1, 16), np.uint32),
        np.zeros((1, 16), np.uint32),
        np.zeros((CODES, 4), np.int16),
        np.zeros((len(Kind), len(Kind), 8, 8), np.int32),
        tuple(forms),
        {},
    )
    tokens = read(given_text)
    words = [reference.lower(form) for form in forms]
    starts = [sum(len(form) + 1 for form in forms[:i]) for i in range(len(forms))]
    wanted = reference.lookup([tokens.word(i) for i in range(len(tokens))], words)
    assert model.find(tokens).tolist() == [starts[i] if i >= 0 else -1 for i in wanted]


def test_a_word_with_the_key_of_a_form_is_not_that_form() -> None:
    """Keys are hashes: a model could be made whose forms' keys are those of other words."""
    tokens, forms = read("cat catty cab"), read("dOg")
    key = np.full(3, forms.key[0])
    found = _model.lookup(
        key, tokens.lower, tokens.start, tokens.end, forms.key, forms.lower, forms.start, forms.end
    )
    assert found.tolist() == [-1, -1, -1]


# The file -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def whole(tiny: Model, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A good file's bytes."""
    path = tmp_path_factory.mktemp("model") / "tiny.safetensors"
    tiny.save(path)
    return path.read_bytes()


def test_what_is_saved_is_loaded(tiny: Model, whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(whole)
    model = load(path)
    for name in ("table", "words", "codebook", "transitions"):
        assert np.array_equal(getattr(model, name), getattr(tiny, name))
    assert (model.forms, model.about, model.hash) == (tiny.forms, tiny.about, tiny.hash)
    model.save(tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == whole


def test_hash_tells_weights_apart(tiny: Model) -> None:
    codebook = tiny.codebook.copy()
    codebook[-1, -1] += 1
    changed = Model(tiny.table, tiny.words, codebook, tiny.transitions, tiny.forms, tiny.about)
    assert changed.hash != tiny.hash
    assert len(tiny.hash) == 12
    assert int(tiny.hash, 16) >= 0


def test_styles_have_numbers_from_1(tiny: Model) -> None:
    assert (tiny.styles, tiny.style(None), tiny.style("news")) == (("news",), 0, 1)
    with pytest.raises(ModelError, match=r"expected a style of this model, one of news; got 'x'"):
        tiny.style("x")


def test_a_missing_file_or_a_folder_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "none")
    with pytest.raises(OSError, match=r"."):
        load(tmp_path)


ABOUT: dict[str, Any] = {
    "format": FORMAT,
    "features": FEATURES,
    "name": "m",
    "styles": ["a"],
    "prefixes": ["Mc"],
}
TENSORS: dict[str, np.ndarray[Any, Any]] = {
    "table": np.zeros((1, 16), np.uint32),
    "words": np.zeros((1, 16), np.uint32),
    "codebook": np.zeros((CODES, 4), np.int16),
    "transitions": np.zeros((len(Kind), len(Kind), 8, 8), np.int32),
    "lexicon": np.frombuffer(b"eBay\niPhone", np.uint8),
}
SHAPE = TENSORS["transitions"].shape


def lexicon(content: bytes) -> np.ndarray[Any, Any]:
    return np.frombuffer(content, np.uint8)


def file_of(about: Any = None, **tensors: np.ndarray[Any, Any] | None) -> bytes:
    """A model file, with parts of it replaced; None leaves a tensor out."""
    kept = {name: value for name, value in {**TENSORS, **tensors}.items() if value is not None}
    text = about if isinstance(about, str) else json.dumps({**ABOUT, **(about or {})})
    return save(kept, metadata={"majuscule": text})


def refused(content: bytes, path: Path) -> str:
    """The one line that a file is refused with."""
    path.write_bytes(content)
    with pytest.raises(ModelError) as raised:
        load(path)
    message = str(raised.value)
    assert str(path) in message
    assert "\n" not in message
    assert message.isprintable()
    assert len(message) < len(str(path)) + 400
    return message.replace(str(path), "PATH")


def test_the_plainest_model_is_accepted(tmp_path: Path) -> None:
    """Or the refusals below would say nothing."""
    (tmp_path / "m").write_bytes(file_of())
    assert Restorer(tmp_path / "m").restore("an iphone .") == "an iphone ."


@pytest.mark.parametrize("part", [0, 0.0001, 0.001, 0.01, 0.1, 0.3, 0.5, 0.9, 0.99, 0.99999])
def test_a_truncated_file_is_refused(whole: bytes, tmp_path: Path, part: float) -> None:
    refused(whole[: int(part * len(whole))], tmp_path / "m")


def test_a_file_with_more_at_its_end_is_refused(whole: bytes, tmp_path: Path) -> None:
    refused(whole + b"\0", tmp_path / "m")


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100, 2**40, 2**63, 2**64 - 1])
def test_a_header_of_any_stated_length_is_refused(
    whole: bytes, tmp_path: Path, length: int
) -> None:
    refused(struct.pack("<Q", length) + whole[8:], tmp_path / "m")


@given(st.binary(max_size=200))
@example(b"PK\x03\x04")
@example(b"\x08\0\0\0\0\0\0\0{}      ")
def test_garbage_is_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    refused(content, tmp_path_factory.getbasetemp() / "garbage")


@given(st.data())
def test_a_damaged_header_never_crashes(
    whole: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    header = 8 + struct.unpack("<Q", whole[:8])[0]
    path = tmp_path_factory.getbasetemp() / "damaged"
    damaged = bytearray(whole)
    for place in data.draw(st.lists(st.integers(0, header - 1), min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)
    try:
        model = load(path)
    except ModelError:
        return
    assert Restorer(model).restore("a b") in ("a b", "A b", "a B", "A B")


class Bomb:
    """What a pickle would run."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (99,)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    """Were it run, this test would not be there to fail."""
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        refused(pickle.dumps(Bomb(), protocol), tmp_path / "m")


@pytest.mark.parametrize(
    ("about", "says"),
    [
        ("", "not a majuscule model"),
        ("{", "not a majuscule model"),
        ("[]", "not a majuscule model"),
        ("null", "not a majuscule model"),
        ("1", "not a majuscule model"),
        ('"format"', "not a majuscule model"),
        ("[" * 100_000 + "]" * 100_000, "not a majuscule model"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "not a majuscule model"),
        ('{"format": ' + "9" * 10_000 + "}", "not a majuscule model"),
        ({"format": 1}, "expected model format 2"),
        ({"format": "1"}, "expected model format 2"),
        ({"format": None}, "expected model format 2"),
        ({"features": 99}, "got format 2 with features 99; install"),
        ({"format": "x" * 100_000}, "expected model format 2"),
        ({"format": "\n\x1b[31m"}, "expected model format 2"),
        ({"format": [[]] * 1000}, "expected model format 2"),
        ({"styles": None}, "list of styles"),
        ({"styles": "news"}, "list of styles"),
        ({"styles": {"news": 1}}, "list of styles"),
        ({"styles": ["news", 1]}, "list of styles"),
        ({"styles": ["x" * 100_000, 1]}, "list of styles"),
        ('{"format": 2, "features": 2}', "not a majuscule model"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_strange_header_is_refused(about: Any, says: str, tmp_path: Path) -> None:
    assert says in refused(file_of(about), tmp_path / "m")


def test_a_file_without_our_header_is_refused(tmp_path: Path) -> None:
    says = "a safetensors file, but not a majuscule model"
    assert says in refused(save(TENSORS), tmp_path / "m")
    assert says in refused(save(TENSORS, metadata={"other": "{}"}), tmp_path / "m")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("table", None, "a tensor named table"),
        ("codebook", None, "a tensor named codebook"),
        ("transitions", None, "a tensor named transitions"),
        ("lexicon", None, "a tensor named lexicon"),
        ("table", np.zeros((1, 16), np.int32), "expected table to be uint32"),
        ("table", np.zeros((1, 16), np.float32), "expected table to be uint32"),
        ("table", np.zeros((1, 15), np.uint32), "expected table to be uint32"),
        ("table", np.zeros(16, np.uint32), "expected table to be uint32"),
        ("table", np.zeros((1, 4, 4), np.uint32), "expected table to be uint32"),
        ("table", np.zeros((), np.uint32), "expected table to be uint32"),
        ("table", np.zeros((0, 16), np.uint32), "expected table to be uint32"),
        ("codebook", np.zeros((CODES - 1, 4), np.int16), "expected codebook to be int16"),
        ("codebook", np.zeros((CODES + 1, 4), np.int16), "expected codebook to be int16"),
        ("codebook", np.zeros((CODES, 3), np.int16), "expected codebook to be int16"),
        ("codebook", np.zeros((CODES, 4), np.int32), "expected codebook to be int16"),
        ("codebook", np.zeros((CODES, 4), np.float16), "expected codebook to be int16"),
        ("transitions", np.zeros((2, 2, 8, 8), np.int32), "expected transitions to be int32"),
        ("transitions", np.zeros(SHAPE, np.int64), "expected transitions to be int32"),
        ("transitions", np.full(SHAPE, (1 << 24) + 1, np.int32), "transitions of at most"),
        ("transitions", np.full(SHAPE, -(1 << 31), np.int32), "transitions of at most"),
        ("lexicon", np.zeros((1, 4), np.uint8), "expected lexicon to be uint8"),
        ("lexicon", np.zeros(4, np.int8), "expected lexicon to be uint8"),
        ("lexicon", lexicon(b"\xff\xfe"), "the lexicon is not UTF-8"),
        ("lexicon", lexicon(b"i\xc3"), "the lexicon is not UTF-8"),
        ("lexicon", lexicon(b"\xed\xa0\x80"), "the lexicon is not UTF-8"),
        ("lexicon", lexicon(b"iPhone eBay"), "a line that is not one token"),
        ("lexicon", lexicon(b"iPhone eBay\n"), "a line that is not one token"),
        ("lexicon", lexicon(b"\niPhone eBay"), "a line that is not one token"),
        ("lexicon", lexicon(b"iPhone\n\neBay"), "a line that is not one token"),
        ("lexicon", lexicon(b"iPhone\n"), "a line that is not one token"),
        ("lexicon", lexicon(b"\n"), "a line that is not one token"),
        ("lexicon", lexicon(b" "), "a line that is not one token"),
        ("lexicon", lexicon(b"McDonald's"), "a line that is not one token"),
        ("lexicon", lexicon(b"canNot"), "a line that is not one token"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_strange_tensors_are_refused(name: str, value: Any, says: str, tmp_path: Path) -> None:
    assert says in refused(file_of(**{name: value}), tmp_path / "m")


@pytest.mark.parametrize("dtype", ["BF16", "F8_E4M3", "F8_E5M2", "BOOL", "F64", "U64", "X", "F4"])
def test_types_of_tensors_that_numpy_may_not_know(dtype: str, tmp_path: Path) -> None:
    content = file_of()
    size = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + size])
    header["codebook"]["dtype"] = dtype
    width = {"F8_E4M3": 1, "F8_E5M2": 1, "BOOL": 1, "F64": 8, "U64": 8}.get(dtype, 2)
    header["codebook"]["shape"] = [CODES * 2 // width, 4]
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    refused(struct.pack("<Q", len(text)) + text + content[8 + size :], tmp_path / "m")


@pytest.mark.parametrize(
    "content",
    [b"iPhone\nIPHONE\nipHone", b" iPhone \neBay\r", b"&amp;\nx", b"1234\n..\xc3\xa9"[:4]],
)
def test_an_odd_lexicon_does_no_harm(content: bytes, tmp_path: Path) -> None:
    """Several forms of a word, blanks around, escapes: refused, or of no consequence."""
    path = tmp_path / "m"
    codebook = np.zeros((CODES, 4), np.int16)
    codebook[:, 2] = 1000
    transitions = TENSORS["transitions"].copy()
    transitions[..., 3] = transitions[..., 7] = 1000
    path.write_bytes(file_of(lexicon=lexicon(content), codebook=codebook, transitions=transitions))
    try:
        restorer = Restorer(path)
    except ModelError:
        return
    once = restorer.restore("an iphone & ebay 5678 x . .")
    assert once.lower().replace(" ", "") == "aniphone&ebay5678x.."
    assert restorer.restore(once) == once


# A model may hold any numbers ---------------------------------------------------------------


def extreme(given_text: str, seed: int) -> Model:
    """The largest weights and transitions there may be, for just this text's features."""
    rng = np.random.default_rng(seed)
    tokens = read(given_text)
    keys = np.unique(tokens.key)
    words, _ = _model.fill(keys, rng.integers(0, CODES, len(keys)).astype(np.uint32), 1 + len(keys))
    classes = _model.codes_of(tokens.key, words)
    seen = [extract(tokens, classes, Document.BLOCK, Memory(), style)[0] for style in (0, 1)]
    ids = np.concatenate([np.unique(some) for some in seen])
    codes = rng.choice([1, 2, CODES - 1], len(ids)).astype(np.uint32)
    table, _ = _model.fill(ids, codes, max(1, len(ids) // 4))
    codebook = rng.choice([-32768, 32767], (CODES, 4)).astype(np.int16)
    transitions = rng.choice([-(1 << 24), 1 << 24], SHAPE).astype(np.int32)
    return Model(table, words, codebook, transitions, ("iPhone", "nOT", "cAN", "sAId"), ABOUT)


@given(st.one_of(texts, documents), st.integers(0, 5))
@example(". " * 300 + "a", 1)
def test_extreme_models_keep_the_promises(given_text: str, seed: int) -> None:
    model = extreme(given_text, seed)
    for restorer in (
        Restorer(model),
        Restorer(model, style="a"),
        Restorer(model, recase=True, respace=True),
    ):
        once = restorer.restore(given_text)
        assert reference.bare(unescape(once)) == reference.bare(unescape(given_text))
        assert restorer.restore(once) == once


def test_a_file_full_of_ones(tmp_path: Path) -> None:
    content = file_of(
        table=np.full((3, 16), 0xFFFFFFFF, np.uint32),
        codebook=np.full((CODES, 4), -1, np.int16),
        transitions=np.full(SHAPE, 1 << 24, np.int32),
    )
    (tmp_path / "m").write_bytes(content)
    assert Restorer(tmp_path / "m").restore("a b , c .").lower().replace(" ", "") == "ab,c."
