"""Write ``src/majuscule/data/unicode.safetensors``: what majuscule knows of Unicode.

Every Python carries another version of Unicode, and a restorer that asked
Python would answer differently on each. The table is therefore frozen at
Unicode 13.0, which is Python 3.10's, the oldest supported. Run with it::

    python3.10 models/unicode/table.py

Two tensors, a two-stage table as in the Unicode Standard, section 5.1:

* ``page``: uint8[4352], code point >> 8 to page number;
* ``info``: int32[pages * 256], ``(partner - code point) << 3 | class``.

Classes: 0 other, 1 space, 2 letter without a usable case, 3 lower-case letter,
4 upper-case letter, 5 mark, 6 digit. Only letters that come back to themselves
through the other case, one code point for one, are of class 3 or 4 and have a
partner: ``ß``, ``İ``, ``ŉ``, ``ſ``, the Kelvin sign and the like are class 2.
"""

from __future__ import annotations

import sys
import unicodedata
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

OTHER, SPACE, LETTER, LOWER, UPPER, MARK, DIGIT = range(7)


def info_of(code_point: int) -> int:
    """One code point's entry: partner's distance and class."""
    char = chr(code_point)
    if char.isspace():
        return SPACE
    category = unicodedata.category(char)
    if category[0] == "M":
        return MARK
    if category == "Nd":
        return DIGIT
    if category[0] != "L":
        return OTHER
    lower, upper = char.lower(), char.upper()
    if lower != char and len(lower) == 1 and lower.upper() == char:
        return (ord(lower) - code_point) << 3 | UPPER
    if upper != char and len(upper) == 1 and upper.lower() == char:
        return (ord(upper) - code_point) << 3 | LOWER
    return LETTER


def tables() -> dict[str, np.ndarray]:
    """Both stages, equal pages stored once."""
    pages: dict[bytes, int] = {}
    page = np.zeros(0x1100, dtype=np.uint8)
    for number in range(0x1100):
        row = np.array([info_of(number << 8 | low) for low in range(256)], dtype=np.int32)
        page[number] = pages.setdefault(row.tobytes(), len(pages))
    info = np.frombuffer(b"".join(pages), dtype=np.int32)
    return {"page": page, "info": info}


def main() -> None:
    """Build and save."""
    if unicodedata.unidata_version != "13.0.0":
        sys.exit(
            f"expected Unicode 13.0.0 (Python 3.10), this Python has {unicodedata.unidata_version}"
        )
    target = Path(__file__).parents[2] / "src" / "majuscule" / "data" / "unicode.safetensors"
    save_file(tables(), target, metadata={"unicode": unicodedata.unidata_version})
    print(f"{target}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
