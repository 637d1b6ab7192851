"""``adapt``: what sets a house's writing apart, from a sample of it."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from majuscule import corpus, model
from majuscule.cli.console import add_model, named_models, say
from majuscule.cli.models import (
    about_of,
    add_learning,
    habit_of,
    look_at,
    settings_of,
)
from majuscule.cli.progress import Progress
from majuscule.errors import MajusculeError

if TYPE_CHECKING:
    import argparse

    from majuscule.adapter import Adapter

SHOWN = 20
"""Habits shown; the file has more."""


def adapt_options(command: argparse.ArgumentParser) -> None:
    """The options of ``adapt``."""
    from majuscule.adaptation import (  # noqa: PLC0415 - the other commands start faster
        AdaptSettings,
        adapt,
    )

    command.add_argument(
        "samples",
        nargs="+",
        metavar="SAMPLE",
        help="natural text of the house, UTF-8, .xz or plain: a paragraph a line, a blank line"
        " between documents",
    )
    command.add_argument(
        "-o", "--output", metavar="ADAPTER", required=True, help="where to write the adapter"
    )
    add_model(command)
    command.add_argument(
        "--style",
        metavar="NAME",
        help="the model's style to begin with, or none (default: whichever fits the sample best)",
    )
    add_learning(command, "adapter", "sample", "SAMPLE", adapt, AdaptSettings)


def adapt(chosen: argparse.Namespace) -> None:
    """Learn a house's writing from a sample of it, as a small file to lay on the model."""
    from majuscule.adaptation import AdaptSettings, adapt  # noqa: PLC0415 - as above
    from majuscule.training import Source  # noqa: PLC0415 - as above

    look_at(chosen, chosen.samples)
    if clash := corpus.clash([*chosen.samples, *named_models(chosen)], chosen.output):
        chosen.refuse(
            f"expected the adapter to be another file than the input, got {clash} for both;"
            " choose another with -o"
        )
    base = model.load(chosen.model)
    try:
        base.style(chosen.style)
        settings = settings_of(chosen, AdaptSettings)
    except MajusculeError as error:
        chosen.refuse(str(error))
    sources = [
        Source(Path(path), spacing=not (chosen.tokenised or corpus.tokenised(path)))
        for path in chosen.samples
    ]
    with corpus.whole(chosen.output) as path, closing(Progress()) as progress:
        learned = adapt(
            sources,
            base,
            settings,
            style=chosen.style,
            name=chosen.name,
            about=about_of(chosen),
            progress=progress,
        )
        with corpus.naming(chosen.output):
            learned.save(path)
            size = path.stat().st_size
        progress.close()
        _tell(learned)
    say(f"{chosen.output}: {size / 1000:,.0f} kB; use it with --model {chosen.output}")


def _tell(learned: Adapter) -> None:
    """Say what was learned, and what it is worth."""
    held_out: dict[str, Any] | None = learned.about["held_out"]
    say(f"nearest style: {learned.style or 'none in particular'}")
    if held_out is None:
        say("too little text to hold some of it out: what this is worth cannot be said")
    else:
        before, after = held_out["wrong_before"], held_out["wrong_after"]
        say(
            f"on text held out, {held_out['words']:,} words: {before:,} wrong before,"
            f" {after:,} after; word F1 {_shown(held_out['word_f1_before'])} before,"
            f" {_shown(held_out['word_f1_after'])} after"
        )
        if after >= before:
            say("that is no better than the model is without it; more text of the house may help")
    for habit in learned.about["habits"][:SHOWN]:
        say(f"{habit['word']}: {habit_of(habit)}")


def _shown(figure: float | None) -> str:
    return "unknown" if figure is None else f"{figure:.2f}"
