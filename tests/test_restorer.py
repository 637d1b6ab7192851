"""What restoring promises, whatever the text and whatever the model."""

from __future__ import annotations

import itertools
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import reference
from hypothesis import assume, example, given
from hypothesis import strategies as st
from texts import cut, documents, lines, texts

from majuscule import GuaranteeError, MajusculeError, ModelError
from majuscule import restorer as module
from majuscule.labels import Case, Gap
from majuscule.restorer import EDITS, Restorer
from majuscule.text import CASED, Convention, flatten, read, unescape
from majuscule.weights import SCALE

if TYPE_CHECKING:
    from collections.abc import Callable

    from majuscule.model import Model

DATA = Path(__file__).parent / "data"
TINY = (DATA / "tiny.txt").read_text(encoding="utf-8")
ANY = st.one_of(texts, documents)


def afresh(restorer: Restorer, **others: Any) -> Restorer:
    """A restorer with the same model that decides all afresh, whatever comes in."""
    return Restorer(restorer.model, recase=True, respace=True, **others)


def follows(after: str, before: str) -> bool:
    """Whether a line has lost only blanks inside, and changed only in case."""
    rest = iter(before)
    return (
        reference.bare(after) == reference.bare(before)
        and before[len(before.rstrip()) :] == after[len(after.rstrip()) :]
        and before[: len(before) - len(before.lstrip())]
        == after[: len(after) - len(after.lstrip())]
        and all(any(reference.lower(b) == reference.lower(a) for b in rest) for a in after)
    )


def assert_promises(restorer: Restorer, given_text: str) -> str:
    """The guarantee in plain Python, and all that must follow from it."""
    plain = unescape(given_text)
    once = restorer.restore(given_text)
    # Only blanks are gone, only letters' case has changed.
    assert reference.bare(unescape(once)) == reference.bare(plain)
    # Lines stay lines, with what stands at their ends.
    assert once.count("\n") == given_text.count("\n")
    by_line = (text.split("\n") for text in (given_text, plain, once))
    for as_given, unescaped, after in zip(*by_line, strict=True):
        # Where the line was not tokenised, its escapes are the writer's own.
        assert follows(after, unescaped) or follows(after, as_given)
    # Nothing is left to do.
    assert restorer.restore(once) == once
    return once


@given(ANY)
@example("")
@example("at&AMP;t")
@example("' t is , ' tis , 't is , 'tis")
@example("can not gon na ca n't n ' t")
@example("\0\u00a0'' -lrb - &apos ; @ -@ ` `")
@example("a - b c-d\n\ne - f")
@example("\ud800 &amp; \udfff")
def test_promises_of_a_trained_model(restorer: Restorer, given_text: str) -> None:
    assert_promises(restorer, given_text)
    once = assert_promises(afresh(restorer), given_text)
    assert unescape(once) == once  # and no escape came about


@given(ANY)
@example("' t is , ' tis , 't is , 'tis")
@example("can not gon na ca n't n ' t")
@example("\0\u00a0'' -lrb - &apos ; @ -@ ` `")
@example("a - b c-d\n\ne - f / g h/i j /k")
def test_promises_of_any_model(erratic: Restorer, given_text: str) -> None:
    assert_promises(erratic, given_text)
    once = assert_promises(afresh(erratic), given_text)
    assert unescape(once) == once  # and no escape came about


@given(ANY)
@example("&AMP;amp; N'T CAN NOT -LRB- İSTANBUL ß")
def test_case_of_the_input_does_not_matter(
    restorer: Restorer, erratic: Restorer, given_text: str
) -> None:
    for one in (afresh(restorer), afresh(erratic)):
        wanted = one.restore(given_text)
        assert one.restore(reference.upper(given_text)) == wanted
        assert one.restore(reference.lower(given_text)) == wanted


def gaps(text: str) -> list[int]:
    """Where a text's tokens stand together."""
    return read(text).gap.tolist()


@given(ANY, st.sampled_from(Convention))
def test_flattened_or_natural_is_all_one(
    restorer: Restorer, erratic: Restorer, given_text: str, convention: Convention
) -> None:
    """Text comes back the same from either, where its spacing is what the model gives it."""
    flat = flatten(given_text, convention)
    words = [read(t).key.tolist() for t in (flat, given_text)]
    for one in (afresh(restorer), afresh(erratic)):
        restored = one.restore(flat)
        assume(words[0] == words[1] and gaps(restored) == gaps(given_text))
        assert one.restore(unescape(given_text)).split() == restored.split()


def test_what_was_learned_comes_back(restorer: Restorer) -> None:
    """Not a measure; but a model that had learned nothing would fail every line."""
    right = wrong = 0
    for line in TINY.splitlines():
        restored = restorer.restore(flatten(line))
        right += restored == line
        wrong += restored != line
        assert restorer.restore(restored) == restored
    assert right > wrong


@given(ANY, st.sampled_from(Convention))
def test_flattening_then_restoring_never_raises(
    restorer: Restorer, erratic: Restorer, given_text: str, convention: Convention
) -> None:
    for one in (restorer, erratic):
        assert_promises(one, flatten(given_text, convention))


# Pieces, threads, batches -------------------------------------------------------------------


@given(
    st.lists(st.one_of(lines, texts, st.just("")), max_size=8).map("\n".join),
    st.sets(st.integers(1, 12)),
    st.sampled_from(["line", "block", "file"]),
)
@example("he left\n\nparis - and u.s.-led\nmore - words", {1, 2, 3}, "block")
@example("a\nb\n", {1, 2}, "block")
def test_a_stream_gives_what_one_call_gives(
    tiny: Model, erratic: Restorer, given_text: str, places: set[int], document: str
) -> None:
    for model in (tiny, erratic.model):
        one = Restorer(model, document=document)
        assert "".join(one.stream(cut(given_text, places))) == one.restore(given_text)


@given(documents, st.sampled_from(["line", "block", "file"]))
def test_batches_of_tokens_change_nothing(tiny: Model, given_text: str, document: str) -> None:
    """The steps take several lines at a time; how many is of no consequence."""
    one = Restorer(tiny, document=document)
    wanted = one.restore(given_text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BATCH_TOKENS", 3)
        assert one.restore(given_text) == wanted


def test_a_stream_is_read_as_it_is_asked_for(restorer: Restorer) -> None:
    taken = []

    def endless() -> itertools.count[int]:
        for number in itertools.count():
            taken.append(number)
            yield f"line {number} , he said .\n"

    stream = restorer.stream(endless())
    assert taken == []
    first = [next(stream) for _ in range(3)]
    assert taken == [0, 1, 2]
    assert [line.lower() for line in first] == [f"line {n}, he said.\n" for n in range(3)]


def test_an_empty_piece_is_no_blank_line(erratic: Restorer) -> None:
    for text in TINY.split("\n\n"):
        flat = flatten(text).splitlines(keepends=True)
        apart = [piece for line in flat for piece in (line, "")]
        assert "".join(erratic.stream(apart)) == erratic.restore("".join(flat))


def test_a_blank_line_ends_a_document(erratic: Restorer) -> None:
    """What follows one is as if it stood alone; what follows none is not always."""
    flat = [flatten(line) for line in TINY.splitlines() if line]
    alone = [erratic.restore(line) for line in flat]
    assert erratic.restore("\n\n".join(flat)).split("\n\n") == alone
    assert erratic.restore("\n".join(flat)).split("\n") != alone
    by_line = Restorer(erratic.model, document="line")
    assert by_line.restore("\n".join(flat)).split("\n") == alone
    whole = Restorer(erratic.model, document="file")
    assert whole.restore("\n\n".join(flat)).split("\n\n") != alone


@given(st.lists(ANY, max_size=5))
def test_a_batch_is_its_texts_one_by_one(restorer: Restorer, batch: list[str]) -> None:
    assert restorer.restore_batch(batch) == [restorer.restore(text) for text in batch]
    assert restorer.restore_batch(iter(batch)) == restorer.restore_batch(batch)


def test_many_threads_give_what_one_gives(tiny: Model, erratic: Restorer) -> None:
    flat = [flatten(line) for line in TINY.splitlines()] * 3
    for model in (tiny, erratic.model):
        wanted = [Restorer(model).restore(text) for text in flat]
        one, start = Restorer(model), threading.Barrier(4)

        def work(share: int, one: Restorer = one, start: threading.Barrier = start) -> list[str]:
            start.wait()
            return [one.restore(text) for text in flat[share:] + flat[:share]]

        with ThreadPoolExecutor(4) as pool:
            for share, got in enumerate(pool.map(work, range(4))):
                assert got == wanted[share:] + wanted[:share]


# Long and deep ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "long",
    [
        'he said , " no " ( u.s. ) - ' * 6_000,
        ". " * 70_000,
        '" ' * 70_000,
        "a " * 70_000,
        "." * 140_000,
        "a " * 65_535 + "& apos ; b & amp ; c - d -lrb - gon na",
        "a " * 65_534 + "& apos ; b & amp ; c - d -lrb - gon na",
        "a " * 65_535 + "&apos ; b",
        "a " * 65_534 + "@ -@ b",
        "a " * 65_535 + "can not ' t is gon na",
    ],
    ids=["words", "stops", "quotes", "letters", "one", "e5", "e4", "g5", "at", "pairs"],
)
def test_very_long_lines(erratic: Restorer, long: str) -> None:
    """Lines of more than 65536 tokens are cut inside; nothing shows it."""
    once = erratic.restore(long)
    assert reference.bare(once) == reference.bare(unescape(long))
    assert erratic.restore(once) == once


@pytest.mark.parametrize(
    "deep",
    [
        "&" + "amp;" * 100_000 + "lt;",
        "@ @-@ " * 20_000,
        "'' `` " * 20_000,
        "-lrb- " * 20_000,
        "n't " * 40_000,
        "' " * 60_000,
        ".'" * 60_000,
        " " * 300_000 + "a",
        "a" * 300_000,
        "\n" * 100_000,
        "e\u0301" * 100_000,
    ],
    ids=lambda deep: repr(deep[:8]),
)
def test_deep_input_is_no_more_work_than_other(restorer: Restorer, deep: str) -> None:
    """Work that grew with the square of these would not end today."""
    assert reference.bare(restorer.restore(deep)) == reference.bare(unescape(deep))
    assert flatten(deep).count("\n") == deep.count("\n")


# Use ----------------------------------------------------------------------------------------


@given(ANY)
def test_what_may_not_be_edited_stays(tiny: Model, given_text: str) -> None:
    as_it_is = unescape(given_text)
    both, case, space = (
        Restorer(tiny, edits=edits, recase=True, respace=True).restore(given_text)
        for edits in (["space", "case"], ["case"], ["space"])
    )
    assert both == Restorer(tiny, recase=True, respace=True).restore(given_text)
    assert len(case) == len(as_it_is)
    assert [c.isspace() for c in case] == [c.isspace() for c in as_it_is]
    assert "".join(space.split()) == "".join(as_it_is.split())


def test_each_edit_alone_does_its_part(restorer: Restorer) -> None:
    flat = flatten(TINY)
    case, space = (Restorer(restorer.model, edits=[edit]).restore(flat) for edit in EDITS)
    assert case != flat
    assert space != flat
    assert space == space.lower()
    assert case.lower() == unescape(flat)


@given(ANY)
def test_margins_come_with_what_restore_gives(erratic: Restorer, given_text: str) -> None:
    restored, margins = erratic.margins(given_text)
    assert restored == erratic.restore(given_text)
    assert len(margins) == len("".join(restored.split()))
    assert (margins >= 0).all()


def test_a_margin_belongs_to_its_decision(restorer: Restorer) -> None:
    """Case margins hold for a word's characters; that of the gap is its first's."""
    restored, margins = restorer.margins("the bus , he said")
    assert restored == "The bus, he said"
    of = dict(zip(enumerate("Thebus,hesaid"), margins.tolist(), strict=True))
    assert of[1, "h"] == of[2, "e"] >= of[0, "T"]
    assert of[4, "u"] == of[5, "s"]
    assert of[6, ","] < 2**31 - 1  # that blank might have stayed


@given(ANY, st.sampled_from([0.0, 0.8]), st.sampled_from([(), ("Army", "iPhone")]))
def test_an_explanation_is_of_what_restore_gives(
    erratic: Restorer, given_text: str, least: float, lexicon: tuple[str, ...]
) -> None:
    one = afresh(erratic, min_confidence=least, lexicon=lexicon)
    restored, decisions = one.explain(given_text)
    assert restored == one.restore(given_text)
    tokens = read(given_text)
    assert len(decisions) == len(tokens)
    shown = ""
    end = 0
    for i, decision in enumerate(decisions):
        assert restored[slice(*decision.output)] == decision.written
        assert reference.lower(decision.written) == tokens.word(i)
        between = restored[end : decision.output[0]]
        assert not between.strip()
        assert (decision.gap == Gap.JOIN) <= (not between)
        end = decision.output[1]
        shown += decision.written
        a, b = decision.input
        made_from = read(f"a {given_text[a:b]} a")
        assert tokens.word(i) in "".join(made_from.word(k) for k in range(len(made_from)))
        if CASED[tokens.kind[i]]:
            # A form may be anything, and one capital is both TITLE and UPPER.
            possible = (Case.of(decision.written), Case.MIXED, Case.UPPER)
            assert decision.case in possible or not decision.written.isascii()
        else:
            assert decision.runner_up is None
        for chance in (decision.case_probability, decision.gap_probability):
            assert 0.5 <= chance <= 1
        deciders = {"model", "memory", "lexicon"} | ({"input"} if least else set())
        assert decision.by in deciders
    assert shown == "".join(restored.split())


def test_an_explanation_says_who_decided(restorer: Restorer) -> None:
    flat = "the bus &apos;s ipod , he said"
    _, decisions = Restorer(restorer.model, lexicon=["iPod"]).explain(flat)
    by = {decision.written: decision.by for decision in decisions}
    assert by["iPod"] == "lexicon"
    assert by["The"] == "model"
    (apostrophe,) = (decision for decision in decisions if decision.written == "'")
    assert flat[slice(*apostrophe.input)] == "&apos;"
    _, decisions = Restorer(restorer.model, min_confidence=1 - 1e-12).explain(flat)
    the = decisions[0]
    assert (the.written, the.output, the.input) == ("the", (0, 3), (0, 3))
    assert (the.case, the.runner_up, the.by) == (Case.LOWER, Case.TITLE, "input")


@given(ANY, st.sampled_from([0.5, 0.7, 0.99]))
def test_what_is_less_sure_stays(erratic: Restorer, given_text: str, least: float) -> None:
    """Each change was made by the restorer that dares all, and is sure enough."""
    careful = afresh(erratic, min_confidence=least)
    once, (all_, margins) = careful.restore(given_text), afresh(erratic).margins(given_text)
    plain = unescape(given_text)
    threshold = math.log(least / (1 - least)) * SCALE
    for was, now, would, margin in zip(
        *("".join(text.split()) for text in (plain, once, all_)), margins.tolist(), strict=True
    ):
        assert now in (was, would)
        if now != was:
            # The first character's margin may be its gap's; a change of case is the case's.
            assert margin >= 0
        elif would != was:
            assert margin < threshold
    assert careful.restore(once) == once
    assert_promises(Restorer(erratic.model, min_confidence=least), given_text)


def test_more_confidence_is_fewer_changes(restorer: Restorer) -> None:
    flat = flatten(TINY)
    changes = []
    for least in (0.0, 0.5, 0.9, 0.99, 1 - 1e-12):
        restored = Restorer(restorer.model, min_confidence=least).restore(flat)
        changes.append(sum(char.isupper() for char in restored))
    assert changes == sorted(changes, reverse=True)
    assert changes[0] == changes[1] > changes[2] > changes[-1] == 0


def test_what_stays_keeps_its_own_form(restorer: Restorer) -> None:
    """Capitals of any kind stay where nothing is sure enough to be changed."""
    text = "tHe iPHONE of NATO ,Is"
    assert Restorer(restorer.model, min_confidence=1 - 1e-15).restore(text) == text


def test_a_style_changes_what_its_features_say(erratic: Restorer) -> None:
    flat = flatten(TINY)
    assert erratic.styles == ("a", "b")
    plain, a, b = (Restorer(erratic.model, style=s).restore(flat) for s in (None, "a", "b"))
    assert plain == erratic.restore(flat)
    assert len({plain, a, b}) == 3
    assert reference.bare(a) == reference.bare(b) == reference.bare(plain)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda m: Restorer(m, style="x"), ModelError, "expected a style of this model"),
        (lambda m: Restorer(m, document="page"), MajusculeError, "line, block or file, got 'page'"),
        (lambda m: Restorer(m, edits=["accents"]), MajusculeError, r"got \['accents'\]"),
        (lambda m: Restorer(m, edits=[]), MajusculeError, r"got \[\]"),
        (lambda m: Restorer(m, edits="case"), MajusculeError, "got 'case'"),
        (lambda m: Restorer(m, min_confidence=1), MajusculeError, "less than 1, got 1"),
        (lambda m: Restorer(m, min_confidence=-0.1), MajusculeError, "0 or more .* got -0.1"),
    ],
)
def test_wrong_use_is_told_apart(
    tiny: Model, call: Callable[[Model], Restorer], error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        call(tiny)


def test_a_model_or_its_file(tiny: Model, tmp_path: Path) -> None:
    tiny.save(tmp_path / "m")
    flat = flatten(TINY)
    wanted = Restorer(tiny).restore(flat)
    assert Restorer(tmp_path / "m").restore(flat) == wanted
    assert Restorer(str(tmp_path / "m")).restore(flat) == wanted


def test_a_broken_model_raises_and_gives_nothing(
    tiny: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were labels ever wrong, the check at the end would see it."""
    monkeypatch.setattr(module.decode, "best", lambda *_: read("Iphone said").labels | 3)
    monkeypatch.setattr(type(tiny), "find", lambda *_: read("a b").start * 0)
    stream = Restorer(tiny).stream(["iphone said\n"])
    with pytest.raises(GuaranteeError, match="differs from its input at character"):
        next(stream)
