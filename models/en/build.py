"""Build the shipped English model from ``../shared/corpus``: ``make model``.

It writes ``src/majuscule/data/en.safetensors``, what puts apostrophes back as
``en.apostrophes.safetensors``, the second stage as ``en.deep.onnx``, and beside this file
``MANIFEST.json``: the hash of every source and of all files, the settings, and what each source
is. The data card and the model card are written from it. The same sources give the same model
and the same apostrophes; sums of floats on several cores make the second stage differ a little.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import resource
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from majuscule import apostrophes, stripping
from majuscule.cli.progress import Progress
from majuscule.corpus import tokenised
from majuscule.model import load
from majuscule.training import Settings, Source, train

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODEL = ROOT / "src" / "majuscule" / "data" / "en.safetensors"

LICENSE = "CC-BY-SA-4.0"

PARTS = ("model", "apostrophes", "second")
"""What is built."""

# News is the first thing people paste and edited news but a twentieth of the corpus, most
# of which writes `the President`: these files count several times, the others once.
WEIGHTS = {
    "news_gmb_voa.tok.txt.xz": 6,
    "news_oanc_slate.txt.xz": 4,
    "news_onestopenglish.txt.xz": 5,
    "news_wikinews_2019_2020.txt.xz": 6,
}

# The catalogue's styles are families; these houses of a family write `government` each in
# their own way (its table of house style), so that one style for all fits none.
HOUSES = {
    "news_wiki_current_events.txt.xz": "events",
    "news_kremlin_en.txt.xz": "kremlin",
    "gov_ungdc_speeches.txt.xz": "un",
    "news_re3d_syria_iraq.txt.xz": "un",
    "gov_whitehouse_2009_2015.txt.xz": "whitehouse",
    "speech_presidential_misc.txt.xz": "whitehouse",
    "gov_aupm_transcripts.txt.xz": "australia",
    "gov_fomc.txt.xz": "bank",
}

# The models whose scores the second stage learns from have not seen the text that it reads, and
# are made as the shipped one is: what it learned of other ones is half lost (EXPERIMENTS).
FIRST = replace(Settings(), folds=3)
SECOND_FOLDS = (1,)

_ROW = re.compile(
    r"\| `(?P<file>\S+\.xz)` \| (?P<style>\w+) \| (?P<what>.*?) \| (?P<source>.*?)"
    r" \| (?P<license>.*?) \| (?P<words>[\d.]+) M \|"
)


def catalogue(corpus: Path) -> list[dict[str, str]]:
    """What ``CATALOGUE.md`` says of each file."""
    text = (corpus / "CATALOGUE.md").read_text(encoding="utf-8")
    rows = [match.groupdict() for match in _ROW.finditer(text)]
    return [{**row, "style": HOUSES.get(row["file"], row["style"])} for row in rows]


def data_card(rows: list[dict[str, str]]) -> str:
    """The sources as a table, with what their licences ask to be named."""
    lines = [
        "# Data card: what `en` was trained on",
        "",
        "Written by `models/en/build.py` from the corpus's catalogue. Sources are public",
        "repositories, named with their commits; attribution is due to their authors.",
        "",
        "| file | style | what | source | licence | million words |",
        "|---|---|---|---|---|--:|",
    ]
    lines += [
        f"| `{row['file']}` | {row['style']} | {row['what']} | {row['source']}"
        f" | {row['license']} | {row['words']} |"
        for row in rows
    ]
    total = sum(float(row["words"]) for row in rows)
    lines += [
        "",
        f"In all {total:.1f} million words. What puts apostrophes back was learned from the same,",
        "without the tokenised text.",
        "",
    ]
    return "\n".join(lines)


def file_of(path: Path) -> dict[str, Any]:
    """What the manifest says of a file."""
    content = path.read_bytes()
    return {
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
    }


def build_model(
    rows: list[dict[str, str]], sources: list[Source], output: Path, share: float
) -> dict[str, Any]:
    """Train and save the model; what the manifest says of it."""
    settings = replace(Settings(), share=share)
    begun = time.monotonic()
    about = {"language": "en", "license": LICENSE}
    model = train(sources, settings, name="en", about=about, progress=Progress())
    model.save(output)
    return {
        "model": {**file_of(output), "hash": model.hash, "forms": len(model.forms)},
        "settings": asdict(settings),
        "training": used_since(begun),
        "sources": [
            {**row, "weight": source.weight, "sha256_of_text": used["sha256"]}
            for row, source, used in zip(rows, sources, model.about["training"], strict=True)
        ],
    }


def build_apostrophes(sources: list[Source], output: Path, share: float) -> dict[str, Any]:
    """Learn what puts apostrophes back, and save it; what the manifest says of it."""
    settings = replace(stripping.SETTINGS, share=share)
    begun = time.monotonic()
    learned = stripping.learn(
        sources,
        settings,
        name="en",
        about={"language": "en", "license": LICENSE},
        progress=Progress(),
    )
    learned.save(output)
    return {
        "apostrophes": {
            **file_of(output),
            "forms": len(learned.forms),
            "settings": learned.about["settings"],
            "training": used_since(begun),
        }
    }


def build_second(
    sources: list[Source], output: Path, share: float, work: Path, *, onward: bool
) -> dict[str, Any]:
    """Learn the second stage and save it beside the model; what the manifest says of it.

    Onward is from what the one that is there has learned, of other folds or otherwise made models.

    What is done so far is kept in a folder, and a call that was stopped goes on from there.
    """
    # What learns or runs a second stage is no part of the rest.
    from majuscule import rescoring  # noqa: PLC0415 - as said
    from majuscule.rescorer import Rescorer, beside, hash_of  # noqa: PLC0415 - as said

    base = load(output)
    path = beside(output)
    before = path.read_bytes() if onward else None
    begun = time.monotonic()
    firsts = {}
    for fold in SECOND_FOLDS:
        without = work / f"without-{fold}.safetensors"
        if not without.exists():
            work.mkdir(parents=True, exist_ok=True)
            first = replace(FIRST, share=share, fold=fold)
            whole = without.with_suffix(".part")
            train(sources, first, name=without.stem, progress=Progress()).save(whole)
            whole.replace(without)
        firsts[fold] = load(without)
    settings = replace(rescoring.Settings(), share=share)
    content = rescoring.train(
        sources,
        base,
        firsts,
        settings,
        folds=FIRST.folds,
        saved=work / "learned.safetensors",
        begun=before,
        about={"language": "en", "license": LICENSE},
        progress=Progress(),
    )
    path.write_bytes(content)
    return {
        "second": {
            **file_of(path),
            "begun": hash_of(before) if before else None,
            "firsts": [asdict(FIRST) | {"fold": fold} for fold in firsts],
            "settings": asdict(settings),
            "judged": Rescorer(content, path.name, 1).about["judged"],
            "training": used_since(begun),
        }
    }


def used_since(begun: float) -> dict[str, int]:
    """Time and memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": round(time.monotonic() - begun), "peak_bytes": peak}


def main() -> None:
    """Learn, save, and write down what went in and came out."""
    parser = argparse.ArgumentParser(description="Build the shipped English model.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--output", type=Path, default=MODEL, help="the model's file")
    parser.add_argument("--only", choices=PARTS, help="one of these alone")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "build" / "second", help="where the second stage grows"
    )
    parser.add_argument(
        "--onward", action="store_true", help="begin with what the second stage there has learned"
    )
    parser.add_argument("--share", type=float, default=1.0, help="part of the text to use")
    arguments = parser.parse_args()
    corpus = arguments.shared / "corpus"
    if not (corpus / "CATALOGUE.md").exists():
        sys.exit(f"{corpus}: expected the training corpus here; say where it is with --shared")
    rows = catalogue(corpus)
    sources = [
        Source(
            corpus / row["file"],
            row["style"],
            WEIGHTS.get(row["file"], 1),
            spacing=not tokenised(row["file"]),
        )
        for row in rows
    ]
    path = HERE / "MANIFEST.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    wanted = [arguments.only] if arguments.only else PARTS
    if "model" in wanted:
        manifest |= build_model(rows, sources, arguments.output, arguments.share)
        (HERE / "DATA.md").write_text(data_card(rows), encoding="utf-8")
    if "apostrophes" in wanted:
        beside = arguments.output.with_name(apostrophes.shipped().name)
        once = [replace(source, weight=1) for source in sources]
        manifest |= build_apostrophes(once, beside, arguments.share)
    if "second" in wanted:
        manifest |= build_second(
            sources, arguments.output, arguments.share, arguments.work, onward=arguments.onward
        )
    path.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    for part in wanted:
        print("{file}: {bytes:,} bytes".format_map(manifest[part]))


if __name__ == "__main__":
    main()
