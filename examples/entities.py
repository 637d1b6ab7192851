"""Show which entities spaCy finds in flattened text, without majuscule and with it.

``python examples/entities.py``, or with the name of another pipeline after it.
"""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(pipeline: str = "en_core_web_sm") -> int:
    """Print the entities of an article by where they stand in its flattened text."""
    try:
        import spacy  # noqa: PLC0415 - who has none is told how to get it
    except ImportError:
        sys.stderr.write(
            "entities.py: expected spaCy, found none; pip install 'majuscule[spacy]'\n"
        )
        return 2
    try:
        nlp = spacy.load(pipeline)
    except OSError:
        sys.stderr.write(
            f"entities.py: expected spaCy's pipeline {pipeline}, found none; get the small English"
            " one with python -m spacy download en_core_web_sm, or name one that you have:"
            " python examples/entities.py NAME\n"
        )
        return 2
    flattened = (HERE / "article.flat.txt").read_text(encoding="utf-8")
    without = {(e.start_char, e.end_char): (e.text, e.label_) for e in nlp(flattened).ents}
    nlp.add_pipe("majuscule", first=True)
    doc = nlp(flattened)
    after = {e._.offsets: (e.text, e.label_) for e in doc.ents}

    print(doc.text.split("\n")[0], end="\n\n")
    print(f"{'offsets':>11}  {'flattened':<42}restored")
    for place in sorted({*without, *after}):
        before, now = (" ".join(some.get(place, ("-",))[::-1]) for some in (without, after))
        print(f"{place[0]:>5}-{place[1]:<5}  {before:<42}{now}".rstrip())
    print(f"\n{len(without)} entities without majuscule, {len(after)} with it.")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
