# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies a MeasurementSet and gives its rows intents: every third is a calibrator's, others a target's.

usage: add_intents.py <ms> <copy>
"""
import os
import shutil
import sys

import numpy as np
from casacore import tables

MODES = ["CALIBRATE_PHASE#ON_SOURCE", "OBSERVE_TARGET#ON_SOURCE"]


def main(source, copy):
    shutil.copytree(source, copy, copy_function=shutil.copyfile)
    os.system(f"chmod -R u+w '{copy}'")
    with tables.table(f"{copy}/STATE", readonly=False, ack=False) as state:
        state.addrows(len(MODES) - state.nrows())
        state.putcol("OBS_MODE", MODES)
        state.putcol("SIG", [True] * len(MODES))
    with tables.table(copy, readonly=False, ack=False) as table:
        table.putcol("STATE_ID", (np.arange(table.nrows()) % 3 > 0).astype(np.int32))


main(sys.argv[1], sys.argv[2])
