"""What the documents show is what happens: their code runs and prints what they say."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from majuscule import Restorer

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.model


@pytest.mark.parametrize("name", ["README.md", "docs/how-it-works.md"])
def test_python_examples(name):
    failed, tried = doctest.testfile(str(ROOT / name), module_relative=False)
    assert tried > 0
    assert failed == 0


def commands(name):
    """A document's console blocks, as pairs of a command and what it prints."""
    text = (ROOT / name).read_text(encoding="utf-8")
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        for entry in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = entry.partition("\n")
            yield command, output


@pytest.mark.skipif(os.name == "nt", reason="the examples are written for a POSIX shell")
@pytest.mark.parametrize(("command", "output"), list(commands("README.md")))
def test_readme_commands(command, output):
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    done = subprocess.run(
        ["bash", "-c", command],
        env={**os.environ, "PATH": path},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == output


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
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("models/en/*.md")]:
        text = document.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)#]+)\)", text):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"
