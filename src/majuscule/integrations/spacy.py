"""spaCy: restored text for a pipeline, whose tokens know where they stood in the text given.

>>> import spacy
>>> nlp = spacy.blank("en")
>>> _ = nlp.add_pipe("majuscule", first=True)
>>> doc = nlp("the u.s.-led coalition ca n't wait , angela merkel said .")
>>> doc.text
"The U.S.-led coalition can't wait, Angela Merkel said."
>>> span = doc[-4:-2]
>>> span.text, span._.original, span._.offsets
('Angela Merkel', 'angela merkel', (37, 50))
>>> doc._.flattened[37:50]
'angela merkel'
"""

# spaCy checks a configuration by the annotations of `component`. What is a string there, as
# `from __future__ import annotations` makes it, is not checked or, by older releases, refused.

from collections.abc import Callable, Iterable, Iterator
from inspect import signature
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from majuscule import _text, text
from majuscule.errors import MajusculeError
from majuscule.integrations import restorer_with
from majuscule.restorer import Restorer

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from spacy.language import Language
    from spacy.tokens import Doc, Span, Token

    from majuscule._arrays import CodePoints

NAME = "majuscule"
"""What its factory is called."""

DEFAULTS: dict[str, Any] = {
    name: list(parameter.default) if isinstance(parameter.default, tuple) else parameter.default
    for name, parameter in signature(Restorer).parameters.items()
} | {"document": "file"}
"""The configuration of a component if nothing is said: `Restorer`'s, a text being a document."""


class Component:
    """Gives documents their restored text, and keeps what they were and where all of it stood.

    Args:
        nlp: the pipeline, whose tokenizer cuts the restored text.
        name: what the pipeline calls the component.
        restorer: what restores.

    Raises:
        MajusculeError: something else has taken the name of an extension attribute.
    """

    def __init__(self, nlp: "Language", name: str, restorer: Restorer) -> None:
        self.nlp = nlp
        self.name = name
        self.restorer = restorer
        _extend()

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _extend()  # another process may not have them yet

    def __call__(self, doc: "Doc") -> "Doc":
        """Restore a document.

        Args:
            doc: as the tokenizer made it of flattened text.

        Returns:
            A document of the restored text with the same user data; if its text stays as it
            is, `doc` itself.

        Raises:
            MajusculeError: something came before and annotated it.
        """
        _check(doc)
        given = doc.text
        return self._with(doc, given, self.restorer.restore(given))

    def pipe(self, stream: "Iterable[Doc]", *, batch_size: int = 1000) -> "Iterator[Doc]":
        """Restore documents, as many at once as a batch has.

        Args:
            stream: documents, each as for a call.
            batch_size: how many of them are a batch.

        Yields:
            What a call gives for each.

        Raises:
            MajusculeError: as a call, unless `Language.set_error_handler` was told otherwise.
        """
        from spacy.util import minibatch  # noqa: PLC0415 - who calls this has it

        for batch in minibatch(stream, batch_size):
            docs = list(filter(self._good, batch))
            given = [doc.text for doc in docs]
            yield from map(self._with, docs, given, self.restorer.restore_batch(given))

    def _good(self, doc: "Doc") -> bool:
        """Whether it may be restored; if not, it is for the pipeline to say what follows."""
        try:
            _check(doc)
        except MajusculeError as error:
            self.nlp.default_error_handler(self.name, self, [doc], error)
            return False
        return True

    def _with(self, doc: "Doc", given: str, restored: str) -> "Doc":
        """A document with the text that restoring gave for it."""
        if restored != given:
            old, doc = doc, self.nlp.tokenizer(restored)
            doc.user_data.update(old.user_data)
            for name in ("cats", "user_hooks", "user_span_hooks", "user_token_hooks", "_context"):
                setattr(doc, name, getattr(old, name))  # the last is of Language.pipe(as_tuples)
        doc._.flattened = given
        doc._.offsets = offsets(given, doc.text)  # which tokenizers may end with another blank
        return doc


def component(
    nlp: Any,  # noqa: ANN401 - a Language; see above
    name: str,
    source: str | list[str] | None,
    effort: str,
    style: str | None,
    document: str,
    edits: list[str],
    lexicon: list[str],
    min_confidence: float,
    recase: bool,
    respace: bool,
) -> Component:
    """Make a component; spaCy calls this with what the pipeline's configuration says.

    Args:
        nlp, name: as for `Component`.
        source, effort, style, document, edits, lexicon, min_confidence, recase, respace: as
            for `majuscule.Restorer`; `source` names files.

    Raises:
        MajusculeError, OSError: as `Restorer` and `Component`.
    """
    restorer = restorer_with(
        {
            "source": source,
            "effort": effort,
            "style": style,
            "document": document,
            "edits": edits,
            "lexicon": lexicon,
            "min_confidence": min_confidence,
            "recase": recase,
            "respace": respace,
        }
    )
    return Component(nlp, name, restorer)


# What documents are asked for ------------------------------------------------------------------


def _offsets_of_span(span: "Span") -> tuple[int, int] | None:
    """Where it stood in the text given, first and last offset, exclusive; None if unknown."""
    return _where(span.doc, span.start_char, span.text)


def _offsets_of_token(token: "Token") -> tuple[int, int] | None:
    return _where(token.doc, token.idx, token.text)


def _original(part: "Span | Token") -> str | None:
    """What it was in the text given; None if unknown."""
    place = part._.offsets
    return None if place is None else part.doc._.flattened[slice(*place)]


def _where(doc: "Doc", begin: int, written: str) -> tuple[int, int] | None:
    starts, given = doc._.offsets, doc._.flattened
    if starts is None or given is None:
        return None
    if not written:
        return int(starts[begin]), int(starts[begin])
    end = begin + len(written)
    first, last, after = starts[[begin, end - 1, end]].tolist()
    # A character was made from all up to the next one, but for blanks that are gone.
    made_from = 1 if written[-1].isspace() else len(given[last:after].rstrip())
    if not written[0].isspace():  # but an apostrophe put back, where there may be a blank
        first += len(given[first:last]) - len(given[first:last].lstrip())
    return first, last + made_from


def _extend() -> None:
    """Register what `doc._`, `span._` and `token._` have to say.

    Raises:
        MajusculeError: one of the names is taken.
    """
    from spacy.tokens import Doc, Span, Token  # noqa: PLC0415 - who calls this has it

    wanted: list[tuple[Any, str, Callable[..., Any] | None]] = [
        (Doc, "flattened", None),
        (Doc, "offsets", None),
        (Span, "offsets", _offsets_of_span),
        (Span, "original", _original),
        (Token, "offsets", _offsets_of_token),
        (Token, "original", _original),
    ]
    for kind, name, getter in wanted:
        if not kind.has_extension(name):
            kind.set_extension(name, **({"getter": getter} if getter else {"default": None}))
        elif kind.get_extension(name) != (None, None, getter, None):
            place = f"{kind.__name__.lower()}._.{name}"
            raise MajusculeError(
                f"expected {place} to be free for majuscule, but something else has set it; take"
                f" it away with {kind.__name__}.remove_extension({name!r}), or rename the other"
            )


_ANNOTATIONS = {
    "TAG": "tags",
    "POS": "parts of speech",
    "MORPH": "morphology",
    "LEMMA": "lemmas",
    "DEP": "dependencies",
    "ENT_IOB": "entities",
    "SENT_START": "sentences",
}


def _check(doc: "Doc") -> None:
    """See that no annotation would be lost.

    Raises:
        MajusculeError: there is some.
    """
    # A token alone has a sentence, and nothing has everything.
    least = {"SENT_START": 2}
    found = [
        says
        for name, says in _ANNOTATIONS.items()
        if len(doc) >= least.get(name, 1) and doc.has_annotation(name)
    ]
    found += ["span groups"] * any(doc.spans.values())
    found += ["a tensor"] * bool(doc.tensor.size)
    found += ["attributes of tokens or spans"] * any(
        isinstance(key, tuple) and len(key) == 4 and key[0] == "._." and key[2] is not None
        for key in doc.user_data
    )
    if found:
        raise MajusculeError(
            f"expected a document as the tokenizer made it, got one with {', '.join(found)}, which"
            " new tokens would lose; put majuscule before what annotates:"
            f' nlp.add_pipe("{NAME}", first=True)'
        )


# Where characters come from --------------------------------------------------------------------

_BLANK = np.array([chr(code).isspace() for code in range(0x3002)])
"""By code point, the last entry for all that follow."""


def offsets(given: str, restored: str) -> "NDArray[np.int32]":
    """int32[n + 1]: where each character of a restored text comes from, and where all ends.

    Args:
        given: the text that was restored.
        restored: what came out: the same but for case, blanks, escapes undone in some lines
            and apostrophes put back.

    Returns:
        A character's first offset in `given`; of an apostrophe put back, where it would be.

    Raises:
        MajusculeError: something else came out.

    >>> offsets("it &apos;s so .", "It's so.").tolist()
    [0, 1, 3, 9, 10, 11, 12, 14, 15]
    """
    if given == restored:
        return np.arange(len(given) + 1, dtype=np.int32)
    before, after = _text.code_points(given), _text.code_points(restored)
    left, there = _full(before), _full(after)
    if not _same(before[left], after[there]):
        left = _by_lines(given, restored)
    starts = np.full(len(after) + 1, -1, dtype=np.int32)
    starts[there] = left
    starts[-1] = len(given)
    # What blanks are left are as many as there were, so they are counted back from what follows.
    known = np.append(there, len(after))
    place = np.arange(len(starts))
    follower = known[np.searchsorted(known, place)]
    return np.maximum.accumulate(starts[follower] - (follower - place)).astype(np.int32)


def _full(chars: "CodePoints") -> "NDArray[np.intp]":
    """Where something else is than a blank."""
    return np.flatnonzero(~_BLANK[np.minimum(chars, len(_BLANK) - 1)])


def _same(one: "CodePoints", other: "CodePoints") -> bool:
    """Whether characters differ in case at most."""
    if len(one) != len(other):
        return False
    apart = one != other
    return bool(_text.to_str(one[apart]).lower() == _text.to_str(other[apart]).lower())


def _by_lines(given: str, restored: str) -> "NDArray[np.intp]":
    """Where all characters of a restored text but its blanks come from."""
    found: list[int] = []
    begin = 0
    lines = given.split("\n"), restored.split("\n")
    if len(lines[0]) != len(lines[1]):
        raise _other(given, restored)
    for before, after in zip(*lines, strict=True):
        itself = [(i, i + 1) for i in range(len(before))]
        undone = text.origins(before).tolist()
        for chars, spans in ((before, itself), (text.unescape(before), undone)):
            places = _followed(chars, spans, after)
            if places is not None:
                break
        else:
            raise _other(before, after)
        found += [begin + place for place in places]
        begin += len(before) + 1
    return np.array(found, dtype=np.intp)


def _other(given: str, restored: str) -> MajusculeError:
    return MajusculeError(
        f"expected {given!r:.200} restored, got {restored!r:.200}; a tokenizer must keep all"
        " characters but blanks"
    )


def _followed(chars: str, spans: list[Any], wanted: str) -> list[int] | None:
    """Where the characters wanted come from, if they are those but for blanks and apostrophes."""
    source = [pair for pair in zip(chars, spans, strict=True) if not pair[0].isspace()]
    places = []
    i = end = 0
    for char in wanted:
        if char.isspace():
            continue
        if i < len(source) and source[i][0].lower() == char.lower():
            begin, end = source[i][1]
            places.append(begin)
            i += 1
        elif char == "'":
            places.append(end)
        else:
            return None
    return places if i == len(source) else None


def _declare() -> None:
    """Tell spaCy of the factory; it loads this module for that, by an entry point."""
    from spacy.language import Language  # noqa: PLC0415 - who loads this has it

    of_parts = product(("span", "token"), ("offsets", "original"))
    attributes = [*product(["doc"], ["flattened", "offsets"]), *of_parts]
    Language.factory(
        NAME,
        default_config=DEFAULTS,
        assigns=[f"{part}._.{name}" for part, name in attributes],
        retokenizes=True,
        func=component,
    )


_declare()
