"""How good and how fast: ``python benchmarks/run.py``.

Measures majuscule and the systems in requirements.txt on the same texts, and writes
results/quality.json and results/speed.json. Any Python from 3.10 on will do to start it:
it makes an environment of its own in benchmarks/.venv and installs the repository there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PARTS = ("quality", "speed")


def main() -> int:
    """Run what the command line asks for; 0, or 2 with a line about what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", choices=PARTS, help="one of the two alone")
    parser.add_argument(
        "--shared",
        type=Path,
        default=ROOT.parent / "shared",
        help="folder with eval/, examples/ and corpus/ (default: ../shared)",
    )
    parser.add_argument("--model", type=Path, help="a model file other than the shipped one")
    parser.add_argument(
        "--python", help="an interpreter with majuscule and requirements.txt, used as it is"
    )
    parser.add_argument(
        "--size", type=int, default=100, help="MB to measure speed on (default: %(default)s)"
    )
    parser.add_argument(
        "--results", type=Path, default=HERE / "results", help="where to write (default: results)"
    )
    arguments = parser.parse_args()
    for name in ("eval", "examples", "corpus"):
        if not (arguments.shared / name).is_dir():
            sys.stderr.write(
                f"run.py: expected a folder {name} in {arguments.shared}, found none; say where"
                " the texts are with --shared PATH\n"
            )
            return 2
    python = arguments.python or _environment()
    arguments.results.mkdir(parents=True, exist_ok=True)
    for part in [arguments.only] if arguments.only else PARTS:
        options = ["--command", _typed(arguments)]
        if arguments.model:
            options += ["--model", arguments.model]
        if part == "speed":
            options += ["--size", arguments.size]
        code = _call(python, HERE / f"{part}.py", arguments.shared, arguments.results, *options)
        if code:
            return code
    return 0


def _environment() -> str:
    """The interpreter of benchmarks/.venv, with the repository as it stands now."""
    folder = HERE / ".venv"
    if not folder.exists():
        venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    requirements = HERE / "requirements.txt"
    if _call(python, "-m", "pip", "install", "-q", "-r", requirements, ROOT):
        sys.exit("run.py: pip could not install what benchmarks need; see above")
    return str(python)


def _call(*words: object) -> int:
    """Run a program of an interpreter; its exit status."""
    # One of the others breaks ties by the order of a set of strings: the same one each time.
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    command = [str(word) for word in words]
    # S603: the programs are our own scripts and pip.
    return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603


def _typed(arguments: argparse.Namespace) -> str:
    """The command without what is a matter of this machine."""
    words = ["python benchmarks/run.py"]
    if arguments.only:
        words.append(f"--only {arguments.only}")
    if arguments.size != 100:
        words.append(f"--size {arguments.size}")
    return " ".join(words)


if __name__ == "__main__":
    sys.exit(main())
