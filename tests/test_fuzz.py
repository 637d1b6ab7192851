"""The inputs that fuzzing begins with keep every promise; `make fuzz` looks for more."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

sys.path[:0] = [str(ROOT / "fuzz"), str(ROOT / "benchmarks")]
from checks import check_input  # noqa: E402 - from the folders above

CORPUS = sorted((ROOT / "fuzz" / "corpus").iterdir())
KNOWN = sorted((ROOT / "fuzz" / "known").glob("*"))


def test_there_is_a_corpus() -> None:
    assert 50 < len(CORPUS) < 400
    assert all(path.stat().st_size < 2000 for path in CORPUS)


@pytest.mark.parametrize("number", range(10))
def test_the_corpus_keeps_every_promise(number: int) -> None:
    for path in CORPUS[number::10]:
        check_input(path.read_bytes())


@pytest.mark.parametrize("path", KNOWN, ids=lambda path: path.name)
@pytest.mark.xfail(raises=AssertionError, strict=True, reason="found, not mended yet")
def test_known_failures(path: Path) -> None:
    check_input(path.read_bytes())
