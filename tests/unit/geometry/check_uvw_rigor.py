#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares our uvw with the independent oracle calconv/uvw_rigor.py of $SKYMILL_BENCH, which reads
them from a MeasurementSet and prints the largest differences. usage: check_uvw_rigor.py PROBE"""
import os
import re
import subprocess
import sys
import tempfile

import numpy as np

from probe import SKIP, Probe, enu_axes

LON, LAT, HEIGHT = -118.2817, 37.2314, 1222.0  # the oracle's site


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
    probe = Probe(sys.argv[1], table, LON, LAT, HEIGHT)
    worst = 0.0
    for mjds in ((59731.31, 59731.42), (59760.87, 59761.03), (60950.1, 60951.9)):
        for dec in (-0.4, 0.2, 0.65, 1.3):
            for ra in (0.7, 3.9):
                with tempfile.TemporaryDirectory() as folder:
                    write_case(folder, probe, mjds, ra, dec, [(ra + 0.01, dec + 0.01)])
                    done = subprocess.run([sys.executable, oracle, folder, folder + "/case.ms"],
                                          capture_output=True, text=True)
                if done.returncode != 0:
                    raise RuntimeError(done.stderr)
                number = r"\[\s*(\S+)\s+(\S+)\s+(\S+?)\s*\]"
                right = re.findall(r"t \d+ EOP .*? rigid\| m " + number, done.stdout)
                wrong = re.findall(r"t \d+ noEOP .*? rigid\| m " + number, done.stdout)
                assert len(right) == 2 and len(wrong) == 2, done.stdout
                difference = np.array(right, float).max()
                worst = max(worst, difference)
                assert difference < 1e-6, (mjds, ra, dec, right)
                # Without Earth orientation it must be wrong by 0.1" at least, of some 2 km.
                assert np.array(wrong, float).max() > 1e-3, (mjds, ra, dec, wrong)
    print("largest difference of u, v, w: %.3g m" % worst)
    return 0


sys.exit(main())
