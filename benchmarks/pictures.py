"""Pictures of results/*.json, for the documents: ``python benchmarks/pictures.py``.

Each picture carries the hash of the rows it shows, so that ``--check`` can tell, without
matplotlib, whether the pictures are those of the results; it exits with 1 if not.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple
from xml.sax.saxutils import escape

HERE = Path(__file__).resolve().parent
PICTURES = HERE.parent / "docs" / "pictures"

Row = dict[str, Any]
Rows = list[Row]
Results = dict[str, Rows]
Data = dict[str, Any]

OURS = "majuscule"
BEST = "majuscule, effort best"
TRIVIAL = ("left as it is", "first letter of each line")
SETS = {"en_wiki.test": ("tokens", "EN-Wiki test"), "wmt21": ("moses", "WMT21 news")}
CLASSES = {"lower": "lower", "title": "Title", "upper": "UPPER", "mixed": "miXed"}

# M. Okabe and K. Ito's colours, which the colour-blind tell apart; ours is the darkest.
COLOURS = ["#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"]
DASHES = (0, (4, 3))
BEHIND = {"facecolor": "white", "edgecolor": "none", "pad": 0.5}
INK, PALE, GRID = "#222222", "#666666", "#dddddd"
LOOK = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and selected
    "svg.hashsalt": "majuscule",  # the same names inside, and so the same bytes, each time
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # comes with matplotlib; elsewhere any other will do
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": PALE,
    "axes.labelcolor": INK,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": PALE,
    "ytick.color": PALE,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "figure.facecolor": "white",  # a page may be dark
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
    "figure.constrained_layout.wspace": 0.03,
}


class PictureError(Exception):
    """Results that a picture cannot be made of; the message says which and why."""


class Picture(NamedTuple):
    """One picture: what it asks, the figures it shows, how they are said and drawn."""

    question: str
    data: Callable[[Results], Data]
    said: Callable[[Data], str]
    drawn: Callable[[Data, Any], Any]


# How good, how fast.


def _good_and_fast(results: Results) -> Data:
    speed = results["speed"]
    timed = _only(speed, what="restore", how="library")
    rate = {row["system"]: row["tokens_per_second"] for row in timed}
    judged = [
        {key: row[key] for key in ("system", "word_f1", "exact_lines")}
        for row in _plain(results["quality"], "wmt21", "moses")
        if "exact_lines" in row and "word_f1" in row
    ]
    points = [
        {**row, "tokens_per_second": rate[row["system"]]} for row in judged if row["system"] in rate
    ]
    return {
        "systems": _ours_first(points),
        "trivial": [row for row in judged if row["system"] == TRIVIAL[1]],
        "floor": [row["tokens_per_second"] for row in _only(speed, system="floor")],
    }


def _say_good_and_fast(data: Data) -> str:
    return "; ".join(
        f"{row['system']}: word F1 {row['word_f1']:.1f}, exact lines {row['exact_lines']:.1f} %,"
        f" {_rate(row['tokens_per_second'])}"
        for row in data["systems"]
    )


def _draw_good_and_fast(data: Data, plt: Any) -> Any:  # noqa: ANN401 - matplotlib's own types
    figure, panels = plt.subplots(1, 2, figsize=(9.6, 4.6), layout="constrained", sharex=True)
    names = {"word_f1": "word F1", "exact_lines": "lines that come back exactly, %"}
    systems = {row["system"]: row for row in data["systems"]}
    ours, best = systems.pop(OURS), systems.pop(BEST, None)
    rates = [row["tokens_per_second"] for row in systems.values()]
    column = 1.5 * max(rates, default=ours["tokens_per_second"])
    for axes, (figure_name, title) in zip(panels, names.items(), strict=True):
        axes.set(xscale="log", ylim=(0, 104))
        slowest = min([*rates, best["tokens_per_second"] if best else column])
        axes.set_xlim(slowest / 2, 2 * max(*data["floor"], column))
        axes.set_title(title)
        axes.set_xlabel("tokens a second, one core")
        axes.xaxis.set_major_formatter(lambda value, _: _short(value))
        axes.xaxis.set_minor_formatter(lambda *_: "")
        own = {"color": COLOURS[0], "fontsize": 12, "fontweight": "bold"}
        if best:
            at = (best["tokens_per_second"], best[figure_name])
            axes.plot(*at, marker="o", markersize=8, color=COLOURS[0], markeredgecolor="white")
            _write(axes, "effort best", at, (6, 4), **own | {"fontsize": 10})
        at = (ours["tokens_per_second"], ours[figure_name])
        axes.plot(*at, marker="o", markersize=12, color=COLOURS[0], markeredgecolor="white")
        _write(axes, OURS, at, (0, 8), ha="center", va="bottom", **own)
        heights = _under(at[1], [row[figure_name] for row in systems.values()], 11)
        for row, height in zip(systems.values(), heights, strict=True):
            at = (row["tokens_per_second"], row[figure_name])
            axes.plot([at[0], column], [at[1], height], color=COLOURS[5], linewidth=0.8, alpha=0.6)
            axes.plot(*at, marker="D", markersize=7, color=COLOURS[5], markeredgecolor="white")
            label = re.sub(r"(.{24,}) \+ ", r"\1\n+ ", row["system"])
            _write(axes, label, (column, height), (4, 0), va="center", fontsize=9, bbox=BEHIND)
        low = {"color": PALE, "fontsize": 8, "bbox": BEHIND}
        for row in data["trivial"]:
            height = row[figure_name]
            axes.axhline(height, color=PALE, linewidth=1, linestyle=DASHES)
            right = axes.get_yaxis_transform()
            _write(axes, row["system"], (0, height), (5, 4), xycoords=right, **low)
        for value in data["floor"]:
            axes.axvline(value, color=PALE, linewidth=1, linestyle=DASHES)
            up = axes.get_xaxis_transform()
            floor = 'CPython, " ".join(text.lower().split())'
            _write(axes, floor, (value, 0.98), (5, 0), xycoords=up, rotation=90, va="top", **low)
    return figure


# How time grows.


def _growth(results: Results) -> Data:
    speed = results["speed"]
    jobs = []
    for fit in _only(speed, what="growth"):
        points = [
            {key: row[key] for key in ("mb", "tokens", "seconds", "seconds_least", "seconds_most")}
            for row in _only(speed, what=fit["job"], how="command", system=OURS)
        ]
        fitted = ("job", "start_seconds", "tokens_per_second", "r2")
        jobs.append({"points": points, **{key: fit[key] for key in fitted}})
    keys = ("job", "how", "speedup", "speedup_least", "speedup_most")
    cores = [
        {key: row[key] for key in keys}
        for row in _only(speed, what="cores", cores=2)
        if row.get("system") != BEST
    ]
    return {"jobs": jobs, "cores": cores}


def _say_growth(data: Data) -> str:
    lines = [
        f"{job['job']}: {job['start_seconds']:.2f} seconds, then {_rate(job['tokens_per_second'])},"
        f" R squared {job['r2']:.4f}"
        for job in data["jobs"]
    ]
    speedups = [
        f"{row['job']} in two {row['how']}: {row['speedup']:.2f} times as fast"
        for row in data["cores"]
    ]
    return "; ".join(lines + speedups)


def _draw_growth(data: Data, plt: Any) -> Any:  # noqa: ANN401 - matplotlib's own types
    figure, (growth, cores) = plt.subplots(
        1, 2, figsize=(9.6, 3.9), layout="constrained", width_ratios=(3, 2)
    )
    jobs = sorted(data["jobs"], key=lambda job: -job["points"][-1]["seconds"])
    colour = {job["job"]: COLOURS[-at] for at, job in enumerate(jobs)}
    growth.set_title("seconds by size, one core")
    growth.set_xlabel("MB of text")
    for job in jobs:
        shade = colour[job["job"]]
        sizes = [point["mb"] for point in job["points"]]
        seconds = [point["seconds"] for point in job["points"]]
        line = [
            job["start_seconds"] + point["tokens"] / job["tokens_per_second"]
            for point in job["points"]
        ]
        growth.plot(sizes, line, color=shade, linewidth=1.5)
        growth.errorbar(
            sizes,
            seconds,
            [
                [point["seconds"] - point["seconds_least"] for point in job["points"]],
                [point["seconds_most"] - point["seconds"] for point in job["points"]],
            ],
            color=shade,
            ecolor=INK,
            elinewidth=1,
            fmt="o",
            markersize=6,
            markeredgecolor="white",
        )
        label = (
            f"{job['job']}\n{_rate(job['tokens_per_second'])}\n"
            f"after {job['start_seconds']:.2f} s\nR² {job['r2']:.4f}"
        )
        # The uppermost label stays below the title, the others above the axis.
        side = {"va": "top"} if job is jobs[0] else {"va": "bottom"}
        _write(growth, label, (sizes[-1], line[-1]), (10, 0), color=shade, **side)
    growth.set_xlim(0)
    growth.set_ylim(0)

    cores.set_title("times as fast on two cores")
    cores.grid(visible=False, axis="y")
    cores.set_xlim(0, 2.35)
    cores.axvline(2, color=PALE, linewidth=1, linestyle=DASHES)
    rows = sorted(data["cores"], key=lambda row: list(colour).index(row["job"]))
    names = [f"{row['job']}, 2 {row['how']}" for row in rows]
    for place, row in enumerate(rows):
        cores.barh(
            place,
            row["speedup"],
            0.6,
            color=colour[row["job"]],
            xerr=[
                [row["speedup"] - row["speedup_least"]],
                [row["speedup_most"] - row["speedup"]],
            ],
            ecolor=INK,
            error_kw={"elinewidth": 1},
        )
        inside = {"va": "center", "color": "white", "fontweight": "bold"}
        _write(cores, f"{row['speedup']:.2f}", (0, place), (6, 0), **inside)
    cores.set_yticks(range(len(names)), names)
    cores.tick_params(axis="y", length=0)
    cores.invert_yaxis()
    return figure


# What a second look is worth.


def _effort(results: Results) -> Data:
    keys = ("doubt", "effort", "tokens_per_second", "looked_at", "cores")
    curve = [{key: row[key] for key in keys} for row in _only(results["effort"], what="speed")]
    sets: dict[str, list[float]] = {}
    for row in _only(results["effort"], what="accuracy"):
        sets.setdefault(row["set"], []).append(row["word_f1"])
    return {"curve": curve, "sets": sets}


def _means(data: Data) -> list[float]:
    """Word F1 at each point of the curve, by the mean of the sets."""
    return [fmean(values) for values in zip(*data["sets"].values(), strict=True)]


def _say_effort(data: Data) -> str:
    return "; ".join(
        (f"effort {row['effort']}, " if row["effort"] else "")
        + f"margins below {row['doubt']:g}: {row['looked_at']:.1f} % of tokens looked at,"
        f" word F1 {mean:.2f} by the mean, {_rate(row['tokens_per_second'])}"
        for row, mean in zip(data["curve"], _means(data), strict=True)
    )


def _draw_effort(data: Data, plt: Any) -> Any:  # noqa: ANN401 - matplotlib's own types
    figure, (whole, each) = plt.subplots(1, 2, figsize=(9.6, 4.2), layout="constrained")
    rates = [row["tokens_per_second"] for row in data["curve"]]
    means = _means(data)
    for axes in (whole, each):
        axes.set_xscale("log")
        axes.set_xlabel(f"tokens a second, {data['curve'][0]['cores']} cores")
        ticks = [part * 10**power for power in range(2, 8) for part in (1, 3)]
        ticks = [tick for tick in ticks if min(rates) / 1.4 <= tick <= 1.2 * max(rates)]
        axes.set_xticks(ticks, map(_short, ticks))
        axes.set_xticks([], minor=True)
    whole.set_title(f"word F1, mean of {len(data['sets'])} sets, and tokens looked at")
    whole.set_xlim(min(rates) / 1.4, 1.4 * max(rates))
    whole.margins(y=0.24)
    whole.plot(rates, means, color=COLOURS[0], linewidth=1.5)
    for row, mean in zip(data["curve"], means, strict=True):
        at = (row["tokens_per_second"], mean)
        size = 11 if row["effort"] else 6
        whole.plot(*at, marker="o", markersize=size, color=COLOURS[0], markeredgecolor="white")
        # Where the curve is flat its points stand close.
        slant = {"rotation": 50, "rotation_mode": "anchor", "fontsize": 9}
        _write(whole, f"{row['looked_at']:.1f} %", at, (3, 7), **slant)
        if row["effort"]:
            own = {"color": COLOURS[0], "fontweight": "bold", "ha": "right", "va": "top"}
            _write(whole, f"effort {row['effort']}", at, (-5, -6), **own)
    each.set_title("word F1 more than by effort fast, each set")
    each.set_xlim(min(rates) / 20, 1.4 * max(rates))
    gains = {name: [f1 - values[0] for f1 in values] for name, values in data["sets"].items()}
    ends = {name: values[-1] for name, values in gains.items()}
    apart = 0.07 * (max(map(max, gains.values())) - min(map(min, gains.values())) or 1)
    heights = _under(max(ends.values()) + apart, list(ends.values()), apart)
    for (name, values), height in zip(gains.items(), heights, strict=True):
        each.plot(rates, values, color=COLOURS[4], linewidth=1, marker="o", markersize=3)
        each.plot([rates[-1], min(rates) / 1.5], [values[-1], height], color=GRID, linewidth=0.8)
        low = {"ha": "right", "va": "center", "fontsize": 8, "color": PALE}
        _write(each, _titled(name), (min(rates) / 1.5, height), (-3, 0), **low)
    gained = [f1 - means[0] for f1 in means]
    each.plot(rates, gained, color=COLOURS[0], linewidth=2, marker="o", markersize=4)
    return figure


def _titled(name: str) -> str:
    """A set's name without what all of its kind have in common.

    >>> _titled("heldout.news_house_press"), _titled("ewt.dev")
    ('news_house_press', 'ewt.dev')
    """
    return name.removeprefix("heldout.")


# What comes back, by what it should be.


def _classes(results: Results) -> Data:
    keys = [f"{name}_recall" for name in CLASSES]
    data: Data = {}
    for name, (flattening, _) in SETS.items():
        systems: dict[str, Row] = {}
        for row in _ours_first(_plain(results["quality"], name, flattening)):
            # What puts the spaces back has no say in the case.
            caser = re.sub(r" \+ (sacremoses|nltk)$", "", row["system"])
            if caser not in TRIVIAL and keys[0] in row:
                systems.setdefault(caser, {"system": caser, **{key: row[key] for key in keys}})
        data[name] = list(systems.values())
    return data


def _say_classes(data: Data) -> str:
    return "; ".join(
        f"{row['system']} on {name}: "
        + ", ".join(f"{shown} {row[f'{key}_recall']:.1f} %" for key, shown in CLASSES.items())
        for name, rows in data.items()
        for row in rows
    )


def _draw_classes(data: Data, plt: Any) -> Any:  # noqa: ANN401 - matplotlib's own types
    names = list(dict.fromkeys(row["system"] for rows in data.values() for row in rows))
    height = 0.84 / len(names)
    figure, panels = plt.subplots(1, 2, figsize=(9.6, 5.4), layout="constrained", sharey=True)
    for axes, (name, rows) in zip(panels, data.items(), strict=True):
        axes.set_title(SETS[name][1])
        axes.set_xlabel("came back exactly so, %")
        axes.grid(visible=False, axis="y")
        axes.set_xlim(0, 100)
        for row in rows:
            at = names.index(row["system"])
            values = [row[f"{key}_recall"] for key in CLASSES]
            places = [place + (at - (len(names) - 1) / 2) * height for place in range(len(CLASSES))]
            axes.barh(
                places,
                values,
                height * 0.9,
                color=COLOURS[at],
                label=row["system"] if axes is panels[0] else None,
            )
            for place, value in zip(places, values, strict=True):
                inside = value > 15
                _write(
                    axes,
                    f"{value:.1f}",
                    (value, place),
                    (-4 if inside else 4, 0),
                    ha="right" if inside else "left",
                    va="center",
                    fontsize=8,
                    color="white" if inside and at == 0 else INK,
                    fontweight="bold" if at == 0 else "normal",
                )
    panels[0].set_yticks(range(len(CLASSES)), list(CLASSES.values()))
    panels[0].tick_params(axis="y", length=0)
    panels[1].tick_params(axis="y", length=0)
    panels[0].invert_yaxis()
    figure.legend(loc="outside lower center", ncols=len(names), frameon=False)
    return figure


ALL = {
    "accuracy-speed": Picture(
        "How good, and how fast? News of WMT21, flattened and restored",
        _good_and_fast,
        _say_good_and_fast,
        _draw_good_and_fast,
    ),
    "growth": Picture(
        "Does time grow in a line with the text, and does a second core help?",
        _growth,
        _say_growth,
        _draw_growth,
    ),
    "effort": Picture(
        "What is a second look worth, and what does it cost?",
        _effort,
        _say_effort,
        _draw_effort,
    ),
    "errors-by-class": Picture(
        "Which words come back right, by how they should be written?",
        _classes,
        _say_classes,
        _draw_classes,
    ),
}


def drawn(picture: Picture, data: Data) -> str:
    """A picture as SVG: always the same for the same data and the same matplotlib.

    Raises:
        ImportError: matplotlib is not installed.
    """
    matplotlib = import_module("matplotlib")
    matplotlib.use("svg")
    plt = import_module("matplotlib.pyplot")
    with plt.rc_context(LOOK):
        figure = picture.drawn(data, plt)
        figure.suptitle(picture.question, x=0.012, ha="left", fontsize=13, fontweight="bold")
        file = io.StringIO()
        about = {"Identifier": _hash(data), "Date": None, "Creator": None}
        figure.savefig(file, format="svg", metadata=about)
        plt.close(figure)
    title, said = escape(picture.question), escape(picture.said(data))
    return (
        re.sub(r" +$", "", file.getvalue(), flags=re.MULTILINE)
        .replace(
            "<metadata>",
            f'<title id="title">{title}</title>\n <desc id="desc">{said}</desc>\n <metadata>',
            1,
        )
        .replace("<svg ", '<svg role="img" aria-labelledby="title desc" ', 1)
    )


def shows(svg: str) -> str | None:
    """The hash of the data a picture was made of; None if it does not say."""
    found = re.search(r"<dc:identifier>(\w+)</dc:identifier>", svg)
    return found and found[1]


def main() -> int:
    """Draw or check: 0 if all is well, 1 if a picture was out of date, 2 for misuse."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--check", action="store_true", help="change nothing, report")
    parser.add_argument("--results", type=Path, default=HERE / "results", help="the folder read")
    parser.add_argument("--pictures", type=Path, default=PICTURES, help="the folder written")
    arguments = parser.parse_args()
    stale = 0
    try:
        results = {
            name: _rows(arguments.results / f"{name}.json")
            for name in ("quality", "speed", "effort")
        }
        for name, picture in ALL.items():
            data = _data(name, results)
            path = arguments.pictures / f"{name}.svg"
            if not arguments.check:
                svg = drawn(picture, data)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(svg, "utf-8", newline="\n")
                print(f"{path.name} written")
            elif not path.exists() or shows(path.read_text("utf-8")) != _hash(data):
                stale += 1
                sys.stderr.write(f"{path.name}: out of date; run python benchmarks/pictures.py\n")
    except PictureError as error:
        sys.stderr.write(f"pictures.py: {error}\n")
        return 2
    except ImportError as error:
        sys.stderr.write(
            f"pictures.py: {error}; it is in benchmarks/requirements.txt, and so in the"
            " environment that benchmarks/run.py makes\n"
        )
        return 2
    return 1 if stale else 0


def _data(name: str, results: Results) -> Data:
    """What a picture shows, whole."""
    data = ALL[name].data(results)
    empty = [part for part, rows in data.items() if not rows]
    if empty:
        raise PictureError(
            f"the results have nothing for {', '.join(empty)} of {name}; run benchmarks/run.py"
        )
    return data


def _rows(path: Path) -> Rows:
    """The rows of a results file that were measured."""
    try:
        rows = json.loads(path.read_text("utf-8"))["rows"]
    except FileNotFoundError:
        raise PictureError(f"{path.name} is missing; run benchmarks/run.py first") from None
    return [row for row in rows if "missing" not in row]


def _only(rows: Rows, **wanted: object) -> Rows:
    return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]


def _plain(rows: Rows, name: str, flattening: str) -> Rows:
    """A set's rows, each system as it comes: no house style was asked for."""
    return _only(rows, set=name, flattening=flattening, style=None)


def _ours_first(rows: Rows) -> Rows:
    return sorted(rows, key=lambda row: (row["system"] != OURS, row["system"] != BEST))


def _hash(data: Data) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()


def _under(top: float, heights: Sequence[float], least: float) -> list[float]:
    """Heights for labels: those of their points, or as far down as keeps them `least` apart.

    >>> _under(90, [50, 85, 85], 10)
    [50, 80, 70]
    """
    out = list(heights)
    for at in sorted(range(len(heights)), key=lambda at: -heights[at]):
        out[at] = top = min(heights[at], top - least)
    return out


def _write(
    axes: Any,  # noqa: ANN401 - matplotlib's own types
    text: str,
    at: tuple[float, float],
    points_off: tuple[float, float],
    **how: Any,  # noqa: ANN401 - the same
) -> None:
    axes.annotate(text, at, points_off, textcoords="offset points", **how)


def _rate(tokens_per_second: float) -> str:
    return f"{_short(tokens_per_second)} tokens/s"


def _short(value: float) -> str:
    """A large number in three digits.

    >>> [_short(value) for value in (76_655, 1_784_000, 10_000_000, 999_999, 900)]
    ['76.7 k', '1.78 M', '10 M', '1 M', '900']
    """
    value = float(f"{value:.3g}")
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if value >= unit:
            return f"{value / unit:.3g}{name}"
    return f"{value:.0f}"


if __name__ == "__main__":
    sys.exit(main())
