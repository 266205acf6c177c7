# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs on data from which no usual image comes; docs/guide/imaging.md says what does."""
import json
import pathlib
import unittest

import numpy as np
from astropy.io import fits
from casacore import tables

from skymill_runs import RunTest

GRIDDERS = ("wgridder", "standard")


class AwkwardData(RunTest):
    def simulated(self, change, **parameters):
        """A small observation, changed by change(main table)."""
        path, _ = self.simulate(nchan=2, times=6, antennas=8, **parameters)
        with tables.table(str(path), ack=False, readonly=False) as table:
            change(table)
        return path

    def images(self, path, *extra, code=0, **parameters):
        """FITS cube and record by each gridder."""
        for gridder in GRIDDERS:
            options = dict({"size": 64, "cell": "5arcsec", "niter": 20, "overwrite": "true"},
                           **parameters)
            prefix = self.cube(path, gridder, "--set", f"image.gridder={gridder}", *extra,
                               code=code, **options)
            if code == 0:
                record = json.loads(pathlib.Path(f"{prefix}.run.json").read_text())
                stage = next(s for s in record["stages"] if s["name"] == "image")
                yield fits.getdata(f"{prefix}.image.fits")[0], stage["tables"]["channels"], record
            else:
                # Of a run that made nothing its record and page are all that is left.
                made = {path.name for pattern in (f"{gridder}.*", f".{gridder}.*")
                        for path in self.folder.glob(pattern)}
                self.assertEqual(made - {f"{gridder}.run.json", f"{gridder}.html"}, set())
                yield None

    def test_all_flagged(self):
        def flag_all(table):
            table.putcol("FLAG", np.ones_like(table.getcol("FLAG")))
        path = self.simulated(flag_all)
        for _ in self.images(path, code=5):
            self.assertIn("no channel has usable data", self.last.stderr)

    def test_one_channel_flagged(self):
        def flag_second(table):
            flags = table.getcol("FLAG")
            flags[:, 1] = True
            table.putcol("FLAG", flags)
        path = self.simulated(flag_second)
        for cube, channels, _ in self.images(path):
            self.assertTrue(np.isfinite(cube[0]).all())
            self.assertTrue(np.isnan(cube[1]).all())
            self.assertEqual(channels[1]["stop"], "no usable data")

    def test_zero_weights(self):
        def no_weight(table):
            table.putcol("WEIGHT", np.zeros_like(table.getcol("WEIGHT")))
            if "WEIGHT_SPECTRUM" in table.colnames() and table.iscelldefined("WEIGHT_SPECTRUM", 0):
                table.putcol("WEIGHT_SPECTRUM", np.zeros_like(table.getcol("WEIGHT_SPECTRUM")))
        path = self.simulated(no_weight)
        for _ in self.images(path, code=5):
            self.assertIn("no channel has usable data", self.last.stderr)

    def test_only_antennas_with_themselves(self):
        def one_antenna(table):
            table.putcol("ANTENNA2", table.getcol("ANTENNA1"))
            table.putcol("UVW", np.zeros_like(table.getcol("UVW")))
        path = self.simulated(one_antenna)
        for _ in self.images(path, code=5):
            self.assertIn("has no rows", self.last.stderr)
            self.assertIn("autocorrelations", self.last.stderr)
        for cube, _, record in self.images(path, "--set", "read.autocorrelations=true", niter=0):
            # The standard kernel errs most where all samples are in one place.
            self.assertLess(np.ptp(cube[0]), 0.025 * np.abs(cube[0]).max())
            self.assertIn("no beam could be fitted", json.dumps(record))

    def test_one_baseline(self):
        def keep_one(table):
            flags = table.getcol("FLAG")
            flags[(table.getcol("ANTENNA1") != 0) | (table.getcol("ANTENNA2") != 1)] = True
            table.putcol("FLAG", flags)
        path = self.simulated(keep_one)
        for cube, _, _ in self.images(path, niter=0):
            self.assertTrue(np.isfinite(cube).all())
            self.assertGreater(np.ptp(cube[0]), 0)


if __name__ == "__main__":
    unittest.main()
