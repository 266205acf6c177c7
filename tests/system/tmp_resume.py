# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs that are killed, stopped or run out of disk, and those that go on from there.

`SKYMILL_KILLS` is how often a run is killed at a random moment; 6 unless it is set.
"""
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import time
import unittest

from skymill_runs import PROGRAM, SOURCE, RunTest

CHANNELS = 64
KILLS = int(os.environ.get("SKYMILL_KILLS", "6"))
PRODUCTS = ["image", "residual", "psf", "model", "image.fits", "residual.fits"]


class Resume(RunTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.ms, _ = self.simulate(nchan=CHANNELS, times=4)
        self.options = dict(size=128, cell="20arcsec", niter=4000)

    def arguments(self, prefix, *extra, **options):
        arguments = ["run", SOURCE / "pipelines/cube.yaml", *extra, "--threads", "1"]
        for key, value in dict(self.options, input=self.ms, output=prefix, **options).items():
            arguments += ["--param", f"{key}={value}"]
        return [PROGRAM, *map(str, arguments)]

    def start(self, prefix, *extra, **options):
        return subprocess.Popen(self.arguments(prefix, *extra, **options), cwd=self.folder,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def finish(self, prefix, *extra, code=0, **options):
        done = subprocess.run(self.arguments(prefix, *extra, **options), cwd=self.folder,
                              capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def journal(self, prefix):
        """The channels that the journal beside the products calls done, and whether all is."""
        path = prefix.parent / f".{prefix.name}.image.journal"
        if not path.exists():
            return set(), False
        lines = []
        for line in path.read_text().splitlines(keepends=True):
            if line.endswith("\n"):
                lines.append(json.loads(line))
        return ({line["unit"] for line in lines if "unit" in line},
                any("complete" in line for line in lines))

    def record(self, prefix):
        return json.loads(pathlib.Path(f"{prefix}.run.json").read_text())

    def concat(self, prefix):
        return next(s for s in self.record(prefix)["resumed"] if s["stage"] == "concat")

    def made(self, prefix):
        return {unit["unit"] for unit in self.concat(prefix)["units_made"]}

    def channels(self, prefix):
        image = next(s for s in self.record(prefix)["stages"] if s["name"] == "image")
        return image["tables"]["channels"]

    def assert_same(self, prefix, whole):
        for product in PRODUCTS:
            self.skymill("diff", f"{prefix}.{product}", f"{whole}.{product}")
        self.assertEqual(self.channels(prefix), self.channels(whole))
        self.assertEqual(self.record(prefix)["verdict"], self.record(whole)["verdict"])
        self.assertTrue(pathlib.Path(f"{prefix}.png").exists())
        self.assertEqual(self.leftovers(), [])

    def whole(self):
        prefix = self.folder / "whole"
        begin = time.monotonic()
        self.finish(prefix)
        self.assertEqual(len(self.made(prefix)), CHANNELS)
        return prefix, time.monotonic() - begin

    def test_killed_at_random_moments(self):
        whole, seconds = self.whole()
        moments = random.Random(6)
        resumed = 0
        for number in range(KILLS):
            prefix = self.folder / f"killed{number}"
            wait = moments.uniform(0.05, 1.0) * seconds
            with self.subTest(killed_after=wait):
                process = self.start(prefix)
                time.sleep(wait)
                process.kill()
                process.communicate()
                done, complete = self.journal(prefix)
                self.finish(prefix)
                expected = set() if complete else {
                    f"channel {c}:{c + 1}" for c in range(CHANNELS)} - done
                print(json.dumps(self.record(prefix)["resumed"])[:1500]) if self.made(prefix)!=expected else None
                self.assertEqual(self.made(prefix), expected)
                self.assert_same(prefix, whole)
                resumed += bool(done) and not complete
        print(f"{resumed} of {KILLS} kills left some channels done", file=sys.stderr)
        self.assertGreater(resumed, 0, "no kill fell into the imaging")

    def kill_in_the_middle(self, prefix):
        """Kills a run once its journal calls some channels done; returns those."""
        process = self.start(prefix)
        while not self.journal(prefix)[0]:
            self.assertIsNone(process.poll(), "the run ended before a channel was done")
            time.sleep(0.005)
        process.kill()
        process.communicate()
        done, complete = self.journal(prefix)
        self.assertFalse(complete)
        return done

    def test_a_changed_parameter_and_a_changed_input_say_so(self):
        prefix = self.folder / "cube"
        done = self.kill_in_the_middle(prefix)
        said = self.finish(prefix, niter=4001).stderr
        self.assertIn("parameter image.niter changed from 4000 to 4001", said)
        self.assertEqual(len(self.made(prefix)), CHANNELS)
        self.assertEqual({unit["because"] for unit in self.concat(prefix)["units_made"]},
                         {"parameter image.niter changed from 4000 to 4001"})
        # A parameter of the picture leaves the cube alone.
        before = pathlib.Path(f"{prefix}.image.fits").stat().st_mtime_ns
        pathlib.Path(f"{prefix}.png").unlink()
        self.finish(prefix, "--set", "preview.channel=3", niter=4001)
        self.assertEqual(self.made(prefix), set())
        self.assertEqual(pathlib.Path(f"{prefix}.image.fits").stat().st_mtime_ns, before)
        self.assertTrue(pathlib.Path(f"{prefix}.png").exists())
        # Threads and memory are no reason; an input is.
        prefix = self.folder / "other"
        done = self.kill_in_the_middle(prefix)
        os.utime(self.ms / "table.dat")
        said = self.finish(prefix, "--memory", "300MiB").stderr
        self.assertIn(f"input '{self.ms}' changed from", said)
        self.assertEqual(len(self.made(prefix)), CHANNELS)
        self.assertTrue(done)

    def all_files(self):
        """What stands in the folder, with the times of its last changes."""
        return {str(path): path.lstat().st_mtime_ns for path in self.folder.rglob("*")}

    def look(self, prefix, command, code=0, **options):
        """What `explain` or a dry run says; neither may change anything."""
        arguments = self.arguments(prefix, **options)
        arguments[1:2] = ["run", "--dry-run"] if command == "dry-run" else [command]
        before = self.all_files()
        done = subprocess.run(arguments, cwd=self.folder, capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertEqual(self.all_files(), before)
        return done.stdout + done.stderr

    def test_a_dry_run_says_what_a_run_would_do_and_why(self):
        prefix = self.folder / "cube"
        self.assertIn(f"0 of {CHANNELS} are taken up, {CHANNELS} are made: missing",
                      self.look(prefix, "dry-run"))
        done = self.kill_in_the_middle(prefix)
        goes_on = (f"goes on with '{prefix}.image.partial', which has {len(done)} units; "
                   "the missing ones are made")
        anew = (f"'{prefix}.image' is made anew: parameter image.niter changed from 4000 to 4001")
        for command in ("dry-run", "explain"):
            said = self.look(prefix, command)
            self.assertIn(goes_on, said)
            self.assertIn(f"{len(done)} of {CHANNELS} are taken up, {CHANNELS - len(done)} "
                          "are made: missing", said)
            said = self.look(prefix, command, niter=4001)
            self.assertIn(anew, said)
            self.assertIn(f"0 of {CHANNELS} are taken up, {CHANNELS} are made: parameter "
                          "image.niter changed from 4000 to 4001", said)
        # The run says the same, and does it.
        self.assertIn(goes_on, self.finish(prefix).stderr)
        self.assertEqual(self.concat(prefix)["units_taken_up"], len(done))
        said = self.look(prefix, "dry-run")
        self.assertIn(f"'{prefix}.image' and the rest of its products stand", said)
        self.assertIn("left out, because all that needs it stands", said)
        self.assertNotIn("in flight", said)
        # A product that stands and would be made otherwise.
        refusal = f"'{prefix}.image' exists already, not as this run would make it"
        self.assertIn(refusal, self.look(prefix, "dry-run", code=2, niter=4001))
        self.assertIn(refusal, self.look(prefix, "explain", niter=4001))

    def test_what_does_not_fit_is_refused_before_any_work(self):
        prefix = self.folder / "cube"
        for options, words in (({"size": 60000}, ["this run needs", "are free"]),
                               ({"size": 2048}, ["of memory", "the budget is"])):
            arguments = self.arguments(prefix, "--memory", "64MiB", **options)
            before = self.all_files()
            done = subprocess.run(arguments, cwd=self.folder, capture_output=True, text=True,
                                  timeout=60)
            self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
            for word in words:
                self.assertIn(word, done.stderr)
            made = set(self.all_files()) - set(before)
            self.assertLessEqual(made, {f"{prefix}.run.json", f"{prefix}.html"})

    def test_memory_is_no_reason_to_begin_anew(self):
        prefix = self.folder / "cube"
        done = self.kill_in_the_middle(prefix)
        self.finish(prefix, "--memory", "300MiB", "--events", self.folder / "events.jsonl")
        self.assertEqual(self.concat(prefix)["units_taken_up"], len(done))
        # What is taken up is no part of what is left to do.
        events = [json.loads(line)
                  for line in (self.folder / "events.jsonl").read_text().splitlines()]
        started = next(e for e in events
                       if e["event"] == "pass_started" and e["stages"][0] == "image")
        self.assertEqual(started["units"], CHANNELS - len(done))
        self.assertEqual(sum(e["event"] == "unit_done" and e["stages"] == started["stages"]
                             for e in events), CHANNELS - len(done))
        self.assertEqual(len(self.made(prefix)), CHANNELS - len(done))

    def test_a_stop_on_request_finishes_the_channels_in_work(self):
        whole, _ = self.whole()
        prefix = self.folder / "cube"
        process = self.start(prefix)
        while not self.journal(prefix)[0]:
            self.assertIsNone(process.poll(), "the run ended before a channel was done")
            time.sleep(0.005)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 75, said)
        self.assertEqual(self.record(prefix)["verdict"], "stopped")
        done, complete = self.journal(prefix)
        self.assertFalse(complete)
        # All that was begun is in the journal.
        self.assertEqual(self.made(prefix), done)
        self.assertEqual(len(self.channels(prefix)), len(done))
        self.finish(prefix)
        self.assertEqual(len(self.made(prefix)), CHANNELS - len(done))
        self.assert_same(prefix, whole)

    def test_a_second_run_of_the_same_product_is_refused(self):
        prefix = self.folder / "cube"
        process = self.start(prefix)
        while not self.journal(prefix)[0]:
            self.assertIsNone(process.poll(), "the run ended before a channel was done")
            time.sleep(0.005)
        process.send_signal(signal.SIGSTOP)
        said = self.finish(prefix, "--record", self.folder / "second.json", code=1).stderr
        self.assertIn("another run is making", said)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0)

    def test_a_finished_run_stands(self):
        whole, seconds = self.whole()
        # Record and page are of the run, not of what stands.
        before = {p: p.stat().st_mtime_ns for p in self.folder.glob("whole*")
                  if not p.name.endswith((".run.json", ".html"))}
        begin = time.monotonic()
        said = self.finish(whole).stderr
        self.assertLess(time.monotonic() - begin, max(2, seconds))
        self.assertIn("stand", said)
        self.assertEqual(self.made(whole), set())
        self.assertEqual(len(self.channels(whole)), CHANNELS)
        self.assertEqual({p: p.stat().st_mtime_ns for p in before}, before)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small tmpfs needs root")
    def test_a_full_disk_loses_nothing(self):
        whole, _ = self.whole()
        small = self.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        prefix = small / "cube"
        process = self.start(prefix, "--record", self.folder / "full.json")
        while not self.journal(prefix)[0]:
            self.assertIsNone(process.poll(), "the run ended before a channel was done")
            time.sleep(0.005)
        process.send_signal(signal.SIGSTOP)
        filler = small / "filler"
        with open(filler, "wb", buffering=0) as file, self.assertRaises(OSError):
            while True:
                file.write(bytes(4096))
        process.send_signal(signal.SIGCONT)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 3, said)
        self.assertIn("No space left on device", said)
        self.assertIn("free some space", said)
        done, complete = self.journal(prefix)
        self.assertTrue(done)
        self.assertFalse(complete)
        filler.unlink()
        self.finish(prefix, "--record", self.folder / "after.json")
        resumed = json.loads((self.folder / "after.json").read_text())["resumed"][0]
        self.assertEqual(resumed["units_taken_up"], len(done))
        self.assertEqual(len(resumed["units_made"]), CHANNELS - len(done))
        for product in PRODUCTS:
            self.skymill("diff", f"{prefix}.{product}", f"{whole}.{product}")


if __name__ == "__main__":
    unittest.main()
