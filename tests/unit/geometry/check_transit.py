#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares transits with the moment at which astropy's hour angle is zero, both with the
finals2000A of $SKYMILL_TEST_DATA. usage: check_transit.py PROBE"""
import sys

import numpy as np

from probe import SKIP, Probe, orientation_for_astropy

SITES = [(-118.2817, 37.2314, 1222.0), (21.443, -30.713, 1053.0)]
SOURCES = [("3C286", 202.784533, 30.509155), ("3C48", 24.422081, 33.159759),
           ("0834+555", 128.728767, 55.572520), ("3C279", 194.046527, -5.789313),
           ("1934-638", 294.854275, -63.712675)]
TOLERANCE = 0.2  # s


def main():
    table = orientation_for_astropy()
    if table is None:
        return SKIP
    import astropy.units as u
    from astropy.coordinates import EarthLocation, HADec, SkyCoord
    from astropy.time import Time, TimeDelta
    worst, found = 0.0, 0
    for site in SITES:
        probe = Probe(sys.argv[1], table, *site)
        place = EarthLocation.from_geodetic(*site)
        for middle in (59731.3, 60950.27, 61000.9):
            for name, ra, dec in SOURCES:
                answer = probe.ask(["transit %r %r %r" % (middle * 86400, np.deg2rad(ra),
                                                          np.deg2rad(dec))])[0]
                if abs(dec - site[1]) > 90:
                    assert len(answer) == 0, (name, site)
                    continue
                moment = float(answer[0])
                assert abs(moment - middle * 86400) < 43200, (name, moment)
                # Around what we say; the hour angle grows evenly within these seconds.
                base = Time(moment // 86400, format="mjd", scale="utc")
                times = base + TimeDelta(moment % 86400 + np.array([-5.0, 5.0]), format="sec")
                angle = SkyCoord(ra * u.deg, dec * u.deg, frame="icrs").transform_to(
                    HADec(obstime=times, location=place, pressure=0 * u.hPa)).ha.wrap_at(
                        180 * u.deg).deg
                theirs = -5.0 + 10.0 * (0 - angle[0]) / (angle[1] - angle[0])
                worst = max(worst, abs(theirs))
                found += 1
                assert abs(theirs) < TOLERANCE, (name, site, middle, theirs)
    assert found > 20
    print("%d transits within %.3g s of astropy's" % (found, worst))
    return 0


sys.exit(main())
