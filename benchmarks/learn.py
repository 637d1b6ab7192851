"""What the training corpus teaches others: its vocabulary, and the Moses truecaser.

Both come from all of ``shared/corpus``, each file once, whatever a model's recipe weighs it.
Both are kept in ``.cache`` and made anew only for another corpus or another sacremoses, for
it takes minutes: one process a file, as many at once as there are cores.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, lru_cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

CACHE = Path(os.environ.get("BENCHMARKS_CACHE") or Path(__file__).parent / ".cache")
"""Where both are kept; the variable is for tests."""
VOCABULARY = "vocabulary.txt"
TRUECASER = "moses.truecaser"

Learned = TypeVar("Learned")


def vocabulary(corpus: Path, folder: Path = CACHE) -> frozenset[str]:
    """Every word part (`majuscule.words.parts`) that occurs in the corpus."""
    path = folder / VOCABULARY
    made_of = {"corpus": corpus_hash(corpus)}
    if not _is_of(path, made_of):
        words = set().union(*_from_each(_parts, corpus, "words of the corpus"))
        _keep(path, "\n".join(sorted(words)), made_of)
    return frozenset(path.read_text("utf-8").split("\n"))


def truecaser(corpus: Path, folder: Path = CACHE) -> Path:
    """The Moses truecaser's model of the corpus, as sacremoses writes and reads it.

    A word's best form is the one most frequent where no sentence begins (P. Koehn and
    others 2007, ``train-truecaser.perl``). sacremoses would hold every token of the corpus
    in memory at once, so its functions get the lines here, and its model the counts.

    Raises:
        ImportError: sacremoses is not installed.
    """
    moses = import_module("sacremoses").MosesTruecaser()
    path = folder / TRUECASER
    made_of = {"corpus": corpus_hash(corpus), "sacremoses": version("sacremoses")}
    if not _is_of(path, made_of):
        casing: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for forms in _from_each(_forms, corpus, "Moses truecaser"):
            for form, count in forms.items():
                casing[form.lower()][form] += count
        moses.model = {"casing": casing}
        folder.mkdir(parents=True, exist_ok=True)
        moses.save_model(str(path))
        _note(path, made_of)
    return path


@cache
def learned_truecaser(folder: Path = CACHE) -> Any:  # noqa: ANN401 - sacremoses has no types
    """The truecaser that `truecaser` has left behind, ready for use.

    Raises:
        ImportError: sacremoses is not installed, or nothing was learned yet.
    """
    moses = import_module("sacremoses").MosesTruecaser
    if not (folder / TRUECASER).exists():
        raise ImportError("not trained yet: python benchmarks/run.py --only quality does it")
    return moses(str(folder / TRUECASER))


@cache
def corpus_hash(corpus: Path) -> str:
    """One hash of all files of the corpus and their names."""
    whole = hashlib.sha256()
    for path in _sources(corpus):
        whole.update(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _sources(corpus: Path) -> list[Path]:
    return sorted(corpus.glob("*.txt.xz"))


def _from_each(learn: Callable[[Path], Learned], corpus: Path, what: str) -> Iterator[Learned]:
    """What `learn` says of each file, in the order of their names; the largest go first."""
    print(f"{what}: learning, this once; it takes minutes", flush=True)
    began = time.monotonic()
    sources = _sources(corpus)
    with ProcessPoolExecutor() as pool:
        learning = {
            path: pool.submit(learn, path)
            for path in sorted(sources, key=lambda path: -path.stat().st_size)
        }
        for path in sources:
            yield learning.pop(path).result()
    print(f"{what}: learned in {time.monotonic() - began:.0f} s", flush=True)


def _parts(path: Path) -> set[str]:
    from majuscule.words import parts  # noqa: PLC0415 - the truecaser needs no majuscule

    found: set[str] = set()
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            found.update(parts(line))
    return found


def _forms(path: Path) -> Counter[str]:
    """How often each form stands where the truecaser counts it; a `.tok` file is tokenised."""
    sacremoses = import_module("sacremoses")
    moses = sacremoses.MosesTruecaser()
    tokeniser = sacremoses.MosesTokenizer("en")
    # Two of its questions build a set of all letters each time, but ask the same again and
    # again: remembering the answers makes the whole three times as fast.
    for question in ("islower", "isanyalpha"):
        setattr(tokeniser, question, lru_cache(1 << 16)(getattr(tokeniser, question)))
    forms: Counter[str] = Counter()
    with lzma.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            tokens = (
                line.split() if ".tok." in path.name else tokeniser.tokenize(line, escape=False)
            )
            forms.update(form for _, form, _ in moses.learn_truecase_weights(tokens))
    return forms


def _is_of(path: Path, made_of: dict[str, str]) -> bool:
    try:
        note = json.loads(_noted(path).read_text("utf-8"))
    except FileNotFoundError:
        return False
    return path.exists() and bool(note == made_of)


def _keep(path: Path, text: str, made_of: dict[str, str]) -> None:
    from majuscule.corpus import writer  # noqa: PLC0415 - as above

    path.parent.mkdir(parents=True, exist_ok=True)
    with writer(str(path)) as write:
        write(text)
    _note(path, made_of)


def _note(path: Path, made_of: dict[str, str]) -> None:
    _noted(path).write_text(json.dumps(made_of), "utf-8")


def _noted(path: Path) -> Path:
    return path.with_name(path.name + ".json")
