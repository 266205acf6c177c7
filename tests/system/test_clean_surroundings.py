# SPDX-License-Identifier: GPL-3.0-or-later
"""What is around the imager: masks, primary beams, one beam for all, the model in the data."""
import json
import unittest

import numpy as np
from casacore.images import image
from casacore.tables import table

from skymill_runs import RunTest

SIMULATION = """
skymill: 1
description: two sources
stages:
  simulate:
    antennas: 16
    times: 12
    interval: 600s
    nchan: 3
    noise: 0.02Jy
    sources: [90arcsec 0arcsec 1Jy, -60arcsec 60arcsec 0.4Jy]
  write: { use: ms_writer, output: a.ms }
"""


def channels(prefix):
    """The figures of every plane in the record of a run."""
    def found(node):
        if isinstance(node, dict):
            if isinstance(node.get("channels"), list):
                yield node["channels"]
            for value in node.values():
                yield from found(value)
        elif isinstance(node, list):
            for value in node:
                yield from found(value)
    return next(found(json.loads(prefix.with_suffix(".run.json").read_text())))


ALL = "concat.casa=[image, residual, psf, model, mask, sumwt, pb, image.pbcor]"
SECOND = (58, 58)  # y, x of the fainter source in images of 96 pixels of 6 arcsec


class CleanSurroundings(RunTest):
    options = dict(size=96, cell="6arcsec", threshold="20mJy", weighting="natural")

    def setUp(self):
        super().setUp()
        (self.folder / "sim.yaml").write_text(SIMULATION)
        self.skymill("run", "sim.yaml")
        self.ms = self.folder / "a.ms"

    def test_products(self):
        region = "circle[[33pix, 48pix], 8pix]"
        prefix = self.cube(self.ms, "masked", "--set", ALL, mask=region, pbcor="true",
                           restoringbeam="common", pblimit=0.9, **self.options)
        opened = {name: image(f"{prefix}.{name}") for name in
                  ("image", "residual", "psf", "pb", "image.pbcor", "sumwt", "mask", "model")}
        pixels = {name: np.squeeze(opened[name].getdata()) for name in opened}
        y, x = np.mgrid[:96, :96]
        inside = (x - 33) ** 2 + (y - 48) ** 2 <= 64
        np.testing.assert_array_equal(pixels["mask"][1] > 0.5, inside)
        self.assertTrue(np.all(pixels["model"][:, ~inside] == 0))
        self.assertGreater(pixels["model"][:, inside].sum(axis=1).min(), 0.95)
        self.assertGreater(pixels["residual"][:, SECOND[0], SECOND[1]].min(), 0.35)
        self.assertEqual(opened["sumwt"].shape(), [3, 1, 1, 1])
        figures = channels(prefix)
        np.testing.assert_allclose(pixels["sumwt"], [c["sumwt"] for c in figures], rtol=1e-6)
        self.assertIn("major", opened["image"].info()["imageinfo"]["restoringbeam"])
        self.assertIn("perplanebeams", opened["residual"].info()["imageinfo"])
        # casacore's masks are true where python has bad pixels; the beam is cut at 0.9.
        bad = np.squeeze(opened["pb"].getmask())
        self.assertTrue(np.all(pixels["pb"][~bad] > 0.9))
        self.assertTrue(np.all(pixels["pb"][bad] == 0))
        np.testing.assert_array_equal(np.squeeze(opened["image"].getmask()), bad)
        good = ~bad
        np.testing.assert_allclose(pixels["image.pbcor"][good],
                                   (pixels["image"] / np.where(bad, 1, pixels["pb"]))[good],
                                   rtol=1e-5)

    def test_an_empty_mask_ends_with_code_7_and_restores(self):
        prefix = self.cube(self.ms, "empty", mask="circle[[900pix, 40pix], 8pix]", **self.options)
        self.assertEqual([(c["stop_code"], c["iterations"]) for c in channels(prefix)],
                         [(7, 0)] * 3)
        np.testing.assert_array_equal(image(f"{prefix}.image").getdata(),
                                      image(f"{prefix}.residual").getdata())

    def test_the_model_in_the_data(self):
        prefix = self.cube(self.ms, "saved", savemodel="modelcolumn", niter=500, **self.options)
        residual = image(f"{prefix}.residual").getdata()
        with table(str(self.ms), readonly=False, ack=False) as main:
            data = main.getcol("DATA")
            main.putcol("DATA", data - main.getcol("MODEL_DATA"))
        again = self.cube(self.ms, "less", column="data", niter=0, **self.options)
        self.assertLess(np.abs(image(f"{again}.image").getdata() - residual).max(), 1e-3)
        # Cleaning goes on from the model as if it had never stopped: nothing is left to do.
        with table(str(self.ms), readonly=False, ack=False) as main:
            main.putcol("DATA", data)
        more = self.cube(self.ms, "more", niter=500, startmodel=f"{prefix}.model", **self.options)
        self.assertEqual({c["iterations"] for c in channels(more)}, {0})
        self.assertLess(np.abs(image(f"{more}.residual").getdata() - residual).max(), 1e-3)

    def test_what_does_not_fit_says_what_differs(self):
        prefix = self.cube(self.ms, "first", niter=10, **self.options)
        options = dict(self.options, size=128)
        self.cube(self.ms, "other", niter=10, mask=f"{prefix}.model", code=5, **options)
        self.assertIn("its size is 96 x 96 instead of 128 x 128", self.last.stderr)
        self.cube(self.ms, "other", niter=10, startmodel=f"{prefix}.image", code=5,
                  **self.options)
        self.assertIn("Jy/beam instead of Jy/pixel", self.last.stderr)


if __name__ == "__main__":
    unittest.main()
