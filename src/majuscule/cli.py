"""The command: options in, one call of the library, files out.

It exits with 0 when all went well (also when whoever read its output had enough), 1 when
the data is at fault, 2 when the call is, and 130 on Ctrl-C. Defaults are the library's.
"""

from __future__ import annotations

import argparse
import errno
import json
import os
import re
import signal
import sys
import time
from contextlib import closing, suppress
from dataclasses import fields
from importlib.util import find_spec
from inspect import getdoc, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import majuscule
from majuscule import corpus, model
from majuscule.errors import MajusculeError, ModelError
from majuscule.restorer import Restorer
from majuscule.text import Convention, Document, flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import NoReturn

    from majuscule.training import Source


def run() -> NoReturn:
    """The command as the system starts it."""
    # Being told to end leaves as little behind as Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))


def main(arguments: Sequence[str]) -> int:
    """Do what the arguments say.

    Returns:
        The exit status. User mistakes are one line on standard error.
    """
    try:
        return _main(arguments)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # a second one must not break off the ending
        return 130
    except BrokenPipeError:
        return 0
    except MemoryError as error:
        _say(f"expected enough memory, got too little: {error or 'a line may be too long'}")
    except OSError as error:
        _say(_explained(error))
    except MajusculeError as error:
        _say(str(error))
    return 1


def _main(arguments: Sequence[str]) -> int:
    parser = _parser(arguments)
    try:
        chosen, unknown = parser.parse_known_args(arguments)
        if chosen.command is None:
            parser.print_help(sys.stderr)
            return 2
        if unknown:
            chosen.refuse(f"expected options of {chosen.command}, got {' '.join(unknown)}")
        chosen.act(chosen)
    except SystemExit as end:  # argparse has shown help or a version, or refused
        try:
            if sys.stdout is not None:  # as it is where the caller closed it
                sys.stdout.flush()
        except OSError:  # the interpreter would try once more on its way out, and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise
        return int(end.code or 0)
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Refuse a call in one line."""
        _say(f"{message}; see {self.prog} --help")
        self.exit(2)


def _parser(arguments: Sequence[str]) -> _Parser:
    parser = _Parser(
        prog="majuscule",
        description=(majuscule.__doc__ or "").split("\n")[0],
        epilog="Example: echo 'it is in new york , he said .' | majuscule restore",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"majuscule {majuscule.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, add_options, act, example in (
        ("restore", _restore_options, _restore, "majuscule restore flat.txt -o natural.txt"),
        ("flatten", _flatten_options, _flatten, "majuscule flatten --convention moses a.txt"),
        ("info", _info_options, _info, "majuscule info --json"),
        ("train", _train_options, _train, "majuscule train news=a.txt.xz b.txt -o my.model"),
    ):
        says = (getdoc(act) or "").split("\n")[0]
        command = commands.add_parser(
            name, help=says, description=says, epilog=f"Example: {example}", allow_abbrev=False
        )
        command.set_defaults(act=act, refuse=command.error)
        if name in arguments:  # finding train's options and their defaults takes time
            add_options(command)
    return parser


def _restore_options(command: argparse.ArgumentParser) -> None:
    _add_files(command)
    _add_model(command)
    command.add_argument("--style", metavar="NAME", help="write in this house style (see info)")
    command.add_argument(
        "--document",
        choices=[document.name.lower() for document in Document],
        default=signature(Restorer).parameters["document"].default,
        help="what one document is: a line, a block of lines up to a blank one, or the whole"
        " file (default: %(default)s)",
    )


def _restore(chosen: argparse.Namespace) -> None:
    """Give flattened text its capitals and its spaces back."""
    _look_at_files(chosen, *([chosen.model] if chosen.model else []))
    known = model.load(chosen.model)
    try:
        restorer = Restorer(known, style=chosen.style, document=chosen.document)
    except MajusculeError as error:  # the model is good: it is the options that are not
        chosen.refuse(str(error))
    _convert(chosen, restorer.stream)


def _flatten_options(command: argparse.ArgumentParser) -> None:
    _add_files(command)
    command.add_argument(
        "--convention",
        choices=[convention.name.lower() for convention in Convention],
        default=Convention(signature(flatten).parameters["convention"].default).name.lower(),
        help="whose tokens to write: the Penn Treebank's with every character as it was"
        " (plain), Moses' or the Penn Treebank's own (default: %(default)s)",
    )


def _flatten(chosen: argparse.Namespace) -> None:
    """Take capitals and spacing away: the inverse of restore."""
    _look_at_files(chosen)
    _convert(chosen, lambda pieces: (flatten(piece, chosen.convention) for piece in pieces))


def _add_files(command: argparse.ArgumentParser) -> None:
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
    command.add_argument(
        "--errors",
        choices=corpus.ERRORS,
        default=corpus.ERRORS[0],
        help="what to do about bytes that are not UTF-8: stop, or put U+FFFD there"
        " (default: %(default)s)",
    )


def _add_model(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--model", metavar="FILE", help="model to use (default: the English one in the package)"
    )


def _look_at_files(chosen: argparse.Namespace, *others: str) -> None:
    """Find what is wrong with the files named before anything is written."""
    corpus.check(chosen.files)
    if clash := corpus.clash([*chosen.files, *others], chosen.output):
        chosen.refuse(
            f"expected the output to be another file than the input, got {clash} for both;"
            " choose another with -o"
        )


def _convert(chosen: argparse.Namespace, convert: Callable[[Iterator[str]], Iterator[str]]) -> None:
    files = (convert(corpus.read(name, chosen.errors)) for name in chosen.files)
    with corpus.writer(chosen.output) as write:
        for piece in corpus.joined(files):
            write(piece)


def _info_options(command: argparse.ArgumentParser) -> None:
    _add_model(command)
    command.add_argument("--json", action="store_true", help="print a JSON object")


def _info(chosen: argparse.Namespace) -> None:
    """Say what a model is and what it was trained on."""
    path = Path(chosen.model) if chosen.model else model.shipped()
    known = model.load(path)
    facts = {
        "name": None,
        "license": None,
        **known.about,
        "file": str(path),
        "bytes": path.stat().st_size,
        "hash": known.hash,
        "weighted": int(np.count_nonzero(known.table)),
        "forms": len(known.forms),
        "majuscule": majuscule.__version__,
    }
    try:
        told = json.dumps(facts, indent=1) if chosen.json else "\n".join(_lines(facts))
    except RecursionError:
        raise ModelError(f"{path}: expected a header that can be shown, got one too deep") from None
    with corpus.writer(corpus.STANDARD) as write:
        write(f"{told}\n")


def _lines(facts: dict[str, Any], indent: str = "") -> Iterator[str]:
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        start = f"{indent}{_printable(name):<{width}}"
        if isinstance(value, dict) and len(indent) < 4:
            yield start.rstrip()
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            yield start.rstrip()
            for item in value:
                yield f"{indent}  " + "  ".join(_printable(_shown(part)) for part in item.values())
        else:
            yield f"{start}  {_printable(_shown(value))}"


def _shown(value: object) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def _train_options(command: argparse.ArgumentParser) -> None:
    from majuscule.training import Settings, train  # noqa: PLC0415 - the other commands start faster

    command.add_argument(
        "corpus",
        nargs="+",
        metavar="CORPUS",
        help="natural text, UTF-8, .xz or plain: a paragraph a line, a blank line between"
        " documents; NAME=CORPUS tells the house style it is written in (./ before a path"
        " with = in it)",
    )
    command.add_argument(
        "-o", "--output", metavar="MODEL", required=True, help="where to write the model"
    )
    command.add_argument("--style", metavar="NAME", help="style of every CORPUS without its own")
    command.add_argument(
        "--tokenised",
        action="store_true",
        help="the text is tokenised and teaches case alone; a CORPUS with .tok. in its name is"
        " taken so without this",
    )
    command.add_argument(
        "--name",
        default=signature(train).parameters["name"].default,
        help="the model's name (default: %(default)s)",
    )
    command.add_argument("--license", metavar="TEXT", help="the model's licence")
    meanings = _meanings(Settings)
    for field in fields(Settings):
        command.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            metavar="N" if isinstance(field.default, int) else "X",
            help=f"{meanings.get(field.name, '')} (default: %(default)s)",
        )


def _meanings(documented: type) -> dict[str, str]:
    """What a class's docstring says of each of its attributes."""
    rows = re.findall(r"^ +(\w+(?:, \w+)*): (.+)$", getdoc(documented) or "", re.MULTILINE)
    return {
        name: meaning.rstrip(".").replace("%", "%%")
        for names, meaning in rows
        for name in names.split(", ")
    }


def _train(chosen: argparse.Namespace) -> None:
    """Train a model on natural text."""
    from majuscule.training import Settings, train  # noqa: PLC0415 - as above

    sources = [_source(written, chosen) for written in chosen.corpus]
    paths = [str(source.path) for source in sources]
    corpus.check(paths)
    for path in (*paths, chosen.output):
        if path == corpus.STANDARD or (Path(path).exists() and not Path(path).is_file()):
            chosen.refuse(f"expected a file that can be read again and again, got {path}")
    if clash := corpus.clash(paths, chosen.output):
        chosen.refuse(
            f"expected the model to be another file than its corpus, got {clash} for both"
        )
    try:
        settings = Settings(
            **{field.name: getattr(chosen, field.name) for field in fields(Settings)}
        )
    except MajusculeError as error:
        chosen.refuse(str(error))
    about = {"license": chosen.license} if chosen.license else {}
    with corpus.whole(chosen.output) as path, closing(TrainingProgress()) as progress:
        trained = train(sources, settings, name=chosen.name, about=about, progress=progress)
        with corpus.naming(chosen.output):
            trained.save(path)


def _source(written: str, chosen: argparse.Namespace) -> Source:
    """``style=path`` or a path."""
    from majuscule.training import Source  # noqa: PLC0415 - as above

    style, mark, path = written.partition("=")
    if not mark or not re.fullmatch(r"[\w-]+", style):
        style, path = chosen.style, written
    tokenised = chosen.tokenised or ".tok." in Path(path).name
    return Source(Path(path), style, spacing=not tokenised)


class TrainingProgress:
    """How far training is, on standard error: a bar on a terminal, else a line now and then.

    The bar takes ``tqdm`` (``pip install majuscule[train]``).
    """

    SECONDS = 10
    """Between two lines."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._fancy = bool(sys.stderr and sys.stderr.isatty() and find_spec("tqdm"))

    def begin(self, name: str, characters: int | None) -> None:
        """A pass of about so many characters begins."""
        self.close()
        if self._fancy:
            from tqdm import tqdm  # noqa: PLC0415 - an extra, and wanted only here

            self._bar = tqdm(total=characters, desc=name, unit="char", unit_scale=True)
        else:
            self._name, self._total, self._done = name, characters, 0
            self._begun = self._said = time.monotonic()
            _say(name)

    def advance(self, characters: int) -> None:
        """So many more are done."""
        if self._bar is not None:
            self._bar.update(characters)
            return
        self._done += characters
        now = time.monotonic()
        if now - self._said >= self.SECONDS:
            self._said = now
            if self._total:
                left = (now - self._begun) * (self._total / self._done - 1)
                _say(f"{self._name}: {self._done / self._total:.0%}, {left / 60:.0f} min left")
            else:
                _say(f"{self._name}: {self._done / 1e6:,.0f} million characters")

    def close(self) -> None:
        """Leave the terminal's line."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


_EXPLAINED = {
    errno.ENOENT: "expected a file, found none; check its name and folder",
    errno.EISDIR: "expected a file, got a directory; name the files in it",
    errno.EACCES: "expected a file that may be used; look at its permissions",
    errno.EPERM: "expected a file that may be used; look at its permissions",
    errno.ENOSPC: "expected room on the disk, found none; make some or write elsewhere",
    errno.EDQUOT: "expected room on the disk, found none; make some or write elsewhere",
}


def _explained(error: OSError) -> str:
    what = _EXPLAINED.get(error.errno or 0) or error.strerror or str(error)
    return f"{error.filename or 'a file'}: {what}"


def _say(message: str) -> None:
    # Where standard error is closed (None) or full, nobody can be told.
    with suppress(OSError, AttributeError):
        sys.stderr.write(f"majuscule: {_printable(message)}\n")
        sys.stderr.flush()


def _printable(text: str) -> str:
    """One line, harmless to a terminal, whatever a file's name or a model's header holds."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )
