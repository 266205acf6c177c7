#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plugins of docs/examples: each by its own .ci/run, then on simulated data, judged by numpy."""
import json
import shutil
import unittest

import numpy as np
from astropy.io import fits
from casacore import tables

from installed import PREFIX, SOURCE, Installed


class Examples(Installed):
    def make(self, name):
        """A copy of the example, tested by its own CI."""
        folder = self.folder / name
        shutil.copytree(SOURCE / "docs/examples" / name, folder,
                        ignore=shutil.ignore_patterns("build"))
        self.shell(f".ci/run {PREFIX}", folder=folder)
        return folder

    def test_average(self):
        folder = self.make("average")
        (folder / "both.yaml").write_text("""
skymill: 1
description: The same visibilities, whole and averaged
stages:
  simulate: { antennas: 6, times: 12, interval: 10s, nchan: 10, noise: 1Jy }
  whole: { use: ms_writer, output: whole.ms }
  average: { time: 30s, channels: 4, in: simulate }
  write: { use: ms_writer, output: average.ms }
""")
        self.shell("skymill run both.yaml --plugin build/average.so", folder=folder)
        whole = tables.table(str(folder / "whole.ms"), ack=False)
        mean = tables.table(str(folder / "average.ms"), ack=False)
        first = whole.getcol("TIME").min()
        bins = np.floor((whole.getcol("TIME") - first + 1e-6) / 30)
        pairs = list(zip(whole.getcol("ANTENNA1"), whole.getcol("ANTENNA2")))
        data, uvw = whole.getcol("DATA"), whole.getcol("UVW")
        groups = [slice(0, 4), slice(4, 8), slice(8, 10)]
        self.assertEqual(mean.nrows(), whole.nrows() // 3)
        for row in range(mean.nrows()):
            time = np.floor((mean.getcell("TIME", row) - first) / 30)
            pair = (mean.getcell("ANTENNA1", row), mean.getcell("ANTENNA2", row))
            rows = [i for i in range(len(pairs)) if pairs[i] == pair and bins[i] == time]
            self.assertEqual(len(rows), 3)
            expected = [data[rows][:, group].mean(axis=(0, 1)) for group in groups]
            np.testing.assert_allclose(mean.getcell("DATA", row), expected, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(mean.getcell("UVW", row), uvw[rows].mean(axis=0), rtol=1e-12,
                                       atol=1e-9)
            self.assertAlmostEqual(mean.getcell("EXPOSURE", row), 30)
        window = tables.table(str(folder / "average.ms/SPECTRAL_WINDOW"), ack=False)
        before = tables.table(str(folder / "whole.ms/SPECTRAL_WINDOW"), ack=False)
        widths = before.getcell("CHAN_WIDTH", 0)
        np.testing.assert_allclose(window.getcell("CHAN_WIDTH", 0), widths[0] * np.array([4, 4, 2]))
        frequencies = before.getcell("CHAN_FREQ", 0)
        np.testing.assert_allclose(window.getcell("CHAN_FREQ", 0),
                                   [frequencies[group].mean() for group in groups])

    def test_wsclean_task(self):
        folder = self.make("wsclean_task")
        run = "skymill run wsclean_task.yaml --plugin build/wsclean_task.so --param output=out/sky"
        if not shutil.which("wsclean", path="/usr/local/bin:/usr/bin:/bin"):
            self.assertIn("apt install wsclean", self.shell(run, 1, folder))
            self.skipTest("WSClean is not installed; only that the error says so was tested")
        self.shell(run, folder=folder)
        image = fits.getdata(folder / "out/sky-image.fits")[0, 0]
        self.assertEqual(image.shape, (256, 256))
        self.assertEqual(np.unravel_index(np.argmax(image), image.shape), (128, 128))
        self.assertAlmostEqual(image.max(), 2, delta=0.02)  # Jy, as simulated
        record = json.loads((folder / "out/sky.run.json").read_text())
        (row,) = record["stages"][-1]["tables"]["wsclean"]
        self.assertIn("WSClean version", row["version"])
        self.assertIn("-size 256 256", row["command"])
        names = sorted(path.name for path in (folder / "out").glob("*.fits*"))
        self.assertEqual(names, ["sky-dirty.fits", "sky-image.fits", "sky-psf.fits"])


if __name__ == "__main__":
    unittest.main()
