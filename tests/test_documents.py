"""What the documents show is what happens: their code runs and prints what they say."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from majuscule import Restorer

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

ELSEWHERE = {"cli.md", "cluster.md", "page.md", "server.md", "spacy.md"}
"""Pages whose examples are run by the tests of what they are about."""

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in DOCS.rglob("*.md")
    if path.relative_to(DOCS).as_posix() not in ELSEWHERE
)

pytestmark = pytest.mark.model


def test_python_examples_of_the_readme():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert tried > 0
    assert failed == 0


def commands(block):
    """A console block, as pairs of a command and what it prints; ``> `` continues one."""
    for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, output = re.fullmatch(r"([^\n]*\n(?:> [^\n]*\n)*)(.*)", entry, re.DOTALL).groups()
        yield command.replace("\n> ", "\n").rstrip("\n"), output


def blocks(name, languages):
    """A document's blocks of code: the line they begin on, their language, and the code."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for match in re.finditer(rf"^```({languages})\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        yield text.count("\n", 0, match.start(2)), match[1], match[2]


def output_of(command, folder, errors=subprocess.STDOUT):
    """What a command prints, faults and all if they go where all goes."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PATH": path},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.stdout


README = [pair for _, _, block in blocks("README.md", "console") for pair in commands(block)]
posix = pytest.mark.skipif(os.name == "nt", reason="the examples are written for a POSIX shell")


@posix
@pytest.mark.parametrize(("command", "output"), README)
def test_readme_commands(command, output):
    assert output_of(command, ROOT, subprocess.DEVNULL) == output


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A new folder with the example's files; Python is in it, and finds the command."""
    for path in ROOT.glob("examples/article.*.txt"):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    return tmp_path


@posix
@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_from_top_to_bottom(name, folder):
    """Its commands and its Python take turns, as a reader would."""
    names = {"__name__": "__main__"}
    runner = doctest.DocTestRunner()
    for line, language, code in blocks(name, "console|python|pycon"):
        if language == "console":
            shown = list(commands(code))
            printed = [(command, output_of(command, folder)) for command, _ in shown]
            assert printed == shown
        elif ">>> " in code:
            test = doctest.DocTestParser().get_doctest(code, names, name, name, line)
            runner.run(test, clear_globs=False)
            names = test.globs
        else:
            exec(compile(code, name, "exec"), names)  # noqa: S102 - ours
    assert runner.summarize(verbose=False).failed == 0


def test_the_tutorial_shows_much():
    """The test above would run nothing, were blocks not found."""
    code = [block for _, _, block in blocks("docs/tutorial.md", "console|pycon")]
    assert len(code) > 9
    assert sum(len(list(commands(block))) for block in code) > 15


_CODE = re.compile(r"(`+) ?(.+?) ?\1(?!`)")


def rows():
    """The README's table of what comes in: what it is, before, after."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## What comes in")[1].split("\n## ")[0]
    for line in re.findall(r"^\| (.+) \|$", section, re.MULTILINE)[2:]:
        what, before, after = line.split(" | ")
        yield what, *(_CODE.fullmatch(code)[2] for code in (before, after))


@pytest.mark.parametrize(("what", "before", "after"), list(rows()))
def test_what_comes_in(what, before, after):
    edits = ("case", "space", *(["apostrophe"] if "asked for" in what else []))
    assert Restorer(edits=edits).restore(before) == after


def test_every_link_leads_somewhere():
    for document in [*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("models/en/*.md")]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"
