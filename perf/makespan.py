#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""How well the channels of an uneven sky are shared out to workers.

    perf/makespan.py --skymill build/release/bin/skymill --work FOLDER [--runs 3]
                     [--json FILE]

Makes an observation of 117 channels in FOLDER, seven of them bright, and images it on two threads,
channels that converge on their own and five chunks of them in turn, down to the same residual.
Prints how long the imaging pass lasted (its makespan) beside the least that any order could take,
max(sum / workers, longest unit), and replays the seconds of the units, the least of all runs as
other programs disturb each now and then, in the order in which they were begun, on other numbers of
workers. Then what a few channels take on two threads,
where a worker is left over at the end. Every row is a line in FOLDER/makespan.jsonl as well.
"""
import argparse
import heapq
import json
import os
import shutil
import subprocess
from pathlib import Path

import figures
from imaging import fresh, measured

HERE = Path(__file__).resolve().parent
CHANNELS = 117
BRIGHT = [8, 9, 10, 47, 48, 70, 101]
PARTS = 5
THRESHOLD_JY = 0.005
SKY = {"dim": {"flux_min": "1mJy", "flux_max": "2mJy", "random_sources": 6},
       "bright": {"flux_min": "0.1Jy", "flux_max": "3Jy", "random_sources": 60}}
POLICIES = {"channel": {"convergence": "channel"},
            "chunk": {"convergence": "chunk", "nparts": PARTS}}
WORKERS = (2, 5, 16)


def make_data(options):
    """The MeasurementSet of the uneven sky, made at the first call."""
    path = options.work / "uneven.ms"
    if path.exists():
        return path
    from casacore import tables
    for name, sky in SKY.items():
        settings = {"antennas": 30, "times": 40, "nchan": CHANNELS, "width": "100kHz",
                    "noise": "0.1Jy", **sky}
        command = [options.skymill, "run", HERE.parent / "pipelines/simulate.yaml", "--param",
                   f"output={options.work}/{name}.ms"]
        for key, value in settings.items():
            command += ["--set", f"simulate.{key}={value}"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with tables.table(f"{options.work}/bright.ms", ack=False) as bright, \
         tables.table(f"{options.work}/dim.ms", ack=False, readonly=False) as dim:
        data = dim.getcol("DATA")
        data[:, BRIGHT] = bright.getcol("DATA")[:, BRIGHT]
        dim.putcol("DATA", data)
    shutil.rmtree(options.work / "bright.ms")
    (options.work / "dim.ms").rename(path)
    return path


def image(options, policy, channels, threads=2):
    """Runs Skymill; what the run took, and the units of its imaging pass as they were begun."""
    folder = fresh(options.work / "out")
    settings = {"read.spw": "0:" + ";".join(map(str, channels)), "image.imsize": options.size,
                "image.cell": "3arcsec", "image.niter": 1000000,
                "image.threshold": f"{THRESHOLD_JY}Jy", "concat.casa": "[]",
                "concat.fits": "[psf, residual, model, image]",
                **{f"image.{key}": value for key, value in POLICIES[policy].items()}}
    command = [options.skymill, "run", HERE / "imaging.yaml", "--param",
               f"input={make_data(options)}", "--param", f"output={folder}/x", "--threads", threads,
               "--events", folder / "events.jsonl"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    load = os.getloadavg()[0]
    run = {"policy": policy, "channels": len(channels), "size": options.size, "threads": threads,
           "load_before": load, **measured(command, options.work / "last.log")}
    events = [json.loads(line) for line in open(folder / "events.jsonl")]
    of_pass = [e for e in events if e.get("stages", [""])[0] == "image"]
    run["makespan_s"] = next(e["seconds"] for e in of_pass if e["event"] == "pass_ended")
    units = sorted((e for e in of_pass if e["event"] == "unit_done"), key=lambda e: e["unit"])
    run["unit_s"] = [unit["seconds"] for unit in units]
    run["plane"] = [rows_of(unit, "channels")["channel"] for unit in units]
    # Steps of a chunk's planes are done before the unit that hands over their products begins.
    run["steps_s"] = [sum(v for k, v in rows_of(unit, "steps").items() if k.endswith("_s"))
                      for unit in units]
    cleaned = [rows_of(unit, "channels") for unit in units]
    for key in ("iterations", "major_cycles"):
        run[key] = sum(row[key] for row in cleaned)
    run["largest_residual_jy"] = max(row["peak_jy"] for row in cleaned)
    shutil.rmtree(folder)
    return run


def rows_of(unit, table):
    return next(row["row"] for row in unit["rows"] if row["table"] == table)


def least(seconds, workers):
    """A lower bound of every makespan."""
    return max(sum(seconds) / workers, max(seconds))


def replay(seconds, workers):
    """The makespan when each worker takes the next unit as soon as it is free."""
    free = [0.0] * workers
    for unit in seconds:
        heapq.heappush(free, heapq.heappop(free) + unit)
    return max(free)


def least_of_units(turns, planes):
    """Of each plane, seconds on one worker. Of a chunk's it is the steps and what follows them."""
    seconds = {plane: [] for plane in planes}
    for run in turns:
        steps = run["steps_s"] if run["policy"] == "chunk" else [0] * len(run["unit_s"])
        for plane, unit, before in zip(run["plane"], run["unit_s"], steps):
            seconds[plane].append(unit + before)
    return [min(seconds[plane]) for plane in planes]


def chunks_of(run):
    """Seconds of each chunk on a worker of its own."""
    of_plane = dict(zip(run["plane"], run["alone_s"]))
    size, larger = divmod(run["channels"], PARTS)
    ends = [k * size + min(k, larger) for k in range(PARTS + 1)]
    return [sum(of_plane[plane] for plane in range(*part)) for part in zip(ends, ends[1:])]


def keep(options, row):
    with open(options.work / "makespan.jsonl", "a") as lines:
        print(json.dumps(row), file=lines)


def show_shares(options, run):
    bound = least(run["unit_s"], run["threads"])
    print(f"  measured on {run['threads']:2} workers: {run['makespan_s']:7.2f} s, at least "
          f"{bound:7.2f} s: {run['makespan_s'] / bound:.3f} times")
    options.kept.add("pass", run["makespan_s"], "s", limit=bound)
    by_plane = [seconds for _, seconds in sorted(zip(run["plane"], run["alone_s"]))]
    for workers in WORKERS:
        bound = least(by_plane, workers)
        taken, by_number = (replay(order, workers) for order in (run["alone_s"], by_plane))
        print(f"  replayed on {workers:2} workers: {taken:7.2f} s, at least {bound:7.2f} s: "
              f"{taken / bound:.3f} times; in order of channels {by_number / bound:.3f} times")
        keep(options, {"replay_of": "channel", "workers": workers, "makespan_s": taken,
                       "least_s": bound, "in_order_s": by_number})


def show_gain(options, runs):
    for policy, run in runs.items():
        print(f"  {policy:8} wall {run['wall_s']:7.2f} s, CPU {run['cpu_s']:7.2f} s, "
              f"{run['iterations']} iterations, {run['major_cycles']} major cycles, largest "
              f"residual {1e3 * run['largest_residual_jy']:.3f} mJy")
    units = chunks_of(runs["chunk"])
    whole = replay(units, PARTS)
    shared = replay(runs["channel"]["alone_s"], PARTS)
    gains = [runs["chunk"][key] / runs["channel"][key] for key in ("wall_s", "cpu_s")]
    print(f"  chunk / channel: wall {gains[0]:.2f} times, CPU {gains[1]:.2f} times; replayed on "
          f"{PARTS} workers with a chunk each {whole:.2f} s against {shared:.2f} s: "
          f"{whole / shared:.2f} times")
    options.kept.add("channel_wall", runs["channel"]["wall_s"], "s", peer=runs["chunk"]["wall_s"])
    options.kept.add("channel_cpu", runs["channel"]["cpu_s"], "s", peer=runs["chunk"]["cpu_s"])
    options.kept.add("channel_replayed_on_5", shared, "s", peer=whole)
    keep(options, {"replay_of": "chunk", "workers": PARTS, "chunks_s": units, "makespan_s": whole,
                   "channels_s": shared, "wall_gain": gains[0], "cpu_gain": gains[1]})


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with 3 GB of room")
    parser.add_argument("--runs", type=int, default=3, help="of each, in turn; the quickest counts")
    parser.add_argument("--size", type=int, default=1024, help="of an image, pixels")
    parser.add_argument("--few", default="1,3,5",
                        help="numbers of equal channels on two threads; empty leaves them out")
    figures.add_option(parser)
    options = parser.parse_args()
    options.kept = figures.Figures("makespan", options.json)
    options.skymill = options.skymill.resolve()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)

    def quickest(turns):
        for run in turns:
            keep(options, run)
        best = min(turns, key=lambda run: run["makespan_s"])
        return best | {"alone_s": least_of_units(turns, best["plane"])}

    turns = {policy: [] for policy in POLICIES}
    for _ in range(options.runs):
        for policy in POLICIES:
            turns[policy].append(image(options, policy, range(CHANNELS)))
    runs = {policy: quickest(of_policy) for policy, of_policy in turns.items()}
    print(f"{CHANNELS} channels of {options.size}^2, {len(BRIGHT)} bright, to "
          f"{1e3 * THRESHOLD_JY:g} mJy; {sum(runs['channel']['unit_s']):.2f} s of units, the "
          f"longest {max(runs['channel']['unit_s']):.2f} s")
    show_shares(options, runs["channel"])
    show_gain(options, runs)
    for count in map(int, filter(None, options.few.split(","))):
        channels = [k for k in range(CHANNELS) if k not in BRIGHT][:count]
        one, two = ([image(options, "channel", channels, threads) for _ in range(options.runs)]
                    for threads in (1, 2))
        one, two = quickest(one), quickest(two)
        print(f"  {count} equal channel(s): 1 thread {one['makespan_s']:.2f} s, 2 threads "
              f"{two['makespan_s']:.2f} s: {one['makespan_s'] / two['makespan_s']:.2f} times")
        options.kept.add(f"equal_{count}_2_threads", two["makespan_s"], "s",
                         peer=one["makespan_s"])


if __name__ == "__main__":
    main()
