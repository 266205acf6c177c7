# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that exist become a cube, and python-casacore sees what it was made of."""
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
import unittest

import casacore.images
import casacore.tables
import numpy as np

from skymill_runs import PROGRAM, RunTest

DESCRIPTION = """skymill: 1
description: join images
stages:
  concat_images: { inputs: [parts/sub.*], output: cube, extensions: [image] }
"""
NCHAN = 6


class ConcatImages(RunTest):
    @classmethod
    def setUpClass(cls):
        cls.made = None

    @classmethod
    def tearDownClass(cls):
        if cls.made:
            shutil.rmtree(cls.made)

    def parts(self):
        """The channels of a cube of ours as images, made by casacore, with masks; and the cube."""
        if not self.made:
            path, _ = self.simulate(nchan=NCHAN, noise="0.05Jy")
            prefix = self.cube(path, "whole", size=64, cell="4arcsec", niter=50)
            keep = pathlib.Path(f"{self.folder}-parts")
            keep.mkdir()
            type(self).made = keep
            for product in ("image", "psf"):
                shutil.copytree(f"{prefix}.{product}", keep / f"whole.{product}")
                whole = casacore.images.image(f"{prefix}.{product}")
                for k in range(NCHAN):
                    part = whole.subimage((k, 0, 0, 0), (k, 0, 63, 63), dropdegenerate=False)
                    part.saveas(str(keep / f"sub.{k}.{product}"), overwrite=True)
        shutil.copytree(self.made, self.folder / "parts", ignore=shutil.ignore_patterns("whole.*"))

    def join(self, code=0, preexec_fn=None, **settings):
        """Runs the stage; `settings` are its parameters."""
        (self.folder / "join.yaml").write_text(DESCRIPTION)
        arguments = ["run", "join.yaml"]
        for key, value in settings.items():
            arguments += ["--set", f"concat_images.{key}={value}"]
        return self.skymill(*arguments, code=code, preexec_fn=preexec_fn)

    def check(self, product="image"):
        """Pixels, masks, beams, unit and axes as the cube that the parts were cut from."""
        joined = casacore.images.image(str(self.folder / f"cube.{product}"))
        whole = casacore.images.image(str(self.made / f"whole.{product}"))
        np.testing.assert_array_equal(joined.getdata(), whole.getdata())
        np.testing.assert_array_equal(joined.getmask(), whole.getmask())
        self.assertEqual(joined.unit(), whole.unit())
        a, b = joined.coordinates(), whole.coordinates()
        for k in (0, 3, NCHAN - 1):
            np.testing.assert_array_equal(joined.toworld([k, 0, 10, 20]),
                                          whole.toworld([k, 0, 10, 20]))
        one = a.get_coordinate("spectral").dict()
        other = b.get_coordinate("spectral").dict()
        self.assertEqual((one["system"], one["restfreq"]), (other["system"], other["restfreq"]))
        beams = joined.imageinfo()["perplanebeams"]
        for k in range(NCHAN):
            for key in ("major", "minor", "positionangle"):
                wanted = whole.imageinfo()["perplanebeams"][f"*{k}"][key]["value"]
                self.assertAlmostEqual(beams[f"*{k}"][key]["value"], wanted, places=9)
        self.assertEqual(joined.miscinfo(), {})
        return joined

    def inputs(self):
        return sorted(p.name for p in (self.folder / "parts").iterdir())

    def test_paged_equals_the_cube_that_was_cut(self):
        self.parts()
        self.join(mode="paged", extensions="[image, psf]")
        self.assertEqual(self.check("image").imagetype(), "PagedImage")
        self.check("psf")
        self.assertEqual(len(self.inputs()), 2 * NCHAN)
        self.assertEqual(self.leftovers(), [])

    def test_inputs_go_only_after_a_paged_cube_is_published(self):
        self.parts()
        self.join(keep_subcubes="false")
        self.check()
        self.assertEqual(self.inputs(), [f"sub.{k}.psf" for k in range(NCHAN)])

    def test_virtual_opens_and_is_moved_with_its_parts(self):
        self.parts()
        self.join()
        self.assertEqual(self.check().imagetype(), "ImageConcat")
        moved = self.folder / "elsewhere"
        moved.mkdir()
        for name in ("cube.image", "parts"):
            (self.folder / name).rename(moved / name)
        self.folder = moved
        self.check()

    def test_movevirtual_holds_its_parts(self):
        self.parts()
        self.join(mode="movevirtual", extensions="[image, psf]")
        self.assertEqual(self.inputs(), [])
        (self.folder / "cube.image").rename(self.folder / "other")
        (self.folder / "other").rename(self.folder / "cube.image")
        self.check("image")
        self.check("psf")

    def test_masks_come_along(self):
        self.parts()
        part = str(self.folder / "parts/sub.2.image")
        bad = np.zeros((1, 1, 64, 64), bool)
        bad[0, 0, 5, 7] = bad[0, 0, 63, :] = True  # True means bad to python-casacore
        data = casacore.images.image(part).getdata()
        shutil.rmtree(part)
        whole = casacore.images.image(str(self.made / "sub.2.image"))
        masked = casacore.images.image(part, shape=[1, 1, 64, 64], coordsys=whole.coordinates(),
                                       maskname="mask0")
        masked.putdata(data)
        masked.putmask(bad)
        del masked
        self.join(mode="paged", relax="true", code=0)
        joined = casacore.images.image(str(self.folder / "cube.image"))
        mask = joined.getmask()
        np.testing.assert_array_equal(mask[2], bad[0])
        self.assertFalse(np.delete(mask, 2, axis=0).any())

    def test_late_images_are_awaited(self):
        self.parts()
        late = self.folder / "late"
        late.mkdir()
        for k in (1, 4):
            (self.folder / f"parts/sub.{k}.image").rename(late / f"sub.{k}.image")
        grown = []

        def bring():
            draft = self.folder / "cube.image.partial"
            deadline = time.monotonic() + 60
            while not (draft / "imageconcat.json").exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            grown.append(casacore.images.image(str(draft)).shape()[0])
            for k in (4, 1):
                (late / f"sub.{k}.image").rename(self.folder / f"parts/sub.{k}.image")

        bringer = threading.Thread(target=bring)
        bringer.start()
        self.join(nchan=NCHAN, wait="60s")
        bringer.join()
        self.assertEqual(grown, [NCHAN - 2])
        self.check()

    def test_what_never_comes_is_not_awaited_for_ever(self):
        self.parts()
        shutil.rmtree(self.folder / "parts/sub.3.image")
        failed = self.join(nchan=NCHAN, wait="1s", code=5)
        self.assertIn("5 channels where nchan is 6", failed.stdout + failed.stderr)
        self.assertFalse((self.folder / "cube.image").exists())
        self.assertEqual(self.leftovers(), [])

    def many(self, count, size=16):
        """Images made by casacore, of which every pixel of channel k is k + 1."""
        folder = self.folder / "parts"
        folder.mkdir()
        template = folder / "template"
        image = casacore.images.image(str(template), shape=[1, 1, size, size],
                                      tileshape=[1, 1, size, size])
        del image
        for k in range(count):
            path = folder / f"sub.{k}.image"
            shutil.copytree(template, path)
            with casacore.tables.table(str(path), readonly=False, ack=False) as table:
                coordinates = table.getkeyword("coords")
                coordinates["spectral2"]["wcs"].update(crval=1.4e9 + 1e6 * k, cdelt=1e6)
                table.putkeyword("coords", coordinates)
            (path / "table.f0_TSM0").write_bytes(
                np.full(size * size, k + 1, "<f4").tobytes())
        shutil.rmtree(template)
        return [f"sub.{k}.image" for k in range(count)]

    def check_many(self, cube, count, size=16):
        pixels = casacore.images.image(str(cube)).getdata()
        wanted = np.repeat(np.arange(1, count + 1, dtype="f4"), size * size)
        np.testing.assert_array_equal(pixels, wanted.reshape(count, 1, size, size))

    def test_many_images_with_few_open_files(self):
        count = 1000
        self.many(count)

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

        for mode in ("virtual", "paged", "movevirtual"):
            self.join(mode=mode, overwrite="true", preexec_fn=few)
            self.check_many(self.folder / "cube.image", count)

    def test_diff_reads_virtual_cubes(self):
        self.parts()
        self.join(mode="paged")
        (self.folder / "cube.image").rename(self.folder / "paged.image")
        self.join(mode="virtual")
        (self.folder / "cube.image").rename(self.folder / "virtual.image")
        self.assertIn("identical", self.skymill("diff", "virtual.image", "virtual.image").stdout)
        # The history of the paged one says how it was joined.
        self.assertEqual(self.skymill("diff", "paged.image", "virtual.image", code=1).stdout,
                         "the histories differ\n")
        self.join(mode="movevirtual")
        self.assertEqual(self.skymill("diff", "paged.image", "cube.image", code=1).stdout,
                         "the histories differ\n")
        part = str(self.folder / "cube.image/sub.3.image")
        image = casacore.images.image(part)
        pixels = image.getdata()
        pixels[0, 0, 7, 9] += 1
        image.putdata(pixels)
        del image
        found = self.skymill("diff", "paged.image", "cube.image", code=1).stdout
        self.assertIn("channel 3 I: 1 of 4096 pixels differ", found)
        # A member that is gone is named.
        shutil.rmtree(part)
        failed = self.skymill("diff", "paged.image", "cube.image", code=5)
        self.assertIn("sub.3.image", failed.stdout + failed.stderr)

    def test_a_failing_input_leaves_all_inputs_and_no_output(self):
        size = 16
        names = self.many(4, size)
        bad = self.folder / "parts/sub.2.image"
        keep = self.folder / "keep"
        shutil.copytree(bad, keep)

        def table_is_garbage():
            (bad / "table.dat").write_bytes(b"garbage" * 10)

        def pixels_are_cut():
            (bad / "table.f0_TSM0").write_bytes(b"1234")

        def no_pixels():
            (bad / "table.f0_TSM0").unlink()

        def other_shape():
            shutil.rmtree(bad)
            casacore.images.image(str(bad), shape=[1, 1, size, 2 * size])

        def frequency_in_another_place():
            shutil.rmtree(bad)
            whole = casacore.images.image(str(keep)).coordinates().dict()
            whole["pixelmap1"], whole["worldmap1"] = np.array([3]), np.array([3])
            whole["pixelmap2"], whole["worldmap2"] = np.array([2]), np.array([2])
            casacore.images.image(str(bad), shape=[1, 1, size, size], coordsys=casacore.images.
                                  coordinates.coordinatesystem(whole))

        def no_image():
            shutil.rmtree(bad)
            casacore.tables.table(str(bad), casacore.tables.maketabdesc(
                casacore.tables.makescacoldesc("A", 1)), ack=False).close()

        for fault in (table_is_garbage, pixels_are_cut, no_pixels, other_shape,
                      frequency_in_another_place, no_image):
            for mode in ("paged", "virtual", "movevirtual"):
                with self.subTest(fault=fault.__name__, mode=mode):
                    shutil.rmtree(bad, ignore_errors=True)
                    shutil.copytree(keep, bad)
                    fault()
                    keep_subcubes = "true" if mode == "virtual" else "false"
                    failed = self.join(mode=mode, keep_subcubes=keep_subcubes, code=5)
                    self.assertIn("sub.2.image", failed.stdout + failed.stderr)
                    self.assertEqual(self.inputs(), names)
                    self.assertFalse((self.folder / "cube.image").exists())
                    self.assertEqual(self.leftovers(), [])

    def test_killed_while_moving_nothing_is_lost_and_the_next_run_moves_the_rest(self):
        count = 300
        names = self.many(count)
        keep = self.folder / "keep"
        (self.folder / "parts").rename(keep)
        (self.folder / "join.yaml").write_text(DESCRIPTION)
        command = [PROGRAM, "run", "join.yaml", "--set", "concat_images.mode=movevirtual"]
        cube = self.folder / "cube.image"
        random.seed(1)
        between = 0
        for _ in range(5):
            shutil.rmtree(self.folder / "parts", ignore_errors=True)
            shutil.rmtree(cube, ignore_errors=True)
            shutil.copytree(keep, self.folder / "parts")
            run = subprocess.Popen(command, cwd=self.folder, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 60
            while not cube.exists() and run.poll() is None and time.monotonic() < deadline:
                time.sleep(0.0002)
            time.sleep(random.uniform(0, 0.03))
            run.send_signal(signal.SIGKILL)
            run.wait()
            outside = {p.name for p in (self.folder / "parts").iterdir()
                       if p.is_dir() and not p.is_symlink()}
            inside = {p.name for p in cube.iterdir() if p.is_dir() and not p.is_symlink()}
            self.assertEqual(sorted(outside | inside), sorted(names))
            self.assertEqual(outside & inside, set())
            self.check_many(cube, count)
            between += 0 < len(inside) < count
            self.skymill("clean", self.folder)
            if any(p.is_symlink() for p in cube.iterdir()):
                self.skymill(*command[1:])
                self.assertEqual(sorted(p.name for p in cube.iterdir() if p.is_dir()),
                                 sorted(names))
                self.assertEqual(list((self.folder / "parts").iterdir()), [])
                self.check_many(cube, count)
                self.assertEqual(self.leftovers(), [])
            else:  # before the first or after the last
                failed = self.skymill(*command[1:], code=2)
                self.assertIn("exists already", failed.stdout + failed.stderr)
        print(f"\n{between} of 5 runs were killed between the first and the last move", flush=True)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small tmpfs needs root")
    def test_a_disk_that_gets_full_in_the_middle_leaves_the_inputs(self):
        """When space was looked at, only the first image was there."""
        size, count = 512, 6
        names = self.many(count, size)
        late = self.folder / "late"
        late.mkdir()
        for name in names[1:]:
            (self.folder / "parts" / name).rename(late / name)
        small = self.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)

        def bring():
            deadline = time.monotonic() + 60
            while not any(small.iterdir()) and time.monotonic() < deadline:
                time.sleep(0.01)
            for name in names[1:]:
                (late / name).rename(self.folder / "parts" / name)

        bringer = threading.Thread(target=bring)
        bringer.start()
        failed = self.join(output="small/cube", mode="paged", keep_subcubes="false", nchan=count,
                           wait="60s", code=3)
        bringer.join()
        message = failed.stdout + failed.stderr
        self.assertIn("No space left on device", message)
        self.assertIn("6 MiB", message)
        self.assertEqual(list(small.iterdir()), [])
        self.assertEqual(self.inputs(), names)

    def test_a_limit_of_file_sizes_leaves_the_inputs(self):
        names = self.many(6, 512)

        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))

        failed = self.join(mode="paged", keep_subcubes="false", code=3, preexec_fn=limit)
        self.assertIn("6291456 bytes", failed.stdout + failed.stderr)
        self.assertFalse((self.folder / "cube.image").exists())
        self.assertEqual(self.leftovers(), [])
        self.assertEqual(self.inputs(), names)

    @unittest.skipUnless(os.geteuid() == 0, "mounting a small tmpfs needs root")
    def test_a_full_disk_leaves_the_inputs(self):
        self.parts()
        small = self.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        (small / "filler").write_bytes(bytes(100_000))
        failed = self.join(output="small/cube", mode="paged", keep_subcubes="false", code=3)
        self.assertIn("small", failed.stdout + failed.stderr)
        self.assertEqual([p.name for p in small.iterdir()], ["filler"])
        self.assertEqual(len(self.inputs()), 2 * NCHAN)


if __name__ == "__main__":
    unittest.main()
