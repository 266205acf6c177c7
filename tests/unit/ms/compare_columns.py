# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares columns dumped by test_ms, one file a description and column, with python-casacore.

usage: compare_columns.py <ms> <folder of dumps>; exit code 0 when every byte agrees.
"""
import glob
import os
import shutil
import sys
import tempfile

import numpy as np
from casacore import tables

TYPES = {"DATA": np.complex64, "FLAG": np.bool_, "UVW": np.float64, "WEIGHT": np.float32,
         "TIME": np.float64, "WEIGHT_SPECTRUM": np.float32}


def main(source, folder):
    with tempfile.TemporaryDirectory() as scratch:
        # python-casacore touches lock files, so it gets a copy.
        ms = shutil.copytree(source, os.path.join(scratch, "copy.ms"), copy_function=shutil.copyfile)
        os.system(f"chmod -R u+w '{ms}'")
        table = tables.table(ms, ack=False)
        rows_of = table.getcol("DATA_DESC_ID")
        files = [f for f in glob.glob(os.path.join(folder, "*.*")) if f.split(".")[-1] in TYPES]
        compared = 0
        for file in files:
            description, column = os.path.basename(file).split(".")
            rows = np.flatnonzero(rows_of == int(description))
            cells = np.array([table.getcell(column, int(row)) for row in rows])
            if column == "FLAG" and "FLAG_ROW" in table.colnames():
                bad = table.getcol("FLAG_ROW")[rows]
                cells |= bad.reshape((-1,) + (1,) * (cells.ndim - 1))
            expected = np.ascontiguousarray(cells.astype(TYPES[column])).tobytes()
            with open(file, "rb") as dump:
                if dump.read() != expected:
                    sys.exit(f"{column} of description {description} differs")
            compared += len(rows)
        if compared < 5 * table.nrows():
            sys.exit(f"only {compared} cells were compared")


main(sys.argv[1], sys.argv[2])
