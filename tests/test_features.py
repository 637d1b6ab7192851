"""Feature ids: what the templates say, whatever the spacing and the case."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
import reference
import reference_features
from hypothesis import assume, example, given
from hypothesis import strategies as st
from texts import documents, texts

from majuscule import _text
from majuscule.features import Memory, extract, lexical
from majuscule.text import CASED, Document, Kind, Tokens, flatten, read

if TYPE_CHECKING:
    from majuscule._arrays import Classes


def classes_of(tokens: Tokens) -> Classes:
    """Made-up classes: of none, of common words and of names."""
    kind = tokens.key % np.uint64(7)
    return np.where(kind < 3, 0, np.where(kind < 5, 16, 2048) + kind).astype(np.uint16)


def ids_of(
    tokens: Tokens, document: Document, memory: Memory | None = None, style: int = 0
) -> list[tuple[list[int], list[int]]]:
    """The ids of each token: its own, and those of pairs."""
    memory = memory or Memory()
    ids, first, edge = extract(tokens, classes_of(tokens), document, memory, style)
    assert first[0] == 0
    assert first[-1] == len(ids)
    return [
        (ids[a:m].tolist(), ids[m:b].tolist())
        for a, m, b in zip(first, edge, first[1:], strict=False)
    ]


# Texts in which words come again, and acronyms are introduced.
_parts = [
    *(
        "islamic",
        "state",
        "( is )",
        "is",
        "the",
        "of",
        "un",
        "( un )",
        "united",
        "nations",
        "human",
    ),
    *("rights", "watch", "( hrw )", "hrw", "x", ",", ".", "\n", "\n\n", "(", ")", "( the )", "-"),
]
repetitive = st.lists(st.sampled_from(_parts), max_size=40).map(" ".join)


@given(
    st.one_of(texts, documents, repetitive),
    st.sampled_from(Document),
    st.integers(0, 3),
    st.sampled_from([0, 1 | Kind.PERIOD << 1 | 9 << 9, 1 | Kind.WORD << 1 | 3 << 9, 1 | 6 << 1]),
    st.booleans(),
)
@example('" a " , " b : " c . " ( " d', Document.BLOCK, 1, 0, False)
@example("in\nand so .\n\nit ( \" ' )\nwas 5 % - 3 x", Document.FILE, 2, 0, False)
@example(
    "human rights watch ( hrw ) and hrw\nun ( hrw ) united nations ( un", Document.FILE, 0, 0, True
)
@example("a b " * 300 + "( ab ) ab a", Document.FILE, 0, 0, False)
@example("a b " * 12 + "\na " + "\na ( , ) b\na", Document.FILE, 0, 0, True)
@example("a b " * 11 + "( a\n" + "a b - c\na\n\na", Document.BLOCK, 0, 0, True)
def test_extract_is_the_reference(
    given_text: str, document: Document, style: int, before: int, bare: bool
) -> None:
    tokens = read(given_text)
    lines = reference.tokenise(str(_text.to_str(tokens.chars)))
    assume(len(tokens) == sum(map(len, lines)))
    memory, plain = Memory(bare=bare), reference_features.Memory(before, bare=bare)
    memory.state[0] = before
    classes = classes_of(tokens).tolist()
    wanted = reference_features.extract(lines, classes, document.name.lower(), plain, style)
    assert ids_of(tokens, document, memory, style) == wanted
    left = plain.before, plain.number, plain.position, plain.unstopped, plain.stopped, bare
    assert memory.state.tolist() == [int(part) for part in left]


@given(st.lists(st.sampled_from(["nato", "said", '"', "(", "3", ","]), min_size=2, max_size=9))
def test_features_are_blind_to_spacing_and_case(words: list[str]) -> None:
    """Or restoring twice could not be restoring once."""
    apart = read(" ".join(words))
    together = read(" ".join(words).upper().replace(' " ', '"').replace(" , ", ","))
    wanted = ids_of(apart, Document.BLOCK)
    assume(together.key.tolist() == apart.key.tolist())
    assert ids_of(together, Document.BLOCK, 0, 0) == wanted


def test_only_words_have_pairs_and_only_after_a_word() -> None:
    tokens = read('the " nato - led , in\n) x')
    ids = ids_of(tokens, Document.BLOCK, style=1)
    for i, (own, pairs) in enumerate(ids):
        starts = i in tokens.lines
        assert bool(pairs) == (bool(CASED[tokens.kind[i]]) and not starts and i != 8)
        assert len(pairs) % 2 == 0
        assert bool(own) != (starts and not CASED[tokens.kind[i]])


def test_no_id_is_zero_and_few_are_alike() -> None:
    """A row of 0 is free, so no id may be 0; templates must not share theirs."""
    words = " ".join(f'word{n} , {n} "' for n in range(300))
    tokens = read(words)
    ids, first, _ = extract(tokens, classes_of(tokens), Document.BLOCK, Memory())
    assert ids.all()
    for a, b in pairwise(first):
        assert len(np.unique(ids[a:b])) == b - a


def test_what_the_line_before_left_is_seen() -> None:
    """In its block; a blank line, or every line if lines are documents, starts anew."""
    last = {
        (text, document): ids_of(read(text), document)[-1]
        for text in ("we left .\nparis", "we left\nparis", "we left .\n\nparis", "paris")
        for document in Document
    }
    block = {text: ids for (text, document), ids in last.items() if document is Document.BLOCK}
    assert block["we left .\nparis"] != block["we left\nparis"]
    assert block["we left .\n\nparis"] == block["paris"] != block["we left .\nparis"]
    line = {repr(ids) for (_, document), ids in last.items() if document is Document.LINE}
    assert len(line) == 1
    whole = {text: ids for (text, document), ids in last.items() if document is Document.FILE}
    assert whole["we left .\n\nparis"] == whole["we left .\nparis"] != whole["paris"]


@given(documents, st.integers(0, 6))
def test_lines_may_come_one_after_another(given_text: str, place: int) -> None:
    tokens = read(given_text)
    place = min(place, len(tokens.lines) - 1)
    whole = ids_of(tokens, Document.BLOCK)
    memory = Memory()
    head = ids_of(tokens.of_lines(0, place), Document.BLOCK, memory)
    rest = ids_of(tokens.of_lines(place, len(tokens.lines) - 1), Document.BLOCK, memory)
    assert [*head, *rest] == whole


def test_a_document_does_not_depend_on_those_before() -> None:
    """Nor on how many they are: a text may be parted between documents and restored in parts."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = " ".join(f"{a}ord {b}ate ," for a in letters for b in letters)
    brackets = " ".join(f"( {a}{b} )" for a in letters for b in letters)
    document = read(f"{names} {brackets}")
    classes = np.full(len(document), 2048, dtype=np.uint16)
    seen = set()
    for before in range(4):
        memory = Memory()
        extract(read("it is\n\n" * before), np.zeros(2 * before, np.uint16), Document.BLOCK, memory)
        ids, *_ = extract(document, classes, Document.BLOCK, memory)
        seen.add(ids.tobytes())
    assert len(seen) == 1


def test_a_style_adds_features_and_changes_none() -> None:
    tokens = read(flatten('The 3rd "NATO" summit, he said ($5).'))
    plain = ids_of(tokens, Document.BLOCK)
    first = ids_of(tokens, Document.BLOCK, style=1)
    second = ids_of(tokens, Document.BLOCK, style=2)
    for (a, pa), (b, pb), (c, pc) in zip(plain, first, second, strict=True):
        assert pa == pb == pc
        assert set(a) <= set(b)
        assert set(a) <= set(c)
        assert set(b) & set(c) == set(a)
        assert len(b) == len(c)


@given(st.one_of(texts, documents), st.sampled_from([0, 1]))
@example("the ohio river , in 1990 , said ( mary jones )", 1)
def test_lexical_features_are_those_of_templates_that_name_the_word(
    given_text: str, style: int
) -> None:
    tokens = read(given_text)
    lines = reference.tokenise(str(_text.to_str(tokens.chars)))
    assume(len(tokens) == sum(map(len, lines)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference_features, "feature", lambda template, value: template)
        memory, classes = reference_features.Memory(), classes_of(tokens).tolist()
        templates = reference_features.extract(lines, classes, "block", memory, style)
    wanted = [template in NAMING for own, pairs in templates for template in (*own, *pairs)]
    _, first, edge = extract(tokens, classes_of(tokens), Document.BLOCK, Memory(), style)
    assert lexical(tokens, first, edge).tolist() == wanted


NAMING = {
    *(30, 31, 32, 33, 36, 37, 38, 42, 43, 44, 50, 80, 81, 82, 83),
    *(100, 101, 102, 103, 104, 105, 110, 111, 113, 88, 89, 78, 79),
}
"""The templates that name the word or its class, without its style."""
