"""The command: options in, one call of the library, files out.

It exits with 0 when all went well (also when whoever read its output had enough), 1 when
the data is at fault, 2 when the call is, and 130 on Ctrl-C. Defaults are the library's.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from inspect import getdoc
from typing import TYPE_CHECKING

import majuscule
from majuscule.cli import console
from majuscule.errors import MajusculeError

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from typing import NoReturn

COMMANDS = {
    "restore": ("convert", "majuscule restore flat.txt -o natural.txt"),
    "corpus": ("corpora", "majuscule corpus folder -o restored --column text"),
    "explain": ("explaining", "majuscule explain flat.txt"),
    "detect": ("detecting", "majuscule detect in.txt"),
    "flatten": ("convert", "majuscule flatten --convention moses a.txt"),
    "evaluate": ("scoring", "majuscule evaluate natural.txt restored.txt"),
    "compare": ("comparing", "majuscule compare old.txt new.txt"),
    "adapt": ("adapting", "majuscule adapt sample.txt -o house.safetensors"),
    "info": ("models", "majuscule info --json"),
    "train": ("models", "majuscule train news=a.txt.xz b.txt -o my.model"),
    "serve": ("serving", "majuscule serve"),
    "completion": ("completing", "majuscule completion fish | source"),
}
"""Which module has each command, in functions of its name, and an example."""

FAULT: dict[str, int] = {"compare": 2}
"""The status for faulty data, of commands whose 1 says something else."""


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
        console.say(f"expected enough memory, got too little: {error or 'a line may be too long'}")
    except OSError as error:
        console.say(console.explained(error))
    except MajusculeError as error:
        console.say(str(error))
    return FAULT.get(next(iter(arguments), ""), 1)


def _main(arguments: Sequence[str]) -> int:
    try:
        if arguments[:1] == ["help"]:  # as of git and others
            arguments = [*arguments[1:2], "--help"]
        _look_at_command(arguments)
        whole = parser(arguments[:1], arguments)
        named = whole.commands.get(next(iter(arguments), ""))
        if named:
            named.look_at(arguments[1:])
        else:
            whole.look_at(arguments)
        chosen, unknown = whole.parse_known_args(arguments)
        if unknown:
            whole.commands.get(chosen.command, whole).refuse_argument(unknown[0])
        if chosen.command is None:
            console.tell(whole.format_help())
            return 2
        return chosen.act(chosen) or 0
    except SystemExit as end:  # argparse has shown help or a version, or refused
        return int(end.code or 0)


def _look_at_command(arguments: Sequence[str]) -> None:
    """Refuse a command that there is none of, before anything is made for the others."""
    first = next(iter(arguments), "--help")
    if first not in COMMANDS and (first in {"-", "--"} or not first.startswith("-")):
        if os.path.exists(first):  # noqa: PTH110 - Path does not take names of any length
            hint = f" (to restore it: majuscule restore {first})"
        else:
            hint = console.nearest(first, COMMANDS)
        console.Parser(prog="majuscule").error(f"expected a command, got {first!r}{hint}")


def parser(
    named: Iterable[str] = (), explained: Container[str] = tuple(COMMANDS)
) -> console.Parser:
    """What reads the arguments, and what help, manual and completion are made from.

    Args:
        named: the commands that are wanted; all if none of them is one.
        explained: those whose options are wanted, too; finding those of some takes time.
    """
    made = console.Parser(
        prog="majuscule",
        description=(majuscule.__doc__ or "").split("\n")[0],
        epilog="Example: echo 'it is in new york , he said .' | majuscule restore",
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"majuscule {majuscule.__version__}")
    commands = made.add_subparsers(
        dest="command",
        metavar="COMMAND",
        title="commands",
        description="majuscule COMMAND --help explains each.",
    )
    # What a command imports takes time that the others need not take.
    for name in [name for name in named if name in COMMANDS] or COMMANDS:
        module, example = COMMANDS[name]
        found = import_module(f"majuscule.cli.{module}")
        act, add_options = getattr(found, name), getattr(found, f"{name}_options")
        says = (getdoc(act) or "").split("\n")[0]
        command = commands.add_parser(
            name, help=says, description=says, epilog=f"Example: {example}", allow_abbrev=False
        )
        command.set_defaults(act=act, refuse=command.error)
        if name in explained:
            add_options(command)
        made.commands[name] = command
    return made
