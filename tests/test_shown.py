"""Doubts are seen where they are, and no text becomes markup."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

from hypothesis import given
from texts import texts

from majuscule.shown import LONGEST, Doubt, html

if TYPE_CHECKING:
    from majuscule.restorer import Restorer


def bare(page: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", page))


@given(texts)
def test_the_text_is_all_there(erratic: Restorer, given_text: str) -> None:
    restoration = erratic.explain(given_text)
    page = restoration._repr_html_()
    assert bare(page).replace("\r", "\n") == restoration.text.replace("\r", "\n")
    tinted = re.findall(r'<span [^>]*title="(\d+)%', page)
    assert len(tinted) == sum(one.probability < 0.95 for one in restoration.decisions)


def test_text_stays_text() -> None:
    text = '<script>alert("&amp;")</script>'
    page = html(text, [Doubt(0, len(text), 0.5, '" onclick="x')])
    assert "<script" not in page
    assert 'onclick="' not in page
    assert bare(page) == text


def test_the_less_sure_the_stronger() -> None:
    page = html("a b c", [Doubt(0, 1, 0.5, ""), Doubt(2, 3, 0.9, ""), Doubt(4, 5, 0.97, "")])
    strong, weak = map(int, re.findall(r"/(\d+)%", page))
    assert strong > 2 * weak


def test_a_long_text_is_cut() -> None:
    page = html("ab " * LONGEST, [Doubt(k, k + 2, 0.6, "") for k in range(0, 2 * LONGEST, 3)])
    assert page.endswith("characters more)</div>")
    assert len(bare(page)) < LONGEST + 100
