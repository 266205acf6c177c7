# SPDX-License-Identifier: GPL-3.0-or-later
"""Prints how the data sets with rows lie in a UVH5 file, one line each, as h5py sees it.

usage: layout_fingerprint.py <file>
"""
import sys

import h5py


def words(values):
    return "x".join(str(int(v)) for v in values)


with h5py.File(sys.argv[1], "r") as file:
    # The superblock's version is the byte behind the signature.
    with open(sys.argv[1], "rb") as raw:
        print("superblock", raw.read(9)[8])
    for name in ("Header/ant_1_array", "Header/time_array", "Header/integration_time",
                 "Header/uvw_array", "Data/visdata", "Data/flags", "Data/nsamples"):
        item = file[name]
        filters = item.id.get_create_plist()
        codes = [filters.get_filter(k)[0] for k in range(filters.get_nfilters())]
        print(name, item.dtype.str if item.dtype.names is None else "compound", words(item.shape),
              "grows" if item.maxshape[0] is None else "fixed",
              words(item.chunks) if item.chunks else "contiguous",
              item.id.get_num_chunks() if item.chunks else 0, "filters", *codes)
