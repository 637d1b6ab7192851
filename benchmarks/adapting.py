"""What a sample of a house is worth: before and after `majuscule.adaptation.adapt`.

Started by run.py. Two kinds of rows:

* of the shipped model, adapted to EN-Wiki's development set, on every set: what it gains on
  such text and loses on other, and what it gains there if the second stage looks again;
* of houses that a model has never seen: one trained on the smaller files of the corpus without
  them, adapted to some of their articles, on others of theirs and on other text.

Text of the house is restored in the style that the adapter brings, other text in none, before
and after. An error of style is a word inside a sentence in the wrong case, if the corpus
without the houses writes that word both ways.
"""

from __future__ import annotations

import lzma
import random
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from learn import CACHE, corpus_hash
from quality import all_sets
from signature import options, signature, write

import majuscule
from majuscule import text
from majuscule.adaptation import adapt
from majuscule.corpus import tokenised, whole
from majuscule.errors import MajusculeError
from majuscule.evaluation import evaluate
from majuscule.model import NO_STYLE, Model, load
from majuscule.text import Kind
from majuscule.training import Settings, Source, train
from majuscule.weights import FEATURES

Row = dict[str, Any]

HOUSES = {"news_kremlin_en": "kremlin", "news_onestopenglish": "guardian"}
"""The files of the houses that the smaller model does not see."""

ARTICLES = (10, 50, 250)
SMALLER = Settings(passes=1, least=4, row_bits=20, sketch_bits=28)
LARGEST_FILE = 12_000_000
"""Bytes of what it is trained on: larger files are left out, to have it in minutes."""

TEST_WORDS = 60_000
SEED = 3


def main() -> int:
    """Measure and write."""
    arguments = options().parse_args()
    model = load(arguments.model)
    rows = []
    for row in (*to_wiki(model, arguments.shared), *to_houses(model, arguments.shared)):
        rows.append(row)
        print("  ".join(str(value) for value in row.values()), flush=True)
    write(
        "adapting",
        {"signature": signature(model, arguments.command), "rows": rows},
        arguments.results,
    )
    return 0


def to_wiki(model: Model, shared: Path) -> Iterator[Row]:
    """The shipped model adapted to EN-Wiki's development set, on all sets."""
    sample = Source(shared / "eval" / "en_wiki.dev.tok.txt", spacing=False)
    adapted, about = _adapted(model, sample)
    for s in all_sets(shared, model):
        if s.name in ("en_wiki.dev", "examples/article"):
            continue
        path = shared / s.file
        home = s.name == "en_wiki.test"
        style = None if home else NO_STYLE
        natural = path.read_text("utf-8")
        tokens = tokenised(path.name)
        judged = _both(model, adapted, natural, style=style, tokens=tokens)
        row = {"sample": "en_wiki.dev", **about, "on": s.name, "home": home}
        yield {**row, **judged}
        if home:
            row["effort"] = "best"
            try:
                yield {**row, **_both(model, adapted, natural, tokens=tokens, effort="best")}
            except MajusculeError as error:
                yield {**row, "missing": str(error)}


def to_houses(shipped: Model, shared: Path) -> Iterator[Row]:
    """A model that has not seen a house, adapted to some articles of it, on others."""
    corpus = shared / "corpus"
    model = _without(
        corpus, {source["file"]: source["style"] for source in shipped.about["training"]}
    )
    for name, house in HOUSES.items():
        articles, others = _articles(corpus / f"{name}.txt.xz")
        for count in ARTICLES:
            if count > len(articles):
                continue
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / f"{house}.txt"
                path.write_text("\n\n".join(articles[:count]), "utf-8")
                adapted, about = _adapted(model, Source(path))
            judged = _both(model, adapted, others, both_ways=_both_ways(corpus))
            yield {
                "sample": f"{count} articles, {house}",
                **about,
                "on": house,
                "home": True,
                **judged,
            }
            if count == ARTICLES[0]:
                for s in all_sets(shared, model):
                    if s.role in ("development", "held out") and house not in s.name:
                        path = shared / s.file
                        natural = path.read_text("utf-8")
                        tokens = tokenised(path.name)
                        elsewhere = _both(model, adapted, natural, style=NO_STYLE, tokens=tokens)
                        sample = f"{count} articles, {house}"
                        yield {"sample": sample, "on": s.name, "home": False, **elsewhere}


def _adapted(model: Model, sample: Source) -> tuple[Model, Row]:
    began = time.perf_counter()
    adapter = adapt([sample], model)
    seconds = time.perf_counter() - began
    with tempfile.TemporaryDirectory() as folder:
        adapter.save(Path(folder) / "a")
        size = (Path(folder) / "a").stat().st_size
    words = len(sample.path.read_text("utf-8").split())
    about = {"words": words, "seconds": round(seconds, 2), "bytes": size, "style": adapter.style}
    return model.with_adapters(adapter), about


def _both(
    before: Model,
    after: Model,
    natural: str,
    *,
    style: str | None = None,
    tokens: bool = False,
    effort: str = "fast",
    both_ways: frozenset[int] = frozenset(),
) -> Row:
    """Figures of two models on a text: in a style, or unless told so in the one each brings."""
    flat = text.lower(natural) if tokens else majuscule.flatten(natural)
    row: Row = {}
    for name, model in (("before", before), ("after", after)):
        out = majuscule.Restorer(model, style=style, effort=effort).restore(flat)
        evaluation = evaluate(*(t.split("\n") for t in (out, natural, flat)))
        row[f"word_f1_{name}"] = round(evaluation.figures()["word_f1"], 2)
        row[f"wrong_{name}"] = evaluation.counts()["words_wrong"]
        if both_ways:
            row[f"style_errors_{name}"] = _style_errors(out, natural, both_ways)
    return row


def _style_errors(restored: str, natural: str, both_ways: frozenset[int]) -> int:
    got, gold = text.read(restored), text.read(natural)
    wrong = np.flatnonzero((got.case != gold.case) & (gold.role < Kind.FIRST_WORD))
    return sum(int(gold.key[i]) in both_ways for i in wrong)


@cache
def _both_ways(corpus: Path) -> frozenset[int]:
    """Words that the beginnings of the other files write in both ways inside of sentences."""
    lower, capital = [], []
    for path in sorted(corpus.glob("*.txt.xz")):
        if path.name.split(".")[0] in HOUSES:
            continue
        with lzma.open(path, "rt", encoding="utf-8") as file:
            tokens = text.read(file.read(2_000_000))
        inner = (text.CASED[tokens.role] != 0) & (tokens.role < Kind.FIRST_WORD)
        lower.append(tokens.key[inner & (tokens.case == 0)])
        capital.append(tokens.key[inner & (tokens.case > 0)])
    (low, small), (high, large) = (
        np.unique(np.concatenate(keys), return_counts=True) for keys in (lower, capital)
    )
    both, at, there = np.intersect1d(low, high, return_indices=True)
    fewer = np.minimum(small[at], large[there])
    often = (fewer >= 5) & (fewer >= 0.02 * (small[at] + large[there]))
    return frozenset(both[often].tolist())


def _without(corpus: Path, styles: dict[str, str]) -> Model:
    """The smaller model, kept in the cache."""
    path = CACHE / f"unseen-{corpus_hash(corpus)[:12]}-{FEATURES}.safetensors"
    if not path.exists():
        CACHE.mkdir(exist_ok=True)
        sources = [
            Source(file, styles.get(file.name), spacing=not tokenised(file.name))
            for file in sorted(corpus.glob("*.txt.xz"))
            if file.name.split(".")[0] not in HOUSES and file.stat().st_size <= LARGEST_FILE
        ]
        with whole(str(path)) as part:
            train(sources, SMALLER, name="without").save(part)
    return load(path)


def _articles(path: Path) -> tuple[list[str], str]:
    """A house's articles to adapt to, in a random order, and others to judge by.

    One file has each article at several levels, one after another, all beginning alike: they
    stay on one side.
    """
    with lzma.open(path, "rt", encoding="utf-8") as file:
        documents = [document for document in file.read().split("\n\n") if document.strip()]
    groups: dict[frozenset[str], list[str]] = {}
    for document in documents:
        names = frozenset(re.findall(r"(?<=[a-z] )[A-Z][a-z]{3,}", document))
        alike = next((g for g in groups if len(g & names) > 0.3 * min(len(g), len(names))), names)
        groups.setdefault(alike, []).append(document)
    order = list(groups.values())
    random.Random(SEED).shuffle(order)
    judged: list[str] = []
    while sum(len(document.split()) for document in judged) < TEST_WORDS:
        judged += order.pop()
    return [group[0] for group in order], "\n\n".join(judged)


if __name__ == "__main__":
    sys.exit(main())
