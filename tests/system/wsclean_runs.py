# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs WSClean 3.1, the independent imager that our images are compared with."""
import pathlib
import shutil
import subprocess
import unittest

import numpy as np
from astropy.io import fits

needs_wsclean = unittest.skipUnless(shutil.which("wsclean"), "WSClean is not installed")

# The padding decides the cells of its density of weights: ours has those of the image itself, as
# tclean's. For natural weights it only has to be enough.
PADDING = {"natural": "2", "uniform": "1.0", "briggs": "1.0"}


class Wsclean:
    """WSClean's products of one MeasurementSet: planes by channel, beams in degrees."""

    def __init__(self, folder, measurement_set, size, cell, channels=1, weighting="natural",
                 robust=0.5, niter=0, threshold=None):
        """folder: scratch; cell: arcsec; threshold: Jy.

        Without -no-small-inversion WSClean grids at a lower resolution and interpolates the image,
        which costs it up to 3 % of the peak at the edges (measured against the direct sum). By
        default it fits beams in a box that holds the first negative sidelobe too, which makes them
        4 to 8 % narrower than the lobe at half its height; ours, as tclean's, see the lobe above
        psfcutoff, and so do its with this box.
        """
        copy = folder / pathlib.Path(measurement_set).name  # it writes into the set
        if not copy.exists():
            shutil.copytree(measurement_set, copy)
            subprocess.run(["chmod", "-R", "u+w", copy], check=True)
        self.name = folder / "wsclean"
        self.channels = channels
        size = [size, size] if np.isscalar(size) else size
        command = ["wsclean", "-size", *size, "-scale", f"{cell}asec", "-weight", weighting,
                   *([robust] if weighting == "briggs" else []), "-padding", PADDING[weighting],
                   "-no-mf-weighting", "-use-wgridder", "-wgridder-accuracy", "1e-6",
                   "-no-small-inversion", "-beam-fitting-size", "1.2", "-data-column", "DATA", "-no-update-model-required",
                   "-channels-out", channels, "-niter", niter, "-make-psf", "-j", 2,
                   "-name", self.name]
        if niter > 0:
            command += ["-mgain", "0.8", "-gain", "0.1", "-threshold", threshold]
        done = subprocess.run([*map(str, command), str(copy)], capture_output=True, text=True)
        if done.returncode != 0:
            raise AssertionError(done.stdout[-2000:] + done.stderr[-2000:])

    def file(self, product, channel):
        part = f"-{channel:04d}" if self.channels > 1 else ""
        return f"{self.name}{part}-{product}.fits"

    def plane(self, product, channel):
        """[y][x] of dirty, psf, image, model or residual."""
        return fits.getdata(self.file(product, channel))[0, 0]

    def planes(self, product):
        return [self.plane(product, channel) for channel in range(self.channels)]

    def beam_deg(self, channel):
        """Major and minor axis; None where nothing was gridded."""
        header = fits.getheader(self.file("psf", channel))
        return (header["BMAJ"], header["BMIN"]) if "BMAJ" in header else None
