"""What comes in is recognised as the reference says, and what it has is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import reference
import reference_recognition
from hypothesis import example, given
from hypothesis import strategies as st
from texts import cut, documents, lines, texts

from majuscule import _recognition, recognition
from majuscule.recognition import NOWHERE, Signs, Spacing, Writing
from majuscule.text import Document, Tokens, read

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from majuscule._arrays import Bytes

# Lines of every kind, to be mixed: a line is judged with its document.
NATURAL = (
    "The Mayor of Paris said on Friday that NATO wasn't (yet) there.",
    "I'd say so; he isn't. Is it? No! \"Yes,\" she said.",
    "Mr. O'Neil bought an iPhone at McDonald's in New York for $310 (about 3.5%).",
    "Corp. and Calif. are short. iPhones are not.",
    "A line that goes on",
    "NATO",
    "STOP: THE MAYOR IS NOT HERE.",
    "The Mayor Has Bought Another House From Colonel Army",
    "See www.example.com, file.txt and U.S.-led forces.",
    "no capital, but (real) spacing: it's fine.",
)
FLAT = (
    "the mayor of paris said on friday that nato was n't ( yet ) there .",
    "i 'd say so ; he is n't . is it ? no ! \" yes , \" she said .",
    "mr. o &apos;neil bought an iphone &quot; at &quot; mcdonald &apos;s . -lrb- so -rrb- `` x ''",
    "don ' t say 3 . 5 u . s . - led @-@ men",
    "THE MAYOR OF PARIS , HE SAID , IS NOT HERE .",
    "The Mayor Of Paris , He Said , Is Here .",
)
made = st.lists(
    st.one_of(st.sampled_from(NATURAL), st.sampled_from(FLAT), st.just(""), lines), max_size=8
).map("\n".join)
ANY = st.one_of(texts, documents, made)


def standing_of(tokens: Tokens) -> Bytes:
    """Made-up standings: a third of all words are common, a third names."""
    return (tokens.key % np.uint64(3)).astype(np.uint8)


def rows_of(
    text: str, document: Document, state: NDArray[np.int64] | None = None
) -> list[reference_recognition.Row]:
    """What the kernel counts, each number by its name."""
    tokens = read(text, NOWHERE)
    rows = recognition.evidence(tokens, standing_of(tokens), document, state)
    return [dict(zip(Signs, row, strict=True)) for row in rows.tolist()]


# The reference -------------------------------------------------------------------------------


@given(ANY, st.sampled_from(Document), st.booleans())
@example("i 'm and I'm , ca n't and can 't . n't 'n' rock 'n' roll", Document.LINE, True)
@example("&quot;Names there&quot; o &apos;neil &apos;s &#91; &#9; &amp;lt; &", Document.FILE, True)
@example('Inc. said. Inc. Said ... so . Yes ?! no " a" (so) ) so', Document.BLOCK, False)
@example("Acme Corp.\nsaid so.\n\nit Was", Document.BLOCK, False)
@example("3 . 5 is 3. 5 a . b - c- d -lrb- '' `` '''  @-@ -lrb-x", Document.LINE, False)
@example("a" + ".b" * 70_000 + " c" * 65_536 + " Names .\nNames", Document.LINE, True)
def test_evidence_is_the_reference(given_text: str, document: Document, fresh: bool) -> None:
    tokens = read(given_text, NOWHERE)
    state = _recognition.fresh()
    state[0] = fresh
    parts = [
        part for line in reference.tokenise(given_text) for part in reference.parts(line) or [[]]
    ]
    wanted, after = reference_recognition.evidence(
        parts, standing_of(tokens).tolist(), document.name.lower(), fresh=fresh
    )
    assert rows_of(given_text, document, state) == wanted
    assert state.tolist() == [after] + [0] * (len(state) - 1)
    by_itself = recognition.by_itself(
        recognition.evidence(tokens, standing_of(tokens), document, None)
    )
    assert by_itself.tolist() == [
        reference_recognition.by_itself(row) for row in rows_of(given_text, document)
    ]


numbers = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3, 5, 9, 40])
some_rows = st.lists(
    st.one_of(
        st.lists(numbers, min_size=len(Signs), max_size=len(Signs)),
        st.just([0] * len(Signs)),
        st.just([9, 8, 2, 0, 1, 0, 1, 0, 0, 4, 0, 2, 0, 0, 0, 0]),  # natural
        st.just([9, 8, 0, 0, 0, 1, 0, 2, 0, 4, 2, 0, 0, 0, 0, 0]),  # flattened
        st.just([9, 8, 8, 8, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0]),  # all in capitals
        st.just([2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),  # two words of that
        st.just([9, 8, 7, 0, 0, 0, 0, 0, 5, 0, 0, 1, 0, 0, 0, 0]),  # Title Case
    ),
    max_size=12,
)


def judged(
    rows: list[list[int]], document: Document, window: int, *, final: bool = True
) -> list[tuple[Writing, Spacing]]:
    """What the reference says."""
    named = [dict(zip(Signs, row, strict=True)) for row in rows]
    return reference_recognition.judge(named, document.name.lower(), window, final=final)


def as_rows(rows: list[list[int]]) -> NDArray[np.int32]:
    return np.array(rows, dtype=np.int32).reshape(-1, len(Signs))


@given(some_rows)
def test_lines_by_themselves_are_the_reference(rows: list[list[int]]) -> None:
    wanted = [
        reference_recognition.by_itself(dict(zip(Signs, row, strict=True))) for row in rows
    ]
    assert recognition.by_itself(as_rows(rows)).tolist() == wanted


@given(
    some_rows,
    st.sampled_from(Document),
    st.sampled_from([1, 4, 12, 30, 2048]),
    st.lists(st.integers(0, 4), max_size=12),
)
def test_judging_is_the_reference_however_it_is_cut(
    rows: list[list[int]], document: Document, window: int, sizes: list[int]
) -> None:
    """And no line waits longer than it must."""
    state = _recognition.fresh()
    got: list[tuple[int, int]] = []
    come = 0
    for size in [*sizes, len(rows)]:
        old = come - len(got)
        some = rows[len(got) : come + size]
        come = min(come + size, len(rows))
        parts = _recognition.judge(as_rows(some), old, int(document), window, False, state)
        got += zip(*(part.tolist() for part in parts), strict=True)
        assert got == judged(rows[:come], document, window, final=False)
    rest = as_rows(rows[len(got) :])
    parts = _recognition.judge(rest, len(rest), int(document), window, True, state)
    got += zip(*(part.tolist() for part in parts), strict=True)
    assert got == judged(rows, document, window)
    assert state.tolist() == _recognition.fresh().tolist()


def recognised(
    pieces: list[str], document: Document
) -> tuple[list[str], list[list[int]], list[int], list[int]]:
    """All that `recognise` says: the pieces, and of all lines what they show and are."""
    found = list(recognition.recognise(pieces, standing_of, document))
    rows, writing, spacing = (
        [line for some in found for line in getattr(some, part).tolist()]
        for part in ("rows", "writing", "spacing")
    )
    return [some.text for some in found], rows, writing, spacing


@given(ANY, st.sets(st.integers(1, 12)), st.sampled_from(Document), st.sampled_from([5, 40, 2048]))
def test_how_a_text_is_cut_is_of_no_consequence(
    given_text: str, places: set[int], document: Document, window: int
) -> None:
    pieces = cut(given_text, places)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recognition, "WINDOW", window)
        _, rows, writing, spacing = recognised([given_text], document)
        again = recognised([part for piece in pieces for part in (piece, "")], document)
    assert [piece for piece in again[0] if piece] == [piece for piece in pieces if piece]
    assert again[1:] == (rows, writing, spacing)
    assert list(zip(writing, spacing, strict=True)) == judged(rows, document, window)
