# SPDX-License-Identifier: GPL-3.0-or-later
"""MeasurementSets of several windows and times become one, and python-casacore finds it equal."""
import pathlib
import shutil
import unittest

import casacore.tables
import numpy as np

from skymill_runs import DATA, SOURCE, RunTest, needs_data

COLUMNS = ("TIME", "TIME_CENTROID", "INTERVAL", "EXPOSURE", "UVW", "DATA", "WEIGHT")


class Join(RunTest):
    def join(self, *inputs, code=0, before=(), **parameters):
        arguments = ["run", SOURCE / "pipelines/join_ms.yaml", "--param",
                     "input=[" + ", ".join(map(str, inputs)) + "]", "--param", "output=all.ms"]
        for key, value in parameters.items():
            arguments += ["--param", f"{key}={value}"]
        return self.skymill(*arguments, code=code, before=before)

    def table(self, name, subtable="", readonly=True):
        return casacore.tables.table(str(self.folder / name) + subtable, ack=False,
                                     readonly=readonly)

    def cut(self, source, name, condition):
        """The rows of a set that fulfil a condition of TaQL, as a set of their own."""
        path = self.folder / name
        with casacore.tables.table(str(source), ack=False) as whole:
            casacore.tables.taql(f"select from $1 where {condition}", tables=[whole]).copy(
                str(path), deep=True, valuecopy=True).close()
        return path

    def names(self, table, column, subtable, name="NAME"):
        """What the numbers of a column stand for."""
        with casacore.tables.table(table.name() + "::" + subtable, ack=False) as rows:
            texts = np.array(rows.getcol(name))
        return texts[table.getcol(column)]

    def assert_same_rows(self, joined, whole, order=""):
        """Equal in every row, numbers by what they stand for. `order`: sort both by these first."""
        joined, whole = (casacore.tables.table(str(path), ack=False) for path in (joined, whole))
        if order:
            joined, whole = (casacore.tables.taql(f"select from $1 orderby {order}", tables=[one])
                             for one in (joined, whole))
        self.assertEqual(joined.nrows(), whole.nrows())
        for column in COLUMNS + ("SCAN_NUMBER", "DATA_DESC_ID", "ARRAY_ID"):
            if not order:
                np.testing.assert_array_equal(joined.getcol(column), whole.getcol(column), column)
                continue
            for row in range(whole.nrows()):  # cells have several shapes
                np.testing.assert_array_equal(joined.getcell(column, row),
                                              whole.getcell(column, row), f"{column}, {row}")
        bad = whole.getcol("FLAG_ROW")
        for row in range(0, whole.nrows(), 7):
            np.testing.assert_array_equal(joined.getcell("FLAG", row),
                                          whole.getcell("FLAG", row) | bad[row])


class JoinMs(Join):
    def setUp(self):
        super().setUp()
        self.low, _ = self.simulate("low.ms", nchan=4, freq="1.4GHz", times=3, antennas=6)
        self.high, _ = self.simulate("high.ms", nchan=4, freq="1.404GHz", times=3, antennas=6)

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


class JoinTimes(Join):
    def setUp(self):
        super().setUp()
        self.whole, _ = self.simulate("whole.ms", nchan=4, times=9, antennas=6)
        with self.table("whole.ms") as whole:
            self.times = np.unique(whole.getcol("TIME"))

    def thirds(self, source=None, stem="part"):
        """Three parts in time, the second without its last integration: a gap."""
        limits = [self.times[0] - 1, self.times[3] - 1, self.times[6] - 1, self.times[-1] + 1]
        return [self.cut(source or self.whole, f"{stem}{k}.ms",
                         f"TIME >= {first!r} && TIME < {last!r}")
                for k, (first, last) in enumerate(zip(limits, limits[1:]))]

    def contents(self, *paths):
        """Every file, by its bytes; casacore's locks aside."""
        return {file: file.read_bytes() for path in paths for file in sorted(path.rglob("*"))
                if file.is_file() and file.name != "table.lock"}

    def test_parts_in_any_order_make_the_whole(self):
        parts = self.thirds()
        before = self.contents(*parts)
        for order in ((0, 1, 2), (2, 0, 1)):
            self.join(*(parts[k] for k in order), overwrite="true")
            self.assert_same_rows(self.folder / "all.ms", self.whole)
            for subtable in ("ANTENNA", "FIELD", "OBSERVATION", "STATE", "SPECTRAL_WINDOW",
                             "DATA_DESCRIPTION", "POLARIZATION", "FEED"):
                joined, whole = (self.table(name, "::" + subtable)
                                 for name in ("all.ms", "whole.ms"))
                self.assertEqual(joined.nrows(), whole.nrows(), subtable)
                for column in whole.colnames():
                    if not whole.iscelldefined(column, 0):
                        continue
                    a, b = joined.getcol(column), whole.getcol(column)
                    np.testing.assert_array_equal(a, b, f"{subtable}.{column}")
        self.assertEqual(self.contents(*parts), before)
        self.assertEqual(self.leftovers(), [])

    def test_a_gap_stays_one(self):
        parts = self.thirds()
        self.join(parts[2], parts[0])
        np.testing.assert_array_equal(np.unique(self.table("all.ms").getcol("TIME")),
                                      np.r_[self.times[:3], self.times[6:]])

    def test_what_differs_is_kept_apart_and_what_is_equal_is_one(self):
        parts = self.thirds()
        with self.table("part1.ms::FIELD", readonly=False) as fields:
            fields.addrows(1)
            fields.copyrows(fields, 0, 1, 1)
            fields.putcell("NAME", 0, "another")
        with self.table("part1.ms::STATE", readonly=False) as states:
            states.addrows(1)
            states.copyrows(states, 0, 1, 1)
            states.putcell("OBS_MODE", 0, "CALIBRATE_PHASE#ON_SOURCE")
        with self.table("part1.ms", readonly=False) as rows:  # 0 is new, 1 is that of the others
            number = (np.arange(rows.nrows()) % 2).astype("i4")
            rows.putcol("FIELD_ID", number)
            rows.putcol("STATE_ID", number)
        with self.table("part2.ms::OBSERVATION", readonly=False) as runs:
            runs.putcell("OBSERVER", 0, "another")
        # Antennas in another order, one on a pad of another name.
        with self.table("part2.ms::ANTENNA", readonly=False) as antennas:
            order = [5, 0, 1, 2, 3, 4]
            for column in ("NAME", "STATION", "POSITION"):
                values = [antennas.getcell(column, k) for k in order]
                for row, value in enumerate(values):
                    antennas.putcell(column, row, value)
            antennas.putcell("STATION", 1, "another pad")
        with self.table("part2.ms", readonly=False) as rows:
            for column in ("ANTENNA1", "ANTENNA2"):
                rows.putcol(column, ((rows.getcol(column) + 1) % 6).astype("i4"))
        self.join(*parts)
        joined = self.table("all.ms")
        inputs = [casacore.tables.table(str(part), ack=False) for part in parts]
        for column, subtable, name, rows in (
                ("FIELD_ID", "FIELD", "NAME", 2), ("STATE_ID", "STATE", "OBS_MODE", 2),
                ("OBSERVATION_ID", "OBSERVATION", "OBSERVER", 2),
                ("ANTENNA1", "ANTENNA", "NAME", 7), ("ANTENNA2", "ANTENNA", "NAME", 7),
                ("ANTENNA1", "ANTENNA", "STATION", 7), ("ANTENNA2", "ANTENNA", "STATION", 7)):
            self.assertEqual(self.table("all.ms", "::" + subtable).nrows(), rows, subtable)
            wanted = np.concatenate([self.names(part, column, subtable, name) for part in inputs])
            np.testing.assert_array_equal(self.names(joined, column, subtable, name), wanted)
        np.testing.assert_array_equal(joined.getcol("DATA"), self.table("whole.ms").getcol("DATA"))
        ranges = self.table("all.ms", "::OBSERVATION").getcol("TIME_RANGE")
        self.assertLess(ranges[0][1], self.times[6])
        self.assertGreater(ranges[1][0], self.times[5])

    def test_overlapping_times_are_refused_by_name(self):
        early = self.cut(self.whole, "early.ms", f"TIME < {self.times[5]!r}")
        late = self.cut(self.whole, "late.ms", f"TIME > {self.times[3]!r}")
        failed = self.join(late, early, code=5)
        message = failed.stdout + failed.stderr
        self.assertIn("early.ms", message)
        self.assertIn("late.ms", message)
        self.assertIn("overlap in time", message)
        self.assertFalse((self.folder / "all.ms").exists())
        self.assertEqual(self.leftovers(), [])

    def test_other_telescopes_are_refused(self):
        parts = self.thirds()
        with self.table("part1.ms::OBSERVATION", readonly=False) as runs:
            runs.putcell("TELESCOPE_NAME", 0, "ELSEWHERE")
        failed = self.join(*parts, code=5)
        self.assertIn("different telescopes", failed.stdout + failed.stderr)
        self.assertFalse((self.folder / "all.ms").exists())

    def test_windows_and_times_at_once(self):
        high, _ = self.simulate("high.ms", nchan=4, freq="1.404GHz", times=9, antennas=6)
        parts = self.thirds() + self.thirds(high, "high")
        self.join(*reversed(parts), join_spw="true")
        data = self.table("all.ms").getcol("DATA")
        np.testing.assert_array_equal(data[:, :4], self.table("whole.ms").getcol("DATA"))
        np.testing.assert_array_equal(data[:, 4:], self.table("high.ms").getcol("DATA"))
        self.join(*reversed(parts), overwrite="true")
        np.testing.assert_array_equal(
            self.table("all.ms", "::SPECTRAL_WINDOW").getcol("REF_FREQUENCY"), [1.4e9, 1.404e9])
        for window, name in enumerate(("whole.ms", "high.ms")):
            rows = self.table("all.ms").query(f"DATA_DESC_ID=={window}")
            np.testing.assert_array_equal(rows.getcol("DATA"), self.table(name).getcol("DATA"))

    def test_many_sets_with_few_open_files(self):
        parts = [self.cut(self.whole, f"one{k}.ms", f"near(TIME, {time!r}, 1e-13)")
                 for k, time in enumerate(self.times)]
        more = []
        for turn in range(1, 6):  # the same samples, days later
            for k, part in enumerate(parts):
                copy = self.folder / f"copy{turn}_{k}.ms"
                shutil.copytree(part, copy)
                with casacore.tables.table(str(copy), readonly=False, ack=False) as rows:
                    for column in ("TIME", "TIME_CENTROID"):
                        rows.putcol(column, rows.getcol(column) + 86164.1 * turn)
                more.append(copy)

        limit = ["prlimit", "--nofile=64"]
        self.join(*parts, *more, before=limit)
        joined = self.table("all.ms")
        whole = self.table("whole.ms")
        self.assertEqual(joined.nrows(), 6 * whole.nrows())
        np.testing.assert_array_equal(joined.getcol("DATA", 5 * whole.nrows()),
                                      whole.getcol("DATA"))


@needs_data
class JoinRealSets(Join):
    def test_a_set_cut_in_time_and_joined_again_is_the_whole(self):
        for name in ("alma_HD142527_345GHz_FREQ78.ms", "vla_J1008_36GHz_64ch.ms",
                     "wsrt_3C343_16ch.ms", "lofar_4spw_unequal.ms", "lofar_hba_64ch.ms"):
            with self.subTest(name=name):
                source = pathlib.Path(DATA) / "ms" / name
                with casacore.tables.table(str(source), ack=False) as whole:
                    times = np.unique(whole.getcol("TIME"))
                cuts = [times[0] - 1, *(times[len(times) * k // 3] for k in (1, 2)), times[-1] + 1]
                parts = [self.cut(source, f"{k}_{name}", f"TIME >= {a!r} && TIME < {b!r}")
                         for k, (a, b) in enumerate(zip(cuts, cuts[1:]))]
                self.join(parts[1], parts[2], parts[0], column="data", overwrite="true")
                # Rows of one window keep the order of the set; those of several are regrouped.
                several = "DATA_DESC_ID, TIME, ANTENNA1, ANTENNA2" if "4spw" in name else ""
                joined = self.folder / "all.ms"
                self.assert_same_rows(joined, source, several)
                joined, whole = (casacore.tables.table(str(path), ack=False)
                                 for path in (joined, source))
                if several:
                    joined, whole = (casacore.tables.taql(f"select from $1 orderby {several}",
                                                          tables=[one])
                                     for one in (joined, whole))
                for column in ("ANTENNA1", "ANTENNA2", "FIELD_ID", "OBSERVATION_ID"):
                    np.testing.assert_array_equal(joined.getcol(column), whole.getcol(column))
                for subtable, column in (("ANTENNA", "POSITION"), ("FIELD", "PHASE_DIR"),
                                         ("OBSERVATION", "PROJECT")):
                    a, b = (casacore.tables.table(table.name() + "::" + subtable,
                                                  ack=False).getcol(column)
                            for table in (self.table("all.ms"),
                                          casacore.tables.table(str(source), ack=False)))
                    if column == "PHASE_DIR":  # goes through angles of casacore
                        np.testing.assert_allclose(a, b, rtol=4e-16)
                    else:
                        np.testing.assert_array_equal(a, b, f"{subtable}.{column}")


if __name__ == "__main__":
    unittest.main()
