"""What many tests share: a model that takes a second to train, and models without sense."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from erratic import Erratic
from hypothesis import HealthCheck, settings

from majuscule import cli
from majuscule.restorer import Restorer
from majuscule.training import Settings, Source, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from majuscule.model import Model

    Done: TypeAlias = subprocess.CompletedProcess[bytes]

DATA = Path(__file__).parent / "data"

# `ci` looks at the same examples every time; HYPOTHESIS_PROFILE=search looks for new ones.
settings.register_profile(
    "ci",
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.register_profile(
    "search", settings.get_profile("ci"), max_examples=2000, derandomize=False
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

TINY = Settings(
    passes=3,
    final_passes=1,
    least=2,
    buckets=1 << 9,
    row_bits=10,
    sketch_bits=18,
    form_count=1,
    prefix_forms=3,
    class_least=2,
)


@pytest.fixture(scope="session")
def tiny() -> Model:
    """A model of a hundred lines: it has learned something, and every path is in use."""
    return train([Source(DATA / "tiny.txt", style="news")], TINY, name="tiny")


@pytest.fixture
def model(tiny: Model, tmp_path: Path) -> Path:
    """The tiny model in a file."""
    path = tmp_path / "tiny.safetensors"
    tiny.save(path)
    return path


@pytest.fixture(scope="session")
def restorer(tiny: Model) -> Restorer:
    """A restorer with the tiny model."""
    return Restorer(tiny)


@pytest.fixture
def here(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Done]:
    """The command without a process of its own: faster, where that is not what is asked."""

    def call(*arguments: object) -> Done:
        status = cli.main([str(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, status, *capfdbinary.readouterr())

    return call


def assert_refused(result: Done, status: int, *parts: object) -> None:
    """The command said in one line what is wrong, and nothing else."""
    said = result.stderr.decode()
    assert result.returncode == status, said
    assert said.startswith("majuscule: ")
    assert said.count("\n") == 1
    for part in parts:
        assert str(part) in said
    assert not result.stdout


@pytest.fixture(scope="session", params=[0, 3000, -3000], ids=["any", "joins", "parts"])
def erratic(request: pytest.FixtureRequest) -> Restorer:
    """Restorers whose models decide by chance, or for one gap wherever they may."""
    return Restorer(Erratic.made(request.param))
