#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares our uvw and phase centres with the independent oracle calconv/uvw_rigor.py of
$SKYMILL_BENCH, which reads uvw from a MeasurementSet and prints the largest differences.
usage: check_uvw_rigor.py PROBE"""
import contextlib
import io
import os
import re
import runpy
import sys
import tempfile

import numpy as np

from probe import SKIP, Probe, enu_axes

LON, LAT, HEIGHT = -118.2817, 37.2314, 1222.0  # the oracle's site
OTHER = (21.443, -30.713, 1053.0)
DECS = np.deg2rad([-20.0, 16.0, 37.0, 54.0, 80.0]).tolist()
INTERVAL = 12.884901888  # s
MAS = np.deg2rad(1 / 3600e3)


def write_case(folder, probe, mjds, ra, dec, sources):
    from casacore.tables import makearrcoldesc, makescacoldesc, maketabdesc, table
    random = np.random.default_rng(3)
    enu = random.uniform(-1300, 1300, (20, 3)) * [1, 1, 0.01]
    a1, a2 = np.triu_indices(len(enu), 1)
    np.savez(folder + "/truth.npz", enu=enu, numbers=np.arange(len(enu)), freqs=np.array([1.4e9]),
             ra=np.array([ra] + [s[0] for s in sources]),
             dec=np.array([dec] + [s[1] for s in sources]))
    axes = probe.ask(["axes %r %r %r ICRS rigid" % (mjd * 86400, ra, dec) for mjd in mjds])
    itrf = enu @ enu_axes(LON, LAT)
    uvw = np.concatenate([(itrf[a2] - itrf[a1]) @ axis.reshape(3, 3).T for axis in axes])
    ms = table(folder + "/case.ms", maketabdesc([
        makescacoldesc("TIME", 0.0), makearrcoldesc("UVW", 0.0, ndim=1, shape=[3]),
        makescacoldesc("ANTENNA1", 0), makescacoldesc("ANTENNA2", 0)]), nrow=len(uvw), ack=False)
    ms.putcol("TIME", np.repeat(np.array(mjds) * 86400, len(a1)))
    ms.putcol("UVW", uvw)
    ms.putcol("ANTENNA1", np.tile(a1, len(mjds)).astype(np.int32))
    ms.putcol("ANTENNA2", np.tile(a2, len(mjds)).astype(np.int32))
    ms.close()


def run_oracle(oracle, *arguments):
    """Runs the program in this process, so that its imports are paid once; what it printed and what
    it defined."""
    printed, before = io.StringIO(), sys.argv
    sys.argv = [oracle, *arguments]
    try:
        with contextlib.redirect_stdout(printed):
            defined = runpy.run_path(oracle, run_name="__main__")
    finally:
        sys.argv = before
    return printed.getvalue(), defined


def judge(oracle, probe, mjds, ra, dec):
    """Largest differences of u, v, w, metres, [time][axis], with and without Earth orientation."""
    with tempfile.TemporaryDirectory() as folder:
        write_case(folder, probe, mjds, ra, dec, [(ra + 0.01, dec + 0.01)])
        text, defined = run_oracle(oracle, folder, folder + "/case.ms")
    number = r"\[\s*(\S+)\s+(\S+)\s+(\S+?)\s*\]"
    right, wrong = (np.array(re.findall(r"t \d+ %s .*? rigid\| m %s" % (which, number), text), float)
                    for which in ("EOP", "noEOP"))
    assert len(right) == 2 and len(wrong) == 2, text
    return right, wrong, defined["geom"]


def check_far_times(oracle, probe):
    worst = 0.0
    for mjds in ((59731.31, 59731.42), (59760.87, 59761.03), (60950.1, 60951.9)):
        for dec in (-0.4, 0.2, 0.65, 1.3):
            for ra in (0.7, 3.9):
                right, wrong, _ = judge(oracle, probe, mjds, ra, dec)
                worst = max(worst, right.max())
                assert right.max() < 1e-6, (mjds, ra, dec, right)
                # Without Earth orientation it must be wrong by 0.1" at least, of some 2 km.
                assert wrong.max() > 1e-3, (mjds, ra, dec, wrong)
    print("far times: largest difference of u, v, w %.3g m" % worst)


def off_the_meridian(geom, place, mjd, centre, dec):
    """How far the oracle sees a centre from hour angle 0 at a declination, radians."""
    lon, lat = np.deg2rad(place[:2])
    seen = geom(mjd, lon, lat, place[2], [centre])[0]
    return np.linalg.norm(seen - [0, np.sin(dec - lat), np.cos(dec - lat)])


def check_group(oracle, probe, table, start_mjd):
    """Every integration of a group, each with its own centre, at five declinations."""
    times = start_mjd + np.arange(24) * INTERVAL / 86400
    worst_w, worst_centre = 0.0, 0.0
    for dec in DECS:
        centres = probe.ask(["centres %r %s" % (dec, " ".join(repr(t * 86400) for t in times))])[0]
        for mjd, centre in zip(times, centres.reshape(-1, 2)):
            right, wrong, geom = judge(oracle, probe, (mjd,), *centre.tolist())
            worst_w = max(worst_w, right[:, 2].max())
            worst_centre = max(worst_centre, off_the_meridian(geom, (LON, LAT, HEIGHT), mjd, centre,
                                                              dec))
            assert wrong[:, 2].max() > 1e-3, (mjd, dec, wrong)
        # An array at another longitude, by the function that the program's figures come from.
        there = Probe(probe.command[0], table, *OTHER)
        centres = there.ask(["centres %r %s" % (dec, " ".join(repr(t * 86400) for t in times))])[0]
        for mjd, centre in zip(times, centres.reshape(-1, 2)):
            worst_centre = max(worst_centre, off_the_meridian(geom, OTHER, mjd, centre, dec))
    print("24 x 5 centres from MJD %.3f: %.3g mas, w %.3g m" % (start_mjd, worst_centre / MAS,
                                                                worst_w))
    assert worst_centre < MAS
    assert worst_w < 2e-6
    return geom


def check_wrong_table(geom, probe):
    """A table without UT1-UTC and polar motion moves centres as calibration.md 6.2 says: 1.41" on
    2022-06-01, 0.85" on 2025-10-02 (of baselines, which may not lie along the shift)."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        for mjd in (59731, 59732, 60950, 60951):
            file.write("%d 0 0 0\n" % mjd)
        file.flush()
        wrong = Probe(probe.command[0], file.name, LON, LAT, HEIGHT)
        dec = np.deg2rad(37.0)
        for mjd, arcsec, tolerance in ((59731.3, 1.41, 0.02), (60950.27, 0.85, 0.1)):
            question = ["centres %r %r" % (dec, mjd * 86400)]
            right, moved = probe.ask(question)[0], wrong.ask(question)[0]
            apart = np.hypot((moved[0] - right[0]) * np.cos(dec), moved[1] - right[1])
            seen = geom(mjd, np.deg2rad(LON), np.deg2rad(LAT), HEIGHT, [moved], False)[0]
            off = np.linalg.norm(seen - [0, np.sin(dec - np.deg2rad(LAT)),
                                         np.cos(dec - np.deg2rad(LAT))])
            print('MJD %.2f without Earth orientation: %.3f", %.3g mas from the oracle without it'
                  % (mjd, apart / MAS / 1e3, off / MAS))
            assert abs(apart / MAS / 1e3 - arcsec) < tolerance
            assert off < MAS


def main():
    bench = os.environ.get("SKYMILL_BENCH")
    if not bench:
        print("skipped: SKYMILL_BENCH does not name the folder of the oracle")
        return SKIP
    oracle = os.path.join(bench, "calconv", "uvw_rigor.py")
    table = os.path.join(bench, "..", "data", "eop", "eop_2017_2027.txt")
    if not (os.path.exists(oracle) and os.path.exists(table)):
        print("skipped: no", oracle, "or no", table)
        return SKIP
    try:
        import casacore.tables  # noqa: F401
        import erfa  # noqa: F401
    except ImportError as error:
        print("skipped:", error)
        return SKIP
    probe = Probe(sys.argv[1], table, LON, LAT, HEIGHT)
    check_far_times(oracle, probe)
    for start_mjd in (59731.3, 60950.9985):  # the second goes over midnight
        geom = check_group(oracle, probe, table, start_mjd)
    check_wrong_table(geom, probe)
    return 0


sys.exit(main())
