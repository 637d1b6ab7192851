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
    from collections.abc import Sequence
    from typing import NoReturn

COMMANDS = {
    "restore": ("convert", "majuscule restore flat.txt -o natural.txt"),
    "corpus": ("corpora", "majuscule corpus folder -o restored --column text"),
    "detect": ("detecting", "majuscule detect in.txt"),
    "flatten": ("convert", "majuscule flatten --convention moses a.txt"),
    "evaluate": ("scoring", "majuscule evaluate natural.txt restored.txt"),
    "compare": ("comparing", "majuscule compare old.txt new.txt"),
    "adapt": ("adapting", "majuscule adapt sample.txt -o house.safetensors"),
    "info": ("models", "majuscule info --json"),
    "train": ("models", "majuscule train news=a.txt.xz b.txt -o my.model"),
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
    parser = _parser(arguments)
    try:
        chosen, unknown = parser.parse_known_args(arguments)
        if chosen.command is None:
            parser.print_help(sys.stderr)
            return 2
        if unknown:
            chosen.refuse(f"expected options of {chosen.command}, got {' '.join(unknown)}")
        return chosen.act(chosen) or 0
    except SystemExit as end:  # argparse has shown help or a version, or refused
        try:
            if sys.stdout is not None:  # as it is where the caller closed it
                sys.stdout.flush()
        except OSError:  # the interpreter would try once more on its way out, and complain
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            raise
        return int(end.code or 0)


def _parser(arguments: Sequence[str]) -> console.Parser:
    parser = console.Parser(
        prog="majuscule",
        description=(majuscule.__doc__ or "").split("\n")[0],
        epilog="Example: echo 'it is in new york , he said .' | majuscule restore",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"majuscule {majuscule.__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    # What a command imports takes time that the others need not take.
    named = [name for name in arguments[:1] if name in COMMANDS]
    for name in named or COMMANDS:
        module, example = COMMANDS[name]
        found = import_module(f"majuscule.cli.{module}")
        act, add_options = getattr(found, name), getattr(found, f"{name}_options")
        says = (getdoc(act) or "").split("\n")[0]
        command = commands.add_parser(
            name, help=says, description=says, epilog=f"Example: {example}", allow_abbrev=False
        )
        command.set_defaults(act=act, refuse=command.error)
        if name in arguments:  # finding train's options and their defaults takes time
            add_options(command)
    return parser
