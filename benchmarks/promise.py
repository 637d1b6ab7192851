"""What restoring must not do, in plain Python that knows nothing of majuscule.

>>> violations("he ca n't\\n-lrb- no -rrb-", "He can't\\n(No)")
[]
>>> violations("we can not", "We cannot say")
['line 1: expected wecannot, got wecannotsay']
"""

from __future__ import annotations

import re

_NAMES = ("lt", "gt", "amp", "apos", "quot", "#91", "#93", "#124")
_ENTITY = re.compile(f"&({'|'.join(_NAMES)});", re.IGNORECASE | re.ASCII)
_ENTITIES = dict(zip(_NAMES, "<>&'\"[]|", strict=True))
# Undone or not, an escape is written out here: one form for all that mean the same.
_LONG = ("-lrb-", "-rrb-", "-lsb-", "-rsb-", "-lcb-", "-rcb-", "''", "'")
_WRITTEN_OUT = str.maketrans(dict(zip('()[]{}"`', _LONG, strict=True)))
_BRACKET = re.compile("-[lr][rsc]b-", re.IGNORECASE | re.ASCII)
_BETWEEN = re.compile("@*([-,.])@*")


def letters(line: str, *, cased: bool = False) -> str:
    """A line without blanks, in lower case, with escapes as if none or all had been undone.

    Letters that do not come back from their lower case, one for one, stay as they are.

    >>> letters("Straße &amp;quot; İ") == letters("STRAßE '' İ")
    True
    >>> letters("ß") == letters("SS") or letters("İ") == letters("i")
    False
    >>> letters("-LRB- Now `` !", cased=True)
    "-lrb-Now''!"
    """
    out = "".join(line.split())
    if not cased:
        out = "".join(_lower(char) for char in out)
    before = ""
    while before != out:
        before, out = out, _ENTITY.sub(lambda match: _ENTITIES[match[1].lower()], out)
    if cased:
        out = _BRACKET.sub(lambda match: match[0].lower(), out)
    return _BETWEEN.sub(r"\1", out.translate(_WRITTEN_OUT))


def _lower(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 and lower.upper() == char else char


def violations(given: str, restored: str) -> list[str]:
    """What differs in more than case, blanks and escapes: a message a line.

    Lines are compared one by one, so that none may be lost or split.
    """
    before, after = given.split("\n"), restored.split("\n")
    if len(before) != len(after):
        return [f"expected {len(before)} lines, got {len(after)}"]
    found = []
    for number, pair in enumerate(zip(before, after, strict=True), 1):
        wanted, got = map(letters, pair)
        if wanted != got:
            found.append(f"line {number}: expected {_shown(wanted)}, got {_shown(got)}")
    return found


def _shown(text: str) -> str:
    return ascii(text[:200])[1:-1]
