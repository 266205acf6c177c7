# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the geometry library questions through geometry_probe."""
import subprocess

import numpy as np

SKIP = 77  # ctest shows it as skipped


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
