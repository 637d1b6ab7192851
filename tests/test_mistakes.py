"""`majuscule.mistakes` and `majuscule.errorpage`: what went wrong, and a page that shows it."""

from __future__ import annotations

import random
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from majuscule import errorpage
from majuscule.errorpage import Line, render
from majuscule.evaluation import count
from majuscule.mistakes import AROUND, EXAMPLES, Mistake, Mistakes
from majuscule.text import flatten
from majuscule.words import seams, words

# Each: hypothesis, reference, and the mistakes in their order: kind, gold, got.
BY_HAND = {
    "none": ("It is.", "It is.", []),
    "signs around a word are not part of it": (
        '"the (Nato)',
        '"The (NATO)',
        [("case", "The", "the"), ("case", "NATO", "Nato")],
    ),
    "signs within are": ("The U.S.-Led x", "The U.S.-led x", [("case", "U.S.-led", "U.S.-Led")]),
    "a sign alone has no case": ("a - b", "a -b", [("space", "-…", "- …")]),
    "a blank too many, and too few": (
        'he said ,"no',
        'he said, "no',
        [("space", "…,", "… ,"), ("space", ', "', ',"')],
    ),
    "words are all one, signs are not": (
        "a-b",
        "a - b",
        [("space", "… -", "…-"), ("space", "- …", "-…")],
    ),
    "escapes are undone": (
        "`` no ''",
        '"No"',
        [("case", "No", "no"), ("space", '"…', '" …'), ("space", '…"', '… "')],
    ),
    "other letters": ("No!", "No.", [("letters", "a line", "another line")]),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_mistakes_found_by_hand(name: str) -> None:
    hypothesis, reference, wanted = BY_HAND[name]
    found = Mistakes()
    found.add(1, hypothesis, reference)
    assert dict(found.most_common(99)) == {Mistake(*mistake): 1 for mistake in wanted}
    assert len(found) == len(wanted)
    without = Mistakes()
    without.add(1, hypothesis, reference, spacing=False)
    assert len(without) == sum(kind != "space" for kind, *_ in wanted)


def test_the_most_frequent_come_first_with_a_few_examples() -> None:
    found = Mistakes()
    for number in range(1, 6):
        found.add(number, "the nato chief of the EU", "the NATO chief of the Eu")
        found.add(number + 10, "Un", "UN")
        found.add(number + 20, "the nato", "the NATO")
    assert [(m.gold, times) for m, times in found.most_common(2)] == [("NATO", 10), ("Eu", 5)]
    assert [(m.gold, times) for m, times in found.most_common(9)][2] == ("UN", 5)
    examples = found.examples(Mistake("case", "NATO", "nato"))
    assert len(examples) == EXAMPLES
    assert examples[0] == (1, "the ", "NATO", "nato", " chief of the Eu")
    assert found.examples(Mistake("case", "x", "y")) == []


def test_an_example_shows_what_is_near_and_no_more() -> None:
    found = Mistakes()
    far = "word " * 30
    found.add(7, f"{far}nato {far}", f"{far}NATO {far}")
    (example,) = found.examples(Mistake("case", "NATO", "nato"))
    assert example.before.startswith("… word ")
    assert example.after.endswith(" word …")
    assert max(len(example.before), len(example.after)) <= AROUND + 2


LETTERS = st.text(st.sampled_from("aB .,-\"'é"), max_size=30)


@given(LETTERS, st.randoms(use_true_random=False))
def test_there_are_as_many_as_evaluation_counts(reference: str, rng: random.Random) -> None:
    hypothesis = "".join(
        rng.choice([char, char.swapcase()]) + rng.choice(["", "", " "])
        for char in flatten(reference)
    )
    found = Mistakes()
    found.add(1, hypothesis, reference)
    report = count(hypothesis, reference)
    kinds = [mistake.kind for mistake, times in found.most_common(999) for _ in range(times)]
    if report.changed:
        assert kinds == ["letters"]
        return
    assert kinds.count("case") == report.words.total - report.words.right
    assert kinds.count("space") == len(
        seams(map(len, words(hypothesis))) ^ seams(map(len, words(reference)))
    )
    natural = " ".join(words(reference))
    for mistake, _ in found.most_common(999):
        for example in found.examples(mistake):
            around = example.before + example.gold + example.after
            assert around.removeprefix("… ").removesuffix(" …") in natural
            assert example.gold != example.got


class Reader(HTMLParser):
    """What is in the page, and whether every tag that must be closed is."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag in ("b", "del", "ins", "u", "s", "ol", "table", "style", "h1", "h2", "a", "title"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page(*lines: Line, figures: tuple[tuple[str, ...], ...] = ()) -> str:
    found = Mistakes()
    for line in lines:
        found.add(line.number, line.hypothesis, line.reference)
    return render("a title", figures, found, lines, "signed")


def shown(line: Line) -> str:
    """One line's place on the page."""
    match = re.search(rf"<li id=l{line.number} .*\n", page(line))
    assert match
    return match[0]


def test_right_wrong_and_uncertain_words_differ() -> None:
    margins = np.array([9] * 3 + [2] * 4 + [9] * 6 + [1] + [9] * 2, np.int32)
    line = Line(4, "The nato chief said no", "The NATO chief said no", margins)
    assert shown(line) == (
        "<li id=l4 value=4><b>The</b> <del>nato</del><ins>NATO</ins> chief <u>said</u> no\n"
    )
    unknown = shown(line._replace(margins=None))
    assert "<u>" not in unknown
    assert "uncertain" not in page(line._replace(margins=None))


@pytest.mark.parametrize(
    ("hypothesis", "reference", "wanted"),
    [
        ('he said , " No"', 'he said, "No"', "he said<s>␣</s>, <b>&quot;<s>␣</s>No&quot;</b>"),
        ("a-b", "a - b", "a<s>‿</s>-<s>‿</s>b"),
        ("a b", "a b", "a b"),
        (
            "<i> & x",
            "<I> & y",
            "<del>&lt;i&gt; &amp; x</del> <ins>&lt;I&gt; &amp; y</ins> (other letters)",
        ),
        ("<i>", "<I>", "<del>&lt;i&gt;</del><ins>&lt;I&gt;</ins>"),
    ],
)
def test_a_line_on_the_page(hypothesis: str, reference: str, wanted: str) -> None:
    text = shown(Line(1, hypothesis, reference))
    assert text.partition(">")[2].rstrip() == wanted
    assert ("class=fine" in text) == (hypothesis == reference)


@given(st.lists(st.tuples(LETTERS, LETTERS), max_size=4), st.text())
def test_whatever_the_text_the_page_is_whole(lines: list[tuple[str, str]], name: str) -> None:
    text = page(*(Line(i, *pair) for i, pair in enumerate(lines, 1)), figures=((name, "1", name),))
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    assert "script" not in reader.tags
    assert reader.tags.count("li") == len(lines)
    assert (
        "{" not in text.partition("</style>")[2].replace(name, "").replace("{", "", 0)
        or "{" in name
    )


def test_texts_are_escaped() -> None:
    evil = "<script>alert('&')</script>"
    found = Mistakes()
    found.add(1, evil.upper(), evil)
    text = render(evil, [(evil, evil, evil)], found, [Line(1, evil.upper(), evil)], evil)
    assert "<script" not in text.lower()
    assert text.count("&lt;script&gt;") >= 6


def test_a_page_says_when_it_does_not_show_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(errorpage, "LINES", 2)
    lines = [Line(number, "a", "a") for number in (1, 2)]
    assert "The first 2 lines are shown." in page(*lines)
    assert "lines are shown" not in page(lines[0])
    found = Mistakes()
    for number in (2, 3):
        found.add(number, "a b", "a B")
    text = render("a title", (), found, lines, "signed")
    # What is not there is not led to.
    assert "<a href=#l2>2</a>" in text
    assert "#l3" not in text
