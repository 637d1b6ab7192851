"""`majuscule.lexicon`: the user's own forms win, and change nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import bare
from texts import texts

from majuscule.errors import DataError, MajusculeError
from majuscule.lexicon import Lexicon
from majuscule.model import Model
from majuscule.restorer import Restorer
from majuscule.text import Tokens, read

ENTRIES = ["iPhone", "van der Berg", "AT&T", "Berg", "US", "New York", "New York Times", "e-Mail"]

# Each: flattened text, and what comes out where the model has no opinion of its own.
GOLDEN = {
    "one word": ("an iphone .", "an iPhone ."),
    "whatever its case": ("an IPHONE", "an iPhone"),
    "with a clitic": ("the iphone 's", "the iPhone 's"),
    "a row of words": ("mr. van der berg", "mr. van der Berg"),
    "a row that is not whole": ("mr. van der x berg", "mr. van der x Berg"),
    "the longest": ("in new york times", "in New York Times"),
    "the longest that is there": ("in new york time", "in New York time"),
    "one after another": ("us us at&t", "US US AT&T"),
    "glued": ("at&t", "AT&T"),
    "spaced": ("at & t", "AT&T"),
    "a hyphen": ("an e - mail", "an e-Mail"),
    "a blank that is gone does not come back": ("new/york", "new/york"),
    "a row whose blank is a line's end": ("new\nyork", "new\nyork"),
    "a form is an accident of letters": ("all of us", "all of US"),
}


def plain(tiny: Model) -> Model:
    """The tiny model's twin without weights: everything lower-case and spaced."""
    return Model(tiny.table * 0, tiny.words, tiny.codebook, tiny.transitions * 0, (), tiny.about)


@pytest.mark.parametrize("name", GOLDEN)
def test_entries_win(tiny: Model, name: str) -> None:
    flat, wanted = GOLDEN[name]
    assert Restorer(plain(tiny), lexicon=ENTRIES).restore(flat) == wanted


@pytest.mark.parametrize(
    ("flat", "holds"),
    [
        ("x van y", True),
        ("van x", False),
        ("he left . van x", False),
        ("mr. van x", True),
        ("j. van x", True),
    ],
)
def test_an_entry_in_lower_case_may_begin_a_sentence(flat: str, holds: bool) -> None:
    tokens = read(flat)
    i = [tokens.word(k) for k in range(len(tokens))].index("van")
    cases = int(Lexicon(["van"]).find(tokens).cases[i])
    assert cases == (1 if holds else 3)


def test_lines_are_not_crossed() -> None:
    found = Lexicon(["New York"]).find(read("new\nyork"))
    assert not found.cases.any()


def test_numbers_must_be_the_same() -> None:
    lexicon = Lexicon(["Boeing 747 Max"])
    assert lexicon.find(read("boeing 747 max")).cases.any()
    assert not lexicon.find(read("boeing 737 max")).cases.any()


def test_no_entries_say_nothing() -> None:
    found = Lexicon([]).find(read("a b"))
    assert not found.cases.any()
    assert not found.gaps.any()
    assert (found.form_at == -1).all()


@pytest.mark.parametrize("entry", ["", " ", "a\nb"])
def test_an_entry_is_a_line_with_something_in_it(entry: str) -> None:
    with pytest.raises(DataError, match="entry 2: expected a written form, got"):
        Lexicon(["a", entry])


def test_a_string_is_no_list_of_entries(tiny: Model) -> None:
    with pytest.raises(MajusculeError, match="entries one by one, got 'iPhone'"):
        Restorer(tiny, lexicon="iPhone")


def slow(lexicon: list[str], tokens: Tokens) -> list[str | None]:
    """For each token the entry that holds there, found the plain way."""
    rows = {}
    for entry in lexicon:
        own = read(entry)
        rows[tuple(own.word(k) for k in range(len(own)))] = entry
    words = [tokens.word(k) for k in range(len(tokens))]
    out: list[str | None] = [None] * len(words)
    for first, last in zip(tokens.lines[:-1].tolist(), tokens.lines[1:].tolist(), strict=True):
        i = first
        while i < last:
            fits = [row for row in rows if (*words[i : min(last, i + len(row))],) == row]
            size = max(map(len, fits), default=0)
            for k in range(i, i + size):
                out[k] = rows[(*words[i : i + size],)]
            i += max(size, 1)
    return out


PIECES = st.lists(st.sampled_from(["new", "York", "times", "van", "der", "Berg", "-", "&", "747"]))


@given(PIECES, st.lists(PIECES.filter(bool).map(" ".join), max_size=4), st.sampled_from(" \n"))
def test_agrees_with_the_plain_way(row: list[str], entries: list[str], blank: str) -> None:
    tokens = read(blank.join(row))
    found = Lexicon(entries).find(tokens)
    wanted = slow(entries, tokens)
    assert [at >= 0 for at in found.form_at.tolist()] == [entry is not None for entry in wanted]


@given(texts, st.lists(texts.map(lambda text: " ".join(text.split())).filter(bool), max_size=3))
def test_promises_hold_with_any_lexicon(tiny: Model, text: str, entries: list[str]) -> None:
    one = Restorer(tiny, lexicon=entries)
    restored = one.restore(text)
    assert bare(restored) == bare(Restorer(tiny).restore(text))
    assert one.restore(restored) == restored
