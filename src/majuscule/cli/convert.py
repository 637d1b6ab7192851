"""``restore`` and ``flatten``: text in, text out, and subtitles in, subtitles out."""

from __future__ import annotations

import sys
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from majuscule import corpus, model, text
from majuscule.cli import console
from majuscule.errors import DataError, MajusculeError
from majuscule.restorer import EDITS, EFFORTS, MORE_EDITS, Restorer
from majuscule.text import Document

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator


def restore_options(command: argparse.ArgumentParser) -> None:
    """The options of ``restore``."""
    console.add_files(command)
    _add_format(command)
    add_restorer(command)
    add_edits(command)


def _add_format(command: argparse.ArgumentParser) -> None:
    """The option that says what the files hold."""
    command.add_argument(
        "--format",
        choices=["text", *SUBTITLES],
        help="what is read: plain text or subtitles (default: by the file's name, .srt or .vtt;"
        " text of standard input)",
    )


SUBTITLES = ("srt", "vtt")


def add_edits(command: argparse.ArgumentParser) -> None:
    """The options that say what a restorer may change, and when."""
    command.add_argument(
        "--edits",
        type=lambda written: written.split(","),
        default=list(EDITS),
        metavar="EDIT,…",
        help=f"what may be changed: {', '.join((*EDITS, *MORE_EDITS))} (default:"
        f" {','.join(EDITS)})",
    )
    command.add_argument(
        "--lexicon",
        metavar="FILE",
        help="written forms that win over the model: words or rows of words, one a line",
    )
    command.add_argument(
        "--min-confidence",
        type=float,
        default=0.0,
        metavar="P",
        help="leave as it stands what is less probable than P, from 0 to 1 (default: 0)",
    )
    command.add_argument(
        "--recase", action="store_true", help="decide case afresh, whatever case the text has"
    )
    command.add_argument(
        "--respace",
        action="store_true",
        help="decide spacing afresh, also where blanks seem to be as people put them",
    )


def restore(chosen: argparse.Namespace) -> None:
    """Give flattened text its capitals and its spaces back."""
    console.look_at_files(chosen, *other_files(chosen))
    kind = _kind(chosen)
    if kind is None and chosen.format is None:
        _refuse_other_kinds(chosen)
    wanted = restorer(chosen, document(chosen), **edits(chosen))
    if kind is None:
        _convert(chosen, wanted.stream)
        return
    from majuscule import subtitles  # noqa: PLC0415 - plain text is at once

    _convert_whole(chosen, lambda given: subtitles.restore(given, wanted, kind), subtitles.LONGEST)


def _refuse_other_kinds(chosen: argparse.Namespace) -> None:
    """Refuse the call if a name says that a file is no plain text."""
    for name in chosen.files:
        if Path(name).suffix not in {"", ".txt"}:
            from majuscule import formats  # noqa: PLC0415 - plain text is at once

            if formats.is_known(name):
                chosen.refuse(
                    f"expected plain text, got {name}, which is of another kind by its name;"
                    " restore it with majuscule corpus, or give it by standard input if it is"
                    " plain text"
                )


def other_files(chosen: argparse.Namespace) -> list[str]:
    """The files that a restorer's options name; the call is refused if one is no file."""
    others = [*console.named_models(chosen), *([chosen.lexicon] if chosen.lexicon else [])]
    if corpus.STANDARD in others:
        chosen.refuse("expected --model and --lexicon to name files, got - for standard input")
    return others


def edits(chosen: argparse.Namespace) -> dict[str, Any]:
    """What `add_edits`' options say, as `Restorer` takes it."""
    return {
        "edits": chosen.edits,
        "lexicon": _entries(chosen.lexicon) if chosen.lexicon else [],
        "min_confidence": chosen.min_confidence,
        "recase": chosen.recase,
        "respace": chosen.respace,
    }


def _entries(name: str) -> list[str]:
    """A lexicon's entries; blank lines and what begins with # are the user's own."""
    corpus.check([name])
    lines = "".join(corpus.read(name)).splitlines()
    return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def add_restorer(command: argparse.ArgumentParser) -> None:
    """The options that say which restorer is wanted."""
    console.add_model(command)
    command.add_argument(
        "--effort",
        choices=EFFORTS,
        default=_default("effort"),
        help="best looks again at what is doubtful, and is slower (default: %(default)s)",
    )
    command.add_argument("--style", metavar="NAME", help="write in this house style (see info)")
    add_document(command)


def add_document(command: argparse.ArgumentParser) -> None:
    """The option that says what a document is."""
    command.add_argument(
        "--document",
        choices=[document.name.lower() for document in Document],
        help="what one document is: a line, a block of lines up to a blank one, or the whole"
        f" file (default: {_default('document')}; line if it is typed in)",
    )


def _default(name: str) -> str:
    """What `Restorer` takes if it is not told."""
    default: str = signature(Restorer).parameters[name].default
    return default


def document(chosen: argparse.Namespace) -> str:
    """What one document is; who types a line wants it answered before the next."""
    read = getattr(chosen, "files", None)  # evaluate names its files otherwise
    typed = read == [corpus.STANDARD] and sys.stdin is not None and sys.stdin.isatty()
    return chosen.document or ("line" if typed else _default("document"))


def restorer(
    chosen: argparse.Namespace,
    document: str,
    **others: Any,  # noqa: ANN401 - Restorer's
) -> Restorer:
    """The restorer that the options ask for; the call is refused if there is none."""
    known = model.load(chosen.model)
    options = {"style": chosen.style, "document": document, **others}
    try:
        made = Restorer(known, **options)
    except MajusculeError as error:  # the model is good: it is the options that are not
        chosen.refuse(str(error))
        raise  # refusing has ended the command
    if chosen.effort == made.options["effort"]:
        return made
    # The options are good, too: what is wrong now is wrong with the second stage.
    return Restorer(known, effort=chosen.effort, **options)


def flatten_options(command: argparse.ArgumentParser) -> None:
    """The options of ``flatten``."""
    console.add_files(command)
    _add_format(command)
    add_convention(
        command,
        "whose tokens to write: the Penn Treebank's with every character as it was (plain)"
        " or its own (ptb), Moses' with its escapes or without (moses-plain), those of spaCy,"
        " Universal Dependencies (ud) or uncased BERT",
    )


def add_convention(command: argparse.ArgumentParser, says: str) -> None:
    """The option that names a convention; the default is the library's."""
    default = signature(text.flatten).parameters["convention"].default
    names = {convention: name for name, convention in text.CONVENTIONS.items()}
    command.add_argument(
        "--convention",
        choices=list(text.CONVENTIONS),
        default=names[default],
        metavar="NAME",
        help=f"{says}: %(choices)s (default: %(default)s)",
    )


def flatten(chosen: argparse.Namespace) -> None:
    """Take capitals and spacing away: the inverse of restore."""
    console.look_at_files(chosen)
    kind = _kind(chosen)
    if kind is None:
        convention = chosen.convention
        _convert(chosen, lambda pieces: (text.flatten(piece, convention) for piece in pieces))
        return
    from majuscule import subtitles  # noqa: PLC0415 - plain text is at once

    _convert_whole(
        chosen, lambda given: subtitles.flatten(given, kind, chosen.convention), subtitles.LONGEST
    )


def _kind(chosen: argparse.Namespace) -> str | None:
    """The kind of subtitles that is read; None for plain text."""
    kinds = [Path(name).suffix.lower()[1:] for name in chosen.files]
    kind: str | None = chosen.format or next((kind for kind in kinds if kind in SUBTITLES), None)
    if kind not in SUBTITLES:
        return None
    if len(chosen.files) > 1:
        chosen.refuse(
            f"expected one file of subtitles, got {len(chosen.files)} files; they would come out"
            " as one, so call majuscule once for each"
        )
    return kind


def _convert_whole(chosen: argparse.Namespace, convert: Callable[[str], str], longest: int) -> None:
    """Convert one file that is held as a whole."""
    (name,) = chosen.files
    given: list[str] = []
    size = 0
    for piece in corpus.read(name, chosen.errors):
        given.append(piece)
        size += len(piece)
        if size > longest:  # it will be refused
            break
    try:
        converted = convert("".join(given))
    except DataError as error:
        shown = "standard input" if name == corpus.STANDARD else name
        raise DataError(f"{shown}: {error}") from None
    with corpus.writer(chosen.output) as write:
        write(converted)


def _convert(chosen: argparse.Namespace, convert: Callable[[Iterator[str]], Iterator[str]]) -> None:
    files = (convert(corpus.read(name, chosen.errors)) for name in chosen.files)
    with corpus.writer(chosen.output) as write:
        for piece in corpus.joined(files):
            write(piece)
