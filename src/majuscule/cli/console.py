"""What the commands share: how they take files and options, and how they speak."""

from __future__ import annotations

import argparse
import errno
import re
import sys
from contextlib import suppress
from inspect import getdoc
from typing import TYPE_CHECKING

from majuscule import corpus

if TYPE_CHECKING:
    from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are one line."""

    def error(self, message: str) -> NoReturn:
        """Refuse a call in one line."""
        say(f"{message}; see {self.prog} --help")
        self.exit(2)


def add_files(command: argparse.ArgumentParser) -> None:
    """The options of commands that read files and write one."""
    command.add_argument(
        "files",
        nargs="*",
        metavar="FILE",
        default=[corpus.STANDARD],
        help="UTF-8 text; none or - is standard input",
    )
    command.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        default=corpus.STANDARD,
        help="write here, whole or not at all, instead of to standard output",
    )
    add_errors(command)


def add_errors(command: argparse.ArgumentParser) -> None:
    """The option for what is no text."""
    command.add_argument(
        "--errors",
        choices=corpus.ERRORS,
        default=corpus.ERRORS[0],
        help="what to do about bytes that are not UTF-8: stop, or put U+FFFD there"
        " (default: %(default)s)",
    )


def add_model(command: argparse.ArgumentParser) -> None:
    """The option that names a model."""
    command.add_argument(
        "--model",
        action="append",
        metavar="FILE",
        help="model to use (default: the English one in the package), or an adapter to lay on it;"
        " may be given again",
    )


def named_models(chosen: argparse.Namespace) -> list[str]:
    """The files that `add_model`'s option names."""
    return chosen.model or []


def meanings(documented: type) -> dict[str, str]:
    """What a class's docstring says of each of its attributes."""
    rows = re.findall(r"^ +(\w+(?:, \w+)*): (.+)$", getdoc(documented) or "", re.MULTILINE)
    return {
        name: meaning.rstrip(".").replace("%", "%%")
        for names, meaning in rows
        for name in names.split(", ")
    }


def look_at_files(chosen: argparse.Namespace, *others: str) -> None:
    """Find what is wrong with the files named before anything is written."""
    corpus.check(chosen.files)
    if clash := corpus.clash([*chosen.files, *others], chosen.output):
        chosen.refuse(
            f"expected the output to be another file than the input, got {clash} for both;"
            " choose another with -o"
        )


_EXPLAINED = {
    errno.ENOENT: "expected a file, found none; check its name and folder",
    errno.EISDIR: "expected a file, got a directory; name the files in it",
    errno.EACCES: "expected a file that may be used; look at its permissions",
    errno.EPERM: "expected a file that may be used; look at its permissions",
    errno.ENOSPC: "expected room on the disk, found none; make some or write elsewhere",
    errno.EDQUOT: "expected room on the disk, found none; make some or write elsewhere",
}


def explained(error: OSError) -> str:
    """What went wrong with which file, and what to do."""
    what = _EXPLAINED.get(error.errno or 0) or error.strerror or str(error)
    return f"{error.filename or 'a file'}: {what}"


def say(message: str) -> None:
    """Write one line to standard error."""
    # Where standard error is closed (None) or full, nobody can be told.
    with suppress(OSError, AttributeError):
        sys.stderr.write(f"majuscule: {printable(message)}\n")
        sys.stderr.flush()


def printable(text: str) -> str:
    """One line, harmless to a terminal, whatever a file's name or a model's header holds."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
