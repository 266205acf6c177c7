#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares phase centres with astropy's HADEC to ICRS, both with the finals2000A of
$SKYMILL_TEST_DATA: a quiet hour, midnight, and a leap second. usage: check_astropy.py PROBE"""
import sys

import numpy as np

from probe import SKIP, Probe, orientation_for_astropy

SITES = [(-118.2817, 37.2314, 1222.0), (21.443, -30.713, 1053.0)]
INTERVAL = 12.884901888  # s
ARCSEC = np.deg2rad(1 / 3600)


def main():
    table = orientation_for_astropy()
    if table is None:
        return SKIP
    import astropy.units as u
    from astropy.coordinates import EarthLocation, HADec, SkyCoord
    from astropy.time import Time, TimeDelta
    worst = 0.0
    for middle in (59731.3, 60950.27, 60951.0, 57754.0):
        # Seconds that pass; the day before MJD 57754 has 86401 of them, of which ours shows 86400.
        passed = (np.arange(24) - 11.5) * INTERVAL
        times = Time(middle, format="mjd", scale="utc") + TimeDelta(passed, format="sec")
        leap = (middle == 57754.0) & (passed < 0)
        ours = middle * 86400 + passed + leap
        for site in SITES:
            probe = Probe(sys.argv[1], table, *site)
            place = EarthLocation.from_geodetic(*site)
            for dec in np.deg2rad([-20.0, 16.0, 37.0, 54.0, 80.0]).tolist():
                if abs(dec - np.deg2rad(site[1])) > np.pi / 2:
                    continue  # below the horizon astropy, too, has an answer, but nobody observes
                got = probe.ask(["centres %r %s" % (dec, " ".join(map(repr, ours.tolist())))])[0]
                frame = HADec(obstime=times, location=place, pressure=0 * u.hPa)
                theirs = SkyCoord(ha=np.zeros(24) * u.rad, dec=np.full(24, dec) * u.rad,
                                  frame=frame).icrs
                ra, declination = got.reshape(-1, 2).T
                around = np.remainder(ra - theirs.ra.rad + np.pi, 2 * np.pi) - np.pi
                off = np.hypot(around * np.cos(declination), declination - theirs.dec.rad)
                worst = max(worst, off.max())
                assert off.max() < 0.1 * ARCSEC, (middle, site, dec, off / ARCSEC)
    print("largest distance of centres from astropy's %.3g arcsec" % (worst / ARCSEC))
    return 0


sys.exit(main())
