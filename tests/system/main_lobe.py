# SPDX-License-Identifier: GPL-3.0-or-later
"""The Gaussian of a PSF's main lobe, fitted independently of the program's own fit."""
import numpy as np

CUTOFF = 0.35  # of the peak: the program's psfcutoff, as tclean's
CROP = 64      # pixels
FINE = 10      # points a pixel


def finely(psf):
    """The middle of a PSF at FINE points a pixel, by its Fourier series: exact for what is smooth.

    Returns heights [y][x] and the offsets of rows and columns from the peak in pixels.
    """
    n = min(CROP, *(size // 2 * 2 for size in psf.shape))
    y, x = (size // 2 - n // 2 for size in psf.shape)
    taper = np.hanning(n + 1)[:n]  # so that the ends meet
    spectrum = np.fft.fft2(psf[y:y + n, x:x + n] * np.outer(taper, taper))
    reach = 3 * n // 8
    at = np.arange(-reach * FINE, reach * FINE + 1) / FINE
    waves = np.exp(2j * np.pi * np.outer(at + n // 2, np.fft.fftfreq(n))) / n
    tapers = 0.5 * (1 + np.cos(2 * np.pi * at / n))
    return (waves @ spectrum @ waves.T).real / np.outer(tapers, tapers), at


def lobe(above):
    """The part of a plane of truth values that is connected with its middle."""
    seen = np.zeros_like(above)
    seen[above.shape[0] // 2, above.shape[1] // 2] = True
    count = 0
    while seen.sum() > count:
        count = seen.sum()
        for _ in range(FINE):
            grown = seen.copy()
            grown[1:] |= seen[:-1]
            grown[:-1] |= seen[1:]
            grown[:, 1:] |= seen[:, :-1]
            grown[:, :-1] |= seen[:, 1:]
            seen = grown & above
    return seen


def fitted_beam(psf, cell):
    """Major and minor axis at half height in units of the cell, position angle in degrees.

    Least squares of exp(-(a x^2 + 2 b x y + c y^2)) over the main lobe above CUTOFF.
    """
    heights, at = finely(psf)
    inside = lobe(heights > CUTOFF)
    if inside[[0, -1]].any() or inside[:, [0, -1]].any():
        raise ValueError("the main lobe is wider than the middle of the PSF")
    y, x = np.meshgrid(at, at, indexing="ij")
    y, x, value = y[inside], x[inside], heights[inside]
    squares = np.stack([x * x, 2 * x * y, y * y], axis=1)
    shape = np.linalg.lstsq(squares, -np.log(value), rcond=None)[0]
    for _ in range(50):
        model = np.exp(-squares @ shape)
        step = np.linalg.lstsq(-squares * model[:, None], value - model, rcond=None)[0]
        shape = shape + step
    (least, most), axes = np.linalg.eigh([[shape[0], shape[1]], [shape[1], shape[2]]])
    # The long axis falls slowest; x runs west.
    angle = np.degrees(np.arctan2(-axes[0, 0], axes[1, 0]))
    return (2 * cell * np.sqrt(np.log(2) / least), 2 * cell * np.sqrt(np.log(2) / most),
            (angle + 90) % 180 - 90)
