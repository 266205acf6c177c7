# SPDX-License-Identifier: GPL-3.0-or-later
"""imaging.md 4 read literally with numpy: slow, whole planes, in double precision."""
import math

import numpy as np


def regions(mask):
    """Labels of the 4-connected regions; 0 where the mask is not set."""
    labels = np.where(mask, np.arange(1, mask.size + 1).reshape(mask.shape), 0)
    while True:
        spread = np.pad(labels, 1)
        spread = np.max([spread[1:-1, 1:-1], spread[:-2, 1:-1], spread[2:, 1:-1],
                         spread[1:-1, :-2], spread[1:-1, 2:]], axis=0)
        spread = np.where(mask, spread, 0)
        if np.array_equal(spread, labels):
            return labels
        labels = spread


def prune(mask, least):
    labels = regions(mask)
    kept = np.zeros(mask.shape, bool)
    for label in np.unique(labels[labels > 0]):
        region = labels == label
        if not region.sum() < least:
            kept |= region
    return kept


def gaussian(shape, beam, cell):
    """Unit volume, centred on element (0, 0) of a plane that wraps round."""
    ny, nx = shape
    y = np.minimum(np.arange(ny), ny - np.arange(ny)) * np.where(np.arange(ny) * 2 <= ny, 1, -1)
    x = np.minimum(np.arange(nx), nx - np.arange(nx)) * np.where(np.arange(nx) * 2 <= nx, 1, -1)
    east, north = np.meshgrid(x * cell[0], y * cell[1])
    major, minor, angle = beam
    along = east * math.sin(angle) + north * math.cos(angle)
    across = east * math.cos(angle) - north * math.sin(angle)
    heights = np.exp(-4 * math.log(2) * ((along / major) ** 2 + (across / minor) ** 2))
    return heights / heights.sum()


def smooth_and_cut(mask, beam, cell, cutthreshold, doubtful):
    """The cut mask; adds to `doubtful` the pixels within 1e-5 of the cut."""
    if not mask.any():
        return np.zeros(mask.shape, bool)
    ny, nx = mask.shape
    padded = np.zeros((2 * ny, 2 * nx))
    padded[:ny, :nx] = mask
    kernel = gaussian(padded.shape, beam, cell)
    smoothed = np.fft.irfft2(np.fft.rfft2(padded) * np.fft.rfft2(kernel), padded.shape)[:ny, :nx]
    cut = cutthreshold * smoothed.max()
    doubtful |= abs(smoothed - cut) < 1e-5 * smoothed.max()
    return smoothed > cut


def dilate(seed, constraint, iterations):
    mask = seed.copy()
    for _ in range(iterations):
        expanding = np.pad(mask & constraint, 1)
        grown = (mask | expanding[:-2, 1:-1] | expanding[2:, 1:-1]
                 | expanding[1:-1, :-2] | expanding[1:-1, 2:])
        if np.array_equal(grown, mask):
            break
        mask = grown
    return mask & constraint


def beyond(residual, threshold, valid):
    with np.errstate(invalid="ignore"):
        return (residual < threshold if threshold < 0 else residual > threshold) & valid


def chauvenet(values):
    kept, before = values, 0
    for _ in range(5):
        if kept.size < 2 or kept.size == before:
            break
        before = kept.size
        low, high = 0.0, 40.0
        for _ in range(100):
            z = (low + high) / 2
            low, high = (z, high) if math.erfc(z / math.sqrt(2)) > 0.5 / kept.size else (low, z)
        mean, deviation = kept.mean(), kept.std(ddof=1)
        kept = values[abs(values - mean) <= (low + high) / 2 * deviation]
    return kept


class Reference:
    def __init__(self, options, shape, pb, valid, beam, cell, mask):
        self.o = options
        self.pb = np.ones(shape) if pb is None else pb.astype(float)
        self.valid = np.ones(shape, bool) if valid is None else valid > 0.5
        if pb is not None and options["pblimit"] >= 0:
            self.valid &= self.pb > options["pblimit"]
        self.beam, self.cell = beam, cell
        self.total = mask > 0.5
        self.positive = np.zeros(shape, bool)
        self.skip = False

    def statistics(self, residual):
        o = self.o
        inside = (self.pb > o["pbmask"]) & self.valid & np.isfinite(residual)
        values = residual[inside]
        if values.size == 0:
            return 0.0, 0.0, 0.0
        sample = values
        if not o["fastnoise"]:
            outside = inside & ~self.total
            empty_or_full = not self.total.any() or not outside.any()
            sample = chauvenet(values) if empty_or_full else residual[outside]
        median = np.median(sample)
        # The deviations are single precision, as the planes are.
        rms = 1.4826 * float(np.median(abs(sample - median).astype(np.float32).astype(float)))
        return max(abs(values.max()), abs(values.min())), median, rms

    def update(self, plane, sidelobe_level, iterations_done, cyclethreshold, threshold):
        o, doubtful = self.o, np.zeros(self.total.shape, bool)
        if self.skip:
            return None, doubtful
        residual = plane.astype(float)
        absmax, median, rms = self.statistics(residual)
        side = o["sidelobethreshold"] * sidelobe_level * absmax
        noise = o["noisethreshold"] * rms
        low = o["lownoisethreshold"] * rms
        neg = o["negativethreshold"] * rms
        mask_threshold = max(side, noise) + median
        low_threshold = max(side, low) + median
        neg_threshold = -max(side, neg) + median
        by_sidelobe = side + median == mask_threshold

        beam_pixels = (math.pi * self.beam[0] * self.beam[1] / (4 * math.log(2))
                       / abs(self.cell[0] * self.cell[1]))
        smoothing = (self.beam[0] * o["smoothfactor"], self.beam[1] * o["smoothfactor"],
                     self.beam[2])

        def smoothed(mask):
            return smooth_and_cut(mask, smoothing, self.cell, o["cutthreshold"], doubtful)

        new = beyond(residual, mask_threshold, self.valid)
        if o["minbeamfrac"] > 0:
            new = prune(new, o["minbeamfrac"] * beam_pixels)
        new = smoothed(new)
        grown = np.zeros(new.shape, bool)
        if iterations_done > 0 and o["growiterations"] > 0 and self.total.any():
            constraint = beyond(residual, low_threshold, self.valid)
            grown = dilate(self.total, constraint, o["growiterations"])
            if o["dogrowprune"] and o["minbeamfrac"] > 0:
                grown = prune(grown, o["minbeamfrac"] * beam_pixels)
            grown = smoothed(grown)
        self.positive = (self.positive | grown | new) & self.valid
        negative = np.zeros(new.shape, bool)
        if o["negativethreshold"] > 0:
            negative = smoothed(beyond(residual, neg_threshold, self.valid))
        old = int(self.total.sum())
        self.total = (self.total | self.positive | negative) & self.valid & (self.pb > o["pbmask"])

        pixels = int(self.total.sum())
        change = abs(pixels - old)
        settled = (o["minpercentchange"] >= 0 and cyclethreshold == threshold
                   and (change == 0 or change < o["minpercentchange"] / 100 * old))
        self.skip = not by_sidelobe and (pixels == 0 or settled)
        return (absmax, median, rms, mask_threshold, low_threshold, neg_threshold,
                by_sidelobe), doubtful
