"""Restore a flattened news article and show what came back right, and what did not."""

from __future__ import annotations

import sys
from difflib import SequenceMatcher
from pathlib import Path

import majuscule

HERE = Path(__file__).parent


def main() -> None:
    """Print the article restored, its differences from the original marked."""
    flattened = (HERE / "article.flat.txt").read_text(encoding="utf-8")
    natural = (HERE / "article.natural.txt").read_text(encoding="utf-8")
    restored = majuscule.restore(flattened)
    red, green, plain = ("\033[31m", "\033[32m", "\033[0m") if sys.stdout.isatty() else ("",) * 3
    print("flattened:", flattened.split("\n")[0], "restored:", sep="\n\n", end="\n\n")
    wrong = words = 0
    for was, now in zip(natural.split("\n"), restored.split("\n"), strict=True):
        before, after = was.split(" "), now.split(" ")
        out = []
        for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
            if tag == "equal":
                out.extend(after[c:d])
            else:
                gone, come = " ".join(before[a:b]), " ".join(after[c:d])
                out.append(f"{red}[{come}{plain}, was {green}{gone}]{plain}")
                wrong += max(b - a, d - c)
        words += len(before)
        print(" ".join(out))
    inverse = majuscule.flatten(natural) == flattened
    print(f"\n{words - wrong} of {words} words came back as they were written.")
    print(f"Flattening the original gives the flattened file byte for byte: {inverse}.")


if __name__ == "__main__":
    main()
