"""The promises of restoring, checked on one input; see README.md beside this.

An input is four bytes that choose a restorer and what is asked of it, then a text in UTF-8
(bytes that are none become lone surrogates). What is compared with are promise.py of the
benchmarks and reference.py of the tests: plain Python, whose branches tell the fuzzer what
is new where the compiled kernels cannot.
"""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np
import promise
import reference
from erratic import Erratic

from majuscule import text
from majuscule.model import load
from majuscule.restorer import EDITS, Restorer

MODELS = (load(), *map(Erratic.made, (0, 3000, -3000)))
DOCUMENTS = tuple(text.Document)
CONVENTIONS = tuple(text.Convention)
SURE = (0.0, 0.6, 0.9, 0.99)
LEXICONS = ((), ("iPhone", "van Dam", "can NOT", "U.S.-led"))


def chosen(who: int, how: int) -> Restorer:
    """The restorer that two bytes choose."""
    which, style = who % len(MODELS), who // len(MODELS)
    style %= 1 + len(MODELS[which].styles)
    return _restorer(which, style, how % 3, how // 3 % 3, how // 9 % 4, how // 36 % 2)


@cache
def _restorer(
    which: int, style: int, document: int, edits: int, sure: int, lexicon: int
) -> Restorer:
    model = MODELS[which]
    return Restorer(
        model,
        style=(None, *model.styles)[style],
        document=DOCUMENTS[document].name.lower(),
        edits=(EDITS, EDITS[:1], EDITS[1:])[edits],
        min_confidence=SURE[sure],
        lexicon=LEXICONS[lexicon],
    )


def pieces(given: str, places: int) -> list[str]:
    """A text in pieces of whole lines, cut after the first eight as the bits say."""
    *whole, last = given.split("\n")
    lines = [*(line + "\n" for line in whole), last]
    cuts = [i + 1 for i in range(min(8, len(lines) - 1)) if places >> i & 1]
    return ["".join(lines[a:b]) for a, b in itertools.pairwise([0, *cuts, len(lines)])]


def check(one: Restorer, given: str, places: int) -> str:
    """All that is promised of a restoration."""
    restored = one.restore(given)
    found = promise.violations(given, restored)
    assert not found, found
    assert len(restored) <= len(given)
    if not one._margin:  # noqa: SLF001 - how careful it is shows nowhere else
        # Else what was changed may make more of the rest sure.
        assert one.restore(restored) == restored, "restoring twice"
    assert "".join(one.stream(pieces(given, places))) == restored, "stream"
    explained, decisions = one.explain(given)
    assert explained == restored, "explain's text"
    input_to = output_to = 0
    for decision in decisions:
        assert input_to <= decision.input[0] < decision.input[1] <= len(given)
        assert output_to <= decision.output[0] < decision.output[1] <= len(restored)
        assert restored[slice(*decision.output)] == decision.written
        input_to, output_to = decision.input[1], decision.output[1]
    same, margins = one.margins(given)
    assert same == restored, "margins' text"
    assert len(margins) == len("".join(restored.split()))
    return restored


def compare_kernels(given: str, document: text.Document) -> None:
    """The compiled reading of a text against the plain one."""
    plain = reference.unescape(given)
    assert text.unescape(given) == plain, "unescape"
    tokens = text.read(given)
    wanted = reference.tokenise(plain)
    flat = list(itertools.chain.from_iterable(wanted))
    assert [tokens.written(i) for i in range(len(tokens))] == [token.written for token in flat]
    for name in ("start", "end", "kind", "role", "key", "case"):
        assert getattr(tokens, name).tolist() == [getattr(token, name) for token in flat], name
    assert tokens.gap.tolist() == [token.glued for token in flat], "gap"
    assert text.render(tokens, tokens.labels) == plain, "render"
    mixed = (tokens.key & np.uint64(1)).astype(np.uint8)
    bits, _ = text.allowed(tokens, mixed, document, 0)
    odd = {token.key for token in flat if token.key & 1}
    choices, _ = reference.allowed(wanted, odd, document=document.name.lower())
    assert bits.tolist() == [
        sum(1 << case for case in cases) + sum(16 << gap for gap in gaps) for cases, gaps in choices
    ], "allowed"


def check_input(data: bytes) -> None:
    """Everything that is checked of one input; AssertionError if something is wrong."""
    if len(data) < 4:
        return
    who, how, places, convention = data[:4]
    given = data[4:].decode("utf-8", "surrogateescape")
    one = chosen(who, how)
    compare_kernels(given, DOCUMENTS[how % 3])
    check(one, given, places)
    flat = text.flatten(given, CONVENTIONS[convention % len(CONVENTIONS)])
    found = promise.violations(given, flat)
    assert not found, found
    check(one, flat, places)
