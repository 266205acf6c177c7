# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check of a MeasurementSet catches the mutant that it is there for, and good sets pass."""
import json
import pathlib
import shutil
import subprocess
import sys
import unittest

import numpy as np
from casacore.tables import table

from skymill_runs import DATA, RunTest, needs_data

SIMULATE = """\
skymill: 1
parameters:
  output: { required: true }
record: $(output).run.json
stages:
  simulate:
    telescope: dsa110
    antennas: 8
    times: 6
    nchan: 4
    start_mjd: 60950.27
    noise: 0.5Jy
    sources: [0arcsec 0arcsec 10Jy]
    autocorrelations: true
  write: { use: ms_writer, output: $(output)%s }
"""

VALIDATE = """\
skymill: 1
parameters:
  input: { required: true }
  report: { required: true }
stages:
  validate: { input: $(input), report: $(report)%s }
"""


class ValidateTest(RunTest):
    def make(self, name="good.ms", extra=""):
        description = self.folder / "simulate.yaml"
        description.write_text(SIMULATE % extra)
        made = self.folder / name
        self.skymill("run", description, "--param", f"output={made}")
        return made

    def validate(self, path, extra="", code=0):
        """Names of the checks that did not pass, by level."""
        description = self.folder / "validate.yaml"
        description.write_text(VALIDATE % extra)
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        done = self.skymill("run", description, "--param", f"input={path}",
                            "--param", f"report={report}", code=code)
        self.report = json.loads(report.read_text())
        self.assertEqual(self.report["passed"], code == 0)
        bad = {"fail": set(), "warn": set()}
        for check in self.report["checks"]:
            if not check["passed"]:
                bad[check["level"]].add(check["name"])
                self.assertIn(check["name"], done.stdout + done.stderr)
        return bad


def put(path, column, change, subtable=""):
    """Replaces a column by what `change` makes of it."""
    with table(str(path) + ("/" + subtable if subtable else ""), ack=False, readonly=False) as t:
        t.putcol(column, change(t.getcol(column)))


def at(place, value):
    def change(array):
        array[place] = value
        return array
    return change


def window(path, row, change):
    with table(f"{path}/SPECTRAL_WINDOW", ack=False, readonly=False) as t:
        t.putcell("CHAN_FREQ", row, change(t.getcell("CHAN_FREQ", row)))


class Mutants(ValidateTest):
    """One mutation each; the check of that name fails, and nobody else's."""

    def setUp(self):
        super().setUp()
        self.good = self.make()
        self.ms = self.folder / "mutant.ms"
        self.count = 0

    def caught(self, *names, extra="", also=()):
        """`names` must not pass; `also` may not."""
        bad = self.validate(self.ms, extra, code=1)
        self.assertLessEqual(set(names), bad["fail"], bad)
        self.assertLessEqual(bad["fail"], set(names) | set(also), bad)

    def mutate(self, *arguments, **options):
        # Each has a name of its own, because casacore remembers tables by their names.
        shutil.rmtree(self.ms, ignore_errors=True)
        self.count += 1
        self.ms = self.folder / f"mutant{self.count}.ms"
        shutil.copytree(self.good, self.ms)
        if arguments:
            put(self.ms, *arguments, **options)
        return self.ms

    def test_the_good_one_passes_without_a_warning(self):
        bad = self.validate(self.good)
        self.assertEqual(bad, {"fail": set(), "warn": set()})
        record = json.loads(pathlib.Path(f"{self.good}.run.json").read_text())
        self.assertIn('"uvw_direction"', json.dumps(record))

    def test_columns_and_tables(self):
        with table(str(self.mutate()), ack=False, readonly=False) as t:
            t.removecols("SIGMA")
        self.caught("columns")
        with table(str(self.mutate()), ack=False, readonly=False) as t:
            t.removecols("DATA")
        self.caught("columns", "unflagged", also=["data_finite", "data_zero"])
        with table(str(self.mutate()), ack=False, readonly=False) as t:
            t.removekeyword("STATE")
        self.caught("subtables")
        # In a process of its own: this one writes the new number of rows only when it ends.
        subprocess.run([sys.executable, "-c", "import sys; from casacore.tables import table; "
                        "table(sys.argv[1], ack=False, readonly=False).removerows(0)",
                        self.mutate() / "OBSERVATION"], check=True)
        self.caught("observation", "telescope")
        self.mutate("TELESCOPE_NAME", lambda names: [""], "OBSERVATION")
        self.caught("telescope")
        self.mutate("ANTENNA1", at(3, 500))
        self.caught("numbers")
        self.mutate("FIELD_ID", at(3, 6))
        self.caught("numbers")

    def test_an_empty_one(self):
        path = self.mutate()
        with table(str(path), ack=False) as t:
            t.query("ANTENNA1 < 0").copy(str(self.folder / "empty.ms"), deep=True).close()
        self.ms = self.folder / "empty.ms"
        bad = self.validate(self.ms, code=1)
        self.assertIn("rows", bad["fail"])

    def test_times(self):
        self.mutate("TIME_RANGE", lambda r: 0 * r, "OBSERVATION")
        self.caught("time_range")
        rows = 16 * 36  # of an integration in all windows
        self.mutate("TIME", lambda t: np.concatenate([t[rows:2 * rows], t[:rows], t[2 * rows:]]))
        self.caught("time_order", "time_overlap", also=["phase_centres"])
        self.mutate("TIME", lambda t: t[0] + (t - t[0]) * 0.9)
        self.caught("time_overlap", also=["uvw_direction"])
        # Seconds since MJD 51544 instead of MJD seconds, as some writers have had it.
        path = self.mutate("TIME", lambda t: t - 51544 * 86400)
        put(path, "TIME_RANGE", lambda t: t - 51544 * 86400, "OBSERVATION")
        self.caught("uvw_direction")
        self.mutate("EXPOSURE", lambda e: 1.5 * e)
        self.caught("exposure_within")
        self.mutate("INTERVAL", lambda i: 0 * i)
        self.caught("exposure_within")
        self.mutate("EXPOSURE", lambda e: 0.5 * e)
        self.assertEqual(self.validate(self.ms)["warn"], {"exposure_equal"})
        self.caught("exposure_equal", extra=", fail: [exposure_equal]")
        self.mutate("TIME", lambda t: t[0] + (t - t[0]) * 1.02)
        self.assertEqual(self.validate(self.ms, ", warn: [time_range, phase_centres]")["warn"]
                         - {"time_range", "phase_centres"}, {"time_gaps"})

    def test_frequencies(self):
        window(self.mutate(), 3, lambda f: f[::-1])
        self.caught("frequency_order")
        path = self.mutate()
        with table(f"{path}/SPECTRAL_WINDOW", ack=False, readonly=False) as t:
            t.putcol("CHAN_FREQ", t.getcol("CHAN_FREQ")[::-1])
        self.caught("frequency_order")
        window(self.mutate(), 3, lambda f: np.full_like(f, f[0]))
        self.caught("frequency_order")

    def all_directions(self, change):
        path = self.mutate()
        for column in ("PHASE_DIR", "REFERENCE_DIR", "DELAY_DIR"):
            put(path, column, change, "FIELD")

    def test_phase_centres(self):
        arcsec = np.pi / 180 / 3600

        def one_off(directions):
            directions[2, 0, 1] += 10 * arcsec
            return directions
        self.all_directions(one_off)
        self.caught("phase_centres")

        def too_fast(directions):
            ra = directions[:, 0, 0]
            directions[:, 0, 0] = ra[0] + 1.5 * (ra - ra[0])
            return directions
        self.all_directions(too_fast)
        self.caught("phase_centres")
        for column in ("PHASE_DIR", "REFERENCE_DIR", "DELAY_DIR"):
            self.mutate(column, lambda d: d + 2 * arcsec * (np.arange(len(d)) == 1)[:, None, None],
                        "FIELD")
            self.caught("field_directions", also=["phase_centres"])

    def test_uvw(self):
        self.mutate("UVW", lambda u: 0 * u)
        self.caught("uvw_zero")
        self.mutate("UVW", at((10, 0), 200e3))
        self.caught("uvw_length")
        self.mutate("UVW", lambda u: 2 * u)
        self.caught("uvw_ratio", "antenna_positions", "uvw_length")
        self.mutate("UVW", lambda u: -u)
        self.caught("uvw_direction")
        self.mutate("UVW", lambda u: u * [-1, 1, 1])
        self.caught("uvw_direction")
        self.mutate("UVW", at((10, 0), np.nan))
        self.caught("uvw_length")

    def test_antennas(self):
        path = self.mutate()
        with table(str(path), ack=False) as t:
            used = int(t.getcol("ANTENNA1")[0])
            name = table(f"{path}/ANTENNA", ack=False).getcell("NAME", used)
        put(path, "POSITION", at((used, 0), 1.0 + table(f"{path}/ANTENNA", ack=False)
                                 .getcell("POSITION", used)[0]), "ANTENNA")
        self.caught("antenna_positions")
        failed = [c for c in self.report["checks"] if not c["passed"]]
        self.assertIn(f"antenna {name} ", failed[0]["where"])

    def test_data(self):
        self.mutate("DATA", lambda d: 0 * d)
        self.caught("data_zero", "written")
        self.mutate("DATA", lambda d: np.full_like(d, np.nan))
        self.caught("data_finite", "written")
        with table(str(self.mutate()), ack=False, readonly=False) as t, \
                t.query("DATA_DESC_ID == 11") as of_window:
            of_window.putcol("DATA", 0 * of_window.getcol("DATA"))
        self.caught("data_zero", "written")
        # One bit of one sample in each window and time.
        self.mutate("DATA", lambda d: np.nextafter(d.real, 1e9, dtype=np.float32)
                    + np.complex64(1j) * d.imag)
        self.caught("written")
        self.mutate("FLAG", lambda f: f | True)
        self.caught("unflagged")
        with table(str(self.mutate()), ack=False, readonly=False) as t, \
                t.query("DATA_DESC_ID == 11") as of_window:
            of_window.putcol("FLAG", of_window.getcol("FLAG") | True)
        self.assertEqual(self.validate(self.ms)["warn"], {"flagged_windows"})

    def test_weights(self):
        self.mutate("WEIGHT", lambda w: -w)
        self.caught("weights")
        self.mutate("WEIGHT", lambda w: np.full_like(w, np.nan))
        self.caught("weights")
        self.mutate("WEIGHT", lambda w: 0 * w)
        self.caught("weights_zero")
        self.mutate("SIGMA", lambda s: 2 * s)
        self.assertEqual(self.validate(self.ms)["warn"], {"sigma"})

    def test_model_and_corrected_data(self):
        self.mutate()
        self.caught("columns", "model", extra=", expect_model: true")
        self.caught("columns", "corrected", extra=", expect_corrected: true")
        self.good = self.make("more.ms", ", model_column: true, corrected_column: true")
        self.mutate()
        self.caught("model", extra=", expect_model: true")
        self.mutate("MODEL_DATA", lambda m: m + 10)
        self.validate(self.ms, ", expect_model: true, expect_corrected: true")
        for bad in (2000, 0.01, np.nan):
            self.mutate("MODEL_DATA", lambda m, bad=bad: np.full_like(m, bad))
            self.caught("model", extra=", expect_model: true")
        for bad in (0, np.nan):
            self.mutate("CORRECTED_DATA", lambda c, bad=bad: np.full_like(c, bad))
            self.caught("corrected", extra=", expect_corrected: true")

    def test_what_is_unexpected_fails(self):
        path = self.mutate()
        (path / "table.f0").write_bytes(b"")
        bad = self.validate(path, code=1)
        self.assertLessEqual({"row_scan", "time_range", "unflagged"}, bad["fail"])

    def test_names_of_checks_are_known(self):
        description = self.folder / "validate.yaml"
        description.write_text(VALIDATE % ", warn: [uvw_rato]")
        done = self.skymill("run", description, "--param", f"input={self.good}",
                            "--param", f"report={self.folder / 'other.json'}", code=2)
        self.assertIn("uvw_rato", done.stderr)


class StationTable(ValidateTest):
    @needs_data
    def test_positions_are_compared_with_the_table_of_stations(self):
        good = self.make()
        stations = pathlib.Path(DATA, "dsa/DSA110_Station_Coordinates.csv")
        self.validate(good, f", antennas: {stations}")
        moved = self.folder / "moved.csv"
        lines = stations.read_text(encoding="utf-8-sig").splitlines()
        for k, line in enumerate(lines):
            if "DSA-005" in line:
                lines[k] = line.replace("-118.28", "-118.29", 1)
        self.assertNotEqual(lines, stations.read_text(encoding="utf-8-sig").splitlines())
        moved.write_text("\n".join(lines))
        bad = self.validate(good, f", antennas: {moved}", code=1)
        self.assertEqual(bad["fail"], {"antenna_table"})


class BeforePublishing(ValidateTest):
    def test_a_set_that_fails_gets_no_name(self):
        description = self.folder / "silent.yaml"
        text = SIMULATE.replace("noise: 0.5Jy", "noise: 0Jy").replace(
            "[0arcsec 0arcsec 10Jy]", "[]\n    random_sources: 0")
        made = self.folder / "silent.ms"
        description.write_text(text % "")
        done = self.skymill("run", description, "--param", f"output={made}", code=1)
        self.assertIn("data_zero", done.stderr)
        self.assertIn("limit 0.5", done.stderr)
        self.assertFalse(made.exists())
        self.assertEqual(self.leftovers(), [])
        description.write_text(text % ", validate: false")
        self.skymill("run", description, "--param", f"output={made}")

    def test_one_window_passes_as_well(self):
        made = self.make("joined.ms", ", join_spw: true")
        self.assertEqual(self.validate(made)["fail"], set())
        apart = self.make("apart.ms")
        with table(str(made), ack=False) as joined, table(str(apart), ack=False) as main, \
                table(f"{made}/SPECTRAL_WINDOW", ack=False) as windows:
            self.assertEqual(windows.nrows(), 1)
            data = joined.getcol("DATA")
            self.assertEqual(data.shape[1], 16 * 4)
            for number in range(16):
                with main.query(f"DATA_DESC_ID == {number}") as rows:
                    part = data[:, 4 * number:4 * number + 4]
                    self.assertTrue(np.array_equal(rows.getcol("DATA"), part))
                    self.assertTrue(np.array_equal(rows.getcol("UVW"), joined.getcol("UVW")))
                    self.assertTrue(np.array_equal(rows.getcol("TIME"), joined.getcol("TIME")))
            self.assertEqual(joined.getkeyword("UVW_CONVENTION"), "r(ANTENNA1) - r(ANTENNA2)")


if __name__ == "__main__":
    unittest.main()
