"""What the commands share: how they take files and options, and how they speak."""

from __future__ import annotations

import argparse
import errno
import os
import re
import sys
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from majuscule import corpus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from _typeshed import SupportsWrite


class Parser(argparse.ArgumentParser):
    """A parser whose refusals are one line."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - argparse's
        super().__init__(**options)
        self.commands: dict[str, Parser] = {}

    def error(self, message: str) -> NoReturn:
        """Refuse a call in one line."""
        say(f"{message}; see {self.prog} --help")
        self.exit(2)

    def look_at(self, arguments: Iterable[str]) -> None:
        """Refuse options that it does not have.

        argparse would first ask for what is only missing because it is misspelt.
        """
        for argument in arguments:
            name = argument.partition("=")[0]
            if name == "--":
                return
            if name.startswith("--") and " " not in name and name not in self._options():
                self.refuse_argument(argument)

    def refuse_argument(self, argument: str) -> NoReturn:
        """Refuse an argument that it does not take, and say what may be meant."""
        if not argument.startswith("-"):
            self.error(f"expected nothing more, got {argument}")
        if os.path.exists(argument):  # noqa: PTH110 - Path does not take names of any length
            hint = f" (the file is written ./{argument})"
        else:
            hint = nearest(argument.partition("=")[0], self._options())
        self.error(f"expected options of {self.prog.split()[-1]}, got {argument}{hint}")

    def _options(self) -> list[str]:
        return list(self._option_string_actions)

    def _print_message(self, message: str, file: SupportsWrite[str] | None = None) -> None:
        """Print help or a version; argparse would not say that it cannot be written."""
        asked_for = file is sys.stdout
        if not asked_for:
            tell(message)
            return
        with corpus.naming("standard output"):
            if sys.stdout is None:  # as it is where the caller closed it
                raise OSError(errno.EBADF, os.strerror(errno.EBADF))
            try:
                sys.stdout.write(message)
                sys.stdout.flush()
            except OSError:
                _abandon(1)
                raise


def nearest(written: str, known: Iterable[str]) -> str:
    """A question whether the likeliest of what is known is meant, if any is likely.

    >>> nearest("resotre", ["restore", "flatten"]), nearest("x", ["restore", "flatten"])
    (' (did you mean restore?)', '')
    """
    from difflib import get_close_matches  # noqa: PLC0415 - most calls are right

    bare = {name.strip("-"): name for name in known}
    found = get_close_matches(written.strip("-"), bare, 1)
    return f" (did you mean {bare[found[0]]}?)" if found else ""


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


COLORS = ("auto", "always", "never")


def add_color(command: argparse.ArgumentParser, says: str) -> None:
    """The option that says whether output has colours."""
    command.add_argument(
        "--color",
        choices=COLORS,
        default=COLORS[0],
        help=f"{says}: on a terminal if NO_COLOR is not set, always, or never (default:"
        " %(default)s)",
    )


def colorful(choice: str) -> bool:
    """What that option says here and now; see no-color.org."""
    if choice != COLORS[0]:
        return choice == "always"
    terminal = sys.stdout is not None and sys.stdout.isatty()
    return terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


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
    errno.EBADF: "expected it to be open, found it closed",
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
    tell(f"majuscule: {printable(message)}\n")


def tell(text: str) -> None:
    """Write to standard error; where it is closed (None) or full, nobody can be told."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _abandon(2)


def _abandon(stream: int) -> None:
    """Give up a stream; the interpreter would try once more on its way out, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream)


def printable(text: str) -> str:
    """One line, harmless to a terminal, whatever a file's name or a model's header holds."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
