#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real gains of the SMA, interpolated between their solutions by us and by numpy.

The table is $SKYMILL_TEST_DATA/cal/sma.ms.*.gcal, read with python-casacore; `apply_gains` corrects
ones by it at solutions, between them and outside. Exit code 77: no data."""
import os
import subprocess
import sys

import numpy as np


def gains_of(table, window):
    """Times, gains [time][pol][antenna] and flags of one window."""
    part = table.query(f"SPECTRAL_WINDOW_ID=={window}", sortlist="TIME,ANTENNA1")
    antennas = len(set(part.getcol("ANTENNA1")))
    shape = (-1, antennas, 2)
    times = part.getcol("TIME").reshape(-1, antennas)
    gains = part.getcol("CPARAM")[:, 0, :].reshape(shape).transpose(0, 2, 1).astype(complex)
    flags = part.getcol("FLAG")[:, 0, :].reshape(shape).transpose(0, 2, 1)
    assert (np.ptp(times, axis=1) == 0).all()
    return times[:, 0], gains, flags


def interpolated(times, gains, flags, at):
    """Amplitude and phase unwrapped over all solutions that are good, linear; both must be."""
    upper = np.clip(np.searchsorted(times, at, side="right"), 1, len(times) - 1)
    part = np.clip((at - times[upper - 1]) / (times[upper] - times[upper - 1]), 0, 1)[:, None, None]
    bad = np.where(part == 0, flags[upper - 1],
                   np.where(part == 1, flags[upper], flags[upper - 1] | flags[upper]))
    phase = np.unwrap(np.angle(gains), axis=0)
    amplitude = abs(gains)
    return ((1 - part) * amplitude[upper - 1] + part * amplitude[upper]) * np.exp(
        1j * ((1 - part) * phase[upper - 1] + part * phase[upper])), bad


def ours(program, times, gains, flags, at):
    antennas = gains.shape[2]
    lines = [f"{antennas} {len(times)} {len(at)}"] + [repr(float(t)) for t in times]
    lines += [f"{g.real:.9g} {g.imag:.9g} {int(f)}" for g, f in zip(gains.ravel(), flags.ravel())]
    lines += [repr(float(t)) for t in at]
    done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True,
                          check=True)
    numbers = np.array([line.split() for line in done.stdout.splitlines()], float)
    numbers = numbers.reshape(len(at), -1, 2, 3)
    return numbers[..., 0] + 1j * numbers[..., 1], numbers[..., 2] != 0


def main(program):
    root = os.environ.get("SKYMILL_TEST_DATA")
    if not root:
        print("SKIPPED: SKYMILL_TEST_DATA is not set")
        return 77
    from casacore import tables

    worst = 0
    for name in ("sma.ms.pha.gcal", "sma.ms.amp.gcal"):
        table = tables.table(os.path.join(root, "cal", name), ack=False)
        windows = np.unique(table.getcol("SPECTRAL_WINDOW_ID"))
        for window in sorted({windows[0], windows[len(windows) // 2], windows[-1]}):
            times, gains, flags = gains_of(table, window)
            middle = times[:-1] + np.array([0.25, 0.5, 0.9])[:, None] * np.diff(times)
            at = np.concatenate([times, middle.ravel(), [times[0] - 50, times[-1] + 50]])
            wanted, bad = interpolated(times, gains, flags, at)
            found, flagged = ours(program, times, gains, flags, at)
            one, two = np.triu_indices(gains.shape[2], 1)
            bad = (bad[:, :, one] | bad[:, :, two]).transpose(0, 2, 1)
            product = (wanted[:, :, one] * wanted[:, :, two].conj()).transpose(0, 2, 1)
            if (flagged != bad).any():
                print(f"{name}, window {window}: {(flagged != bad).sum()} flags differ")
                return 1
            off = abs(found[~bad] * product[~bad] - 1).max()
            print(f"{name}, window {window}: {(~bad).sum()} of {bad.size} good, "
                  f"{len(times)} solutions, worst {off:.2e}")
            worst = max(worst, off)
    return 0 if worst < 2e-6 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
