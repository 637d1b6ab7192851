"""Lost apostrophes: what comes back, and what stays as it is."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import reference
from hypothesis import example, given
from hypothesis import strategies as st
from texts import blanks, documents, lines, texts

from majuscule import GuaranteeError, ModelError, apostrophes, stripping
from majuscule import documents as module
from majuscule.apostrophes import KIND, Apostrophes, Label, features_of, without_fused
from majuscule.documents import Shown
from majuscule.labels import Gap
from majuscule.restorer import EDITS, MORE_EDITS, Restorer
from majuscule.stripping import Way, apostrophes_of, strip
from majuscule.text import Document, beginnings, read, unescape
from majuscule.training import Settings, Source
from majuscule.weights import CODES, FEATURES, FORMAT, WAYS

if TYPE_CHECKING:
    from collections.abc import Callable

    from majuscule.apostrophes import Candidates
    from majuscule.model import Model
    from majuscule.text import Tokens

GOLDEN = json.loads((Path(__file__).parent / "golden" / "apostrophes.json").read_text("utf-8"))
ALL = (*EDITS, *MORE_EDITS)

FORMS = tuple(
    "'clock 'd 'll 'm 'n 'neil 're 's 't 've l' o' don't i'll n't o'clock we're".split()  # noqa: SIM905 - easier to read than quotes around apostrophes
)
ABOUT = {"kind": KIND, "format": FORMAT, "features": FEATURES, "name": "erratic"}

PIECES = (  # noqa: SIM905 - as above
    "it s o neil l est don t ca n nt dont we re ill its were states states' James' dogs ' ’ it's"
    " it ’s don't do n't ' s 's t ll boss as this 1990s 5 x . , \" - can not gon na 't is “ paris"
).split()
lost = st.lists(st.tuples(st.sampled_from(PIECES), blanks), max_size=14).map(
    lambda pairs: "".join(piece + blank for piece, blank in pairs)
)
"""What apostrophes were lost from, and where they were not, with any blanks between."""

ANY = st.one_of(lost, texts, documents)


@dataclass(frozen=True)
class Erratic(Apostrophes):
    """Puts apostrophes back by chance, but always the same where the features are."""

    def score(self, tokens: Tokens, found: Candidates) -> np.ndarray:
        out = np.zeros((len(found.at), 3, 4), dtype=np.int32)
        at = 0
        for ids, first in features_of(tokens, found.at):
            sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(ids, dtype=np.uint64)])
            own = sums[first[1:]] - sums[first[:-1]]
            for k in range(3):
                hashed = (own + np.uint64(k)) * np.uint64(0x9E3779B97F4A7C15)
                here = (hashed >> np.uint64(40)) % np.uint64(2001)
                out[at : at + len(own), 0, k] = here.astype(np.int64) - 800
            at += len(own)
        return out


def empty(kind: type[Apostrophes], forms: tuple[str, ...] = FORMS) -> Apostrophes:
    table = np.zeros((1, WAYS), dtype=np.uint32)
    return kind(table, np.zeros((CODES, 4), dtype=np.int16), forms, ABOUT)


def with_chance(model: Model, **options: object) -> Restorer:
    """A restorer whose apostrophes come by chance."""
    restorer = Restorer(model, edits=ALL, **options)
    restorer._apostrophes = empty(Erratic)
    return restorer


def bare(written: str) -> str:
    """What must not change: all but case, blanks and apostrophes."""
    return reference.bare(written.translate({ord("'"): None, ord("’"): None}))


def assert_letters_stay(given_text: str, restored: str) -> None:
    """Line by line: a tokenised line's escapes are undone, the others' are the writer's own."""
    for before, after in zip(given_text.split("\n"), restored.split("\n"), strict=True):
        assert bare(after) in (bare(before), bare(unescape(before)))


# What is promised of any text ------------------------------------------------------------------


@given(ANY, st.sampled_from([0.6, 0.9]))
def test_what_is_not_sure_stays(erratic: Restorer, given_text: str, least: float) -> None:
    restorer = with_chance(erratic.model, min_confidence=least)
    once, decisions = restorer.explain(given_text)
    assert_letters_stay(given_text, once)
    assert restorer.restore(once) == once
    for decision in decisions:
        if decision.gap in (Gap.APOSTROPHE, Gap.APOSTROPHE_SPACE):
            assert decision.gap_probability >= least


@given(ANY, st.sampled_from(["line", "block", "file"]))
@example("the dogs ' tails . it s\nit s", "block")
@example("states' rights ' jones", "line")
@example("do n t", "block")
@example("5 n t", "block")
@example("he says ca  nt", "block")
def test_letters_stay_and_twice_is_once(erratic: Restorer, given_text: str, document: str) -> None:
    for afresh in (True, False):
        restorer = with_chance(erratic.model, document=document, recase=afresh, respace=afresh)
        once = restorer.restore(given_text)
        assert_letters_stay(given_text, once)
        assert once.count("\n") == given_text.count("\n")
        assert unescape(once) == once or not afresh
        assert restorer.restore(once) == once


@given(st.lists(st.one_of(lost, lines, st.just("")), max_size=6).map("\n".join))
@example("its \n' ")
def test_a_stream_gives_what_one_call_gives(erratic: Restorer, given_text: str) -> None:
    restorer = with_chance(erratic.model)
    *whole, last = given_text.split("\n")
    pieces = [*(f"{line}\n" for line in whole), last]
    assert "".join(restorer.stream(pieces)) == restorer.restore(given_text)


def fused(lost: str, ahead: int) -> list[bool]:
    """Of each its in a text whether it may be an it's."""
    tokens = read(lost)
    found = empty(Apostrophes).candidates(tokens)
    shown = Shown(tokens.lines, beginnings(tokens, Document.BLOCK), 0, ahead)
    bits, _ = without_fused(tokens, found, found.telling, shown)
    may = dict(zip(found.at.tolist(), (bits & 1 << Label.FUSED).tolist(), strict=True))
    return [bool(may[i]) for i in range(len(tokens)) if tokens.word(i) == "its"]


def test_first_lines_are_judged_together() -> None:
    """What a document shows holds for its first lines, not for those of another."""
    assert fused("its dogs\nwere its\n\nits dogs", 9) == [True, True, True]
    assert fused("its dogs\nwere its\nit s late\n\nits dogs", 9) == [False, False, True]
    assert fused("its dogs\nit s late\nits dogs", 1) == [True, False]
    assert fused("its dogs\nit s late\nits dogs", 2) == [False, False]
    assert fused("\nits dogs\nits\nit s late", 2) == [True, True]


@given(
    st.lists(st.sampled_from(["it s\n", "its\n", "\n", "it's\n", "don t\n"]), max_size=12),
    st.sampled_from(["line", "block", "file"]),
)
def test_a_stream_holds_first_lines_back(
    erratic: Restorer, pieces: list[str], document: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "AHEAD", 3)
        restorer = with_chance(erratic.model, document=document)
        assert "".join(restorer.stream(pieces)) == restorer.restore("".join(pieces))
        once = restorer.restore("".join(pieces))
        assert restorer.restore(once) == once


@given(ANY)
def test_every_decision_has_its_place(erratic: Restorer, given_text: str) -> None:
    restorer = with_chance(erratic.model)
    restored, decisions = restorer.explain(given_text)
    assert restored == restorer.restore(given_text)
    ends = [(0, 0), *((d.output[1], d.input[1]) for d in decisions)]
    for (out, into), decision in zip(ends, decisions, strict=False):
        assert restored[slice(*decision.output)] == decision.written
        assert out <= decision.output[0]
        assert into <= decision.input[0]
        between = restored[out : decision.output[0]]
        assert ("'" in between) == (decision.gap in (Gap.APOSTROPHE, Gap.APOSTROPHE_SPACE))
        assert bare(given_text[slice(*decision.input)]) in (bare(decision.written), "") or (
            "&" in given_text or "-" in given_text or "`" in given_text or "'" in given_text
        )


@given(ANY)
def test_margins_are_of_every_character(erratic: Restorer, given_text: str) -> None:
    restored, margins = with_chance(erratic.model).margins(given_text)
    assert len(margins) == len(reference.bare(restored).replace("\n", ""))


@given(ANY)
def test_off_unless_asked_for(erratic: Restorer, given_text: str) -> None:
    restored = Restorer(erratic.model).restore(given_text)
    assert restored.count("'") == unescape(given_text).count("'")


@given(lost)
def test_alone_it_changes_nothing_else(tiny: Model, given_text: str) -> None:
    restorer = Restorer(tiny, edits=MORE_EDITS)
    restorer._apostrophes = empty(Erratic)
    before, after = unescape(given_text), restorer.restore(given_text)
    # Letters keep their case, and no blank goes but where an apostrophe came.
    letters = [
        [char for char in some if char not in "'’" and not char.isspace()]
        for some in (before, after)
    ]
    assert letters[0] == letters[1]
    if after.count("'") == before.count("'"):
        assert after == before


# What apostrophes are, and how they are lost -----------------------------------------------------


@pytest.mark.parametrize(
    ("natural", "inside", "plural"),
    [
        ("It's O'Neill's.", 3, 0),
        ("the states' rights and the boss’ car", 0, 2),
        ("he said 'the states' and 'it'", 0, 0),
        ("‘the states’ and the states’ rights", 0, 1),
        ("rock 'n' roll in the '90s", 0, 0),
        ("1990's and 5'10", 2, 0),
        ("the states'.", 0, 1),
        ("goin' home", 0, 0),
    ],
)
def test_apostrophes_of(natural: str, inside: int, plural: int) -> None:
    found = apostrophes_of(read(natural))
    assert tuple(int(some.sum()) for some in found) == (inside, plural)


@given(lines, st.builds(Way, st.booleans(), st.booleans(), st.booleans()))
@example("The states' rights; it's ca n't don't O'Neill's.", Way(blank=True, parted=True))
@example("The states' rights; it's ca n't don't O'Neill's.", Way(blank=False, parted=True))
def test_what_is_stripped_is_labelled(natural: str, way: Way) -> None:
    lost = strip(natural, way)
    inside, plural = apostrophes_of(read(natural))
    chars = "".join(map(chr, lost.tokens.chars))
    assert not set(chars) & set("'’‘")
    if way.signs:
        assert bare(chars) == bare(natural)
    marked = lost.labels != Label.NONE
    assert (lost.labels == Label.AFTER).sum() <= plural.sum()
    assert marked.sum() <= inside.sum() + plural.sum()
    if way.blank:
        assert marked.sum() == inside.sum() + plural.sum()


def test_where_it_was_is_what_is_put_back() -> None:
    """With the right labels the text comes back, however it lost them."""
    natural = "the states' rights aren't obama's. it's o'neil's and we're here, don't go"

    class Knowing(Apostrophes):
        def score(self, tokens: Tokens, found: Candidates) -> np.ndarray:
            out = np.full((len(found.at), 3, 4), -999, dtype=np.int32)
            for row, i in enumerate(found.at):
                if labels[i]:
                    out[row, 0, labels[i] - 1] = 999
            return out

    forms = (*FORMS, "aren't")
    for way in itertools.starmap(Way, [(True,), (False,), (True, True), (False, True)]):
        lost = strip(natural.replace("o'neil's", "o'neil") if not way.blank else natural, way)
        labels = lost.labels
        restored, _ = empty(Knowing, forms).put_back(lost.tokens, Document.BLOCK)
        wanted = natural if way.blank else natural.replace("o'neil's", "o'neil")
        if not way.blank:
            wanted = wanted.replace("o'neil", "oneil")
        assert "".join(map(chr, restored.tokens.chars)) == wanted


def test_a_changed_letter_is_noticed() -> None:
    apostrophes.check(read("it s").chars, "it's")
    with pytest.raises(GuaranteeError):
        apostrophes.check(read("it s").chars, "it'x")


# Learning and the file --------------------------------------------------------------------------

TEXT = "\n\n".join(
    f"It's the {one}'s {thing}. We don't know the {one}s' {thing}, and it'll rain on the {one}s."
    for one, thing in itertools.product(
        ("mayor", "teacher", "farmer", "writer", "doctor"), ("house", "garden", "office", "work")
    )
)


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Apostrophes:
    return learn(tmp_path_factory.mktemp("apostrophes"))


def learn(folder: Path) -> Apostrophes:
    (folder / "a.txt").write_text(TEXT, encoding="utf-8")
    (folder / "b.tok.txt").write_text("the mayor 's house", encoding="utf-8")
    sources = [Source(folder / "a.txt"), Source(folder / "b.tok.txt", spacing=False)]
    settings = Settings(passes=8, least=1, buckets=600, row_bits=10, sketch_bits=16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stripping, "LEAST_FORMS", 3)
        return stripping.learn(sources, settings, name="little")


def test_it_learns(learned: Apostrophes) -> None:
    assert {"'s", "'t", "'ll", "don't", "n't"} <= set(learned.forms)
    lost = read("it s the baker s office , we don t know the teachers office")
    restored, seen = learned.put_back(lost, Document.BLOCK)
    written = "".join(map(chr, restored.tokens.chars))
    assert written == "it's the baker's office , we don't know the teachers' office"
    assert seen


def test_the_same_text_gives_the_same_file(learned: Apostrophes, tmp_path: Path) -> None:
    learned.save(tmp_path / "one")
    learn(tmp_path).save(tmp_path / "two")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    again = apostrophes.load(tmp_path / "one")
    assert (again.forms, again.about) == (learned.forms, learned.about)
    assert np.array_equal(again.table, learned.table)


@pytest.mark.parametrize("form", ["two words", "it''s", "", "a-b"])
def test_a_bad_lexicon_is_refused(learned: Apostrophes, tmp_path: Path, form: str) -> None:
    Apostrophes(learned.table, learned.codebook, ("'s", form), learned.about).save(tmp_path / "a")
    with pytest.raises(ModelError, match=r"a: expected each line of the lexicon to be one word"):
        apostrophes.load(tmp_path / "a")


def test_another_kind_of_file_is_refused(tiny: Model, tmp_path: Path) -> None:
    tiny.save(tmp_path / "tiny")
    with pytest.raises(ModelError, match=r"tiny: expected a majuscule apostrophes, got 'model'"):
        apostrophes.load(tmp_path / "tiny")


# The shipped file --------------------------------------------------------------------------------


@pytest.mark.model
@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: row["lost"][:40])
def test_golden(row: dict[str, str]) -> None:
    assert Restorer(edits=ALL).restore(row["lost"]) == row["restored"]


@pytest.mark.model
def test_the_shipped_file_is_small() -> None:
    assert apostrophes.shipped().stat().st_size <= 450_000


@pytest.mark.model
def test_the_command_puts_them_back_if_asked(here: Callable[..., object], tmp_path: Path) -> None:
    path = tmp_path / "lost.txt"
    path.write_text("islamic state s leadership .\n", encoding="utf-8")
    done = here("restore", "--edits", "case,space,apostrophe", path)
    assert done.stdout == b"Islamic State's leadership.\n"
    assert here("restore", path).stdout.count(b"'") == 0


@pytest.mark.model
def test_gaps_say_what_was_put_back() -> None:
    restored, decisions = Restorer(edits=ALL).explain("it s fine that they don t and he doesnt")
    assert restored == "It's fine that they don't and he doesnt"
    gaps = {d.written: d.gap for d in decisions}
    assert gaps["s"] == gaps["t"] == Gap.APOSTROPHE
