"""The site: built whole, its links lead somewhere, and nothing comes from elsewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import majuscule
from majuscule import integrations

ROOT = Path(__file__).parents[1]
HOME = Path(majuscule.__file__).parent

pytest.importorskip("mkdocs", reason="the site is built with mkdocs")


class Page(HTMLParser):
    """A page's anchors, its links, and what is loaded with it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.assets: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link":
            self.assets.append(given["href"])
        self.assets += [
            given[name] for name in ("src", "srcset", "poster", "data") if name in given
        ]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built as `make site` builds it."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site):
    """All pages but the one for addresses that are none, which is shown anywhere."""
    return {path: Page(path) for path in site.rglob("*.html") if path.name != "404.html"}


def test_it_has_all_pages(site, pages):
    documents = {
        path.relative_to(ROOT / "docs").with_suffix(".html")
        for path in (ROOT / "docs").rglob("*.md")
    }
    there = {path.relative_to(site) for path in pages}
    assert documents <= there
    assert {Path("changelog.html"), Path("results.html"), Path("model.html")} <= there


def test_every_link_leads_somewhere(site, pages):
    lost = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            anchors = pages[target].anchors if target in pages else set()
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in anchors):
                lost.append(f"{path.relative_to(site)}: {link}")
    assert not lost


def test_nothing_comes_from_elsewhere(site, pages):
    for path, page in pages.items():
        for asset in page.assets:
            parts = urlsplit(asset)
            assert not parts.netloc, f"{path}: {asset}"
            assert parts.scheme in {"", "data"}, f"{path}: {asset}"
            assert parts.scheme or (path.parent / unquote(parts.path)).exists(), f"{path}: {asset}"
    for path in site.rglob("*.css"):
        foreign = re.findall(
            r"url\(['\"]?(?:https?:)?//[^)]*|@import[^;]*", path.read_text("utf-8")
        )
        assert not foreign, path


def test_what_builds_it_is_no_part_of_it(site):
    assert not list(site.rglob("*.py"))


def public_modules():
    """Those that the front door leads to or the documents name, and all engines."""
    names = {getattr(majuscule, name).__module__ for name in majuscule.__all__}
    names |= {f"majuscule.integrations.{path.stem}" for path in engines()}
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for name in re.findall(r"\bmajuscule\.(\w+)", document.read_text(encoding="utf-8")):
            if (HOME / f"{name}.py").is_file():
                names.add(f"majuscule.{name}")
    return sorted(names)


def engines():
    return [path for path in Path(integrations.__file__).parent.glob("*.py") if path.stem[0] != "_"]


@pytest.mark.parametrize("module", public_modules())
def test_every_public_module_is_in_the_reference(pages, module):
    assert any(module in page.anchors for page in pages.values())


@pytest.mark.parametrize("name", majuscule.__all__)
def test_every_name_of_the_front_door_is_in_the_reference(pages, name):
    value = getattr(majuscule, name)
    home = f"{value.__module__}.{name}"
    assert any({home, f"majuscule.{name}"} & page.anchors for page in pages.values())


def test_examples_of_docstrings_are_shown_as_code(site):
    page = (site / "reference" / "restorer.html").read_text(encoding="utf-8")
    assert re.search(r'<span class="gp">&gt;&gt;&gt; ?</span>', page)
    assert "<blockquote>" not in page


def test_figures_of_the_results_are_there_and_not_typed(site):
    """The comparison holds the table that `make figures` writes, and its page has no figure."""
    shown = (site / "comparison.html").read_text(encoding="utf-8")
    assert "moses truecaser + detruecaser" in shown
    written = (ROOT / "docs" / "comparison.md").read_text(encoding="utf-8")
    assert not re.search(r"\d\d\.\d|\d %", written)
