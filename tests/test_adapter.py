"""Adapters: a small file on a model changes what it says, and nothing but that."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from safetensors.numpy import save

from majuscule import ModelError, _model, adapter
from majuscule.adapter import Adapter
from majuscule.features import Memory, extract
from majuscule.model import Model, load, load_file
from majuscule.restorer import Restorer
from majuscule.text import Document, read
from majuscule.weights import CODES, FEATURES, FORMAT

if TYPE_CHECKING:
    from pathlib import Path

    from majuscule._arrays import Ints, Keys

TEXT = 'the mayor said on friday , " it is late . " then mr. okafor left .'


def features_of(base: Model) -> tuple[Keys, Ints, Ints]:
    tokens = read(TEXT)
    return extract(tokens, base.classes(tokens), Document.BLOCK, Memory())


def of(base: Model, seed: int, **about: Any) -> Adapter:
    """An adapter without sense: it has something to say of every feature of TEXT."""
    rng = np.random.default_rng(seed)
    ids = np.unique(features_of(base)[0])
    table, _ = _model.fill(ids, rng.integers(1, CODES, len(ids)).astype(np.uint32), 64)
    codebook = rng.integers(-300, 300, (CODES, 4)).astype(np.int16)
    codebook[0] = 0
    known = {"kind": "adapter", "format": FORMAT, "features": FEATURES, "name": f"house {seed}"}
    return Adapter(
        table, codebook, (), {**known, "base": base.base, "base_name": base.about["name"], **about}
    )


@pytest.fixture
def house(tiny: Model) -> Adapter:
    return replace(of(tiny, 1), forms=("LeMayor",))


# The file -----------------------------------------------------------------------------------


def test_what_is_saved_is_loaded(house: Adapter, tmp_path: Path) -> None:
    house.save(tmp_path / "a")
    for again in (adapter.load(tmp_path / "a"), load_file(tmp_path / "a")):
        assert isinstance(again, Adapter)
        assert np.array_equal(again.table, house.table)
        assert np.array_equal(again.codebook, house.codebook)
        assert (again.forms, again.about, again.hash) == (house.forms, house.about, house.hash)
        again.save(tmp_path / "b")
        assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


def test_hash_tells_adapters_apart(tiny: Model, house: Adapter) -> None:
    assert len({house.hash, of(tiny, 1).hash, of(tiny, 2).hash}) == 3


def refused(content: bytes, path: Path) -> str:
    """The one line that a file is refused with, whoever reads it."""
    path.write_bytes(content)
    said = []
    for read_it in (adapter.load, load_file, load):
        with pytest.raises(ModelError) as raised:
            read_it(path)
        said.append(str(raised.value))
    assert len(set(said)) == 1
    assert str(path) in said[0]
    assert said[0].isprintable()
    return said[0]


@pytest.mark.parametrize("part", [0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99999])
def test_a_truncated_file_is_refused(house: Adapter, tmp_path: Path, part: float) -> None:
    house.save(tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    assert "damaged" in refused(whole[: int(part * len(whole))], tmp_path / "a")


TENSORS: dict[str, np.ndarray[Any, Any]] = {
    "table": np.zeros((1, 16), np.uint32),
    "codebook": np.zeros((CODES, 4), np.int16),
    "lexicon": np.frombuffer(b"eBay", np.uint8),
}
ABOUT = {"kind": "adapter", "format": FORMAT, "features": FEATURES, "base": "0" * 12}


def file_of(about: dict[str, Any], **tensors: np.ndarray[Any, Any] | None) -> bytes:
    kept = {name: value for name, value in {**TENSORS, **tensors}.items() if value is not None}
    return save(kept, metadata={"majuscule": json.dumps({**ABOUT, **about})})


def test_the_plainest_adapter_is_accepted(tmp_path: Path) -> None:
    """Or the refusals below would say nothing."""
    (tmp_path / "a").write_bytes(file_of({}))
    assert adapter.load(tmp_path / "a").base == "0" * 12


@pytest.mark.parametrize(
    ("about", "tensors", "says"),
    [
        ({"format": 9}, {}, f"expected model format {FORMAT}"),
        ({"features": 99}, {}, "with features 99; install"),
        ({"base": None}, {}, "base to be a hash, got None"),
        ({"style": 3}, {}, "style to be a name, got 3"),
        ({}, {"table": None}, "a tensor named table"),
        ({}, {"codebook": None}, "a tensor named codebook"),
        ({}, {"lexicon": None}, "a tensor named lexicon"),
        ({}, {"table": np.zeros((0, 16), np.uint32)}, "expected table to be uint32"),
        ({}, {"table": np.zeros((1, 15), np.uint32)}, "expected table to be uint32"),
        ({}, {"codebook": np.zeros((7, 4), np.int16)}, "expected codebook to be int16"),
        ({}, {"lexicon": np.frombuffer(b"\xff", np.uint8)}, "the lexicon is not UTF-8"),
        ({}, {"lexicon": np.frombuffer(b"a b", np.uint8)}, "a line that is not one token"),
    ],
)
def test_strange_files_are_refused(
    about: dict[str, Any], tensors: dict[str, Any], says: str, tmp_path: Path
) -> None:
    assert says in refused(file_of(about, **tensors), tmp_path / "a")


@pytest.mark.parametrize("kind", ["model of something", None, [], "x" * 1000])
def test_files_of_another_kind_are_refused(kind: Any, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(file_of({"kind": kind}))
    with pytest.raises(ModelError, match="expected a majuscule model or adapter, got"):
        load_file(tmp_path / "a")


def test_a_model_is_no_adapter(model: Path) -> None:
    with pytest.raises(ModelError, match="expected a majuscule adapter, got 'model'"):
        adapter.load(model)


# On a model ---------------------------------------------------------------------------------


def scores(model: Model) -> Any:
    ids, first, edge = features_of(model)
    return model.score(ids, first, edge)


def test_scores_are_sums(tiny: Model) -> None:
    one, two = of(tiny, 1), of(tiny, 2)
    base = scores(tiny)
    difference = scores(tiny.with_adapters(one)) - base
    assert difference.any()
    both = tiny.with_adapters(one, two)
    assert np.array_equal(scores(both), scores(tiny.with_adapters(two)) + difference)


def test_order_makes_no_difference(tiny: Model) -> None:
    one, two = of(tiny, 1), of(tiny, 2)
    both, again = tiny.with_adapters(one, two), tiny.with_adapters(two).with_adapters(one)
    assert np.array_equal(scores(both), scores(again))
    assert both.hash == again.hash
    assert Restorer(both).restore(TEXT) == Restorer(again).restore(TEXT)


def test_what_is_not_named_is_not_there(tiny: Model, house: Adapter) -> None:
    adapted = tiny.with_adapters(house)
    assert adapted.hash not in {tiny.hash, house.hash}
    assert adapted.base == tiny.hash
    assert Restorer(adapted).restore(TEXT) != Restorer(tiny).restore(TEXT)
    assert tiny.adapters == ()
    without = replace(adapted, adapters=())
    assert without.hash == tiny.hash
    assert Restorer(without).restore(TEXT) == Restorer(tiny).restore(TEXT)


def test_the_forms_of_a_house_come_first(tiny: Model) -> None:
    one = replace(of(tiny, 1), forms=("IPhone",))
    two = replace(of(tiny, 2), forms=("iFoo", "iPHONE"))
    assert "iPhone" in tiny.written_forms
    forms = tiny.with_adapters(one, two).written_forms
    assert {"iFoo", "iPHONE"} <= set(forms)
    assert not {"iPhone", "IPhone"} & set(forms)
    assert tiny.with_adapters(one).hash != tiny.with_adapters(of(tiny, 1)).hash


def test_an_adapter_of_another_model_is_refused(
    tiny: Model, model: Path, house: Adapter, tmp_path: Path
) -> None:
    other = replace(house, about={**house.about, "base": "c0ffee", "base_name": "decaf"})
    for part in ("tiny", tiny.hash, "house 1", "decaf", "c0ffee"):
        with pytest.raises(ModelError, match=part):
            tiny.with_adapters(other)
    other.save(tmp_path / "a")
    with pytest.raises(ModelError, match=str(tmp_path / "a")):
        load([model, tmp_path / "a"])


def test_too_many_are_refused(tiny: Model, house: Adapter) -> None:
    with pytest.raises(ModelError, match="at most 64 adapters"):
        tiny.with_adapters(*[house] * 65)


def test_a_model_with_adapters_has_no_file(tiny: Model, house: Adapter, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="a model without adapters"):
        tiny.with_adapters(house).save(tmp_path / "m")
    assert not (tmp_path / "m").exists()


# By their files -----------------------------------------------------------------------------


def test_files_in_any_order(tiny: Model, model: Path, house: Adapter, tmp_path: Path) -> None:
    house.save(tmp_path / "a")
    wanted = tiny.with_adapters(house).hash
    for named in ([model, tmp_path / "a"], [str(tmp_path / "a"), str(model)], [model, house]):
        assert load(named).hash == wanted
        assert Restorer(named).model.hash == wanted
    assert load([model]).hash == tiny.hash


def test_two_models_are_refused(model: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected one model and adapters, got a second model"):
        load([model, model])


@pytest.mark.model
def test_without_a_model_it_is_the_shipped_one(tmp_path: Path) -> None:
    base = load()
    of(base, 1).save(tmp_path / "a")
    of(base, 2).save(tmp_path / "b")
    assert load(tmp_path / "a").base == base.hash == load([]).hash
    assert len(Restorer([tmp_path / "a", tmp_path / "b"]).model.adapters) == 2


def test_the_style_of_a_house_is_its_default(tiny: Model) -> None:
    plain, news = of(tiny, 1, style=None), of(tiny, 2, style="news")
    adapted = tiny.with_adapters(news, plain)
    assert (tiny.style(None), adapted.style(None)) == (0, 1)
    assert (adapted.style("none"), adapted.style("news")) == (0, 1)
    with pytest.raises(ModelError, match="the style of 'house 3' to be one of the model's"):
        tiny.with_adapters(of(tiny, 3, style="loud"))
