"""``adapt`` and adapters on the command line: one call learns a house, another writes it."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import TINY, assert_refused
from test_adaptation import FLAT, text

from majuscule import adapter, cli
from majuscule.adaptation import AdaptSettings
from majuscule.model import load
from majuscule.restorer import Restorer
from majuscule.training import Source, train


@pytest.fixture(scope="module")
def press(tmp_path_factory):
    """A model of a house that writes the President, in a file."""
    folder = tmp_path_factory.mktemp("press")
    (folder / "loud.txt").write_text(text("the President") + "\n" + text("the Board") + "\n")
    (folder / "quiet.txt").write_text(text("the ship") + "\n")
    sources = [Source(folder / "loud.txt", "loud"), Source(folder / "quiet.txt")]
    train(sources, TINY, name="press").save(folder / "press.model")
    return folder / "press.model"


@pytest.fixture
def sample(tmp_path):
    path = tmp_path / "house.txt"
    path.write_text(text("the president", apart="\n\n") + "\n")
    return path


def test_a_house_from_sample_to_text(here, press, sample, tmp_path):
    house = tmp_path / "house.safetensors"
    options = ("--name", "gazette", "--license", "CC0-1.0", "--seed", "3")
    result = here("adapt", sample, "-o", house, "--model", press, *options)
    said = result.stderr.decode()
    assert (result.returncode, result.stdout) == (0, b"")
    assert all(line.startswith("majuscule: ") for line in said.splitlines())
    assert "nearest style: none in particular" in said
    assert "on text held out, " in said
    assert " 0 after; word F1 " in said
    assert "president: President " in said
    about = adapter.load(house).about
    assert (about["name"], about["license"]) == ("gazette", "CC0-1.0")
    assert about["settings"]["seed"] == 3

    flat = tmp_path / "flat.txt"
    flat.write_text(FLAT + "\n")
    before = here("restore", flat, "--model", press).stdout.decode()
    assert before == "She met the President in Rome, and the Board was late.\n"
    after = here("restore", flat, "--model", house, "--model", press).stdout.decode()
    assert after == "She met the president in Rome, and the Board was late.\n"
    assert here("restore", flat, "--model", press).stdout.decode() == before


def test_adapters_are_stacked(here, press, sample, tmp_path):
    other = tmp_path / "other.txt"
    other.write_text(text("the board", apart="\n\n") + "\n")
    for source in (sample, other):
        assert here("adapt", source, "-o", f"{source}.a", "--model", press).returncode == 0
    flat = tmp_path / "flat.txt"
    flat.write_text(FLAT)
    both = ["--model", f"{sample}.a", "--model", press, "--model", f"{other}.a"]
    assert here("restore", flat, *both).stdout.decode() == (
        "She met the president in Rome, and the board was late."
    )
    named = [f"{other}.a", press, f"{sample}.a"]
    assert Restorer(named).restore(FLAT) == (
        "She met the president in Rome, and the board was late."
    )
    natural = tmp_path / "natural.txt"
    natural.write_text(Restorer(named).restore(FLAT))
    judged = here("evaluate", natural, "--restore", "--json", "--samples=0", *both)
    told = json.loads(judged.stdout)
    assert load(named).hash in json.dumps(told)


def test_info_tells_what_an_adapter_is(here, press, sample, tmp_path):
    house = tmp_path / "house.safetensors"
    here("adapt", sample, "-o", house, "--model", press)
    told = json.loads(here("info", "--model", house, "--json").stdout)
    known = adapter.load(house)
    assert (told["kind"], told["base"]) == ("adapter", load(press).hash)
    assert told["hash"] == known.hash
    assert told["bytes"] == house.stat().st_size
    assert told["habits"] == known.about["habits"]
    assert told["weighted"] == (known.table > 0).sum() > 0
    assert "second_stage" not in told
    shown = here("info", "--model", house).stdout.decode()
    (habit,) = known.about["habits"]
    assert f"president  President {habit['before']} -> 0 of {habit['of']}\n" in shown
    both = json.loads(here("info", "--model", house, "--model", press, "--json").stdout)
    assert [one["name"] for one in both] == ["house", "press"]


@pytest.mark.parametrize("habits", [None, "none", [1], [{"word": []}], {"a": 1}])
def test_whatever_a_header_says_of_habits_is_shown(here, press, sample, tmp_path, habits):
    house = tmp_path / "house.safetensors"
    here("adapt", sample, "-o", house, "--model", press)
    known = adapter.load(house)
    replace(known, about={**known.about, "habits": habits}).save(house)
    assert here("info", "--model", house).returncode == 0


def test_what_it_is_worth_is_said_plainly(here, press, sample, tmp_path):
    house = tmp_path / "house.safetensors"
    sample.write_text(text("the President", apart="\n\n"))
    result = here("adapt", sample, "-o", house, "--model", press)
    assert (result.returncode, house.exists()) == (0, True)
    assert "no better than the model is without it" in result.stderr.decode()
    sample.write_text("She met the president in Rome.\n")
    result = here("adapt", sample, "-o", house, "--model", press)
    assert "what this is worth cannot be said" in result.stderr.decode()


def test_tokenised_samples(here, press, tmp_path):
    lines = text("the president").replace(",", " ,").replace(".", " .")
    for name, flags in (("a.txt", ["--tokenised"]), ("b.tok.txt", [])):
        (tmp_path / name).write_text(lines)
        house = tmp_path / "house.safetensors"
        assert here("adapt", tmp_path / name, "-o", house, "--model", press, *flags).returncode == 0
        assert Restorer([press, house]).restore(FLAT) == (
            "She met the president in Rome, and the Board was late."
        )


def test_help_shows_every_setting(capsys):
    assert cli.main(["adapt", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    for name, default in vars(AdaptSettings()).items():
        assert f"--{name.replace('_', '-')} " in told
        assert f"(default: {default})" in told


def test_wrong_calls_exit_with_2(here, press, sample, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    whole = sample.read_bytes()
    for line, parts in (
        ([sample], ["-o"]),
        (["-o", "a"], ["SAMPLE"]),
        (["-", "-o", "a"], ["expected a file that can be read again", "got -"]),
        ([sample, "-o", os.devnull], ["expected a file", os.devnull]),
        ([sample, "-o", sample], ["another file", sample]),
        ([sample, "-o", press], ["another file", press]),
        ([sample, "-o", "a", "--style=shy"], ["loud", "'shy'", "see majuscule adapt --help"]),
        ([sample, "-o", "a", "--passes=0"], ["expected passes from 1", "got 0"]),
        ([sample, "-o", "a", "--rate=fast"], ["--rate", "'fast'"]),
    ):
        assert_refused(here("adapt", *line, "--model", press), 2, *parts)
    assert [path.name for path in tmp_path.iterdir()] == ["house.txt"]
    assert sample.read_bytes() == whole


def test_faulty_files_exit_with_1(here, press, sample, tmp_path):
    bad, folder, empty = tmp_path / "bad.txt", tmp_path / "folder", tmp_path / "empty.txt"
    bad.write_bytes(b"No \xff text.\n")
    folder.mkdir()
    empty.touch()
    out = tmp_path / "out"
    for name in (tmp_path / "missing", folder):
        assert_refused(here("adapt", name, "-o", out, "--model", press), 1, name)
    for name in (bad, empty):
        assert_refused(here("adapt", name, "-o", out, "--model", press), 1, "expected")
    assert_refused(here("adapt", sample, "-o", out, "--model", sample), 1, "expected a majuscule")
    assert not out.exists()


def test_an_adapter_of_another_model_exits_with_1(here, press, sample, tmp_path, model):
    house = tmp_path / "house.safetensors"
    here("adapt", sample, "-o", house, "--model", press)
    line = ("restore", sample, "--model", house, "--model", model)
    assert_refused(here(*line), 1, house, "tiny", "press", load(model).hash, load(press).hash)
    assert_refused(here("restore", sample, "--model", press, "--model", model), 1, "second model")


@pytest.mark.model
def test_the_shipped_model_is_the_base(here, sample, tmp_path):
    house = tmp_path / "house.safetensors"
    assert here("adapt", sample, "-o", house).returncode == 0
    flat = tmp_path / "flat.txt"
    flat.write_text("we met the president in rome .\n")
    assert here("restore", flat).stdout.decode() == "We met the President in Rome.\n"
    assert here("restore", flat, "--model", house).stdout.decode() == (
        "We met the president in Rome.\n"
    )
    assert load(house).base == load().hash
    assert Path(house).stat().st_size < 100_000
