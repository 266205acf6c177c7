# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks a MeasurementSet that MsWriter made, with python-casacore.

usage: check_ms.py <ms>; exit code 0 when it is complete and consistent.
"""
import sys

import numpy as np
from casacore import tables

SUBTABLES = ["ANTENNA", "DATA_DESCRIPTION", "FEED", "FIELD", "FLAG_CMD", "HISTORY", "OBSERVATION",
             "POINTING", "POLARIZATION", "PROCESSOR", "SPECTRAL_WINDOW", "STATE", "SOURCE"]

t = tables.table(sys.argv[1], ack=False)
assert t.getkeyword("MS_VERSION") == 2.0
required = tables.required_ms_desc()
for column in required:
    if not column.startswith("_"):
        assert column in t.colnames(), column
assert t.getcolkeywords("UVW")["MEASINFO"]["type"] == "uvw"
assert t.getcolkeywords("TIME")["MEASINFO"]["Ref"] == "UTC"
for name in SUBTABLES:
    sub = tables.table(t.getkeyword(name), ack=False)
    assert name in ("FLAG_CMD", "POINTING") or sub.nrows() > 0, name
    if name == "OBSERVATION":
        first, last = sub.getcell("TIME_RANGE", 0)
        time, half = t.getcol("TIME"), t.getcol("INTERVAL") / 2
        assert first == np.min(time - half) and last == np.max(time + half)
    if name == "HISTORY":
        assert sub.getcell("MESSAGE", 0) == "copied by a test"
for name in ("ARRAY_ID", "FEED1", "FEED2", "OBSERVATION_ID", "PROCESSOR_ID", "STATE_ID"):
    assert not t.getcol(name).any(), name
assert (t.getcol("TIME_CENTROID") == t.getcol("TIME")).all()
for row in range(t.nrows()):
    weight, sigma = t.getcell("WEIGHT", row), t.getcell("SIGMA", row)
    good = weight > 0
    assert np.allclose(sigma[good] ** -2.0, weight[good], rtol=1e-5) and (sigma[~good] == -1).all()
    assert t.getcell("FLAG_ROW", row) == t.getcell("FLAG", row).all()
