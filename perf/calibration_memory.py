#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Peak memory of flagging, solving and applying beside the length of the observation.

    perf/calibration_memory.py --skymill build/release/bin/skymill --work FOLDER
                               [--times 24,96,384,1536] [--memory 1GiB] [--threads 2] [--window 24]

For each number of integrations a calibrator with gains and noise is simulated (48 antennas, 64
channels, two polarisations: 1.4 MB an integration), and flagged by pipelines/flag.yaml;
a delay, a bandpass and gains of a minute each are solved from it, and applied by
pipelines/apply.yaml. Peak resident memory (VmHWM) of each, its growth over the last two lengths,
and a line a run in FOLDER/calibration_memory.jsonl. Interference is looked for in windows of up to
384 integrations, so that flagging takes more until one is full, or of --window. Data are removed
after each length.
"""
import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import figures
from budgets import bytes_of

STEPS = "flag", "solve", "apply"
SIMULATE = """skymill: 1
description: a calibrator through antennas with gains
parameters:
  times: { required: true, doc: "integrations" }
  output: { required: true, doc: "the MeasurementSet" }
record: $(output).sim.json
stages:
  simulate:
    antennas: 48
    times: $(times)
    interval: 12.884901888s
    nchan: 64
    noise: 2Jy
    gain_amplitude: 0.1
    gain_phase: 30deg
    sources: [0arcsec 0arcsec 10Jy]
  write: { use: ms_writer, output: $(output) }
"""
SOLVE = """skymill: 1
description: a delay, a bandpass and gains of a minute
parameters:
  input: { required: true, doc: "the MeasurementSet" }
record: $(input).solve.json
stages:
  for_delays: { use: ms_reader, input: $(input) }
  delays: { use: solve, term: K, flux: 10Jy, combine: [scan, field] }
  for_bandpass: { use: ms_reader, input: $(input) }
  bandpass: { use: solve, term: B, prior: delays, flux: 10Jy, solnorm: true, flux_scale: none,
              combine: [scan, field] }
  for_gains: { use: ms_reader, input: $(input) }
  gains: { use: solve, term: G, prior: bandpass, flux: 10Jy, solint: 60s }
  tables: { use: caltable_writer, in: gains, output: $(input) }
"""


def peak_of(command):
    """Peak memory in bytes and wall seconds of a program."""
    log = os.open(os.devnull, os.O_WRONLY)
    start = time.perf_counter()
    pid = os.fork()
    if pid == 0:
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.execv(command[0], list(map(str, command)))
    _, status, usage = os.wait4(pid, 0)
    os.close(log)
    if status != 0:
        sys.exit(f"failed with status {status}: {' '.join(map(str, command))}")
    return usage.ru_maxrss * 1024, time.perf_counter() - start


def measure(skymill, work, times, window, options):
    data = work / f"length{times}.ms"
    shutil.rmtree(data, ignore_errors=True)
    for name, text in (("simulate", SIMULATE), ("solve", SOLVE)):
        (work / f"{name}.yaml").write_text(text)
    subprocess.run([skymill, "run", work / "simulate.yaml", "--param", f"times={times}", "--param",
                    f"output={data}"], check=True, stdout=subprocess.DEVNULL)
    size = sum(path.stat().st_size for path in data.rglob("*") if path.is_file())
    tables = [Path(f"{data}.{kind}") for kind in ("kcal", "bcal", "gcal")]
    for table in tables:
        shutil.rmtree(table, ignore_errors=True)
    steps = {"flag": ["flag"] + (["--set", f"flag_rfi.window={window}"] if window else []),
             "solve": [work / "solve.yaml"],
             "apply": ["apply", "--param", "tables=" + ",".join(map(str, tables))]}
    row = {"times": times, "data_bytes": size}
    for name in STEPS:
        peak, wall = peak_of([skymill, "run", *steps[name], "--param", f"input={data}", *options])
        row[name] = {"peak_bytes": peak, "wall_s": round(wall, 2)}
    for path in work.glob(f"length{times}.ms*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return row


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with 4 GB of room")
    parser.add_argument("--times", default="24,96,384,1536")
    parser.add_argument("--memory", default="1GiB", help="budget of a run, in MiB or GiB")
    parser.add_argument("--threads", default="2")
    parser.add_argument("--window", type=int, help="integrations that flag_rfi looks at together")
    figures.add_option(parser)
    arguments = parser.parse_args()
    skymill, work = arguments.skymill.resolve(), arguments.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    options = ["--memory", arguments.memory, "--threads", arguments.threads]
    rows = []
    print(f"peak memory in MB under a budget of {arguments.memory}, {arguments.threads} threads")
    print(f"{'integrations':>12} {'data':>8} {'flag':>8} {'solve':>8} {'apply':>8}")
    for times in map(int, arguments.times.split(",")):
        rows.append(measure(skymill, work, times, arguments.window, options))
        with open(work / "calibration_memory.jsonl", "a") as log:
            log.write(json.dumps(rows[-1]) + "\n")
        peaks = [rows[-1][name]["peak_bytes"] for name in STEPS]
        print(f"{times:12} {rows[-1]['data_bytes'] / 1e6:8.0f} "
              + " ".join(f"{peak / 1e6:8.0f}" for peak in peaks), flush=True)
    kept = figures.Figures("calibration_memory", arguments.json)
    kept.add("most", max(row[name]["peak_bytes"] for row in rows for name in STEPS), "B",
             limit=bytes_of(arguments.memory))
    if len(rows) < 2:
        return
    before, last = rows[-2:]
    peaks = {name: (last[name]["peak_bytes"], before[name]["peak_bytes"]) for name in STEPS}
    for name, (peak, peer) in peaks.items():
        kept.add(name, peak, "B", peer=peer)
    print(f"{last['times']} over {before['times']} integrations: "
          + ", ".join(f"{name} {peak / peer:.3f}" for name, (peak, peer) in peaks.items()))


if __name__ == "__main__":
    main()
