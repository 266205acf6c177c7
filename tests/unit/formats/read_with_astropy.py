# SPDX-License-Identifier: GPL-3.0-or-later
"""The independent reader of the FITS tests.

read_with_astropy.py written CUBE SINGLE  checks files that test_astropy.cpp has written
read_with_astropy.py growing CUBE THERE   checks a cube of 4000 planes that is still being written:
    the planes THERE ("0,7") are those of test_astropy.cpp, all others zeros
read_with_astropy.py dump FILE OUT        writes the pixels and coordinates that astropy sees:
    OUT.pixels (float32, native order) and OUT.text (one number a line)
"""
import sys
import warnings

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from astropy.wcs import FITSFixedWarning


def close(a, b, tolerance):
    assert abs(a - b) <= tolerance, (a, b)


def check_sky(header):
    wcs = WCS(header).celestial
    ra0, dec0 = np.radians(187.70593), np.radians(-42.391123)
    cell = np.radians(1.5 / 3600)
    for x, y in ((10, 6), (0, 0), (19, 12), (3, 11)):
        # Orthographic projection, inverted by hand.
        l, m = -(x - 10) * cell, (y - 6) * cell
        n = np.sqrt(1 - l * l - m * m)
        ra = ra0 + np.arctan2(l, n * np.cos(dec0) - m * np.sin(dec0))
        dec = np.arcsin(m * np.cos(dec0) + n * np.sin(dec0))
        found = wcs.all_pix2world([[x, y]], 0)[0]
        close(found[0], np.degrees(ra), 1e-9)
        close(found[1], np.degrees(dec), 1e-9)


def check_spectrum(header):
    wcs = WCS(header).spectral
    assert wcs.wcs.restfrq == 1420405751.786, wcs.wcs.restfrq
    assert wcs.wcs.specsys == "LSRK"
    for k in range(header["NAXIS3"]):
        found = wcs.all_pix2world([[k]], 0)[0][0]
        assert found == 1420405751.786 - k * 61035.15625, (k, found)


def check_keywords(header):
    expected = {
        "BITPIX": -32, "NAXIS": 4, "CTYPE1": "RA---SIN", "CTYPE2": "DEC--SIN", "CTYPE3": "FREQ",
        "CTYPE4": "STOKES", "CRVAL4": 1.0, "CRPIX1": 11.0, "CRPIX2": 7.0, "CRPIX3": 1.0,
        "CUNIT1": "deg", "CUNIT3": "Hz", "RADESYS": "FK5", "EQUINOX": 2000.0, "BUNIT": "Jy/beam",
        "BTYPE": "Intensity", "OBJECT": "Field 1", "TELESCOP": "VLA", "OBSERVER": "O'Hara",
        "DATE-OBS": "2020-05-31T06:00:00.125000", "ORIGIN": "Skymill",
        "OBSGEO-X": -1601185.365, "OBSGEO-Y": -5041977.547, "OBSGEO-Z": 3554875.87, "VELREF": 257,
    }
    for key, value in expected.items():
        assert header[key] == value, (key, header[key], value)
    assert "DATE" in header
    history = [str(line) for line in header["HISTORY"]]
    assert history[0] == "first line", history
    assert "".join(history[1:4]) == "x" * 150, history


def check_values(data):
    planes, ny, nx = data.shape[1:]
    for chan in range(planes):
        if chan == 2:
            assert np.isnan(data[0, chan]).all()
            continue
        x, y = np.meshgrid(np.arange(nx), np.arange(ny))
        expected = (x + 100.0 * y + 10000.0 * chan).astype(np.float32) * np.float32(0.001)
        assert (data[0, chan] == expected).all(), chan


def check_beams(hdus):
    assert hdus[0].header["CASAMBM"] is True
    assert "BMAJ" not in hdus[0].header
    table = hdus["BEAMS"]
    assert [c.name for c in table.columns] == ["BMAJ", "BMIN", "BPA", "CHAN", "POL"]
    assert [c.unit for c in table.columns][:3] == ["arcsec", "arcsec", "deg"]
    assert table.header["NCHAN"] == 6 and table.header["NPOL"] == 1
    assert list(table.data["CHAN"]) == list(range(6)) and not table.data["POL"].any()
    for k in (0, 1, 3, 4, 5):
        close(table.data["BMAJ"][k], 6.0 + 0.25 * k, 1e-5)
        close(table.data["BMIN"][k], 4.5, 1e-5)
        close(table.data["BPA"][k], -30.0 + k, 1e-5)
    close(table.data["BMAJ"][2], 1e-6, 1e-12)  # no beam


def written(cube, single):
    with fits.open(cube, memmap=False) as hdus:
        hdus.verify("exception")
        assert hdus[0].data.shape == (1, 6, 13, 20), hdus[0].data.shape
        check_keywords(hdus[0].header)
        check_sky(hdus[0].header)
        check_spectrum(hdus[0].header)
        check_values(hdus[0].data)
        check_beams(hdus)
    with fits.open(single, memmap=False) as hdus:
        hdus.verify("exception")
        header = hdus[0].header
        assert len(hdus) == 1 and "CASAMBM" not in header
        close(header["BMAJ"], 6.5 / 3600, 1e-15)
        close(header["BMIN"], 4.5 / 3600, 1e-15)
        close(header["BPA"], -28.0, 1e-13)
        assert header["CDELT3"] == -61035.15625


def growing(cube, there):
    with fits.open(cube, memmap=True) as hdus:
        header = hdus[0].header
        header["CRPIX1"], header["CRPIX2"] = 11.0, 7.0  # of the small cube
        check_keywords(header)
        assert len(hdus) == 1
        data = hdus[0].data
        assert data.shape == (1, 4000, 1024, 1024), data.shape
        for chan in (0, 1, 7, 2000, 3999):
            expected = np.zeros((1024, 1024), np.float32)
            if chan in [int(number) for number in there.split(",")]:
                x, y = np.meshgrid(np.arange(1024), np.arange(1024))
                expected = (x + 100.0 * y + 10000.0 * chan).astype(np.float32) * np.float32(0.001)
            assert (data[0, chan] == expected).all(), chan


def dump(path, out):
    with fits.open(path, memmap=False) as hdus:
        hdu = hdus[0]
        hdu.data.astype("=f4").tofile(out + ".pixels")
        wcs = WCS(hdu.header)
        # Sky of pixel 0, 0 of channel 0, then all frequencies.
        pixel = np.zeros((1, wcs.naxis))
        numbers = list(wcs.all_pix2world(pixel, 0)[0][:2])
        axis = [t.strip()[:4] for t in wcs.wcs.ctype].index("FREQ")
        for k in range(hdu.data.shape[-1 - axis]):
            pixel[0, axis] = k
            numbers.append(wcs.all_pix2world(pixel, 0)[0][axis])
        with open(out + ".text", "w", encoding="ascii") as text:
            for number in numbers:
                text.write(f"{number:.17g}\n")


if __name__ == "__main__":
    # Everything that astropy complains about is an error, but for what it fixes by itself.
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", FITSFixedWarning)
    if sys.argv[1] == "written":
        written(*sys.argv[2:])
    elif sys.argv[1] == "growing":
        growing(*sys.argv[2:])
    else:
        warnings.simplefilter("ignore")
        dump(*sys.argv[2:])
