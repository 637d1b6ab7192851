"""Searches for inputs that break a promise: ``make fuzz``; see README.md beside this."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["majuscule", "promise", "reference", "checks"]):
    from checks import check_input

if __name__ == "__main__":
    # Merging, the fuzzer calls itself again, by its first word.
    atheris.Setup([f"{sys.executable} {sys.argv[0]}", *sys.argv[1:]], check_input)
    atheris.Fuzz()
