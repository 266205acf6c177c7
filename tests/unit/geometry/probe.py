# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the geometry library questions through geometry_probe."""
import os
import subprocess

import numpy as np

SKIP = 77  # ctest shows it as skipped


def orientation_for_astropy():
    """The finals2000A of $SKYMILL_TEST_DATA, which astropy takes from now on; None, and the reason
    is printed, without the one or the other."""
    root = os.environ.get("SKYMILL_TEST_DATA")
    table = os.path.join(root or "", "eop", "finals2000A.all")
    if not os.path.exists(table):
        print("skipped: SKYMILL_TEST_DATA names no folder with eop/finals2000A.all")
        return None
    try:
        from astropy.utils import iers
    except ImportError as error:
        print("skipped:", error)
        return None
    iers.conf.auto_download = False
    iers.conf.auto_max_age = None
    iers.earth_orientation_table.set(iers.IERS_A.open(table))
    return table


class Probe:
    def __init__(self, program, table, longitude_deg, latitude_deg, height_m):
        place = (longitude_deg, latitude_deg, height_m)
        self.command = [program, table] + [repr(float(x)) for x in place]

    def ask(self, questions):
        """One array of numbers for every question."""
        done = subprocess.run(self.command, input="\n".join(questions) + "\n", text=True,
                              capture_output=True)
        if done.returncode != 0:
            raise RuntimeError("geometry_probe: " + done.stderr)
        return [np.array(line.split(), float) for line in done.stdout.splitlines()]


def enu_axes(longitude_deg, latitude_deg):
    """East, north and up in ITRF axes, as rows."""
    lon, lat = np.deg2rad(longitude_deg), np.deg2rad(latitude_deg)
    return np.array([[-np.sin(lon), np.cos(lon), 0],
                     [-np.sin(lat) * np.cos(lon), -np.sin(lat) * np.sin(lon), np.cos(lat)],
                     [np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)]])
