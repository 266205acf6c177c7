# SPDX-License-Identifier: GPL-3.0-or-later
"""Two builds of perf_kernels take turns."""
import json
import subprocess
from pathlib import Path

PAIRS = 5  # of a batch


def program(build):
    """perf_kernels of a build folder."""
    path = Path(build) / "bin" / "perf_kernels"
    if not path.exists():
        raise SystemExit(f"{path} is missing: build the target perf_kernels there with "
                         "-DSKYMILL_PERF=ON")
    return path


def benches(build):
    """What perf_kernels of a build offers, by name: calls of a run, the clock that counts."""
    lines = subprocess.run([program(build), "list"], check=True, capture_output=True, text=True)
    return {row["bench"]: row for row in map(json.loads, lines.stdout.splitlines())}


class Process:
    """perf_kernels with its data made, waiting for its turn."""

    def __init__(self, build, bench, clock, options):
        self.field = f"{clock}_s"
        self.process = subprocess.Popen([program(build), bench, "--wait", *options], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def run(self):
        """Seconds of one run."""
        try:
            self.process.stdin.write("\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # its exit code is shown below
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"'{' '.join(map(str, self.process.args))}' ended with exit code "
                             f"{self.process.wait()}")
        return json.loads(line)[self.field]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has ended, and what was left to say is of no use
        self.process.wait()
        self.process.stdout.close()


def batch(old, new, bench, clock, number, planted=0):
    """Seconds of five pairs, one run of each build in a pair: {"old": [...], "new": [...]}.

    Both are started anew, so that batches differ in where their memory lies, and the order inside
    a pair alternates. The first run of each is thrown away, as the other's start disturbs it.
    planted: percent by which the new one is made slower.
    """
    options = ["--planted", str(planted)] if planted else []
    seconds = {"old": [], "new": []}
    with Process(old, bench, clock, []) as first, Process(new, bench, clock, options) as second:
        first.run()
        second.run()
        for pair in range(number, number + PAIRS):
            order = [("old", first), ("new", second)]
            for name, process in order if pair % 2 == 0 else order[::-1]:
                seconds[name].append(process.run())
    return seconds
