# SPDX-License-Identifier: GPL-3.0-or-later
"""Models restored with any beam, and heights of sources whose place and beam are known."""
import numpy as np


def gaussian(beam, cell, reach, dx=0, dy=0):
    """Peak 1 at (dx, dy) pixels from the middle of (2 reach + 1)^2; beam: major and minor axis in
    units of the cell's, position angle in degrees."""
    major, minor, angle = beam
    y, x = np.mgrid[-reach:reach + 1, -reach:reach + 1]
    north, east = (y - dy) * cell, -(x - dx) * cell
    sine, cosine = np.sin(np.radians(angle)), np.cos(np.radians(angle))
    along, across = east * sine + north * cosine, east * cosine - north * sine
    return np.exp(-4 * np.log(2) * ((along / major) ** 2 + (across / minor) ** 2))


def restored(residual, model, beam, cell):
    """residual + model convolved with the beam; it reaches no further than four major axes."""
    reach = int(np.ceil(4 * beam[0] / cell))
    image = np.pad(residual.astype(float), reach)
    stamp = gaussian(beam, cell, reach)
    for y, x in np.argwhere(model):
        image[y:y + 2 * reach + 1, x:x + 2 * reach + 1] += model[y, x] * stamp
    return image[reach:-reach, reach:-reach]


def beam_height(plane, x, y, beam, cell):
    """Least-squares height of a source at (x, y) over the pixels where its beam is above a half."""
    near_x, near_y = int(round(x)), int(round(y))
    reach = int(np.ceil(beam[0] / cell))
    shape = gaussian(beam, cell, reach, x - near_x, y - near_y)
    window = plane[near_y - reach:near_y + reach + 1, near_x - reach:near_x + reach + 1]
    inside = shape > 0.5
    return (shape * window)[inside].sum() / (shape[inside] ** 2).sum()
