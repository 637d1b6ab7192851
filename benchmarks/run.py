"""How good and how fast: ``python benchmarks/run.py``.

Measures majuscule and the systems in requirements.txt on the same texts, then what its
probabilities are worth, how lost apostrophes come back, what adapting brings, whether it does
harm, how whole corpora fare, what an entity recogniser finds, what the server bears and what a
second look is worth, and writes a file of results/ for each; the pictures are drawn from them.
Any Python from 3.10 on will do to start it: it makes an environment of its own in benchmarks/.venv
and installs the repository there.
With ``--set`` or ``--system`` it measures the quality of these alone and shows it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
RESULTS = HERE / "results"
PARTS = (
    *("quality", "speed", "calibration", "apostrophes", "adapting", "harm", "corpora"),
    *("entities", "serving", "effort"),
)


def main() -> int:
    """Run what the command line asks for; 0, or 2 with a line about what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--only", choices=PARTS, help="one of these alone")
    parser.add_argument(
        "--set",
        action="append",
        dest="sets",
        metavar="NAME",
        help="the quality on this set alone, shown; several may be given",
    )
    parser.add_argument(
        "--system",
        action="append",
        dest="systems",
        metavar="NAME",
        help="the quality of this system alone, shown; several may be given",
    )
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
        "--minutes", type=float, default=10, help="of load on the server (default: %(default)g)"
    )
    parser.add_argument(
        "--results",
        type=Path,
        help="where to write (default: benchmarks/results; of a part of the systems or sets"
        " nothing is written unless told where)",
    )
    arguments = parser.parse_args()
    some = [*(arguments.sets or []), *(arguments.systems or [])]
    if some and arguments.only not in (None, "quality"):
        return _misuse(
            f"--set and --system choose among the figures of quality, not of {arguments.only}"
        )
    if some and arguments.results and arguments.results.resolve() == RESULTS:
        return _misuse("results/ holds all sets and systems; write a part of them elsewhere")
    for name in ("eval", "examples", "corpus"):
        if not (arguments.shared / name).is_dir():
            return _misuse(
                f"expected a folder {name} in {arguments.shared}, found none; say where the"
                " texts are with --shared PATH"
            )
    python = arguments.python or _environment()
    results = arguments.results or (None if some else RESULTS)
    if results:
        results.mkdir(parents=True, exist_ok=True)
    for part in ["quality"] if some else [arguments.only] if arguments.only else PARTS:
        options = ["--command", _typed(arguments)]
        if arguments.model:
            options += ["--model", arguments.model]
        if part == "speed":
            options += ["--size", arguments.size]
        elif part == "serving":
            options += ["--minutes", arguments.minutes]
        elif part == "quality":
            options += [word for name in arguments.sets or [] for word in ("--set", name)]
            options += [word for name in arguments.systems or [] for word in ("--system", name)]
        folders = [arguments.shared, *([results] if results else [])]
        code = _call(python, HERE / f"{part}.py", *folders, *options)
        if code:
            return code
    if results == RESULTS:
        return _call(python, HERE / "pictures.py")
    return 0


def _misuse(message: str) -> int:
    sys.stderr.write(f"run.py: {message}\n")
    return 2


def _environment() -> str:
    """The interpreter of benchmarks/.venv, with the repository as it stands now."""
    folder = HERE / ".venv"
    if not folder.exists():
        venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    installed, now = folder / "installed", _state()
    if not installed.exists() or installed.read_text("utf-8") != now:
        requirements = HERE / "requirements.txt"
        if _call(
            python,
            "-m",
            "pip",
            "install",
            "-q",
            "-r",
            requirements,
            f"{ROOT}[corpus,deep,server,spacy]",
        ):
            sys.exit("run.py: pip could not install what benchmarks need; see above")
        installed.write_text(now, "utf-8")
    return str(python)


def _state() -> str:
    """A hash of all that is installed from here."""
    kinds = (".py", ".pyx", ".pyi", ".typed", ".onnx", ".safetensors")
    sources = [path for path in sorted((ROOT / "src").rglob("*")) if path.suffix in kinds]
    whole = hashlib.sha256()
    for path in [HERE / "requirements.txt", ROOT / "pyproject.toml", ROOT / "setup.py", *sources]:
        whole.update(f"{path.relative_to(ROOT)} {path.stat().st_size}\n".encode())
        whole.update(path.read_bytes())
    return whole.hexdigest()


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
    words += [f"--set '{name}'" for name in arguments.sets or []]
    words += [f"--system '{name}'" for name in arguments.systems or []]
    if arguments.size != 100:
        words.append(f"--size {arguments.size}")
    if arguments.minutes != 10:
        words.append(f"--minutes {arguments.minutes:g}")
    return " ".join(words)


if __name__ == "__main__":
    sys.exit(main())
