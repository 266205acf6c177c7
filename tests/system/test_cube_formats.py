# SPDX-License-Identifier: GPL-3.0-or-later
"""The cube opens in python-casacore and astropy, and does not depend on the number of threads."""
import json
import pathlib
import unittest

import casacore.images
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

from skymill_runs import RunTest


class CubeFormats(RunTest):
    @classmethod
    def setUpClass(cls):
        cls.parameters = dict(size=[200, 160], cell="4arcsec", niter=300, weighting="briggs")

    def test_python_casacore_and_astropy_see_the_same_cube(self):
        path, truth = self.simulate(nchan=5, noise="0.05Jy")
        prefix = self.cube(path, "cube", **self.parameters)
        with fits.open(f"{prefix}.image.fits") as hdus:
            hdus.verify("exception")
            header, data = hdus[0].header, hdus[0].data
            beams = hdus["BEAMS"].data
        self.assertEqual(data.shape, (1, 5, 160, 200))
        self.assertEqual(header["BUNIT"], "Jy/beam")
        self.assertEqual(header["SPECSYS"], "TOPOCENT")
        wcs = WCS(header)
        np.testing.assert_allclose(wcs.spectral.wcs_pix2world(np.arange(5), 0)[0],
                                   1.4e9 + 1e6 * np.arange(5), rtol=1e-12)
        centre = wcs.celestial.wcs_pix2world([[100, 80]], 0)[0]
        np.testing.assert_allclose(np.radians(centre),
                                   [truth["phase_centre"]["ra_rad"] % (2 * np.pi),
                                    truth["phase_centre"]["dec_rad"]], atol=1e-12)

        for product, unit in (("image", "Jy/beam"), ("residual", "Jy/beam"),
                              ("model", "Jy/pixel"), ("psf", "")):
            image = casacore.images.image(f"{prefix}.{product}")
            self.assertEqual(image.shape(), [5, 1, 160, 200])  # freq, stokes, dec, ra
            self.assertEqual(image.unit(), unit)
        image = casacore.images.image(f"{prefix}.image")
        np.testing.assert_array_equal(image.getdata()[:, 0], data[0])
        coordinates = image.coordinates()
        spectral = coordinates.get_coordinate("spectral")
        self.assertAlmostEqual(spectral.get_referencevalue(), 1.4e9, delta=1e-3)
        self.assertAlmostEqual(spectral.get_increment(), 1e6, delta=1e-3)
        self.assertEqual(spectral.get_frame(), "TOPO")
        direction = coordinates.get_coordinate("direction")
        np.testing.assert_allclose(np.abs(direction.get_increment()), np.radians(4 / 3600),
                                   rtol=1e-12)
        info = image.imageinfo()
        self.assertEqual(info["perplanebeams"]["nChannels"], 5)
        for k in range(5):
            beam = info["perplanebeams"][f"*{k}"]
            self.assertEqual(beam["major"]["unit"], "arcsec")
            self.assertAlmostEqual(beam["major"]["value"], beams["BMAJ"][k], places=4)
            self.assertAlmostEqual(beam["positionangle"]["value"], beams["BPA"][k], places=3)
        self.assertTrue((beams["BMAJ"] > 0).all())

    def test_one_and_two_threads_make_identical_products(self):
        path, _ = self.simulate(nchan=6, noise="0.05Jy")
        one = self.cube(path, "one", "--threads", 1, **self.parameters)
        two = self.cube(path, "two", "--threads", 2, **self.parameters)
        for product in ("image", "residual", "psf", "model", "image.fits", "residual.fits"):
            a, b = pathlib.Path(f"{one}.{product}"), pathlib.Path(f"{two}.{product}")
            self.assertIn("identical", self.skymill("diff", a, b).stdout)

    def test_diff_finds_a_difference(self):
        path, _ = self.simulate(nchan=2, noise="0.05Jy")
        one = self.cube(path, "one", **self.parameters)
        two = self.cube(path, "two", **dict(self.parameters, niter=299))
        found = self.skymill("diff", f"{one}.image", f"{two}.image", code=1).stdout
        self.assertIn("channel 0 I", found)
        self.assertIn("pixels differ", found)
        self.assertIn("histories differ", found)

    def test_the_record_tells_what_ran(self):
        path, _ = self.simulate(nchan=3)
        prefix = self.cube(path, "cube", **self.parameters)
        record = json.loads(pathlib.Path(f"{prefix}.run.json").read_text())
        self.assertEqual(record["verdict"], "clean")
        self.assertEqual([p["path"] for p in record["inputs"]], [str(path)])
        self.assertEqual(len(record["outputs"]), 7)
        image = next(s for s in record["stages"] if s["name"] == "image")
        self.assertEqual(image["parameters"]["niter"], {"value": "300", "from": "--param niter"})
        self.assertEqual(len(image["tables"]["channels"]), 3)
        self.assertGreater(record["memory"]["resident_peak_bytes"], 1 << 20)
        self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    unittest.main()
