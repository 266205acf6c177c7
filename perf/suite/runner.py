# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs benchmarks and collects their figures."""
import json
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

PERF = Path(__file__).resolve().parents[1]


class BenchmarkError(Exception):
    pass


def program_of(word, build):
    """The command that a first word stands for, and whether it is there."""
    script = word.endswith(".py")
    path = PERF / word if script else build / "bin" / word
    return ([sys.executable, str(path)] if script else [str(path)]), path.exists()


def missing_programs(benchmarks, form, build):
    words = ["skymill"] + [shlex.split(c)[0] for b in benchmarks for c in b.commands(form)]
    return sorted({word for word in words if not program_of(word, build)[1]})


def figures_of(path, benchmark, arguments):
    """The figures that a command has left, checked as they are somebody else's."""
    if not path.exists():
        raise BenchmarkError("it left no figures")
    figures = []
    for line in path.read_text().splitlines():
        figure = json.loads(line)
        if figure.get("bench") != benchmark.name:
            raise BenchmarkError(f"its figures are of '{figure.get('bench')}'")
        if not isinstance(figure.get("value"), (int, float)) or not figure.get("unit"):
            raise BenchmarkError(f"this is no figure with a unit: {line}")
        figures.append(figure | {"group": benchmark.group, "arguments": arguments})
    return figures


def run_command(command, benchmark, build, work):
    """Figures of one command."""
    word, *rest = shlex.split(command)
    places = {"work": str(work), "build": str(build),
              "skymill": str(build / "bin" / "skymill")}
    figures, log = work / "figures.jsonl", work / "log.txt"
    figures.unlink(missing_ok=True)
    arguments = [*program_of(word, build)[0], *(part.format(**places) for part in rest),
                 "--json", str(figures)]
    with open(log, "w") as output:
        done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=output,
                              stderr=subprocess.STDOUT, cwd=work)
    if done.returncode != 0:
        raise BenchmarkError(f"'{word}' ended with {done.returncode}:\n"
                             + "\n".join(log.read_text().splitlines()[-8:]))
    return figures_of(figures, benchmark, command)


def run(benchmark, form, build, work):
    """All figures of a benchmark and the seconds it took; its work folder is gone afterwards."""
    folder = work / benchmark.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start = time.monotonic()
    try:
        figures = [figure for command in benchmark.commands(form)
                   for figure in run_command(command, benchmark, build, folder)]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return figures, time.monotonic() - start


def by_name(figures):
    """By `benchmark.metric`; the last one of a name counts."""
    return {f"{figure['bench']}.{figure['metric']}": figure for figure in figures}
