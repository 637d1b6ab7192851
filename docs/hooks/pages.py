"""Documents from elsewhere in the repository become pages, and links lead on between all.

A page is written so that its links hold in the repository; here they are turned to the pages of
the site, and those to what is no page become plain text. A line ``<!-- include README.md -->``
stands for the beginning of another document, ``<!-- include README.md#the-heading -->`` for a
section of it: so nothing is written twice.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from markdown.extensions.toc import slugify
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]

PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "measuring.md",
    "benchmarks/RESULTS.md": "results.md",
    "models/en/README.md": "model.md",
    "models/en/DATA.md": "data.md",
    "models/en/EXPERIMENTS.md": "experiments.md",
}
"""Documents that are pages, and which."""

_ORIGINS = {page: document for document, page in PAGES.items()}
_TO_PAGE = {**PAGES, "README.md": "index.md"}

_INCLUDE = re.compile(r"^<!-- include ([^#\s]+)(?:#(\S+))? -->$", re.MULTILINE)
# Code first: what looks like a link in it is none.
_LINK = re.compile(
    r"^```.*?^```|(?P<ticks>`+).+?(?P=ticks)(?!`)|"
    r"(?P<image>!?)\[(?P<text>[^\]]*)\]\((?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)",
    re.MULTILINE | re.DOTALL,
)
# Prompts get colours and stay out of what is copied.
_SESSION = re.compile(r"^```python(?=\n>>> )", re.MULTILINE)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The documents, as pages."""
    for document, page in PAGES.items():
        files.append(File.generated(config, page, abs_src_path=str(ROOT / document)))
    return files


def on_page_markdown(markdown: str, page: Page, **_: object) -> str:
    """The page with what it includes, all links from where it stands."""
    here = page.file.src_uri

    def included(match: re.Match[str]) -> str:
        return _linked(section(match[1], match[2]), match[1], here)

    whole = _INCLUDE.sub(included, _linked(markdown, _ORIGINS.get(here, f"docs/{here}"), here))
    return _SESSION.sub("```pycon", whole)


def section(document: str, anchor: str | None) -> str:
    """A document's beginning without its title, or its section of a heading's anchor."""
    parts = re.split(r"^(?=## )", (ROOT / document).read_text(encoding="utf-8"), flags=re.MULTILINE)
    if anchor is None:
        return parts[0].partition("\n")[2]
    for part in parts[1:]:
        if slugify(part.partition("\n")[0].removeprefix("## "), "-") == anchor:
            return part
    raise PluginError(f"expected {document} to have a section #{anchor}; it has none")


def _linked(markdown: str, document: str, here: str) -> str:
    """A document's text as it stands on a page, its links from there."""

    def linked(match: re.Match[str]) -> str:
        path = match["path"]
        if match["ticks"]:
            return match[0].replace(r"\|", "|")  # escaped in tables, which need it elsewhere
        if path is None or ":" in path:
            return match[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(document), path))
        page = _TO_PAGE.get(target) or target.removeprefix("docs/")
        if page == target:
            return match["text"]
        link = posixpath.relpath(page, posixpath.dirname(here) or ".")
        return f"{match['image']}[{match['text']}]({link}{match['anchor'] or ''})"

    return _LINK.sub(linked, markdown)
