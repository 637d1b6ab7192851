"""Documents as they arrive: what edited text lacks is put into it for training.

Training text comes as paragraphs of edited prose. What users paste has headlines and
datelines, is wrapped or a sentence a line, and holds addresses; and an acronym in it may
be spelt as a common word is. Each of these is made here out of the text itself.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random


def lay_out(paragraphs: list[str], rng: random.Random, style: str | None) -> list[str]:
    """A document's lines, from its paragraphs.

    Args:
        paragraphs: natural text, one to an item; a blank item ends the document.
        rng: decides what is done.
        style: the house style it is written in; ``"news"`` gets datelines.

    Returns:
        The document as it may arrive: half of all keep a paragraph a line, nearly all others
        have a sentence a line, a few are wrapped.
    """
    if not paragraphs:
        return []
    if rng.random() < 1 / 8:
        paragraphs = _with_odd_acronym(paragraphs, rng)
    choice, width = rng.random(), rng.randint(40, 90)
    headline = _headline(paragraphs, rng) if rng.random() < 1 / 6 else None
    dateline = style == "news" and rng.random() < 1 / 6
    lines = [headline] if headline else []
    for paragraph in paragraphs:
        line = paragraph
        if line and rng.random() < 1 / 60:
            line = _with_address(line, rng)
        if dateline and line:
            dateline = False
            line = _with_dateline(line, rng)
        if choice < 0.5:
            lines.append(line)
        elif choice < 0.97:
            lines += _SENTENCE_END.sub("\n", line).split("\n")
        else:
            lines += _wrapped(line, width)
    return lines


_SENTENCE_END = re.compile(r"(?<=[.?!])(?<!\b[A-Z]\.)(?<!\b[A-Z][a-z]\.)[ ]+(?=[A-Z\"“(])")


def _wrapped(line: str, width: int) -> list[str]:
    lines = [""]
    for word in line.split(" "):
        if len(lines[-1]) + len(word) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines


def _headline(paragraphs: list[str], rng: random.Random) -> str | None:
    """The beginning of a sentence, without a full stop: the line after it begins anew."""
    words = rng.choice(paragraphs).split()[: rng.randint(4, 12)]
    if len(words) < 4 or not words[0][0].isupper():
        return None
    return " ".join(words).rstrip(".,;:!?-–—'\"’”)")


_PLACE = re.compile(r"\b(?:in|from|to) ([A-Z][a-z]+(?: [A-Z][a-z]+)?)(?=[ ,.])")
_AGENCIES = ("Reuters", "Reuters", "AP", "AFP", "UPI", "Xinhua", "Bloomberg", "Interfax")


def _with_dateline(line: str, rng: random.Random) -> str:
    """The first paragraph as agencies write it, from a place that it names."""
    places = _PLACE.findall(line)
    if not places:
        return line
    place = "/".join(places[: rng.choice((1, 1, 1, 1, 2))]).upper()
    dash = rng.choice(("-", "-", "–", "—", "--"))
    return f"{place} ({rng.choice(_AGENCIES)}) {dash} {line}"


_TOPS = ("com", "com", "com", "org", "edu", "gov", "net", "co.uk")
_STARTS = ("http://", "https://", "http://www.", "www.", "www.")
_FACES = (":)", ":-)", ";)", ";-)", ":(", ":-(")


def _with_address(line: str, rng: random.Random) -> str:
    """The line with a mail address, a web address or a face put where a blank was."""
    words = re.findall(r"\b[a-z]{2,12}\b", line)
    if len(words) < 5:
        return line
    a, b, c, d, e = rng.sample(words, 5)
    number = str(rng.randint(0, 10 ** rng.randint(1, 5)))
    place = c if rng.random() < 0.1 else f"{c}.{rng.choice(_TOPS)}"
    kind = rng.random()
    if kind < 0.35:
        # Archives cut addresses short: jane...@example.com.
        put = f"{a}{rng.choice((f'.{b}', f'_{b}', b, number, '', '...'))}@{place}"
        if rng.random() < 0.3:
            put = f"<{put}>"
    elif kind < 0.85:
        put = rng.choice(_STARTS) + place
        if rng.random() < 0.8:
            value = rng.choice((a, number, a + number))
            query = f"?{d}={value}&{e}={rng.choice((b, number))}"
            put += f"/{b}{rng.choice(('', '.html', f'/{value}', f'-{a}-{d}', query, query))}"
    else:
        put = rng.choice(_FACES)
    blanks = [at.start() for at in re.finditer(r"(?<=\w[.!?]) " if kind >= 0.85 else " ", line)]
    at = rng.choice(blanks) if blanks else len(line)
    return f"{line[:at]} {put}{line[at:]}"


_INTRODUCED = re.compile(
    r"((?:[A-Z][a-z]+ (?:(?:of|for|and|the|on) )*)+[A-Z][a-z]+) \(([A-Z]{2,5})\)"
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+(?: [A-Z][a-z]+)*")
_COMMON = re.compile(r"(?<=[a-z] )[a-z]{2,4}(?= [a-z])")


def _with_odd_acronym(paragraphs: list[str], rng: random.Random) -> list[str]:
    """The document with an acronym, if it has a name for one, that is a common word of its.

    Names whose initials are a common word are rare, so one that the document names again
    and again is replaced by one with such initials: ``Syrian Democratic Forces`` may become
    ``Islamic State``. It is then an ``IS`` more often than not, in the same text as each
    ``is`` that was there. The acronym is introduced where the name stands first or, every
    other time, put in brackets later on.
    """
    text = "\n".join(paragraphs)
    introduced = _INTRODUCED.search(text)
    if introduced and "".join(re.findall("[A-Z]", introduced[1])) == introduced[2]:
        name, acronym = introduced.groups()
        text = text.replace(f" ({acronym})", "")
        text = re.sub(rf"\b{acronym}\b", name, text)
    else:
        counts = Counter(found for found in _NAME.findall(text) if " " in found)
        often = [found for found, count in counts.items() if count >= 3]
        if not often:
            return paragraphs
        name = rng.choice(often)
    common = sorted(set(_COMMON.findall(text)))
    names = sorted({word for found in _NAME.findall(text) for word in found.split()})
    if not common:
        return paragraphs
    short = rng.choice(common).upper()
    alike = [[word for word in names if word[0] == letter] for letter in short]
    if not all(alike):
        return paragraphs
    full = " ".join(rng.choice(words) for words in alike)
    before, *parts = re.split(rf"\b{name}\b", text)
    late = rng.random() < 0.5
    for number, part in enumerate(parts):
        if number == 0:
            written = full if late else f"{full} ({short})"
        elif number == 1 and late:
            written = f"({short})"
        else:
            written = short if rng.random() < 0.7 else full
        before += written + part
    return before.split("\n")
