"""``info`` and ``train``: what a model is, and how one comes to be."""

from __future__ import annotations

import json
import re
from contextlib import closing, suppress
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

import majuscule
from majuscule import corpus, model, rescorer
from majuscule.cli.console import add_model, meanings, printable
from majuscule.cli.progress import Progress
from majuscule.errors import MajusculeError, ModelError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence

    from majuscule.adaptation import AdaptSettings
    from majuscule.training import Settings, Source

Chosen = TypeVar("Chosen", "Settings", "AdaptSettings")


def info_options(command: argparse.ArgumentParser) -> None:
    """The options of ``info``."""
    add_model(command)
    command.add_argument("--json", action="store_true", help="print a JSON object")


def info(chosen: argparse.Namespace) -> None:
    """Say what a model or an adapter is and what it was trained on."""
    paths = [Path(name) for name in chosen.model or [model.shipped()]]
    told = []
    for path in paths:
        facts = _facts(path)
        try:
            told.append(
                json.dumps(facts, indent=1) if chosen.json else "\n".join(_lines(_told(facts)))
            )
        except RecursionError:
            raise ModelError(
                f"{path}: expected a header that can be shown, got one too deep"
            ) from None
    many = chosen.json and len(told) > 1
    with corpus.writer(corpus.STANDARD) as write:
        write("[\n" + ",\n".join(told) + "\n]\n" if many else "\n\n".join(told) + "\n")


def _facts(path: Path) -> dict[str, Any]:
    """What is known about a file."""
    known = model.load_file(path)
    return {
        "name": None,
        "license": None,
        **known.about,
        "file": str(path),
        "bytes": path.stat().st_size,
        "hash": known.hash,
        "weighted": int(np.count_nonzero(known.table)),
        "forms": len(known.forms),
        **({"second_stage": _second_stage(path)} if isinstance(known, model.Model) else {}),
        "majuscule": majuscule.__version__,
    }


def _second_stage(path: Path) -> dict[str, Any] | None:
    """What is known about the second stage beside a model's file, if one is there."""
    beside = rescorer.beside(path)
    if not beside.exists():
        return None
    content = beside.read_bytes()
    return {"file": str(beside), "bytes": len(content), "hash": rescorer.hash_of(content)}


def _told(facts: dict[str, Any]) -> dict[str, Any]:
    """The facts as people are told them."""
    told = {**facts}
    if "second_stage" in facts:
        told["second_stage"] = facts["second_stage"] or "none"
    # An adapter's habits, as `adapt` tells them; a model has none, a header may hold anything.
    with suppress(KeyError, TypeError):
        told["habits"] = {str(habit["word"]): habit_of(habit) for habit in facts["habits"]}
    return told


def habit_of(habit: dict[str, Any]) -> str:
    """How the writing of a word changed: its form, how often before and after, of how many.

    >>> habit_of({"word": "lord", "form": "Lord", "before": 9, "after": 1, "of": 12})
    'Lord 9 -> 1 of 12'
    """
    return f"{habit['form']} {habit['before']} -> {habit['after']} of {habit['of']}"


def _lines(facts: dict[str, Any], indent: str = "") -> Iterator[str]:
    width = max(map(len, facts), default=0)
    for name, value in facts.items():
        start = f"{indent}{printable(name):<{width}}"
        if isinstance(value, dict) and len(indent) < 4:
            yield start.rstrip()
            yield from _lines(value, indent + "  ")
        elif isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            yield start.rstrip()
            for item in value:
                yield f"{indent}  " + "  ".join(printable(_shown(part)) for part in item.values())
        else:
            yield f"{start}  {printable(_shown(value))}"


def _shown(value: object) -> str:
    if value is None:
        return "not stated"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def train_options(command: argparse.ArgumentParser) -> None:
    """The options of ``train``."""
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
    add_learning(command, "model", "text", "CORPUS", train, Settings)


def add_learning(
    command: argparse.ArgumentParser,
    made: str,
    text: str,
    metavar: str,
    learn: Callable[..., object],
    settings: type[Settings | AdaptSettings],
) -> None:
    """The options of what learns something from text: how, and what to call it."""
    command.add_argument(
        "--tokenised",
        action="store_true",
        help=f"the {text} is tokenised and teaches case alone; a {metavar} with .tok. in its name"
        " is taken so without this",
    )
    command.add_argument(
        "--name",
        default=signature(learn).parameters["name"].default,
        help=f"the {made}'s name (default: %(default)s)",
    )
    command.add_argument("--license", metavar="TEXT", help=f"the {made}'s licence")
    explained = meanings(settings)
    for field in fields(settings):
        command.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            metavar="N" if isinstance(field.default, int) else "X",
            help=f"{explained.get(field.name, '')} (default: %(default)s)",
        )


def settings_of(chosen: argparse.Namespace, settings: type[Chosen]) -> Chosen:
    """The settings that `add_learning`'s options say.

    Raises:
        MajusculeError: one of them cannot be.
    """
    return settings(**{field.name: getattr(chosen, field.name) for field in fields(settings)})


def about_of(chosen: argparse.Namespace) -> dict[str, Any]:
    """What the header says beyond what was learned."""
    return {"license": chosen.license} if chosen.license else {}


def look_at(chosen: argparse.Namespace, paths: Sequence[str]) -> None:
    """See that text can be read as often as learning takes, and the output be written."""
    corpus.check(paths)
    for path in (*paths, chosen.output):
        if path == corpus.STANDARD or (Path(path).exists() and not Path(path).is_file()):
            chosen.refuse(f"expected a file that can be read again and again, got {path}")


def train(chosen: argparse.Namespace) -> None:
    """Train a model on natural text."""
    from majuscule.training import Settings, train  # noqa: PLC0415 - as above

    sources = [_source(written, chosen) for written in chosen.corpus]
    paths = [str(source.path) for source in sources]
    look_at(chosen, paths)
    if clash := corpus.clash(paths, chosen.output):
        chosen.refuse(
            f"expected the model to be another file than its corpus, got {clash} for both"
        )
    try:
        settings = settings_of(chosen, Settings)
    except MajusculeError as error:
        chosen.refuse(str(error))
    about = about_of(chosen)
    with corpus.whole(chosen.output) as path, closing(Progress()) as progress:
        trained = train(sources, settings, name=chosen.name, about=about, progress=progress)
        with corpus.naming(chosen.output):
            trained.save(path)


def _source(written: str, chosen: argparse.Namespace) -> Source:
    """``style=path`` or a path."""
    from majuscule.training import Source  # noqa: PLC0415 - as above

    style, mark, path = written.partition("=")
    if not mark or not re.fullmatch(r"[\w-]+", style):
        style, path = chosen.style, written
    tokenised = chosen.tokenised or corpus.tokenised(path)
    return Source(Path(path), style, spacing=not tokenised)
