"""Golden cases, kept as data: what people expect of such a tool, kind by kind.

A row of ``golden/restore/<kind>.json`` is a flattened text (`input`), what it should become
(`output`), what it is about (`why`), and who tokenised it (`by`). One of ``golden/negative.json``
is natural text that must come back as it was. `fails` says what goes wrong where it does:
such a row is a strict xfail, so one that begins to pass says so. With a new model,
``python tests/test_golden.py`` marks all rows anew.
"""

from __future__ import annotations

import difflib
import json
import re
import string
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest
import sacremoses
from nltk.tokenize import NLTKWordTokenizer

from majuscule import Restorer, flatten
from majuscule.text import Convention, check, read, unescape

if TYPE_CHECKING:
    from collections.abc import Callable

Row: TypeAlias = "dict[str, str]"

GOLDEN = Path(__file__).parent / "golden"
KINDS = sorted((GOLDEN / "restore").glob("*.json"))
NEGATIVE = GOLDEN / "negative.json"


def load(path: Path) -> list[Row]:
    """The rows of a file."""
    rows: list[Row] = json.loads(path.read_text(encoding="utf-8"))
    return rows


RESTORE = [(path.stem, row) for path in KINDS for row in load(path)]
UNCHANGED = load(NEGATIVE)


@cache
def shipped() -> Restorer:
    """The shipped model; read once."""
    return Restorer()


def case(row: Row, name: str) -> object:
    """A row as a test's parameter."""
    mark = pytest.mark.xfail(reason=row["fails"], strict=True) if "fails" in row else ()
    return pytest.param(row, marks=mark, id=name)


# What the model must do ---------------------------------------------------------------------


@pytest.mark.model
@pytest.mark.parametrize(
    "row", [case(row, f"{kind}: {row['why']} ({row['by']})") for kind, row in RESTORE]
)
def test_flattened_text_is_restored(row: Row) -> None:
    assert shipped().restore(row["input"]) == row["output"]


@pytest.mark.model
@pytest.mark.parametrize("row", [case(row, row["why"]) for row in UNCHANGED])
def test_natural_text_comes_back(row: Row) -> None:
    assert shipped().restore(row["text"]) == row["text"]


# What holds whatever the model does ---------------------------------------------------------


def every_text() -> list[str]:
    """All inputs, all outputs, all natural texts."""
    flat = [row["input"] for _, row in RESTORE]
    natural = [row["output"] for _, row in RESTORE] + [row["text"] for row in UNCHANGED]
    return list(dict.fromkeys(flat + natural))


@pytest.mark.model
@pytest.mark.parametrize("given", every_text(), ids=lambda text: text[:40])
def test_the_promises_hold(given: str) -> None:
    """Only case and blanks change, whether escapes are undone or not, and nothing twice."""
    once = shipped().restore(given)
    check(read(given).chars, unescape(once))
    assert once.count("\n") == given.count("\n")
    assert shipped().restore(once) == once


@pytest.mark.model
@pytest.mark.parametrize("convention", Convention, ids=lambda convention: convention.name.lower())
def test_what_comes_right_does_so_from_other_conventions(convention: Convention) -> None:
    """Nearly always: some conventions part what the row's own leaves whole."""
    outputs = dict.fromkeys(row["output"] for _, row in RESTORE if "fails" not in row)
    right = 0
    for output in outputs:
        flat = flatten(output, convention)
        once = shipped().restore(flat)
        check(read(flat).chars, unescape(once))
        assert shipped().restore(once) == once
        right += once == output
    assert right >= 0.95 * len(outputs)


# The rows themselves ------------------------------------------------------------------------


def test_there_are_enough_rows_and_no_two_alike() -> None:
    assert len(KINDS) >= 15
    assert len(RESTORE) >= 300
    assert min(Counter(kind for kind, _ in RESTORE).values()) >= 10
    assert len(UNCHANGED) >= 80
    for texts in ([row["input"] for _, row in RESTORE], [row["text"] for row in UNCHANGED]):
        assert [text for text, times in Counter(texts).items() if times > 1] == []


def test_rows_have_their_parts() -> None:
    for _, row in RESTORE:
        assert row.keys() - {"fails"} == {"input", "output", "why", "by"}
        assert row["by"] in TOKENISERS
    for row in UNCHANGED:
        assert row.keys() - {"fails"} == {"text", "why"}


@pytest.mark.parametrize("kind", [path.stem for path in KINDS])
def test_rows_are_possible(kind: str) -> None:
    """A row that asked for another letter could never come right."""
    for of, row in RESTORE:
        if of == kind:
            check(read(row["input"]).chars, row["output"])


# Who tokenises how --------------------------------------------------------------------------

_MOSES = sacremoses.MosesTokenizer("en")


def moses(line: str) -> str:
    return str(_MOSES.tokenize(line, return_str=True)).lower()


def moses_aggressive(line: str) -> str:
    """With ``@-@`` for hyphens."""
    return str(_MOSES.tokenize(line, return_str=True, aggressive_dash_splits=True)).lower()


def moses_unescaped(line: str) -> str:
    return str(_MOSES.tokenize(line, return_str=True, escape=False)).lower()


def nltk(line: str) -> str:
    return " ".join(NLTKWordTokenizer().tokenize(line)).lower()


def treebank(line: str) -> str:
    """With ``-lrb-`` for brackets."""
    return " ".join(NLTKWordTokenizer().tokenize(line, convert_parentheses=True)).lower()


def treebank_of_lower_case(line: str) -> str:
    """With ``-LRB-``: its escapes came after the letters were lowered."""
    return " ".join(NLTKWordTokenizer().tokenize(line.lower(), convert_parentheses=True))


def closing_marks_alone(line: str) -> str:
    """With '' for opening quotes, too, as several corpora have them."""
    return treebank(line).replace("``", "''")


def wikitext(line: str) -> str:
    """Moses' tokens with signs in numbers parted, too, as WikiText has them."""
    plain = moses_aggressive(line).replace("&apos;", "'").replace("&quot;", '"')
    return re.sub(r"(?<=\d)([.,])(?=\d)", r" @\1@ ", plain)


def bert(line: str) -> str:
    """Every mark of punctuation is a token."""

    def apart(char: str) -> str:
        mark = char in string.punctuation or unicodedata.category(char)[0] == "P"
        return f" {char} " if mark else char

    return " ".join("".join(map(apart, line.lower())).split())


def capitals(line: str) -> str:
    return moses_unescaped(line).upper()


TOKENISERS: dict[str, Callable[[str], str] | None] = {
    "moses": moses,
    "moses aggressive": moses_aggressive,
    "moses unescaped": moses_unescaped,
    "nltk": nltk,
    "treebank": treebank,
    "treebank, lower case first": treebank_of_lower_case,
    "treebank, closing marks alone": closing_marks_alone,
    "wikitext": wikitext,
    "bert": bert,
    "upper": capitals,
    "lower": str.lower,
    "spacy": None,  # by spaCy 3.8, which no test needs for more than this
}


@pytest.mark.parametrize("by", [by for by, tokenise in TOKENISERS.items() if tokenise])
def test_inputs_are_what_the_tokeniser_writes(by: str) -> None:
    tokenise = TOKENISERS[by]
    assert tokenise
    rows = [row for _, row in RESTORE if row["by"] == by]
    assert rows
    for row in rows:
        assert "\n".join(map(tokenise, row["output"].split("\n"))) == row["input"]


# Marking ------------------------------------------------------------------------------------


def difference(wanted: str, got: str) -> str:
    """What is written for what, in words."""
    one, other = wanted.split(), got.split()
    matcher = difflib.SequenceMatcher(None, one, other, autojunk=False)
    return "; ".join(
        f"{' '.join(other[c:d])} for {' '.join(one[a:b])}"
        for what, a, b, c, d in matcher.get_opcodes()
        if what != "equal"
    )


def visible(text: str) -> str:
    """JSON with signs escaped that an editor would not show."""

    def escaped(char: str) -> str:
        hidden = unicodedata.category(char) in ("Cf", "Mn", "Zs") and char != " "
        return f"\\u{ord(char):04x}" if hidden else char

    return "".join(map(escaped, text))


def dump(path: Path, rows: list[Row]) -> None:
    """Write a file: a row a line."""
    lines = [visible(json.dumps(row, ensure_ascii=False)) for row in rows]
    path.write_text("[\n" + ",\n".join(lines) + "\n]\n", encoding="utf-8")


def mark_anew() -> None:
    """Take `fails` from rows that pass, and put what is wrong where they do not."""
    for path in (*KINDS, NEGATIVE):
        rows = load(path)
        for row in rows:
            given, wanted = row.get("input", row.get("text", "")), row.get("output")
            wanted = given if wanted is None else wanted
            got = shipped().restore(given)
            if got == wanted:
                row.pop("fails", None)
            elif "fails" not in row:
                row["fails"] = difference(wanted, got)
        dump(path, rows)
        print(f"{path.stem}: {sum('fails' in row for row in rows)} of {len(rows)} fail")


if __name__ == "__main__":
    mark_anew()
