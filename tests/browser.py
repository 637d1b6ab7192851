"""The page as a reader has it: the real server, and a real browser that looks at it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

PICTURES = Path(__file__).parents[1] / "build" / "pages"
VARIABLE = "MAJUSCULE_BROWSER"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 10_000  # milliseconds; nothing takes as long unless something is wrong


def chromium() -> str:
    """Where the browser is: the one named in the environment must be there, others may."""
    named = os.environ.get(VARIABLE)
    found = shutil.which(named or "chromium")
    if found is None and named:
        pytest.fail(f"expected {VARIABLE} to name a browser, got {named}")
    if found is None:
        pytest.skip(f"needs Chromium; name one with {VARIABLE}")
    return found


@contextmanager
def browsing() -> Iterator[Browser]:
    """A browser."""
    path = chromium()
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def serving(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server: its address, and its process."""
    command = [sys.executable, "-m", "majuscule", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = process.stdout.readline()
        assert said.startswith("majuscule is at "), said
        try:
            yield said.split()[-1], process
        finally:
            process.terminate()


@contextmanager
def visiting(
    browser: Browser, address: str, *, faults: tuple[str, ...] = (), **options: object
) -> Iterator[Page]:
    """The page in a browser that knows nothing of it yet; see `watched`."""
    options.setdefault("viewport", {"width": 1280, "height": 800})
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"], **options)
    context.set_default_timeout(PATIENCE)
    try:
        page = context.new_page()
        with watched(page, address, faults):
            page.goto(address)
            yield page
    finally:
        context.close()


@contextmanager
def watched(page: Page, address: str, faults: tuple[str, ...] = ()) -> Iterator[None]:
    """Nothing is asked of another place, and the console says nothing but expected faults."""
    said: list[str] = []
    asked: list[str] = []
    listeners = {
        "request": lambda request: asked.append(request.url),
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
    }
    for event, listener in listeners.items():
        page.on(event, listener)
    yield
    for event, listener in listeners.items():
        page.remove_listener(event, listener)
    assert asked
    assert not [url for url in asked if not url.removeprefix("blob:").startswith(address)]
    assert not [line for line in said if not any(fault in line for fault in faults)]


# The browser looks, as asking it again and again would slow it down.
SETTLED = """(patience) => new Promise((resolve, reject) => {
    const box = document.getElementById("restored");
    const look = () => {
        if (box.getAttribute("aria-busy") !== "false") return;
        watch.disconnect();
        resolve([...box.querySelectorAll("p")].map((line) => line.textContent).join("\\n"));
    };
    const watch = new MutationObserver(look);
    watch.observe(box, { attributes: true });
    look();
    setTimeout(() => reject(new Error("expected the text to be restored in time")), patience);
})"""


def settled(page: Page) -> str:
    """The restored text as it is shown, once it is of all that was given."""
    return page.evaluate(SETTLED, 6 * PATIENCE)


def write(page: Page, text: str) -> str:
    """Paste a text, and what comes of it."""
    page.locator("#given").fill(text)
    return settled(page)


def copied(page: Page) -> str:
    """What the button Copy gives."""
    page.evaluate("navigator.clipboard.writeText('nothing yet')")
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.locator("#copy")).to_have_text("Copied")
    return page.evaluate("navigator.clipboard.readText()")


def saved(page: Page, button: str) -> bytes:
    """The file that a button gives."""
    with page.expect_download() as download:
        page.locator(button).click()
    return Path(download.value.path()).read_bytes()


def picture(page: Page, name: str) -> None:
    """Keep how the page looks."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")
