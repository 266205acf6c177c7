# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares facts and cells that test_uvh5 read from a UVH5 file with what h5py reads.

usage: header_facts.py <uvh5> <facts> <cells> <rows of a piece>
"""
import sys

import h5py
import numpy as np

path, facts_path, cells_path, piece = sys.argv[1:5]
facts, centres = {}, []
with open(facts_path) as lines:
    for line in lines:
        words = line.rstrip("\n").split(" ")
        if words[0] == "centre":
            centres.append(words[1:])
        else:
            facts[words[0]] = words[1:]


def equal(name, expected, tolerance=0.0):
    expected = np.ravel(expected)
    if expected.dtype.kind == "f":
        got = np.array(facts[name], float)
        good = got.shape == expected.shape and np.all(np.abs(got - expected) <= tolerance)
    else:
        good = facts[name] == [str(x) for x in expected]
    if not good:
        sys.exit(f"{name}: {facts[name][:5]} instead of {expected[:5]}")


with h5py.File(path, "r") as file:
    h = file["Header"]

    def text(name, default=""):
        return h[name][()].decode() if name in h else default

    equal("version", [text("version")])
    equal("telescope", [text("telescope_name")])
    equal("unit", [text("vis_units").lower()])
    for fact, name in (("rows", "Nblts"), ("baselines", "Nbls"), ("times", "Ntimes")):
        equal(fact, [int(h[name][()])])
    equal("latitude", np.array([np.deg2rad(h["latitude"][()])]), 1e-15)
    equal("longitude", np.array([np.deg2rad(h["longitude"][()])]), 1e-15)
    equal("height", np.array([h["altitude"][()]]))
    times = h["time_array"][:]
    equal("first", times[:1])
    equal("last", times[-1:])
    freq = np.ravel(h["freq_array"][:])
    equal("freq", freq)
    equal("width", np.broadcast_to(np.abs(h["channel_width"][()]), freq.shape).astype(float))
    equal("polarizations", h["polarization_array"][:])
    numbers = h["antenna_numbers"][:].astype(int)
    equal("numbers", numbers)
    equal("names", [n.decode() for n in h["antenna_names"][:]])
    if "antenna_diameters" in h:
        equal("diameters", h["antenna_diameters"][:].astype(float))
    equal("offsets", h["antenna_positions"][:], 2e-9)
    sidereal = []
    if "phase_center_catalog" in h:
        for number, entry in h["phase_center_catalog"].items():
            if entry["cat_type"][()] == b"sidereal":
                frame = {b"icrs": "ICRS", b"fk5": "J2000"}[entry["cat_frame"][()]]
                sidereal.append([number, float(entry["cat_lon"][()]), float(entry["cat_lat"][()]),
                                 frame, entry["cat_name"][()].decode()])
    equal("phasing", [0 if sidereal else 2])
    got = [[c[0], float(c[1]), float(c[2]), c[3], c[4]] for c in centres]
    if got != sidereal:
        sys.exit(f"phase centres {got} instead of {sidereal}")
    equal("row_times", times)
    equal("row_intervals", h["integration_time"][:])
    place = {n: k for k, n in enumerate(numbers)}
    equal("row_antenna1", np.array([place[a] for a in h["ant_1_array"][:].astype(int)]))
    equal("row_antenna2", np.array([place[a] for a in h["ant_2_array"][:].astype(int)]))
    equal("row_uvw", h["uvw_array"][:].astype(float))

    vis, flags, nsamples = (file["Data"][k][:] for k in ("visdata", "flags", "nsamples"))
    if vis.dtype.names:
        vis = vis["r"].astype(np.float32) + 1j * vis["i"].astype(np.float32)
    with np.errstate(over="ignore"):
        vis = vis.astype(np.complex64)
    expected = b"".join(
        array[first:first + int(piece)].tobytes()
        for first in range(0, len(vis), int(piece))
        for array in (vis, flags.astype(np.uint8), nsamples.astype(np.float32)))
with open(cells_path, "rb") as cells:
    if cells.read() != expected:
        sys.exit("cells differ")
print(f"{vis.size} cells agree")
