"""Whether probabilities are what they say: of decisions made with 90 %, nine in ten right?

Started by run.py. The expected calibration error is the mean distance between what was
promised and what came true over bins of probability (C. Guo et al. 2017, "On calibration of
modern neural networks", section 2), here fifteen from one half to one. Asked are the cases
of words that are not lower-case for certain: all capitals, and what is left in lower case
with a probability of less than 99 %.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
from quality import all_sets
from signature import options, signature, write

import majuscule
from majuscule import text
from majuscule.corpus import tokenised
from majuscule.labels import Case
from majuscule.model import load

BINS = 15


def main() -> int:
    """Measure and write."""
    arguments = options().parse_args()
    model = load(arguments.model)
    restorer = majuscule.Restorer(model)
    rows: list[dict[str, Any]] = []
    promised_all, right_all = [], []
    for s in all_sets(arguments.shared, model):
        path = arguments.shared / s.file
        promised, right = decisions(restorer, path.read_text("utf-8"), tokens=tokenised(path.name))
        rows.append({"set": s.name, **judged(promised, right)})
        promised_all.append(promised)
        right_all.append(right)
        print(rows[-1], flush=True)
    rows.append({"set": "all", **judged(np.concatenate(promised_all), np.concatenate(right_all))})
    results = {"signature": signature(model, arguments.command), "rows": rows}
    write("calibration", results, arguments.results)
    return 0


def decisions(restorer: majuscule.Restorer, natural: str, *, tokens: bool) -> tuple[Any, Any]:
    """Probabilities of the cases that are not lower for certain, and which of these are right."""
    flat = text.lower(natural) if tokens else majuscule.flatten(natural)
    promised, right = [], []
    for mine, gold in zip(flat.split("\n"), natural.split("\n"), strict=True):
        wanted = text.read(gold)
        _, made = restorer.explain(mine)
        if len(made) != len(wanted):
            continue  # escapes of escapes, of which there is no way back
        for i, decision in enumerate(made):
            unsure = decision.case_probability < 0.99
            if decision.runner_up is not None and (decision.case != Case.LOWER or unsure):
                promised.append(decision.case_probability)
                right.append(decision.written == wanted.written(i))
    return np.array(promised), np.array(right)


def judged(promised: Any, right: Any) -> dict[str, Any]:  # noqa: ANN401 - arrays
    """The expected calibration error, and what it is made of."""
    place = np.minimum(((promised - 0.5) * 2 * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in range(BINS):
        own = place == number
        if own.any():
            error += abs(promised[own].mean() - right[own].mean()) * own.sum()
    return {
        "decisions": len(promised),
        "calibration_error": round(100 * float(error) / len(promised), 2),
        "promised": round(100 * float(promised.mean()), 2),
        "right": round(100 * float(right.mean()), 2),
    }


if __name__ == "__main__":
    sys.exit(main())
