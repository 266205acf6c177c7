# SPDX-License-Identifier: GPL-3.0-or-later
"""Earlier runs of the same machine, and whether a figure differs from them.

A file of results is a run: a line `{"run": ...}` with the machine, then a line a figure, a
benchmark, a gate. A figure is compared with what the same command gave before.
"""
import dataclasses
import json
import statistics

FEWEST = 5   # values before any change can be called significant
MOST = 30    # the latest that count


@dataclasses.dataclass(frozen=True)
class Run:
    about: dict     # the first line's
    figures: list   # each with `arguments`
    gates: list


def read_run(path):
    about, figures, gates = None, [], []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}:{number}: {error}") from error
        if "run" in row:
            about = row["run"]
        elif "gate" in row:
            gates.append(row)
        elif "metric" in row:
            figures.append(row)
    return None if about is None else Run(about, figures, gates)


def read_runs(folder):
    """From the oldest on; a run that was broken off before it knew its machine is left out."""
    runs = [read_run(path) for path in sorted(folder.glob("*.jsonl"))]
    return sorted((run for run in runs if run), key=lambda run: run.about["when"])


def key_of(figure):
    return figure["bench"], figure["metric"], figure["arguments"]


def values_of(runs, key):
    return [figure["value"] for run in runs for figure in run.figures if key_of(figure) == key]


@dataclasses.dataclass(frozen=True)
class Change:
    count: int                # of earlier values
    relative: float | None    # to their median
    threshold: float | None   # what this figure's own ups and downs explain
    significant: bool


def threshold_of(values):
    """Q3 + 3 IQR of the relative changes from one run to the next."""
    steps = [abs(b / a - 1) for a, b in zip(values, values[1:]) if a != 0]
    if len(values) < FEWEST or len(steps) < 2:
        return None
    first, _, third = statistics.quantiles(steps, n=4, method="inclusive")
    return third + 3 * (third - first)


def change(earlier, value):
    earlier = earlier[-MOST:]
    if not earlier:
        return Change(0, None, None, False)
    median = statistics.median(earlier)
    if median == 0:
        return Change(len(earlier), None, None, False)
    relative = value / median - 1
    threshold = threshold_of(earlier)
    return Change(len(earlier), relative, threshold,
                  threshold is not None and abs(relative) > threshold)


def more_is_better(unit):
    return unit.endswith("/s")


def words_of(change, unit):
    """Such as `+3.1 %`, or `+25 % worse (usual 6 %)` where that is more than usual."""
    if change.relative is None:
        return "first" if change.count == 0 else ""
    text = f"{100 * change.relative:+.1f} %"
    if not change.significant:
        return text if change.threshold is not None else f"{text} of {change.count}"
    better = (change.relative > 0) == more_is_better(unit)
    word = ("better" if better else "worse") if unit != "x" else "changed"
    return f"{text} {word} (usual {100 * change.threshold:.1f} %)"
