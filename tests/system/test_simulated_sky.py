# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated sources come out of the whole chain with their flux, at their place, not mirrored."""
import unittest

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from skymill_runs import RunTest
from source_peaks import fitted_peak


class SimulatedSky(RunTest):
    def check_sources(self, prefix, truth, flux_tolerance=0.03, beam_tolerance=0.1):
        with fits.open(f"{prefix}.image.fits") as image, \
                fits.open(f"{prefix}.residual.fits") as residual:
            header = image[0].header
            cube = image[0].data[0]
            beams = image["BEAMS"].data
            wcs = WCS(header)
            judged = 0
            for channel, plane in enumerate(cube):
                rms = 1.4826 * np.median(np.abs(residual[0].data[0, channel]))
                for source in truth["sources"]:
                    freq = header["CRVAL3"] + channel * header["CDELT3"]
                    flux = source["flux_jy"] * (freq / truth["reference_hz"]) ** source["spectral_index"]
                    if flux < 50 * rms:
                        continue
                    judged += 1
                    x, y = wcs.celestial.wcs_world2pix(
                        [[np.degrees(source["ra_rad"]), np.degrees(source["dec_rad"])]], 0)[0]
                    peak, px, py = fitted_peak(plane, x, y)
                    beam_pixels = beams["BMIN"][channel] / 3600 / header["CDELT2"]
                    self.assertAlmostEqual(peak / flux, 1, delta=flux_tolerance,
                                           msg=f"{source['name']} channel {channel}")
                    self.assertLess(abs(px - x), beam_tolerance * beam_pixels)
                    self.assertLess(abs(py - y), beam_tolerance * beam_pixels)
            return judged

    def test_sources_above_50_sigma(self):
        for weighting in ("natural", "briggs"):
            with self.subTest(weighting=weighting):
                path, truth = self.simulate(f"{weighting}.ms", nchan=4, noise="0.05Jy")
                prefix = self.cube(path, weighting, size=512, cell="3arcsec", niter=2000,
                                   weighting=weighting, threshold="2mJy")
                self.assertGreaterEqual(self.check_sources(prefix, truth), 16)

    def test_two_sources_east_and_north_are_not_mirrored(self):
        path, truth = self.simulate(
            nchan=2, noise="0.01Jy",
            **{"simulate.sources": "[300arcsec 0arcsec 1Jy, 0arcsec 200arcsec 0.5Jy -0.7]"})
        prefix = self.cube(path, "sky", size=[512, 384], cell="3arcsec", niter=1000,
                           weighting="briggs")
        self.assertEqual(self.check_sources(prefix, truth), 4)
        with fits.open(f"{prefix}.image.fits") as image:
            y, x = np.unravel_index(np.argmax(image[0].data[0, 0]), image[0].data[0, 0].shape)
        self.assertLess(x, 256 - 90)  # east is left
        self.assertAlmostEqual(y, 192, delta=2)


if __name__ == "__main__":
    unittest.main()
