# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks an image that test_ms wrote, with python-casacore.

usage: check_image.py <image> <channels> <absent channel>; exit code 0 when all is right.
"""
import sys

import numpy as np
from casacore import images, tables



def open_image(name):
    """casacore cannot open an image with a named telescope where its data tables are missing: then
    the name is checked in the table and taken out of it, and the rest checked as usual."""
    try:
        return images.image(name)
    except RuntimeError as failure:
        if "Observatories" not in str(failure):
            raise
    print("SKIPPED: casacore's table of observatories is not installed")
    table = tables.table(name, readonly=False, ack=False)
    coordinates = table.getkeyword("coords")
    assert coordinates.pop("telescope") == "ALMA"
    table.removekeyword("coords")
    table.putkeyword("coords", coordinates)
    table.close()
    return images.image(name)


path, nchan, absent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
image = open_image(path)
assert image.shape() == [nchan, 1, 20, 31], image.shape()
assert image.unit() == "Jy/beam"
data = image.getdata()
mask = image.getmask()
for chan in range(nchan):
    assert mask[chan].all() if chan == absent else not mask[chan].any()
    if chan != absent:
        expected = np.arange(20 * 31, dtype=np.float32).reshape(1, 20, 31) + 1000 * chan
        assert (data[chan] == expected).all()
    world = image.toworld([chan, 0, 10, 15])
    assert abs(world[0] - (268.5e9 + 0.2441382e6 * chan)) < 1e-3, world
    assert abs(world[2] + 0.3) < 1e-12 and abs(world[3] - 2.5) < 1e-12, world
west = image.toworld([0, 0, 10, 16])
assert abs((2.5 - west[3]) * np.cos(0.3) - 0.5 * np.pi / 180 / 3600) < 1e-15
coordinates = image.coordinates()
assert coordinates["direction"].get_frame() == "ICRS"
assert coordinates["direction"].get_projection() == "SIN"
assert coordinates["spectral"].get_frame() == "LSRK"
assert coordinates["spectral"].get_restfrequency() == 268.6e9
assert coordinates.get_telescope() in ("ALMA", "UNKNOWN")
info = image.imageinfo()
assert info["objectname"] == "IRC+10216" and info["imagetype"] == "Intensity"
arcsec = np.pi / 180 / 3600


def radians(quantity):
    return quantity["value"] * {"rad": 1, "arcsec": arcsec, "deg": 3600 * arcsec}[quantity["unit"]]


if nchan == 1:
    assert abs(radians(info["restoringbeam"]["major"]) - 2 * arcsec) < 1e-12
else:
    planes = info["perplanebeams"]
    assert planes["nChannels"] == nchan and planes["nStokes"] == 1
    for chan in range(nchan):
        major = radians(planes["*%d" % chan]["major"])
        wanted = (2 + 0.125 * (chan - 1 if chan == absent else chan)) * arcsec
        assert abs(major - wanted) < 1e-12, (chan, major)
table = tables.table(path, ack=False)
tiles = table.getdminfo("map")["SPEC"]["HYPERCUBES"]["*1"]["TileShape"]
assert sorted(tiles) == [1, 1, 20, 31], tiles
assert not table.getkeywords().get("miscinfo")
