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


def beam_height(plane, x, y, major, minor, angle):
    """Height and place of the restoring beam that fits best within its major axis of (x, y).

    A point source's flux: the 3 x 3 pixels of its peak also have what was left uncleaned there.
    major, minor: full widths at half height in pixels; angle: radians, north through east, in an
    image whose east is left."""
    reach, x0, y0 = int(np.ceil(major)), int(round(x)), int(round(y))
    gx, gy = np.meshgrid(np.arange(x0 - reach, x0 + reach + 1),
                         np.arange(y0 - reach, y0 + reach + 1))
    near = (gx - x0) ** 2 + (gy - y0) ** 2 <= reach ** 2
    gx, gy, values = gx[near], gy[near], plane[gy[near], gx[near]]
    wide, narrow = (width / np.sqrt(8 * np.log(2)) for width in (major, minor))
    height, sx, sy = values.max(), x, y
    for _ in range(20):  # Gauss and Newton; the start is within a pixel
        dx, dy = gx - sx, gy - sy
        along = dy * np.cos(angle) - dx * np.sin(angle)
        across = dy * np.sin(angle) + dx * np.cos(angle)
        shape = np.exp(-0.5 * ((along / wide) ** 2 + (across / narrow) ** 2))
        by_x = height * shape * (across * np.cos(angle) / narrow ** 2 -
                                 along * np.sin(angle) / wide ** 2)
        by_y = height * shape * (across * np.sin(angle) / narrow ** 2 +
                                 along * np.cos(angle) / wide ** 2)
        step = np.linalg.lstsq(np.stack([shape, by_x, by_y], axis=1), values - height * shape,
                               rcond=None)[0]
        height, sx, sy = height + step[0], sx + step[1], sy + step[2]
    return height, sx, sy
