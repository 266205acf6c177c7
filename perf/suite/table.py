# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run measured, for the terminal."""
from . import gates, history

PREFIXES = ((1e9, "G"), (1e6, "M"), (1e3, "k"), (1, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"))
COLOURS = {gates.PASS: 32, gates.FAIL: 31, gates.SKIP: 33}


def amount(value, unit):
    """Such as `12.3 ms`."""
    if unit == "x":
        return f"{value:.3g} x"
    if unit not in ("s", "B", "arcsec") or value == 0:
        return f"{value:.4g} {unit}"
    scale, prefix = next(((s, p) for s, p in PREFIXES if abs(value) >= s and (s <= 1 or unit == "B")),
                         PREFIXES[-1])
    return f"{value / scale:.3g} {prefix}{unit}"


def beside(figure):
    """The ratio to what stands beside a figure."""
    for name in ("limit", "peer"):
        if name in figure and figure[name] > 0:
            return f"{figure['value'] / figure[name]:.3g} x {name}"
    return ""


def painted(text, verdict, colour):
    return f"\033[{COLOURS[verdict]}m{text}\033[0m" if colour else text


def gate_words(verdict):
    if verdict.ratio is None:
        return verdict.words
    return f"{verdict.ratio:.3g}, {verdict.gate.words()}"


def rows_of(figures, verdicts, earlier):
    """A row a figure: group, benchmark, figure, value, ratio, gates, change."""
    of_figure = {}
    for verdict in verdicts:
        of_figure.setdefault(verdict.gate.figure, []).append(verdict)
    for figure in figures:
        changed = history.change(history.values_of(earlier, history.key_of(figure)),
                                 figure["value"])
        yield ((figure["group"], figure["bench"], figure["metric"],
                amount(figure["value"], figure["unit"]), beside(figure),
                history.words_of(changed, figure["unit"])),
               of_figure.get(f"{figure['bench']}.{figure['metric']}", []))


HEADINGS = ("group", "benchmark", "figure", "value", "beside", "against history", "gate")


def show(figures, verdicts, earlier, out, colour=False):
    rows = list(rows_of(figures, verdicts, earlier))
    widths = [max(map(len, column)) for column in
              zip(HEADINGS, *(row for row, _ in rows))] if rows else map(len, HEADINGS)
    widths = list(widths)

    def line(cells, last):
        text = "  ".join(cell.ljust(width) for cell, width in zip(cells, widths))
        print((text + "  " + last).rstrip(), file=out)

    line(HEADINGS[:-1], HEADINGS[-1])
    for row, its in rows:
        line(row, "; ".join(painted(f"{v.verdict}: {gate_words(v)}", v.verdict, colour)
                            for v in its))
    unshown = {v.gate.name for v in verdicts} - {v.gate.name for _, its in rows for v in its}
    for verdict in verdicts:
        if verdict.gate.name in unshown or verdict.verdict == gates.FAIL:
            print(painted(f"{verdict.verdict}: {verdict.gate.name}: {gate_words(verdict)}",
                          verdict.verdict, colour), file=out)
            if verdict.verdict == gates.FAIL:
                print(f"  {verdict.gate.figure}"
                      + (f" over {verdict.gate.over}" if verdict.gate.over else "")
                      + f": {verdict.gate.why}", file=out)
    counts = {word: sum(v.verdict == word for v in verdicts) for word in COLOURS}
    print(f"{len(figures)} figures; gates: {counts[gates.PASS]} passed, {counts[gates.FAIL]} failed, "
          f"{counts[gates.SKIP]} skipped", file=out)
