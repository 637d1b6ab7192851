"""Completion: it is what the parser says, and real shells complete with it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest
from conftest import assert_refused

from majuscule import cli
from majuscule.cli.completing import SCRIPTS, folder

ROOT = Path(__file__).parents[1]
PARSER = cli.parser()

TYPED = [
    ("majuscule resto", {"restore"}),
    ("majuscule comp", {"compare", "completion"}),
    ("majuscule restore --docu", {"--document"}),
    ("majuscule restore --document ", {"line", "block", "file"}),
    ("majuscule restore --recase --document bl", {"block"}),
    ("majuscule flatten --convention moses", {"moses", "moses-plain"}),
    ("majuscule compare --color a", {"auto", "always"}),
    ("majuscule completion ", set(SCRIPTS)),
    ("majuscule restore fl", {"flat.txt", "flat two.txt"}),
    ("majuscule restore --recase flat.txt deep/", {"deep/er.txt"}),
    ("majuscule restore flat.txt fl", {"flat.txt", "flat two.txt"}),
    ("majuscule corpus --work deep flat.txt deep/er.txt de", {"deep"}),
    ("majuscule restore --document=bl", {"block"}),
    ("majuscule restore --document=", {"line", "block", "file"}),
    ("majuscule flatten --output=fl", {"flat.txt", "flat two.txt"}),
    ("majuscule restore -o fl", {"flat.txt", "flat two.txt"}),
    ("majuscule evaluate flat.txt de", {"deep"}),
    ("majuscule corpus --work ", {"deep"}),
]
"""What is typed, and what it may become."""


@pytest.fixture
def make(monkeypatch):
    """What makes the files; if it is of other versions, they are made in another way."""
    pytest.importorskip("shtab")
    pytest.importorskip("argparse_manpage")
    monkeypatch.setenv("COLUMNS", "80")  # and as it was afterwards
    spec = spec_from_file_location("share_make", ROOT / "share" / "make.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    if (here := module.this()) != module.MADE_WITH:
        pytest.skip(f"the files were made with {module.MADE_WITH}, this is {here}")
    return module


@pytest.fixture
def typing(tmp_path):
    """A folder with files, and what runs a shell's script in it."""
    (tmp_path / "flat.txt").touch()
    (tmp_path / "flat two.txt").touch()
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "er.txt").touch()

    def run(shell, *options, script, **variables):
        if not shutil.which(shell):
            pytest.skip(f"there is no {shell} here")
        env = {**os.environ, **variables, "SCRIPTS": str(folder()), "HOME": str(tmp_path)}
        done = subprocess.run(
            [shell, *options],
            input=script,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=env,
            check=True,
            timeout=120,
        )
        assert done.stderr == ""
        return done.stdout

    return run


def test_the_scripts_are_those_that_the_parser_gives(make):
    for name in SCRIPTS.values():
        path = make.COMPLETION / name
        assert path.read_text(encoding="utf-8") == make.made()[path], "stale: python share/make.py"


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_scripts_know_every_command_and_option(shell):
    script = (folder() / SCRIPTS[shell]).read_text(encoding="utf-8")
    for name, command in PARSER.commands.items():
        assert name in script
        for option in command._option_string_actions:
            bare = option.lstrip("-")
            assert option in script or f"-l {bare}" in script or f"-s {bare}" in script


@pytest.mark.parametrize("shell", SCRIPTS)
def test_the_command_prints_them(here, shell):
    result = here("completion", shell)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == (folder() / SCRIPTS[shell]).read_bytes()
    assert_refused(here("completion", "csh"), 2, "'csh'", *SCRIPTS)


def test_it_needs_nothing_that_makes_the_scripts():
    code = (
        "import sys; from majuscule.cli import main; main(['completion', 'bash']);"
        "sys.exit('shtab' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.DEVNULL, check=True)


def test_bash_completes(typing):
    script = """
        source "$SCRIPTS/majuscule"
        completer=$(complete -p majuscule) completer=${completer##*-F } completer=${completer%% *}
        while IFS= read -r typed; do
            COMP_WORDS=(${typed//=/ = }) COMP_LINE=$typed COMPREPLY=()
            [[ $typed == *' ' ]] && COMP_WORDS+=('')
            COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
            "$completer"
            printf '%s\\t' "${COMPREPLY[@]}"
            echo
        done <<'TYPED'
"""
    script += "\n".join(typed for typed, _ in TYPED) + "\nTYPED\n"
    got = typing("bash", "--norc", script=script).splitlines()
    assert [set(line.split("\t")) - {""} for line in got] == [expected for _, expected in TYPED]


def test_fish_completes(typing):
    script = "source $SCRIPTS/majuscule.fish\n" + "".join(
        f"complete -C'{typed}'; echo ''\n" for typed, _ in TYPED
    )
    got = typing("fish", "--no-config", script=script).removesuffix("\n\n").split("\n\n")
    found = [
        {re.sub("^--.*=|/?(\t.*)?$", "", line) for line in block.splitlines()} for block in got
    ]
    assert found == [expected for _, expected in TYPED]


def test_zsh_completes(typing):
    """In a terminal, as a person would; where there are several, one after another is shown."""
    typed = [(line, expected) for line, expected in TYPED if expected != set(SCRIPTS)]
    script = r"""
        zmodload zsh/zpty
        zpty shell zsh -f -i
        zpty -w shell "fpath=($SCRIPTS \$fpath); autoload -Uz compinit; compinit -u -D"
        zpty -w shell "bindkey '^I' menu-complete; PS1=; unsetopt zle_bracketed_paste 2>/dev/null"
        zpty -w shell 'show() { print -r -- "<$BUFFER>"; BUFFER=; zle -I }; zle -N show'
        zpty -w shell "bindkey '^X' show; print REA''DY"
        zpty -r shell out '*READY*'
"""
    for line, expected in typed:
        for times in range(1, len(expected) + 1):
            script += f"zpty -n -w shell '{line}'${chr(39)}" + r"\t" * times + "\\x18'\n"
            script += "zpty -r shell out '*<*>*'; print -r -- ${${out##*<}%%>*}\n"
    got = iter(typing("zsh", "-f", script=script, TERM="dumb").splitlines())
    for line, expected in typed:
        start = re.sub("[^ =]*$", "", line)
        found = {next(got).removeprefix(start).rstrip(" /=").replace("\\", "") for _ in expected}
        assert found == expected, line
