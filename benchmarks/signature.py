"""Where a figure comes from: what was run, on what, when; and how results are written."""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import majuscule
from majuscule import rescorer
from majuscule.corpus import writer

HERE = Path(__file__).parent
RIVALS = ("truecase", "sacremoses", "nltk", "pyonmttok")


def signature(model: majuscule.Model, command: str) -> dict[str, Any]:
    """All that a later run needs to be the same run."""
    return {
        "majuscule": majuscule.__version__,
        "model": {"name": model.about.get("name"), "hash": model.hash},
        "second_stage": _second(model),
        "rivals": {name: _version(name) for name in RIVALS},
        "commit": _commit(),
        "date": dt.datetime.now(dt.timezone.utc).date().isoformat(),
        "command": command,
        "machine": {
            "cpu": _cpu(),
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
        },
    }


def options() -> argparse.ArgumentParser:
    """What run.py says to each of its parts."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shared", type=Path)
    parser.add_argument("results", type=Path)
    parser.add_argument("--command", default="")
    parser.add_argument("--model", type=Path)
    return parser


def in_a_line(parts: dict[str, str | None]) -> str:
    """What makes a figure what it is, in a line; parts that are None or empty are left out.

    >>> in_a_line({"set": "wmt21", "style": None, "scorer": "majuscule 0.1.0"})
    'set wmt21 | scorer majuscule 0.1.0'
    """
    return " | ".join(f"{key} {value}" for key, value in parts.items() if value)


def versions(names: Iterable[str]) -> list[str]:
    """Packages with their versions, those that are not here without.

    >>> versions(["no-such-package"])
    ['no-such-package']
    """
    return [" ".join(filter(None, [name, _version(name)])) for name in names]


def sha256(path: Path) -> str:
    """A file's hash, in hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write(name: str, results: dict[str, Any], folder: Path) -> None:
    """Write a results file, whole or not at all."""
    path = folder / f"{name}.json"
    with writer(str(path)) as out:
        out(_one_row_a_line(results))
    print(f"{path.name} written")


def _one_row_a_line(results: dict[str, Any]) -> str:
    """JSON whose rows can be compared line by line."""
    parts = []
    for key, value in results.items():
        if isinstance(value, list):
            rows = [json.dumps(row, ensure_ascii=False) for row in value]
            text = "[\n  " + ",\n  ".join(rows) + "\n ]"
        else:
            text = json.dumps(value, indent=1, ensure_ascii=False).replace("\n", "\n ")
        parts.append(f" {json.dumps(key)}: {text}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _second(model: majuscule.Model) -> dict[str, str | None] | None:
    """The second stage of a model, and what runs it; None if it has none."""
    path = rescorer.beside(model.home) if model.home else None
    if not path or not path.exists():
        return None
    return {"hash": rescorer.hash_of(path.read_bytes()), "onnxruntime": _version("onnxruntime")}


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit checked out, with a + if the sources differ from it."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "src", "benchmarks/*.py") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    return subprocess.run(  # noqa: S603 - the words are those above
        ["git", *arguments],  # noqa: S607 - whichever git the user has
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
