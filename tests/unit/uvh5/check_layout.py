# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares a written subband, data set by data set, with one that h5py lays out by itself.

usage: check_layout.py <file>; exit code 0 when types, shapes, chunks, filters and growth agree.
"""
import os
import sys
import tempfile

import h5py
import numpy as np


def reference(path, nants, ntel, nfreq, npol, text):
    """Made by the calls that dsa110.md 1.6 describes, without data."""
    with h5py.File(path, "w") as file:
        header, data = file.create_group("Header"), file.create_group("Data")
        for name in ("latitude", "longitude", "altitude", "phase_center_app_dec", "channel_width"):
            header[name] = 1.0
        for name in ("telescope_name", "instrument", "object_name", "history", "phase_type"):
            header[name] = np.bytes_(text[name])
        for name in ("Nants_data", "Nants_telescope", "Nbls", "Nblts", "Nfreqs", "Npols", "Ntimes",
                     "Nspws"):
            header[name] = 1
        header["antenna_diameters"] = np.ones(ntel)
        header["antenna_numbers"] = np.arange(ntel)
        header["antenna_positions"] = np.zeros((ntel, 3))
        header.create_dataset("antenna_names", (ntel,), dtype="S4")
        header["freq_array"] = np.zeros((1, nfreq))
        header["spw_array"] = np.array([1])
        header["polarization_array"] = np.zeros(npol, int)
        for name in ("ant_1_array", "ant_2_array"):
            header.create_dataset(name, (0,), maxshape=(None,), dtype=int, chunks=True)
        for name in ("time_array", "integration_time"):
            header.create_dataset(name, (0,), maxshape=(None,), dtype=float, chunks=True)
        header.create_dataset("uvw_array", (0, 3), maxshape=(None, 3), dtype=np.float32, chunks=True)
        extra = header.create_group("extra_keywords")
        extra["phase_center_dec"] = 1.0
        extra["ha_phase_center"] = 0.0
        extra["phase_center_epoch"] = "HADEC"
        extra["applied_delays_ns"] = np.bytes_(text["delays"])
        for name, kind in (("visdata", np.complex64), ("flags", bool), ("nsamples", np.float32)):
            data.create_dataset(name, (0, 1, nfreq, npol), maxshape=(None, 1, nfreq, npol),
                                dtype=kind, chunks=True)


def layout(path):
    found = {}
    with h5py.File(path, "r") as file:
        def visit(name, item):
            if isinstance(item, h5py.Dataset):
                grows = item.chunks is not None
                shape = item.shape[1:] if grows else item.shape
                kind = item.id.get_type()
                detail = (kind.get_class(), kind.get_size())
                if kind.get_class() == h5py.h5t.STRING:
                    detail += (kind.is_variable_str(), kind.get_strpad(), kind.get_cset())
                found[name] = (str(item.dtype), detail, shape, item.chunks, item.maxshape if grows else None,
                               item.compression, item.shuffle, item.fletcher32)
            else:
                found[name] = "group"
        file.visititems(visit)
    return found


ours = sys.argv[1]
with h5py.File(ours, "r") as f:
    h = f["Header"]
    words = {k: h[k][()] for k in ("telescope_name", "instrument", "object_name", "history", "phase_type")}
    words["delays"] = h["extra_keywords/applied_delays_ns"][()]
    shape = f["Data/visdata"].shape
    nants, ntel = int(h["Nants_data"][()]), int(h["Nants_telescope"][()])
    assert shape[0] == h["Nblts"][()] == h["Nbls"][()] * h["Ntimes"][()], "counts"
    assert h["Nbls"][()] == nants * (nants + 1) // 2, "Nbls"
    assert h["extra_keywords/phase_center_epoch"][()] == b"HADEC"
    assert words["telescope_name"] == b"OVRO_MMA" and words["phase_type"] == b"drift"
    freq = h["freq_array"][0]
    raw = 1.53e9 - 30517.578125 * (1024 + 8 * np.arange(48) + 3.5)
    assert np.array_equal(freq, raw), "channels of sb00"
    assert h["channel_width"][()] == 244140.625
    assert list(h["polarization_array"][:]) == [-5, -6]
    # Row order: j <= i for every i, the same at all times.
    a1, a2 = h["ant_1_array"][:], h["ant_2_array"][:]
    used = sorted(set(a1))
    pairs = [(used[j], used[i]) for i in range(nants) for j in range(i + 1)]
    assert list(zip(a1, a2)) == pairs * int(h["Ntimes"][()]), "row order"
    # uvw at hour angle 0 from the positions.
    lon, dec = np.deg2rad(h["longitude"][()]), h["extra_keywords/phase_center_dec"][()]
    d = h["antenna_positions"][:][a2] - h["antenna_positions"][:][a1]
    x = np.cos(lon) * d[:, 0] + np.sin(lon) * d[:, 1]
    y = -np.sin(lon) * d[:, 0] + np.cos(lon) * d[:, 1]
    uvw = np.c_[y, -np.sin(dec) * x + np.cos(dec) * d[:, 2], np.cos(dec) * x + np.sin(dec) * d[:, 2]]
    assert np.abs(uvw - h["uvw_array"][:]).max() < 2e-4, "uvw"
with tempfile.TemporaryDirectory() as folder:
    path = os.path.join(folder, "reference.hdf5")
    reference(path, nants, ntel, shape[2], shape[3], words)
    expected = layout(path)
got = layout(ours)
faults = [f"{name}: {got.get(name)} instead of {expected.get(name)}"
          for name in sorted(set(got) | set(expected)) if got.get(name) != expected.get(name)]
print("\n".join(faults) or f"{len(got)} data sets and groups agree")
print(got["Data/visdata"], got["Data/flags"], got["Data/nsamples"])
sys.exit(1 if faults else 0)
