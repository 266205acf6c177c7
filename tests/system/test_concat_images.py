# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that exist become a cube, and python-casacore sees what it was made of."""
import os
import pathlib
import resource
import shutil
import subprocess
import threading
import time
import unittest

import casacore.images
import casacore.tables
import numpy as np

from skymill_runs import RunTest

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

    def test_many_images_with_few_open_files(self):
        self.parts()
        limit = 48
        for k in range(NCHAN):
            shutil.rmtree(self.folder / f"parts/sub.{k}.psf")
        first = self.folder / "parts/sub.0.image"
        for k in range(NCHAN, 150):
            path = self.folder / f"parts/sub.{k}.image"
            shutil.copytree(first, path)
            with casacore.tables.table(str(path), readonly=False, ack=False) as table:
                coordinates = table.getkeyword("coords")
                coordinates["spectral2"]["wcs"]["crval"] += 1e6 * k
                table.putkeyword("coords", coordinates)

        def few():
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))

        for mode in ("virtual", "paged", "movevirtual"):
            self.join(mode=mode, overwrite="true", preexec_fn=few)
            self.assertEqual(casacore.images.image(str(self.folder / "cube.image")).shape()[0],
                             150)

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
