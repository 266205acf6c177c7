# SPDX-License-Identifier: GPL-3.0-or-later
"""pipelines/apply.yaml: tables made with python-casacore, corrected data judged by numpy."""
import json
import subprocess
import unittest

import numpy as np
from casacore import tables

import skymill_runs
from skymill_runs import PROGRAM, SOURCE


class Apply(skymill_runs.RunTest):
    def setUp(self):
        super().setUp()
        self.ms, _ = self.simulate(antennas=8, times=6, nchan=8, sources=2)

    def gain_table(self, path, times, gains):
        """A G table as CASA writes it (calibration.md 4.1); gains [time][antenna][pol]."""
        antennas = gains.shape[1]
        description = tables.maketabdesc(
            [tables.makescacoldesc("TIME", 0.0, keywords={
                "QuantumUnits": ["s"], "MEASINFO": {"type": "epoch", "Ref": "UTC"}})]
            + [tables.makescacoldesc(name, 0) for name in (
                "FIELD_ID", "SPECTRAL_WINDOW_ID", "ANTENNA1", "ANTENNA2")]
            + [tables.makescacoldesc("INTERVAL", 0.0, keywords={"QuantumUnits": ["s"]})]
            + [tables.makescacoldesc(name, 0) for name in ("SCAN_NUMBER", "OBSERVATION_ID")]
            + [tables.makearrcoldesc("CPARAM", 0j, valuetype="complex", ndim=-1)]
            + [tables.makearrcoldesc(name, 0.0, valuetype="float", ndim=-1)
               for name in ("PARAMERR", "SNR", "WEIGHT")]
            + [tables.makearrcoldesc("FLAG", False, ndim=-1)])
        with tables.table(path, description, nrow=len(times) * antennas, ack=False) as table:
            table.putinfo({"type": "Calibration", "subType": "G Jones", "readme": ""})
            for keyword, value in (("ParType", "Complex"), ("MSName", "sim.ms"),
                                   ("VisCal", "G Jones"), ("PolBasis", "unknown"),
                                   ("CASA_Version", "6.5.4-9")):
                table.putkeyword(keyword, value)
            row = 0
            for t, time in enumerate(times):
                for antenna in range(antennas):
                    table.putcell("TIME", row, time)
                    table.putcell("ANTENNA1", row, antenna)
                    table.putcell("CPARAM", row, gains[t, antenna][None, :].astype("c8"))
                    table.putcell("FLAG", row, np.zeros((1, 2), bool))
                    for name in ("PARAMERR", "SNR"):
                        table.putcell(name, row, np.ones((1, 2), "f4"))
                    row += 1
            with tables.table(str(self.ms), ack=False) as ms:
                for name in ("OBSERVATION", "ANTENNA", "FIELD", "SPECTRAL_WINDOW", "HISTORY"):
                    with tables.table(ms.getkeyword(name), ack=False) as part:
                        part.copy(f"{path}/{name}", deep=True).close()
                    table.putkeyword(name, f"Table: {path}/{name}")

    def column(self, name):
        with tables.table(str(self.ms), ack=False) as table:
            return table.getcol(name)

    def test_corrected_data_follow_from_the_table(self):
        time = self.column("TIME")
        rng = np.random.default_rng(3)
        moments = np.array([time.min() + 30, time.max() - 30])
        gains = rng.uniform(0.5, 2, (2, 8, 2)) * np.exp(1j * rng.uniform(-np.pi, np.pi, (2, 8, 2)))
        path = str(self.folder / "my.gcal")
        self.gain_table(path, moments, gains)
        data, weight = self.column("DATA"), self.column("WEIGHT")
        part = np.clip((time - moments[0]) / np.diff(moments), 0, 1)[:, None]
        one, two = self.column("ANTENNA1"), self.column("ANTENNA2")

        def at(antenna):
            a, b = gains[0, antenna], gains[1, antenna]
            amplitude = abs(a) * (1 - part) + abs(b) * part
            return amplitude * np.exp(1j * (np.angle(a) + part * np.angle(b / a)))

        product = (at(one) * at(two).conj())[:, None, :]
        for _ in range(2):  # the second time changes nothing
            self.skymill("run", SOURCE / "pipelines/apply.yaml", "--param", f"input={self.ms}",
                         "--param", f"tables={path}")
            corrected = self.column("CORRECTED_DATA")
            self.assertLess(abs(corrected - data / product).max() / abs(data).max(), 2e-6)
            self.assertTrue((self.column("DATA") == data).all())
            wanted = weight * abs(product[:, 0]) ** 2
            self.assertLess(abs(self.column("WEIGHT") / wanted - 1).max(), 1e-5)
            self.assertLess(abs(self.column("SIGMA") * wanted ** 0.5 - 1).max(), 1e-5)
        with tables.table(f"{self.ms}/HISTORY", ack=False) as history:
            messages = history.getcol("MESSAGE")
        self.assertTrue(any("calibrated by G" in text and "my.gcal" in text for text in messages))
        # Images of the column know it as well.
        cube = self.cube(self.ms, "cube", size=64, cell="30arcsec", niter=0)
        header = subprocess.run(["head", "-c", "40000", f"{cube}.image.fits"], capture_output=True)
        self.assertIn(b"calibrated by G", header.stdout)
        record = json.loads((self.folder / "sim.ms.apply.json").read_text())
        self.assertEqual(record["verdict"], "clean")

    def test_a_table_that_is_not_there_touches_nothing(self):
        self.skymill("run", SOURCE / "pipelines/apply.yaml", "--param", f"input={self.ms}",
                     "--param", f"tables={self.folder}/no.gcal", code=5)
        with tables.table(str(self.ms), ack=False) as table:
            self.assertNotIn("CORRECTED_DATA", table.colnames())


if __name__ == "__main__":
    unittest.main()
