# SPDX-License-Identifier: GPL-3.0-or-later
"""Flagging in place: injected interference beside AOFlagger, versions, and what is left alone."""
import json
import shutil
import subprocess
import unittest

import numpy as np
from casacore.tables import table

from skymill_runs import SOURCE, RunTest

AOFLAGGER = shutil.which("aoflagger")
TIMES, CHANNELS = 48, 256
# What is injected, with its amplitude in sigma of a real part. A line that drifts by a channel an
# integration has to stand out in every sample of its own.
EVENTS = [("carrier", 2), ("carrier", 3), ("carrier", 5), ("carrier", 30), ("burst", 2.5),
          ("burst", 8), ("block", 3), ("block", 10), ("drifting", 9), ("drifting", 20)]


def read_flags(path):
    """FLAG or FLAG_ROW, [row][chan][corr]."""
    with table(str(path), ack=False) as main:
        return main.getcol("FLAG") | main.getcol("FLAG_ROW")[:, None, None]


class Flagging(RunTest):
    def observe(self, seed=4, name="sim.ms", noise=1.0):
        """Sources in noise, with interference.

        Returns the MeasurementSet and where they are, [row][chan]."""
        path, _ = self.simulate(name, nchan=CHANNELS, times=TIMES, noise=f"{noise}Jy", seed=seed, **{
            "simulate.antennas": 10,
            "simulate.sources": "[0arcsec 0arcsec 1Jy, 300arcsec 200arcsec 0.5Jy]"})
        random = np.random.default_rng(seed)
        with table(str(path), readonly=False, ack=False) as main:
            data, times = main.getcol("DATA"), main.getcol("TIME")
            step = np.unique(times, return_inverse=True)[1]
            bad = np.zeros(data.shape[:2], bool)
            for kind, sigma in EVENTS:
                events = np.zeros((TIMES, CHANNELS), bool)
                first, channel = random.integers(TIMES - 6), random.integers(CHANNELS - TIMES)
                if kind == "carrier":
                    events[:, channel] = True
                elif kind == "burst":
                    events[first:first + 2] = True
                elif kind == "block":
                    events[first:first + 6, channel:channel + 30] = True
                else:
                    events[np.arange(TIMES), channel + np.arange(TIMES)] = True
                here = events[step]
                phase = np.exp(2j * np.pi * random.random(len(step)))[:, None]
                data += (sigma * noise * phase * (here & ~bad))[:, :, None]
                bad |= here
            main.putcol("DATA", data)
        return path, bad

    def flag(self, path, *extra, **parameters):
        arguments = ["run", SOURCE / "pipelines/flag.yaml", "--param", f"input={path}", *extra]
        for key, value in parameters.items():
            arguments += ["--set" if "." in key else "--param", f"{key}={value}"]
        self.skymill(*arguments)
        return read_flags(path)

    @unittest.skipUnless(AOFLAGGER, "aoflagger is not installed")
    def test_beside_aoflagger(self):
        # None of these seeds was looked at when the method and its parameters were chosen.
        for seed in range(101, 109):
            with self.subTest(seed=seed):
                self.compare_with_aoflagger(seed)

    def compare_with_aoflagger(self, seed):
        path, bad = self.observe(seed, f"{seed}.ms")
        theirs_path = self.folder / f"{seed}.theirs.ms"
        shutil.copytree(path, theirs_path)
        ours = self.flag(path)[:, :, 0]
        subprocess.run([AOFLAGGER, "-j", "1", str(theirs_path)], check=True, capture_output=True)
        with table(str(path), ack=False) as main:
            cross = main.getcol("ANTENNA1") != main.getcol("ANTENNA2")
        theirs, ours, bad = read_flags(theirs_path)[cross, :, 0], ours[cross], bad[cross]
        found, of_theirs = ours[bad].mean(), ours[bad & theirs].mean()
        wrong, their_wrong = ours[~bad].mean(), theirs[~bad].mean()
        print(f"\nseed {seed}: found {found:.4f} (AOFlagger {theirs[bad].mean():.4f}), of what "
              f"AOFlagger found {of_theirs:.4f}, wrong {wrong:.4f} (AOFlagger {their_wrong:.4f})")
        self.assertGreaterEqual(found, 0.95)
        self.assertGreaterEqual(of_theirs, 0.99)
        self.assertLessEqual(wrong, max(0.01, their_wrong))

    def test_chunks_and_threads_do_not_matter(self):
        path, _ = self.observe()
        results = []
        for number, (chunk, threads) in enumerate([(1e9, 1), (65536, 2), (1e6, 2)]):
            copy = self.folder / f"copy{number}.ms"
            shutil.copytree(path, copy)
            results.append(self.flag(copy, "--threads", threads, **{
                "read.chunk_bytes": int(chunk), "again.chunk_bytes": int(chunk)}))
        self.assertGreater(results[0].mean(), 0.01)
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0])

    def test_clean_noise_and_data_stay(self):
        path, _ = self.simulate(nchan=CHANNELS, times=TIMES, noise="1Jy", **{
            "simulate.antennas": 10, "simulate.sources": "[0arcsec 0arcsec 5Jy]"})
        with table(str(path), ack=False) as main:
            before = main.getcol("DATA")
        self.assertLess(self.flag(path).mean(), 0.005)
        with table(str(path), ack=False) as main:
            np.testing.assert_array_equal(main.getcol("DATA"), before)

    def versions(self, path, mode, code=0, **parameters):
        description = self.folder / "versions.yaml"
        stage = {"input": str(path), "mode": mode, **parameters}
        description.write_text(f"skymill: 1\ndescription: versions\nrecord: {self.folder}/v.json\n"
                               f"stages:\n  flag_versions: {json.dumps(stage)}\n")
        return self.skymill("run", description, code=code)

    def test_versions(self):
        path, _ = self.observe()
        first = read_flags(path)
        flagged = self.flag(path)
        self.assertTrue((flagged != first).any())
        folder = self.folder / (path.name + ".flagversions")
        listed = (folder / "FLAG_VERSION_LIST").read_text()
        self.assertRegex(listed, r"^skymill_1 : before run .+\n$")
        with table(str(folder / "flags.skymill_1"), ack=False) as saved:
            self.assertEqual(set(saved.colnames()), {"FLAG", "FLAG_ROW"})
            np.testing.assert_array_equal(saved.getcol("FLAG"), first)
        self.versions(path, "save", version="after", comment="with interference")
        self.versions(path, "restore", version="skymill_1")
        np.testing.assert_array_equal(read_flags(path), first)
        self.versions(path, "restore", version="after")
        np.testing.assert_array_equal(read_flags(path), flagged)
        self.assertIn("already", self.versions(path, "save", code=5, version="after").stderr)
        self.versions(path, "delete", version="skymill_1")
        self.assertEqual((folder / "FLAG_VERSION_LIST").read_text(), "after : with interference\n")
        self.assertFalse((folder / "flags.skymill_1").exists())
        failed = self.versions(path, "restore", code=5, version="skymill_1").stderr
        self.assertIn("skymill_1", failed)
        self.assertIn("after", failed)
        # What a killed save has left is no version, and does not stand in the way.
        shutil.copytree(folder / "flags.after", folder / "flags.new.partial")
        self.versions(path, "save", version="new")
        self.assertEqual(len((folder / "FLAG_VERSION_LIST").read_text().splitlines()), 2)

    def test_summary(self):
        path, bad = self.observe()
        self.flag(path)
        record = json.loads((self.folder / (path.name + ".flag.run.json")).read_text())
        text = json.dumps(record)
        for name in ("flagged_by_antenna", "flagged_by_channel", "flagged_by_time",
                     "flagged_by_baseline", "flagged_interference"):
            self.assertIn(name, text)


if __name__ == "__main__":
    unittest.main()
