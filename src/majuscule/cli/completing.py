"""``completion``: what lets a shell complete the command's options and files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import majuscule
from majuscule import corpus

if TYPE_CHECKING:
    import argparse

SCRIPTS = {"bash": "majuscule", "zsh": "_majuscule", "fish": "majuscule.fish"}
"""The name under which each shell looks for a script; see ``share/make.py``."""


def completion_options(command: argparse.ArgumentParser) -> None:
    """The options of ``completion``."""
    command.add_argument("shell", choices=list(SCRIPTS), metavar="SHELL", help=" or ".join(SCRIPTS))


def completion(chosen: argparse.Namespace) -> None:
    """Print what lets a shell complete commands, options and files."""
    script = folder() / SCRIPTS[chosen.shell]
    with corpus.writer(corpus.STANDARD) as write:
        write(script.read_text(encoding="utf-8"))


def folder() -> Path:
    """Where the scripts lie, inside the package."""
    return Path(majuscule.__file__).parent / "data" / "completion"
