#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well a slow-down is found: one build against itself, and against itself slowed down.

    perf/trials.py BUILD [--bench gridding] [--trials 20] [--planted 10] [--record FILE]

Runs the comparison of perf/compare.py 20 times with both sides alike, which all must pass, and 20
times with a tenth more calls in one of them, of which 19 must be found. With --record all seconds
go to FILE; those of tests/perf/recorded are decided on anew by the test perf_decision.
"""
import argparse
import json
import os
import sys
from pathlib import Path

from compare import turns
from compare.paired import compare, words_of


def microseconds(batches):
    """Whole microseconds, to keep records small; ratios do not care."""
    return [{side: [round(1e6 * s) for s in seconds] for side, seconds in batch.items()}
            for batch in batches]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", type=Path, metavar="BUILD")
    parser.add_argument("--bench", default="gridding")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--planted", type=float, default=10, help="per cent")
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    clock = turns.benches(options.build)[options.bench]["clock"]

    record = {"bench": options.bench, "clock": clock, "planted": options.planted,
              "load": [round(os.getloadavg()[0], 1)], "trials": {"same": [], "planted": []}}
    right = {"same": 0, "planted": 0}
    for trial in range(options.trials):
        for kind, planted in (("same", 0), ("planted", options.planted)):
            decision, batches = compare(options.build, options.build, options.bench, clock,
                                                planted)
            right[kind] += decision.passes == (kind == "same")
            record["trials"][kind].append(microseconds(batches))
            print(f"{trial + 1:3} {kind:8} {decision.pairs:4} pairs  minima "
                  f"{words_of(decision.minima)}  medians "
                  f"{words_of(decision.medians)}  {decision.verdict}", flush=True)
        record["load"].append(round(os.getloadavg()[0], 1))
        if options.record:
            options.record.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    least = options.trials * 19 / 20
    print(f"{options.bench}: {right['planted']} of {options.trials} planted slow-downs of "
          f"{options.planted:g} % found, {right['same']} of {options.trials} equal pairs passed, "
          f"load {min(record['load'])} to {max(record['load'])}")
    return 0 if right["planted"] >= least and right["same"] == options.trials else 1


if __name__ == "__main__":
    sys.exit(main())
