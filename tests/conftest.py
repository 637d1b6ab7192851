"""What many tests share: a model that takes a second to train, and models without sense."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np
import pytest
from erratic import Erratic
from hypothesis import HealthCheck, settings

from majuscule import cli, rescorer, training
from majuscule.rescorer import FORMAT, beside
from majuscule.restorer import Restorer
from majuscule.training import Settings, Source, train

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
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


@pytest.fixture
def without_runtime(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From the call on, as if what runs a second stage were not there, nor one open already."""

    def remove() -> None:
        monkeypatch.setitem(sys.modules, "onnxruntime", None)
        rescorer._opened.cache_clear()

    return remove


@pytest.fixture(scope="session")
def rescoring() -> Any:
    """The module that learns second stages, where there is what it needs."""
    for name in ("onnx", "onnxruntime", "torch"):
        pytest.importorskip(name)
    import_module("torch").set_num_threads(1)  # with more, sums come in another order
    return import_module("majuscule.rescoring")


@pytest.fixture(scope="session")
def small(rescoring: Any) -> Any:
    """Settings of a second stage that is learned in a few seconds."""
    return rescoring.Settings(
        passes=40,
        spans=(1, 2),
        width=16,
        top=16,
        word_width=4,
        class_width=4,
        part_width=4,
        rate=4e-3,
        every=50,
        apart=0.0,
    )


@pytest.fixture(scope="session")
def firsts(tiny: Model) -> tuple[list[Source], dict[int, Model]]:
    """The tiny model's text, and two like it that have not learned one half of it each."""
    sources = [Source(DATA / "tiny.txt", style="news")]
    with short_batches():
        return sources, {fold: train(sources, replace(TINY, folds=2, fold=fold)) for fold in (1, 2)}


def short_batches() -> AbstractContextManager[None]:
    """Batches of a few lines, so that the tiny model's text is more than one."""
    return mock.patch.object(training, "BATCH_CHARACTERS", 300)


@pytest.fixture(scope="session")
def deep(
    rescoring: Any,
    small: Any,
    tiny: Model,
    firsts: tuple[list[Source], dict[int, Model]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The tiny model in a file, and beside it a second stage that has learned something."""
    path = tmp_path_factory.mktemp("deep") / "tiny.safetensors"
    tiny.save(path)
    sources, models = firsts
    with short_batches():
        content = rescoring.train(
            sources, tiny, models, small, folds=2, saved=path.with_name("saved")
        )
    beside(path).write_bytes(content)
    return path


@pytest.fixture(scope="session")
def strange(rescoring: Any) -> bytes:
    """A second stage's file of weights by chance, so large that its values go to every bound."""
    torch = import_module("torch")
    network = rescoring.Network(
        rescoring.Settings(
            spans=(1, 3), width=16, top=16, word_width=4, class_width=4, part_width=4
        )
    )
    rng = np.random.default_rng(11)
    with torch.no_grad():
        for name, value in network.state().items():
            by_chance = torch.from_numpy(rng.normal(0, 1, tuple(value.shape)).astype(np.float32))
            value.copy_(by_chance.abs() if name.startswith("variances") else by_chance)
        network.last *= 8
    about = {"format": FORMAT, "base": "none", "spans": [1, 3], "doubt": 1 << 30}
    content: bytes = rescoring.export(network, about)
    return content
