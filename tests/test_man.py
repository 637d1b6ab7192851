"""The manual: it is what the parser says, it is well formed, and ``man`` finds it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import pytest
from test_completion import PARSER, make

from majuscule import cli

PAGES = Path(__file__).parents[1] / "share" / "man" / "man1"
NAMES = ("majuscule", *(f"majuscule-{name}" for name in cli.COMMANDS))

__all__ = ["make"]


def test_the_pages_are_those_that_the_parser_gives(make):
    fresh = {path: text for path, text in make.made().items() if path.parent == PAGES}
    assert set(fresh) == set(PAGES.iterdir())
    for path, text in fresh.items():
        assert path.read_text(encoding="utf-8") == text, "stale: run python share/make.py"


def test_each_command_has_a_page_with_all_its_options():
    assert {path.stem for path in PAGES.iterdir()} == set(NAMES)
    for name, command in PARSER.commands.items():
        page = (PAGES / f"majuscule-{name}.1").read_text(encoding="utf-8")
        for option in set(command._option_string_actions) - {"-h", "--help"}:
            assert rf"\fB{option}\fR".replace("-", r"\-") in page, (name, option)


def test_the_first_page_names_the_others_and_says_what_holds_for_all():
    page = (PAGES / "majuscule.1").read_text(encoding="utf-8")
    for name in NAMES[1:]:
        assert name.replace("-", r"\-") in page
    for section in ("EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"):
        assert f".SH {section}\n" in page


@pytest.mark.skipif(not shutil.which("mandoc"), reason="there is no mandoc here")
@pytest.mark.parametrize("name", NAMES)
def test_mandoc_finds_nothing_to_complain_of(name):
    path = PAGES / f"{name}.1"
    done = subprocess.run(["mandoc", "-Tlint", path], capture_output=True, text=True, check=False)
    told = (done.stdout + done.stderr).splitlines()
    # A page has no date, since it would be that of the day it was made.
    assert [line for line in told if "missing date" not in line] == []


@pytest.mark.skipif(not shutil.which("man"), reason="there is no man here")
@pytest.mark.parametrize("name", NAMES)
def test_man_shows_it_without_a_warning(name):
    line = ["man", "--warnings", "-l", PAGES / f"{name}.1"]
    env = {**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"}
    done = subprocess.run(line, capture_output=True, env=env, check=True)
    assert done.stderr == b""
    shown = done.stdout.decode()
    assert name in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.skipif(not shutil.which("man"), reason="there is no man here")
def test_man_finds_it_where_it_is_installed():
    whence = json.loads(distribution("majuscule").read_text("direct_url.json") or "{}")
    if whence.get("dir_info", {}).get("editable"):
        pytest.skip("what is installed is a checkout")
    bin_ = Path(sys.prefix) / "bin"
    env = {**os.environ, "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}"}
    env.pop("MANPATH", None)
    done = subprocess.run(
        ["man", "-w", *NAMES], capture_output=True, text=True, env=env, check=True
    )
    assert done.stdout.split() == [f"{sys.prefix}/share/man/man1/{name}.1" for name in NAMES]
