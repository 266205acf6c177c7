# SPDX-License-Identifier: GPL-3.0-or-later
"""Real MeasurementSets become cubes that agree with WSClean's and with the direct Fourier sum."""
import pathlib
import unittest

import numpy as np
from astropy.io import fits

from direct_sum import PlaneSamples
from skymill_runs import DATA, RunTest, needs_data
from wsclean_runs import Wsclean, needs_wsclean


def brightest(plane):
    """Place of the largest pixel, [y, x]."""
    return np.array(np.unravel_index(np.nanargmax(plane), plane.shape))


def rms(values):
    return np.sqrt(np.mean(np.square(values)))


@needs_data
class RealMeasurementSets(RunTest):
    def dirty_cube(self, path, weighting, size, cell):
        return self.cube(path, weighting, column="data", size=size, cell=f"{cell}arcsec", niter=0,
                         weighting=weighting)

    def compare_natural(self, name, channels, size, cell):
        path = pathlib.Path(DATA) / "ms" / name
        prefix = self.dirty_cube(path, "natural", size, cell)
        with fits.open(f"{prefix}.image.fits") as ours:
            header = ours[0].header
            cube = ours[0].data[0]
            minor = ours["BEAMS"].data["BMIN"] / 3600 if channels > 1 else [header["BMIN"]]
        self.assertEqual(cube.shape, (channels, size, size))
        theirs = Wsclean(self.folder, path, size, cell, channels)
        worst = {"inner": 0, "whole": 0, "place": 0}
        inner = slice(size // 4, size - size // 4)
        seen = 0
        for channel, (plane, dirty) in enumerate(zip(cube, theirs.planes("dirty"))):
            peak = np.abs(dirty).max()
            if not peak > 0:  # 0 or NaN
                self.assertTrue(np.isnan(plane).all())  # no data: masked, not silently blank
                continue
            seen += 1
            place = np.abs(brightest(plane) - brightest(dirty)).max()
            found = {"inner": rms((plane - dirty)[inner, inner]) / peak,
                     "whole": rms(plane - dirty) / peak,
                     "place": place / (minor[channel] / header["CDELT2"])}
            worst = {key: max(value, found[key]) for key, value in worst.items()}
        print(f"\n{name}, natural, {seen} planes: rms difference to WSClean "
              f"{100 * worst['inner']:.4f} % of the peak in the inner half, "
              f"{100 * worst['whole']:.4f} % in all; brightest pixel {worst['place']:.2f} beams "
              "apart", flush=True)
        self.assertGreater(seen, 0.8 * channels)
        self.assertLessEqual(worst["inner"], 2e-4)
        self.assertLessEqual(worst["whole"], 2e-4)
        self.assertLessEqual(worst["place"], 0.2)

    def compare_density(self, name, channels, channel, size, cell):
        """Uniform and Briggs depend on the cells of the density, and noise much more than a sky:
        each program is held to the sum with its own cells, and that explains their difference."""
        path = pathlib.Path(DATA) / "ms" / name
        samples = PlaneSamples(path, channel)
        cell_rad = np.radians(cell / 3600)
        y, x = np.random.default_rng(1).integers(size // 4, size - size // 4, (2, 200))

        def truth(weighting, cells):
            weights = samples.imaging_weights(weighting, 0.5, size, cell_rad, cells)
            return samples.dirty(weights, size, cell_rad, y, x)

        for weighting in ("uniform", "briggs"):
            prefix = self.dirty_cube(path, weighting, size, cell)
            plane = fits.getdata(f"{prefix}.image.fits")[0, channel]
            dirty = Wsclean(self.folder, path, size, cell, channels, weighting).plane("dirty",
                                                                                     channel)
            peak = np.abs(dirty).max()
            ours = rms(plane[y, x] - truth(weighting, "nearest")) / peak
            theirs = rms(dirty[y, x] - truth(weighting, "half_open")) / peak
            between = rms((plane - dirty)[y, x]) / peak
            print(f"\n{name}, {weighting}, channel {channel}, % of the peak: ours to the sum "
                  f"{100 * ours:.4f}, WSClean to the sum with its cells {100 * theirs:.4f}, ours "
                  f"to WSClean {100 * between:.4f}", flush=True)
            self.assertLessEqual(ours, 2e-4)
            if weighting == "briggs":  # its uniform weights are not w/W where w differs
                self.assertLessEqual(theirs, 2e-4)

    @needs_wsclean
    def test_vla(self):
        self.compare_natural("vla_J1008_36GHz_64ch.ms", 64, 256, 0.25)
        self.compare_density("vla_J1008_36GHz_64ch.ms", 64, 20, 256, 0.25)

    @needs_wsclean
    def test_alma(self):
        self.compare_natural("alma_HD142527_345GHz_FREQ78.ms", 1, 256, 0.05)
        self.compare_density("alma_HD142527_345GHz_FREQ78.ms", 1, 0, 256, 0.05)

    @needs_wsclean
    def test_lofar(self):
        self.compare_natural("lofar_hba_64ch.ms", 64, 64, 120)
        self.compare_density("lofar_hba_64ch.ms", 64, 20, 64, 120)

    @needs_wsclean
    def test_wsrt(self):
        self.compare_natural("wsrt_3C343_16ch.ms", 16, 128, 8)

    def test_halves_of_the_band_make_the_planes_of_the_whole(self):
        folder = pathlib.Path(DATA) / "ms"
        options = dict(column="data", size=128, cell="0.25arcsec", niter=200, weighting="briggs",
                       threshold="1mJy")
        whole = self.cube(folder / "vla_J1008_36GHz_64ch.ms", "whole", **options)
        halves = self.cube(f"[{folder}/vla_J1008_36GHz_lo32.ms, {folder}/vla_J1008_36GHz_hi32.ms]",
                           "halves", **options)
        for product in ("image", "residual"):
            a = fits.getdata(f"{whole}.{product}.fits")
            b = fits.getdata(f"{halves}.{product}.fits")
            self.assertEqual(a.shape, b.shape)
            self.assertEqual(a.shape[1], 64)
            for channel in range(64):
                # The sets' UVW differ by up to 20 micrometres, so that not every bit can agree.
                np.testing.assert_allclose(a[0, channel], b[0, channel], rtol=0,
                                           atol=1e-3 * np.abs(a[0, channel]).max())


if __name__ == "__main__":
    unittest.main()
