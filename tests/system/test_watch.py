# SPDX-License-Identifier: GPL-3.0-or-later
"""A watch converts observations as their files come, and ends in order."""
import signal
import subprocess
import time
import unittest

from groups import GroupsTest, NAMES
from skymill_runs import PROGRAM


class WatchTest(GroupsTest):
    def start(self, *extra, **parameters):
        values = dict({"poll": "0.1s"}, **parameters)
        self.process = subprocess.Popen(
            [PROGRAM, "watch", *map(str, self.arguments(*extra, **values))], cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.reap)

    def reap(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def end(self, code=0, send=None):
        """Waits for the end of the watch; returns {item: row} of its record."""
        if send:
            self.process.send_signal(send)
        out, err = self.process.communicate(timeout=60)
        self.assertEqual(self.process.returncode, code, out + err)
        self.assertEqual(self.leftovers(), [])
        return self.rows()

    def wait_for(self, what):
        for _ in range(3000):
            if what():
                return
            self.assertIsNone(self.process.poll(), "the watch has ended")
            time.sleep(0.01)
        self.fail("it did not come")

    def wait_for_product(self, name):
        self.wait_for((self.products / f"{name}.ms").exists)

    def test_groups_are_converted_as_they_become_complete(self):
        later = self.folder / "later"
        later.mkdir()
        self.observe(0)
        second = self.observe(1, folder=later)
        self.start()
        self.wait_for_product(NAMES[0])
        # A copy under the final name that is not finished, then one that is; the last file is late.
        for file in second[:2]:
            file.rename(self.incoming / file.name)
        target = self.incoming / second[2].name
        content = second[2].read_bytes()
        target.write_bytes(content[:len(content) // 2])
        time.sleep(0.5)
        target.write_bytes(content)
        time.sleep(0.5)
        self.assertEqual(self.made(), NAMES[:1])
        late = second[3].name.replace("06:43:18", "06:44:10")
        second[3].rename(self.incoming / (late.replace(".hdf5", "_incomplete.hdf5")))
        time.sleep(0.5)
        self.assertEqual(self.made(), NAMES[:1])
        (self.incoming / late.replace(".hdf5", "_incomplete.hdf5")).rename(self.incoming / late)
        self.wait_for_product(NAMES[1])
        self.wait_for(lambda: NAMES[1] in self.rows())
        rows = self.end(send=signal.SIGTERM)
        self.assertEqual({item: row["outcome"] for item, row in rows.items()},
                         {NAMES[0]: "done", NAMES[1]: "done"})
        self.assertEqual(self.made(), NAMES[:2])

    def test_a_deadline_ends_the_waiting(self):
        self.observe(0)[2].unlink()
        for file in self.observe(1)[:2]:
            file.unlink()
        bad = self.observe(2)
        self.truncate(bad[0])
        self.start("--until-idle", "2s", deadline="0.8s")
        rows = self.end(code=1)
        self.assertEqual(rows[NAMES[0]]["outcome"], "done")
        self.assertIn("missing: sb02", rows[NAMES[0]]["reason"])
        self.assertEqual(rows[NAMES[1]]["outcome"], "rejected")
        self.assertEqual(rows[NAMES[2]]["outcome"], "done")
        self.assertEqual(rows[bad[0].name]["outcome"], "rejected")
        self.assertEqual(len(rows), 4)
        self.assertEqual(self.made(), [NAMES[0], NAMES[2]])

    def test_what_comes_after_a_rejection_is_taken_when_it_makes_the_group_whole(self):
        later = self.folder / "later"
        later.mkdir()
        files = self.observe(0)
        for file in files[:2]:
            file.rename(later / file.name)
        self.start(deadline="0.3s")
        self.wait_for((self.products / "batch.json").exists)
        self.assertEqual(self.rows()[NAMES[0]]["outcome"], "rejected")
        for file in files[:2]:
            (later / file.name).rename(file)
        self.wait_for_product(NAMES[0])
        self.wait_for(lambda: self.rows()[NAMES[0]]["outcome"] == "done")
        self.end(send=signal.SIGINT)

    def test_what_exists_is_skipped_after_a_restart(self):
        self.observe(0)
        self.start("--until-idle", "0.5s")
        self.assertEqual(self.end()[NAMES[0]]["outcome"], "done")
        self.start("--until-idle", "0.5s")
        self.assertEqual(self.end()[NAMES[0]]["outcome"], "skipped")

    def test_a_stop_inside_an_item_leaves_nothing_half_made(self):
        self.observe(0, times=24, antennas=64)
        self.start()
        self.wait_for(lambda: list(self.products.glob("*.partial")))
        rows = self.end(code=75, send=signal.SIGTERM)
        self.assertEqual(rows[NAMES[0]]["outcome"], "stopped")
        self.assertTrue(rows[NAMES[0]]["recoverable"])
        self.assertEqual(self.made(), [])

    def test_a_dry_run_lists_and_ends(self):
        self.observe(0)
        done = self.skymill("watch", *self.arguments("--dry-run"))
        self.assertTrue(done.stdout.startswith(f"{NAMES[0]}  ready\n"), done.stdout)
        self.assertEqual(self.made(), [])


if __name__ == "__main__":
    unittest.main()
