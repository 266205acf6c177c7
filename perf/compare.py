#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the kernels of one build are slower than those of another.

    perf/compare.py OLD_BUILD NEW_BUILD [--bench gridding,apply] [--json FILE] [--samples FILE]

Both are build folders with the target perf_kernels (-DSKYMILL_PERF=ON). Each kernel is run in pairs
that take turns, in batches of five, until perf/compare/decision.py has seen enough: 10 pairs where
minima and medians agree within 2 %, else 30 to 100 more. Kernels of one thread are compared by CPU
time, others by wall time, and unless they are named only where no other program runs: a busy machine
has no answer for them. The exit code is 1 when a kernel has become slower.
"""
import argparse
import json
import os
import sys
from pathlib import Path

import figures
from compare import turns
from compare.decision import THRESHOLD
from compare.paired import compare, words_of


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", type=Path, metavar="OLD_BUILD")
    parser.add_argument("new", type=Path, metavar="NEW_BUILD")
    parser.add_argument("--bench", help="names, with commas; without it all that both have")
    figures.add_option(parser)
    parser.add_argument("--samples", type=Path, help="all seconds, for decision.replay")
    options = parser.parse_args()

    known, new = turns.benches(options.old), turns.benches(options.new)
    names = options.bench.split(",") if options.bench else [name for name in known if name in new]
    for name in names:
        if name not in known or name not in new:
            raise SystemExit(f"not in both builds: '{name}'; they have "
                             + ", ".join(sorted(set(known) & set(new))))
    log = figures.Figures("compare", options.json)
    samples, slower = {}, []
    print(f"{'kernel':20} {'clock':5} {'pairs':>5}  {'minima, new / old':22}  "
          f"{'medians, new / old':22}")
    for name in names:
        clock = known[name]["clock"]
        busy = os.getloadavg()[0]
        if clock == "wall" and not options.bench and busy > 1:
            print(f"{name:20} {clock:5} skipped at a load of {busy:.1f}; --bench {name} insists")
            continue
        decision, samples[name] = compare(options.old, options.new, name, clock)
        print(f"{name:20} {clock:5} {decision.pairs:5}  {words_of(decision.minima)}  "
              f"{words_of(decision.medians)}  {decision.verdict}", flush=True)
        for estimate, ratio in ("minima", decision.minima), ("medians", decision.medians):
            log.add(f"{name}_{clock}_{estimate}", ratio.value, "x", limit=THRESHOLD)
        if not decision.passes:
            slower.append(name)
    if options.samples:
        options.samples.write_text(json.dumps(samples))
    if slower:
        print(f"slower: {', '.join(slower)}")
    return 1 if slower else 0


if __name__ == "__main__":
    sys.exit(main())
