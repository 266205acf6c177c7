# SPDX-License-Identifier: GPL-3.0-or-later
"""`skymill inspect` shows how an HDF5 file is laid out, and says when a file is none."""
import unittest

import h5py
import numpy as np

from skymill_runs import RunTest


class Inspect(RunTest):
    def test_data_sets_with_layout_filters_and_way_of_reading(self):
        file = self.folder / "some.hdf5"
        with h5py.File(file, "w") as made:
            made.create_dataset("Data/flags", data=np.zeros((300, 1, 48, 2), bool),
                                chunks=(256, 1, 24, 1), compression="lzf")
            made.create_dataset("Header/time_array", data=np.arange(300.0))
            made.create_dataset("Header/Nblts", data=300)
        lines = self.skymill("inspect", file).stdout.splitlines()
        self.assertEqual(len(lines), 5)
        flags = next(line for line in lines if line.startswith("Data/flags"))
        for words in ("[300, 1, 48, 2]", "bool", "[256, 1, 24, 1], 6.0 KiB x 8", "lzf", "direct"):
            self.assertIn(words, flags)
        times = next(line for line in lines if line.startswith("Header/time_array"))
        for words in ("float64", "contiguous", "2.3 KiB", "direct"):
            self.assertIn(words, times)

    def test_what_is_no_hdf5_file(self):
        file = self.folder / "text.hdf5"
        file.write_text("not what it seems\n")
        said = self.skymill("inspect", file, code=5).stderr
        self.assertIn(f"no plugin can look into '{file}'", said)
        self.assertIn("HDF5", said)
        missing = self.folder / "none.hdf5"
        self.assertIn(f"'{missing}' does not exist",
                      self.skymill("inspect", missing, code=5).stderr)

    def test_a_file_cut_short(self):
        file = self.folder / "cut.hdf5"
        with h5py.File(file, "w") as made:
            made.create_dataset("x", data=np.arange(100000.0))
        whole = file.read_bytes()
        file.write_bytes(whole[:5000])
        self.assertIn("cut short", self.skymill("inspect", file, code=5).stderr)


if __name__ == "__main__":
    unittest.main()
