"""Training: every step against its reference, and the same text always the same file."""

from __future__ import annotations

import dataclasses
import gzip
import lzma
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import reference
from conftest import DATA, TINY
from hypothesis import given
from hypothesis import strategies as st

from majuscule import DataError, MajusculeError, _training, training
from majuscule.features import Memory
from majuscule.labels import Case
from majuscule.model import load
from majuscule.restorer import Restorer
from majuscule.text import CASED, Kind, flatten, read, render
from majuscule.training import Source, train
from majuscule.weights import FEATURES, FORMAT, SCALE

if TYPE_CHECKING:
    from majuscule.model import Model

ROLES = [kind for kind in Kind if kind != Kind.BEGIN]

# Counting and finding -----------------------------------------------------------------------


def some_ids(rng: np.random.Generator, n: int) -> np.ndarray[Any, Any]:
    """Ids that meet in buckets, some of them in fingerprints too (0 among those)."""
    high = rng.integers(0, 8, n, dtype=np.uint64) << np.uint64(61)
    low = rng.integers(0, 60, n, dtype=np.uint64) << np.uint64(10)
    return high | low | np.uint64(1)


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_count_is_the_reference(seed: int, bits: int) -> None:
    ids = np.random.default_rng(seed).integers(0, 2**64, 2000, dtype=np.uint64)
    sketch = np.zeros(1 << bits, np.uint8)
    wanted = [0] * (1 << bits)
    for part in (ids[:700], ids[700:]):
        _training.count(part, sketch, bits)
        reference.count(part.tolist(), wanted, bits)
    assert sketch.tolist() == wanted


@given(st.integers(0, 2**32), st.integers(1, 4), st.integers(1, 3))
def test_locate_is_the_reference(seed: int, bits: int, least: int) -> None:
    rng = np.random.default_rng(seed)
    keys = np.zeros((1 << bits, 16), np.uint32)
    counts = np.zeros(16 << bits, np.uint32)
    sketch = rng.integers(0, 4, 1 << 10).astype(np.uint8)
    rows: dict[tuple[int, int], int] = {}
    uses: dict[int, int] = {}
    for grow in (True, True, False):
        ids = some_ids(rng, 400)
        used = sketch if grow else sketch[:0]
        got = _training.locate(ids, keys, counts, bits, used, 10, least)
        assert got.tolist() == reference.locate(
            ids.tolist(), rows, uses, bits, used.tolist(), 10, least
        )
    assert {row: int(counts[row]) for row in np.flatnonzero(counts)} == uses
    assert {(row // 16, int(keys.reshape(-1)[row])): row for row in np.flatnonzero(keys)} == rows
    # Rows know their ids but for the lowest bits, and those that no row is left for.
    taken = np.array(sorted(rows.values()), np.int32)
    ids = _training.ids_of(taken, keys, bits)
    again = _training.locate(ids, keys, counts, bits, sketch[:0], 10, least)
    assert again.tolist() == taken.tolist()


# Learning -----------------------------------------------------------------------------------


def problem_of(seed: int) -> dict[str, Any]:
    """A few short lines with a possible gold row each; no two pairs of roles in a line alike."""
    rng = np.random.default_rng(seed)
    roles, gold, bits, lines = [], [], [], [0]
    for _ in range(rng.integers(1, 4)):
        own = [int(role) for role in rng.choice(ROLES, rng.integers(0, 5), replace=False)]
        before = 0
        for i, role in enumerate(own):
            case = int(rng.integers(0, 4)) if CASED[role] else before % 4
            before = case + 4 * int(i and rng.integers(0, 2))
            gold.append(before)
            cases = 15 if not CASED[role] else int(rng.integers(0, 16)) | 1 << case
            bits.append(cases | int(rng.integers(0, 4)) << 4 | 16 << before // 4)
        roles += own
        lines.append(len(roles))
    counts = rng.integers(0, 5, len(roles))
    pairs = 2 * rng.integers(0, 3, len(roles))
    # A line's first token follows none, and a sign has no case to be told from one.
    pairs[[a for a, b in pairwise(lines) if a < b]] = 0
    pairs[[not CASED[role] for role in roles]] = 0
    first = np.concatenate([[0], np.cumsum(counts + pairs)]).astype(np.int32)
    return {
        "rows": rng.integers(-1, 12, first[-1]).astype(np.int32),
        "first": first,
        "edge": (first[:-1] + counts).astype(np.int32),
        "roles": np.array(roles, np.uint8),
        "bits": np.array(bits, np.uint8),
        "gold": np.array(gold, np.uint8),
        "lines": np.array(lines, np.int32),
        "weights": np.concatenate(
            [rng.normal(0, 1, (12, 4)), rng.uniform(0, 3, (12, 4))], axis=1
        ).astype(np.float32),
        "transitions": rng.normal(0, 1, (len(Kind), len(Kind), 8, 8)).astype(np.float32),
        "squares": rng.uniform(0, 3, (len(Kind), len(Kind), 8, 8)).astype(np.float32),
        "offset": rng.integers(-2 * SCALE, 2 * SCALE, (len(roles), 3, 4)).astype(np.int32),
    }


@given(st.integers(0, 2**32), st.booleans(), st.booleans(), st.booleans())
def test_learn_is_the_reference(seed: int, spacing: bool, shifted: bool, moving: bool) -> None:
    """One step a line, its gradient from every row of labels there is."""
    problem = problem_of(seed)
    slow = reference.Weights(
        *(problem[name].astype(np.float64) for name in ("weights", "transitions", "squares"))
    )
    wanted_loss = 0.0
    for a, b in pairwise(problem["lines"]):
        if a < b:
            wanted_loss += slow.learn(
                problem["rows"],
                problem["first"][a : b + 1].tolist(),
                problem["edge"][a:b].tolist(),
                problem["roles"][a:b].tolist(),
                CASED.tolist(),
                problem["bits"][a:b].tolist(),
                problem["gold"][a:b].tolist(),
                0.2,
                spacing=spacing,
                offset=problem["offset"][a:b] / SCALE if shifted else None,
                moving=moving,
            )
    fast = {name: problem[name].copy() for name in ("weights", "transitions", "squares")}
    potential = np.exp(fast["transitions"])
    loss = _training.learn(
        problem["rows"],
        problem["first"],
        problem["edge"],
        problem["roles"],
        CASED,
        problem["bits"],
        problem["gold"],
        problem["lines"],
        spacing,
        fast["weights"],
        fast["transitions"],
        fast["squares"],
        potential,
        0.2,
        0.2 if moving else 0.0,
        problem["offset"][: len(problem["roles"]) if shifted else 0],
        SCALE,
    )
    for name, values in fast.items():
        np.testing.assert_allclose(values, getattr(slow, name), rtol=2e-3, atol=2e-3, err_msg=name)
    np.testing.assert_allclose(potential, np.exp(fast["transitions"]), rtol=1e-5)
    assert loss == pytest.approx(wanted_loss, rel=1e-3, abs=1e-3)


def test_learning_lowers_the_loss() -> None:
    losses = []

    class Watch(training.Learner):
        def step(self, *arguments: Any) -> None:
            before = self.loss
            super().step(*arguments)
            losses.append(self.loss - before)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "Learner", Watch)
        train([Source(DATA / "tiny.txt")], TINY)
    assert losses[-1] < losses[0] / 2


# Whole runs ---------------------------------------------------------------------------------


def test_the_same_text_gives_the_same_file(tiny: Model, tmp_path: Path) -> None:
    again = train([Source(DATA / "tiny.txt", style="news")], TINY, name="tiny")
    tiny.save(tmp_path / "a")
    again.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_another_seed_gives_another_model(tiny: Model) -> None:
    settings = dataclasses.replace(TINY, seed=2)
    assert train([Source(DATA / "tiny.txt", style="news")], settings).hash != tiny.hash


def test_the_model_says_what_it_was_made_of(tiny: Model) -> None:
    import hashlib

    digest = hashlib.sha256((DATA / "tiny.txt").read_bytes()).hexdigest()
    assert tiny.about["training"] == [{"file": "tiny.txt", "style": "news", "sha256": digest}]
    assert tiny.about["settings"] == dataclasses.asdict(TINY)
    assert (tiny.about["format"], tiny.about["features"]) == (FORMAT, FEATURES)
    assert (tiny.about["name"], tiny.styles) == ("tiny", ("news",))
    assert {"iPhone", "McDonald", "eBay"} <= set(tiny.forms)


def test_rare_forms_of_frequent_words_are_slips(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("he went on and on and on .\n" * 40 + "oN my iPhone .\n" * 2)
    assert train([Source(path)], TINY).forms == ("iPhone",)


@pytest.mark.parametrize(
    ("name", "value"),
    [("passes", 0), ("rate", -1), ("least", 0), ("buckets", 0), ("row_bits", 40), ("share", 2)],
)
def test_settings_that_cannot_be_are_refused(name: str, value: int) -> None:
    with pytest.raises(MajusculeError, match=f"expected {name} from .* to .*, got {value}"):
        dataclasses.replace(TINY, **{name: value})


def test_a_builder_may_say_more(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("He went to Paris on Monday.\n" * 20)
    model = train([Source(path)], TINY, about={"license": "CC0-1.0"})
    model.save(tmp_path / "m")
    assert load(tmp_path / "m").about["license"] == "CC0-1.0"
    assert Restorer(tmp_path / "m").restore("he went to paris on monday .") == (
        "He went to Paris on Monday."
    )


def test_packed_text_is_text(tmp_path: Path) -> None:
    text = (DATA / "tiny.txt").read_bytes()
    (tmp_path / "a.txt").write_bytes(text)
    (tmp_path / "a.txt.xz").write_bytes(lzma.compress(text))
    plain, packed = (train([Source(tmp_path / name)], TINY) for name in ("a.txt", "a.txt.xz"))
    assert np.array_equal(plain.table, packed.table)


def test_styles_are_sorted_and_numbered(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text("He went to Paris on Monday.\n" * 20)
    sources = [
        Source(tmp_path / "a", style="speech"),
        Source(tmp_path / "b", style="news"),
        Source(tmp_path / "c"),
    ]
    model = train(sources, TINY)
    assert model.styles == ("news", "speech")
    assert [source["style"] for source in model.about["training"]] == ["speech", "news", None]


def test_tokenised_text_teaches_case_alone(tmp_path: Path) -> None:
    """Its gaps are the tokeniser's: they must not teach that signs stand apart."""
    natural, tokenised = tmp_path / "natural", tmp_path / "tokenised"
    natural.write_text("he came, and then (at last) she came, too.\n" * 30)
    tokenised.write_text("Then Sheila came , and Sheila sat ( here ) .\n" * 90)
    flat = "then sheila came , and sheila sat ( here ) ."
    knows = Restorer(train([Source(natural), Source(tokenised, spacing=False)], TINY))
    taught = Restorer(train([Source(natural), Source(tokenised)], TINY))
    assert knows.restore(flat) == "Then Sheila came, and Sheila sat (here)."
    assert taught.restore(flat) == "Then Sheila came , and Sheila sat ( here ) ."


def test_weight_repeats_a_source(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("we saw Rose.\n\n" * 10)
    (tmp_path / "b").write_text("we saw rose.\n\n" * 30)
    for weight, wanted in ((1, "we saw rose."), (9, "we saw Rose.")):
        sources = [Source(tmp_path / "a", weight=weight), Source(tmp_path / "b")]
        assert Restorer(train(sources, TINY)).restore("we saw rose .") == wanted


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[str, int | None]] = []
    done: list[int] = []

    class Notes:
        def begin(self, name: str, characters: int | None) -> None:
            told.append((name, characters))
            done.append(0)

        def advance(self, characters: int) -> None:
            done[-1] += characters

    train([Source(DATA / "tiny.txt")], TINY, progress=Notes())
    names = [
        "reading words",
        "counting",
        "learning 1/3",
        "learning 2/3",
        "learning 3/3",
        "settling 1/1",
    ]
    assert [name for name, _ in told] == names
    assert [total for _, total in told[:2]] == [None, None]
    assert all(total == done[1] for _, total in told[2:])
    # Layouts differ between passes, and with them a few characters; words are read twice.
    done[0] //= 2
    assert all(count == pytest.approx(done[1], rel=0.1) for count in done)


def test_a_share_of_the_text(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(("He went to Paris.\n" * 50 + "\n") * 200)
    read_of = []

    class Notes:
        def begin(self, name: str, characters: int | None) -> None:
            read_of.append(0)

        def advance(self, characters: int) -> None:
            read_of[-1] += characters

    for share in (1.0, 0.3):
        train([Source(tmp_path / "a")], dataclasses.replace(TINY, share=share), progress=Notes())
    assert 0 < read_of[len(read_of) // 2] < read_of[0] * 0.8


# Bad sources --------------------------------------------------------------------------------


def test_no_text_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"")
    for sources in ([], [Source(tmp_path / "empty")]):
        with pytest.raises(DataError, match="expected text to train on, found none"):
            train(sources, TINY)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.txt"
    path.write_bytes("Good.\nMünchen.\n".encode() + b"Not \xff good.\n")
    with pytest.raises(DataError) as raised:
        train([Source(DATA / "tiny.txt"), Source(path)], TINY)
    assert str(raised.value) == f"{path}: line 3: expected UTF-8, got byte 0xff at 4"


def test_a_source_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        train([Source(tmp_path / "none.txt")], TINY)
    with pytest.raises(OSError, match=r"."):
        train([Source(tmp_path)], TINY)


@pytest.mark.parametrize("content", [b"no xz", lzma.compress(b"He left. " * 5000)[:-30]])
def test_a_damaged_archive_is_a_data_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.txt.xz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"bad\.txt\.xz"):
        train([Source(path)], TINY)


def test_what_looks_packed_but_is_not_known_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress(b"He left.\n", mtime=0))
    with pytest.raises(DataError, match="expected UTF-8, got byte 0x8b"):
        train([Source(path)], TINY)


def test_strange_text_is_learned_from_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "strange.txt"
    strange = "\0 \ufeffİSTANBUL ßßß ŉ\u2028-LRB- &amp;AMP; cannot 'Twas N'T\r\n \n\n``\n" * 30
    path.write_text(strange, encoding="utf-8", newline="")
    restorer = Restorer(train([Source(path)], TINY))
    once = restorer.restore(flatten(strange))
    assert restorer.restore(once) == once


# Labels -------------------------------------------------------------------------------------


def test_gold_labels_are_what_is_read() -> None:
    """Training learns to say what `read` says, where it can be said."""
    text = "The iPhone of O'Neil-MacLeod (24/7) can't, said McGahn of al-Qaim.\n\n\"No.\" 'twas"
    known = training.Known(np.zeros((1, 16), np.uint32), np.unique(read("iPhone").key), ("Mc",))
    example = training.example_of(
        text,
        spacing=True,
        style=0,
        known=known,
        memory=Memory(),
        find=lambda ids: np.zeros(len(ids), np.int32),
    )
    tokens = example.tokens
    cased = CASED[tokens.kind].astype(bool)
    case = example.gold & 3
    for i in np.flatnonzero(cased):
        if tokens.written(int(i)) == "MacLeod":
            assert case[i] == Case.TITLE  # no form of it is known
        else:
            assert case[i] == tokens.case[i]
    # Signs carry the case before them in their line.
    words = [tokens.word(i) for i in range(len(tokens))]
    assert case[words.index("-")] == Case.TITLE
    assert case[words.index("(")] == Case.TITLE
    assert case[words.index('"')] == Case.LOWER
    # Every gold label is allowed.
    assert all(example.bits >> (example.gold & 3) & 1)
    assert all(example.bits >> 4 + (example.gold >> 2) & 1)
    labels = np.where(cased, example.gold, example.gold & 4).astype(np.uint8)
    assert render(tokens, labels) == text.replace("MacLeod", "Macleod")
