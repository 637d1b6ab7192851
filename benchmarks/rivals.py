"""The other systems, each behind one call: lines in, lines out, nothing downloaded.

`RESTORERS` take flattened lines, `SPACERS` the same with the right case given: they undo
the tokeniser alone. `TOKENISERS` go the other way, `ROUND_TRIPS` there and back. A value
builds its system, and raises ImportError if that is not installed or not trained.
`NOT_RUN` are those that never run here, and why.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module

from learn import learned_truecaser

Lines = list[str]
System = Callable[[Lines], Lines]


def lower(line: str) -> str:
    """Lower case that keeps every character one character (``İ`` stays)."""
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in line)


def _straight(lines: Lines) -> Lines:
    """Quotes as Moses knows them, in a text that has the Treebank's: what its users do."""
    if not any("``" in line for line in lines):
        return lines
    return [line.replace("``", '"').replace("''", '"') for line in lines]


# Case, on tokens that stay apart.


def _nothing() -> System:
    return lambda lines: lines


_FIRST_WORD = re.compile(r"(?<!\S)[^\W\d_]")


def _first_letter() -> System:
    return lambda lines: [_FIRST_WORD.sub(lambda m: m[0].upper(), line, count=1) for line in lines]


def _most_frequent() -> System:
    caser = learned_truecaser()
    return lambda lines: [caser.truecase(line, return_str=True) for line in lines]


def _most_frequent_and_starts() -> System:
    case = _most_frequent()
    starts = import_module("sacremoses").MosesDetruecaser()
    return lambda lines: [
        starts.detruecase(line, return_str=True) for line in _straight(case(lines))
    ]


def _truecase() -> System:
    caser = import_module("truecase").get_truecaser()
    return lambda lines: [" ".join(caser.get_true_case_from_tokens(line.split())) for line in lines]


# Spacing, on tokens whose case is right or whatever it is.


def _sacremoses() -> System:
    detokeniser = import_module("sacremoses").MosesDetokenizer("en")
    return lambda lines: [detokeniser.detokenize(line.split()) for line in _straight(lines)]


def _nltk() -> System:
    detokeniser = import_module("nltk.tokenize.treebank").TreebankWordDetokenizer()
    return lambda lines: [detokeniser.detokenize(line.split()) for line in lines]


def _both(case: Callable[[], System], space: Callable[[], System]) -> Callable[[], System]:
    def build() -> System:
        cased, spaced = case(), space()
        return lambda lines: spaced(cased(lines))

    return build


# The way from natural text to tokens.


def _moses_tokens() -> System:
    tokeniser = import_module("sacremoses").MosesTokenizer("en")
    return lambda lines: [" ".join(tokeniser.tokenize(line, escape=False)) for line in lines]


def _treebank_tokens() -> System:
    tokeniser = import_module("nltk.tokenize").TreebankWordTokenizer()
    return lambda lines: [" ".join(tokeniser.tokenize(line)) for line in lines]


def _treebank_sentences() -> System:
    # The Treebank's tokeniser leaves a full stop inside a line alone: it wants sentences.
    # Punkt learns where they end from the very lines (T. Kiss and J. Strunk 2006), so no
    # model of it needs to be there.
    punkt = import_module("nltk.tokenize.punkt").PunktSentenceTokenizer
    tokenise = _treebank_tokens()

    def tokens(lines: Lines) -> Lines:
        sentences = punkt("\n".join(lines))
        return [" ".join(tokenise(sentences.tokenize(line))) for line in lines]

    return tokens


def _onmt_tokens() -> System:
    tokeniser = import_module("pyonmttok").Tokenizer("aggressive")
    return lambda lines: [" ".join(tokeniser(line)) for line in lines]


# There and back.


def _onmt_there_and_back() -> System:
    tokeniser = import_module("pyonmttok").Tokenizer(
        "aggressive", joiner_annotate=True, case_markup=True
    )
    return lambda lines: [tokeniser.detokenize(tokeniser(line)) for line in lines]


RESTORERS: dict[str, Callable[[], System]] = {
    "left as it is": _nothing,
    "first letter of each line": _first_letter,
    "moses truecaser": _most_frequent,
    "moses truecaser + detruecaser": _most_frequent_and_starts,
    "truecase": _truecase,
    "moses truecaser + sacremoses": _both(_most_frequent, _sacremoses),
    "moses truecaser + detruecaser + sacremoses": _both(_most_frequent_and_starts, _sacremoses),
    "truecase + sacremoses": _both(_truecase, _sacremoses),
    "truecase + nltk": _both(_truecase, _nltk),
}

SPACERS: dict[str, Callable[[], System]] = {
    "sacremoses, case given": _sacremoses,
    "nltk, case given": _nltk,
}

TOKENISERS: dict[str, Callable[[], System]] = {
    "sacremoses": _moses_tokens,
    "nltk": _treebank_tokens,
    "nltk, by sentences": _treebank_sentences,
    "pyonmttok": _onmt_tokens,
}

ROUND_TRIPS: dict[str, Callable[[], System]] = {
    "pyonmttok": _onmt_there_and_back,
    "sacremoses": _both(_moses_tokens, _sacremoses),
    "nltk": _both(_treebank_sentences, _nltk),
}

NOT_RUN = {
    "Stanford CoreNLP, truecase": (
        "needs a Java machine and a download of half a gigabyte; no package of Python's brings it"
    ),
    "punctuators": "needs weights from a hub; writes punctuation of its own",
    "recasepunc": "needs torch and a checkpoint to be downloaded; no package",
    "NVIDIA NeMo, punctuation and capitalization": "needs torch and weights from a hub",
    "FullStop (deepmultilingualpunctuation)": (
        "needs torch and weights from a hub; restores punctuation, case not at all"
    ),
    "rpunct": "needs torch and weights from a hub; writes punctuation of its own",
}
