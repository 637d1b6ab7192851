"""`majuscule.evaluation`: counts worked out by hand, and by a slow plain version."""

from __future__ import annotations

import math
import random
import re
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from majuscule.errors import DataError
from majuscule.evaluation import Report, Tally, count, evaluate
from majuscule.text import flatten, unescape
from majuscule.words import begins, parts, realign, words

# Each: hypothesis, reference, flattened, and what to count there: whether the line is exact,
# right in case, right in spacing, changed; words, blanks, gaps as (total, right, gold,
# proposed, hits).
BY_HAND = {
    "all right": (
        "The IS.",
        "The IS.",
        "the is .",
        (1, 1, 1, 0),
        Tally(2, 2, 2, 2, 2),
        Tally(2, 2, 1, 1, 1),
        Tally(2, 2, 1, 1, 1),
    ),
    "one capital too many, one of the wrong kind, one missing": (
        "Of Is Paris paris",
        "of IS Paris Paris",
        "of is paris paris",
        (0, 0, 1, 0),
        Tally(4, 1, 3, 3, 1),
        Tally(3, 3, 0, 0, 0),
        Tally(3, 3, 0, 0, 0),
    ),
    "right case, one blank left and one taken too many": (
        '"No, "he said .',
        '"No," he said.',
        '" no , " he said .',
        # Blanks at " N, o ,, , ", " h, e s, d . - three of six are right. A closed gap is
        # proposed at " N, o ,, " h; gold at " N, o ,, , ", d .; hits: the first two.
        (0, 1, 0, 0),
        Tally(3, 3, 1, 1, 1),
        Tally(6, 3, 4, 3, 2),
        Tally(6, 3, 4, 3, 2),
    ),
    "gaps closed in the input count among all gaps only": (
        "al-Qaim, 3.5",
        "al-Qaim, 3.5",
        "al-qaim , 3.5",
        # al - qaim , 3 . 5: the hyphen's two and the point's two were closed.
        (1, 1, 1, 0),
        Tally(2, 2, 1, 1, 1),
        Tally(2, 2, 1, 1, 1),
        Tally(6, 6, 5, 5, 5),
    ),
    "a letter lost: nothing is right": (
        "The US",
        "The USA .",
        "the usa .",
        (0, 0, 0, 1),
        Tally(3, 0, 2, 2, 0),
        Tally(2, 0, 0, 0, 0),
        Tally(2, 0, 0, 0, 0),
    ),
    "the Treebank's quotes are two characters for one": (
        '"I can\'t"',
        '"I can\'t"',
        "`` i ca n't ''",
        # Blanks before i, ca, n't and the last quote; open in gold before ca alone. The
        # tokens are " i can ' t ", five gaps.
        (1, 1, 1, 0),
        Tally(2, 2, 1, 1, 1),
        Tally(4, 4, 3, 3, 3),
        Tally(5, 5, 4, 4, 4),
    ),
    "a reference in Treebank tokens keeps them": (
        '"Yes"',
        "`` Yes ''",
        "`` yes ''",
        (0, 1, 0, 0),
        Tally(3, 3, 1, 1, 1),
        Tally(2, 0, 0, 2, 0),
        Tally(2, 0, 0, 2, 0),
    ),
    "a restoration left in Treebank tokens is judged in them": (
        "`` Yes ''",
        '"Yes"',
        "`` yes ''",
        (0, 1, 0, 0),
        Tally(1, 1, 1, 1, 1),
        Tally(2, 0, 2, 0, 0),
        Tally(2, 0, 2, 0, 0),
    ),
    "something from nothing": ("A b", "", "", (0, 0, 0, 1), Tally(0, 0, 0, 1, 0), Tally(), Tally()),
    "runs of blanks are one": (
        "A b",
        "A  b ",
        "a b",
        (1, 1, 1, 0),
        Tally(2, 2, 1, 1, 1),
        Tally(1, 1, 0, 0, 0),
        Tally(1, 1, 0, 0, 0),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_counts_worked_out_by_hand(name: str) -> None:
    hypothesis, reference, flattened, marks, *tallies = BY_HAND[name]
    report = count(hypothesis, reference, flattened)
    assert report.lines == 1
    assert (report.exact, report.cased, report.spaced, report.changed) == marks
    assert [report.words, report.blanks, report.gaps] == tallies
    assert (report.letters == 0) == (not report.changed)
    # Without the flattened line gaps are those of the library's own.
    without = count(hypothesis, reference)
    assert without.words == report.words
    assert without == count(hypothesis, reference, flatten(reference))


def test_nothing_is_no_line() -> None:
    assert count("", "  ", "") == Report()
    assert evaluate(["", "a"], [" ", "a"]).report.lines == 1


def test_words_by_class_worked_out_by_hand() -> None:
    report = count(
        "The Nato chief met al-Qaim 's I-75 and McDonald in the 1990s , UN .",
        "the NATO chief met al-Qaim 's I-75 and McDonald In the 1990s , U.N .".replace("U.N", "UN"),
    )
    # Upper: NATO (restored as Title), I-75 and UN. Mixed: al-Qaim, McDonald. Title: In.
    # Lower: the (restored as Title), chief met 's and the 1990s , .
    assert report.words == Tally(15, 12, 6, 6, 4)
    assert report.upper == Tally(15, 12, 2, 1, 1)
    assert report.mixed == Tally(15, 12, 2, 2, 2)
    assert report.title == Tally(15, 12, 2, 3, 1)
    assert report.lower == Tally(15, 12, 9, 9, 8)


SENTENCES = {
    "The end. So it is!": "The So",
    '"The end." (So it is!) Yes': '"The (So Yes',
    "`` the end . '' so it is": "the so",
    "Mr. Smith and J. R. Ewing of the U.S. Army left. They did.": "Mr. They",
    "Sgt. Pepper": "Sgt.",
    "- 42 , then Done ... and so": "then and",
    "He left at 5 p.m. It was late": "He",
    "No! 1990 was better? (Well)": "No! was (Well)",
    "42 !": "",
}


@pytest.mark.parametrize("line", SENTENCES)
def test_where_sentences_begin(line: str) -> None:
    starts = [word for word, start in zip(line.split(), begins(line.split()), strict=True) if start]
    assert " ".join(starts) == SENTENCES[line]


def test_sentence_beginnings_and_unseen_words_are_counted() -> None:
    line = "Zork saw Bob . The zork of Zork-Bob"
    restored = "Zork saw bob . the Zork of Zork-bob"
    report = count(restored, line, vocabulary={"saw", "bob", "the", "of"})
    assert report.initial == Tally(2, 1, 2, 1, 1)
    # Zork, zork and Zork-Bob; a full stop has no letters that could be unknown.
    assert report.unseen == Tally(3, 1, 2, 3, 1)
    assert count(restored, line).unseen == Tally()
    figures = report.figures()
    assert figures["initial_accuracy"] == 50.0
    assert figures["inner_accuracy"] == pytest.approx(100 * 3 / 6)
    assert figures["unseen_accuracy"] == pytest.approx(100 / 3)
    assert figures["seen_accuracy"] == pytest.approx(100 * 3 / 5)
    assert parts("Zork's 3rd A_b\u00e9") == ["zork", "s", "rd", "a", "b\u00e9"]


@pytest.mark.parametrize(
    ("hypothesis", "reference", "letters"),
    [
        ("The cat", "the cat", 0),
        ("The cat", "the cart", 1),
        ("The cart", "the c at", 1),
        ("The Cat", "the cow", 2),
        ("", "the cow", 6),
        ("a" * 3000 + "b", "a" * 3000 + "c", 1),
        ("b" + "a" * 3000, "c" + "a" * 3000, 1),
        # Too far apart to look: an upper bound.
        ("bab" * 1000, "aba" * 1000, 3000),
    ],
)
def test_letters_that_changed(hypothesis: str, reference: str, letters: int) -> None:
    report = count(hypothesis, reference)
    assert report.letters == letters
    assert report.changed == (letters > 0)


def test_rates_worked_out_by_hand() -> None:
    tally = Tally(total=8, right=6, gold=4, proposed=5, hits=3)
    assert (tally.accuracy, tally.precision, tally.recall) == (75.0, 60.0, 75.0)
    assert tally.f1 == pytest.approx(2 * 60 * 75 / (60 + 75))
    assert tally - tally == Tally()
    figures = Report(lines=8, exact=2, cased=4, spaced=6, words=tally, mixed=tally).figures()
    assert figures.keys() == {
        *("word_f1", "word_precision", "word_recall", "word_accuracy", "mixed_recall"),
        *("inner_accuracy", "inner_f1", "exact_lines", "cased_lines", "spaced_lines"),
    }
    assert [figures[f"{name}_lines"] for name in ("exact", "cased", "spaced")] == [25, 50, 75]
    assert figures["mixed_recall"] == figures["word_recall"] == 75


def test_a_rate_of_nothing_is_no_number() -> None:
    empty = Tally()
    assert all(map(math.isnan, [empty.accuracy, empty.precision, empty.recall, empty.f1]))
    assert Report().figures() == evaluate([], []).figures() == evaluate([], []).intervals() == {}


def test_realign_gives_the_references_tokens() -> None:
    assert realign("don ' t stop", "Don't  stop") == ["don't", "stop"]
    assert realign("stop", "stops") is None
    assert realign("step", "stop") is None
    # One character each, even where lower-casing a whole string would not be.
    assert realign("ΟΔΌΣ İ", "οδός İ") is None  # ends in ς, which is not what Σ alone becomes
    assert realign("ΟΔΌΣ İ", "οδόσ i̇") is None
    assert realign("ΟΔΌΣİ", "οδόσ İ") == ["ΟΔΌΣ", "İ"]


def test_lines_must_be_as_many_and_belong_together() -> None:
    with pytest.raises(DataError, match=r"^line 2: .* as many .* no more restored lines"):
        evaluate(["a"], ["a", "b"])
    with pytest.raises(DataError, match=r"^line 1: .* no more flattened lines"):
        evaluate(["a"], ["a"], [])
    with pytest.raises(DataError, match="no more reference and flattened lines"):
        evaluate(["a"], [], [])
    with pytest.raises(DataError, match=r"^line 2: .* got 'c' for 'b'"):
        evaluate(["a", "b"], ["a", "b"], ["a", "c"])


def _slow(hypothesis: str, reference: str, flattened: str) -> Report:
    """The same for lines without escapes: characters, each with what stands before it."""

    def marked(line: str) -> list[tuple[str, bool]]:
        out, blank = [], True
        for char in line:
            if not char.isspace():
                out.append((char, blank))
            blank = char.isspace()
        return out

    h, r, f = marked(hypothesis), marked(reference), marked(flattened)
    if not h and not r:
        return Report()
    changed = [c.lower() for c, _ in h] != [c.lower() for c, _ in r]
    counted = dict.fromkeys(["total", "right", "gold", "proposed", "hits"], 0)
    starts = [i for i, (_, blank) in enumerate(r) if blank]
    for start, end in pairwise([*starts, len(r)]):
        word = "".join(c for c, _ in r[start:end])
        got = None if changed else "".join(c for c, _ in h[start:end])
        counted["total"] += 1
        counted["right"] += got == word
        counted["gold"] += re.search("[A-Z]", word) is not None
        counted["proposed"] += got is not None and re.search("[A-Z]", got) is not None
        counted["hits"] += got == word and re.search("[A-Z]", word) is not None
    if changed:
        counted["proposed"] = sum(re.search("[A-Z]", w) is not None for w in hypothesis.split())
    tallies = []
    for everywhere in (False, True):
        gaps = dict.fromkeys(counted, 0)
        for i in range(1, len(f)):
            glued = f[i - 1][0].isalnum() and f[i][0].isalnum() and not f[i][1]
            if glued or not (everywhere or f[i][1]):
                continue
            gaps["total"] += 1
            gaps["gold"] += not r[i][1]
            if not changed:
                gaps["right"] += h[i][1] == r[i][1]
                gaps["proposed"] += not h[i][1]
                gaps["hits"] += not h[i][1] and not r[i][1]
        tallies.append(Tally(**gaps))
    squeezed = [" ".join(line.split()) for line in (hypothesis, reference)]
    exact = squeezed[0] == squeezed[1]
    cased = not changed and [c for c, _ in h] == [c for c, _ in r]
    spaced = not changed and [b for _, b in h] == [b for _, b in r]
    return Report(
        lines=1,
        exact=int(exact),
        cased=int(cased),
        spaced=int(spaced),
        changed=int(changed),
        words=Tally(**counted),
        blanks=tallies[0],
        gaps=tallies[1],
    )


def _pairs(count: int) -> list[tuple[str, str, str]]:
    """Random lines, a flattened form of each and a restoration with mistakes."""
    rng = random.Random(7)
    pairs = []
    for _ in range(count):
        reference = "".join(rng.choices('abzAB1.-" ', k=rng.randint(0, 12)))
        reference = re.sub("-[- ]*-", "-", reference)  # a row of them is one token
        flattened = re.sub(
            r"([.\-\"])",
            lambda m: rng.choice([r" {} ", "{} ", "{}"]).format(m[1]),
            reference.lower(),
        )
        hypothesis = "".join(
            "" if char == " " and rng.random() < 0.5 else rng.choice([char, char.upper()])
            for char in flattened
        )
        if rng.random() < 0.1:
            hypothesis += rng.choice("ab ")
        pairs.append((hypothesis, reference, flattened))
    return pairs


def test_agrees_with_the_slow_plain_version() -> None:
    pairs = _pairs(1000)
    for pair in pairs:
        report, slow = count(*pair), _slow(*pair)
        for name in ("lines", "exact", "cased", "spaced", "changed", "words", "blanks", "gaps"):
            assert getattr(report, name) == getattr(slow, name), (name, pair)
    together = evaluate(*zip(*pairs, strict=True)).report
    # The pairs must be of every kind for the comparison to say anything.
    assert 0 < together.changed < together.lines
    for some in (together.exact, together.cased, together.spaced):
        assert 0 < some < together.lines
    for tally in (together.words, together.blanks, together.gaps):
        assert 0 < tally.hits < min(tally.proposed, tally.gold)


def test_classes_share_out_the_words() -> None:
    for pair in _pairs(300):
        report = count(*pair)
        classes = (report.lower, report.title, report.upper, report.mixed)
        assert sum(tally.gold for tally in classes) == report.words.total
        assert sum(tally.gold for tally in classes[1:]) == report.words.gold
        assert sum(tally.hits for tally in classes) == report.words.right
        assert sum(tally.hits for tally in classes[1:]) == report.words.hits
        assert sum(tally.proposed for tally in classes[1:]) == report.words.proposed


def test_order_and_shards_do_not_matter() -> None:
    pairs = _pairs(300)
    whole = evaluate(*zip(*pairs, strict=True))
    shuffled = evaluate(*zip(*random.Random(1).sample(pairs, len(pairs)), strict=True))
    shards = [evaluate(*zip(*pairs[a : a + 77], strict=True)) for a in range(0, 300, 77)]
    together = sum(shards[:0:-1], shards[0])
    for other in (shuffled, together):
        assert other.report == whole.report
        assert other.figures() == whole.figures()
        assert other.intervals(samples=50) == whole.intervals(samples=50)
    assert whole.report == sum((count(*pair) for pair in pairs), Report())


def test_a_report_is_its_row() -> None:
    for pair in _pairs(20):
        report = count(*pair)
        assert Report.of(report.row()) == report


def test_intervals_hold_the_figure_and_narrow_with_more_lines() -> None:
    pairs = _pairs(400)
    few, many = (evaluate(*zip(*pairs[:n], strict=True)) for n in (100, 400))
    for evaluation in (few, many):
        intervals = evaluation.intervals()
        assert intervals.keys() == evaluation.figures().keys()
        for name, figure in evaluation.figures().items():
            low, high = intervals[name]
            assert low <= figure <= high
    spans = [e.intervals()["word_f1"][1] - e.intervals()["word_f1"][0] for e in (few, many)]
    # As a mean's does: by the root of the number of lines.
    assert 1.5 < spans[0] / spans[1] < 2.7
    assert few.intervals(seed=2) != few.intervals() == few.intervals()


def test_intervals_are_those_of_the_mean_where_it_is_known() -> None:
    # 400 lines, half of them exact: a binomial's spread is 2.5 per cent.
    lines = ["a b"] * 200 + ["A b"] * 200
    low, high = evaluate(lines, ["a b"] * 400).intervals(samples=4000)["exact_lines"]
    assert low == pytest.approx(50 - 1.96 * 2.5, abs=0.5)
    assert high == pytest.approx(50 + 1.96 * 2.5, abs=0.5)


def test_nothing_varies_where_all_is_right() -> None:
    intervals = evaluate(["The US."] * 9, ["The US."] * 9).intervals(samples=20)
    assert set(intervals.values()) == {(100.0, 100.0)}


LINES = st.text(st.one_of(st.sampled_from("aAbBzZ09 .,'\"`-@&;()$éÉßİ\u0301"), st.characters()))


@given(LINES)
def test_gold_against_gold_is_perfect(text: str) -> None:
    line = " ".join(text.split())
    report = evaluate([line], [line], [flatten(line)]).report
    assert report.exact == report.cased == report.spaced == report.lines
    assert report.changed == 0
    for tally in (report.words, report.blanks, report.gaps):
        assert tally.right == tally.total
        assert tally.hits == tally.proposed == tally.gold


def test_words_undo_escapes_that_need_neighbours() -> None:
    assert words("8 @-@ 10 @-@ 5") == ["8", "-", "10", "-", "5"]
    assert words("@-@ 10") == ["@-@", "10"]
    assert words("AT&amp;T &apos;s -lrb-x -LRB- x") == ["AT&T", "'s", "-lrb-x", "(", "x"]


_ESCAPES = ["``", "''", "n't", "@-@", "@,@", "-lrb-", "-RRB-", "&apos;", "&amp;", "&#91;", "&quot;"]


@given(st.lists(st.sampled_from([*_ESCAPES, "ca", "a", "'", "-", "@", "&", "1", "\u00a0", " "])))
@example(["\u00a0", "&apos;", "&apos;"])
def test_words_hold_every_character_once(parts: list[str]) -> None:
    for line in ("".join(parts), " ".join(parts)):
        assert "".join(words(line)) == "".join(unescape(line).split())
        assert len(words(line)) == len(line.split())
