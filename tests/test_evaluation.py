"""`majuscule.evaluation`: counts worked out by hand, and by a slow plain version."""

from __future__ import annotations

import math
import random
import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from majuscule.errors import DataError
from majuscule.evaluation import Report, Tally, compare, evaluate, realign, words
from majuscule.text import flatten, unescape

# Each: hypothesis, reference, flattened, and what to count there: words, blanks, gaps as
# (total, right, gold, proposed, hits).
BY_HAND = {
    "all right": (
        "The IS.",
        "The IS.",
        "the is .",
        Report(1, 1, 0, Tally(2, 2, 2, 2, 2), Tally(2, 2, 1, 1, 1), Tally(2, 2, 1, 1, 1)),
    ),
    "one capital too many, one of the wrong kind, one missing": (
        "Of Is Paris paris",
        "of IS Paris Paris",
        "of is paris paris",
        Report(1, 0, 0, Tally(4, 1, 3, 3, 1), Tally(3, 3, 0, 0, 0), Tally(3, 3, 0, 0, 0)),
    ),
    "right case, one blank left and one taken too many": (
        '"No, "he said .',
        '"No," he said.',
        '" no , " he said .',
        # Blanks at " N, o ,, , ", " h, e s, d . - three of six are right. A closed gap is
        # proposed at " N, o ,, " h; gold at " N, o ,, , ", d .; hits: the first two.
        Report(1, 0, 0, Tally(3, 3, 1, 1, 1), Tally(6, 3, 4, 3, 2), Tally(6, 3, 4, 3, 2)),
    ),
    "gaps closed in the input count among all gaps only": (
        "al-Qaim, 3.5",
        "al-Qaim, 3.5",
        "al-qaim , 3.5",
        # al - qaim , 3 . 5: the hyphen's two and the point's two were closed.
        Report(1, 1, 0, Tally(2, 2, 1, 1, 1), Tally(2, 2, 1, 1, 1), Tally(6, 6, 5, 5, 5)),
    ),
    "a letter lost: nothing is right": (
        "The US",
        "The USA .",
        "the usa .",
        Report(1, 0, 1, Tally(3, 0, 2, 2, 0), Tally(2, 0, 0, 0, 0), Tally(2, 0, 0, 0, 0)),
    ),
    "the Treebank's quotes are two characters for one": (
        '"I can\'t"',
        '"I can\'t"',
        "`` i ca n't ''",
        # Blanks before i, ca, n't and the last quote; open in gold before ca alone. The
        # tokens are " i can ' t ", five gaps.
        Report(1, 1, 0, Tally(2, 2, 1, 1, 1), Tally(4, 4, 3, 3, 3), Tally(5, 5, 4, 4, 4)),
    ),
    "a reference in Treebank tokens keeps them": (
        '"Yes"',
        "`` Yes ''",
        "`` yes ''",
        Report(1, 0, 0, Tally(3, 3, 1, 1, 1), Tally(2, 0, 0, 2, 0), Tally(2, 0, 0, 2, 0)),
    ),
    "a restoration left in Treebank tokens is judged in them": (
        "`` Yes ''",
        '"Yes"',
        "`` yes ''",
        Report(1, 0, 0, Tally(1, 1, 1, 1, 1), Tally(2, 0, 2, 0, 0), Tally(2, 0, 2, 0, 0)),
    ),
    "nothing at all": ("", "  ", "", Report()),
    "something from nothing": ("A b", "", "", Report(1, 0, 1, Tally(0, 0, 0, 1, 0))),
    "runs of blanks are one": (
        "A b",
        "A  b ",
        "a b",
        Report(1, 1, 0, Tally(2, 2, 1, 1, 1), Tally(1, 1, 0, 0, 0), Tally(1, 1, 0, 0, 0)),
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_counts_worked_out_by_hand(name: str) -> None:
    hypothesis, reference, flattened, expected = BY_HAND[name]
    assert compare(hypothesis, reference, flattened) == expected
    without = compare(hypothesis, reference)
    assert without.words == expected.words
    assert without.blanks == without.gaps == Tally()


def test_rates_worked_out_by_hand() -> None:
    tally = Tally(total=8, right=6, gold=4, proposed=5, hits=3)
    assert (tally.accuracy, tally.precision, tally.recall) == (75.0, 60.0, 75.0)
    assert tally.f1 == pytest.approx(2 * 60 * 75 / (60 + 75))
    assert Report(lines=8, exact=2).exact_lines == 25.0


def test_a_rate_of_nothing_is_no_number() -> None:
    empty = Tally()
    assert all(map(math.isnan, [empty.accuracy, empty.precision, empty.recall, empty.f1]))
    assert math.isnan(Report().exact_lines)


def test_realign_gives_the_references_tokens() -> None:
    assert realign("don ' t stop", "Don't  stop") == ["don't", "stop"]
    assert realign("stop", "stops") is None
    assert realign("step", "stop") is None
    # One character each, even where lower-casing a whole string would not be.
    assert realign("ΟΔΌΣ İ", "οδός İ") is None  # ends in ς, which is not what Σ alone becomes
    assert realign("ΟΔΌΣ İ", "οδόσ i̇") is None
    assert realign("ΟΔΌΣİ", "οδόσ İ") == ["ΟΔΌΣ", "İ"]


def test_lines_must_be_as_many_and_belong_together() -> None:
    with pytest.raises(DataError, match=r"as many .* got 1, 2"):
        evaluate(["a"], ["a", "b"])
    with pytest.raises(DataError, match="got 1, 1, 0"):
        evaluate(["a"], ["a"], [])
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
    return Report(1, int(exact), int(changed), Tally(**counted), *tallies)


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
        assert compare(*pair) == _slow(*pair), pair
    together = evaluate(*zip(*pairs, strict=True))
    # The pairs must be of every kind for the comparison to say anything.
    assert 0 < together.changed < together.lines
    assert 0 < together.exact < together.lines
    for tally in (together.words, together.blanks, together.gaps):
        assert 0 < tally.hits < min(tally.proposed, tally.gold)


def test_order_and_shards_do_not_matter() -> None:
    pairs = _pairs(300)
    whole = evaluate(*zip(*pairs, strict=True))
    shuffled = random.Random(1).sample(pairs, len(pairs))
    assert evaluate(*zip(*shuffled, strict=True)) == whole
    shards = [evaluate(*zip(*pairs[a : a + 77], strict=True)) for a in range(0, 300, 77)]
    assert sum(shards, Report()) == whole


LINES = st.text(st.one_of(st.sampled_from("aAbBzZ09 .,'\"`-@&;()$éÉßİ\u0301"), st.characters()))


@given(LINES)
def test_gold_against_gold_is_perfect(text: str) -> None:
    line = " ".join(text.split())
    report = evaluate([line], [line], [flatten(line)])
    assert report.exact == report.lines
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
def test_words_hold_every_character_once(parts: list[str]) -> None:
    for line in ("".join(parts), " ".join(parts)):
        assert "".join(words(line)) == "".join(unescape(line).split())
        assert len(words(line)) == len(line.split())
