"""Build the shipped English model from ``../shared/corpus``: ``make model``.

It writes ``src/majuscule/data/en.safetensors`` and, beside this file, ``MANIFEST.json``:
the hash of every source and of the model, the settings, and what each source is. The data
card and the model card are written from it. The same sources give the same file.
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

from majuscule.cli.models import TrainingProgress
from majuscule.corpus import tokenised
from majuscule.training import Settings, Source, train

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
MODEL = ROOT / "src" / "majuscule" / "data" / "en.safetensors"

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
    return "\n".join([*lines, "", f"In all {total:.1f} million words.", ""])


def main() -> None:
    """Train, save, and write down what went in and came out."""
    parser = argparse.ArgumentParser(description="Build the shipped English model.")
    parser.add_argument("--shared", type=Path, default=ROOT.parent / "shared")
    parser.add_argument("--output", type=Path, default=MODEL)
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
    settings = replace(Settings(), share=arguments.share)
    begun = time.monotonic()
    model = train(
        sources,
        settings,
        name="en",
        about={"language": "en", "license": "CC-BY-SA-4.0"},
        progress=TrainingProgress(),
    )
    model.save(arguments.output)
    manifest: dict[str, Any] = {
        "model": {
            "file": arguments.output.name,
            "hash": model.hash,
            "sha256": hashlib.sha256(arguments.output.read_bytes()).hexdigest(),
            "bytes": arguments.output.stat().st_size,
            "forms": len(model.forms),
        },
        "settings": asdict(settings),
        "training": {
            "seconds": round(time.monotonic() - begun),
            "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        },
        "sources": [
            {**row, "weight": source.weight, "sha256_of_text": used["sha256"]}
            for row, source, used in zip(rows, sources, model.about["training"], strict=True)
        ],
    }
    (HERE / "DATA.md").write_text(data_card(rows), encoding="utf-8")
    (HERE / "MANIFEST.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    print(f"{arguments.output}: {manifest['model']['bytes']:,} bytes, {model.hash}")


if __name__ == "__main__":
    main()
