"""``restore`` and ``flatten``: text in, text out."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING

from majuscule import corpus, model, text
from majuscule.cli import console
from majuscule.errors import MajusculeError
from majuscule.restorer import EDITS, Restorer
from majuscule.text import Convention, Document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence


def restore_options(command: argparse.ArgumentParser) -> None:
    """The options of ``restore``."""
    console.add_files(command)
    add_restorer(command)
    command.add_argument(
        "--edits",
        type=lambda written: written.split(","),
        default=list(EDITS),
        metavar="EDIT,…",
        help=f"what may be changed: {', '.join(EDITS)} (default: both)",
    )


def restore(chosen: argparse.Namespace) -> None:
    """Give flattened text its capitals and its spaces back."""
    console.look_at_files(chosen, *([chosen.model] if chosen.model else []))
    _convert(chosen, restorer(chosen, edits=chosen.edits).stream)


def add_restorer(command: argparse.ArgumentParser) -> None:
    """The options that say which restorer is wanted."""
    console.add_model(command)
    command.add_argument("--style", metavar="NAME", help="write in this house style (see info)")
    command.add_argument(
        "--document",
        choices=[document.name.lower() for document in Document],
        default=signature(Restorer).parameters["document"].default,
        help="what one document is: a line, a block of lines up to a blank one, or the whole"
        " file (default: %(default)s)",
    )


def restorer(chosen: argparse.Namespace, edits: Sequence[str] = EDITS) -> Restorer:
    """The restorer that the options ask for; the call is refused if there is none."""
    known = model.load(chosen.model)
    try:
        return Restorer(known, style=chosen.style, document=chosen.document, edits=edits)
    except MajusculeError as error:  # the model is good: it is the options that are not
        chosen.refuse(str(error))
        raise  # refusing has ended the command


def flatten_options(command: argparse.ArgumentParser) -> None:
    """The options of ``flatten``."""
    console.add_files(command)
    command.add_argument(
        "--convention",
        choices=[convention.name.lower() for convention in Convention],
        default=Convention(signature(text.flatten).parameters["convention"].default).name.lower(),
        help="whose tokens to write: the Penn Treebank's with every character as it was"
        " (plain), Moses' or the Penn Treebank's own (default: %(default)s)",
    )


def flatten(chosen: argparse.Namespace) -> None:
    """Take capitals and spacing away: the inverse of restore."""
    console.look_at_files(chosen)
    _convert(chosen, lambda pieces: (text.flatten(piece, chosen.convention) for piece in pieces))


def _convert(chosen: argparse.Namespace, convert: Callable[[Iterator[str]], Iterator[str]]) -> None:
    files = (convert(corpus.read(name, chosen.errors)) for name in chosen.files)
    with corpus.writer(chosen.output) as write:
        for piece in corpus.joined(files):
            write(piece)
