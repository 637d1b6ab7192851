"""The page in a real browser: it shows what the library gives, and takes what a reader does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="the page is looked at by playwright")
pytest.importorskip("axe_playwright_python", reason="the page is judged by axe")
pytest.importorskip("fastapi", reason="the page is served by majuscule[server]")

from axe_playwright_python.sync_playwright import Axe
from browser import (
    PICTURES,
    browsing,
    chromium,
    copied,
    picture,
    saved,
    serving,
    settled,
    visiting,
    watched,
    write,
)
from playwright.sync_api import expect

from majuscule import adapter, model
from majuscule.choices import Choice
from majuscule.labels import Gap
from majuscule.restorer import Restorer
from majuscule.text import flatten

ROOT = Path(__file__).parents[1]
ARTICLE = (ROOT / "examples" / "article.flat.txt").read_text(encoding="utf-8")
NATURAL = (ROOT / "examples" / "article.natural.txt").read_text(encoding="utf-8")
TOWN = "he moved to reading , and she moved to reading , too ."
PHONE = {"width": 390, "height": 844}
WIDE = {"width": 1280, "height": 800}

pytestmark = pytest.mark.model  # the page is shown with the model that users have


@pytest.fixture(scope="module")
def shipped():
    return Restorer()


@pytest.fixture(scope="module")
def browser():
    with browsing() as browser:
        yield browser


@pytest.fixture(scope="module")
def address(browser):
    with serving() as (address, _):
        yield address


@pytest.fixture(scope="module")
def visited(browser, address):
    with visiting(browser, address) as page:
        yield page


@pytest.fixture
def page(visited, address):
    """The page as it is when it is loaded; a browser of its own would take a second."""
    visited.unroute_all()
    visited.mouse.move(0, 0)
    with watched(visited, address):
        visited.goto(address)
        yield visited


def open_word(page, written, nth=0):
    """Click on a word, doubtful or not."""
    doubt = page.locator(".doubt").filter(has_text=re.compile(f"^{re.escape(written)}$")).nth(nth)
    doubt.click()
    expect(page.get_by_role("dialog")).to_contain_text(f"“{written}”")


def take(page, form):
    """Click on a form in the dialog of a word."""
    page.locator("#word-forms button").filter(has_text=re.compile(f"^{form}( \\d+ %)?$")).click()
    return settled(page)


# --- text in


def test_text_is_restored_as_it_is_typed(page, shipped):
    page.locator("#given").press_sequentially("in paris , it did n't")
    assert settled(page) == "In Paris, it didn't"
    page.locator("#given").press_sequentially(" rain on friday .\nnato agreed .")
    assert settled(page) == "In Paris, it didn't rain on Friday.\nNATO agreed."
    expect(page.locator("#status")).to_contain_text("10 words")
    expect(page.locator("#status")).to_contain_text("read as lower case, tokenised")


def test_the_last_input_wins(page, shipped):
    late = []

    def hold(route):
        if "lisbon" in route.request.post_data:
            late.append(route)
        else:
            route.continue_()

    page.route("**/v1/explain", hold)
    with page.expect_request("**/v1/explain"):
        page.locator("#given").fill("in lisbon , it rained .")
    assert write(page, "in rome , it rained .") == "In Rome, it rained."
    (route,) = late
    route.fulfill(body='{"text":"LATE","decisions":[],"input_at":0,"output_at":0}\n')
    assert write(page, "in rome , it rained . ok") == "In Rome, it rained. OK"
    assert "LATE" not in page.locator("#restored").inner_text()


def test_a_file_is_dropped(page, shipped):
    drop = page.evaluate_handle(
        """(text) => {
            const data = new DataTransfer();
            data.items.add(new File([text], "article.txt", { type: "text/plain" }));
            return data;
        }""",
        ARTICLE,
    )
    page.dispatch_event("#given", "dragenter", {"dataTransfer": drop})
    expect(page.locator("#drop")).to_be_visible()
    page.dispatch_event("#drop", "drop", {"dataTransfer": drop})
    expect(page.locator("#drop")).to_be_hidden()
    expect(page.locator("#given")).to_have_value(ARTICLE)
    assert settled(page) == shipped.restore(ARTICLE)


def test_text_that_is_dragged_replaces_nothing(page):
    write(page, "in paris .")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.setData("text/plain", "paris");
            const given = document.getElementById("given");
            for (const kind of ["dragenter", "drop"])
                given.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true }));
        }"""
    )
    expect(page.locator("#drop")).to_be_hidden()
    expect(page.locator("#given")).to_have_value("in paris .")


def choose_file(page, button, name, content):
    with page.expect_file_chooser() as chooser:
        page.locator(button).click()
    chooser.value.set_files({"name": name, "mimeType": "text/plain", "buffer": content})


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])
def test_a_file_is_opened_and_its_lines_end_as_before(page, shipped, end):
    text = f"in paris , it rained .{end}{end} he did n't go .{end}"
    choose_file(page, "#open", "lines.txt", text.encode())
    expect(page.locator("#given")).to_have_value(re.sub("\r\n?", "\n", text))
    assert saved(page, "#save").decode() == shipped.restore(text)


@pytest.mark.parametrize("content", ["é".encode("latin-1"), b"a\0", "in".encode("utf-16")])
def test_what_is_no_text_is_refused(page, content):
    write(page, "in paris .")
    choose_file(page, "#open", "picture.png", content)
    expect(page.locator("#status.wrong")).to_have_text(
        "expected text in UTF-8, got picture.png, which is something else"
    )
    expect(page.locator("#given")).to_have_value("in paris .")


def test_the_example(page, shipped):
    page.get_by_role("button", name="Example").click()
    expect(page.locator("#given")).to_have_value(ARTICLE)
    assert settled(page) == shipped.restore(ARTICLE)
    expect(page.locator("#status")).to_contain_text("read as")
    picture(page, "light")
    page.get_by_role("button", name="Clear").click()
    assert settled(page) == ""
    expect(page.locator("#given")).to_be_focused()


def test_markup_is_text(page, shipped):
    text = "<img src=x onerror=alert(1)> <script>alert(2)</script> &lt;b> in paris ."
    expected = shipped.restore(text)
    assert write(page, text) == expected
    page.locator("#changes").click()
    assert not page.locator("#restored :is(img, script, b)").count()
    assert copied(page) == expected


# --- text out

EXACT = {
    "emoji": "😀 in paris 👩‍👩‍👧 , he said 𝒳 : 😀 no !\n😀 nato 😀",
    "deseret": "𐐨𐐪 in paris , mr. o'brien left .",
    "escapes": "it &apos;s &quot; paris &quot; &amp; rome , @-@ -lrb- ok -rrb- .\n`` no '' ,",
    "blank lines": "\n\n  in paris , it rained .  \n\n\n\the left .\n\n",
    "no final newline": "in paris ,\nit rained .",
    "blanks": "in\u00a0paris\u2028 , it \u3000rained\u0085 .",
    "one letter": "a",
    "natural": NATURAL,
}


@pytest.mark.parametrize("text", EXACT.values(), ids=EXACT)
def test_copy_and_download_give_exactly_what_restore_does(page, shipped, text):
    expected = shipped.restore(text)
    write(page, text)
    assert copied(page) == expected
    assert saved(page, "#save").decode() == expected


def test_what_is_copied_at_once_is_of_all_that_was_given(page, shipped):
    page.locator("#given").fill(ARTICLE)
    assert copied(page) == shipped.restore(ARTICLE)


# --- doubts and choices


def test_the_less_sure_a_word_is_the_stronger_its_tint(page, shipped):
    write(page, ARTICLE)
    doubts = page.locator(".doubt").evaluate_all(
        """(words) => words.map((word) => [
            word.textContent,
            Number(/, (\\d+) % sure$/.exec(word.getAttribute("aria-label"))[1]),
            parseInt(word.style.getPropertyValue("--strength")),
            getComputedStyle(word).backgroundColor,
        ])"""
    )
    expected = [one for one in shipped.explain(ARTICLE).decisions if one.probability < 0.95]
    assert [word for word, *_ in doubts] == [one.written for one in expected]
    assert [sure for _, sure, *_ in doubts] == [round(100 * one.probability) for one in expected]
    doubts.sort(key=lambda doubt: doubt[1])
    strengths = [strength for _, _, strength, _ in doubts]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] > 2 * strengths[-1]
    assert len({background for *_, background in doubts}) > 5


def test_pointing_at_a_word_shows_what_else_it_could_be(page):
    write(page, TOWN)
    page.locator(".doubt").first.hover()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("“reading”: 59 % sure, decided by the model")
    expect(dialog.get_by_role("button", pressed=True)).to_have_text("reading 59 %")
    expect(dialog.get_by_role("button", name="Reading 41 %")).to_be_visible()
    page.locator("#word-form").click()  # who writes a form of his own keeps the dialog
    page.locator("h1").hover()
    expect(page.locator("#word-form")).to_be_focused()
    page.locator("h1").click()
    expect(dialog).to_be_hidden()
    page.locator(".doubt").first.hover()
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.locator(".doubt").last.hover()
    expect(dialog).to_be_visible()
    page.locator("h1").hover()
    expect(dialog).to_be_hidden()


def test_the_keyboard_is_enough(page):
    write(page, ARTICLE)
    doubts = page.locator(".doubt")
    page.locator("#save").focus()
    page.keyboard.press("Tab")
    expect(page.locator("#restored")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(doubts.nth(0)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(doubts.nth(2)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(doubts.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(doubts.nth(1)).to_be_focused()
    expect(dialog).to_be_hidden()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    other = page.locator(":focus")
    written = re.sub(r" \d+ %$", "", other.inner_text())
    page.keyboard.press("Enter")
    settled(page)
    expect(page.locator(".doubt:focus.chosen")).to_have_text(written)
    expect(dialog).to_be_hidden()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    expect(page.locator(".doubt:focus.chosen")).to_have_text(written)  # Tab comes back to it


def test_what_is_taken_holds_and_the_same_in_the_same_company_follows(page, shipped):
    assert write(page, TOWN) == shipped.restore(TOWN)
    open_word(page, "reading")
    chosen = shipped.explain(TOWN, [Choice(12, "Reading")]).text
    assert chosen == "He moved to Reading, and she moved to Reading, too."
    assert take(page, "Reading") == chosen
    expect(page.locator(".chosen")).to_have_count(1)
    expect(page.locator(".chosen")).to_be_focused()
    assert copied(page) == chosen
    open_word(page, "Reading")
    expect(page.get_by_role("dialog")).to_contain_text("chosen by you")
    picture(page, "chosen")
    page.get_by_role("button", name="Let majuscule decide").click()
    assert settled(page) == shipped.restore(TOWN)
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_a_form_of_ones_own(page, shipped):
    write(page, TOWN)
    open_word(page, "reading")
    page.get_by_label("Write it as").fill("riding")
    page.get_by_role("button", name="Take").click()
    expect(page.get_by_role("alert")).to_contain_text("expected the letters of “reading”")
    picture(page, "refused")
    page.get_by_label("Write it as").fill("rEading")
    page.keyboard.press("Enter")
    assert settled(page) == shipped.explain(TOWN, [Choice(12, "rEading")]).text


def test_everywhere_makes_it_a_name(page, shipped):
    write(page, TOWN)
    page.locator("summary", has_text="Names").click()
    page.get_by_label("Written forms").fill("READING\nMcGahn\n")
    settled(page)
    page.get_by_label("Written forms").fill("McGahn")
    settled(page)
    open_word(page, "reading")
    page.get_by_label("everywhere, as a name").check()
    take(page, "Reading")
    assert settled(page) == Restorer(lexicon=["McGahn", "Reading"]).restore(TOWN)
    expect(page.locator("#names")).to_have_text("2")
    expect(page.locator("#lexicon")).to_have_value("McGahn\nReading")


def test_names_are_downloaded_with_the_forms_that_were_chosen(page):
    write(page, TOWN)
    open_word(page, "reading")
    take(page, "Reading")
    page.locator("summary", has_text="Names").click()
    page.get_by_label("Written forms").fill("van Dam\n\n  McGahn ")
    picture(page, "names")
    assert saved(page, "#save-lexicon").decode() == "van Dam\nMcGahn\nReading\n"


def test_choices_stay_with_their_words(page, shipped):
    text = f"😀 {TOWN}"
    write(page, text)
    open_word(page, "reading")
    take(page, "READING")
    given = page.locator("#given")
    given.press("Home")
    given.press_sequentially("😀 then , ")
    given.press("End")
    given.press_sequentially(" ok")
    text = f"😀 then , {text} ok"
    assert settled(page) == shipped.explain(text, [Choice(text.index("reading"), "READING")]).text
    expect(page.locator(".chosen")).to_have_text("READING")
    text = text.replace("moved", "went", 1)
    assert (
        write(page, text) == shipped.explain(text, [Choice(text.index("reading"), "READING")]).text
    )
    text = text.replace("reading", "bath", 1)  # the word is gone, and what was chosen with it
    assert write(page, text) == shipped.restore(text)


def test_a_word_of_the_text_before_it_was_edited_is_the_word_it_is_now(page, shipped):
    """The restored text may be an older one for a while; what is clicked there is meant."""
    write(page, TOWN)
    page.route("**/v1/explain", lambda route: None)  # nothing comes back
    page.locator("#given").fill(f"yes , {TOWN}")
    open_word(page, "reading")
    page.unroute_all()
    take(page, "READING")
    text = f"yes , {TOWN}"
    assert settled(page) == shipped.explain(text, [Choice(18, "READING")]).text


def test_a_gap_is_chosen(page, shipped):
    text = "he said ' no ' , and the two - year plan - he said - is dead ."
    decisions = shipped.explain(text).decisions
    doubt = min(decisions, key=lambda one: one.gap_probability)
    assert doubt.gap_probability < 0.95
    write(page, text)
    page.locator(".doubt").filter(has_text=doubt.written).evaluate_all(
        "(words, at) => words.find((word) => word.dataset.decision == at).click()",
        decisions.index(doubt),
    )
    joined = doubt.gap == Gap.JOIN
    take(page, "blank before it" if joined else "no blank before it")
    choice = Choice(doubt.input[0], None, Gap.SPACE if joined else Gap.JOIN)
    chosen = shipped.explain(text, [choice]).text
    assert chosen != shipped.restore(text)
    assert copied(page) == chosen


def test_a_word_that_is_not_doubtful_can_be_chosen(page, shipped):
    text = "😀 in paris , it rained ."
    write(page, text)
    place = page.locator("#restored p").evaluate(
        """({ lastChild }) => {
            const range = document.createRange();
            range.setStart(lastChild, lastChild.length - 4);
            range.setEnd(lastChild, lastChild.length - 3);
            const { x, y, width, height } = range.getBoundingClientRect();
            return { x: x + width / 2, y: y + height / 2 };
        }"""
    )
    page.mouse.click(place["x"] + 300, place["y"])  # beside the text
    page.mouse.click(place["x"], place["y"] + 200)
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.mouse.click(**place)
    expect(page.get_by_role("dialog")).to_contain_text("“rained”: 100 % sure")
    chosen = shipped.explain(text, [Choice(text.index("rained"), "RAINED")]).text
    assert take(page, "RAINED") == chosen
    expect(page.locator(".chosen")).to_be_focused()


@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 500}, PHONE], ids=["wide", "phone"])
def test_the_dialog_of_any_word_is_in_the_window(browser, address, viewport):
    with visiting(browser, address, viewport=viewport) as page:
        write(page, ARTICLE)
        for number in range(0, page.locator(".doubt").count(), 4):
            page.locator(".doubt").nth(number).click()
            page.get_by_label("Write it as").fill("no")
            page.keyboard.press("Enter")
            expect(page.get_by_role("alert")).to_be_visible()
            box = page.get_by_role("dialog").bounding_box()
            assert box["x"] >= 0 <= box["y"]
            assert box["x"] + box["width"] <= viewport["width"]
            assert box["y"] + box["height"] <= viewport["height"]
            page.keyboard.press("Escape")
        page.locator(".doubt").last.click()
        picture(page, f"word-{viewport['width']}")


# --- options


def test_changes(page):
    text = "in paris &quot; it &apos;s ok , &quot; o'brien said .\n\nthe EU 😀 agreed !"
    write(page, text)
    page.get_by_role("button", name="Changes").click()
    expect(page.locator("#restored ins").first).to_have_text("I")
    kinds = page.locator("#restored :is(ins, del)").evaluate_all(
        "(marks) => marks.map((mark) => [mark.localName, mark.textContent])"
    )
    assert kinds[:4] == [["ins", "I"], ["ins", "P"], ["del", "&quot;"], ["ins", '"']]
    assert ["del", "␣"] in kinds
    assert not page.locator(".doubt").count()
    assert copied(page) == Restorer().restore(text)
    write(page, ARTICLE)
    picture(page, "changes")
    page.get_by_role("button", name="Changes").click()
    expect(page.locator(".doubt").first).to_be_visible()
    assert settled(page) == Restorer().restore(ARTICLE)


FORMS = (
    f"{ARTICLE}\n\nthe eu and Nato met in paris on monday.\n\nI said ( to him ) that it's fine."
    " He won't go.\n\nthe state s leaders don t agree ( he said ) , the president said ."
)


@pytest.mark.parametrize(
    ("act", "options"),
    [
        (
            lambda page: page.get_by_label("Style").select_option("whitehouse"),
            {"style": "whitehouse"},
        ),
        (lambda page: page.get_by_label("capitals", exact=True).uncheck(), {"edits": ["space"]}),
        (lambda page: page.get_by_label("spaces", exact=True).uncheck(), {"edits": ["case"]}),
        (
            lambda page: page.get_by_label("apostrophes").check(),
            {"edits": ["case", "space", "apostrophe"]},
        ),
        (lambda page: page.locator("#confidence").fill("99"), {"min_confidence": 0.99}),
        (
            lambda page: page.get_by_label("One document is").select_option("line"),
            {"document": "line"},
        ),
        (lambda page: page.get_by_label("decide all capitals").check(), {"recase": True}),
        (lambda page: page.get_by_label("decide all spaces").check(), {"respace": True}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_options_are_those_of_a_restorer(page, shipped, act, options):
    page.locator("summary", has_text="More").click()
    before = write(page, FORMS)
    assert before == shipped.restore(FORMS)
    act(page)
    expected = Restorer(**options).restore(FORMS)
    assert settled(page) == expected != before


def test_it_looks_twice(page):
    pytest.importorskip("onnxruntime")
    page.locator("summary", has_text="More").click()
    write(page, FORMS)
    for act, effort in (("check", "best"), ("uncheck", "fast")):
        with page.expect_request("**/v1/explain") as asked:
            getattr(page.get_by_label("look twice"), act)()
        assert asked.value.post_data_json["effort"] == effort
        assert settled(page) == Restorer(effort=effort).restore(FORMS)
    picture(page, "more")


def test_a_server_that_cannot_look_twice_says_so(browser, tiny, tmp_path):
    tiny.save(tmp_path / "tiny.safetensors")
    with (
        serving("--model", str(tmp_path / "tiny.safetensors")) as (address, _),
        visiting(browser, address, faults=("422",)) as page,
    ):
        before = write(page, "in paris .")
        page.locator("summary", has_text="More").click()
        page.get_by_label("look twice").check()
        expect(page.locator("#status.wrong")).to_contain_text("effort: expected fast, got best")
        page.get_by_label("look twice").uncheck()
        assert settled(page) == before


def test_confidence_is_told_and_something_must_be_restored(page):
    write(page, "in paris .")
    page.locator("#confidence").fill("60")
    expect(page.locator("#confidence-shown")).to_have_text("60 %")
    page.get_by_label("capitals", exact=True).uncheck()
    page.get_by_label("spaces", exact=True).uncheck()
    expect(page.locator("#status.wrong")).to_contain_text("choose what to restore")
    page.get_by_label("spaces", exact=True).check()
    assert settled(page) == "in paris."


SAMPLE = "\n".join(
    f"The President of the Bank met the Minister of {name} on Monday, and the Minister said the"
    f" President was right. She told the Bank that the President of {name} would meet it again."
    for name in (  # noqa: SIM905 - easier to read
        "France Italy Spain Peru Chile Japan Ghana Kenya Egypt India China Korea Nepal Sudan"
    ).split()
)


def test_it_adapts_to_a_sample_and_forgets_it(browser, address, tmp_path):
    with visiting(browser, address, faults=("422",)) as page:
        adapts(page, tmp_path / "house.safetensors")


def adapts(page, file):
    text = "the president of the bank met the minister ."
    before = write(page, text)
    page.locator("summary", has_text="Adapt").click()
    page.get_by_role("button", name="Learn from it").click()
    expect(page.locator("#learned.wrong")).to_have_text("expected text to adapt to, found none")
    choose_file(page, "#open-sample", "house.txt", SAMPLE.encode())
    expect(page.locator("#sample")).to_have_value(SAMPLE)
    page.get_by_role("button", name="Learn from it").click()
    expect(page.locator("#learned")).to_contain_text("bank: Bank")
    picture(page, "adapt")
    file.write_bytes(saved(page, "#adapter"))
    adapted = Restorer(model.load().with_adapters(adapter.load(file))).restore(text)
    assert settled(page) == adapted != before
    page.get_by_role("button", name="Forget it").click()
    assert settled(page) == before
    expect(page.locator("#adapter")).to_be_hidden()


def test_one_panel_is_open_at_a_time(page):
    for name in ("Names", "Adapt", "More"):
        page.locator("summary", has_text=name).click()
        expect(page.locator(".panel:visible")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator(".panel:visible")).to_have_count(0)
    expect(page.locator("summary", has_text="More")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".panel:visible")).to_have_count(1)
    page.locator("h1").click()
    expect(page.locator(".panel:visible")).to_have_count(0)


# --- the page itself


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_are_the_systems_until_the_reader_says_and_remembered_then(
    browser, address, scheme
):
    dark = scheme == "dark"
    with visiting(browser, address, color_scheme=scheme) as page:
        button = page.get_by_role("button", name="Dark")
        expect(button).to_have_attribute("aria-pressed", str(dark).lower())
        before = background(page)
        page.emulate_media(color_scheme="light" if dark else "dark")
        expect(button).to_have_attribute("aria-pressed", str(not dark).lower())
        other = background(page)
        assert other != before
        page.emulate_media(color_scheme=scheme)
        button.click()
        assert background(page) == other
        page.reload()
        expect(button).to_have_attribute("aria-pressed", str(not dark).lower())
        assert background(page) == other
        button.click()
        assert background(page) == before


@pytest.mark.parametrize("width", [320, 390, 900])
def test_nothing_is_wider_than_the_window(browser, address, width):
    with visiting(browser, address, viewport={"width": width, "height": 844}) as page:
        write(page, f"{ARTICLE}\n{'a' * 500}\n{'la la ' * 500}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("#restored").evaluate("(box) => box.scrollWidth <= box.clientWidth")
        for name in ("Names", "Adapt", "More"):
            page.locator("summary", has_text=name).click()
            box = page.locator(".panel:visible").bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
        picture(page, f"width-{width}")


WATCH = """() => {
    window.seen = { longest: 0, frames: 0, added: 0 };
    new PerformanceObserver((list) => {
        for (const task of list.getEntries()) seen.longest = Math.max(seen.longest, task.duration);
    }).observe({ entryTypes: ["longtask"] });
    new MutationObserver((changes) => {
        for (const { addedNodes } of changes) seen.added += addedNodes.length;
    }).observe(document.getElementById("restored"), { childList: true });
    const frame = () => { seen.frames += 1; requestAnimationFrame(frame); };
    frame();
}"""


def test_a_long_text_is_shown_as_it_comes_and_typed_into(page, shipped):
    flat, names = flatten(NATURAL), ("syria", "peru", "chad", "mr. o'neil", "nato")
    text = "".join(
        flat.replace("syria", names[i % 5]).replace("dillon", f"smith {i}")
        for i in range(1_000_000 // len(flat) + 1)
    )
    page.evaluate(WATCH)
    page.evaluate("(text) => navigator.clipboard.writeText(text)", text)
    page.locator("#given").press("Control+V")
    page.locator(".piece").first.wait_for()
    assert page.locator("#restored").get_attribute("aria-busy") == "true"  # there is more
    picture(page, "long")
    page.evaluate("seen.longest = 0")  # that was the browser's own, to paste
    page.locator("#given").press("Control+End")
    page.locator("#given").press_sequentially("in paris , it rained .")
    expected = shipped.restore(f"{text}in paris , it rained .")
    assert settled(page) == expected
    pieces = page.locator(".piece").count()
    figures = {"restored": page.evaluate("({ ...seen })")}
    page.evaluate("seen.added = seen.longest = seen.frames = 0")
    page.locator("#given").press("Control+Home")
    page.locator("#given").press_sequentially("yes , ")
    expected = shipped.restore(f"yes , {text}in paris , it rained .")
    assert settled(page) == expected
    figures["typed"] = page.evaluate("({ ...seen })")
    assert 0 < figures["typed"]["added"] < pieces / 2  # what is the same stays
    assert saved(page, "#save").decode() == expected
    (PICTURES / "long.json").write_text(json.dumps(figures, indent=1), encoding="utf-8")


def test_a_server_that_is_gone_is_told_of_and_may_come_back(browser):
    with (
        serving() as (address, process),
        visiting(browser, address, faults=("Failed to load resource",)) as page,
    ):
        assert write(page, "in paris .") == "In Paris."
        process.terminate()
        process.wait()
        page.locator("#given").fill("in rome .")
        said = page.locator("#status.wrong")
        expect(said).to_have_text("the server does not answer; is majuscule serve still running?")
        picture(page, "gone")
        page.get_by_role("button", name="Example").click()
        expect(said).to_have_text("the server does not answer; is majuscule serve still running?")
        page.locator("#copy").click()  # nothing is copied that is of another text
        expect(page.locator("#copy")).to_have_text("Copy")
        with serving("--port", address.rsplit(":", 1)[1].strip("/")):
            assert copied(page) == "In Rome."


def test_a_server_may_ask_for_a_token(browser, tmp_path):
    file = tmp_path / "token"
    file.write_text("secret\n", encoding="utf-8")
    with (
        serving("--token-file", str(file)) as (address, _),
        visiting(browser, address, faults=("401",)) as page,
    ):
        expect(page.locator("#token-title")).to_have_text("This server asks for a token.")
        page.get_by_role("textbox", name="Token").fill("guess")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_have_text("That is not its token.")
        picture(page, "token")
        page.get_by_role("textbox", name="Token").fill("secret")
        page.get_by_role("button", name="Use it").click()
        expect(page.locator("#token")).to_be_hidden()
        assert write(page, "in paris .") == "In Paris."
        assert page.locator("#style option").count() > 1


def test_without_the_token_nothing_is_restored(browser, tmp_path):
    file = tmp_path / "token"
    file.write_text("secret\n", encoding="utf-8")
    with (
        serving("--token-file", str(file)) as (address, _),
        visiting(browser, address, faults=("401",)) as page,
    ):
        expect(page.locator("#token")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#status")).to_have_text("nothing is restored without the token")
        page.locator("#given").press_sequentially("i")
        expect(page.locator("#token")).to_be_visible()


# --- for everybody


def opened(page, name):
    page.locator("summary", has_text=name).click()


def refused_form(page):
    open_word(page, "State")
    take(page, "STATE")
    page.locator(".doubt").nth(3).click()
    page.get_by_label("Write it as").fill("no")
    page.keyboard.press("Enter")


SCENES = {
    "empty": (lambda page: None, None),
    "word": (lambda page: (write(page, ARTICLE), refused_form(page)), None),
    "names": (lambda page: opened(page, "Names"), "#options"),
    "adapt": (lambda page: opened(page, "Adapt"), "#options"),
    "more": (lambda page: opened(page, "More"), "#options"),
    "changes": (
        lambda page: (page.keyboard.press("Escape"), page.locator("#changes").click()),
        "#panes",
    ),
}
"""What is done, one after another, and which part of the page is looked at then."""


@pytest.mark.parametrize(
    ("scheme", "viewport"),
    [("light", WIDE), ("dark", WIDE), ("light", PHONE)],
    ids=["light", "dark", "phone"],
)
def test_axe_finds_nothing(browser, address, scheme, viewport):
    with visiting(browser, address, color_scheme=scheme, viewport=viewport) as page:
        for name, (act, part) in SCENES.items():
            act(page)
            picture(page, f"{name}-{scheme}-{viewport['width']}")
            found = Axe().run(page, part)
            assert not found.violations_count, f"{name}\n{found.generate_report()}"


def test_axe_can_find_something(page):
    page.evaluate("document.documentElement.removeAttribute('lang')")
    assert Axe().run(page).violations_count


# --- the tests' own


def test_a_browser_that_is_named_must_be_there(monkeypatch):
    monkeypatch.setenv("MAJUSCULE_BROWSER", "no-such-browser")
    with pytest.raises(pytest.fail.Exception, match="no-such-browser"):
        chromium()
    monkeypatch.delenv("MAJUSCULE_BROWSER")
    monkeypatch.setenv("PATH", "")
    with pytest.raises(pytest.skip.Exception, match="MAJUSCULE_BROWSER"):
        chromium()
