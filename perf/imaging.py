#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Skymill and WSClean on the reference workloads of imaging, in turn.

    perf/imaging.py --skymill build/release/bin/skymill --work FOLDER
                    [--cases big_dirty,big_clean] [--threads 1,2] [--runs 3] [--wsclean both]
                    [--json FILE]

Makes the MeasurementSets in FOLDER by $SKYMILL_BENCH/imaging/make_alma_ms.py unless they are there,
and prints CPU and wall seconds a channel, peak memory and bytes written of both, and the ratios of
minima and medians; every run is a line in FOLDER/imaging.jsonl as well. Then, with natural weights,
the dirty images of one channel of 8000 x 8000 pixels, of both programs, beside a direct Fourier sum.
"""
import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import figures

DATA = {"big8.ms": ["--nchan", "8"],
        "small117.ms": ["--nint", "77", "--nchan", "117", "--maxbase", "900", "--cell", "0.07",
                        "--npix", "512"]}
AUTOMASK = {"usemask": "auto-multithresh", "sidelobethreshold": 2.5, "noisethreshold": 5,
            "lownoisethreshold": 1.5, "negativethreshold": 7, "minbeamfrac": 0.3,
            "growiterations": 50}
BIG = {"data": "big8.ms", "channels": range(3, 5), "size": 8000, "cell": "0.0046"}
SMALL = {"data": "small117.ms", "channels": range(117), "size": 512, "cell": "0.07"}
DIRTY = {"niter": 0, "products": ["psf", "residual", "image"], "theirs": ["-make-psf"]}
CLEAN = ["-mgain", "0.8", "-auto-threshold", "3"]
THOUSAND = {"niter": 1000, "ours": {"nsigma": 3}, "theirs": CLEAN,
            "products": ["psf", "residual", "model", "image"]}
CASES = {"big_dirty": BIG | DIRTY,
         "big_clean": BIG | {"niter": 200, "ours": AUTOMASK, "theirs": CLEAN,
                             "products": ["psf", "residual", "model", "image", "mask"]},
         "small_dirty": SMALL | DIRTY,
         "small_clean": SMALL | THOUSAND,
         "tiny_clean": SMALL | THOUSAND | {"size": 90}}
GRIDDERS = {"standard": [], "wgridder": ["-use-wgridder"]}


def make_data(work, name):
    """The MeasurementSet `name` in `work`, made at the first call."""
    path = work / name
    if path.exists():
        return path
    bench = os.environ.get("SKYMILL_BENCH")
    if not bench:
        sys.exit(f"{path} is not there, and SKYMILL_BENCH does not say where its maker is")
    fresh = work / f"new-{name}"
    subprocess.run(["/usr/bin/python3", f"{bench}/imaging/make_alma_ms.py", fresh, *DATA[name]],
                   check=True, stdout=subprocess.DEVNULL)
    fresh.rename(path)
    return path


def measured(command, log):
    """CPU and wall seconds, peak memory and bytes written of a command and its children."""
    os.sync()
    begin = time.monotonic()
    with open(log, "w") as output:
        child = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=subprocess.STDOUT)
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    wall = time.monotonic() - begin
    # Of a process that has ended and is not yet waited for the counts are final.
    counts = dict(line.split(": ") for line in open(f"/proc/{child.pid}/io"))
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}\n" + Path(log).read_text()[-2000:])
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_bytes": usage.ru_maxrss * 1024, "written_bytes": int(counts["wchar"])}


def skymill_command(options, case, data, output, threads, **changes):
    channels = case["channels"]
    image = {"imsize": case["size"], "cell": case["cell"] + "arcsec", "weighting": "briggs",
             "robust": 0.5, "niter": case["niter"], **case.get("ours", {}), **changes}
    if options.gridder:
        image["gridder"] = options.gridder
    if options.accuracy:
        image["accuracy"] = options.accuracy
    products = {"casa": [], "fits": [], options.format: case["products"]}
    settings = {"read.spw": f"0:{channels[0]}~{channels[-1]}",
                **{f"image.{name}": value for name, value in image.items()},
                **{f"concat.{name}": f"[{', '.join(value)}]" for name, value in products.items()}}
    command = [options.skymill, "run", options.description, "--param", f"input={data}", "--param",
               f"output={output}", "--threads", threads]
    for name, value in settings.items():
        command += ["--set", f"{name}={value}"]
    return command


def wsclean_command(case, data, output, threads, gridder, weight=("briggs", "0.5")):
    channels = case["channels"]
    size = case["size"]
    return ["wsclean", "-j", threads, "-size", size, size, "-scale", case["cell"] + "asec",
            "-channel-range", channels[0], channels[-1] + 1, "-channels-out", len(channels),
            "-weight", *weight, "-pol", "i", "-no-update-model-required", "-data-column", "DATA",
            "-niter", case["niter"], *case["theirs"], *GRIDDERS[gridder], "-name", output, data]


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def iterations(record):
    """Mean iterations and major cycles of a channel, and why they stopped."""
    stages = json.loads(record.read_text())["stages"]
    rows = next(s for s in stages if s["use"] == "image")["tables"]["channels"]
    mean = [sum(r[k] for r in rows) / len(rows) for k in ("iterations", "major_cycles")]
    return f"{mean[0]:.0f} iterations, {mean[1]:.1f} major cycles: " + ", ".join(
        sorted({r["stop"] for r in rows}))


def compare(options, name, threads):
    """Runs both in turn; a dictionary of runs by program, quicker gridder of WSClean first."""
    case = CASES[name]
    data = make_data(options.work, case["data"])
    gridders = list(GRIDDERS) if options.wsclean in ("both", "quicker") else [options.wsclean]
    runs = {}
    for turn in range(options.runs):
        for program in ["skymill"] + [f"wsclean {gridder}" for gridder in gridders]:
            folder = fresh(options.work / "out")
            output = folder / "x"
            command = (skymill_command(options, case, data, output, threads)
                       if program == "skymill" else
                       wsclean_command(case, data, output, threads, program.split()[1]))
            load = os.getloadavg()[0]
            figures = measured(command, options.work / "last.log")
            row = {"case": name, "threads": threads, "program": program, "turn": turn,
                   "channels": len(case["channels"]), "load_before": load, **figures}
            if program == "skymill":
                row["cleaned"] = iterations(folder / "x.run.json")
            with open(options.work / "imaging.jsonl", "a") as lines:
                print(json.dumps(row), file=lines)
            runs.setdefault(program, []).append(row)
        if options.wsclean == "quicker" and turn == 0:
            gridders = [min(gridders, key=lambda g: runs[f"wsclean {g}"][0]["cpu_s"])]
    shutil.rmtree(options.work / "out")
    return runs


def show(kept, name, threads, runs):
    case = CASES[name]
    channels = len(case["channels"])
    print(f"{name}, {threads} thread(s): {channels} channels of {case['size']}^2, niter "
          f"{case['niter']}; Skymill did {runs['skymill'][0]['cleaned']}")
    print(f"  {'of a channel':20} CPU s least, median   wall s least, median   peak MB  written MB")
    table = {}
    for program, rows in runs.items():
        cpu, wall = ([row[k] / channels for row in rows] for k in ("cpu_s", "wall_s"))
        table[program] = (min(cpu), statistics.median(cpu), min(wall), statistics.median(wall))
        print("  {:20} {:10.3f} {:10.3f} {:11.3f} {:10.3f}".format(program, *table[program])
              + f"  {max(row['peak_bytes'] for row in rows) / 1e6:8.0f}"
              + f"  {rows[0]['written_bytes'] / channels / 1e6:10.1f}")
    peers = [program for program in runs if program != "skymill"]
    for peer in sorted(peers, key=lambda program: table[program][0]):
        ratios = [b / a for a, b in zip(table["skymill"], table[peer])]
        print("  {:20} {:8.1f} x {:8.1f} x {:9.1f} x {:8.1f} x".format(f"{peer} / ours", *ratios))
    best = min(peers, key=lambda program: table[program][0])
    for metric, place in (("cpu", 0), ("wall", 2)):
        kept.add(f"{name}_{threads}t_{metric}", table["skymill"][place], "s",
                 peer=table[best][place])
    peaks = [max(row["peak_bytes"] for row in runs[program]) for program in ("skymill", best)]
    kept.add(f"{name}_{threads}t_peak", peaks[0], "B", peer=peaks[1])
    sys.stdout.flush()


def direct_sum(data, channel, l, m):
    """Naturally weighted Stokes I at offsets (radians), by imaging.md 2.0; also the peak of none."""
    import numpy
    import casacore.tables
    table = casacore.tables.table(str(data), ack=False)
    vis = table.getcolslice("DATA", [channel, 0], [channel, -1])[:, 0, :]
    flag = table.getcolslice("FLAG", [channel, 0], [channel, -1])[:, 0, :]
    good = ~(flag.any(axis=1) | table.getcol("FLAG_ROW"))
    window = casacore.tables.table(f"{data}/SPECTRAL_WINDOW", ack=False)
    turns = 2 * numpy.pi * window.getcell("CHAN_FREQ", 0)[channel] / 299792458.0
    uvw = table.getcol("UVW")[good] * turns
    value = vis[good].mean(axis=1).astype(complex)
    weight = table.getcol("WEIGHT")[good].min(axis=1).astype(float)
    weight /= weight.sum()
    pixels = numpy.empty(len(l))
    for k, offset in enumerate(numpy.stack([l, m, numpy.sqrt(1 - l * l - m * m) - 1], axis=1)):
        phase = uvw @ offset
        pixels[k] = weight @ (value.real * numpy.cos(phase) + value.imag * numpy.sin(phase))
    return pixels


def accuracy(options):
    """Dirty images of channel 3, naturally weighted, of both programs and by a direct sum."""
    import numpy
    from astropy.io import fits
    case = CASES["big_dirty"] | {"channels": range(3, 4), "products": ["residual"], "theirs": []}
    data = make_data(options.work, case["data"])
    folder = fresh(options.work / "out")
    as_fits = argparse.Namespace(**vars(options) | {"format": "fits"})
    measured(skymill_command(as_fits, case, data, folder / "ours", 2, weighting="natural"),
             options.work / "last.log")
    images = {"skymill": fits.getdata(folder / "ours.residual.fits").squeeze()}
    for gridder in GRIDDERS:
        measured(wsclean_command(case, data, folder / gridder, 2, gridder, weight=("natural",)),
                 options.work / "last.log")
        images[f"wsclean {gridder}"] = fits.getdata(folder / f"{gridder}-dirty.fits").squeeze()
    size = case["size"]
    random = numpy.random.default_rng(5)
    x, y = random.integers(0, size, (2, options.pixels))
    cell = float(case["cell"]) * numpy.pi / 180 / 3600
    truth = direct_sum(data, 3, -(x - size // 2) * cell, (y - size // 2) * cell)
    peak = max(float(abs(image).max()) for image in images.values())
    print(f"dirty image of channel 3, natural weights, peak {peak:.4g} Jy/beam, at "
          f"{options.pixels} random pixels of {size}^2 against the direct sum:")
    for name, image in images.items():
        error = image[y, x] - truth
        difference = abs(image - images["skymill"]).max()
        row = {"accuracy_of": name, "gridder": options.gridder if name == "skymill" else None,
               "accuracy": options.accuracy if name == "skymill" else None,
               "largest_error_of_peak": float(abs(error).max()) / peak,
               "relative_l2_error": float(numpy.linalg.norm(error) / numpy.linalg.norm(truth)),
               "largest_difference_from_skymill_of_peak": float(difference) / peak}
        print(f"  {name:20} largest error {row['largest_error_of_peak']:.2e} of the peak, relative "
              f"L2 {row['relative_l2_error']:.2e}; largest difference from Skymill, all pixels, "
              f"{row['largest_difference_from_skymill_of_peak']:.2e} of the peak")
        with open(options.work / "imaging.jsonl", "a") as lines:
            print(json.dumps(row), file=lines)
    shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with 12 GB of room")
    parser.add_argument("--cases", default=",".join(CASES), help=f"some of {', '.join(CASES)}")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--wsclean", default="quicker", choices=["quicker", "both", *GRIDDERS],
                        help="its gridder; quicker: both in the first turn, then the better")
    parser.add_argument("--gridder", help="Skymill's; without it its default")
    parser.add_argument("--accuracy", help="of its wgridder; without it the default, 1e-4")
    parser.add_argument("--format", default="fits", choices=["fits", "casa"], help="of our cubes")
    parser.add_argument("--description", default=Path(__file__).with_name("imaging.yaml"),
                        help="what Skymill runs; cube draws a picture besides")
    parser.add_argument("--pixels", type=int, default=300,
                        help="of the direct sum; 0 leaves the accuracy out")
    figures.add_option(parser)
    options = parser.parse_args()
    kept = figures.Figures("imaging", options.json)
    unknown = set(options.cases.split(",")) - {""} - set(CASES)
    if unknown:
        parser.error(f"no such case: {', '.join(sorted(unknown))}; there are {', '.join(CASES)}")
    if not shutil.which("wsclean"):
        print("skipped: WSClean is not installed")
        return
    options.skymill = options.skymill.resolve()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in filter(None, options.cases.split(",")):
        for threads in map(int, options.threads.split(",")):
            show(kept, name, threads, compare(options, name, threads))
    if options.pixels > 0:
        accuracy(options)


if __name__ == "__main__":
    main()
