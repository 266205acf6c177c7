#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares frequencies in TOPO, BARY and LSRK with astropy's SpectralCoord, to 1 m/s.
usage: check_doppler.py PROBE"""
import sys
import warnings

import numpy as np

from probe import SKIP, Probe, orientation_for_astropy

SITES = [(-118.2817, 37.2314, 1222.0), (21.443, -30.713, 1053.0), (-67.755, -23.029, 5050.0)]
LIGHT_SPEED = 299792458.0


def main():
    table = orientation_for_astropy()
    if table is None:
        return SKIP
    import astropy.units as u
    from astropy.coordinates import (EarthLocation, ICRS, LSRK, SkyCoord, SpectralCoord)
    from astropy.time import Time
    warnings.simplefilter("ignore")  # of sources without a distance
    worst = {"BARY": 0.0, "LSRK": 0.0}
    for mjd in (56079.23, 57754.4, 59731.3, 60950.27):
        for site in SITES:
            probe = Probe(sys.argv[1], table, *site)
            observer = EarthLocation.from_geodetic(*site).get_itrs(Time(mjd, format="mjd"))
            for ra, dec in [(0.1, -0.3), (1.9, 0.9), (3.3, 0.1), (4.7, 0.5), (5.9, -1.2)]:
                target = SkyCoord(ra * u.rad, dec * u.rad, frame=ICRS)
                topo = SpectralCoord(1.4e9 * u.Hz, observer=observer, target=target)
                for name, frame in (("BARY", ICRS()), ("LSRK", LSRK())):
                    theirs = topo.with_observer_stationary_relative_to(frame)
                    ratio = theirs.to_value(u.Hz) / 1.4e9
                    ours = probe.ask(["doppler %r %r %r TOPO %s" % (mjd * 86400, ra, dec, name)])
                    off = abs(ours[0][0] / ratio - 1) * LIGHT_SPEED
                    worst[name] = max(worst[name], off)
    print("largest difference from astropy: BARY %.3g m/s, LSRK %.3g m/s" %
          (worst["BARY"], worst["LSRK"]))
    assert max(worst.values()) < 1, worst
    return 0


sys.exit(main())
