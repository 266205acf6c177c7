# SPDX-License-Identifier: GPL-3.0-or-later
"""A calibration corrects the same data to the same bits whether it comes from the solver, from
tables that others can read, or out of a store."""
import json
import pathlib
import subprocess
import sys
import unittest

import numpy as np
from casacore.tables import table

from skymill_runs import SOURCE, RunTest

CHECK = SOURCE / "tests/unit/ms/check_cal_table.py"

SIMULATE = """\
skymill: 1
record: simulate.json
stages:
  simulate:
    antennas: 8
    times: 6
    nchan: 4
    noise: 0.5Jy
    gain_amplitude: 0.2
    gain_phase: 40deg
    sources: [0arcsec 0arcsec 10Jy]
  write: { use: ms_writer, output: raw.ms }
"""

SOLVE = """\
skymill: 1
record: solve.json
stages:
  read:    { use: ms_reader, input: raw.ms }
  solve:   { flux: 10Jy, solve_per: spw, solint: 40s }
  tables:  { use: caltable_writer, in: solve, output: night }
  keep:    { use: store_calibration, in: solve, store: store, set: night }
"""

DIRECT = """\
skymill: 1
record: direct.json
stages:
  read:    { use: ms_reader, input: raw.ms }
  solve:   { flux: 10Jy, solve_per: spw, solint: 40s }
  again:   { use: ms_reader, input: raw.ms }
  apply:   { in: again, solutions: solve }
  write:   { use: ms_writer, output: direct.ms }
"""

# What is written is applied in the same run.
BOTH = DIRECT.replace("direct", "both") + """\
  tables:  { use: caltable_writer, in: solve, output: both }
"""

APPLY = """\
skymill: 1
record: %(name)s.json
stages:
  calibration: { %(source)s }
  read:        { use: ms_reader, input: raw.ms }
  apply:       { in: read, solutions: calibration }
  write:       { use: ms_writer, output: %(name)s.ms }
"""

RETIRE = """\
skymill: 1
record: retire.json
stages:
  retire_calibration: { store: store, sets: [night], reason: a test }
"""


class CaltablesTest(RunTest):
    def run_text(self, name, text, code=0):
        (self.folder / f"{name}.yaml").write_text(text)
        return self.skymill("run", f"{name}.yaml", code=code)

    def apply(self, name, source, code=0):
        return self.run_text(name, APPLY % {"name": name, "source": source}, code=code)

    def data(self, name):
        with table(str(self.folder / name), ack=False) as t:
            return t.getcol("DATA"), t.getcol("FLAG")

    def test_the_same_bits_on_every_way(self):
        self.run_text("simulate", SIMULATE)
        self.run_text("solve", SOLVE)
        self.run_text("direct", DIRECT)
        self.run_text("both", BOTH)
        done = subprocess.run([sys.executable, CHECK, self.folder / "night.gcal"],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

        self.apply("tables", "use: caltable_reader, tables: night.gcal")
        look_up = "use: calibration_store, store: store, input: raw.ms, terms: G"
        self.apply("stored", look_up)
        data, flags = self.data("direct.ms")
        self.assertLess(flags.mean(), 0.5)
        self.assertLess(abs(np.abs(data[~flags]).mean() - 10), 0.5)
        for name in ("both.ms", "tables.ms", "stored.ms"):
            other, other_flags = self.data(name)
            np.testing.assert_array_equal(other, data)
            np.testing.assert_array_equal(other_flags, flags)
        self.assertEqual(self.leftovers(), [])

        record = json.loads((self.folder / "stored.json").read_text())
        text = json.dumps(record)
        self.assertIn("store/sets/night/night.gcal", text)
        self.assertIn("solved_from", text)

        self.run_text("retire", RETIRE)
        refused = self.apply("late", look_up, code=5)
        self.assertIn("'night': it is retired: a test", refused.stdout + refused.stderr)
        self.assertFalse(pathlib.Path(self.folder / "late.ms").exists())


if __name__ == "__main__":
    unittest.main()
