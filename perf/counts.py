#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Instructions of each kernel, counted by cachegrind, beside those that are kept.

    perf/counts.py BUILD [--bench gridding,apply] [--update] [--json FILE]

The target perf_kernels (-DSKYMILL_PERF=ON) runs each kernel with one call and with two; the
difference is one call with warm caches, without start and data. It hardly depends on the load of
the machine, and on its processor only by the widest vectors that valgrind knows, AVX2. Counts are
kept in perf/counts.json by compiler, kind of build, C library and processor; 1 % more than there
fails, exit code 1. --update keeps what was counted. Where nothing is kept nothing is judged.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import figures
from compare import turns

KEPT = Path(__file__).with_name("counts.json")
MOST = 1.01
# Its own, as the length of the environment moves the stack.
ENVIRONMENT = {"LC_ALL": "C", "OMP_NUM_THREADS": "1"}


def valgrind(program, *arguments, tool="none", options=()):
    """What the program prints and what valgrind says."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["valgrind", f"--tool={tool}", *options, program, *arguments],
                              capture_output=True, text=True, env=ENVIRONMENT, cwd=folder)
    if done.returncode != 0:
        raise SystemExit(f"'{program} {' '.join(arguments)}' under valgrind: {done.stderr}")
    return done.stdout, done.stderr


def instructions(program, bench, calls):
    _, said = valgrind(program, bench, "--calls", str(calls), tool="cachegrind",
                       options=("--cache-sim=no", "--cachegrind-out-file=/dev/null"))
    return int(re.search(r"I\s+refs:\s+([\d,]+)", said)[1].replace(",", ""))


def count(program, names):
    """Instructions of one call of each kernel; as many at once as there are processors."""
    runs = [(name, calls) for name in names for calls in (1, 2)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        counted = list(pool.map(lambda run: instructions(program, *run), runs))
    return {name: counted[2 * k + 1] - counted[2 * k] for k, name in enumerate(names)}


def judge(counted, kept):
    """Prints a line for each kernel; whether none takes more than it may."""
    good = True
    for name, value in counted.items():
        before = kept.get(name)
        if before is None:
            print(f"{name:20} {value:12}  nothing kept to compare with")
            continue
        more = value > round(before * MOST)
        good = good and not more
        change = 100 * (value / before - 1)
        words = f"  MORE than 1 % above the {before} kept" if more else ""
        if change < -1:
            words = "  less: keep it with --update"
        print(f"{name:20} {value:12} {change:+7.2f} %{words}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, metavar="BUILD")
    parser.add_argument("--bench", help="names, with commas; without it all that can be counted")
    parser.add_argument("--update", action="store_true")
    figures.add_option(parser)
    options = parser.parse_args()
    if shutil.which("valgrind") is None:
        raise SystemExit("valgrind is not installed, and without it nothing is counted")

    program = turns.program(options.build).resolve()
    benches = turns.benches(options.build)
    names = [name for name, row in benches.items() if row["counted"]]
    if options.bench:
        names = options.bench.split(",")
    key = valgrind(program, "about")[0].strip()
    print(key)
    counted = count(program, names)
    all_kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    kept = all_kept.get(key, {})
    good = judge(counted, kept)
    measured = figures.Figures("counts", options.json)
    for name, value in counted.items():
        measured.add(name, value, "instr", limit=kept.get(name))
    if options.update:
        all_kept[key] = (all_kept.get(key, {}) if options.bench else {}) | counted
        KEPT.write_text(json.dumps(all_kept, indent=2, sort_keys=True) + "\n")
        return 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
