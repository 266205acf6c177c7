# SPDX-License-Identifier: GPL-3.0-or-later
"""Dirty images written out as sums over the visibilities of a MeasurementSet, slowly."""
from collections import Counter

import numpy as np
from casacore import tables

LIGHT_SPEED = 299792458.0


class PlaneSamples:
    """Stokes I of one channel: the mean of the parallel hands with the lesser of their weights."""

    def __init__(self, measurement_set, channel):
        query = "ANTENNA1 != ANTENNA2 && !FLAG_ROW"
        with tables.table(str(measurement_set), ack=False, lockoptions="usernoread") as table:
            rows = table.query(query)
            uvw_m, data = rows.getcol("UVW"), rows.getcol("DATA")[:, channel]
            flag, weight = rows.getcol("FLAG")[:, channel], rows.getcol("WEIGHT")
            if "WEIGHT_SPECTRUM" in rows.colnames() and rows.iscelldefined("WEIGHT_SPECTRUM", 0):
                weight = rows.getcol("WEIGHT_SPECTRUM")[:, channel]
        with tables.table(f"{measurement_set}/SPECTRAL_WINDOW", ack=False,
                          lockoptions="usernoread") as windows:
            freq_hz = windows.getcell("CHAN_FREQ", 0)[channel]
        self.u, self.v, self.w = (uvw_m * freq_hz / LIGHT_SPEED).T
        self.vis = 0.5 * (data[:, 0] + data[:, -1]).astype(complex)
        self.weight = np.minimum(weight[:, 0], weight[:, -1]).astype(float)
        good = ~(flag[:, 0] | flag[:, -1]) & np.isfinite(self.vis) & (self.weight > 0)
        for name in ("u", "v", "w", "vis", "weight"):
            setattr(self, name, getattr(self, name)[good])

    def density(self, size, cell_rad, cells):
        """Sum of weights in the cell of every sample, in which -u, -v counts as u, v.

        cells: "nearest" as tclean's cube has them, or "half_open": [k, k + 1) for v >= 0, which is
        how WSClean parts the same plane, half a cell aside.
        """
        if cells == "nearest":
            turn, cut = 1, np.rint
        else:
            turn, cut = np.where(self.v < 0, -1, 1), np.floor
        places = [tuple(p) for p in np.stack([cut(turn * self.u * size * cell_rad),
                                              cut(turn * self.v * size * cell_rad)], 1).astype(int)]
        grid = Counter()
        for (i, j), weight in zip(places, self.weight):
            grid[i, j] += weight
            if cells == "nearest":
                grid[-i, -j] += weight
        squares = sum(value ** 2 for value in grid.values()) / sum(grid.values())
        return np.array([grid[place] for place in places]), squares

    def imaging_weights(self, weighting, robust, size, cell_rad, cells):
        """imaging.md 2.2."""
        if weighting == "natural":
            return self.weight
        density, squares = self.density(size, cell_rad, cells)
        if weighting == "uniform":
            return self.weight / density
        return self.weight / (1 + density * (5 * 10.0 ** -robust) ** 2 / squares)

    def dirty(self, weights, size, cell_rad, y, x):
        """imaging.md 2.0 at pixels y, x."""
        sums = []
        for l, m in zip(-(x - size // 2) * cell_rad, (y - size // 2) * cell_rad):
            turns = self.u * l + self.v * m + self.w * (np.sqrt(1 - l * l - m * m) - 1)
            sums.append(np.sum(weights * (self.vis * np.exp(-2j * np.pi * turns)).real))
        return np.array(sums) / weights.sum()
