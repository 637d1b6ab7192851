"""What a reader chooses holds, the word follows where it should, and letters stay."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest
import reference
from hypothesis import given
from hypothesis import strategies as st
from texts import documents, texts

from majuscule.choices import Choice, Choices
from majuscule.errors import DataError
from majuscule.explanation import cased
from majuscule.labels import Case, Gap
from majuscule.restorer import Restorer
from majuscule.text import CASED, read, render
from majuscule.weights import SCALE

if TYPE_CHECKING:
    from erratic import Erratic

FLAT = "the army saw the mayor , and the army left the mayor .\n\nso the army did .\n"


def test_what_is_chosen_holds_there(restorer: Restorer) -> None:
    at = FLAT.index("mayor")
    assert "saw the MAYOR, " in restorer.explain(FLAT, [Choice(at, "MAYOR")]).text
    assert "saw the maYor, " in restorer.explain(FLAT, [Choice(at, "maYor")]).text
    comma = FLAT.index(",")
    assert "mayor , and" in restorer.explain(FLAT, [Choice(comma, gap=Gap.SPACE)]).text.lower()


def test_the_word_leans_to_it_in_the_same_company() -> None:
    tokens = read("see the bus here .\na bus came .\nsee a bus here .\nsee the bus here .\n")
    buses = [i for i in range(len(tokens)) if tokens.word(i) == "bus"]
    for chosen, leans in ((0, (0, 0, 1.5, 5)), (1, (0, 0, 1.5, 0)), (3, (0, 0, 0, 0))):
        choices = Choices([Choice(int(tokens.start[buses[chosen]]), "Bus")])
        found = choices.find(tokens, tokens.start.astype(int))
        assert found.lean[buses, 0].tolist() == [SCALE * lean for lean in leans]
        assert not np.delete(found.lean, buses, axis=0).any()
        assert np.flatnonzero(found.here).tolist() == [buses[chosen]]


@pytest.mark.model
def test_a_name_follows() -> None:
    text = "they met at the standard on friday .\nit was named after the standard on friday ."
    restored = Restorer().explain(text, [Choice(text.index("standard"), "Standard")])
    assert restored.text.count("the Standard on") == 2
    assert restored.decisions[-4].by == "memory"


def test_a_form_of_its_own_is_the_words(restorer: Restorer) -> None:
    text = "the army came .\nthe army left .\n"
    restored = restorer.explain(text, [Choice(text.index("army"), "arMy")]).text
    assert restored.count("arMy") == 2


def test_a_choice_wins_over_everything(restorer: Restorer) -> None:
    one = Restorer(restorer.model, lexicon=["Army"], min_confidence=0.99)
    restoration = one.explain(FLAT, [Choice(4, "ARMY")])
    assert restoration.text.startswith("The ARMY ") or restoration.text.startswith("the ARMY ")
    assert restoration.decisions[1].by == "choice"
    natural = "The Army saw the Mayor, and the Army left the Mayor.\n"
    assert restorer.restore(natural) == natural
    changed = restorer.explain(natural, [Choice(4, "army")]).text
    assert changed.startswith("The army saw the Mayor, and the ")


def test_a_choice_for_what_is_not_there_says_nothing(restorer: Restorer) -> None:
    for choice in (Choice(5, "Army"), Choice(4, "Navy"), Choice(4000, "Army"), Choice(-4, "The")):
        assert restorer.explain(FLAT, [choice]) == restorer.explain(FLAT)


@pytest.mark.parametrize("written", ["", "two words", "a\nb", " the", "don't"])
def test_what_is_written_is_one_token(written: str) -> None:
    with pytest.raises(DataError, match="expected what is chosen at 3 to be one token"):
        Choices([Choice(3, written)])


def test_an_apostrophe_is_no_gap_to_choose() -> None:
    with pytest.raises(DataError, match="expected the gap chosen at 3 to be SPACE or JOIN"):
        Choices([Choice(3, gap=Gap.APOSTROPHE)])


@st.composite
def texts_and_choices(draw: st.DrawFn) -> tuple[str, list[Choice]]:
    text = draw(st.one_of(texts, documents))
    tokens = read(text, None)
    if not len(tokens):
        return text, []
    some = draw(st.lists(st.integers(0, len(tokens) - 1), max_size=4))
    ways = st.sampled_from([str.lower, str.upper, str.title, str.swapcase])
    gaps = st.sampled_from([None, Gap.SPACE, Gap.JOIN])
    found = []
    for i in some:
        written = draw(ways)(tokens.written(i))
        one = len(read(written)) == 1 and written == written.strip()
        found.append(Choice(int(tokens.start[i]), written if one else None, draw(gaps)))
    return text, found


@given(texts_and_choices(), st.sampled_from([0.0, 0.9]), st.sampled_from(["line", "block"]))
def test_no_choice_changes_a_letter_and_pieces_are_as_the_whole(
    erratic: Erratic, drawn: tuple[str, list[Choice]], least: float, document: str
) -> None:
    text, choices = drawn
    one = Restorer(erratic.model, min_confidence=least, document=document)
    whole = one.explain(text, choices)
    without = one.explain(text).text
    squeezed = (reference.lower("".join(some.split())) for some in (whole.text, without))
    assert len(set(squeezed)) == 1
    parts = list(one.stream_explained(re.findall(r"[^\n]*\n|[^\n]+", text), choices))
    assert "".join(part.text for part in parts) == whole.text
    written = [decision.written for part in parts for decision in part.decisions]
    assert written == [decision.written for decision in whole.decisions]
    for decision in whole.decisions:
        if decision.by == "choice":
            assert decision.case_probability >= 0.5


@given(texts_and_choices(), st.sampled_from([0.5, 0.8, 0.99]), st.booleans())
def test_the_less_probable_are_told(
    erratic: Erratic, drawn: tuple[str, list[Choice]], below: float, apostrophes: bool
) -> None:
    text, choices = drawn
    edits = ("case", "space", *(["apostrophe"] if apostrophes else []))
    one = Restorer(erratic.model, edits=edits)
    whole = one.explain(text, choices)
    told = [one for one in whole.decisions if one.probability < below or one.by == "choice"]
    assert one.explain(text, choices, below=below) == (whole.text, told)


@given(texts, st.sampled_from([Case.LOWER, Case.TITLE, Case.UPPER]))
def test_a_token_in_another_case_is_as_it_would_be_written(text: str, case: Case) -> None:
    tokens = read(text, np.zeros(text.count("\n") + 1, dtype=bool))
    labels = np.full(len(tokens), case, dtype=np.uint8) | tokens.gap << np.uint8(2)
    written = read(render(tokens, labels), np.zeros(text.count("\n") + 1, dtype=bool))
    for i in np.flatnonzero(CASED[tokens.kind]).tolist():
        assert cased(tokens.written(i), case) == written.written(i)
