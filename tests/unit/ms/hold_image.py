# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps an image open in python-casacore while test_ms finishes it.

usage: hold_image.py <image> <folder for signs> <freq,y,x>; makes `open` in the folder, waits for
`finished`, reads again and makes `good` when all was right.
"""
import pathlib
import sys
import time

import numpy as np
from casacore import tables

path, signs = sys.argv[1], pathlib.Path(sys.argv[2])
nchan, ny, nx = (int(number) for number in sys.argv[3].split(","))
table = tables.table(path, ack=False)
assert table.getcell("map", 0).shape == (nchan, 1, ny, nx)
(signs / "open").touch()
for _ in range(600):
    if (signs / "finished").exists():
        break
    time.sleep(0.1)
plane = np.arange(ny * nx, dtype=np.float32).reshape(ny, nx)
cube = tables.table(path, ack=False).getcell("map", 0)
for chan in range(nchan):
    assert (cube[chan, 0] == plane + 1000 * chan).all(), chan
(signs / "good").touch()
