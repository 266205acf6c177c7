# SPDX-License-Identifier: GPL-3.0-or-later
"""MeasurementSets of several windows become one, and python-casacore finds all samples in it."""
import unittest

import casacore.tables
import numpy as np

from skymill_runs import SOURCE, RunTest


class JoinMs(RunTest):
    def setUp(self):
        super().setUp()
        self.low, _ = self.simulate("low.ms", nchan=4, freq="1.4GHz", times=3, antennas=6)
        self.high, _ = self.simulate("high.ms", nchan=4, freq="1.404GHz", times=3, antennas=6)

    def join(self, *inputs, code=0, **parameters):
        arguments = ["run", SOURCE / "pipelines/join_ms.yaml", "--param",
                     "input=[" + ", ".join(map(str, inputs)) + "]", "--param", "output=all.ms"]
        for key, value in parameters.items():
            arguments += ["--param", f"{key}={value}"]
        return self.skymill(*arguments, code=code)

    def table(self, name, subtable=""):
        return casacore.tables.table(str(self.folder / name) + subtable, ack=False)

    def test_windows_that_follow_each_other_become_one(self):
        for inputs in ((self.low, self.high), (self.high, self.low)):
            self.join(*inputs, join_spw="true", overwrite="true")
            windows = self.table("all.ms", "::SPECTRAL_WINDOW")
            np.testing.assert_allclose(windows.getcol("CHAN_FREQ"),
                                       [1.4e9 + 1e6 * np.arange(8)], rtol=1e-15)
            data = self.table("all.ms").getcol("DATA")
            np.testing.assert_array_equal(data[:, :4], self.table("low.ms").getcol("DATA"))
            np.testing.assert_array_equal(data[:, 4:], self.table("high.ms").getcol("DATA"))

    def test_windows_stand_side_by_side(self):
        self.join(self.low, self.high)
        self.assertEqual(self.table("all.ms", "::SPECTRAL_WINDOW").nrows(), 2)
        whole = self.table("all.ms")
        for window, name in enumerate(("low.ms", "high.ms")):
            rows = whole.query(f"DATA_DESC_ID=={window}")
            np.testing.assert_array_equal(rows.getcol("DATA"), self.table(name).getcol("DATA"))

    def test_what_cannot_join_leaves_no_output(self):
        other, _ = self.simulate("other.ms", nchan=4, freq="1.402GHz", times=3, antennas=6)
        failed = self.join(self.low, other, join_spw="true", code=5)
        self.assertIn("cannot be joined", failed.stdout + failed.stderr)
        self.assertFalse((self.folder / "all.ms").exists())
        self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    unittest.main()
