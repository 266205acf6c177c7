# SPDX-License-Identifier: GPL-3.0-or-later
"""Heights and places of point sources in images."""
import numpy as np


def fitted_peak(plane, x, y):
    """Height and place of the paraboloid through the 3 x 3 pixels round the largest one near (x, y)."""
    x, y = int(round(x)), int(round(y))
    window = plane[y - 4:y + 5, x - 4:x + 5]
    dy, dx = np.unravel_index(np.argmax(window), window.shape)
    cx, cy = x - 4 + dx, y - 4 + dy
    gx, gy = np.meshgrid([-1, 0, 1], [-1, 0, 1])
    gx, gy = gx.ravel(), gy.ravel()
    # A Gaussian is a paraboloid in its logarithm, so this is exact for a point source.
    values = np.log(plane[cy - 1:cy + 2, cx - 1:cx + 2].ravel())
    design = np.stack([np.ones(9), gx, gy, gx * gx, gy * gy, gx * gy], axis=1)
    c, bx, by, axx, ayy, axy = np.linalg.lstsq(design, values, rcond=None)[0]
    sx, sy = np.linalg.solve([[2 * axx, axy], [axy, 2 * ayy]], [-bx, -by])
    return np.exp(c + 0.5 * (bx * sx + by * sy)), cx + sx, cy + sy
