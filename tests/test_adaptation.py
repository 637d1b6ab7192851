"""Adapting: a sample of a house is enough to write as it does, and does no harm elsewhere."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from conftest import TINY

import majuscule
from majuscule import DataError, MajusculeError, ModelError
from majuscule.adaptation import PARTS, AdaptSettings, adapt
from majuscule.restorer import Restorer
from majuscule.training import Source, train

if TYPE_CHECKING:
    from majuscule.model import Model

PLACES = ("Paris", "Rome", "Oslo", "Lima", "Cairo", "Delhi", "Quito")
VERBS = ("saw", "met", "left", "told", "asked", "thanked")


def text(written: str, *, apart: str = "\n") -> str:
    """Lines in which a word of a house is met in all sorts of places."""
    return apart.join(
        f"She {verb} {written} in {place}, and {written} {other}."
        for place in PLACES
        for verb in VERBS
        for other in ("agreed", "did not", "was late")
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A model of a press office: the President, and the Board."""
    folder = tmp_path_factory.mktemp("base")
    loud, quiet = folder / "loud.txt", folder / "quiet.txt"
    loud.write_text(text("the President") + "\n" + text("the Board") + "\n")
    quiet.write_text(text("the ship") + "\n")
    return train([Source(loud, "loud"), Source(quiet)], TINY, name="press")


@pytest.fixture
def sample(tmp_path: Path) -> Source:
    """Another house: the president."""
    path = tmp_path / "house.txt"
    path.write_text(text("the president", apart="\n\n") + "\n")
    return Source(path)


FLAT = "she met the president in rome , and the board was late ."


def test_a_house_is_written_as_it_writes(base: Model, sample: Source) -> None:
    assert Restorer(base).restore(FLAT) == (
        "She met the President in Rome, and the Board was late."
    )
    house = adapt([sample], base)
    assert Restorer(base.with_adapters(house)).restore(FLAT) == (
        "She met the president in Rome, and the Board was late."
    )


def test_it_says_what_it_learned(base: Model, sample: Source) -> None:
    about = adapt([sample], base, name="gazette", about={"license": "CC0-1.0"}).about
    assert about["habits"][0]["word"] == "president"
    assert about["habits"][0]["form"] == "President"
    assert about["habits"][0]["before"] > about["habits"][0]["after"] == 0
    assert about["habits"][0]["of"] >= about["habits"][0]["before"]
    held_out = about["held_out"]
    assert held_out["wrong_before"] > held_out["wrong_after"] == 0
    assert held_out["word_f1_before"] < held_out["word_f1_after"] == 100
    assert held_out["words"] == len(sample.path.read_text().split())
    assert (about["kind"], about["name"], about["license"]) == ("adapter", "gazette", "CC0-1.0")
    assert (about["base"], about["base_name"], about["upon"]) == (base.hash, "press", [])
    digest = hashlib.sha256(sample.path.read_bytes()).hexdigest()
    assert about["training"] == [{"file": "house.txt", "sha256": digest}]
    assert about["settings"] == dataclasses.asdict(AdaptSettings())


def test_the_same_sample_gives_the_same_file(base: Model, sample: Source, tmp_path: Path) -> None:
    for name in ("a", "b"):
        adapt([sample], base).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_what_it_learns_is_added_to_what_lies_there(base: Model, sample: Source) -> None:
    first = adapt([sample], base)
    sample.path.write_text(text("the board", apart="\n\n"))
    second = adapt([sample], base.with_adapters(first))
    assert (second.base, second.about["upon"]) == (base.hash, [first.hash])
    assert Restorer(base.with_adapters(first, second)).restore(FLAT) == (
        "She met the president in Rome, and the board was late."
    )


def test_a_sample_that_the_model_writes_as_it_is_changes_nothing(
    base: Model, sample: Source
) -> None:
    sample.path.write_text(text("the President", apart="\n\n"))
    house = adapt([sample], base)
    held_out = house.about["held_out"]
    assert held_out["wrong_after"] == held_out["wrong_before"]
    assert house.about["habits"] == []
    assert Restorer(base.with_adapters(house)).restore(FLAT) == Restorer(base).restore(FLAT)


def test_what_only_does_harm_is_left_out(base: Model, tmp_path: Path) -> None:
    """A sample that says now this, now that: what was learned of one part is wrong in others."""
    path = tmp_path / "mixed.txt"
    documents = [text("the President"), text("the president")]
    path.write_text("\n\n".join(documents[i % PARTS == 2] for i in range(PARTS * 2)))
    house = adapt([Source(path)], base, AdaptSettings(rate=20, passes=6))
    assert house.about["strength"] == 0
    assert not house.table.any()
    assert house.about["held_out"]["wrong_after"] == house.about["held_out"]["wrong_before"]


def test_only_words_of_the_sample_are_touched(base: Model, sample: Source) -> None:
    adapted = Restorer(base.with_adapters(adapt([sample], base, AdaptSettings(strength=1))))
    other = "he says that ships of norway , once at sea , do well ."
    before, after = (one.margins(other) for one in (Restorer(base), adapted))
    assert before[0] == after[0]
    assert np.array_equal(before[1], after[1])


def test_few_documents_are_parted_by_paragraph(base: Model, sample: Source) -> None:
    sample.path.write_text(text("the president"))
    about = adapt([sample], base).about
    assert about["held_out"]["words"] == len(sample.path.read_text().split())
    assert about["held_out"]["wrong_after"] < about["held_out"]["wrong_before"]


def test_of_too_little_nothing_is_held_out(base: Model, sample: Source) -> None:
    sample.path.write_text("\n".join(text("the president").split("\n")[:9]))
    house = adapt([sample], base)
    assert (house.about["held_out"], house.about["strength"]) == (None, 1)
    assert "the president in" in Restorer(base.with_adapters(house)).restore(FLAT)


def test_the_nearest_style_is_found(sample: Source, tmp_path: Path) -> None:
    # Of a batch in two the style is withheld: a few batches each, so that both styles are seen.
    (tmp_path / "loud").write_text((text("the king") + "\n").upper() * 40)
    (tmp_path / "quiet").write_text((text("the king") + "\n") * 40)
    sources = [Source(tmp_path / "loud", "loud"), Source(tmp_path / "quiet", "quiet")]
    model = train(sources, dataclasses.replace(TINY, passes=6))
    # Without a style it writes one way or the other: a house of the other way needs one.
    flat = "she met the king in rome , and the king agreed ."
    loud = Restorer(model).restore(flat).isupper()
    needed, written = ("quiet", str) if loud else ("loud", str.upper)
    sample.path.write_text(written(text("the king", apart="\n\n")))
    house = adapt([sample], model)
    assert house.style == needed
    assert Restorer(model.with_adapters(house)).restore(flat).isupper() == (not loud)
    other = "loud" if loud else "quiet"
    assert adapt([sample], model, style=other).style == other
    assert adapt([sample], model, style="none").style is None


def test_a_style_that_there_is_not(base: Model, sample: Source) -> None:
    with pytest.raises(ModelError, match="expected a style of this model, one of loud"):
        adapt([sample], base, style="shy")


def test_a_house_has_words_of_its_own(base: Model, sample: Source) -> None:
    sample.path.write_text(text("an iFoo", apart="\n\n") + "\n\nHe OnCe slept.")
    house = adapt([sample], base)
    assert house.forms == ("iFoo",)
    restored = Restorer(base.with_adapters(house)).restore("she met an ifoo in rome .")
    assert restored.startswith("She met an iFoo in")


def test_tokenised_text_teaches_no_spacing(base: Model, sample: Source) -> None:
    sample.path.write_text(text("the president").replace(",", " ,").replace(".", " ."))
    tokenised = dataclasses.replace(sample, spacing=False)
    house = adapt([tokenised], base)
    assert Restorer(base.with_adapters(house)).restore(FLAT) == (
        "She met the president in Rome, and the Board was late."
    )
    assert house.about["held_out"]["wrong_after"] == 0


def test_progress_is_told(base: Model, sample: Source) -> None:
    told: list[Any] = []

    class Notes:
        def begin(self, name: str, characters: int | None) -> None:
            told.append([name, characters, 0])

        def advance(self, characters: int) -> None:
            told[-1][2] += characters

    adapt([sample], base, progress=Notes())
    assert [name for name, _, _ in told] == ["trying", "learning"]
    assert all(done == pytest.approx(wanted, rel=0.05) for _, wanted, done in told)


@pytest.mark.parametrize(
    ("name", "value"), [("passes", 0), ("rate", -1), ("most", 0), ("strength", -1)]
)
def test_settings_that_cannot_be_are_refused(name: str, value: int) -> None:
    with pytest.raises(MajusculeError, match=f"expected {name} from .* to .*, got {value}"):
        AdaptSettings(**{name: value})


def test_bad_samples_are_named(base: Model, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n \n\n")
    (tmp_path / "bad").write_bytes(b"Good.\nNot \xff good.\n")
    with pytest.raises(DataError, match="expected text to adapt to, found none"):
        adapt([Source(tmp_path / "empty")], base)
    with pytest.raises(DataError, match="bad: line 2: expected UTF-8, got byte 0xff at 4"):
        adapt([Source(tmp_path / "bad")], base)
    with pytest.raises(FileNotFoundError):
        adapt([Source(tmp_path / "none")], base)


def test_strange_text_is_learned_from_all_the_same(base: Model, tmp_path: Path) -> None:
    path = tmp_path / "strange.txt"
    strange = "\0 \ufeffİSTANBUL ßßß ŉ\u2028-LRB- &amp;AMP; cannot 'Twas N'T\r\n \n\n``\n" * 30
    path.write_text(strange, encoding="utf-8", newline="")
    restorer = Restorer(base.with_adapters(adapt([Source(path)], base)))
    once = restorer.restore(majuscule.flatten(strange))
    assert restorer.restore(once) == once


@pytest.mark.model
def test_the_shipped_model_learns_a_house(tmp_path: Path) -> None:
    flat = "he wrote to the president ."
    assert majuscule.restore(flat) == "He wrote to the President."
    (tmp_path / "house.txt").write_text(text("the president of the bank", apart="\n\n"))
    house = majuscule.adapt([tmp_path / "house.txt"], name="gazette")
    assert house.name == "gazette"
    assert house.about["habits"][0]["word"] == "president"
    house.save(tmp_path / "house.safetensors")
    adapted = Restorer(tmp_path / "house.safetensors")
    assert adapted.restore(flat) == "He wrote to the president."
    assert (tmp_path / "house.safetensors").stat().st_size < 100_000
