#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""auto-multithresh against imaging.md 4 read literally (auto_multithresh_reference.py): emission,
absorption and nothing, over several cycles. Masks are equal but for pixels within 1e-5 of a cut.

The files of auto_multithresh_cycles: in, 23 doubles (shape, cycles, which planes there are,
options, beam, cells), pb, valid, first mask, and for every cycle four doubles and the residual;
out, for every cycle ten doubles and the mask. Planes are floats."""
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

from auto_multithresh_reference import Reference

CELL = 2e-6
DEFAULTS = dict(pblimit=-1, sidelobethreshold=3.0, noisethreshold=5.0, lownoisethreshold=1.5,
                negativethreshold=0.0, smoothfactor=1.0, minbeamfrac=0.3, cutthreshold=0.01,
                growiterations=75, dogrowprune=True, minpercentchange=-1, fastnoise=True,
                pbmask=0.2)
ORDER = ("pblimit sidelobethreshold noisethreshold lownoisethreshold negativethreshold "
         "smoothfactor minbeamfrac cutthreshold growiterations dogrowprune minpercentchange "
         "fastnoise pbmask").split()


def blob(shape, y, x, fwhm_y, fwhm_x, angle=0.0):
    dy, dx = np.mgrid[:shape[0], :shape[1]] - np.array([y, x])[:, None, None]
    a = dx * np.cos(angle) + dy * np.sin(angle)
    b = -dx * np.sin(angle) + dy * np.cos(angle)
    return np.exp(-4 * np.log(2) * ((a / fwhm_x) ** 2 + (b / fwhm_y) ** 2))


def beam_noise(rng, shape, fwhm, sigma):
    """Noise as smooth as an image's."""
    white = rng.standard_normal(shape)
    kernel = np.fft.ifftshift(blob(shape, shape[0] // 2, shape[1] // 2, fwhm, fwhm))
    noise = np.fft.irfft2(np.fft.rfft2(white) * np.fft.rfft2(kernel), shape)
    return sigma * noise / noise.std()


def sky(kind, shape):
    ny, nx = shape
    emission = (40 * blob(shape, 0.4 * ny, 0.6 * nx, 6, 5)
                + 12 * blob(shape, 0.7 * ny, 0.3 * nx, 4, 4)
                + 9 * blob(shape, 0.55 * ny, 0.45 * nx, 11, 30, 0.6)
                + 15 * blob(shape, 2, nx - 3, 5, 5))
    if kind == "emission":
        return emission
    if kind == "absorption":
        return 0.3 * emission - 25 * blob(shape, 0.3 * ny, 0.3 * nx, 7, 12, 0.4)
    return np.zeros(shape)


def primary_beam(shape):
    return blob(shape, shape[0] / 2, shape[1] / 2, 0.75 * shape[0], 0.75 * shape[1])


CASES = []
for _shape in ((128, 128), (97, 140)):
    for _kind in ("emission", "absorption", "nothing"):
        CASES += [
            (_kind, _shape, {}, ()),
            (_kind, _shape, dict(negativethreshold=6.0, pblimit=0.1), ("pb",)),
            (_kind, _shape, dict(fastnoise=False, growiterations=3, smoothfactor=1.7),
             ("pb", "valid")),
            (_kind, _shape, dict(minbeamfrac=0.0, cutthreshold=0.15, lownoisethreshold=1.0,
                                 growiterations=12), ("nan",)),
            (_kind, _shape, dict(minpercentchange=60.0, dogrowprune=False, noisethreshold=4.0),
             ("pb", "user")),
            (_kind, _shape, dict(sidelobethreshold=1.0, negativethreshold=4.0),
             ("offset", "valid")),
        ]


def planes_of(kind, shape, extras, rng):
    pb = primary_beam(shape).astype(np.float32) if "pb" in extras else None
    valid = None
    if "valid" in extras:
        valid = np.ones(shape, np.float32)
        valid[:, 60:64] = 0
        valid[rng.random(shape) < 0.02] = 0
    first = np.zeros(shape, np.float32)
    if "user" in extras:
        first[20:26, 30:50] = 1
    noise = beam_noise(rng, shape, 5, 1.0)
    cycles = []
    for cycle, (left, iterations) in enumerate(((1.0, 0), (0.5, 80), (0.22, 200), (0.1, 300))):
        residual = left * sky(kind, shape) + noise + 0.02 * rng.standard_normal(shape)
        if "offset" in extras:
            residual -= 7.0 - cycle
        residual = residual.astype(np.float32)
        if "nan" in extras:
            residual[5:9, 70] = np.nan
            residual[80, 12] = np.inf
        cycles.append(((0.12, iterations, 3.0, 3.0 if cycle > 1 else 0.5), residual))
    return pb, valid, first, cycles


def ours(program, options, beam, cell, pb, valid, first, cycles):
    with tempfile.TemporaryDirectory(prefix="skymill-mask-") as folder:
        source, result = pathlib.Path(folder, "in"), pathlib.Path(folder, "out")
        head = [*first.shape, len(cycles), pb is not None, valid is not None,
                *(options[name] for name in ORDER), *beam, *cell]
        with open(source, "wb") as out:
            out.write(np.array(head, float).tobytes())
            for plane in (pb, valid, first):
                out.write(b"" if plane is None else plane.tobytes())
            for now, residual in cycles:
                out.write(np.array(now, float).tobytes() + residual.tobytes())
        subprocess.run([program, source, result], check=True)
        data, each = result.read_bytes(), 80 + 4 * first.size
    for cycle in range(len(cycles)):
        at = cycle * each
        yield (np.frombuffer(data, float, 10, at),
               np.frombuffer(data, np.float32, first.size, at + 80).reshape(first.shape))


def main():
    seen = dict(grown=0, negative=0, skipped=0, by_noise=0, by_sidelobe=0, excused=0)
    for number, (kind, shape, changed, extras) in enumerate(CASES):
        options = {**DEFAULTS, **changed}
        beam, cell = (7 * CELL, 4.5 * CELL, 0.5), (-CELL, 1.1 * CELL)
        pb, valid, first, cycles = planes_of(kind, shape, extras, np.random.default_rng(number))
        reference = Reference(options, shape, pb, valid, beam, cell, first)
        doubtful = np.zeros(shape, bool)
        for cycle, ((report, mask), (now, residual)) in enumerate(
                zip(ours(sys.argv[1], options, beam, cell, pb, valid, first, cycles), cycles)):
            where = f"case {number} ({kind}, {shape}, {changed}, {extras}), cycle {cycle}"
            before = reference.total.sum()
            figures, unsure = reference.update(residual, *now)
            doubtful |= unsure
            assert report[7] == (figures is None), f"{where}: skipped {report[7]}"
            if figures is None:
                seen["skipped"] += 1
            else:
                wrong = abs(report[:6] - figures[:6]) > 1e-6 * max(1.0, figures[0])
                assert not wrong.any(), f"{where}: {report[:6]} should be {figures[:6]}"
                assert report[6] == figures[6], f"{where}: by_sidelobe {report[6]}"
                seen["by_sidelobe" if figures[6] else "by_noise"] += 1
                seen["grown"] += cycle > 0 and reference.total.sum() > before
                seen["negative"] += bool((residual[reference.total] < 0).any())
            differs = (mask > 0.5) != reference.total
            seen["excused"] += int((differs & doubtful).sum())
            assert not (differs & ~doubtful).any(), (
                f"{where}: {differs.sum()} of {reference.total.sum()} pixels of the mask differ")
            assert set(np.unique(mask)) <= {0.0, 1.0}, where
            assert report[9] == (mask > 0.5).sum(), f"{where}: counts {report[9]} pixels"
            if not differs.any():
                assert report[8] == reference.skip, f"{where}: will skip: {report[8]}"
    print(len(CASES), "planes of four cycles;", seen)
    assert min(seen[name] for name in seen if name != "excused") > 0, "a rule was never at work"
    assert seen["excused"] <= 10, "too many pixels at a cut"


if __name__ == "__main__":
    main()
