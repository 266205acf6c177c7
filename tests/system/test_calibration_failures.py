# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong with a calibration, one case after the other: a sentence that names the place,
the right exit code, and data and products as they were; where it can go on, the right result."""
import json
import pathlib
import shutil
import unittest

import numpy as np
from casacore.tables import table

from skymill_runs import RunTest, SOURCE

APPLY = SOURCE / "pipelines/apply.yaml"
DSA110 = SOURCE / "pipelines/dsa110.yaml"
SKY = "[0arcsec 0arcsec 10Jy]"

SOLVE = """\
skymill: 1
parameters:
  input: { required: true }
  output: { required: true }
  flux: { default: none }
  calibrator: { default: "" }
  refant: { default: [] }
  doubtful: { default: warn }
stages:
  read: { use: ms_reader, input: $(input) }
  solve:
    flux: $(flux)
    calibrator: $(calibrator)
    refant: $(refant)
    doubtful: $(doubtful)
    solve_per: spw
  assess: { solutions: solve, on_fail: report }
  tables: { use: caltable_writer, in: solve, output: $(output) }
"""

STORE = """\
skymill: 1
parameters: { tables: { required: true }, store: { required: true }, set: { required: true } }
stages:
  read: { use: caltable_reader, tables: $(tables) }
  keep: { use: store_calibration, store: $(store), set: $(set) }
"""

FROM_STORE = """\
skymill: 1
parameters: { input: { required: true }, store: { required: true }, output: { required: true } }
stages:
  look: { use: calibration_store, store: $(store), input: $(input) }
  read: { use: ms_reader, input: $(input), datacolumn: data }
  apply: { solutions: look }
  write: { use: ms_writer, output: $(output) }
"""


def content(folder):
    """{file: bytes} of a table and what is in it, but for the locks that readers take."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*"))
            if path.is_file() and path.name != "table.lock"}


class CalibrationTest(RunTest):
    """Calibrates `cal.ms` of eight antennas, A1 to A8, and says what becomes of it."""

    def setUp(self):
        super().setUp()
        self.ms = self.observe("cal.ms")

    def observe(self, name, **settings):
        settings = {"simulate.sources": SKY, "simulate.gain_phase": "30deg",
                    **{f"simulate.{key}": value for key, value in settings.items()}}
        return self.simulate(name, antennas=8, times=6, nchan=4, noise="0.05Jy", **settings)[0]

    def run_text(self, text, code=0, **parameters):
        file = self.folder / "description.yaml"
        file.write_text(text)
        return self.run_file(file, code, **parameters)

    def run_file(self, file, code=0, **parameters):
        arguments = ["run", file, "--record", self.folder / "run.json"]
        for key, value in parameters.items():
            arguments += ["--param", f"{key}={value}"]
        self.last = self.skymill(*arguments, code=code)
        return self.last

    def record(self):
        return json.loads((self.folder / "run.json").read_text())

    def rows(self, name):
        return [row for stage in self.record()["stages"]
                for row in stage.get("tables", {}).get(name, [])]

    def solve(self, ms, name, code=0, **parameters):
        self.run_text(SOLVE, code, input=ms, output=self.folder / name,
                      **dict({"flux": "10Jy"}, **parameters))
        return self.folder / f"{name}.gcal"

    def error(self):
        """The one sentence that the last run ended with."""
        errors = [line for line in self.last.stderr.splitlines() if "error: " in line]
        self.assertEqual(len(errors), 1, self.last.stderr)
        return errors[0]

    def assert_says(self, *words):
        error = self.error()
        for word in words:
            self.assertIn(str(word), error)

    def apply_refused(self, ms, tables, code, *words, **parameters):
        """`apply` says so, and leaves the MeasurementSet as it was."""
        before = content(ms)
        self.run_file(APPLY, code, input=ms, tables=tables, **parameters)
        self.assert_says(*words)
        self.assertEqual(content(ms), before)
        self.assertEqual(self.leftovers(), [])

    @staticmethod
    def flag(ms, antenna):
        with table(str(ms), readonly=False, ack=False) as main:
            has = (main.getcol("ANTENNA1") == antenna) | (main.getcol("ANTENNA2") == antenna)
            flags = main.getcol("FLAG")
            flags[has] = True
            main.putcol("FLAG", flags)


class Solving(CalibrationTest):
    def solve_refused(self, code, *words, **parameters):
        before = content(self.ms)
        made = self.solve(self.ms, "no", code, **parameters)
        self.assert_says(*words)
        self.assertFalse(made.exists())
        self.assertEqual(content(self.ms), before)
        self.assertEqual(self.leftovers(), [])

    def test_without_a_model(self):
        self.solve_refused(2, "description.yaml:", "there is no model", "give a calibrator by name",
                           "flux", "model image", flux="none")

    def test_a_calibrator_that_nobody_knows(self):
        self.solve_refused(2, "description.yaml:", "3C2868", flux="none", calibrator="3C2868")

    def test_a_calibrator_that_is_elsewhere(self):
        self.solve_refused(5, "3C286", "field", "cal.ms", "choose the field of the calibrator",
                           flux="none", calibrator="3C286")

    def test_a_model_without_flux_is_said_once_for_all_three_terms(self):
        prefix = self.folder / "out/tile"
        self.run_file(DSA110, 2, input=self.folder / "in", output=prefix, simulate="true")
        self.assert_says("dsa110.yaml:", "there is no model", "flux")
        self.assertEqual(len(self.last.stderr.strip().splitlines()), 1)
        self.assertFalse(prefix.parent.exists())
        self.assertFalse((self.folder / "in").exists())

    def test_a_dead_reference_antenna(self):
        self.flag(self.ms, 2)
        made = self.solve(self.ms, "my", refant="[A3, A5]")
        record = self.record()
        self.assertEqual(record["verdict"], "degraded")
        self.assertIn("reference antenna 'A3' has no solutions; 'A5' took its place",
                      record["degraded_because"][0])
        with table(str(made), ack=False) as gains:
            self.assertEqual(set(gains.getcol("ANTENNA2")), {4})
            phases = np.angle(gains.query("ANTENNA1 == 4").getcol("CPARAM"))
        self.assertLess(np.abs(phases).max(), 1e-6)
        self.solve_refused(5, "not to be trusted", "reference antenna 'A3' has no solutions",
                           "flags and the model", refant="[A3, A5]", doubtful="fail")

    def test_a_reference_antenna_of_another_array(self):
        self.solve_refused(2, "refant", "'pad103'", "cal.ms", "from 'A1' to 'A8'",
                           refant="[pad103]")

    def test_an_antenna_wholly_flagged(self):
        whole = self.solve(self.ms, "whole")
        with table(str(whole), ack=False) as gains:
            expected = gains.getcol("CPARAM")
        self.flag(self.ms, 6)
        made = self.solve(self.ms, "my")
        with table(str(made), ack=False) as gains:
            antenna, flags, found = (gains.getcol(name) for name in ("ANTENNA1", "FLAG", "CPARAM"))
        dead = antenna == 6
        self.assertTrue(flags[dead].all())
        self.assertFalse(flags[~dead].any())
        self.assertTrue((found[dead] == 1).all())
        self.assertLess(np.abs(found[~dead] / expected[~dead] - 1).max(), 0.02)
        self.assertEqual([row["solutions_flagged"] for row in self.rows("antennas")],
                         [0, 0, 0, 0, 0, 0, 1, 0])
        # Its data are flagged, the others' are corrected.
        self.run_file(APPLY, 0, input=self.ms, tables=made)
        with table(str(self.ms), ack=False) as main:
            has = (main.getcol("ANTENNA1") == 6) | (main.getcol("ANTENNA2") == 6)
            flags, corrected = main.getcol("FLAG"), main.getcol("CORRECTED_DATA")
        self.assertTrue(flags[has].all())
        self.assertFalse(flags[~has].any())
        self.assertLess(np.abs(corrected[~has].mean() / 10 - 1), 0.01)

    def test_all_antennas_wholly_flagged(self):
        for antenna in range(8):
            self.flag(self.ms, antenna)
        self.solve_refused(5, "no solutions", "0 of 8 antennas have usable samples", "look at flags")

    def test_antennas_without_data_are_not_called_flagged(self):
        with table(str(self.ms), readonly=False, ack=False) as main:
            rows = main.query("ANTENNA1 > 1 AND ANTENNA2 > 1")
            rows.copy(str(self.folder / "six.ms"), deep=True).close()
        self.solve(self.folder / "six.ms", "my")
        terms = self.rows("terms")
        self.assertEqual([row["flagged"] for row in terms], [0])
        self.assertEqual([row["antennas"] for row in terms], [6])
        self.assertEqual([row["name"] for row in self.rows("antennas_G")],
                         ["A3", "A4", "A5", "A6", "A7", "A8"])


class Applying(CalibrationTest):
    def setUp(self):
        super().setUp()
        self.table = self.solve(self.ms, "my")

    def test_a_table_of_another_array(self):
        other = self.observe("other.ms", radius="300m")
        self.apply_refused(other, self.table, 5, "stage 'apply'", "my.gcal", "other.ms",
                           "another array", "antenna 'A1' stands", "take solutions of the same")
        with table(f"{other}/ANTENNA", readonly=False, ack=False) as antennas:
            antennas.putcol("NAME", [f"pad{k}" for k in range(8)])
        self.apply_refused(other, self.table, 5, "my.gcal", "other.ms",
                           "have no antenna in common: 'A1' there, 'pad0' here")

    def test_a_table_of_another_declination_strip(self):
        other = self.observe("other.ms", dec="10deg")
        self.apply_refused(other, self.table, 5, "my.gcal", "made at declination 37 deg",
                           "other.ms", "is at 10 deg", "dec_guard, 5 deg",
                           "take solutions of the same strip")
        self.run_file(APPLY, 0, input=other, tables=self.table, dec_guard="none")

    def test_a_table_out_of_validity(self):
        other = self.observe("other.ms", start_mjd=60002.5)
        self.apply_refused(other, self.table, 5, "my.gcal", "out of validity", "2 d from data of",
                           "other.ms", "MJD 60002.500", "max_age is 1 d", "solve nearer in time")
        self.run_file(APPLY, 0, input=other, tables=self.table, max_age="3d")

    def test_a_table_of_the_other_sense_of_uvw(self):
        other = self.folder / "other.ms"
        shutil.copytree(self.ms, other)
        with table(str(other), readonly=False, ack=False) as main:
            main.putkeyword("UVW_CONVENTION", "r(ANTENNA2) - r(ANTENNA1)")
            main.putcol("UVW", -main.getcol("UVW"))
            main.putcol("DATA", main.getcol("DATA").conj())
        self.apply_refused(other, self.table, 5, "my.gcal", "uvw = r(antenna1) - r(antenna2)",
                           "other.ms", "has r(antenna2) - r(antenna1)", "other sign",
                           "conjugate: auto")
        self.run_file(APPLY, 0, input=other, tables=self.table, conjugate="auto")
        with table(str(other), ack=False) as main:
            corrected = main.getcol("CORRECTED_DATA")
        self.assertLess(np.abs(corrected.mean() / 10 - 1), 0.01)

    def test_a_table_cut_short(self):
        files = sorted(p.name for p in self.table.glob("table.*")
                       if p.name not in ("table.lock", "table.info"))
        self.assertGreater(len(files), 2)
        for name in files:
            with self.subTest(file=name):
                cut = self.folder / "cut.gcal"
                shutil.rmtree(cut, ignore_errors=True)
                shutil.copytree(self.table, cut)
                with open(cut / name, "r+b") as file:
                    file.truncate((cut / name).stat().st_size // 2)
                self.apply_refused(self.ms, cut, 5, "stage 'tables'", "cut.gcal",
                                   "damaged or incomplete", "copy it again")
                self.assertNotIn("not writable", self.error())

    def test_a_table_without_a_subtable(self):
        shutil.rmtree(self.table / "SPECTRAL_WINDOW")
        self.apply_refused(self.ms, self.table, 5, "my.gcal", "SPECTRAL_WINDOW")

    def test_what_is_no_table(self):
        self.apply_refused(self.ms, self.ms, 5, "cal.ms", "is no calibration table",
                           "Measurement Set")
        self.apply_refused(self.ms, self.folder / "no.gcal", 5, "no.gcal", "does not exist")


class Storing(CalibrationTest):
    def setUp(self):
        super().setUp()
        self.store = self.folder / "store"
        self.table = self.solve(self.ms, "my")

    def keep(self, path, name="first"):
        self.run_text(STORE, 0, tables=path, store=self.store, set=name)

    def take(self, ms, code=0):
        made = self.folder / "made.ms"
        shutil.rmtree(made, ignore_errors=True)
        self.run_text(FROM_STORE, code, store=self.store, input=ms, output=made)
        self.assertEqual(made.exists(), code == 0)
        self.assertEqual(self.leftovers(), [])

    def test_every_reason_against_a_set_is_said(self):
        self.keep(self.table)
        cases = (({"start_mjd": 60002.5}, "its G is 2 d earlier, more than 12 h"),
                 ({"dec": "10deg"}, "declination is 27 deg off, more than declination_guard 5 deg"),
                 ({"freq": "1.6GHz"}, "its spectral window 0 is at 1.4"))
        for settings, words in cases:
            with self.subTest(words):
                other = self.observe("other.ms", **settings)
                self.take(other, 5)
                self.assert_says("no calibration in", self.store, "other.ms", "'first': ", words,
                                 "solve for a calibrator of that time")
                shutil.rmtree(other)

    def test_a_set_of_the_other_sense_of_uvw(self):
        self.keep(self.table)
        with table(str(self.ms), readonly=False, ack=False) as main:
            main.putkeyword("UVW_CONVENTION", "r(ANTENNA2) - r(ANTENNA1)")
        self.take(self.ms, 5)
        self.assert_says("'first': its data had the opposite sense of UVW")

    def test_a_sense_of_uvw_that_only_one_side_knows_is_a_warning(self):
        with table(str(self.table), readonly=False, ack=False) as gains:
            gains.removekeyword("UVW_CONVENTION")  # as tables of CASA are
        self.keep(self.table)
        self.take(self.ms)
        self.assertIn("the sense of UVW of the data that 'first' was solved from is not known",
                      self.last.stderr)
        with table(str(self.folder / "made.ms"), ack=False) as main:
            self.assertLess(np.abs(main.getcol("DATA").mean() / 10 - 1), 0.01)

    def test_a_set_cut_short(self):
        self.keep(self.table)
        kept = next(self.store.rglob("table.dat"))
        with open(kept, "r+b") as file:
            file.truncate(kept.stat().st_size // 2)
        self.take(self.ms, 5)
        self.assert_says("stage 'look'", str(pathlib.Path(kept).parent.name), "damaged")


if __name__ == "__main__":
    unittest.main()
