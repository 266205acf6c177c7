# SPDX-License-Identifier: GPL-3.0-or-later
"""Real UVH5 files become MeasurementSets that equal the answers of other programs.

A UVH5 row is the second antenna minus the first; a MeasurementSet of ours is the first minus the
second, with conjugated data. pyuvdata 3.1 kept the former in the MeasurementSets it wrote, CASA's
importuvfits makes the latter. Rows are therefore compared by time and antennas, whatever their
order, and turned to one sense."""
import json
import pathlib
import re
import shutil
import subprocess
import unittest

import erfa
import h5py
import numpy as np
from astropy.io import fits
from casacore.tables import table

from skymill_runs import DATA, RunTest, SOURCE, needs_data

# Their nsamples are zero or negative throughout, so that all samples are without weight.
WITHOUT_WEIGHT = {"ata_3c286_C0352", "hera_2458432_int32_v12"}
DRIFT = ["hera_2457698_1024ch_v01", "hera_2457698_256ch_v12", "hera_2458098_4pol_v01",
         "hera_2458432_int32_v12", "mwa_1061315448_8256bl"]

PHASE_TO_ZENITH = """\
skymill: 1
parameters:
  input: {{ required: true }}
  output: {{ required: true }}
record: $(output).run.json
stages:
  read: {{ use: uvh5_reader, input: $(input), nsamples: {nsamples} }}
  rephase: {{ to: zenith, uvw: rigid }}
  write: {{ use: ms_writer, output: $(output) }}
"""


class Rows:
    """Rows of a MeasurementSet or UVH5 file by time and antenna names, as first minus second.

    data and flag are (row, channel, correlation) with channels ascending and correlations in the
    order of the MeasurementSet standard; the first antenna is the one whose name sorts first."""

    def __init__(self, time_s, names1, names2, uvw, data, flag, corr_types):
        swap = names1 > names2
        names1, names2 = np.where(swap, names2, names1), np.where(swap, names1, names2)
        partner = {6: 7, 7: 6, 10: 11, 11: 10}
        exchanged = [corr_types.index(partner.get(c, c)) for c in corr_types]
        self.uvw = np.where(swap[:, None], -uvw, uvw)
        turned = swap[:, None, None]
        self.data = np.where(turned, np.conj(data[:, :, exchanged]), data)
        self.flag = np.where(turned, flag[:, :, exchanged], flag)
        # Keys sort by whole milliseconds, because Julian dates keep only 40 microseconds.
        milliseconds = np.round(time_s * 1e3).astype(np.int64)
        order = np.lexsort((names2, names1, milliseconds))
        self.keys = list(zip(milliseconds[order], names1[order], names2[order]))
        self.time_s = time_s[order]
        self.uvw, self.data, self.flag = self.uvw[order], self.data[order], self.flag[order]


def read_ms(path, name_column="NAME", conjugate=False):
    """All spectral windows side by side, by frequency; `conjugate` turns second minus first."""
    with table(f"{path}/SPECTRAL_WINDOW", ack=False) as windows, \
            table(f"{path}/DATA_DESCRIPTION", ack=False) as descriptions, \
            table(f"{path}/POLARIZATION", ack=False) as polarization, \
            table(f"{path}/ANTENNA", ack=False) as antennas:
        frequency = [windows.getcell("CHAN_FREQ", row)
                     for row in descriptions.getcol("SPECTRAL_WINDOW_ID")]
        corr_types = list(polarization.getcell("CORR_TYPE", 0))
        names = np.array(antennas.getcol(name_column))
    parts = []
    for number in np.argsort([f[0] for f in frequency]):
        with table(str(path), ack=False).query(f"DATA_DESC_ID == {number}") as rows:
            data, uvw = rows.getcol("DATA"), rows.getcol("UVW")
            parts.append(Rows(rows.getcol("TIME"), names[rows.getcol("ANTENNA1")],
                              names[rows.getcol("ANTENNA2")], -uvw if conjugate else uvw,
                              np.conj(data) if conjugate else data, rows.getcol("FLAG"),
                              corr_types))
    whole = parts[0]
    for part in parts[1:]:
        assert part.keys == whole.keys and np.array_equal(part.uvw, whole.uvw)
    whole.data = np.concatenate([part.data for part in parts], axis=1)
    whole.flag = np.concatenate([part.flag for part in parts], axis=1)
    whole.frequency = np.concatenate([frequency[k] for k in np.argsort([f[0] for f in frequency])])
    whole.corr_types = corr_types
    return whole


def read_uvh5(path):
    """A UVH5 file as first minus second, by h5py, which shares nothing with our reader."""
    with h5py.File(path, "r") as file:
        header = file["Header"]
        number = list(header["antenna_numbers"][()])
        names = np.array([name.decode() for name in header["antenna_names"][()]])
        place = [names[[number.index(a) for a in header[key][()]]]
                 for key in ("ant_1_array", "ant_2_array")]
        data, flag = file["Data/visdata"][()], file["Data/flags"][()]
        if data.dtype.names:
            data = data["r"] + 1j * data["i"]
        if data.ndim == 4:
            data, flag = data[:, 0], flag[:, 0]
        # AIPS codes of UVH5 to those of the MeasurementSet: XX, XY, YX, YY and RR, RL, LR, LL.
        stokes = {-5: 9, -7: 10, -8: 11, -6: 12, -1: 5, -3: 6, -4: 7, -2: 8}
        codes = [stokes[code] for code in header["polarization_array"][()]]
        hands, channels = np.argsort(codes), np.argsort(header["freq_array"][()].ravel())
        rows = Rows((header["time_array"][()] - 2400000.5) * 86400, *place,
                    -header["uvw_array"][()].astype(float),
                    np.conj(data[:, channels][:, :, hands]).astype(np.complex64),
                    flag[:, channels][:, :, hands].astype(bool), sorted(codes))
        rows.frequency = header["freq_array"][()].ravel()[channels]
        rows.corr_types = sorted(codes)
    return rows


def same_bits(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and \
        np.array_equal(np.ascontiguousarray(a).view(np.uint32),
                       np.ascontiguousarray(b).view(np.uint32))


def angle_to_the_pole_of_date(mjd, ra, dec):
    """Position angle of the pole of date at an ICRS direction, aberration left out."""
    pole = erfa.pnm06a(2400000.5, mjd)[2]
    east = np.array([-np.sin(ra), np.cos(ra), 0])
    north = np.array([-np.sin(dec) * np.cos(ra), -np.sin(dec) * np.sin(ra), np.cos(dec)])
    return np.arctan2(pole @ east, pole @ north)


class ConvertTest(RunTest):
    def convert(self, source, name="made.ms", *extra, **options):
        made = self.folder / name
        self.last = self.skymill("run", SOURCE / "pipelines/convert.yaml", "--param",
                                 f"input={source}", "--param", f"output={made}", *extra, **options)
        return made

    def assert_directions_within(self, a, b, angle_rad):
        self.assertLess(abs(a[1] - b[1]), angle_rad)
        around = np.remainder(a[0] - b[0] + np.pi, 2 * np.pi) - np.pi
        self.assertLess(abs(around) * np.cos(a[1]), angle_rad)

    def record(self, product):
        return json.loads(pathlib.Path(f"{product}.run.json").read_text())


@needs_data
class RealFiles(ConvertTest):
    def test_every_file_converts_to_what_h5py_reads_in_it(self):
        files = sorted(pathlib.Path(DATA, "uvh5").glob("*.uvh5"))
        self.assertGreaterEqual(len(files), 9)
        for file in files:
            with self.subTest(file=file.name):
                made = self.convert(file, file.stem + ".ms")
                record = self.record(made)
                degraded = file.stem in WITHOUT_WEIGHT
                self.assertEqual(record["verdict"], "degraded" if degraded else "clean")
                if degraded:
                    self.assertIn("nsamples", " ".join(record["degraded_because"]))
                ours, theirs = read_ms(made), read_uvh5(file)
                self.assertEqual(ours.keys, theirs.keys)
                self.assertEqual(ours.corr_types, theirs.corr_types)
                self.assertTrue(np.array_equal(ours.frequency, theirs.frequency))
                self.assertTrue(same_bits(ours.data, theirs.data))
                self.assertTrue(np.array_equal(ours.uvw, theirs.uvw))
                # More may be flagged (without weight, not finite), nothing less.
                self.assertFalse((theirs.flag & ~ours.flag).any())
                self.assertEqual(self.leftovers(), [])

    def test_catalogue_phased_rows_equal_pyuvdata_bit_for_bit(self):
        name = "ata_3c286_C0352"
        ours = read_ms(self.convert(pathlib.Path(DATA, "uvh5", name + ".uvh5")))
        theirs = read_ms(pathlib.Path(DATA, "answer", name + ".pyuvdata.ms"), conjugate=True)
        self.assertEqual(ours.keys, theirs.keys)
        self.assertEqual(ours.corr_types, theirs.corr_types)
        self.assertTrue(np.array_equal(ours.frequency, theirs.frequency))
        self.assertTrue(same_bits(ours.data, theirs.data))
        self.assertTrue(np.array_equal(ours.uvw, theirs.uvw))
        self.assertLess(np.abs(ours.time_s - theirs.time_s).max(), 1e-4)
        with table(str(self.folder / "made.ms/FIELD"), ack=False) as field, \
                table(f"{DATA}/answer/{name}.pyuvdata.ms/FIELD", ack=False) as answer:
            self.assert_directions_within(field.getcol("PHASE_DIR")[0, 0],
                                          answer.getcol("PHASE_DIR")[0, 0], 1e-12)

    def test_subbands_of_the_vla_equal_their_measurement_set(self):
        made = self.convert(pathlib.Path(DATA, "derived/vla_J1008_sb0*.uvh5"))
        with table(str(made / "SPECTRAL_WINDOW"), ack=False) as windows:
            self.assertEqual(windows.nrows(), 4)
        source = pathlib.Path(DATA, "ms/vla_J1008_36GHz_64ch.ms")
        ours, theirs = read_ms(made), read_ms(source, "STATION")
        self.assertEqual(ours.keys, theirs.keys)
        self.assertTrue(np.array_equal(ours.frequency, theirs.frequency))
        self.assertTrue(same_bits(ours.data, theirs.data))
        self.assertTrue(np.array_equal(ours.flag, theirs.flag))
        self.assertTrue(np.array_equal(ours.uvw, theirs.uvw))
        self.assertLess(np.abs(ours.time_s - theirs.time_s).max(), 1e-4)

        options = dict(size=256, column="data", niter=0, weighting="natural")
        cubes = [self.cube(source, "theirs", **options), self.cube(made, "ours", **options)]
        with fits.open(f"{cubes[0]}.image.fits") as a, fits.open(f"{cubes[1]}.image.fits") as b:
            self.assertEqual(a[0].data.shape, (1, 64, 256, 256))
            for key in ("CRVAL1", "CRVAL2", "CRVAL3", "CDELT1", "CDELT2", "CDELT3"):
                self.assertAlmostEqual(a[0].header[key] / b[0].header[key], 1, delta=1e-12, msg=key)
            for channel in range(64):
                plane, other = a[0].data[0, channel], b[0].data[0, channel]
                self.assertGreater(plane.max(), 0)
                self.assertLess(np.abs(plane - other).max(), 1e-3 * plane.max())

    def test_drift_scans_phased_to_the_zenith_agree_with_pyuvdata(self):
        for name in DRIFT:
            with self.subTest(file=name):
                file = self.folder / f"{name}.yaml"
                file.write_text(PHASE_TO_ZENITH.format(
                    nsamples="ignore" if name in WITHOUT_WEIGHT else "weight"))
                made = self.folder / f"{name}.ms"
                self.skymill("run", file, "--param", f"input={DATA}/uvh5/{name}.uvh5",
                             "--param", f"output={made}")
                self.assertEqual(self.record(made)["verdict"], "clean")
                self.compare_phased(made, pathlib.Path(DATA, "answer", name + ".pyuvdata.ms"))

    def compare_phased(self, made, answer):
        ours, theirs = read_ms(made), read_ms(answer, conjugate=True)
        self.assertEqual(ours.keys, theirs.keys)
        self.assertTrue(np.array_equal(ours.frequency, theirs.frequency))
        with table(f"{made}/FIELD", ack=False) as a, table(f"{answer}/FIELD", ack=False) as b:
            self.assertEqual(a.nrows(), 1)
            centre, other = a.getcol("PHASE_DIR")[0, 0], b.getcol("PHASE_DIR")[0, 0]
        self.assert_directions_within(centre, other, np.pi / 180 / 3600e3)

        self.assertTrue(np.array_equal(ours.data == 0, theirs.data == 0))
        difference = np.abs(ours.data - theirs.data)
        # Zeros are equal already; elsewhere the error goes with the amplitude of the sample.
        self.assertTrue((difference <= 1e-5 * np.abs(theirs.data)).all(),
                        (difference / np.maximum(np.abs(theirs.data), 1e-30)).max())
        self.assertLess(np.abs(ours.uvw - theirs.uvw)[:, 2].max(), 2e-6)

        # pyuvdata takes the position angle between ICRS and the frame of date not at the centre but
        # half a degree south of it, which turns all its u and v by one small angle, up to 1.0e-5 in
        # these files. That angle is computed here by ERFA (without aberration and polar motion, so
        # to 1e-6) and is the only thing allowed beyond 1e-7 of the baseline.
        length = np.linalg.norm(theirs.uvw, axis=1)
        cross = length > 0
        a, b = (rows.uvw[cross, 0] + 1j * rows.uvw[cross, 1] for rows in (ours, theirs))
        turn = np.angle(np.vdot(a, b))
        mjd = ours.time_s[0] / 86400
        expected = angle_to_the_pole_of_date(mjd, *centre) \
            - angle_to_the_pole_of_date(mjd, centre[0], centre[1] - np.deg2rad(0.5))
        rest = (np.abs(b * np.exp(-1j * turn) - a) / length[cross]).max()
        print(f"{answer.name}: turn {turn:.2e}, expected {expected:.2e}, then {rest:.1e} of the "
              f"baseline; w {np.abs(ours.uvw - theirs.uvw)[:, 2].max():.1e} m", flush=True)
        self.assertLess(abs(turn - expected), 1e-6)
        self.assertLess(rest, 1e-7)


SIMULATE_SUBBANDS = """\
skymill: 1
parameters:
  output: { required: true }
stages:
  simulate:
    telescope: dsa110
    antennas: 12
    times: 6
    nchan: 8
    start_mjd: 60950.27
    noise: 0.5Jy
    sources: [0arcsec 0arcsec 10Jy]
    autocorrelations: true
  subbands: { use: uvh5_writer, output: $(output) }
"""


class OtherPrograms(ConvertTest):
    """What others make of the MeasurementSet of sixteen simulated subbands."""

    def setUp(self):
        super().setUp()
        file = self.folder / "simulate.yaml"
        file.write_text(SIMULATE_SUBBANDS)
        self.subbands = self.folder / "incoming"
        self.skymill("run", file, "--param", f"output={self.subbands}")
        self.made = self.convert(self.subbands)

    def other(self, program, *arguments):
        if shutil.which(program) is None:
            self.skipTest(f"{program} is not installed")
        done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True,
                              cwd=self.folder, timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_its_shape_and_conventions(self):
        antennas, times, subbands = 12, 6, 16
        with table(str(self.made), ack=False) as main:
            self.assertEqual(main.nrows(), antennas * (antennas + 1) // 2 * times * subbands)
            self.assertLessEqual(0, (main.getcol("ANTENNA2") - main.getcol("ANTENNA1")).min())
            self.assertEqual(len(np.unique(main.getcol("FIELD_ID"))), times)
            self.assertEqual(np.ptp(main.getcol("FIELD_ID")), times - 1)
        with table(f"{self.made}/FIELD", ack=False) as fields, \
                table(f"{self.made}/SPECTRAL_WINDOW", ack=False) as windows:
            self.assertEqual((fields.nrows(), windows.nrows()), (times, subbands))
            frequency = windows.getcol("CHAN_FREQ").ravel()
            # The meridian moves by 15" a second to the east, in right ascension of date; in ICRS
            # that is 0.2 % less at this place and date.
            ra = fields.getcol("PHASE_DIR")[:, 0, 0]
            moved = np.degrees(np.diff(np.unwrap(ra))) * 3600
            np.testing.assert_allclose(moved, 12.884901888 * 15.0411, rtol=3e-3)
        self.assertTrue((np.diff(frequency) > 0).all())
        ours = read_ms(self.made)
        files = [read_uvh5(file) for file in sorted(self.subbands.glob("*.hdf5"), reverse=True)]
        self.assertTrue(same_bits(ours.data, np.concatenate([f.data for f in files], axis=1)))
        # The files' uvw are in axes of date, ours in those of each field: turned, but no longer.
        stored, length = files[0].uvw, np.linalg.norm(files[0].uvw, axis=1)
        moved = np.linalg.norm(ours.uvw - stored, axis=1)
        self.assertLess(moved.max(), 5e-3 * length.max())
        self.assertGreater(moved.max(), 5e-4 * length.max())
        np.testing.assert_allclose(ours.uvw[:, 2], stored[:, 2], rtol=0, atol=2e-4)
        as_stored = read_ms(self.convert(str(self.subbands), "stored.ms", "--param", "uvw=file"))
        self.assertTrue(np.array_equal(as_stored.uvw, stored))

    def test_a_file_a_folder_and_a_pattern_give_the_same(self):
        pattern = self.convert(str(self.subbands / "*_sb??.hdf5"), "pattern.ms")
        self.assertTrue(same_bits(read_ms(pattern).data, read_ms(self.made).data))
        one = sorted(self.subbands.glob("*_sb03.hdf5"))[0]
        alone = self.convert(one, "one.ms", "--set", "read.expect_subbands=1")
        self.assertTrue(same_bits(read_ms(alone).data, read_uvh5(one).data))

    def test_taql(self):
        text = self.other("taql", "-nopc", "-nopr", f"select gcount() as N from {self.made} "
                          "where ANTENNA1 == ANTENNA2 groupby DATA_DESC_ID")
        numbers = [int(line) for line in re.findall(r"^\s*(\d+)\s*$", text, re.MULTILINE)]
        self.assertEqual(numbers, [12 * 6] * 16, text)

    def test_wsclean(self):
        # It wants -reorder for every set of several spectral windows.
        self.other("wsclean", "-j", "2", "-reorder", "-no-update-model-required", "-field", "2",
                   "-size", "256", "256", "-scale", "10asec", "-weight", "natural", "-name", "other",
                   self.made)
        with fits.open(self.folder / "other-image.fits") as image:
            plane = image[0].data[0, 0]
        y, x = np.unravel_index(np.argmax(plane), plane.shape)
        # No gain errors were simulated. The source stands on the meridian halfway; at the third of
        # six integrations, half an integration before, it is east of it, which is left.
        self.assertAlmostEqual(plane.max(), 10, delta=0.5)
        self.assertAlmostEqual(y, 128, delta=1.5)
        self.assertLess(x, 128)
        self.assertAlmostEqual(x, 128 - 0.5 * 12.884901888 * 15.0411 * np.cos(np.deg2rad(37)) / 10,
                               delta=1.5)

    def test_aoflagger(self):
        copy = self.folder / "copy.ms"
        shutil.copytree(self.made, copy)
        text = self.other("aoflagger", "-v", "-j", "2", copy)
        before, after = read_ms(self.made).flag, read_ms(copy).flag
        self.assertEqual(before.shape, after.shape, text)
        # Noise and a constant source are no interference.
        self.assertLess(after.mean() - before.mean(), 0.1)


if __name__ == "__main__":
    unittest.main()
