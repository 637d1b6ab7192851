"""The notebook in the examples shows what it would show today."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.model
def test_the_notebook_runs_and_shows_the_same() -> None:
    pytest.importorskip("nbclient", reason="notebooks are run by nbclient")
    pytest.importorskip("ipykernel", reason="and by a kernel")
    command = [sys.executable, str(ROOT / "examples" / "run_notebook.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr or "run examples/run_notebook.py and look at it"
