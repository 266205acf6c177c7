#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the program takes before it does anything: its version, and with all plugins loaded, beside
the start of the Python interpreter; CPU and wall seconds, the least of several turns.

    perf/startup.py --skymill build/release/bin/skymill [--runs 15] [--json FILE]
"""
import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

import figures


def measured(command):
    """Wall and CPU seconds of a program."""
    start = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed: {message.decode()}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", type=Path, required=True)
    parser.add_argument("--runs", type=int, default=15)
    figures.add_option(parser)
    options = parser.parse_args()
    kept = figures.Figures("startup", options.json)
    skymill = str(options.skymill.resolve())
    commands = {"interpreter": [sys.executable, "-I", "-c", "pass"],
                "version": [skymill, "--version"], "all_plugins": [skymill, "describe"]}
    runs = {name: [] for name in commands}
    for _ in range(options.runs):
        for name, command in commands.items():
            runs[name].append(measured(command))
    least = {name: [min(column) for column in zip(*taken)] for name, taken in runs.items()}
    for name, (wall, cpu) in least.items():
        print(f"{name:12} {1e3 * wall:7.1f} ms wall {1e3 * cpu:7.1f} ms CPU")
        if name != "interpreter":
            kept.add(f"{name}_wall", wall, "s", peer=least["interpreter"][0])
            kept.add(f"{name}_cpu", cpu, "s", peer=least["interpreter"][1])


if __name__ == "__main__":
    main()
