# SPDX-License-Identifier: GPL-3.0-or-later
"""What may go wrong with a conversion, one case after the other: a sentence that names the file,
the right exit code, and nothing half-written; where it can go on, the right result."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import h5py
import numpy as np
from casacore.tables import table

from groups import GroupsTest, NAMES
from skymill_runs import PLAIN_RIGHTS, PROGRAM, SOURCE
from test_convert import read_ms, read_uvh5, same_bits

CONVERT = SOURCE / "pipelines/convert.yaml"
DAY_S = 86400
needs_root = unittest.skipUnless(os.geteuid() == 0, "mounting a small tmpfs needs root")


def columns(measurement_set):
    """{table/column: bytes} of a MeasurementSet and its subtables, without its history, which has
    the moment of writing."""
    found = {}
    for path in [measurement_set, *sorted(p for p in measurement_set.iterdir() if p.is_dir())]:
        if path.name == "HISTORY":
            continue
        with table(str(path), ack=False) as opened:
            for name in opened.colnames():
                key = f"{path.relative_to(measurement_set)}/{name}"
                if path == measurement_set and opened.iscelldefined(name, 0):
                    found[key] = opened.getcol(name).tobytes()
                elif path != measurement_set:  # a few rows, of any shapes
                    found[key] = [np.asarray(opened.getcell(name, row)).tobytes()
                                  for row in range(opened.nrows())
                                  if opened.iscelldefined(name, row)]
    return found


class ConversionTest(GroupsTest):
    """Converts groups of four subbands in `in` to MeasurementSets in `out`."""
    settings = ["--set", "read.expect_subbands=4"]

    def setUp(self):
        super().setUp()
        self.product = self.products / "made.ms"

    def arguments_of(self, *extra, source=None, product=None, **parameters):
        values = dict({"input": source or self.incoming, "output": product or self.product},
                      **parameters)
        return ["run", CONVERT, *[word for item in values.items() for word in
                                  ("--param", f"{item[0]}={item[1]}")],
                *self.settings, *extra]

    def convert(self, *extra, code=0, env=None, before=(), **parameters):
        """Runs the conversion, and checks that it leaves a product or nothing."""
        self.last = self.skymill(*self.arguments_of(*extra, **parameters), code=code, env=env,
                                 before=before)
        self.assertEqual(self.leftovers(), [])
        return self.product

    def refused(self, code, *words, **options):
        """The conversion says these words in one line, ends with `code` and makes nothing."""
        before = self.product.exists()
        self.convert(code=code, **options)
        errors = [line for line in self.last.stderr.splitlines() if "error: " in line]
        self.assertEqual(len(errors), 1, self.last.stderr)
        for word in words:
            self.assertIn(str(word), errors[0])
        self.assertEqual(self.product.exists(), before)

    def run_record(self):
        return json.loads(pathlib.Path(f"{self.product}.run.json").read_text())

    def counter(self, name):
        return sum(stage["counters"].get(name, 0) for stage in self.run_record()["stages"])

    def assert_holds(self, files):
        """The product has the same bits as h5py reads in `files`, in order of subbands."""
        ours = read_ms(self.product)
        theirs = [read_uvh5(file) for file in reversed(files)]
        self.assertEqual(ours.keys, theirs[0].keys)
        self.assertTrue(same_bits(ours.data, np.concatenate([f.data for f in theirs], axis=1)))
        self.assertEqual(ours.corr_types, theirs[0].corr_types)
        return ours


class Files(ConversionTest):
    def test_missing_subbands(self):
        files = self.observe(0)
        files[1].unlink()
        self.refused(5, "1 of 4 subbands are missing", files[3], ": sb01;", "missing: drop")
        self.convert(missing="flag")
        self.assertEqual(self.run_record()["verdict"], "degraded")
        self.assertIn("sb01", self.run_record()["degraded_because"][0])
        with table(str(self.product), ack=False) as rows:
            for window in range(4):  # ascending in frequency: sb03 first
                flags = rows.query(f"DATA_DESC_ID == {window}").getcol("FLAG")
                self.assertEqual(flags.all(), window == 2)
        files[2].unlink()
        shutil.rmtree(self.product)
        self.refused(5, "2 of 4 subbands are missing", files[3], ": sb01, sb02", missing="flag")

    def test_a_subband_twice_with_another_time_in_its_name(self):
        files = self.observe(0)
        copy = self.incoming / files[1].name.replace("06:28:54", "06:29:41")
        shutil.copyfile(files[1], copy)
        self.refused(5, files[1].name, copy.name, "both hold subband sb01")
        os.utime(copy, (time.time() + 5, time.time() + 5))
        with h5py.File(copy, "r+") as file:
            file["Data/visdata"][...] = np.complex64(7)
        os.utime(copy, (time.time() + 5, time.time() + 5))
        rows = self.batch()
        self.assertEqual(list(rows), [NAMES[0]])
        self.assertEqual(rows[NAMES[0]]["outcome"], "done")
        self.assertIn(f"'{files[1].name}' is left out, '{copy.name}'", rows[NAMES[0]]["reason"])
        self.product = self.products / f"{NAMES[0]}.ms"
        self.assert_holds([files[0], copy, files[2], files[3]])

    def test_a_file_cut_short(self):
        files = self.observe(0)
        self.truncate(files[2])
        self.refused(5, files[2].name, "cut short")
        rows = self.batch(code=1)
        self.assertIn("cut short", rows[files[2].name]["reason"])
        self.assertEqual(rows[NAMES[0]]["outcome"], "done")
        self.assertEqual(self.made(), NAMES[:1])

    def test_a_file_left_incomplete(self):
        files = self.observe(0)
        left = files[3].rename(self.incoming / f"{files[3].stem}_incomplete.hdf5")
        self.refused(5, "1 of 4 subbands are missing", files[2], ": sb03;")
        self.refused(5, f"'{self.incoming}/*_sb03*.hdf5' names no UVH5 file", "_incomplete",
                     source=self.incoming / "*_sb03*.hdf5")
        os.utime(left, (time.time() - 3600, time.time() - 3600))
        rows = self.batch(code=1)
        self.assertEqual(rows[left.name]["outcome"], "rejected")
        self.assertIn("sb03", rows[NAMES[0]]["reason"])
        self.assertEqual(self.made(), NAMES[:1])

    def test_without_permission(self):
        files = self.observe(0)
        self.folder.chmod(0o755)
        self.products.mkdir()
        self.products.chmod(0o777)
        files[1].chmod(0)
        self.refused(5, files[1].name, "Permission denied", before=PLAIN_RIGHTS)
        files[1].chmod(0o644)
        self.incoming.chmod(0)
        self.refused(5, f"'{self.incoming}'", "Permission denied", before=PLAIN_RIGHTS)
        self.incoming.chmod(0o755)
        self.products.chmod(0o555)
        self.refused(1, "stage 'write'", f"'{self.products}'", "Permission denied",
                     before=PLAIN_RIGHTS)
        self.assertNotIn("stage 'read'", self.last.stderr)  # which only feeds it
        self.products.chmod(0o777)
        self.convert(before=PLAIN_RIGHTS)
        self.assert_holds(files)

    def test_headers_of_different_times(self):
        files = self.observe(0)
        with h5py.File(files[1], "r+") as file:
            file["Header/time_array"][...] += 13 / DAY_S
        self.refused(5, "2 observations are given", f"(1 file: '{files[1]}')")
        rows = self.batch(code=1)
        self.assertEqual(rows[NAMES[0]]["outcome"], "done")
        self.assertIn("missing: sb01", rows[NAMES[0]]["reason"])
        alone = rows["2025-10-02T06:29:07"]
        self.assertEqual(alone["outcome"], "rejected")
        self.assertIn("3 of 4 subbands are missing", alone["reason"])
        self.assertEqual(self.made(), NAMES[:1])

    def test_times_that_differ_after_the_first(self):
        files = self.observe(0)
        with h5py.File(files[1], "r+") as file:
            file["Header/time_array"][6:] += 1 / DAY_S
        self.refused(5, files[1].name, "differ in the times of their rows")

    def test_different_lists_of_antennas(self):
        files = self.observe(0)
        with h5py.File(files[1], "r+") as file:
            names = file["Header/antenna_names"]
            names[...] = names[()][[1, 0, *range(2, len(names))]]
        self.refused(5, files[1].name, "antenna lists")

    def test_archive_files_of_25_and_of_63_antennas(self):
        for number, antennas in enumerate((25, 63)):
            files = self.observe(number, antennas=antennas)
            self.product = self.products / f"{antennas}.ms"
            self.convert(source=self.incoming / f"{NAMES[number]}*")
            ours = self.assert_holds(files)
            self.assertEqual(len(ours.keys), 2 * antennas * (antennas - 1) // 2)
            self.assertEqual(self.run_record()["verdict"], "clean")
        # One of 25 among those of 63.
        stray = self.observe(1, antennas=25, folder=self.folder)[2]
        stray.replace(files[2])
        shutil.rmtree(self.product)
        self.refused(5, files[2], "differ in their rows",
                     source=self.incoming / f"{NAMES[1]}*")

    def test_four_polarizations_in_the_order_of_the_correlator(self):
        files = self.observe(0)
        for number, path in enumerate(files):
            with h5py.File(path, "r+") as file:
                rows, _, channels, _ = file["Data/visdata"].shape
                random = np.random.default_rng(number)
                data = random.normal(size=(2, rows, 1, channels, 4)).astype(np.float32)
                visdata = np.empty((rows, 1, channels, 4), file["Data/visdata"].dtype)
                if visdata.dtype.names:
                    visdata["r"], visdata["i"] = data
                else:
                    visdata[...] = data[0] + 1j * data[1]
                flags = np.zeros(visdata.shape, file["Data/flags"].dtype)
                kind = file["Data/flags"].id.get_type()
                for name in ("visdata", "flags", "nsamples"):
                    del file[f"Data/{name}"]
                chunks = (256, 1, 12, 1)
                options = dict(maxshape=(None, 1, channels, 4),
                               chunks=tuple(map(min, chunks, visdata.shape)))
                file.create_dataset("Data/visdata", data=visdata, **options)
                file.create_dataset("Data/flags", data=flags, dtype=kind, **options)
                file.create_dataset("Data/nsamples", data=np.full(visdata.shape, 96, np.float32),
                                    **options)
                for name, value in (("polarization_array", [-5, -7, -8, -6]), ("Npols", 4)):
                    del file[f"Header/{name}"]
                    file[f"Header/{name}"] = value
        self.convert()
        self.assertEqual(self.assert_holds(files).corr_types, [9, 10, 11, 12])
        self.assertEqual(self.run_record()["verdict"], "clean")

    def test_twelve_integrations_only(self):
        files = self.observe(0, times=12)
        self.convert()
        self.assertEqual(len(np.unique(self.assert_holds(files).time_s)), 12)
        self.assertEqual(self.run_record()["verdict"], "clean")
        # One host stopped after 12 of 24.
        whole = self.observe(1, times=24)
        short = self.observe(1, times=12, folder=self.folder)[2]
        short.replace(whole[2])
        rows = self.batch(code=1, **{"from": NAMES[1]})
        self.assertIn("it has 12 integrations, the others 24", rows[whole[2].name]["reason"])
        self.assertIn("missing: sb02", rows[NAMES[1]]["reason"])
        shutil.rmtree(self.product)
        self.refused(5, whole[2].name, "differ in their rows",
                     source=self.incoming / f"{NAMES[1]}*")

    def test_visibilities_that_are_no_numbers(self):
        files = self.observe(0)
        with h5py.File(files[1], "r+") as file:
            file["Data/visdata"][3, 0, 1:3, 0] = np.nan
            file["Data/visdata"][5, 0, 2, 1] = np.inf
            file["Data/flags"][5, 0, 2, 1] = True
        self.convert()
        self.assertEqual(self.counter("samples_not_finite"), 2)  # one was flagged already
        ours = self.assert_holds(files)
        self.assertTrue(np.array_equal(ours.flag, ~np.isfinite(ours.data)))
        self.assertEqual(np.count_nonzero(ours.flag), 3)


class Destinations(ConversionTest):
    def test_something_is_there(self):
        files = self.observe(0)
        self.convert()
        before = columns(self.product)
        self.refused(2, f"'{self.product}' exists already", "overwrite")
        self.assertEqual(columns(self.product), before)
        self.convert(overwrite="true")
        self.assert_holds(files)
        # Somebody else's half of one is not taken for a product, nor written into.
        shutil.rmtree(self.product)
        self.product.mkdir()
        (self.product / "table.f0").write_text("half")
        self.refused(2, f"'{self.product}' exists already")
        self.assertEqual([p.name for p in self.product.iterdir()], ["table.f0"])
        # What a crash of ours has left goes.
        shutil.rmtree(self.product)
        left = pathlib.Path(f"{self.product}.partial")
        left.mkdir()
        (left / "table.f0").write_text("half")
        self.convert()
        self.assert_holds(files)


class Interrupted(ConversionTest):
    """A larger group, converted in small pieces and held while its product is half-written."""
    settings = [*ConversionTest.settings, "--set", "read.integrations=1"]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        maker = GroupsTest()
        maker.folder = pathlib.Path(tempfile.mkdtemp(prefix="skymill-system-"))
        cls.addClassCleanup(shutil.rmtree, maker.folder, ignore_errors=True)
        cls.large = maker.folder / "large"
        cls.large.mkdir()
        maker.observe(0, folder=cls.large, antennas=32, times=24, nchan=48)
        cls.expected = maker.folder / "expected.ms"
        maker.skymill("run", CONVERT, "--param", f"input={cls.large}", "--param",
                      f"output={cls.expected}", *cls.settings)
        cls.expected_columns = columns(cls.expected)

    def setUp(self):
        super().setUp()
        for file in self.large.iterdir():
            os.link(file, self.incoming / file.name)
        self.partial = pathlib.Path(f"{self.product}.partial")

    def half_way(self, drafts=None, env=None, **options):
        """Starts a conversion and stops it (SIGSTOP) when its draft has rows; `drafts` lists where
        that may be."""
        arguments = self.arguments_of(**options)
        for _ in range(5):  # on a busy machine it may be over before this process looks
            process = subprocess.Popen([PROGRAM, *map(str, arguments)], cwd=self.folder, env=env,
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            self.addCleanup(self.reap, process)
            while process.poll() is None and not any(
                    self.bytes_of(path) > (1 << 20)
                    for path in (drafts() if drafts else [self.partial])):
                time.sleep(0.001)
            process.send_signal(signal.SIGSTOP)
            if process.poll() is None and not self.product.exists():
                return process
            self.end(process)
            shutil.rmtree(self.product)
        self.fail("the conversion was never seen half-way")

    @staticmethod
    def bytes_of(path):
        total = 0
        for folder, _, names in os.walk(path):
            for name in names:
                try:
                    total += os.stat(os.path.join(folder, name)).st_blocks * 512
                except FileNotFoundError:
                    pass
        return total

    @staticmethod
    def reap(process):
        if process.poll() is None:
            process.kill()
        process.communicate()

    def end(self, process, code=0):
        """Lets a process go on; returns what it says."""
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, code, out + err)
        return out + err

    def assert_product_is_right(self):
        self.assertEqual(self.leftovers(), [])
        self.assertTrue(columns(self.product) == self.expected_columns)

    def test_a_file_is_moved_away_while_it_is_read(self):
        process = self.half_way()
        for file in self.incoming.iterdir():
            file.rename(self.folder / file.name)
        self.end(process)
        self.assert_product_is_right()

    def test_a_file_is_cut_short_while_it_is_read(self):
        victim = sorted(self.incoming.iterdir())[0]
        victim.unlink()  # it is a link
        shutil.copyfile(self.large / victim.name, victim)
        process = self.half_way()
        self.truncate(victim, 0.3)
        text = self.end(process, code=5)
        self.assertIn(victim.name, text)
        self.assertFalse(self.product.exists())
        self.assertEqual(self.leftovers(), [])

    def test_a_disk_that_stalls(self):
        process = self.half_way()
        time.sleep(5)
        self.end(process)
        self.assert_product_is_right()

    def test_a_request_to_stop(self):
        process = self.half_way()
        process.send_signal(signal.SIGTERM)
        self.assertIn("stopped", self.end(process, code=75))
        self.assertEqual(sorted(p.name for p in self.products.iterdir()), ["made.ms.run.json"])
        self.assertEqual(self.run_record()["verdict"], "stopped")
        self.assertEqual(self.run_record()["exit_code"], 75)
        self.convert()
        self.assert_product_is_right()

    def test_a_kill(self):
        process = self.half_way()
        process.kill()
        process.wait()
        self.assertFalse(self.product.exists())
        self.assertTrue(self.partial.exists())
        text = self.skymill("clean", self.products).stdout
        self.assertIn(f"removed {self.partial}", text)
        self.assertEqual(list(self.products.iterdir()), [])
        self.convert()
        self.assert_product_is_right()

    def test_a_kill_and_another_run_without_cleaning(self):
        process = self.half_way()
        process.kill()
        process.wait()
        self.assertTrue(self.partial.exists())
        self.assertFalse(self.product.exists())
        anew = (f"'{self.product}' is made anew: an earlier run was ended and left "
                f"'{self.partial}' unfinished")
        bytes_left = self.bytes_of(self.partial)
        self.assertIn(anew, self.skymill(*self.arguments_of("--dry-run")).stdout)
        self.assertEqual(self.bytes_of(self.partial), bytes_left)
        self.convert()
        self.assertIn(anew, self.last.stderr)
        self.assert_product_is_right()

    def test_kills_at_many_moments(self):
        begin = time.monotonic()
        self.convert()
        seconds = time.monotonic() - begin
        finished = 0
        for moment in range(8):
            shutil.rmtree(self.product, ignore_errors=True)
            process = subprocess.Popen([PROGRAM, *map(str, self.arguments_of())], cwd=self.folder,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.addCleanup(self.reap, process)
            time.sleep(seconds * (moment + 0.5) / 8)
            process.kill()
            process.wait()
            if self.product.exists():  # then it is whole
                finished += 1
                self.assertTrue(columns(self.product) == self.expected_columns)
        self.assertLess(finished, 8, "no kill fell into the conversion")
        shutil.rmtree(self.product, ignore_errors=True)
        self.convert()
        self.assert_product_is_right()

    def small_disk(self, name, size="200m"):
        folder = self.folder / name
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", folder], check=True)
        return folder

    @staticmethod
    def fill(folder):
        """Takes the last byte of a file system."""
        with open(folder / "filler", "wb") as filler:
            block = b"x" * (1 << 16)
            while True:
                try:
                    os.write(filler.fileno(), block)
                except OSError:
                    return

    @needs_root
    def test_the_disk_fills_mid_way(self):
        small = self.small_disk("out")
        process = self.half_way()
        self.fill(small)
        text = self.end(process, code=3)
        self.assertIn("made.ms", text)
        self.assertIn("no space is left", text)
        self.assertEqual([p.name for p in small.iterdir() if not p.name.endswith("run.json")],
                         ["filler"])
        (small / "filler").unlink()
        self.convert()
        self.assert_product_is_right()

    def tiers(self, capacity, fast=None):
        """A machine file with a tier of so many bytes and one for the rest, on two file systems."""
        roots = []
        for name, parent in (("fast", "/dev/shm"), ("slow", "/tmp")):
            roots.append(fast if fast and name == "fast" else
                         pathlib.Path(tempfile.mkdtemp(prefix="skymill-tier-", dir=parent)))
            self.addCleanup(shutil.rmtree, roots[-1], ignore_errors=True)
        machine = self.folder / "machine.yaml"
        machine.write_text("skymill_machine: 1\ntiers:\n"
                           f"  fast: {{ root: {roots[0]}, kind: tmpfs, capacity: {capacity} }}\n"
                           f"  slow: {{ root: {roots[1]}, kind: nvme, capacity: 1GiB }}\n")
        return roots, dict(os.environ, SKYMILL_MACHINE=str(machine))

    def assert_nothing_staged(self, roots):
        for root in roots:
            self.assertEqual([p for p in (root / ".skymill").glob("*") if p.is_dir()], [])

    def staging(self):
        [staged] = self.run_record()["staging"]
        self.assertEqual((staged["stage"], staged["product"]), ("write", str(self.product)))
        return staged

    def test_staged_on_the_first_tier(self):
        roots, machine = self.tiers("1GiB")
        self.convert(staging="auto", env=machine)
        self.assert_product_is_right()
        staged = self.staging()
        self.assertEqual((staged["asked"], staged["tier"]), ("auto", "fast"))
        self.assertEqual(staged["refused"], [])
        size = self.run_record()["outputs"][0]["bytes"]
        self.assertGreaterEqual(staged["used_bytes"], size)
        self.assertGreaterEqual(staged["reserved_bytes"], staged["used_bytes"])
        self.assert_nothing_staged(roots)

    def test_a_tier_that_is_too_small(self):
        roots, machine = self.tiers("20MiB")
        for asked, tier in (("auto", "slow"), ("fast", None)):
            self.convert(staging=asked, env=machine)
            self.assert_product_is_right()
            staged = self.staging()
            self.assertEqual((staged["asked"], staged["tier"]), (asked, tier))
            [reason] = staged["refused"]
            self.assertIn("tier 'fast'", reason)
            self.assertIn("capacity 20 MiB", reason)
            self.assert_nothing_staged(roots)
            shutil.rmtree(self.product)

    @staticmethod
    def drafts_on(root):
        return lambda: (root / ".skymill").glob("*/made.ms")

    @needs_root
    def test_a_tier_fills_mid_way(self):
        small = self.small_disk("shm")
        roots, machine = self.tiers("200MiB", fast=small)
        process = self.half_way(self.drafts_on(small), staging="auto", env=machine)
        self.fill(small)
        text = self.end(process, code=3)
        self.assertIn("made.ms", text)
        self.assertIn("no space is left", text)
        self.assertEqual([p.name for p in self.products.iterdir()], ["made.ms.run.json"])
        self.assert_nothing_staged(roots)
        # The next run sees that there is no room, and goes elsewhere.
        self.convert(staging="auto", env=machine)
        self.assert_product_is_right()
        self.assertEqual(self.staging()["tier"], "slow")
        self.assertIn("tier 'fast'", self.staging()["refused"][0])

    def test_a_kill_while_staged(self):
        roots, machine = self.tiers("1GiB")
        process = self.half_way(self.drafts_on(roots[0]), staging="auto", env=machine)
        process.kill()
        process.wait()
        [orphan] = [p for p in (roots[0] / ".skymill").glob("*") if p.is_dir()]
        self.assertFalse(self.product.exists())
        looked = self.skymill("clean", "--dry-run", env=machine).stdout
        self.assertIn(f"would remove {orphan}", looked)
        self.assertIn(f"process {process.pid}, which is dead", looked)
        self.convert(staging="auto", env=machine)  # which reaps
        self.assertFalse(orphan.exists())
        self.assert_product_is_right()
        self.assertEqual(self.staging()["tier"], "fast")
        self.assert_nothing_staged(roots)
        self.assertEqual(self.skymill("clean", env=machine).stdout, "nothing is left over\n")


class Times(ConversionTest):
    def test_midnight_and_right_ascension_zero(self):
        # Sidereal time is 0 h 86 s before this midnight.
        midnight = 60694
        eop = self.folder / "eop.txt"
        eop.write_text("".join(f"{midnight + day} 0.1 0.2 0.04\n" for day in range(-2, 3)))
        files = self.observe(0, times=24, **{"start": repr(midnight - 200 / DAY_S),
                                             "simulate.eop": eop})
        self.assertTrue(files[0].name.startswith("2025-01-18T23:56:46"), files[0].name)
        [row] = self.batch(eop=eop).values()
        self.assertEqual((row["item"], row["outcome"], row["reason"]),
                         ("2025-01-18T23:56:46", "done", ""))
        self.product = self.products / "2025-01-18T23:56:46.ms"
        times = np.unique(self.assert_holds(files).time_s)
        self.assertLess(times[0], midnight * DAY_S)
        self.assertGreater(times[-1], midnight * DAY_S)
        np.testing.assert_allclose(np.diff(times), 12.884901888, atol=1e-4)
        with table(f"{self.product}/FIELD", ack=False) as fields:
            ra = np.degrees(fields.getcol("PHASE_DIR")[:, 0, 0])
        self.assertLess(np.min(np.remainder(ra, 360)), 1)
        self.assertGreater(np.max(np.remainder(ra, 360)), 359)
        moved = np.remainder(np.diff(ra) + 180, 360) - 180
        np.testing.assert_allclose(moved * 3600, 193.8, rtol=4e-3)

    def test_a_table_of_earth_orientation_that_is_not_there(self):
        self.observe(0)
        none = self.folder / "none.all"
        self.refused(5, f"cannot read the table of Earth orientation '{none}'", eop=none)
        self.refused(5, f"cannot read the table of Earth orientation '{none}'",
                     env=dict(os.environ, SKYMILL_EOP=str(none)))

    def test_a_date_outside_the_table_of_earth_orientation(self):
        self.observe(0)
        old = self.folder / "old.txt"
        old.write_text("60000 0.1 0.2 -0.0160\n60001 0.1 0.2 -0.0161\n")
        self.refused(5, f"'{old}'", "does not have 2025-10-02", "with eop or SKYMILL_EOP",
                     "allow_stale_eop", eop=old)
        self.convert("--set", "read.allow_stale_eop=true", eop=old)
        self.assertEqual(self.run_record()["verdict"], "degraded")
        self.assertIn(f"'{old}'", " ".join(self.run_record()["degraded_because"]))

    def test_leap_seconds_that_are_not_known(self):
        future = 70000
        eop = self.folder / "future.txt"
        eop.write_text("".join(f"{future + day} 0.1 0.2 -0.016\n" for day in range(-1, 3)))
        stale = {"start": future + 0.3, "simulate.eop": eop, "simulate.allow_stale_eop": "true"}
        self.observe(0, **stale)
        self.refused(5, "leap seconds of 2050-07-13", "not known to this build", "allow_stale_eop",
                     eop=eop)
        self.convert("--set", "read.allow_stale_eop=true", eop=eop)
        self.assertEqual(self.run_record()["verdict"], "degraded")
        self.assertIn("leap seconds of 2050-07-13",
                      " ".join(self.run_record()["degraded_because"]))


if __name__ == "__main__":
    unittest.main()
