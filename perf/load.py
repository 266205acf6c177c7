#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Several pipelines at once on one machine, with tiers that they share and a budget for each.

    perf/load.py --skymill build/release/bin/skymill --work FOLDER [--pipelines 1,2,4,8]
                 [--observations 8] [--memory 256MiB] [--threads 1] [--json FILE]

Converts and images one small simulated observation again and again (perf/load.yaml), N runs at a
time: observations an hour, and the least, median and largest seconds of a run. The tiers' capacity
holds one and a half MeasurementSets in memory and three on the disk, so most runs find no room on
the first. Meanwhile ledgers, files on the tiers and resident memory are looked at twenty times a
second. The exit code is 1 when a run fails, its image differs from that of a run alone, leases or
files exceed what a tier has, a run exceeds its --memory (with what it has on the tmpfs), or
anything is left behind. Takes 1 GB in FOLDER and 130 MB in /dev/shm.
"""
import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import figures

MIB = 2**20
SIZES = {"MiB": MIB, "GiB": 2**30}
DATA = {"antennas": 32, "times": 12, "nchan": 12}
LEASE = 84 * MIB  # that a MeasurementSet of these data asks for
CAPACITY = {"memory": LEASE * 3 // 2, "disk": 3 * LEASE}


def bytes_of(text):
    return int(float(text[:-3]) * SIZES[text[-3:]])


def files_of(folder):
    """Bytes of the files below a folder, of which some may vanish meanwhile."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_blocks * 512
            except FileNotFoundError:
                pass
    return total


class Tiers:
    """A tier in memory and one on the disk, and the machine file that names them."""

    def __init__(self, memory, work):
        self.roots = {"memory": Path(memory), "disk": work / "tier"}
        shutil.rmtree(self.roots["disk"], ignore_errors=True)
        self.roots["disk"].mkdir()
        kinds = {"memory": "tmpfs", "disk": "nvme"}
        lines = [f"  {name}: {{ root: {root}, kind: {kinds[name]}, capacity: {CAPACITY[name]}B }}\n"
                 for name, root in self.roots.items()]
        machine = work / "machine.yaml"
        machine.write_text("skymill_machine: 1\ntiers:\n" + "".join(lines))
        self.environment = {**os.environ, "SKYMILL_MACHINE": str(machine)}

    def leases(self, name):
        """Process and bytes of each lease; the ledger is renamed into place, so it is whole."""
        try:
            lines = (self.roots[name] / ".skymill" / "ledger").read_text().splitlines()[1:-1]
        except FileNotFoundError:
            return []
        return [(int(line.split()[0]), int(line.split()[2])) for line in lines]

    def used(self, name):
        return files_of(self.roots[name] / ".skymill")


def resident(pid):
    """Resident bytes of a process, 0 when it has ended."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return 0


class Watch:
    """What was seen at most while runs went on."""

    def __init__(self, tiers, budget, most_at_once):
        self.tiers, self.budget, self.most_at_once = tiers, budget, most_at_once
        self.running, self.seen, self.samples = set(), {}, 0

    def most(self, name, value):
        self.seen[name] = max(self.seen.get(name, 0), value)

    def look(self):
        leased = {name: self.tiers.leases(name) for name in CAPACITY}
        own = {pid: resident(pid) for pid in list(self.running)}
        for name in CAPACITY:
            self.most(f"leased_{name}", sum(size for _, size in leased[name]))
            self.most(f"used_{name}", self.tiers.used(name))
        self.most("run_bytes", max(own.values(), default=0))
        self.most("all_bytes", sum(own.values()) + self.tiers.used("memory"))
        for pid, size in own.items():
            on_tmpfs = sum(size for owner, size in leased["memory"] if owner == pid)
            self.most("run_and_lease_bytes", size + on_tmpfs)
        self.samples += 1

    def faults(self):
        limits = {"all_bytes": self.budget * self.most_at_once,
                  "run_and_lease_bytes": self.budget}
        for name, capacity in CAPACITY.items():
            limits |= {f"leased_{name}": capacity, f"used_{name}": capacity}
        return [f"{name} reached {self.seen[name] / MIB:.1f} MiB of {limit / MIB:.1f} MiB"
                for name, limit in limits.items() if self.seen.get(name, 0) > limit]


class Load:
    def __init__(self, options, tiers):
        self.options, self.tiers = options, tiers
        self.input = options.work / "incoming"
        self.out = options.work / "out"

    def make_data(self):
        """The observation, and its image by a run that is alone."""
        if not self.input.exists():
            command = [self.options.skymill, "run", "simulate_dsa110", "--param",
                       f"output={self.input}"]
            for name, value in DATA.items():
                command += ["--param", f"{name}={value}"]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        code, _ = self.run("alone", set())
        if code != 0:
            raise SystemExit(f"a run alone failed: {(self.out / 'alone.log').read_text()}")

    def run(self, name, running):
        """Exit code and seconds of one observation."""
        options = self.options
        command = [options.skymill, "run", Path(__file__).with_name("load.yaml"), "--param",
                   f"input={self.input}", "--param", f"output={self.out / name}", "--memory",
                   options.memory, "--threads", options.threads]
        start = time.perf_counter()
        with open(self.out / f"{name}.log", "w") as log:
            child = subprocess.Popen(list(map(str, command)), stdout=log, stderr=log,
                                     env=self.tiers.environment)
            running.add(child.pid)
            code = child.wait()
            running.discard(child.pid)
        return code, time.perf_counter() - start

    def differences(self, name):
        """From a run alone, besides the history, which names its own files."""
        command = [self.options.skymill, "diff", self.out / "alone.image.fits",
                   self.out / f"{name}.image.fits"]
        done = subprocess.run(command, capture_output=True, text=True)
        return [line for line in (done.stdout + done.stderr).splitlines()
                if line != "the histories differ"]

    def observe(self, names, running, rows):
        """Takes names until there are none: a pipeline."""
        while True:
            try:
                name = names.pop(0)
            except IndexError:
                return
            code, seconds = self.run(name, running)
            rows.append({"name": name, "code": code, "seconds": seconds})

    def at_once(self, pipelines):
        """Figures of `pipelines` runs at a time, and what was wrong."""
        options = self.options
        names = [f"{pipelines}-{k}" for k in range(max(options.observations, pipelines))]
        left, rows = list(names), []
        watch = Watch(self.tiers, bytes_of(options.memory), pipelines)
        threads = [threading.Thread(target=self.observe, args=(left, watch.running, rows))
                   for _ in range(pipelines)]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            watch.look()
            time.sleep(0.05)
        wall = time.perf_counter() - start
        faults = watch.faults()
        places = {"memory": 0, "disk": 0, "none": 0}
        for row in rows:
            log = (self.out / f"{row['name']}.log").read_text()
            tier = next((name for name in CAPACITY if f"is made on tier '{name}'" in log), "none")
            places[tier] += 1
            if row["code"] != 0:
                faults.append(f"run {row['name']} ended with code {row['code']}: {log[-500:]}")
                continue
            faults += [f"the image of run {row['name']} is not that of a run alone: {line}"
                       for line in self.differences(row["name"])]
        for name in CAPACITY:
            if self.tiers.leases(name):
                faults.append(f"leases are left on tier '{name}'")
        for name in names:
            for path in self.out.glob(f"{name}.*"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        seconds = [row["seconds"] for row in rows]
        return {"pipelines": pipelines, "observations": len(rows), "wall_s": wall,
                "per_hour": 3600 * len(rows) / wall, "least_s": min(seconds),
                "median_s": statistics.median(seconds), "largest_s": max(seconds),
                "on_tier": places, "samples": watch.samples, "load": os.getloadavg()[0],
                **watch.seen}, faults


def keep(measured, seen, budget):
    """Appends the figures of so many runs at once."""
    at_once = seen["pipelines"]
    for metric, unit in (("per_hour", "1/h"), ("least_s", "s"), ("median_s", "s"),
                         ("largest_s", "s")):
        measured.add(f"{at_once}_{metric.removesuffix('_s')}", seen[metric], unit)
    measured.add(f"{at_once}_held", seen["all_bytes"], "B", limit=at_once * budget)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with 1 GB of room")
    parser.add_argument("--pipelines", default="1,2,4,8")
    parser.add_argument("--observations", type=int, default=8, help="of each number of pipelines")
    parser.add_argument("--memory", default="256MiB", help="budget of a run")
    parser.add_argument("--threads", type=int, default=1, help="of a run")
    figures.add_option(parser)
    options = parser.parse_args()
    options.skymill = options.skymill.resolve()
    options.work = options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)

    measured = figures.Figures("load", options.json)
    wrong = False
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="skymill-load-") as memory:
        load = Load(options, Tiers(memory, options.work))
        load.make_data()
        print(f"each run {options.memory}, {options.threads} thread(s); tiers of "
              + ", ".join(f"{size / MIB:.0f} MiB ({name})" for name, size in CAPACITY.items()))
        print(f"{'at once':>7} {'runs':>4} {'an hour':>8} {'least s':>8} {'median':>8} "
              f"{'largest':>8} {'all MiB':>8} {'run MiB':>8} {'leased MiB':>11}  runs on tiers")
        for pipelines in map(int, options.pipelines.split(",")):
            seen, faults = load.at_once(pipelines)
            wrong |= bool(faults)
            leased = "+".join(f"{seen[f'leased_{name}'] / MIB:.0f}" for name in CAPACITY)
            print(f"{pipelines:7} {seen['observations']:4} {seen['per_hour']:8.0f} "
                  f"{seen['least_s']:8.2f} {seen['median_s']:8.2f} "
                  f"{seen['largest_s']:8.2f} {seen['all_bytes'] / MIB:8.0f} "
                  f"{seen['run_bytes'] / MIB:8.0f} {leased:>11}  "
                  + ", ".join(f"{count} {name}" for name, count in seen["on_tier"].items()),
                  flush=True)
            for fault in faults:
                print(f"  WRONG: {fault}")
            keep(measured, seen, bytes_of(options.memory))
        shutil.rmtree(load.out)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
