#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conversion of a full DSA-110 group beside a plain copy of the same bytes, in turn.

The copy reads the group's files (cat) and writes as many bytes as the MeasurementSet has; both sides
end with fsync. Each is timed with the input in the page cache and without. Then the peak memory of
6, 24 and 96 integrations, or 240, is compared, and what was read and written is held against the data sets
that are read and the MeasurementSet. The group is simulated when FOLDER lacks it.

    perf/against_copy.py --skymill build/release/bin/skymill --work FOLDER [--runs 5] [--long]
                         [--times 24] [--peaks 6,24,96] [--json FILE]
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

SIMULATION = """skymill: 1
description: a full group of the DSA-110
parameters:
  times: { default: 24, doc: "integrations" }
  output: { required: true, doc: "folder of subbands" }
record: $(output).run.json
stages:
  simulate:
    telescope: dsa110
    antennas: 96
    times: $(times)
    nchan: 48
    dec: 37deg
    start_mjd: 60950.27
    sources: [0arcsec 0arcsec 10Jy]
    autocorrelations: true
  subbands: { use: uvh5_writer, output: $(output) }
"""
# What a conversion reads of each file.
DATASETS = ["Data/visdata", "Data/flags", "Data/nsamples", "Header/time_array",
            "Header/integration_time", "Header/ant_1_array", "Header/ant_2_array"]
BLOCK = 4 << 20


def group(skymill, work, times):
    folder = work / f"group{times}"
    if not folder.exists():
        description = work / "group.yaml"
        description.write_text(SIMULATION)
        subprocess.run([skymill, "run", description, "--param", f"times={times}", "--param",
                        f"output={folder}"], check=True, stdout=subprocess.DEVNULL)
    return sorted(folder.glob("*.hdf5"))


def forget(paths):
    """Drops files from the page cache."""
    for path in paths:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def remember(paths):
    for path in paths:
        with open(path, "rb", buffering=0) as file:
            while file.read(BLOCK):
                pass


def usage_of(call):
    """Wall and CPU seconds, peak memory and blocks written of a child that `call` runs."""
    pid = os.fork()
    start = time.perf_counter()
    if pid == 0:
        os._exit(call())
    _, status, usage = os.wait4(pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        sys.exit(f"a measured program failed with status {status}")
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime,
            "peak_bytes": usage.ru_maxrss * 1024, "written": usage.ru_oublock * 512}


def convert(skymill, inputs, output, *extra):
    shutil.rmtree(output, ignore_errors=True)
    log = os.open(os.devnull, os.O_WRONLY)

    def call():
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.execv(skymill, [str(skymill), "run", "convert", "--param",
                           f"input={inputs[0].parent}", "--param", f"output={output}", *extra])

    return usage_of(call)


def copy(inputs, size, output):
    output.unlink(missing_ok=True)

    def call():
        block = memoryview(bytearray(BLOCK))
        for path in inputs:
            with open(path, "rb", buffering=0) as file:
                while file.readinto(block):
                    pass
        with open(output, "wb", buffering=0) as file:
            for start in range(0, size, BLOCK):
                file.write(block[:min(BLOCK, size - start)])
            os.fsync(file.fileno())
        return 0

    used = usage_of(call)
    output.unlink()
    return used


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def memory_copy_rate():
    """Bytes per second of a large memory copy on one thread, the best of five."""
    source, rates = bytearray(256 << 20), []
    target = bytearray(len(source))
    for _ in range(5):
        start = time.perf_counter()
        target[:] = source
        rates.append(len(source) / (time.perf_counter() - start))
    return max(rates)


def stored(path):
    import h5py
    with h5py.File(path, "r") as file:
        return sum(file[name].id.get_storage_size() for name in DATASETS)


def beside_a_copy(skymill, work, times, runs, cold, kept):
    inputs, output = group(skymill, work, times), work / "out.ms"
    convert(skymill, inputs, output)
    size = size_of(output)
    used = {"convert": [], "copy": []}
    for _ in range(runs):
        for name, action in (("convert", lambda: convert(skymill, inputs, output)),
                             ("copy", lambda: copy(inputs, size, work / "copy.bytes"))):
            (forget if cold else remember)(inputs)
            os.sync()
            used[name].append(action())
    walls = {name: [f["wall_s"] for f in rows] for name, rows in used.items()}
    ratio = [a / b for a, b in zip(walls["convert"], walls["copy"])]
    cpu = statistics.median(f["cpu_s"] for f in used["convert"])
    peak = max(f["peak_bytes"] for f in used["convert"])
    print(f"{'cold' if cold else 'warm'}: convert {min(walls['convert']):.2f} s least, "
          f"{statistics.median(walls['convert']):.2f} s median; copy {min(walls['copy']):.2f} s, "
          f"{statistics.median(walls['copy']):.2f} s; ratio of minima "
          f"{min(walls['convert']) / min(walls['copy']):.2f}, median of ratios "
          f"{statistics.median(ratio):.2f}; convert {cpu:.2f} CPU-s, peak {peak / 1e6:.0f} MB")
    state = "cold" if cold else "warm"
    kept.add(f"{state}_wall", min(walls["convert"]), "s", peer=min(walls["copy"]))
    kept.add(f"{state}_cpu", min(f["cpu_s"] for f in used["convert"]), "s",
             peer=min(f["cpu_s"] for f in used["copy"]))
    return size, used["convert"]


def bytes_moved(skymill, work, times, size, converted, kept):
    record = json.loads((work / "out.ms.run.json").read_text())
    reader = next(stage for stage in record["stages"] if stage["use"] == "uvh5_reader")
    rows = reader["tables"]["access"]
    read = sum(row["data_bytes"] + row["index_bytes"] for row in rows)
    wanted = sum(stored(path) for path in group(skymill, work, times))
    written = statistics.median(f["written"] for f in converted)
    indirect = [row["dataset"] for row in rows if not row["direct"]]
    print(f"read {read / 1e6:.0f} MB, {read / wanted:.3f} x the chunks of the data sets read "
          f"({sum(row['calls'] for row in rows)} calls"
          + (f"; not counted, through the library: {indirect[0]} ..." if indirect else "") +
          f"); written {written / 1e6:.0f} MB, {written / size:.3f} x the MeasurementSet")
    kept.add("read", read, "B", limit=wanted)
    kept.add("written", written, "B", limit=size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with 8 GB of room")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--long", action="store_true", help="240 integrations too: 36 GB more")
    parser.add_argument("--times", type=int, default=24, help="integrations of the group")
    parser.add_argument("--peaks", default="6,24,96", help="integrations whose memory is compared")
    figures.add_option(parser)
    arguments = parser.parse_args()
    skymill, work, times = arguments.skymill.resolve(), arguments.work, arguments.times
    kept = figures.Figures("against_copy", arguments.json)
    work.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    print(f"memory copy {memory_copy_rate() / 1e9:.1f} GB/s on one thread")
    for cold in (False, True):
        size, converted = beside_a_copy(skymill, work, times, arguments.runs, cold, kept)
    bytes_moved(skymill, work, times, size, converted, kept)
    peaks = {}
    for times in [*map(int, arguments.peaks.split(",")), *([240] if arguments.long else [])]:
        inputs = group(skymill, work, times)
        peaks[times] = convert(skymill, inputs, work / "out.ms")["peak_bytes"]
        if times > max(24, arguments.times):
            shutil.rmtree(inputs[0].parent)
            shutil.rmtree(work / "out.ms")
    print("peak memory: " + ", ".join(f"{times} integrations {peak / 1e6:.0f} MB"
                                      for times, peak in peaks.items())
          + f"; largest / least {max(peaks.values()) / min(peaks.values()):.3f}")
    kept.add("peak", peaks[max(peaks)], "B", peer=peaks[min(peaks)])


if __name__ == "__main__":
    main()
