"""Sentences the shipped model must get right, and those it is known to get wrong.

A row of ``quality/en.tsv`` is a flattened sentence, what it should become, and ``fails`` if
it does not yet. Such a row is a strict xfail: one that a new model gets right says so.
With a new model, ``python tests/test_quality.py`` marks all rows anew.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from majuscule import Restorer, flatten
from majuscule.text import check, read

SENTENCES = Path(__file__).parent / "quality" / "en.tsv"
DATA = Path(__file__).parent / "data"

pytestmark = pytest.mark.model


def rows() -> list[list[str]]:
    """Flattened, natural, and the mark, which may be missing; ``\\n`` parts a document's lines."""
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    return [
        line.replace("\\n", "\n").split("\t") for line in lines if line and not line.startswith("#")
    ]


def marked(row: list[str]) -> object:
    """A row as a test's parameters."""
    fails = row[2:] == ["fails"]
    return pytest.param(*row[:2], marks=pytest.mark.xfail if fails else (), id=row[0][:40])


@cache
def shipped() -> Restorer:
    """The shipped model; read once."""
    return Restorer()


@pytest.mark.parametrize(("flat", "natural"), [marked(row) for row in rows()])
def test_sentence(flat: str, natural: str) -> None:
    assert shipped().restore(flat) == natural


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0][:40])
def test_the_sentences_themselves_are_possible(row: list[str]) -> None:
    """A row that asked for another letter could never come right."""
    assert row[2:] in ([], ["fails"])
    check(read(row[0]).chars, row[1])


def test_spacing_of_the_article_is_exact() -> None:
    flat, natural = (
        (DATA / f"article.{kind}.txt").read_text(encoding="utf-8") for kind in ("flat", "natural")
    )
    assert shipped().restore(flat).lower() == natural.lower()


def test_most_words_of_the_article_are_right() -> None:
    flat, natural = (
        (DATA / f"article.{kind}.txt").read_text(encoding="utf-8") for kind in ("flat", "natural")
    )
    restored, wanted = shipped().restore(flat).split(), natural.split()
    proposed = {(i, word) for i, word in enumerate(restored) if word != word.lower()}
    gold = {(i, word) for i, word in enumerate(wanted) if word != word.lower()}
    right = len(proposed & gold)
    assert 2 * right / (len(proposed) + len(gold)) >= 0.9


def test_natural_sentences_come_back(request: pytest.FixtureRequest) -> None:
    """Whatever is right stays right when it is restored again, and flattened any way."""
    for row in rows():
        if row[2:] == ["fails"]:
            continue
        assert shipped().restore(row[1]) == row[1]
        for convention in ("plain", "moses", "ptb"):
            flat = flatten(row[1], convention)
            if read(flat).key.tolist() == read(row[1]).key.tolist():
                once = shipped().restore(flat)
                assert shipped().restore(once) == once


def mark_anew() -> None:
    """Write `fails` where the shipped model fails, and nowhere else."""
    out = []
    for line in SENTENCES.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            flat, natural = line.split("\t")[:2]
            got = shipped().restore(flat.replace("\\n", "\n")).replace("\n", "\\n")
            mark = "" if got == natural else "\tfails"
            out.append(f"{flat}\t{natural}{mark}")
            if mark:
                print(f"wanted {natural}\n   got {got}")
        else:
            out.append(line)
    SENTENCES.write_text("\n".join(out) + "\n", encoding="utf-8")


if __name__ == "__main__":
    mark_anew()
