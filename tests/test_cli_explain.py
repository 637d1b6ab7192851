"""``explain``: doubts are seen in a terminal, in a pipe and by programs, where they are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import majuscule
from majuscule.explanation import cased
from majuscule.labels import Case
from majuscule.restorer import EFFORTS, Restorer
from majuscule.text import flatten

ROOT = Path(__file__).parents[1]
FLAT = flatten((ROOT / "tests" / "data" / "tiny.txt").read_text(encoding="utf-8"))
MARK = re.compile(r"\{([^|{}]+)\|[^|{}]+ \d+%\}")


def explain(model, *options, data=FLAT, **others):
    command = [sys.executable, "-m", "majuscule", "explain", "--model", str(model), *options]
    return subprocess.run(
        command, input=data, capture_output=True, text=True, encoding="utf-8", check=False, **others
    )


def test_in_a_pipe_doubts_stand_in_brackets(model, restorer):
    done = explain(model)
    assert done.returncode == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert MARK.sub(r"\1", done.stdout) == restorer.restore(FLAT)
    doubtful = [one for one in restorer.explain(FLAT).decisions if one.probability < 0.95]
    assert len(MARK.findall(done.stdout)) == len(doubtful) > 0


def test_a_row_for_each_doubt(model, restorer):
    rows = explain(model, "--list", "--below", "0.9").stdout.splitlines()
    lines = restorer.restore(FLAT).splitlines()
    doubtful = [one for one in restorer.explain(FLAT).decisions if one.probability < 0.9]
    assert len(rows) == len(doubtful) > 0
    for row, decision in zip(rows, doubtful, strict=True):
        line, column, says = re.fullmatch(r"-:(\d+):(\d+): (.*)", row).groups()
        word = lines[int(line) - 1][int(column) - 1 :]
        assert word.startswith(decision.written)
        assert says.startswith(f"{decision.written} {decision.probability:.0%}, or ")
        assert says.endswith(f": {decision.by}")


def test_programs_get_every_decision(model, restorer, tmp_path):
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(FLAT, encoding="utf-8")
    files = [str(tmp_path / name) for name in ("a.txt", "b.txt")]
    rows = [
        json.loads(row)
        for row in explain(model, "--json", "--below", "1", *files).stdout.splitlines()
    ]
    decisions = restorer.explain(FLAT).decisions
    assert len(rows) == 2 * len(decisions)
    lines = restorer.restore(FLAT).splitlines()
    for row, decision in zip(rows[len(decisions) :], decisions, strict=True):
        assert row["file"] == files[1]
        assert lines[row["line"] - 1][row["column"] - 1 :].startswith(row["written"])
        assert (row["written"], row["by"]) == (decision.written, decision.by)
        assert row["case"] == decision.case.name.lower()
        if row["runner_up"] and row["case_probability"] < row["gap_probability"]:
            assert row["alternative"] in {cased(row["written"], case) for case in Case} | {None}


def test_options_of_restoring_hold(model, restorer):
    done = explain(model, "--below", "0", "--document", "line", "--edits", "space")
    assert done.stdout == Restorer(restorer.model, edits=["space"], document="line").restore(FLAT)


@pytest.mark.model
def test_effort_is_one_of_them():
    pytest.importorskip("onnxruntime")
    shipped = Path(majuscule.__file__).parent / "data" / "en.safetensors"
    told = {}
    for effort in EFFORTS:
        rows = explain(shipped, "--effort", effort, "--json", "--below", "1").stdout.splitlines()
        decisions = Restorer(effort=effort).explain(FLAT).decisions
        told[effort] = [json.loads(row)["case_probability"] for row in rows]
        assert told[effort] == [one.facts["case_probability"] for one in decisions]
    assert told["fast"] != told["best"]


def test_colours_come_when_asked_for_or_on_a_terminal(model):
    painted = explain(model, "--color", "always").stdout
    assert "\x1b[36m" in painted
    assert "{" not in painted
    assert "\x1b" not in explain(model, "--color", "never").stdout


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of POSIX")
@pytest.mark.parametrize(
    ("environment", "colored"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True), ({"TERM": "dumb"}, False)],
)
def test_on_a_terminal_the_environment_is_heard(model, tmp_path, environment, colored):
    import pty

    (tmp_path / "flat.txt").write_text(FLAT, encoding="utf-8")
    outer, inner = pty.openpty()
    command = [sys.executable, "-m", "majuscule", "explain", "--model", str(model), "flat.txt"]
    known = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    with subprocess.Popen(
        command, stdout=inner, cwd=tmp_path, env={**known, "TERM": "xterm", **environment}
    ) as process:
        os.close(inner)
        shown = b""
        while True:
            try:
                shown += (part := os.read(outer, 1 << 16))
            except OSError:  # the terminal is closed
                break
            if not part:
                break
        assert process.wait(60) == 0
    os.close(outer)
    assert (b"\x1b[36m" in shown) == colored
    assert (b"{" in shown) != colored


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--below", "1.5"], "expected --below to be from 0 to 1, got 1.5"),
        (["--json", "--list"], "expected --json or --list, got both"),
        (["--style", "x"], "expected a style of this model"),
    ],
)
def test_wrong_calls_are_refused(model, options, says):
    done = explain(model, *options)
    assert done.returncode == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert not done.stdout
