# SPDX-License-Identifier: GPL-3.0-or-later
"""Real MeasurementSets become cubes; their dirty images agree with WSClean's."""
import pathlib
import shutil
import subprocess
import unittest

import numpy as np
from astropy.io import fits

from skymill_runs import DATA, RunTest, needs_data


@needs_data
@unittest.skipUnless(shutil.which("wsclean"), "WSClean is not installed")
class RealMeasurementSets(RunTest):
    def wsclean(self, measurement_set, channels, size, cell):
        """Naturally weighted dirty images by WSClean, [channel][y][x].

        Without -no-small-inversion WSClean grids at a lower resolution and interpolates the image,
        which costs it up to 3 % of the peak at the edges (measured against the direct sum).
        """
        copy = self.folder / pathlib.Path(measurement_set).name  # it writes into the set
        if not copy.exists():
            shutil.copytree(measurement_set, copy)
            subprocess.run(["chmod", "-R", "u+w", copy], check=True)
        name = self.folder / "wsclean"
        command = ["wsclean", "-size", str(size), str(size), "-scale", cell, "-weight", "natural",
                   "-niter", "0", "-use-wgridder", "-wgridder-accuracy", "1e-6", "-padding", "2",
                   "-no-small-inversion", "-data-column", "DATA", "-j", "2", "-name", name]
        if channels > 1:
            command += ["-channels-out", str(channels)]
        done = subprocess.run([*map(str, command), str(copy)], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr[-2000:])
        files = [f"{name}-{k:04d}-dirty.fits" for k in range(channels)] if channels > 1 else \
            [f"{name}-dirty.fits"]
        return [fits.getdata(file)[0, 0] for file in files]

    def compare(self, name, channels, size, cell, casa_cell):
        path = pathlib.Path(DATA) / "ms" / name
        prefix = self.cube(path, "cube", column="data", size=size, cell=casa_cell, niter=0,
                           weighting="natural")
        with fits.open(f"{prefix}.image.fits") as ours:
            header = ours[0].header
            cube = ours[0].data[0]
            if channels > 1:
                beam_pixels = ours["BEAMS"].data["BMIN"] / 3600 / header["CDELT2"]
            else:
                beam_pixels = [header["BMIN"] / header["CDELT2"]]
        self.assertEqual(cube.shape, (channels, size, size))
        worst = {"inner": 0, "whole": 0, "place": 0}
        quarter = slice(size // 4, size - size // 4)
        for channel, theirs in enumerate(self.wsclean(path, channels, size, cell)):
            plane = cube[channel]
            peak = np.abs(theirs).max()
            if not peak > 0:  # 0 or NaN
                self.assertTrue(np.isnan(plane).all())  # no data: masked, not silently blank
                continue
            difference = plane - theirs
            inner = np.sqrt(np.mean(difference[quarter, quarter] ** 2)) / peak
            whole = np.sqrt(np.mean(difference ** 2)) / peak
            place = np.subtract(np.unravel_index(np.argmax(plane), plane.shape),
                                np.unravel_index(np.argmax(theirs), theirs.shape))
            worst["inner"] = max(worst["inner"], inner)
            worst["whole"] = max(worst["whole"], whole)
            worst["place"] = max(worst["place"], np.abs(place).max() / beam_pixels[channel])
        print(f"\n{name}: rms difference to WSClean {100 * worst['inner']:.4f} % of the peak in the "
              f"inner half, {100 * worst['whole']:.4f} % in all; brightest pixel "
              f"{worst['place']:.2f} beams apart", flush=True)
        self.assertLessEqual(worst["inner"], 0.005)
        self.assertLessEqual(worst["whole"], 0.01)
        self.assertLessEqual(worst["place"], 0.2)

    def test_vla(self):
        self.compare("vla_J1008_36GHz_64ch.ms", 64, 256, "0.25asec", "0.25arcsec")

    def test_alma(self):
        self.compare("alma_HD142527_345GHz_FREQ78.ms", 1, 256, "0.05asec", "0.05arcsec")

    def test_lofar(self):
        self.compare("lofar_hba_64ch.ms", 64, 64, "2amin", "2arcmin")

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
