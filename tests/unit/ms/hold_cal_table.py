# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the write lock of a calibration table while test_ms reads it.

usage: hold_cal_table.py <table> <folder for signs>; makes `locked` in the folder and waits for
`finished`.
"""
import pathlib
import sys
import time

from casacore import tables

signs = pathlib.Path(sys.argv[2])
table = tables.table(sys.argv[1], readonly=False, lockoptions="permanent", ack=False)
assert table.haslock(True)
(signs / "locked").touch()
for _ in range(600):
    if (signs / "finished").exists():
        break
    time.sleep(0.1)
