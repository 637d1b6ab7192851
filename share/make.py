"""The manual and the completion of the command, made from its parser.

Run it with what is installed for development whenever an option has changed::

    python share/make.py

The manual lies here, with what of it is written by hand in ``man/*.roff``; completion lies
in the package, where ``majuscule completion`` finds it. Both are installed where ``man``
and the shells look.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from importlib.metadata import version
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

import majuscule
from majuscule import cli
from majuscule.cli.completing import SCRIPTS

ROOT = Path(__file__).parents[1]
MAN = ROOT / "share" / "man"
COMPLETION = ROOT / "src" / "majuscule" / "data" / "completion"

MADE_WITH = {"python": "3.11", "shtab": "1.13.0", "argparse-manpage": "4.8"}
"""What makes the files as they are here; others may write the same in another way."""

FILES = {"FILE", "OUT", "A", "B", "REFERENCE", "HYPOTHESIS", "PAGE", "SAMPLE", "CORPUS"}
FILES |= {"ADAPTER", "MODEL"}
FOLDERS = {"FOLDER"}
VALUES = {"NAME", "TEXT", "N", "P", "S", "X", "MB", "EDIT,…", "HOST", "PORT", "ORIGIN"}
"""What an argument is, by what help calls it; of `VALUES` nothing is known."""


def main() -> None:
    """Write all files, and remove pages of commands that are gone."""
    if (here := this()) != MADE_WITH:
        sys.exit(f"share/make.py: expected {MADE_WITH}, got {here}; install these, or change it")
    files = made()
    for path in {*MAN.glob("man1/*"), *COMPLETION.glob("*")} - set(files):
        path.unlink()
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def this() -> dict[str, str]:
    """What is here of `MADE_WITH`."""
    python = ".".join(map(str, sys.version_info[:2]))
    return {"python": python} | {name: version(name) for name in MADE_WITH if name != "python"}


def made() -> dict[Path, str]:
    """All files, with what is to be in them."""
    os.environ["COLUMNS"] = "9999"  # help must not break it into lines as on this terminal
    return {COMPLETION / name: completion(shell) for shell, name in SCRIPTS.items()} | {
        MAN / "man1" / f"{name.replace(' ', '-')}.1": page
        for name, page in [front(), *map(page_of, cli.COMMANDS)]
    }


def completion(shell: str) -> str:
    """What completes commands, options, their choices and files in a shell."""
    whole = cli.parser()
    for command in whole.commands.values():
        for action in command._actions:  # noqa: SLF001 - there is no other way to them
            if action.nargs == 0 or action.choices:
                continue
            shown = action.metavar if isinstance(action.metavar, str) else action.dest.upper()
            if shown in FILES:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif shown in FOLDERS:
                action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]
            elif shown not in VALUES:
                sys.exit(f"share/make.py: expected to know whether {shown} is a file; say it there")
    return MENDED[shell](shtab.complete(whole, shell).rstrip() + "\n")


def _bash(script: str) -> str:
    """Bash parts words at ``=``, which shtab does not know of."""
    return (
        script
        + r"""
# --option=value comes as three words, and is completed as two.
_majuscule() {
  local i cword=$COMP_CWORD
  local -a words=()
  for i in "${!COMP_WORDS[@]}"; do
    if [[ $i -gt 0 && ${COMP_WORDS[i]} == "=" && ${COMP_WORDS[i-1]} == --* ]]; then
      if [[ $i -lt $COMP_CWORD ]]; then
        cword=$((cword - 1))
      else
        words+=("")
      fi
    else
      words+=("${COMP_WORDS[i]}")
    fi
  done
  local COMP_CWORD=$cword
  local -a COMP_WORDS=("${words[@]}")
  _shtab_majuscule
}

complete -o bashdefault -F _majuscule majuscule
"""
    )


def _zsh(script: str) -> str:
    """Of many files shtab completes the first alone, and no ``--option=value``."""
    script = re.sub(r'(?m)^(  ")\(\*\)::?', r"\1*:", script)
    valued = r'(?m)^(  (?:"\*?|\{-\w,)--[\w-]+)((?:\}")?\[.*\]:[^:]*:[^:]*")$'
    return re.sub(valued, r"\1=\2", script)


def _fish(script: str) -> str:
    """Files complete by fish itself also after ``--option=``."""
    return script.replace('-xka "(__fish_complete_path (commandline -ct))"', "-rF")


MENDED = {"bash": _bash, "zsh": _zsh, "fish": _fish}
"""What is done to a shell's script in the end."""


def front() -> tuple[str, str]:
    """The page of the command itself."""
    whole = cli.parser()
    whole._actions[-1].help = argparse.SUPPRESS  # noqa: SLF001 - each command has its own page
    page = Manpage(whole)
    rows = [
        f".TP\n\\fB{_literal(of.prog.replace(' ', '-'))}\\fR(1)\n{_literal(of.description or '')}"
        for of in whole.commands.values()
    ]
    page.add_section("commands", "=", "\n".join(rows))
    return whole.prog, _written(page, "majuscule [--version] COMMAND [ARGUMENT ...]")


def page_of(name: str) -> tuple[str, str]:
    """The page of one of its commands."""
    command = cli.parser([name]).commands[name]
    usage = command.format_usage().removeprefix("usage: ").replace(" [-h]", "")
    return command.prog, _written(Manpage(command), usage)


def _written(page: Manpage, usage: str) -> str:
    """A page with all that argparse does not know of."""
    parser = page.parser
    page.prog = parser.prog.replace(" ", "-")
    page.source, page.manual = f"majuscule {majuscule.__version__}", "User commands"
    page.date = ""  # it would be that of the day the page was made
    says, example = parser.description, parser.epilog.removeprefix("Example: ")
    parser.description = parser.epilog = None
    page.description = says[0].lower() + says[1:].rstrip(".")
    page.add_section("synopsis", "=", _synopsis(parser.prog, usage))
    by_hand = MAN / f"{page.prog}.roff"
    if by_hand.exists():
        page.parse_include(str(by_hand))
    more = page.get_extra_section("description")
    page.add_section("description", "<", _literal(says) + ("\n.PP\n" if more else ""))
    if not page.get_extra_section("examples"):
        page.add_section("examples", "=", f".nf\n{_literal(example)}\n.fi")
    if parser.prog != "majuscule":
        page.add_section("see also", "=", r"\fBmajuscule\fR(1)")
    return "\n".join(map(_folded, str(page).splitlines())) + "\n"


def _synopsis(prog: str, usage: str) -> str:
    """What stands in a call; lines are broken between options alone."""
    parts = re.findall(r"\[.*?\]+|-\S+ [^\s\[]+|\S+", usage.removeprefix(prog))
    options = (_literal(part).replace(" ", r"\ ") for part in parts)
    return "\n".join([".ad l", ".nh", rf"\fB{_literal(prog)}\fR", *options, ".hy", ".ad"])


def _literal(text: str) -> str:
    """A text as it is, also where it is copied from the page."""
    return text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")


def _folded(line: str) -> str:
    """A line of text as several of a page's usual length; none of them begins like a request."""
    if line.startswith(".") or len(line) < 80:
        return line
    lines = textwrap.wrap(line, 74, break_long_words=False, break_on_hyphens=False)
    return "\n".join(rf"\&{some}" if some[0] in ".'" else some for some in lines)


if __name__ == "__main__":
    main()
