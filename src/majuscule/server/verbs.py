"""What can be asked for: from a request's body to an answer's, by calls of the library.

Each verb is plain and slow code in a thread; what it raises is the library's own.
"""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING, Any

from majuscule.choices import Choice
from majuscule.labels import Gap
from majuscule.server.refusals import Refusal
from majuscule.server.shapes import (
    DetectRequest,
    ExplainRequest,
    FlattenRequest,
    RestoreRequest,
)
from majuscule.server.work import checked, pieces, restored
from majuscule.text import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeAlias

    from majuscule.explanation import Decision, Restoration
    from majuscule.server.restorers import Restorers
    from majuscule.server.shapes import Batch, Shape
    from majuscule.server.work import Deadline

    Answer: TypeAlias = dict[str, Any]

LINES = 256
"""Lines of a stream that are answered together."""


EXPLAINED = 1 << 18
"""Characters that are explained at once; an explanation is a hundred times as large."""


class Verbs:
    """The verbs of one server.

    Args:
        restorers: what restores.
    """

    def __init__(self, restorers: Restorers) -> None:
        self._restorers = restorers
        self.by_name: dict[str, tuple[type[Batch], Callable[[Any, Deadline], Answer]]] = {
            "restore": (RestoreRequest, self.restore),
            "flatten": (FlattenRequest, self.flatten),
            "explain": (ExplainRequest, self.explain),
            "detect": (DetectRequest, self.detect),
        }

    def restore(self, asked: RestoreRequest, deadline: Deadline) -> Answer:
        """Restore one text or many."""
        return in_shape(asked, list(restored(asked.given, self._restorers.of(asked), deadline)))

    def flatten(self, asked: FlattenRequest, deadline: Deadline) -> Answer:
        """Flatten one text or many."""
        convention = asked.convention
        flat = [flatten(given, convention) for given in checked(asked.given, deadline)]
        return in_shape(asked, flat)

    def explain(self, asked: ExplainRequest, deadline: Deadline) -> Answer:
        """Restore one text or many, and tell what was decided.

        Raises:
            Refusal: they are too long.
        """
        size = sum(map(len, asked.given))
        if size > EXPLAINED:
            raise Refusal(
                413,
                "too_large",
                f"expected at most {EXPLAINED:,} characters to explain at once, got {size:,};"
                " ask for one text in lines, with the header Accept: application/x-ndjson",
            )
        restorer = self._restorers.of(asked)
        results = [
            explanation(restorer.explain(given, chosen(asked), below=asked.below))
            for given in checked(asked.given, deadline)
        ]
        return results[0] if asked.text is not None else {"results": results}

    def explain_in_pieces(self, asked: ExplainRequest, deadline: Deadline) -> Iterator[Answer]:
        """The explanation of one text, piece by piece as it is read."""
        restorer = self._restorers.of(asked)
        text = asked.text or ""
        line_ends = [0, *(match.end() for match in re.finditer("\n", text))]
        lines = output_at = 0
        given = checked(pieces(text), deadline)
        for restoration in restorer.stream_explained(given, chosen(asked), below=asked.below):
            yield {
                **explanation(restoration),
                "input_at": line_ends[lines],
                "output_at": output_at,
            }
            lines += restoration.text.count("\n")
            output_at += len(restoration.text)

    def detect(self, asked: DetectRequest, deadline: Deadline) -> Answer:
        """Tell what one text is, or each of many."""
        restorer = self._restorers.of(
            RestoreRequest(text="", document=asked.document, adapter=None)
        )
        results: list[Answer] = []
        for given in asked.given:
            found = restorer.detect(checked(pieces(given), deadline), lines=asked.lines)
            results.append({"findings": [finding.facts for finding in found]})
        return results[0] if asked.text is not None else {"results": results}

    def answers(self, verb: str, asked: Sequence[Shape], deadline: Deadline) -> Iterator[Answer]:
        """Answers to several requests, in order; texts restored alike go together."""
        if verb != "restore":
            answer = self.by_name[verb][1]
            yield from (answer(one, deadline) for one in asked)
            return
        for _, group in groupby(asked, lambda one: one.model_dump(exclude={"text", "texts"})):
            same = [one for one in group if isinstance(one, RestoreRequest)]
            texts = [given for one in same for given in one.given]
            done = iter(list(restored(texts, self._restorers.of(same[0]), deadline)))
            for one in same:
                yield in_shape(one, [next(done) for _ in one.given])


def chosen(asked: ExplainRequest) -> list[Choice]:
    """A request's choices as the library takes them."""
    gaps = {None: None, "space": Gap.SPACE, "join": Gap.JOIN}
    return [Choice(one.at, one.written, gaps[one.gap]) for one in asked.choices]


def explanation(restoration: Restoration) -> Answer:
    """A restoration as JSON."""
    told = list(map(_decision, restoration.decisions))
    return {"text": restoration.text, "decisions": told}


def _decision(decision: Decision) -> Answer:
    return {
        "written": decision.written,
        "output": decision.output,
        "input": decision.input,
        **decision.facts,
    }


def in_shape(asked: Batch, texts: list[str]) -> Answer:
    """Texts as an answer to one or to many."""
    return {"text": texts[0]} if asked.text is not None else {"texts": texts}
