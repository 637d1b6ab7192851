"""How many lost apostrophes come back, and what their loss costs besides.

Started by run.py. Every set of natural text is flattened by `majuscule.flatten` and loses its
apostrophes in two ways: a blank takes the place of each, or nothing does. Then it is restored
with the apostrophe edit switched on. To compare, the same text with its apostrophes, but
without those of its quotation marks that look like one, is flattened and restored as usual.

Apostrophes that count are those between letters or digits and those that end a plural's
possessive; quotation marks are lost, too, and do not count: see
`majuscule.stripping.apostrophes_of`. One is found if it was put back between the same letters.
Case and spacing are judged without any apostrophes on either side.
"""

from __future__ import annotations

import re
import sys
from typing import Any

import numpy as np
from quality import all_sets
from signature import options, signature, write

import majuscule
from majuscule import text
from majuscule.corpus import tokenised
from majuscule.evaluation import evaluate
from majuscule.model import load
from majuscule.restorer import EDITS, MORE_EDITS
from majuscule.stripping import apostrophes_of

MARKS = "'’‘"
WAYS = {"a blank": " ", "nothing": ""}
"""What takes an apostrophe's place."""


def main() -> int:
    """Measure and write."""
    arguments = options().parse_args()
    model = load(arguments.model)
    usual = majuscule.Restorer(model)
    putting_back = majuscule.Restorer(model, edits=(*EDITS, *MORE_EDITS))
    rows: list[dict[str, Any]] = []
    for s in all_sets(arguments.shared, model):
        path = arguments.shared / s.file
        natural = path.read_text("utf-8")
        if tokenised(path.name) or not any(map(np.any, apostrophes_of(text.read(natural)))):
            continue
        unquoted = usual.restore(majuscule.flatten(without_quotes(natural)))
        kept = cased_and_spaced(unquoted, natural)
        for way, place in WAYS.items():
            restored = putting_back.restore(lost(natural, place))
            without = cased_and_spaced(restored, natural)
            rows.append(
                {
                    "set": s.name,
                    "place": way,
                    **found(restored, natural),
                    **{f"{name}_kept": value for name, value in kept.items()},
                    **{f"{name}_lost": value for name, value in without.items()},
                }
            )
            print(rows[-1], flush=True)
    results = {"signature": signature(model, arguments.command), "rows": rows}
    write("apostrophes", results, arguments.results)
    return 0


def lost(natural: str, place: str) -> str:
    """Flattened text in whose apostrophes' place there is something else.

    >>> lost("It's the states' right.", " "), lost("It's the states' right.", "")
    ('it  s the states   right .', 'its the states right .')
    """
    if place:
        return re.sub(f"[{MARKS}]", place, majuscule.flatten(natural))
    return majuscule.flatten(bare(natural))


def without_quotes(natural: str) -> str:
    """The text without what looks like an apostrophe and is none.

    >>> without_quotes("It's the 'states' and the states' right.")
    "It's the states and the states' right."
    """
    tokens = text.read(natural)
    inside, plural = apostrophes_of(tokens)
    kept = set(tokens.start[inside | plural].tolist())
    chars = map(chr, tokens.chars)
    return "".join(char for i, char in enumerate(chars) if char not in MARKS or i in kept)


def bare(written: str) -> str:
    """The text without an apostrophe."""
    return re.sub(f"[{MARKS}]", "", written)


def found(restored: str, natural: str) -> dict[str, Any]:
    """Precision, recall and F1 of the apostrophes of a restoration that had lost all."""
    tokens = text.read(natural)
    inside, plural = apostrophes_of(tokens)
    gold = _places(tokens, inside | plural)
    again = text.read(restored)
    proposed = _places(again, np.isin(again.chars[again.start], [ord(mark) for mark in MARKS]))
    hits = len(gold & proposed)
    return {
        "apostrophes": len(gold),
        "plurals": int(plural.sum()),
        "plurals_found": len(_places(tokens, plural) & proposed),
        "proposed": len(proposed),
        "hits": hits,
        "f1": _per_cent(2 * hits, len(gold) + len(proposed)),
        "precision": _per_cent(hits, len(proposed)),
        "recall": _per_cent(hits, len(gold)),
    }


def _places(tokens: text.Tokens, chosen: Any) -> set[int]:  # noqa: ANN401 - an array
    """After how many characters that are neither blanks nor apostrophes each stands."""
    letters = tokens.end - tokens.start
    letters[np.isin(tokens.chars[tokens.start], [ord(mark) for mark in MARKS])] = 0
    return set((np.cumsum(letters) - letters)[chosen].tolist())


def cased_and_spaced(restored: str, natural: str) -> dict[str, float]:
    """Word F1, and of all gaps how many are right, both without apostrophes."""
    hypotheses, references = (bare(some).split("\n") for some in (restored, natural))
    figures = evaluate(hypotheses, references).figures()
    return {name: round(figures[name], 2) for name in ("word_f1", "all_gap_accuracy")}


def _per_cent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 100.0


if __name__ == "__main__":
    sys.exit(main())
