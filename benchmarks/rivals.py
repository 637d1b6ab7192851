"""The other systems, each behind one call: lines in, lines out, nothing downloaded.

`RESTORERS` take flattened lines, `SPACERS` the same with the right case given: they undo
the tokeniser alone. `TOKENISERS` go the other way. A value builds its system, and raises
ImportError if that is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

Lines = list[str]
System = Callable[[Lines], Lines]


def lower(line: str) -> str:
    """Lower case that keeps every character one character (``İ`` stays)."""
    return "".join(char.lower() if len(char.lower()) == 1 else char for char in line)


def _nothing() -> System:
    return lambda lines: lines


def _first_letter() -> System:
    return lambda lines: [line[:1].upper() + line[1:] for line in lines]


def _truecase() -> System:
    caser = import_module("truecase").get_truecaser()
    return lambda lines: [" ".join(caser.get_true_case_from_tokens(line.split())) for line in lines]


def _sacremoses() -> System:
    detokeniser = import_module("sacremoses").MosesDetokenizer("en")
    return lambda lines: [detokeniser.detokenize(_straight(line).split()) for line in lines]


def _straight(line: str) -> str:
    # Moses does not know the Treebank's quotes; this is what its users do.
    return line.replace("``", '"').replace("''", '"')


def _nltk() -> System:
    detokeniser = import_module("nltk.tokenize.treebank").TreebankWordDetokenizer()
    return lambda lines: [detokeniser.detokenize(line.split()) for line in lines]


def _truecase_sacremoses() -> System:
    case, space = _truecase(), _sacremoses()
    return lambda lines: space(case(lines))


def _moses_tokens() -> System:
    tokeniser = import_module("sacremoses").MosesTokenizer("en")
    return lambda lines: [" ".join(tokeniser.tokenize(line, escape=False)) for line in lines]


def _treebank_tokens() -> System:
    tokeniser = import_module("nltk.tokenize").TreebankWordTokenizer()
    return lambda lines: [" ".join(tokeniser.tokenize(line)) for line in lines]


def _onmt_tokens() -> System:
    tokeniser = import_module("pyonmttok").Tokenizer("aggressive")
    return lambda lines: [" ".join(tokeniser(line)) for line in lines]


RESTORERS: dict[str, Callable[[], System]] = {
    "left as it is": _nothing,
    "first letter of each line": _first_letter,
    "truecase": _truecase,
    "truecase + sacremoses": _truecase_sacremoses,
}

SPACERS: dict[str, Callable[[], System]] = {
    "sacremoses, case given": _sacremoses,
    "nltk, case given": _nltk,
}

TOKENISERS: dict[str, Callable[[], System]] = {
    "sacremoses": _moses_tokens,
    "nltk": _treebank_tokens,
    "pyonmttok": _onmt_tokens,
}
