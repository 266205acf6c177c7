# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks an image that is still being written, with python-casacore.

usage: check_growing_image.py <image> <shape as freq,y,x> <channels that are there> <channels that
are not>; exit code 0 when all is right.
"""
import sys

import numpy as np
from casacore import images, tables


def numbers(text):
    return [int(number) for number in text.split(",") if number]


def open_image(path):
    """The name of the telescope is taken out of a copy where casacore cannot look it up."""
    try:
        return images.image(path)
    except RuntimeError as failure:
        if "Observatories" not in str(failure):
            raise
    print("SKIPPED: casacore's table of observatories is not installed")
    table = tables.table(path, readonly=False, ack=False)
    coordinates = table.getkeyword("coords")
    coordinates.pop("telescope")
    table.removekeyword("coords")
    table.putkeyword("coords", coordinates)
    table.close()
    return images.image(path)


path, (nchan, ny, nx) = sys.argv[1], numbers(sys.argv[2])
image = open_image(path)
assert image.shape() == [nchan, 1, ny, nx], image.shape()
assert image.unit() == "Jy/beam"
assert image.imageinfo()["objectname"] == "IRC+10216"
plane = np.arange(ny * nx, dtype=np.float32).reshape(ny, nx)
for chan, there in ([(chan, True) for chan in numbers(sys.argv[3])] +
                    [(chan, False) for chan in numbers(sys.argv[4])]):
    blc, trc = [chan, 0, 0, 0], [chan, 0, ny - 1, nx - 1]
    data, masked = image.getdata(blc, trc)[0, 0], image.getmask(blc, trc)[0, 0]
    assert (data == (plane + 1000 * np.float32(chan) if there else 0)).all(), chan
    assert (masked == (not there)).all(), chan
    world = image.toworld([chan, 0, ny // 2, nx // 2])
    assert abs(world[0] - (268.5e9 + 0.2441382e6 * chan)) < 1e-3, world
history = tables.table(path + "/logtable", ack=False).getcol("MESSAGE")
assert list(history) == ["taskname=image", "niter = 0"], history
