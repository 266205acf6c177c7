#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""A cleaned cube under budgets of memory: what it held, read and wrote beside what it may.

    perf/budgets.py --skymill build/release/bin/skymill --work FOLDER [--quick]
                    [--budgets 2GiB,4GiB,8GiB] [--scratch auto,tmpfs] [--size 8000] [--nchan 16]
                    [--threads 2] [--peer] [--json FILE]

Makes the MeasurementSet in FOLDER by $SKYMILL_BENCH/imaging/make_alma_ms.py unless it is there; the
small one of --quick is simulated by Skymill.
For each budget and kind of scratch a cube of seven products, cleaned as the reference run of
imaging.md 8: peak memory with what stands on a tmpfs, bytes read and written by calls and by the
disk, beside the budget, the columns that are selected and the room that the products take, and the
time from the last channel to the end. Products are removed after each run; every run is a line in
FOLDER/budgets.jsonl as well. From the run with the least CPU time a channel: a modelled time of
1000 channels on 10 cores.

--peer: four channels as the case big_clean of perf/imaging.py, ours and WSClean's with a FITS cube
a product made of its files by astropy, in turn. --quick: 1024 x 1024 pixels, small budgets.
"""
import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import figures
import imaging

PRODUCTS = ["image", "residual", "psf", "model", "mask", "pb", "sumwt"]
# Of imaging.md 8; 50,000 iterations are a limit that no channel comes to.
REFERENCE = imaging.AUTOMASK | {"weighting": "briggs", "robust": 0.5, "niter": 50000,
                                "threshold": "4mJy", "pblimit": 0.2}
BIG = {"data": "big{nchan}.ms", "make": [], "size": 8000, "cell": "0.0046",
       "budgets": "2GiB,4GiB,8GiB", "disk_bytes": 4 << 30}
# Simulated by Skymill itself.
QUICK = {"data": "quick{nchan}.ms", "make": {"antennas": 40, "times": 200, "width": "100kHz"},
         "size": 1024, "cell": "3", "budgets": "192MiB,512MiB", "disk_bytes": 1 << 28}
# The reference run of imaging.md 8: 1000 channels on 10 workers.
REFERENCE_S = 68 * 3600 + 22 * 60 + 49
CHANNELS = 1000
CORES = 10
MOST_WRITTEN, MOST_READ = 1.05, 1.1
ALLOCATED, APPARENT = (lambda status: 512 * status.st_blocks), (lambda status: status.st_size)
FITS_CUBES = """import sys
import numpy
from astropy.io import fits
prefix, channels = sys.argv[1], int(sys.argv[2])
for product in sys.argv[3:]:
    names = [f"{prefix}-{channel:04d}-{product}.fits" for channel in range(channels)]
    header = fits.getheader(names[0])
    cube = numpy.stack([fits.getdata(name)[0, 0] for name in names])
    fits.PrimaryHDU(cube[None], header).writeto(f"{prefix}.{product}.fits")
"""


def simulated(options, name, settings):
    """The MeasurementSet `name` in the work folder, made by Skymill at the first call."""
    path = options.work / name
    if not path.exists():
        command = [options.skymill, "run", "simulate", "--param", f"output={path}"]
        for key, value in (settings | {"nchan": options.nchan}).items():
            command += ["--param", f"{key}={value}"]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
    return path


def bytes_of(text):
    return int(float(text.removesuffix("GiB")) * 2**30 if text.endswith("GiB")
               else float(text.removesuffix("MiB")) * 2**20)


def tree_bytes(folders, size_of):
    """Bytes of the files in folders, of which some may vanish meanwhile."""
    total = 0
    for folder in folders:
        for path in [folder, *folder.rglob("*")] if folder.exists() else []:
            try:
                status = path.lstat()
            except FileNotFoundError:
                continue
            total += size_of(status) if not path.is_dir() else 0
    return total


def selected_bytes(data):
    """Bytes of the columns that imaging reads, as they stand in the tables."""
    import casacore.tables
    table = casacore.tables.table(str(data), ack=False)
    rows = table.nrows()
    channels, correlations = table.getcell("DATA", 0).shape
    samples = rows * channels * correlations
    # DATA, FLAG in bits, WEIGHT, UVW, ANTENNA1 and ANTENNA2; the others change seldom and share
    # a file.
    columns = samples * 8 + samples // 8 + rows * (4 * correlations + 24 + 8)
    slow = next(m for m in table.getdminfo().values() if "TIME" in m["COLUMNS"])
    return columns + (data / f"table.f{slow['SEQNR']}").stat().st_size


def forget(folder):
    """Drops the files of a folder from the page cache."""
    os.sync()
    for path in filter(Path.is_file, folder.rglob("*")):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def watched(command, log, tmpfs, environment):
    """Runs a command; its peak memory, the most that stood on the tmpfs meanwhile, and its I/O."""
    os.sync()
    begin = time.monotonic()
    peak = most_on_tmpfs = 0
    with open(log, "w") as output:
        child = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=subprocess.STDOUT, env=environment)
        while not os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
            for line in open(f"/proc/{child.pid}/status"):
                if line.startswith("VmHWM:"):
                    peak = int(line.split()[1]) * 1024
            most_on_tmpfs = max(most_on_tmpfs, tree_bytes([tmpfs], ALLOCATED))
            time.sleep(0.05)
    wall = time.monotonic() - begin
    counts = dict(line.split(": ") for line in open(f"/proc/{child.pid}/io"))
    _, status, usage = os.wait4(child.pid, 0)
    return os.waitstatus_to_exitcode(status), {
        "wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_bytes": peak,
        "tmpfs_bytes": most_on_tmpfs, "read_bytes": int(counts["rchar"]),
        "disk_read_bytes": int(counts["read_bytes"]), "written_bytes": int(counts["wchar"]),
        "disk_written_bytes": int(counts["write_bytes"])}


def cube_arguments(options, output):
    settings = {"image.imsize": options.size, "image.cell": options.cell + "arcsec",
                **{f"image.{name}": value for name, value in REFERENCE.items()},
                "concat.casa": f"[{', '.join(PRODUCTS)}]", "concat.fits": "[]"}
    arguments = [Path(__file__).with_name("imaging.yaml"), "--param",
                 f"input={options.data}", "--param", f"output={output}", "--threads",
                 options.threads]
    for name, value in settings.items():
        arguments += ["--set", f"{name}={value}"]
    return arguments


def under_budget(options, budget, scratch):
    """One run; a line of figures, or None when the budget is refused before the run starts."""
    folder = imaging.fresh(options.work / "out")
    output = folder / "x"
    events = options.work / "events.jsonl"
    arguments = [*cube_arguments(options, output), "--memory", budget, "--set",
                 f"image.scratch={scratch}"]
    explained = subprocess.run([options.skymill, "explain", *map(str, arguments)],
                               capture_output=True, text=True, env=options.environment)
    forget(options.data)
    load = os.getloadavg()[0]
    log = options.work / "last.log"
    code, used = watched([options.skymill, "run", *arguments, "--events", events], log,
                            options.tmpfs, options.environment)
    if code == 3:
        print(f"{budget}, scratch {scratch}: refused after {used['wall_s']:.1f} s: "
              + log.read_text().strip())
        return None
    if code != 0:
        sys.exit(f"failed with {code}:\n" + log.read_text()[-3000:])
    os.sync()
    products = [folder / f"x.{product}" for product in PRODUCTS]
    record = json.loads((folder / "x.run.json").read_text())
    told = [json.loads(line) for line in events.read_text().splitlines()]
    last_channel = max(e["t_s"] for e in told if e["event"] == "unit_done"
                       and e["stages"][-1] == "concat")
    image = next(s for s in record["stages"] if s["use"] == "image")
    passes = record["passes"]
    row = {"budget": budget, "scratch": scratch, "size": options.size, "nchan": options.nchan,
           "threads": options.threads, "load_before": load, **used,
           "budget_bytes": bytes_of(budget), "selected_bytes": options.selected_bytes,
           "product_bytes": tree_bytes(products, ALLOCATED),
           "apparent_bytes": tree_bytes(products, APPARENT),
           "scratch_read_bytes": image["counters"].get("scratch_bytes_read", 0),
           "scratch_written_bytes": image["counters"].get("scratch_bytes_written", 0),
           "reserved_bytes": record["memory"]["reserved_peak_bytes"],
           "recorded_peak_bytes": record["memory"]["resident_peak_bytes"],
           "joining_s": sum(p["ended_s"] - p["started_s"] for p in passes
                            if "image" not in p["stages"]),
           "placing_s": next(s["wall_s"] for s in record["stages"] if s["use"] == "concat"),
           "read_pass_s": passes[0]["ended_s"] - passes[0]["started_s"],
           "at_once": record["segments"][-1]["chunks_in_flight"],
           "after_last_channel_s": told[-1]["t_s"] - last_channel,
           "channels": [{k: c[k] for k in ("iterations", "major_cycles", "stop")}
                        for c in image["tables"]["channels"]],
           "explained": explained.stdout}
    shutil.rmtree(folder)
    with open(options.work / "budgets.jsonl", "a") as lines:
        print(json.dumps(row), file=lines)
    show(options.kept, row)
    return row


def verdict(value, most):
    return f"{value:.3f} of at most {most}: " + ("kept" if value <= most else "NOT KEPT")


def show(kept, row):
    def mb(name):
        return f"{row[name] / 1e6:.1f} MB"
    cleaned = row["channels"]
    print(f"{row['budget']}, scratch {row['scratch']}: {row['nchan']} channels of {row['size']}^2, "
          f"{row['at_once']} at once; wall {row['wall_s']:.1f} s, CPU {row['cpu_s']:.1f} s; mean of "
          f"{statistics.mean(c['iterations'] for c in cleaned):.0f} iterations, "
          f"{statistics.mean(c['major_cycles'] for c in cleaned):.1f} major cycles")
    held = (row["peak_bytes"] + row["tmpfs_bytes"]) / row["budget_bytes"]
    print(f"  memory   VmHWM {mb('peak_bytes')} + tmpfs {mb('tmpfs_bytes')}; reserved "
          f"{mb('reserved_bytes')}; of the budget {verdict(held, 1)}")
    written = max(row["written_bytes"], row["disk_written_bytes"]) / row["product_bytes"]
    print(f"  written  {mb('written_bytes')} by calls, {mb('disk_written_bytes')} to the disk; "
          f"products take {mb('product_bytes')} (apparent {mb('apparent_bytes')}, with holes): "
          f"{verdict(written, MOST_WRITTEN)}")
    # What is read back from scratch is no column; it counts as written, though.
    read = (row["read_bytes"] - row["scratch_read_bytes"]) / row["selected_bytes"]
    print(f"  read     {mb('read_bytes')} by calls, {mb('scratch_read_bytes')} of them from scratch, "
          f"{mb('disk_read_bytes')} from the disk; selected columns {mb('selected_bytes')}: "
          f"{verdict(read, MOST_READ)}")
    print(f"  joining  {row['joining_s']:.2f} s in passes without imaging; planes put in place "
          f"meanwhile in {row['placing_s']:.1f} s of the threads; "
          f"{row['after_last_channel_s']:.2f} s from the last channel to published cubes and the "
          "record")
    run = f"{row['size']}_{row['budget']}_{row['scratch']}"
    kept.add(f"{run}_held", row["peak_bytes"] + row["tmpfs_bytes"], "B", limit=row["budget_bytes"])
    kept.add(f"{run}_written", max(row["written_bytes"], row["disk_written_bytes"]), "B",
             limit=row["product_bytes"])
    kept.add(f"{run}_read", row["read_bytes"] - row["scratch_read_bytes"], "B",
             limit=row["selected_bytes"])
    kept.add(f"{run}_cpu", row["cpu_s"], "s")
    kept.add(f"{run}_wall", row["wall_s"], "s")
    sys.stdout.flush()


def written_per_s(work, total):
    """Bytes a second of plain writes with fsync."""
    block = os.urandom(8 << 20)
    path = work / "rate"
    begin = time.monotonic()
    with open(path, "wb", buffering=0) as file:
        for _ in range(total // len(block)):
            file.write(block)
        os.fsync(file.fileno())
    seconds = time.monotonic() - begin
    path.unlink()
    return total / seconds


def model(options, rows):
    """Time of 1000 channels from the cheapest measured one: cores or the disk, what is slower."""
    row = min(rows, key=lambda r: r["cpu_s"])
    nchan = row["nchan"]
    rate = written_per_s(options.work, options.disk_bytes)
    cpu = row["cpu_s"] / nchan
    product = row["product_bytes"] / nchan
    reading = row["read_pass_s"] / nchan * CHANNELS
    computing = cpu * CHANNELS / CORES
    writing = product * CHANNELS / rate
    whole = reading + max(computing, writing)
    print(f"modelled: {CHANNELS} channels of {row['size']}^2 on {CORES} cores, from {cpu:.2f} CPU s "
          f"and {product / 1e6:.0f} MB of products a channel, a disk that took {rate / 1e6:.0f} "
          f"MB/s:\n  {reading:.0f} s of reading, then the longer of {computing:.0f} s of work and "
          f"{writing:.0f} s of writing: {whole / 60:.1f} min"
          + (f" beside {REFERENCE_S / 3600:.1f} h, {REFERENCE_S / whole:.0f} x"
             if row["size"] == BIG["size"] else ""))


def peer(options):
    """Four channels, ours and WSClean's with cubes of its files, in turn."""
    first = options.nchan // 2 - 2
    case = imaging.CASES["big_clean"] | {"channels": range(first, first + 4), "size": options.size,
                                         "cell": options.cell}
    products = ["image", "residual", "psf", "model"]
    ours = argparse.Namespace(skymill=options.skymill, gridder=None, accuracy=None, format="fits",
                              description=Path(__file__).with_name("imaging.yaml"))
    log = options.work / "last.log"
    sums = {}
    for turn in range(options.runs):
        load = os.getloadavg()[0]
        folder = imaging.fresh(options.work / "out")
        steps = {"skymill": [imaging.measured(imaging.skymill_command(
            ours, case, options.data, folder / "x", options.threads), log)]}
        cleaned = imaging.iterations(folder / "x.run.json")
        folder = imaging.fresh(options.work / "out")
        steps["wsclean"] = [
            imaging.measured(imaging.wsclean_command(case, options.data, folder / "x",
                                                     options.threads, options.gridder), log),
            imaging.measured(["/usr/bin/python3", "-c", FITS_CUBES, folder / "x", 4, *products],
                             log)]
        shutil.rmtree(folder)
        for program, parts in steps.items():
            total = {k: sum(part[k] for part in parts) for k in ("wall_s", "cpu_s")}
            total["peak_bytes"] = max(part["peak_bytes"] for part in parts)
            sums.setdefault(program, []).append(total)
            row = {"peer": program, "turn": turn, "size": options.size, "threads": options.threads,
                   "load_before": load, "cleaned": cleaned, **total, "parts": parts}
            with open(options.work / "budgets.jsonl", "a") as lines:
                print(json.dumps(row), file=lines)
            print(f"{program:8} 4 channels of {options.size}^2: wall {total['wall_s']:.1f} s, CPU "
                  f"{total['cpu_s']:.1f} s, peak {total['peak_bytes'] / 1e6:.0f} MB; parts "
                  + ", ".join(f"{part['wall_s']:.1f} s" for part in parts))
    for figure in ("wall_s", "cpu_s"):
        best = {program: min(total[figure] for total in totals) for program, totals in sums.items()}
        print(f"WSClean ({options.gridder}) and its FITS cubes / ours, {figure}: "
              f"{best['wsclean'] / best['skymill']:.1f} x; Skymill did {cleaned}")
        options.kept.add(f"peer_{figure.removesuffix('_s')}", best["skymill"], "s",
                         peer=best["wsclean"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with 20 GB of room")
    parser.add_argument("--quick", action="store_true", help="1024^2 pixels, a minute")
    parser.add_argument("--size", type=int, help="pixels of a side; 8000")
    parser.add_argument("--nchan", type=int, default=16)
    parser.add_argument("--budgets", help="such as 2GiB,4GiB,8GiB; empty leaves them out")
    parser.add_argument("--scratch", default="auto", help="auto, tmpfs, disk, memory")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", action="store_true", help="and WSClean, after the budgets")
    parser.add_argument("--gridder", default="wgridder", choices=imaging.GRIDDERS,
                        help="of WSClean")
    parser.add_argument("--runs", type=int, default=1, help="turns with WSClean")
    figures.add_option(parser)
    options = parser.parse_args()
    options.kept = figures.Figures("budgets" if options.quick else "large_budgets",
                                   options.json)
    case = QUICK if options.quick else BIG
    options.size = options.size or case["size"]
    options.cell = case["cell"]
    options.disk_bytes = case["disk_bytes"]
    options.skymill = options.skymill.resolve()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    name = case["data"].format(nchan=options.nchan)
    if options.quick:
        options.data = simulated(options, name, case["make"])
    else:
        imaging.DATA[name] = [*case["make"], "--nchan", str(options.nchan)]
        options.data = imaging.make_data(options.work, name)
    options.selected_bytes = selected_bytes(options.data)
    budgets = case["budgets"] if options.budgets is None else options.budgets
    rows = []
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="skymill-budgets-") as tmpfs, \
            tempfile.TemporaryDirectory(dir=options.work) as disk:
        options.tmpfs = Path(tmpfs)
        machine = Path(disk) / "machine.yaml"
        machine.write_text(f"skymill_machine: 1\ntiers:\n  tmpfs: {{ root: {tmpfs}, kind: tmpfs }}\n"
                           f"  local: {{ root: {disk}, kind: nvme }}\n")
        options.environment = dict(os.environ, SKYMILL_MACHINE=str(machine), TMPDIR=disk)
        for budget in filter(None, budgets.split(",")):
            for scratch in options.scratch.split(","):
                rows.append(under_budget(options, budget, scratch))
    rows = list(filter(None, rows))
    if rows:
        model(options, rows)
    if options.peer:
        if shutil.which("wsclean"):
            peer(options)
        else:
            print("no peer: WSClean is not installed")


if __name__ == "__main__":
    main()
