"""``majuscule evaluate``: its figures are the library's, its refusals one line."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from majuscule import cli, errorpage
from majuscule.evaluation import evaluate
from majuscule.restorer import Restorer
from majuscule.text import flatten, lower
from majuscule.words import parts

if TYPE_CHECKING:
    from majuscule.model import Model

TINY = (Path(__file__).parent / "data" / "tiny.txt").read_text(encoding="utf-8")
LINES = TINY.removesuffix("\n").split("\n")

Call = "Callable[..., subprocess.CompletedProcess[str]]"


@pytest.fixture
def here(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny: Model
) -> Call:
    """The command, in a folder with a text, a restoration of it, and the tiny model."""
    monkeypatch.chdir(tmp_path)
    tiny.save(tmp_path / "tiny.model")
    Path("natural.txt").write_text(TINY, "utf-8")
    Path("natural.tok.txt").write_text("The NATO chief , he said .\nSo it is .\n", "utf-8")
    Path("flat.txt").write_text(flatten(TINY), "utf-8")
    Path("restored.txt").write_text(Restorer(tiny).restore(flatten(TINY)), "utf-8")

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        status = cli.main(["evaluate", *map(str, arguments)])
        return subprocess.CompletedProcess(arguments, status, *capfd.readouterr())

    return call


def found(here: Call, *arguments: object) -> dict[str, Any]:
    result = here(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def test_the_figures_are_the_library_s(here: Call) -> None:
    results = found(here, "natural.txt", "restored.txt")
    restored = Path("restored.txt").read_text("utf-8").removesuffix("\n").split("\n")
    wanted = evaluate(restored, LINES, flatten(TINY).removesuffix("\n").split("\n"))
    assert results["figures"] == wanted.figures()
    assert results["counts"] == wanted.counts()
    assert results["intervals"] == {k: list(v) for k, v in wanted.intervals().items()}
    assert results["signature"]["reference"] == {
        "name": "natural.txt",
        "sha256": hashlib.sha256(TINY.encode()).hexdigest(),
        "lines": len(LINES),
    }
    assert results["signature"]["hypothesis"]["name"] == "restored.txt"
    assert "model" not in results["signature"]
    assert "mistakes" not in results


def test_restoring_first_gives_the_same(here: Call, tiny: Model) -> None:
    given = found(here, "natural.txt", "restored.txt")
    results = found(here, "natural.txt", "--restore", "--model=tiny.model")
    for part in ("figures", "counts", "intervals"):
        assert results[part] == given[part]
    signature = results["signature"]
    assert signature["model"] == {"name": "tiny", "hash": tiny.hash}
    assert (signature["style"], signature["document"]) == (None, "block")
    assert signature["effort"] == "fast"
    assert signature["flattened"] == "plain"
    # And so does restoring a file.
    again = found(here, "natural.txt", "--restore", "--flattened=flat.txt", "--model=tiny.model")
    assert again["figures"] == results["figures"]
    assert again["signature"]["flattened"]["name"] == "flat.txt"


@pytest.mark.model
def test_another_effort(here: Call) -> None:
    pytest.importorskip("onnxruntime")
    results = found(here, "natural.txt", "--restore", "--effort=best", "--samples=0")
    restorer = Restorer(effort="best")
    restored = restorer.restore(flatten(TINY))
    flat = flatten(TINY)
    wanted = evaluate(*(text.removesuffix("\n").split("\n") for text in (restored, TINY, flat)))
    assert results["figures"] == wanted.figures()
    assert results["signature"]["effort"] == "best"
    assert results["signature"]["model"]["hash"] == restorer.hash


@pytest.mark.parametrize("convention", ["moses", "ptb"])
def test_other_conventions_and_styles(here: Call, tiny: Model, convention: str) -> None:
    options = ("--restore", "--model=tiny.model", "--style=news", f"--convention={convention}")
    results = found(here, "natural.txt", *options, "--document=line")
    flat = flatten(TINY, convention)
    restored = Restorer(tiny, style="news", document="line").restore(flat)
    wanted = evaluate(*(text.removesuffix("\n").split("\n") for text in (restored, TINY, flat)))
    assert results["figures"] == wanted.figures()
    assert results["signature"]["flattened"] == convention
    assert results["signature"]["style"] == "news"


def test_of_a_tokenised_text_case_alone_is_judged(here: Call, tiny: Model) -> None:
    results = found(here, "natural.tok.txt", "--restore", "--model=tiny.model")
    text = Path("natural.tok.txt").read_text("utf-8")
    restored = Restorer(tiny).restore(lower(text))
    wanted = evaluate(restored.split("\n"), text.split("\n")).figures()
    assert results["figures"]["word_f1"] == wanted["word_f1"]
    assert results["figures"]["cased_lines"] == wanted["cased_lines"]
    named = {**results["figures"], **results["counts"], **results["intervals"]}
    assert not [name for name in named if re.match("gap|all_gap|exact|spaced", name)]
    Path("other.txt").write_text(text, "utf-8")
    other = found(here, "other.txt", "--restore", "--model=tiny.model", "--tokenised")
    assert other["figures"] == results["figures"]
    assert other["signature"]["flattened"] == "lower-cased"


def test_words_outside_the_vocabulary_are_judged_apart(here: Call) -> None:
    Path("known.txt").write_text("\n".join(LINES[: len(LINES) // 2]), "utf-8")
    options = ("natural.txt", "restored.txt")
    assert "unseen_accuracy" not in found(here, *options)["figures"]
    results = found(here, *options, "--vocabulary=known.txt")
    known = set(parts(Path("known.txt").read_text("utf-8")))
    unseen = [word for word in TINY.split() if not set(parts(word)) <= known]
    assert results["counts"]["unseen_words"] == len(unseen) > 0
    assert {"seen_accuracy", "unseen_accuracy"} <= results["figures"].keys()
    assert results["signature"]["vocabulary"] == {
        "name": "known.txt",
        "sha256": hashlib.sha256(Path("known.txt").read_bytes()).hexdigest(),
    }
    more = found(here, *options, "--vocabulary=known.txt", "--vocabulary=natural.txt")
    assert "unseen_words" in more["counts"]
    assert more["counts"]["unseen_words"] == 0
    assert more["signature"]["vocabulary"]["name"] == "known.txt natural.txt"


def test_people_get_a_table(here: Call) -> None:
    result = here("natural.txt", "restored.txt")
    results = found(here, "natural.txt", "restored.txt")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert re.fullmatch(r" +% +95 % interval +of", lines[0])
    low, high = results["intervals"]["word_f1"]
    assert re.split("  +", lines[1]) == [
        "word F1",
        f"{results['figures']['word_f1']:.2f}",
        f"{low:.2f} to {high:.2f}",
        f"{results['counts']['capitals']} capitals",
    ]
    assert re.search(r"^letters changed +0$", result.stdout, re.MULTILINE)
    assert lines[-1].startswith("reference name natural.txt sha256 ")
    assert "samples 1000 seed 1" in lines[-1]
    without = here("natural.txt", "restored.txt", "--samples=0").stdout
    assert " to " not in without
    assert "interval" not in without


def test_letters_that_changed_are_seen(here: Call) -> None:
    Path("other.txt").write_text(TINY.replace("Harbour", "Arbour"), "utf-8")
    result = here("natural.txt", "other.txt", "--samples=0")
    assert result.returncode == 0
    count = TINY.count("Harbour")
    lines = sum("Harbour" in line for line in LINES)
    assert re.search(
        rf"^letters changed +{count} +in {lines} lines: none may$", result.stdout, re.MULTILINE
    )


def test_errors_are_listed_and_shown_on_a_page(here: Call, tiny: Model) -> None:
    options = ("natural.txt", "--restore", "--model=tiny.model", "--errors=page.html")
    result = here(*options)
    assert result.returncode == 0, result.stderr
    page = Path("page.html").read_text("utf-8")
    assert page.count("<li ") == len(LINES)
    assert "<u>" in page
    assert "times   reference -> restored, and where first" in result.stdout
    results = found(here, *options)
    most = results["mistakes"][0]
    assert f"{most['times']:>5}   " in result.stdout
    assert most["times"] >= results["mistakes"][-1]["times"]
    assert most["examples"][0]["line"] <= len(LINES)
    wrong = results["counts"]["words_wrong"]
    assert sum(m["times"] for m in results["mistakes"] if m["kind"] == "case") == wrong > 0
    # Without the restorer nothing is known of how sure it was.
    here("natural.txt", "restored.txt", "--errors=page.html")
    assert "<u>" not in Path("page.html").read_text("utf-8")


def test_a_page_of_a_long_text_shows_its_beginning(
    here: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(errorpage, "LINES", 3)
    options = ("--restore", "--model=tiny.model", "--errors=page.html")
    results = found(here, "natural.txt", *options)
    page = Path("page.html").read_text("utf-8")
    assert page.count("<li ") == 3
    assert "The first 3 lines are shown." in page
    assert results["counts"]["lines"] > 3


@pytest.mark.parametrize("place", [0, 1])
def test_standard_input_for_one_of_them(here: Call, place: int) -> None:
    files = ["natural.txt", "restored.txt"]
    wanted = found(here, *files, "--samples=0")
    data = Path(files[place]).read_bytes()
    files[place] = "-"
    command = [sys.executable, "-m", "majuscule", "evaluate", *files, "--samples=0", "--json"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    results = json.loads(done.stdout)
    assert results["figures"] == wanted["figures"]
    named = results["signature"][["reference", "hypothesis"][place]]
    assert named["name"] == "standard input"
    assert named["sha256"] == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (["natural.txt"], 2, "expected either HYPOTHESIS or --restore, got neither"),
        (["natural.txt", "restored.txt", "--restore"], 2, "HYPOTHESIS or --restore, got both"),
        (["-", "-"], 2, "expected standard input for one of the files, got - for several"),
        (["natural.txt", "restored.txt", "--samples=-1"], 2, "to be 0 or more"),
        (["natural.txt", "restored.txt", "--samples=x"], 2, "invalid int value: 'x'"),
        (["natural.txt", "restored.txt", "--errors=-"], 2, "expected --errors to name a file"),
        (["natural.txt", "restored.txt", "--errors=natural.txt"], 2, "got natural.txt for both"),
        (["natural.txt", "restored.txt", "--errors=no/page"], 1, "no/page: expected a file"),
        (["natural.txt", "missing.txt"], 1, "missing.txt: expected a file, found none"),
        (["natural.txt", "."], 1, ".: expected a file, got a directory"),
        (["natural.txt", "--restore", "--style=odd", "--model=tiny.model"], 2, "expected a style"),
        (["natural.txt", "--restore", "--model=flat.txt"], 1, "flat.txt"),
        (["natural.txt", "short.txt"], 1, "line 3: expected as many restored lines"),
        (["short.txt", "natural.txt"], 1, "got no more reference and flattened lines"),
        (["natural.txt", "latin.txt"], 1, "latin.txt: line 1: expected UTF-8"),
        (
            ["natural.txt", "restored.txt", "--flattened=short.txt"],
            1,
            "line 1: expected the flattened line to be its reference but for case and spaces",
        ),
    ],
)
def test_mistakes_of_users_are_one_line(
    here: Call, arguments: list[str], status: int, says: str
) -> None:
    Path("short.txt").write_text("One.\nTwo.\n", "utf-8")
    Path("latin.txt").write_bytes(b"caf\xe9\n")
    before = sorted(path.name for path in Path().iterdir())
    natural = Path("natural.txt").read_bytes()
    result = here(*arguments)
    assert result.returncode == status, result.stderr
    assert says in result.stderr
    assert result.stderr.startswith("majuscule: ")
    assert result.stderr.count("\n") == 1
    assert not result.stdout
    assert sorted(path.name for path in Path().iterdir()) == before
    assert Path("natural.txt").read_bytes() == natural
