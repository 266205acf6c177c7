#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The solver's delays against those of an independent one, calconv/delay_oracle.py in the folder
SKYMILL_BENCH: without noise the same to a thousandth of a picosecond; with noise within what the
other, which sees only the baselines of one antenna, scatters by itself, and nearer the truth."""
import contextlib
import io
import os
import pathlib
import runpy
import subprocess
import sys
import tempfile

SKIPPED = 77
EXACT_S = 1e-15


def make_data(np, antennas, noise, seed):
    """Delays up to 30 ns and the spectra of all baselines, autocorrelations first in each antenna's
    row of baselines: [baseline][channel][polarisation]."""
    rng = np.random.default_rng(seed)
    freq_hz = 1.311e9 + 244140.625 * np.arange(192)
    delay_s = rng.uniform(-30e-9, 30e-9, (antennas, 2))
    phase = rng.uniform(0, 2 * np.pi, (antennas, 2))
    amplitude = rng.uniform(0.7, 1.3, (antennas, 2))
    centre = freq_hz[len(freq_hz) // 2]
    gain = (amplitude * np.exp(1j * phase))[:, None, :] * np.exp(
        2j * np.pi * delay_s[:, None, :] * (freq_hz - centre)[None, :, None])
    first, second = np.triu_indices(antennas)
    data = gain[first] * gain[second].conj()
    data += noise * (rng.standard_normal(data.shape) + 1j * rng.standard_normal(data.shape))
    return freq_hz, delay_s, first, second, data


def write_ms(np, path, freq_hz, first, second, data):
    """What the other solver reads of a MeasurementSet, and no more."""
    from casacore.tables import makearrcoldesc, makescacoldesc, maketabdesc, table
    main = table(str(path), maketabdesc([
        makearrcoldesc("DATA", 0j, 2, [len(freq_hz), 2]),
        makearrcoldesc("FLAG", False, 2, [len(freq_hz), 2]),
        makescacoldesc("ANTENNA1", 0), makescacoldesc("ANTENNA2", 0)]), nrow=len(first), ack=False)
    main.putcol("DATA", data)
    main.putcol("FLAG", np.zeros(data.shape, bool))
    main.putcol("ANTENNA1", first.astype(np.int32))
    main.putcol("ANTENNA2", second.astype(np.int32))
    main.close()
    window = table(str(path / "SPECTRAL_WINDOW"), maketabdesc([
        makearrcoldesc("CHAN_FREQ", 0.0, 1, [len(freq_hz)])]), nrow=1, ack=False)
    window.putcell("CHAN_FREQ", 0, freq_hz)
    window.close()


def theirs(np, script, folder, freq_hz, delay_s, first, second, data, reference):
    write_ms(np, folder / "data.ms", freq_hz, first, second, data)
    np.savez(folder / "truth.npz", numbers=np.arange(len(delay_s)), delay=delay_s)
    arguments, sys.argv = sys.argv, [str(script), str(folder / "data.ms"),
                                     str(folder / "truth.npz"), str(reference)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return runpy.run_path(str(script))["refined"]
    finally:
        sys.argv = arguments


def ours(np, program, folder, freq_hz, first, second, data, antennas, reference):
    cross = data[first != second]
    with open(folder / "in", "wb") as out:
        out.write(np.float64(len(freq_hz)).tobytes() + freq_hz.tobytes())
        for pol in range(2):
            out.write(np.ascontiguousarray(cross[:, :, pol]).tobytes())
    subprocess.run([program, folder / "in", folder / "out", str(antennas)], check=True)
    solved = np.fromfile(folder / "out").reshape(2, antennas, 2)
    if solved[:, :, 1].any():
        raise SystemExit("our solver has flagged delays")
    delay_s = solved[:, :, 0].T
    return delay_s - delay_s[reference]


def main():
    bench = os.environ.get("SKYMILL_BENCH")
    script = pathlib.Path(bench or ".", "calconv", "delay_oracle.py")
    if not bench or not script.exists():
        print("skipped: SKYMILL_BENCH names no folder with calconv/delay_oracle.py")
        return SKIPPED
    import numpy as np
    good = True
    reference = 3
    for antennas, noise in ((12, 0), (12, 0.1), (32, 0.3)):
        freq_hz, delay_s, first, second, data = make_data(np, antennas, noise, antennas)
        data = data.astype(np.complex64).astype(complex) if noise else data
        with tempfile.TemporaryDirectory(prefix="skymill-delays-") as name:
            folder = pathlib.Path(name)
            other = theirs(np, script, folder, freq_hz, delay_s, first, second, data, reference)
            mine = ours(np, sys.argv[1], folder, freq_hz, first, second, data, antennas, reference)
        truth = delay_s - delay_s[reference]
        error = np.delete(mine - truth, reference, 0)
        other_error = np.delete(other - truth, reference, 0)
        rms, other_rms = np.sqrt((error ** 2).mean()), np.sqrt((other_error ** 2).mean())
        difference = np.abs(mine - other).max()
        print(f"{antennas} antennas, noise {noise}: largest difference {1e12 * difference:.3g} ps, "
              f"rms error {1e12 * rms:.3g} ps, theirs {1e12 * other_rms:.3g} ps")
        if noise == 0:
            good = good and difference < EXACT_S
        else:
            good = good and difference < 5 * other_rms and rms < other_rms
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
