# SPDX-License-Identifier: GPL-3.0-or-later
"""Every mistake gets one clear sentence and its exit code, and leaves no product."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import unittest

from skymill_runs import DATA, RunTest, SOURCE, needs_data

SIX_MISTAKES = """\
skymill: 1
stages:
  read:
    use: ms_reder
    input: some.ms
  make:
    use: image
    imsize: large
    cell: 3 Hz
    weighting: brigs
    niter: -5
    gian: 0.1
"""


class BadInput(RunTest):
    def assert_no_product(self, prefix):
        left = [p for p in pathlib.Path(prefix).parent.rglob("*")
                if p.name.startswith(pathlib.Path(prefix).name)
                and not p.name.endswith(("run.json", ".html"))]  # these tell of the failure
        self.assertEqual(left, [])
        self.assertEqual(self.leftovers(), [])

    def test_all_mistakes_of_a_description_in_one_run(self):
        file = self.folder / "bad.yaml"
        file.write_text(SIX_MISTAKES)
        for command in ("check", "run", "explain"):
            text = self.skymill(command, file, code=2).stderr
            lines = [line for line in text.splitlines() if ": error: " in line]
            self.assertEqual(len(lines), 6, text)
            for line, (place, word) in zip(lines, [
                    ("4:10", "did you mean 'ms_reader'?"), ("8:13", "imsize"), ("9:11", "cell"),
                    ("10:16", "natural, uniform, briggs"), ("11:12", "niter"),
                    ("12:5", "did you mean 'gain'?")]):
                self.assertIn(f"bad.yaml:{place}: error: ", line)
                self.assertIn(word, line)
        self.assertEqual(sorted(p.name for p in self.folder.iterdir()), ["bad.yaml"])

    def test_a_missing_input(self):
        prefix = self.cube("nowhere.ms", "cube", code=5)
        self.assertIn("'nowhere.ms'", self.last.stderr)
        self.assertEqual(len(self.last.stderr.strip().splitlines()), 1, self.last.stderr)
        self.assert_no_product(prefix)

    def test_typos_on_the_command_line(self):
        cube = SOURCE / "pipelines/cube.yaml"
        done = self.skymill("run", cube, "--param", "inptu=x.ms", "--param", "output=x", code=2)
        self.assertIn("did you mean 'input'?", done.stderr)
        done = self.skymill("run", cube, "--param", "input=x", "--param", "output=x",
                            "--set", "imgae.niter=3", code=2)
        self.assertIn("did you mean 'image'?", done.stderr)
        done = self.skymill("rnu", cube, code=2)
        self.assertIn("did you mean 'run'?", done.stderr)

    @needs_data
    def test_truncated_tables(self):
        whole = pathlib.Path(DATA) / "ms" / "vla_J1008_36GHz_64ch.ms"
        for victim in ("table.dat", "table.f0", "SPECTRAL_WINDOW/table.dat", "ANTENNA/table.f0"):
            with self.subTest(victim=victim):
                copy = self.folder / "cut.ms"
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(whole, copy)
                subprocess.run(["chmod", "-R", "u+w", copy], check=True)
                size = (copy / victim).stat().st_size
                os.truncate(copy / victim, size // 3)
                prefix = self.cube(copy, "cube", column="data", size=64, cell="0.5arcsec",
                                   niter=0, code=5)
                self.assertIn("cut.ms", self.last.stderr)
                self.assertEqual(self.last.stderr.count("error"), 1, self.last.stderr)
                self.assert_no_product(prefix)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small tmpfs needs root")
    def test_a_full_disk(self):
        path, _ = self.simulate(nchan=8)
        small = self.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        # Refused beforehand where the sizes are known …
        prefix = self.cube(path, "small/cube", size=512, cell="3arcsec", niter=0, code=3)
        self.assertRegex(self.last.stderr, r"needs .* where .* free")
        self.assert_no_product(prefix)
        # … and noticed in the middle where something else fills the disk meanwhile.
        filler = small / "filler"
        filler.write_bytes(b"x" * (1 << 20))
        self.skymill("run", SOURCE / "pipelines/simulate.yaml", "--param", f"output={small}/s.ms",
                     "--param", "nchan=2", "--set", "write.overwrite=true", "--param", "times=400",
                     code=3)
        self.assertEqual([p.name for p in small.iterdir()
                          if p.name != "filler" and not p.name.endswith((".run.json", ".html"))], [])

    def test_a_stale_plugin(self):
        stale = pathlib.Path(os.environ["SKYMILL_TEST_PLUGINS"]) / "plugin_stale.so"
        done = self.skymill("describe", "--plugin", stale, code=4)
        self.assertIn("0.libstdcxx_cxx11_release", done.stderr)
        self.assertIn("this program needs", done.stderr)

    def test_existing_products_are_kept(self):
        path, _ = self.simulate(nchan=1, times=2)
        options = dict(size=64, cell="10arcsec", niter=0)
        prefix = self.cube(path, "cube", **options)
        before = pathlib.Path(f"{prefix}.image.fits").stat().st_mtime_ns
        self.cube(path, "cube", **options)  # all is there already
        self.assertEqual(pathlib.Path(f"{prefix}.image.fits").stat().st_mtime_ns, before)
        self.cube(path, "cube", code=2, **dict(options, niter=10))
        self.assertIn("exists already", self.last.stderr)
        self.assertIn("parameter image.niter changed from 0 to 10", self.last.stderr)
        self.assertEqual(pathlib.Path(f"{prefix}.image.fits").stat().st_mtime_ns, before)
        self.cube(path, "cube", **dict(options, overwrite="true"))
        self.assertNotEqual(pathlib.Path(f"{prefix}.image.fits").stat().st_mtime_ns, before)

    def test_too_little_memory_is_said_beforehand(self):
        path, _ = self.simulate(nchan=4)
        prefix = self.cube(path, "cube", "--memory", "10MB", size=1024, cell="3arcsec", niter=0,
                           code=3)
        self.assertIn("the program itself; the budget is", self.last.stderr)
        self.assert_no_product(prefix)
        named = re.search(r"give --memory (\d+)MiB", self.last.stderr).group(1)
        self.cube(path, "cube", "--memory", f"{int(named) - 1}MiB", size=1024, cell="3arcsec",
                  niter=0, code=3)
        self.cube(path, "cube", "--memory", f"{named}MiB", size=1024, cell="3arcsec", niter=0)
        memory = json.loads(pathlib.Path(f"{prefix}.run.json").read_text())["memory"]
        self.assertLessEqual(memory["resident_peak_bytes"], memory["budget_bytes"])


if __name__ == "__main__":
    unittest.main()
