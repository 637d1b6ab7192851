"""The front door: few names, each of them explained, with examples that run."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from importlib import metadata, resources
from typing import Any

import pytest

import majuscule

PUBLIC = [getattr(majuscule, name) for name in majuscule.__all__]
CALLABLE = [value for value in PUBLIC if not inspect.isclass(value)]

MODULES = [
    info.name
    for info in pkgutil.iter_modules(majuscule.__path__, "majuscule.")
    if not info.name.endswith("__main__")
]
# Their examples restore English.
OF_THE_MODEL = (
    "majuscule",
    "majuscule.integrations",
    "majuscule.restorer",
    "majuscule.tables",
)


def test_all_is_what_there_is() -> None:
    """No name but modules and the listed ones is there without an underscore."""
    there = {
        name
        for name, value in vars(majuscule).items()
        if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert there - {"annotations", "cache"} == set(majuscule.__all__)
    assert majuscule.__all__ == sorted(majuscule.__all__)


def test_fewer_than_a_dozen_names() -> None:
    assert len(majuscule.__all__) < 12


def test_what_everyone_needs_is_there() -> None:
    assert {"restore", "flatten", "Restorer", "MajusculeError"} <= set(majuscule.__all__)


def test_every_error_is_a_majuscule_error() -> None:
    errors = [v for v in PUBLIC if inspect.isclass(v) and issubclass(v, Exception)]
    assert len(errors) >= 4
    assert all(issubclass(error, majuscule.MajusculeError) for error in errors)
    assert not issubclass(majuscule.MajusculeError, (OSError, ValueError))


def methods(cls: type) -> list[Any]:
    """The public methods a class has of its own."""
    return [
        value
        for name, value in vars(cls).items()
        if inspect.isfunction(value) and not name.startswith("_")
    ]


EXPLAINED = [*CALLABLE, *(m for value in PUBLIC if inspect.isclass(value) for m in methods(value))]


@pytest.mark.parametrize("value", PUBLIC, ids=lambda value: value.__name__)
def test_every_name_has_a_docstring(value: Any) -> None:
    text = inspect.getdoc(value)
    assert text
    assert text.splitlines()[0].endswith((".", ":"))


@pytest.mark.parametrize("value", EXPLAINED, ids=lambda value: value.__qualname__)
def test_every_function_says_what_goes_in_and_comes_out(value: Any) -> None:
    text = inspect.getdoc(value) or ""
    assert text
    taken = [name for name in inspect.signature(value).parameters if name != "self"]
    # One line says it all of what takes nothing or one thing that its name explains.
    if len(text.splitlines()) > 1 and taken:
        assert re.search(r"^(Args|Returns|Yields|Raises):$", text, re.MULTILINE) or ">>>" in text
    if section := re.search(r"^Args:\n((?:    .*\n?)+)", text, re.MULTILINE):
        names = re.findall(r"^    ([\w, ]+):", section[1], re.MULTILINE)
        said = {name.strip() for group in names for name in group.split(",")}
        assert said == set(taken)


@pytest.mark.parametrize("value", CALLABLE, ids=lambda value: value.__qualname__)
def test_every_function_shows_an_example(value: Any) -> None:
    assert ">>>" in (inspect.getdoc(value) or "")


@pytest.mark.parametrize("value", [*EXPLAINED, majuscule.Restorer], ids=lambda v: v.__qualname__)
def test_everything_public_is_typed(value: Any) -> None:
    signature = inspect.signature(value)
    for name, parameter in signature.parameters.items():
        assert name == "self" or parameter.annotation is not parameter.empty, name
    assert inspect.isclass(value) or signature.return_annotation is not signature.empty


def test_types_are_shipped() -> None:
    assert (resources.files("majuscule") / "py.typed").is_file()


def test_version_is_the_distribution_s() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\w*)", majuscule.__version__)
    try:
        installed = metadata.version("majuscule")
    except metadata.PackageNotFoundError:
        pytest.skip("majuscule is not installed, only found on the path")
    assert majuscule.__version__ == installed


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(name, marks=pytest.mark.model if name in OF_THE_MODEL else ())
        for name in ["majuscule", *MODULES]
    ],
)
def test_examples_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module))
    assert result.failed == 0


def test_there_are_examples_to_run() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    counts = {
        name: sum(len(test.examples) for test in finder.find(importlib.import_module(name)))
        for name in ("majuscule", "majuscule.text", "majuscule.labels", "majuscule.restorer")
    }
    assert all(counts.values()), counts


@pytest.mark.model
def test_restore_is_the_restorer_s() -> None:
    flat = "it 's in new york , is n't it ?"
    assert majuscule.restore(flat) == majuscule.Restorer().restore(flat)
