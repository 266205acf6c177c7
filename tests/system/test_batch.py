# SPDX-License-Identifier: GPL-3.0-or-later
"""A batch converts what can be converted, and says of the rest why not."""
import os
import signal
import subprocess
import time
import unittest

import h5py
import numpy as np
from casacore.tables import table

from groups import GroupsTest, NAMES
from skymill_runs import PLAIN_RIGHTS, PROGRAM


class BatchTest(GroupsTest):
    def test_a_folder_becomes_measurement_sets(self):
        for number in range(3):
            self.observe(number)
        rows = self.batch()
        self.assertEqual(sorted(rows), NAMES[:3])
        self.assertEqual(self.made(), NAMES[:3])
        for name, row in rows.items():
            self.assertEqual((row["state"], row["outcome"], row["reason"]), ("ready", "done", ""))
            self.assertEqual(row["outputs"], [f"out/{name}.ms"])
            self.assertGreater(row["bytes"], 100000)
            self.assertGreater(row["seconds"], 0)
            self.assertTrue((self.folder / row["record"]).exists())
            with table(str(self.products / f"{name}.ms/SPECTRAL_WINDOW"), ack=False) as windows:
                self.assertEqual(windows.nrows(), 4)
        self.assertEqual(self.record()["verdict"], "clean")
        self.assertEqual(self.record()["counts"], {"done": 3})
        self.assertIn("3 done: clean", self.last.stdout)

        again = self.batch()
        self.assertEqual({row["outcome"] for row in again.values()}, {"skipped"})
        self.assertIn("exists", again[NAMES[0]]["reason"])

    def test_a_dry_run_lists_the_items_and_makes_nothing(self):
        self.observe(0)
        self.observe(1)[2].unlink()
        for file in self.observe(2)[:3]:
            file.unlink()
        before = sorted(path.name for path in self.folder.rglob("*"))
        self.batch("--dry-run")
        lines = self.last.stdout.splitlines()
        self.assertEqual(lines[0], f"{NAMES[0]}  ready")
        self.assertRegex(lines[1], f"would make out/{NAMES[0]}.ms, .*B$")
        self.assertEqual(lines[2],
                         f"{NAMES[1]}  ready  1 of 4 subbands are missing: sb02")
        self.assertIn(f"would make out/{NAMES[1]}.ms", lines[3])
        self.assertTrue(lines[4].startswith(f"{NAMES[2]}  rejected  3 of 4 subbands are missing"))
        self.assertEqual(sorted(path.name for path in self.folder.rglob("*")), before)

    def test_the_time_window_is_of_headers(self):
        for number in range(3):
            self.observe(number)
        # Names are a minute late; the header decides.
        for file in self.incoming.glob(f"{NAMES[1]}*"):
            file.rename(str(file).replace("06:43:18", "06:44:12"))
        rows = self.batch(**{"from": NAMES[1], "until": "2025-10-02T06:44"})
        self.assertEqual(list(rows), [NAMES[1]])
        self.assertEqual(rows[NAMES[1]]["outcome"], "done")

    def test_one_bad_group_does_not_stop_the_others(self):
        groups = [self.observe(number) for number in range(5)]
        self.truncate(groups[0][1])
        groups[1][0].unlink()
        groups[1][3].unlink()
        # A product in the way of an observation that is whole.
        self.products.mkdir()
        (self.products / f"{NAMES[2]}.ms").write_text("not mine")
        # Nothing of the header is wrong, but data cannot be read: found out only inside the run.
        with h5py.File(groups[3][2], "r+") as file:
            file["Header/integration_time"][3] = np.nan
            del file["Header/uvw_array"]
            file["Header/uvw_array"] = np.zeros((1, 3))
        rows = self.batch("--param", "skip_existing=false", code=1)
        self.assertEqual(rows[NAMES[0]]["outcome"], "done")
        self.assertIn("sb01", rows[NAMES[0]]["reason"])
        self.assertEqual(rows[groups[0][1].name]["outcome"], "rejected")
        self.assertIn(NAMES[0], rows[groups[0][1].name]["reason"])
        self.assertEqual(rows[NAMES[1]]["outcome"], "rejected")
        self.assertTrue(rows[NAMES[1]]["recoverable"])
        self.assertEqual(rows[NAMES[2]]["outcome"], "failed")
        self.assertIn("exists already", rows[NAMES[2]]["reason"])
        self.assertEqual(rows[NAMES[3]]["outcome"], "failed")
        self.assertIn(groups[3][2].name, rows[NAMES[3]]["reason"])
        self.assertIn("uvw_array", rows[NAMES[3]]["reason"])
        self.assertEqual(rows[NAMES[4]]["outcome"], "done")
        record = self.record()
        self.assertEqual((record["verdict"], record["exit_code"]), ("partial", 1))
        self.assertIn("2 done, 2 failed, 2 rejected: partial", self.last.stdout)
        (self.products / f"{NAMES[2]}.ms").unlink()
        self.assertEqual(self.made(), [NAMES[0], NAMES[4]])
        for files in groups[0], groups[3]:  # nothing is moved
            self.assertTrue(all(file.exists() for file in files))

    def test_missing_subbands_by_policy(self):
        self.observe(0)[1].unlink()
        rows = self.batch(missing="skip")
        self.assertEqual(rows[NAMES[0]]["outcome"], "skipped")
        self.assertEqual(self.made(), [])
        rows = self.batch(min_subbands=4, code=1)
        self.assertEqual(rows[NAMES[0]]["outcome"], "rejected")
        self.assertIn("min_subbands asks for 4", rows[NAMES[0]]["reason"])
        rows = self.batch(missing="drop")
        self.assertEqual(rows[NAMES[0]]["outcome"], "done")
        self.assertIn("degraded: read: 1 of 4 subbands are missing", rows[NAMES[0]]["reason"])
        with table(str(self.products / f"{NAMES[0]}.ms/SPECTRAL_WINDOW"), ack=False) as windows:
            self.assertEqual(list(windows.getcol("NAME")), ["sb03", "sb02", "sb00"])

    def test_of_duplicates_the_more_recent_is_read(self):
        files = self.observe(0)
        copy = self.incoming / files[1].name.replace("06:28:54", "06:29:40")
        copy.write_bytes(files[1].read_bytes())
        with h5py.File(copy, "r+") as file:
            file["Data/visdata"][...] = np.complex64(110)
        os.utime(copy, (time.time() + 5, time.time() + 5))
        rows = self.batch()
        self.assertIn(f"'{files[1].name}' is left out", rows[NAMES[0]]["reason"])
        with table(str(self.products / f"{NAMES[0]}.ms"), ack=False) as rows_of_ms:
            data = rows_of_ms.query("DATA_DESC_ID == 2").getcol("DATA")
        self.assertTrue(np.all(data == 110))

    def test_files_that_contradict_their_group_are_set_aside(self):
        files = self.observe(0)
        with h5py.File(files[2], "r+") as file:
            antennas = file["Header/ant_1_array"]
            antennas[...] = antennas[()][::-1]
        other = self.observe(1)
        other[3].rename(self.incoming / other[3].name.replace("sb03", "sb07"))
        rows = self.batch(code=1)
        self.assertIn("list of antennas", rows[files[2].name]["reason"])
        self.assertIn("its name says sb07, its frequencies are those of sb03",
                      rows[other[3].name.replace("sb03", "sb07")]["reason"])
        self.assertIn("missing: sb02", rows[NAMES[0]]["reason"])
        self.assertIn("missing: sb03", rows[NAMES[1]]["reason"])
        self.assertEqual(self.made(), NAMES[:2])

    def test_a_group_that_is_being_written_is_left_until_it_is_old(self):
        files = self.observe(0)
        open_file = files[3].rename(self.incoming / (files[3].stem + "_incomplete.hdf5"))
        self.observe(1)
        rows = self.batch()
        self.assertEqual(rows[NAMES[0]]["outcome"], "waiting")
        self.assertEqual(rows[NAMES[1]]["outcome"], "done")
        os.utime(open_file, (time.time() - 3600, time.time() - 3600))
        rows = self.batch(code=1)
        self.assertEqual(rows[NAMES[0]]["outcome"], "done")
        self.assertIn("sb03", rows[NAMES[0]]["reason"])
        self.assertEqual(rows[open_file.name]["outcome"], "rejected")

    def test_a_file_without_permission(self):
        files = self.observe(0)
        files[1].chmod(0)
        self.products.mkdir()
        for folder in self.folder, self.products:
            folder.chmod(0o777)
        rows = self.batch(code=1, before=PLAIN_RIGHTS)
        self.assertIn("Permission denied", rows[files[1].name]["reason"])
        self.assertEqual(rows[NAMES[0]]["outcome"], "done")

    def test_a_leftover_is_no_product(self):
        self.observe(0)
        leftover = self.products / f"{NAMES[0]}.ms.partial"
        leftover.mkdir(parents=True)
        (leftover / "table.dat").write_text("half")
        self.assertEqual(self.batch()[NAMES[0]]["outcome"], "done")
        self.assertEqual(self.made(), [NAMES[0]])

    def test_an_empty_folder_and_none(self):
        self.assertEqual(self.batch(), {})
        self.assertIn("nothing to do", self.last.stdout)
        self.last = self.skymill("run", *self.arguments(input="nowhere/at/all"), code=5)
        self.assertIn("nowhere/at", self.last.stderr)

    def test_a_stop_ends_the_batch_in_order(self):
        for number in range(4):
            self.observe(number, times=12, antennas=32)
        process = subprocess.Popen([PROGRAM, "run", *map(str, self.arguments())], cwd=self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        while not list(self.products.glob("*.ms")) and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, out + err)
        made = self.made()
        self.assertGreaterEqual(len(made), 1)
        self.assertLess(len(made), 4)
        self.assertEqual(self.record()["verdict"], "stopped")
        self.assertEqual(self.record()["exit_code"], 75)
        self.batch()  # and the next run does the rest
        self.assertEqual(self.made(), NAMES[:4])

    def test_mistakes_are_said_before_any_item_is_run(self):
        self.observe(0)
        bad = self.folder / "bad.yaml"
        bad.write_text("skymill: 1\nrecord: out/$(each.name).json\n"
                       "each: { use: uvh5_groups, input: in, expect_subbands: 4 }\nstages:\n"
                       "  read: { use: uvh5_reader, input: $(each.flies) }\n"
                       "  write: { use: ms_writer, output: out/$(each.name).ms, ovrwrite: true }\n")
        for command in "check", "run":
            text = self.skymill(command, bad, code=2).stderr
            self.assertIn("bad.yaml:5:36: error: the items of 'uvh5_groups' have no 'flies'; "
                          "did you mean 'files'?", text)
            self.assertIn("bad.yaml:6:57: error: no parameter 'ovrwrite'", text)
        self.assertFalse(self.products.exists())
        self.skymill("watch", "convert", "--param", "input=in", "--param", "output=x.ms", code=2)


if __name__ == "__main__":
    unittest.main()
