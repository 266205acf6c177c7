# SPDX-License-Identifier: GPL-3.0-or-later
"""Cubes in another frame than the data's, by velocity, and of selected channels and rows."""
import pathlib
import unittest
import warnings

import numpy as np
from astropy import units as u
from astropy.coordinates import ICRS, LSRK, EarthLocation, SkyCoord, SpectralCoord
from astropy.io import fits
from astropy.time import Time
from astropy.utils import iers
from casacore import tables

from skymill_runs import DATA, RunTest, needs_data

LIGHT_SPEED = 299792458.0
NAME = "vla_J1008_36GHz_64ch.ms"


def frequencies(prefix):
    """Frame and frequencies of a cube's planes."""
    header = fits.getheader(f"{prefix}.image.fits")
    axis = 3 if header["CTYPE3"].startswith("FREQ") else 4
    first, step = header[f"CRVAL{axis}"], header[f"CDELT{axis}"]
    places = np.arange(header[f"NAXIS{axis}"]) + 1 - header[f"CRPIX{axis}"]
    return header["SPECSYS"].strip(), first + step * places


@needs_data
class SpectralCubes(RunTest):
    options = dict(column="data", size=64, cell="0.5arcsec", niter=0, weighting="natural")

    def setUp(self):
        super().setUp()
        self.ms = pathlib.Path(DATA) / "ms" / NAME

    def converted(self, frame):
        """The channels as astropy converts them, at the first time and from the array's place."""
        iers.conf.auto_download = False
        iers.conf.auto_max_age = None
        iers.earth_orientation_table.set(
            iers.IERS_A.open(str(pathlib.Path(DATA) / "eop" / "finals2000A.all")))
        with tables.table(str(self.ms), ack=False, lockoptions="usernoread") as table:
            first = table.getcol("TIME").min()
        with tables.table(f"{self.ms}/ANTENNA", ack=False, lockoptions="usernoread") as antennas:
            positions = antennas.getcol("POSITION")
        used = np.linalg.norm(positions, axis=1) > 1  # rows of no antenna are at the geocentre
        place = EarthLocation.from_geocentric(*positions[used].mean(axis=0), u.m)
        with tables.table(f"{self.ms}/FIELD", ack=False, lockoptions="usernoread") as field:
            ra, dec = field.getcell("PHASE_DIR", 0)[0]
        with tables.table(f"{self.ms}/SPECTRAL_WINDOW", ack=False,
                          lockoptions="usernoread") as windows:
            channels = windows.getcell("CHAN_FREQ", 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a source without a distance
            topo = SpectralCoord(channels * u.Hz,
                                 observer=place.get_itrs(Time(first / 86400, format="mjd")),
                                 target=SkyCoord(ra * u.rad, dec * u.rad, frame="icrs"))
            return topo.with_observer_stationary_relative_to(frame).to_value(u.Hz)

    def test_axes_agree_with_astropy(self):
        for name, frame in (("LSRK", LSRK()), ("BARY", ICRS())):
            prefix = self.cube(self.ms, name, specmode="cube", outframe=name, **self.options)
            label, ours = frequencies(prefix)
            self.assertEqual(label, {"LSRK": "LSRK", "BARY": "BARYCENT"}[name])
            theirs = self.converted(frame)
            self.assertEqual(ours.shape, theirs.shape)
            off = np.abs(ours / theirs - 1).max() * LIGHT_SPEED
            print(f"\n{name}: the axis is within {off:.3f} m/s of astropy's", flush=True)
            self.assertLess(off, 1)

    def test_velocities(self):
        rest = self.converted(LSRK())[32]
        prefix = self.cube(self.ms, "velocity", specmode="cube", start="10km/s", width="-2km/s",
                           nchan=11, restfreq=f"{rest:.3f}Hz", **self.options)
        _, ours = frequencies(prefix)
        np.testing.assert_allclose(LIGHT_SPEED / 1e3 * (1 - ours / rest), np.arange(10, -11, -2),
                                   atol=1e-4)
        peaks = np.nanmax(fits.getdata(f"{prefix}.image.fits")[0], axis=(1, 2))
        self.assertTrue(np.isfinite(peaks).all())

    def test_planes_of_selected_channels_are_planes_of_the_cube(self):
        whole = self.cube(self.ms, "whole", **self.options)
        part = self.cube(self.ms, "part", spw="0:10~19", **self.options)
        a = fits.getdata(f"{whole}.image.fits")[0, 10:20]
        b = fits.getdata(f"{part}.image.fits")[0]
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(frequencies(part)[1], frequencies(whole)[1][10:20], rtol=1e-12)

    def test_neighbouring_planes_bracket_a_plane_of_another_frame(self):
        # The source is a continuum source: its flux in a converted plane is that of the channels.
        whole = self.cube(self.ms, "whole", **self.options)
        lsrk = self.cube(self.ms, "lsrk", specmode="cube", **self.options)
        a = np.nanmax(fits.getdata(f"{whole}.image.fits")[0], axis=(1, 2))
        b = np.nanmax(fits.getdata(f"{lsrk}.image.fits")[0], axis=(1, 2))
        self.assertAlmostEqual(np.nanmean(a[5:60]), np.nanmean(b[5:60]),
                               delta=0.01 * np.nanmean(a[5:60]))

    def test_a_bad_selection_is_the_users_mistake(self):
        self.cube(self.ms, "bad", code=2, spw="7", **self.options)
        self.assertIn("spw '7'", self.last.stderr)
        self.cube(self.ms, "bad", code=2, specmode="cube", start="1GHz", **self.options)
        self.assertIn("the data reach", self.last.stderr)


if __name__ == "__main__":
    unittest.main()
