"""Texts restored together or in parts are what they are alone and whole."""

from __future__ import annotations

import pickle
import re
from dataclasses import astuple
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from test_apostrophes import with_chance
from texts import cut, documents, lines, mixtures, texts

from majuscule import documents as module
from majuscule import restorer as restorer_module
from majuscule.changes import Changes
from majuscule.documents import Bounds
from majuscule.errors import MajusculeError, ModelError
from majuscule.labels import Case
from majuscule.restorer import Restorer
from majuscule.text import Document, read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from majuscule.model import Model

kinds = st.sampled_from(["line", "block", "file"])

NATURAL = "John met Mary in Paris on Friday. They spoke of the NATO talks, and of London.\n" * 9
"""What makes a text begin naturally."""


@pytest.fixture
def short_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents are at an end before tests are too long to read."""
    monkeypatch.setattr(module, "LONGEST", 300)


def variants(erratic: Restorer, document: str, *, apostrophes: bool) -> Restorer:
    if apostrophes:
        return with_chance(erratic.model, document=document)
    return Restorer(erratic.model, document=document)


# Together --------------------------------------------------------------------------------------


@given(
    st.lists(st.one_of(lines, documents, mixtures, st.sampled_from(["", "\n", "\n\n", NATURAL]))),
    kinds,
    st.booleans(),
    st.sampled_from([1, 40, 1 << 17]),
)
@example([NATURAL, "a heading\n", "the mayor", "", "\n", "x\n\ny"], "block", False, 1 << 17)
@example(["it s\nso", "\nits", "its it s\n\n"], "file", True, 1 << 17)
@example(["a-b", "a - b"], "file", False, 1 << 17)
def test_texts_together_are_what_each_is_alone(
    erratic: Restorer, batch: list[str], document: str, apostrophes: bool, most: int
) -> None:
    restorer = variants(erratic, document, apostrophes=apostrophes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restorer_module, "BATCH_TEXTS", most)
        together, changes = restorer.restore_counted(batch)
        assert restorer.restore_batch(batch) == together
    assert together == [restorer.restore(text) for text in batch]
    assert changes == sum((restorer.restore_counted([text])[1] for text in batch), Changes())


def test_long_lines_together(erratic: Restorer) -> None:
    """A line of more tokens than the kernels take at once has parts, which are one line."""
    long = "said ( paris ) " * 30_000
    batch = ["a-b", long, f"x\n\n{long}\nthe end", "a - b ."]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(restorer_module, "BATCH_TEXTS", 1 << 22)
        for document in ("line", "block", "file"):
            restorer = Restorer(erratic.model, document=document)
            assert restorer.restore_batch(batch) == [restorer.restore(text) for text in batch]


# In parts --------------------------------------------------------------------------------------


def in_parts(text: str, document: Document, most: int) -> Iterator[str]:
    """A text cut where documents begin, once there are so many characters."""
    bounds = Bounds(document)
    part = ""
    for line in cut(text, set(range(len(text)))):
        begins = bounds.line(line)
        if begins and len(part) >= most:
            yield part
            part = ""
        part += line
    yield part


@given(st.one_of(documents, lines, texts), kinds, st.booleans(), st.booleans(), st.integers(0, 60))
@example("a heading\n\nthe mayor\nof paris\n\n", "block", False, True, 0)
@example("it s\nits\n\nits\nits\n" + "its it\n" * 50, "block", True, False, 0)
@pytest.mark.usefixtures("short_documents")
def test_parts_are_what_the_whole_is(
    erratic: Restorer,
    given_text: str,
    document: str,
    apostrophes: bool,
    natural: bool,
    most: int,
) -> None:
    restorer = variants(erratic, document, apostrophes=apostrophes)
    text = NATURAL + "\n" + given_text * 3 if natural else given_text * 3
    naturally = restorer.begins_naturally([text])
    parts = list(in_parts(text, Document[document.upper()], most))
    assert "".join(parts) == text
    found = [
        pair
        for number, part in enumerate(parts)
        for pair in restorer.stream_counted([part], naturally=naturally if number else None)
    ]
    assert "".join(restored for restored, _ in found) == restorer.restore(text)
    whole = list(restorer.stream_counted(cut(text, set(range(0, 99, 7)))))
    assert sum((some for _, some in found), Changes()) == sum((s for _, s in whole), Changes())


@given(st.one_of(documents, texts), kinds, st.sets(st.integers(0, 8)))
def test_how_a_text_begins_does_not_depend_on_its_pieces(
    erratic: Restorer, given_text: str, document: str, places: set[int]
) -> None:
    restorer = Restorer(erratic.model, document=document)
    for text in (given_text, NATURAL + given_text):
        assert restorer.begins_naturally(cut(text, places)) == restorer.begins_naturally([text])
    assert restorer.begins_naturally([NATURAL]) == (document != "line")


def test_no_more_is_read_than_it_takes_to_know_how_a_text_begins(restorer: Restorer) -> None:
    pieces = iter(["it was in paris , he said .\n"] * 9999)
    assert not restorer.begins_naturally(pieces)
    assert len(list(pieces)) > 9000


# Where documents begin -------------------------------------------------------------------------


def plain_bounds(text: str, longest: int) -> list[bool]:
    begins = []
    size = 0
    for line in re.findall(r"[^\n]*\n|[^\n]+$", text):
        blank = not line.strip()
        begins.append(blank or size >= longest)
        if begins[-1]:
            size = 0
        if not blank:
            size += len(line)
    return begins


@given(st.one_of(documents, texts), st.sets(st.integers(0, 20)), st.integers(1, 40))
@example("a\n \nb\n\n\nc", {1}, 2)
@example("\n\n", set(), 1)
def test_blocks_end_with_a_blank_line_or_when_they_are_long(
    text: str, places: set[int], longest: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LONGEST", longest)
        expected = plain_bounds(text, longest)
        bounds = Bounds(Document.BLOCK)
        nothing = np.zeros(0, dtype=bool)
        found = [bounds.of(read(piece, nothing)) for piece in cut(text, places)]
        assert np.concatenate(found).tolist() == expected
        bounds = Bounds(Document.BLOCK)
        assert [bounds.line(line) for line in cut(text, set(range(99))) if line] == expected


# Counting --------------------------------------------------------------------------------------


@given(st.one_of(documents, texts), kinds)
def test_changes_are_counted(erratic: Restorer, text: str, document: str) -> None:
    assume("&" not in text)  # and no escapes, which may stand for blanks
    assume("''" not in text and "``" not in text and "@" not in text and "-" not in text)
    restorer = Restorer(erratic.model, document=document)
    restored, _ = restorer.explain(text)
    (again,), changes = restorer.restore_counted([text])
    assert again == restored
    before, after = read(text), read(text)
    assert changes.tokens == len(before)
    capitals = "".join(restored.split())
    at = 0
    differs = []
    for i in range(len(after)):
        size = int(after.end[i] - after.start[i])
        written = capitals[at : at + size]
        at += size
        if written != before.written(i):
            differs.append(written)
    assert changes.lower + changes.title + changes.upper + changes.mixed == len(differs)
    assert changes.lower >= sum(written == written.lower() for written in differs)
    if document == "block":
        blank = [not line.strip() for line in ["", *text.split("\n")]]
        assert changes.documents == sum(was and not now for was, now in pairwise(blank))


def test_what_is_counted(restorer: Restorer) -> None:
    text = "in paris , he said .\n\n\nthe NATO talks\n\n"
    (restored,), changes = Restorer(restorer.model, recase=True).restore_counted([text])
    assert restored.startswith("In ")
    assert (changes.documents, changes.tokens) == (2, 9)
    assert changes.joined == restored.count(".") + restored.count(",")
    assert changes.title >= 1
    assert sum(astuple(changes)[2:6]) >= 2
    assert len(Case) == len(astuple(changes)[2:6])


def test_apostrophes_are_counted() -> None:
    restorer = Restorer(edits=("case", "space", "apostrophe"))
    (restored,), changes = restorer.restore_counted(["it s the mayor s job , they don t care ."])
    assert restored == "It's the mayor's job, they don't care."
    assert changes.apostrophes == 3


# Elsewhere -------------------------------------------------------------------------------------


def test_a_restorer_travels_by_name_and_hash(model: Path, tmp_path: Path, tiny: Model) -> None:
    options = {"style": "news", "document": "line", "lexicon": ["iTest"], "min_confidence": 0.1}
    restorer = Restorer(model, **options)
    sent = pickle.dumps(restorer)
    assert len(sent) < 1000
    assert pickle.loads(sent) is pickle.loads(sent)
    text = "in paris , itest said ."
    assert pickle.loads(sent).restore(text) == restorer.restore(text)
    assert pickle.dumps(pickle.loads(sent)) == sent
    assert pickle.loads(pickle.dumps(Restorer([model]))).model.hash == tiny.hash
    with pytest.raises(MajusculeError, match="got one of a model in memory"):
        pickle.dumps(Restorer(tiny))


def test_another_model_of_that_name_is_refused(model: Path, tiny: Model) -> None:
    sent = pickle.dumps(Restorer(model, style="news"))
    restorer_module._rebuilt.cache_clear()
    other = tiny.__class__(
        tiny.table, tiny.words, tiny.codebook, tiny.transitions + 1, tiny.forms, tiny.about
    )
    other.save(model)
    with pytest.raises(ModelError, match=f"expected the model {tiny.hash}, got {other.hash}"):
        pickle.loads(sent)
