# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of a known sky beside WSClean's: pixels, beams, and fluxes after cleaning."""
import unittest

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from skymill_runs import RunTest
from source_peaks import fitted_peak
from wsclean_runs import Wsclean, needs_wsclean

SIZE = 512
CELL = 3  # arcsec
# On pixels, between them, near the middle, and as far as the edge of the image.
SKY = ["0arcsec 0arcsec 1Jy", "301arcsec 200arcsec 0.7Jy", "-450arcsec 121.4arcsec 0.5Jy",
       "-622.6arcsec -580.9arcsec 0.4Jy", "200arcsec -333arcsec 0.25Jy", "-37arcsec 640arcsec 0.15Jy",
       "650.3arcsec -20.2arcsec 0.1Jy"]


@needs_wsclean
class AgainstWsclean(RunTest):
    def observe(self, **parameters):
        """Hours of a tracked field: baselines towards the source, so that the w term matters."""
        options = {"simulate.interval": "600s", "simulate.sources": f"[{', '.join(SKY)}]"}
        return self.simulate(nchan=2, times=24, noise="0.01Jy", **options, **parameters)

    def test_dirty_images_and_beams(self):
        path, _ = self.observe()
        # Natural weights leave nothing to choose.
        limits = {"natural": 0.005, "uniform": 0.005, "briggs": 0.005}
        for weighting, limit in limits.items():
            with self.subTest(weighting=weighting):
                prefix = self.cube(path, weighting, size=SIZE, cell=f"{CELL}arcsec", niter=0,
                                   weighting=weighting, robust=0)
                theirs = Wsclean(self.folder, path, SIZE, CELL, 2, weighting, robust=0)
                inner = slice(SIZE // 4, SIZE - SIZE // 4)
                with fits.open(f"{prefix}.image.fits") as ours:
                    for channel, plane in enumerate(ours[0].data[0]):
                        dirty = theirs.plane("dirty", channel)
                        difference = plane - dirty
                        peak = np.abs(dirty).max()
                        rms = np.sqrt(np.mean(difference[inner, inner] ** 2)) / peak
                        whole = np.sqrt(np.mean(difference ** 2)) / peak
                        row = ours["BEAMS"].data[channel]
                        beams = np.array([row["BMAJ"], row["BMIN"]]) / 3600 / theirs.beam_deg(channel)
                        print(f"\n{weighting} channel {channel}: rms difference {100 * rms:.4f} % of "
                              f"the peak in the inner half, {100 * whole:.4f} % in all; beams "
                              f"{beams[0]:.4f} {beams[1]:.4f} of WSClean's", flush=True)
                        self.assertLessEqual(rms, limit)
                        self.assertLessEqual(whole, 2 * limit)
                        self.assertLessEqual(np.abs(beams - 1).max(), 0.02)

    def test_fluxes_after_cleaning(self):
        path, truth = self.observe()
        threshold = 0.0005  # Jy: about three times the noise
        prefix = self.cube(path, "clean", size=SIZE, cell=f"{CELL}arcsec", niter=20000,
                           weighting="briggs", robust=0, threshold=f"{threshold}Jy")
        theirs = Wsclean(self.folder, path, SIZE, CELL, 2, "briggs", robust=0, niter=20000,
                         threshold=threshold)
        with fits.open(f"{prefix}.image.fits") as image:
            wcs = WCS(image[0].header).celestial
            cube = image[0].data[0]
        residual = fits.getdata(f"{prefix}.residual.fits")[0]
        places = wcs.wcs_world2pix([[np.degrees(s["ra_rad"]), np.degrees(s["dec_rad"])]
                                    for s in truth["sources"]], 0)
        print("\nchannel  x      y       true Jy   SNR    ours/true  WSClean/true", flush=True)
        judged = 0
        for channel in range(2):
            noise = 1.4826 * np.median(np.abs(residual[channel]))
            for (x, y), source in zip(places, truth["sources"]):
                flux = source["flux_jy"]
                ours = fitted_peak(cube[channel], x, y)[0] / flux
                wsclean = fitted_peak(theirs.plane("image", channel), x, y)[0] / flux
                print(f"{channel}        {x:6.2f} {y:6.2f}  {flux:.3f}  {flux / noise:6.0f}   "
                      f"{ours:.5f}    {wsclean:.5f}", flush=True)
                self.assertGreater(flux, 50 * noise)
                judged += 1
                self.assertLessEqual(abs(ours - 1), 0.01, source)
                # Both see the same noise, but do not stop at the same component.
                self.assertLessEqual(abs(ours - 1), abs(wsclean - 1) + 0.3 * noise / flux, source)
        self.assertEqual(judged, 2 * len(SKY))


if __name__ == "__main__":
    unittest.main()
