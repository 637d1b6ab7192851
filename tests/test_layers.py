"""Imports go one way, and what is optional is imported by nobody who did not ask."""

from __future__ import annotations

import ast
import subprocess
import sys
from itertools import chain
from pathlib import Path

import pytest

import majuscule

HOME = Path(majuscule.__file__).parent

# In reading order: a module imports from those before it, never from one after it.
ORDER = (
    "_arrays",
    "errors",
    "labels",
    "text",
    "documents",
    "recognition",
    "features",
    "decode",
    "lexicon",
    "weights",
    "choices",
    "adapter",
    "model",
    "rescorer",
    "words",
    "evaluation",
    "alignment",
    "comparison",
    "mistakes",
    "errorpage",
    "apostrophes",
    "shown",
    "explanation",
    "changes",
    "restorer",
    "layout",
    "clustering",
    "training",
    "stripping",
    "rescoring",
    "adaptation",
    "__init__",
    "corpus",
    "faults",
    "records",
    "sources",
    "tables",
    "parts",
    "tabular",
    "formats",
    "journal",
    "workers",
    "jobs",
    "integrations",
    "subtitles",
    "server",
    "cli",
    "__main__",
)

MODULES = {path.stem: [path] for path in sorted(HOME.glob("*.py"))} | {
    path.name: sorted(path.glob("*.py"))
    for path in HOME.iterdir()
    if (path / "__init__.py").is_file()
}
"""The files of each; a package is one module to the others."""

REQUIRED = {"numpy", "safetensors"}
OPTIONAL = {
    "tqdm",
    *("onnx", "onnxruntime", "torch"),
    *("fsspec", "pyarrow", "zstandard"),
    *("datasets", "pandas", "polars", "pyspark", "ray", "spacy", "typing_extensions"),
    "_typeshed",
}

SERVED = {"anyio", "fastapi", "prometheus_client", "pydantic", "starlette", "uvicorn"}
"""What serving is made of: `server` imports it at once, and nobody `server` but who serves."""

TAUGHT = {"onnx", "torch"}
"""What a second stage is learned with: `rescoring` imports it at once, and nobody `rescoring`."""


def may_import(module: str) -> set[str]:
    """What else than the optional a module may import."""
    known = {"majuscule", *REQUIRED, *sys.stdlib_module_names}
    return known | {"server": SERVED, "rescoring": TAUGHT}.get(module, set())


def imports(path: Path) -> set[str]:
    """The dotted names a file imports, wherever in it; `a.b` for ``from a import b`` too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path.name}: imports are absolute here"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def layer_of(name: str) -> str | None:
    """Which of our modules a dotted name belongs to; a kernel belongs to its module."""
    parts = name.split(".")
    if parts[0] != "majuscule":
        return None
    module = parts[1] if len(parts) > 1 else "__init__"
    for known in (module, module.removeprefix("_")):
        if known in MODULES:
            return known
    return "__init__"  # a name of the package itself


def own(name: str, module: str) -> bool:
    """Whether a name is of the module's kernel, or of another file of the package it is."""
    return name.split(".")[1] != module or len(MODULES[module]) > 1


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    assert module in ORDER, f"{module}.py has no place in the order of modules yet"
    for name in set().union(*map(imports, MODULES[module])):
        layer = layer_of(name)
        if layer is not None and not (layer == module and own(name, module)):
            assert ORDER.index(layer) < ORDER.index(module), f"{module} imports {name}"


def test_the_order_names_no_module_that_is_gone() -> None:
    assert set(MODULES) == set(ORDER)


def test_the_test_above_can_fail() -> None:
    assert layer_of("majuscule._text") == "text"
    assert layer_of("majuscule.text.read") == "text"
    assert layer_of("majuscule.restore") == layer_of("majuscule") == "__init__"
    assert layer_of("numpy") is None
    assert "majuscule.text.read" in imports(HOME / "model.py")
    assert ORDER.index("text") < ORDER.index("model")


@pytest.mark.parametrize("module", MODULES)
def test_only_what_is_required_is_imported_at_once(module: str) -> None:
    """What is optional may be imported inside a function, by whoever uses it."""
    nodes = [ast.parse(path.read_text(encoding="utf-8")).body for path in MODULES[module]]
    for node in chain.from_iterable(nodes):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        for name in names:
            top = name.partition(".")[0]
            assert top in may_import(module), name


@pytest.mark.parametrize("module", MODULES)
def test_nothing_else_is_imported_anywhere(module: str) -> None:
    names = set().union(*map(imports, MODULES[module]))
    tops = {name.partition(".")[0] for name in names}
    assert tops <= may_import(module) | OPTIONAL


def test_no_module_is_called_utils() -> None:
    assert not {"utils", "util", "helpers", "common", "misc"} & set(MODULES)


def loaded_by(code: str) -> set[str]:
    """The modules that a new Python has loaded after running some code."""
    code += "\nimport sys\nprint(*sorted(sys.modules))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # What Cython leaves for its own use comes with every kernel.
    return {name for name in done.stdout.split() if "cython_" not in name.partition(".")[0]}


def test_importing_loads_nothing_that_is_not_needed() -> None:
    """Not what is optional, not what only training needs, and no model."""
    before, after = loaded_by("import numpy, safetensors.numpy"), loaded_by("import majuscule")
    new = after - before
    tops = {name.partition(".")[0] for name in new}
    assert tops <= {"majuscule", *sys.stdlib_module_names}
    assert not tops & {"lzma", "queue", "argparse", "multiprocessing"}
    assert not {"majuscule.training", "majuscule.adaptation"} & new
    assert not {"majuscule.cli", "majuscule.server"} & new


def test_training_loads_nothing_that_is_optional() -> None:
    new = loaded_by("import majuscule.training") - loaded_by("import numpy, safetensors.numpy")
    assert {name.partition(".")[0] for name in new} <= {"majuscule", *sys.stdlib_module_names}
