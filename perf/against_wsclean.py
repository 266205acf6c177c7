#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Times a naturally weighted dirty cube against WSClean's, run by run in turn, on simulated data.

    perf/against_wsclean.py --skymill build/release/bin/skymill [--runs 5] [--nchan 16] [--size 512]
                            [--json FILE]

Prints wall and CPU seconds and peak memory of both, and the ratios of their medians and minima.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import figures


def measured(command):
    """Wall and CPU seconds and peak memory in MiB of one command."""
    begin = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - begin
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", required=True, type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--nchan", type=int, default=16)
    parser.add_argument("--size", type=int, default=512)
    figures.add_option(parser)
    options = parser.parse_args()
    if not shutil.which("wsclean"):
        print("skipped: WSClean is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="skymill-perf-") as folder:
        folder = pathlib.Path(folder)
        data = folder / "sim.ms"
        measured([options.skymill, "run", "simulate", "--param", f"output={data}", "--param",
                  f"nchan={options.nchan}", "--param", "times=60"])
        ours = [options.skymill, "run", "cube", "--param", f"input={data}", "--param",
                f"output={folder}/ours", "--param", f"size={options.size}", "--param",
                "cell=6arcsec", "--param", "niter=0", "--param", "weighting=natural", "--param",
                "overwrite=true"]
        theirs = ["wsclean", "-size", options.size, options.size, "-scale", "6asec", "-weight",
                  "natural", "-niter", "0", "-channels-out", options.nchan, "-use-wgridder",
                  "-data-column", "DATA", "-j", os.cpu_count(), "-name", f"{folder}/theirs", data]
        results = {"skymill": [], "wsclean": []}
        for _ in range(options.runs):
            results["skymill"].append(measured(list(map(str, ours))))
            results["wsclean"].append(measured(list(map(str, theirs))))
    print(f"{options.nchan} channels of {options.size} x {options.size}, {options.runs} runs each")
    print("             wall s (min, median)   CPU s (min, median)   peak MiB")
    kept = figures.Figures("against_wsclean", options.json)
    table = {}
    for name, runs in results.items():
        wall, cpu, memory = zip(*runs)
        table[name] = (min(wall), statistics.median(wall), min(cpu), statistics.median(cpu))
        print(f"{name:10}   {min(wall):8.2f} {statistics.median(wall):8.2f}      "
              f"{min(cpu):8.2f} {statistics.median(cpu):8.2f}     {max(memory):8.0f}")
    ratios = [b / a for a, b in zip(table["skymill"], table["wsclean"])]
    print("WSClean / Skymill: wall min {:.2f} median {:.2f}, CPU min {:.2f} median {:.2f}".format(
        *ratios))
    for k, metric in ((0, "wall"), (2, "cpu")):
        kept.add(metric, table["skymill"][k], "s", peer=table["wsclean"][k])
    ours, theirs = (max(run[2] for run in results[name]) * 2**20 for name in ("skymill", "wsclean"))
    kept.add("peak", ours, "B", peer=theirs)


if __name__ == "__main__":
    main()
