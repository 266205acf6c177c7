#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The solver's gains against those of an independent solver, calconv/stefcal_oracle.py in the
folder SKYMILL_BENCH: noisy cells with flagged baselines, to 2e-5 at the default tolerance."""
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

LIMIT = 2e-5
SKIPPED = 77


def make_cells(rng, np, cells, antennas, noise):
    gain = rng.uniform(0.5, 1.6, (cells, antennas)) * np.exp(
        2j * np.pi * rng.random((cells, antennas)))
    sums_a = np.zeros((cells, antennas, antennas), complex)
    sums_b = np.zeros((cells, antennas, antennas))
    for i in range(antennas):
        for j in range(i + 1, antennas):
            model = 10 * np.exp(2j * np.pi * rng.random(cells))
            data = gain[:, i] * gain[:, j].conj() * model + noise * (
                rng.standard_normal(cells) + 1j * rng.standard_normal(cells))
            weight = rng.uniform(0.5, 2, cells) * (rng.random(cells) > 0.1)
            sums_a[:, i, j] = weight * data * model.conj()
            sums_a[:, j, i] = sums_a[:, i, j].conj()
            sums_b[:, i, j] = sums_b[:, j, i] = weight * abs(model) ** 2
    return sums_a, sums_b


def ours(program, np, sums_a, sums_b, mode, tolerance):
    antennas = sums_a.shape[-1]
    with tempfile.TemporaryDirectory(prefix="skymill-stefcal-") as folder:
        source, result = pathlib.Path(folder, "in"), pathlib.Path(folder, "out")
        with open(source, "wb") as out:
            for one_a, one_b in zip(sums_a, sums_b):
                out.write(one_a.tobytes() + one_b.tobytes())
        subprocess.run([program, source, result, str(antennas), mode, str(tolerance)], check=True)
        return np.fromfile(result, complex).reshape(-1, antennas)


def referenced(np, gain):
    return gain * np.exp(-1j * np.angle(gain[:, :1]))


def main():
    bench = os.environ.get("SKYMILL_BENCH")
    path = pathlib.Path(bench or ".", "calconv", "stefcal_oracle.py")
    if not bench or not path.exists():
        print("skipped: SKYMILL_BENCH names no folder with calconv/stefcal_oracle.py")
        return SKIPPED
    import numpy as np
    spec = importlib.util.spec_from_file_location("stefcal_oracle", path)
    oracle = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(oracle)

    rng = np.random.default_rng(20)
    worst = 0
    for antennas, noise in ((8, 0.5), (24, 2), (96, 2)):
        sums_a, sums_b = make_cells(rng, np, 20, antennas, noise)
        for mode in ("ap", "p"):
            for tolerance in (1e-5, 1e-8):
                theirs, _ = oracle.solve(sums_a, sums_b, tolerance, 1000, mode)
                gain = ours(sys.argv[1], np, sums_a, sums_b, mode, tolerance)
                difference = abs(referenced(np, gain) / referenced(np, theirs) - 1).max()
                print(f"{antennas} antennas, mode {mode}, tolerance {tolerance}: "
                      f"largest |ratio - 1| {difference:.3g}")
                worst = max(worst, difference)
    if not worst < LIMIT:
        print(f"the largest difference {worst:.3g} is above {LIMIT}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
