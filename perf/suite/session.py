# SPDX-License-Identifier: GPL-3.0-or-later
"""One call of perf/run: benchmarks, gates with a second look at what failed, and what is kept."""
import json
import sys

from . import benchmarks, gates, history, machine, page, runner


def say(text):
    print(text, file=sys.stderr, flush=True)


class Session:
    """Measures benchmarks when it is made: `figures`, `seconds` of each, names of those `failed`."""

    def __init__(self, chosen, form, build, work, journal):
        self.chosen, self.form, self.build, self.work = chosen, form, build, work
        self.seconds, self.failed = {}, set()
        self.figures = []
        for benchmark in chosen:
            if benchmark.name in journal.done:
                figures, self.seconds[benchmark.name] = journal.done[benchmark.name]
                say(f"{benchmark.name}: {len(figures)} figures of the run that was broken off")
            else:
                figures = self.measure([benchmark])
                if benchmark.name in self.seconds:
                    journal.add(benchmark.name, figures, self.seconds[benchmark.name])
            self.figures += figures

    def measure(self, some):
        figures = []
        for benchmark in some:
            absent = [peer for peer in benchmark.needs if not benchmarks.is_there(peer)]
            if absent:
                words = " and ".join(benchmarks.PEERS[peer][0] for peer in absent)
                say(f"{benchmark.name}: skipped, without {words}")
                continue
            try:
                made, took = runner.run(benchmark, self.form, self.build, self.work)
            except runner.BenchmarkError as error:
                say(f"{benchmark.name}: FAILED: {error}")
                self.failed.add(benchmark.name)
                continue
            figures += made
            self.seconds[benchmark.name] = self.seconds.get(benchmark.name, 0) + took
            say(f"{benchmark.name}: {len(made)} figures in {took:.1f} s")
        return figures

    def judge(self, all_gates):
        """Verdicts of the gates that this run can answer. What failed is measured once more, and
        then that counts."""
        asked = gates.asked(all_gates, self.form, {b.name for b in self.chosen})
        verdicts = [gates.judge(gate, runner.by_name(self.figures)) for gate in asked]
        doubtful = [v for v in verdicts if v.verdict == gates.FAIL and v.ratio is not None]
        again = {name for v in doubtful for name in v.gate.benchmarks()}
        if not again:
            return verdicts
        say("measured once more: " + ", ".join(sorted(again)))
        measured = runner.by_name(self.measure([b for b in self.chosen if b.name in again]))
        second = {v.gate.name: gates.judge(v.gate, measured) for v in doubtful}
        return [second.get(v.gate.name, v) for v in verdicts]


def keep(results, about, figures, verdicts):
    """Writes the run and the page of all runs of this machine; the earlier runs, and the page."""
    folder = results / machine.folder_name(about)
    folder.mkdir(parents=True, exist_ok=True)
    earlier = history.read_runs(folder)
    name = f"{about['when'].replace(':', '')}-{about['commit'].rstrip('+')}.jsonl"
    lines = [{"run": about}, *figures, *map(page.gate_row, verdicts)]
    fresh = folder / (name + ".partial")
    fresh.write_text("".join(json.dumps(line) + "\n" for line in lines))
    fresh.rename(folder / name)
    place = folder / "index.html"
    place.write_text(page.text(history.read_runs(folder)))
    return earlier, place
