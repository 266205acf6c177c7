# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTML file of a machine's runs, which loads nothing: figures over time, gates beside limits."""
import json
from pathlib import Path

from . import benchmarks, history
from . import gates as gating

HERE = Path(__file__).resolve().parent
# That of a run's page, then what is otherwise here.
STYLES = HERE.parents[1] / "core/cli/page/page.css", HERE / "page.css"
CHART_JS = Path("/usr/share/javascript/chart.js/chart.min.js")


def series_of(runs):
    """Of each figure its values by the number of the run, the oldest first; as in the last run that
    has it."""
    found = {}
    for number, run in enumerate(runs):
        for figure in run.figures:
            series = found.setdefault(history.key_of(figure), {"points": []})
            series |= {key: figure[key] for key in ("group", "bench", "metric", "unit", "arguments")}
            series["points"].append([number, figure["value"]])
    for series in found.values():
        values = [value for _, value in series["points"]]
        change = history.change(values[:-1], values[-1])
        series["change"] = history.words_of(change, series["unit"])
        series["significant"] = change.significant
    return sorted(found.values(), key=lambda s: (benchmarks.GROUPS.index(s["group"]), s["bench"],
                                                 s["arguments"]))


def gates_of(runs):
    """Of each gate its ratios by the number of the run, and what it says now."""
    found = {}
    for number, run in enumerate(runs):
        for row in run.gates:
            gate = found.setdefault(row["gate"], {"points": []})
            gate |= row
            if row["ratio"] is not None:
                gate["points"].append([number, row["ratio"]])
    last = {row["gate"] for row in runs[-1].gates} if runs else set()
    return [gate | {"now": name in last} for name, gate in found.items()]


def gate_row(verdict):
    """A line of results."""
    gate = verdict.gate
    return {"gate": gate.name, "verdict": verdict.verdict, "ratio": verdict.ratio,
            "words": verdict.words, "figure": gate.figure, "over": gate.over,
            "at_most": gate.at_most, "at_least": gate.at_least, "why": gate.why}


def text(runs):
    """The page of some runs, the oldest first."""
    told = {"runs": [run.about for run in runs], "series": series_of(runs), "gates": gates_of(runs),
            "words": [gating.PASS, gating.FAIL, gating.SKIP]}
    parts = {"STYLE": "".join(style.read_text() for style in STYLES),
             "LIBRARY": CHART_JS.read_text() if CHART_JS.exists() else "",
             "SCRIPT": (HERE / "page.js").read_text(),
             # What a script element may not hold.
             "DATA": json.dumps(told).replace("<", "\\u003c")}
    page = (HERE / "page.html").read_text()
    for name, part in parts.items():
        page = page.replace("{{" + name + "}}", part)
    return page
