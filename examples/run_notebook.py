"""Run the notebook beside this afresh, and keep what it shows: ``python examples/run_notebook.py``.

It needs nbclient and ipykernel. With ``--check`` nothing is written, and it ends with 1 if the
notebook would show something else than it does.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).parent / "first-steps.ipynb"


def shown(notebook: Any) -> list[Any]:  # noqa: ANN401 - nbformat has no types
    """What each cell holds and shows, without counts and times."""
    return [
        (cell.cell_type, cell.source, [_bare(output) for output in cell.get("outputs", [])])
        for cell in notebook.cells
    ]


def _bare(output: Any) -> Any:  # noqa: ANN401 - as above
    return output.get("text") or output.get("data") or output


def main() -> int:
    """Run it."""
    before = nbformat.read(NOTEBOOK, as_version=4)
    after = nbformat.from_dict(before)
    client = NotebookClient(after, kernel_name="python3", record_timing=False)
    client.execute(cwd=str(NOTEBOOK.parent))
    after.metadata = {"language_info": {"name": "python"}}
    if "--check" in sys.argv:
        return int(shown(nbformat.read(NOTEBOOK, as_version=4)) != shown(after))
    nbformat.write(after, NOTEBOOK)
    return 0


if __name__ == "__main__":
    sys.exit(main())
