# SPDX-License-Identifier: GPL-3.0-or-later
"""The chain of the DSA-110: sixteen UVH5 subbands to a calibrated cube, on our simulation and on
one by an independent generator, and what it says of files that it cannot take."""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import unittest

import h5py
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS
from casacore.tables import table

from skymill_runs import RunTest, SOURCE
from source_peaks import beam_height

SKY = ["0arcsec 0arcsec 10Jy", "900arcsec 300arcsec 1Jy -0.7", "-600arcsec 1100arcsec 0.8Jy",
       "-1300arcsec -500arcsec 0.6Jy", "400arcsec -1200arcsec 0.5Jy", "1500arcsec 1400arcsec 0.4Jy"]
GENERATOR = pathlib.Path(os.environ.get("SKYMILL_BENCH", "")) / "calconv/make_dsa_like.py"
needs_generator = unittest.skipUnless(os.environ.get("SKYMILL_BENCH") and GENERATOR.exists(),
                                      "SKYMILL_BENCH names no folder with calconv/make_dsa_like.py")

CALIBRATE_TO_MS = """\
skymill: 1
parameters:
  input: { required: true }
  output: { required: true }
  model: { default: [] }
stages:
  read: { use: uvh5_reader, input: $(input) }
  rephase: { to: meridian }
  flag: {}
  solve: { sources: $(model), solve_per: spw }
  write: { use: ms_writer, in: flag, output: $(output).raw.ms }
  again: { use: ms_reader, after: write, input: $(output).raw.ms }
  apply: { solutions: solve }
  corrected: { use: ms_writer, in: apply, output: $(output).corrected.ms }
"""


def as_list(texts):
    return "[" + ", ".join(texts) + "]"


def airy_power(x):
    """(2 J1(x) / x)^2, by Bessel's integral."""
    angles = np.pi * (np.arange(64) + 0.5) / 64
    j1 = np.cos(angles - np.multiply.outer(x, np.sin(angles))).mean(axis=-1)
    return (2 * j1 / x) ** 2


class CubeTest(RunTest):
    def run_description(self, name, *extra, code=0, **parameters):
        arguments = ["run", name if str(name).endswith(".yaml") else
                     SOURCE / f"pipelines/{name}.yaml", *extra]
        for key, value in parameters.items():
            option = "--set" if "." in key else "--param"
            arguments += [option, f"{key}={value}"]
        self.last = self.skymill(*arguments, code=code)

    def check_sources(self, prefix, sources, product="image", within=0.05):
        """Fluxes to 5 %, places to 0.2 beam, wherever a source is above 50 times the noise.

        sources: ra_rad, dec_rad and a function from frequency to flux, each."""
        judged, worst = 0, 0
        with fits.open(f"{prefix}.{product}.fits") as image:
            header, cube, beams = image[0].header, image[0].data[0], image["BEAMS"].data
        sky = WCS(header).celestial
        for channel, plane in enumerate(cube):
            frequency = header["CRVAL3"] + channel * header["CDELT3"]
            rms = 1.4826 * np.nanmedian(np.abs(plane - np.nanmedian(plane)))
            beam_pixels = beams["BMIN"][channel] / 3600 / header["CDELT2"]
            for number, (ra, dec, flux_at) in enumerate(sources):
                flux = flux_at(frequency)
                if flux < 50 * rms:
                    continue
                judged += 1
                x, y = sky.wcs_world2pix([[np.degrees(ra), np.degrees(dec)]], 0)[0]
                peak, px, py = beam_height(
                    plane, x, y, beams["BMAJ"][channel] / 3600 / header["CDELT2"], beam_pixels,
                    np.radians(beams["BPA"][channel]))
                what = f"source {number} of channel {channel}: {peak} of {flux} Jy"
                worst = max(worst, abs(peak / flux - 1))
                self.assertAlmostEqual(peak / flux, 1, delta=within, msg=what)
                self.assertLess(np.hypot(px - x, py - y), 0.2 * beam_pixels, what)
        print(f"{judged} fluxes within {100 * worst:.2f} %", flush=True)
        return judged


class Simulated(CubeTest):
    def test_calibrated_cube_in_one_command(self):
        prefix = self.folder / "out/tile"
        self.run_description("dsa110", input=self.folder / "incoming", output=prefix,
                             simulate="true", antennas=25, times=12, nchan=12, width=12, size=768,
                             sky=as_list(SKY), model=as_list(SKY))
        record = json.loads(pathlib.Path(f"{prefix}.run.json").read_text())
        self.assertEqual(record["verdict"], "clean", record["degraded_because"])
        truth = json.loads(pathlib.Path(f"{prefix}.truth.json").read_text())
        reference = truth["reference_hz"]
        sources = [(s["ra_rad"], s["dec_rad"], lambda hz, s=s: s["flux_jy"] *
                    (hz / reference) ** s["spectral_index"]) for s in truth["sources"]]
        # Six sources in sixteen planes; the faintest is at 100 times the noise. No source has
        # another one on its mirrored side, so a mirrored cube would have nothing at their places.
        self.assertEqual(self.check_sources(prefix, sources), 6 * 16)
        with fits.open(f"{prefix}.image.fits") as image:
            plane = image[0].data[0, 0]
        for l_arcsec, m_arcsec, flux in ((900, 300, 1), (-600, 1100, 0.8), (400, -1200, 0.5)):
            x, y = int(384 - l_arcsec / 6), int(384 + m_arcsec / 6)  # east is left
            self.assertGreater(plane[y - 4:y + 5, x - 4:x + 5].max(), 0.8 * flux)
            mirrored = plane[y - 4:y + 5, 768 - x - 4:768 - x + 5]
            self.assertLess(np.abs(mirrored).max(), 0.3 * flux)

        with table(f"{prefix}.ms", ack=False) as main, \
                table(f"{prefix}.ms/FIELD", ack=False) as field:
            self.assertEqual(main.nrows(), 16 * 12 * 25 * 26 // 2)
            centre = field.getcol("PHASE_DIR")[:, 0]
        self.assertEqual(len(centre), 1)
        mas = np.pi / 180 / 3600e3
        around = np.remainder(centre[0, 0] - truth["phase_centre"]["ra_rad"] + np.pi, 2 * np.pi)
        self.assertLess(abs(around - np.pi), mas)
        self.assertLess(abs(centre[0, 1] - truth["phase_centre"]["dec_rad"]), mas)

    def test_gains_are_recovered_to_the_cramer_rao_bound(self):
        antennas, times, channels, flux = 12, 6, 12, 10.0
        incoming, prefix = self.folder / "incoming", self.folder / "gains"
        self.run_description("dsa110", input=incoming, output=self.folder / "first",
                             simulate="true", model=as_list(SKY), antennas=antennas, times=times, nchan=channels,
                             width=channels, size=128, niter=0, sky=as_list(SKY))
        truth = json.loads((self.folder / "first.truth.json").read_text())
        file = self.folder / "calibrate.yaml"
        file.write_text(CALIBRATE_TO_MS)
        self.run_description(file, input=incoming, output=prefix, model=as_list(SKY))
        true = {gain["antenna"]: np.array(gain["amplitude"]) *
                np.exp(1j * np.array(gain["phase_rad"])) for gain in truth["gains"]}
        self.assertEqual(len(true), antennas)
        with table(f"{prefix}.raw.ms/ANTENNA", ack=False) as t:
            gain = np.array([true.get(name, [np.nan] * 2) for name in t.getcol("NAME")])
        rows = []
        for name in ("raw", "corrected"):
            with table(f"{prefix}.{name}.ms", ack=False) as main:
                ordered = main.query("ANTENNA1 != ANTENNA2",
                                     sortlist="TIME, DATA_DESC_ID, ANTENNA1, ANTENNA2")
                rows.append({column: ordered.getcol(column) for column in
                             ("TIME", "DATA_DESC_ID", "ANTENNA1", "ANTENNA2", "DATA", "FLAG")})
        raw, corrected = rows
        for column in ("TIME", "DATA_DESC_ID", "ANTENNA1", "ANTENNA2"):
            self.assertTrue(np.array_equal(raw[column], corrected[column]), column)
        self.assertFalse(corrected["FLAG"].any())
        # Gains do not change in time.
        once = raw["TIME"] == raw["TIME"][0]
        before, after = raw["DATA"][once], corrected["DATA"][once]
        product = gain[raw["ANTENNA1"][once]] * gain[raw["ANTENNA2"][once]].conj()
        # All that calibration did was to divide by the product of two gains.
        error = (before / after)[:, 0] / product - 1
        # For amplitude the Fisher matrix of N antennas is k ((N-2) I + J), for phase k (N I - J),
        # so that a product of two has variances of 2 / k (N-1) and 2 / k N; k is the number of
        # visibilities of a baseline in a solution times the square of their signal to noise.
        noise = 6500 / np.sqrt(2 * 11.71875e6 / channels * 12.884901888)
        k = times * channels * (flux / noise) ** 2
        bound = np.sqrt(2 / k * (1 / (antennas - 1) + 1 / antennas))
        rms = np.sqrt(np.mean(np.abs(error) ** 2))
        print(f"gain products: rms error {rms:.5f}, bound {bound:.5f}", flush=True)
        self.assertLess(rms, 1.2 * bound)
        self.assertGreater(rms, 0.5 * bound)


class ThroughTheInstrument(CubeTest):
    """All at once that stands between the sky and the files: the beam that the sky drifts through,
    delays, bandpasses with edges and a notch, gains, a dead antenna, transmitters and gaps. The
    skies, gains and transmitters of each seed are others.

    Half of the antennas, because what limits fluxes are the sidelobes of sources whose brightness
    changes as they drift: with 25 antennas errors are twice as large."""

    INSTRUMENT = {"simulate.beam": "airy", "simulate.delay": "20ns",
                  "simulate.outrigger_delay": "60ns", "simulate.bandpass_ripple": 0.1,
                  "simulate.bandpass_edge": 0.2, "simulate.bandpass_notches": "[1395MHz]",
                  "simulate.yy_amplitude": 1.2, "simulate.dead_antennas": "[69]",
                  "simulate.rfi_carriers": 2, "simulate.rfi_drifting": 2, "simulate.rfi_bursts": 2,
                  "simulate.rfi_zeros": 3, "simulate.rfi_nans": 3}

    @staticmethod
    def sky(seed):
        """A calibrator of 10 Jy and five sources of about 1 Jy, none in the row or the column of
        another: the array is a T, whose beam has ridges there, and those of a source that drifts
        through the primary beam do not clean away. They disturb others by up to 4 %."""
        random = np.random.default_rng(seed)
        places, sky = [(0, 0)], ["0arcsec 0arcsec 10Jy"]
        while len(sky) < 6:
            distance = 2800 * np.sqrt(random.uniform(0.1, 1))
            angle = random.uniform(0, 2 * np.pi)
            l, m = distance * np.cos(angle), distance * np.sin(angle)
            if min(min(abs(l - x), abs(m - y)) for x, y in places) < 200:
                continue
            places.append((l, m))
            sky.append(f"{l:.2f}arcsec {m:.2f}arcsec {random.uniform(0.8, 1.2):.3f}Jy")
        return as_list(sky)

    def observe(self, seed, rfi_flux):
        """The prefix of what the description makes, and what is true."""
        prefix = self.folder / f"{seed}/tile"
        self.run_description("dsa110", **{
            "input": self.folder / f"{seed}/incoming", "output": prefix, "simulate": "true",
            "antennas": 50, "times": 24, "nchan": 12, "width": 48, "dec": "37deg",
            "sky": self.sky(seed), "model": self.sky(seed), "primary_beam": "dish",
            "pbcor": "true", "amplitude_max": 60, "clip": 7, "casa": "[image]",
            "fits": "[image, residual, image.pbcor, pb]", **self.INSTRUMENT,
            "simulate.rfi_flux": rfi_flux, "simulate.seed": seed})
        return prefix, json.loads(pathlib.Path(f"{prefix}.truth.json").read_text())

    def check_fluxes(self, prefix, truth):
        sources = [(s["ra_rad"], s["dec_rad"], lambda hz, s=s: s["flux_jy"])
                   for s in truth["sources"]]
        judged = self.check_sources(prefix, sources, "image.pbcor", within=0.03)
        self.assertEqual(judged, 6 * 4)

    def test_fluxes_with_weak_interference(self):
        # Four times the noise of a sample, in all channels or at all times, and half of the
        # calibrator: on a baseline alone much of it does not show.
        self.check_fluxes(*self.observe(3, "5Jy"))

    def test_fluxes_after_correction_for_the_mean_beam_of_the_drift(self):
        self.check_fluxes(*self.observe(2, "300Jy"))
        prefix, truth = self.observe(1, "300Jy")
        self.check_fluxes(prefix, truth)
        # The beam has drifted over the centre, and its mean is not renormalised (imaging.md 2.10).
        with fits.open(f"{prefix}.pb.fits") as pb:
            header, cube = pb[0].header, pb[0].data[0]
        sky = WCS(header).celestial
        centre = truth["phase_centre"]
        x, y = np.meshgrid(np.arange(0, 1024, 31), np.arange(0, 1024, 31))
        ra, dec = np.radians(sky.wcs_pix2world(x, y, 0))
        diameter, light = 4.65, 299792458
        with table(f"{prefix}.ms", ack=False) as main:
            rows = main.query("ANTENNA1 != ANTENNA2")
            time, good = rows.getcol("TIME"), (~rows.getcol("FLAG")).sum(axis=(1, 2))
        moments = np.unique(time)
        weights = np.array([good[time == moment].sum() for moment in moments])
        self.assertLess(weights.min(), 0.1 * weights.max())  # a burst
        middle = (time.min() + time.max()) / 2
        for channel, plane in enumerate(cube):
            frequency = header["CRVAL3"] + channel * header["CDELT3"]
            mean = np.zeros(x.shape)
            for moment, weight in zip(moments, weights / weights.sum()):
                ra_of_beam = centre["ra_rad"] + np.radians(15.041 / 3600) * (moment - middle)
                cosine = (np.sin(dec) * np.sin(centre["dec_rad"]) + np.cos(dec)
                          * np.cos(centre["dec_rad"]) * np.cos(ra - ra_of_beam))
                argument = np.pi * diameter * frequency / light * np.sin(np.arccos(cosine))
                mean += airy_power(argument) * weight
            self.assertLess(plane.max(), 0.985)
            self.assertLess(np.abs(plane[y, x] - mean).max(), 0.005)
        with table(f"{prefix}.bcal", ack=False) as bandpass, \
                table(f"{prefix}.bcal/ANTENNA", ack=False) as antennas:
            dead = antennas.getcol("NAME").index("69")
            flags = bandpass.query(f"ANTENNA1 == {dead}").getcol("FLAG")
        self.assertTrue(flags.all())
        self.assertEqual(self.leftovers(), [])

    def test_the_pointing_goes_with_the_data(self):
        """Rephased data say where the dishes stood; without that a beam is refused, not guessed."""
        prefix = self.folder / "small"
        self.run_description("dsa110", input=self.folder / "incoming", output=prefix,
                             simulate="true", antennas=6, times=3, nchan=4, width=4, size=64,
                             cell="30arcsec", niter=0, flux="10Jy", rfi="false", sky=as_list(SKY))
        ms = f"{prefix}.ms"
        with table(f"{ms}/POINTING", readonly=False, ack=False) as pointing:
            self.assertEqual(pointing.getcolkeyword("DIRECTION", "MEASINFO")["Ref"], "HADEC")
            self.assertFalse(pointing.getcol("TRACKING").any())
            direction = pointing.getcol("DIRECTION").reshape(-1, 2)
            self.assertTrue(np.array_equal(direction[:, 0], np.zeros(len(direction))))
            self.assertLess(np.abs(np.degrees(direction[:, 1]) - 37).max(), 1e-9)
            pointing.removerows(range(pointing.nrows()))
        cube = self.cube(ms, "cube", size=128, cell="30arcsec", niter=0, code=5,
                         pbcor="true")
        self.assertIn("do not say at which declination they stand", self.last.stderr)
        self.assertIn("give it as pointing_dec", self.last.stderr)
        self.assertFalse(pathlib.Path(f"{cube}.image").exists())
        self.cube(ms, "cube", size=128, cell="30arcsec", niter=0, pbcor="true",
                  pointing_dec="37deg")


class AnotherGroup(CubeTest):
    """A calibrator's group calibrates another of an hour later, by way of a store, as
    docs/guide/calibration.md has it."""

    INSTRUMENT = {"simulate.delay": "20ns", "simulate.bandpass_ripple": 0.1,
                  "simulate.yy_amplitude": 1.2}

    def observe(self, name, start_mjd, sky, code=0, **parameters):
        """The cube of a group that is simulated first, in the same state of the instrument."""
        self.run_description("dsa110", code=code, **{
            "input": self.folder / f"{name}.incoming", "output": self.folder / name,
            "simulate": "true", "antennas": 25, "times": 12, "nchan": 12, "width": 48,
            "start_mjd": start_mjd, "sky": as_list(sky), **self.INSTRUMENT, **parameters})

    def take(self, start, code=0):
        self.run_description("dsa110_target", code=code, input=self.folder / f"{start}.incoming",
                             output=self.folder / f"{start}.target", width=48,
                             store=self.folder / "store")

    def test_fluxes_of_a_group_without_a_calibrator(self):
        self.observe("cal", 60950.27, SKY[:1], size=128, niter=0, flux="10Jy", keep="true",
                     store=self.folder / "store", set="night")
        # The raw cube shows nothing of its own calibration: it is made to have the files.
        self.observe("field", 60950.31, SKY[1:], size=128, niter=0, flux="10Jy",
                     **{"gains.minsnr": 0})
        self.take("field")
        prefix = self.folder / "field.target"
        truth = json.loads((self.folder / "field.truth.json").read_text())
        reference = truth["reference_hz"]
        sources = [(s["ra_rad"], s["dec_rad"], lambda hz, s=s: s["flux_jy"] *
                    (hz / reference) ** s["spectral_index"]) for s in truth["sources"]]
        self.assertEqual(self.check_sources(prefix, sources, within=0.03), 5 * 4)
        record = json.loads(pathlib.Path(f"{prefix}.run.json").read_text())
        self.assertEqual(record["verdict"], "clean", record["degraded_because"])
        taken = [row for stage in record["stages"] for row in stage.get("tables", {}).get("set", [])]
        self.assertEqual([row["name"] for row in taken], ["night"])

    def test_a_group_that_nothing_in_the_store_fits(self):
        self.observe("cal", 60950.27, SKY[:1], size=128, niter=0, flux="10Jy", keep="true",
                     store=self.folder / "store", set="night")
        self.observe("late", 60952.27, SKY[:1], size=128, niter=0, flux="10Jy")
        self.take("late", code=5)
        self.assertIn("'night': its K is", self.last.stderr)
        self.assertFalse((self.folder / "late.target.image").exists())


@needs_generator
class IndependentGenerator(CubeTest):
    """Its files are unprojected: uvw are east, north and up, with the zenith as phase centre, and no
    HADEC among the extra keywords. `meridian` is therefore refused, and a direction is given."""

    def generate(self, *extra):
        folder = self.folder / "like"
        # Ninety-six antennas, because its evenly spaced arms have grating lobes: with few antennas
        # these stand inside the field.
        done = subprocess.run([sys.executable, GENERATOR, folder, "--nant", "96", "--ntime", "4",
                               "--nsub", "4", "--nchan", "8", *extra],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        truth = np.load(folder / "truth.npz")
        sources = [(ra, dec, lambda hz, flux=flux: flux) for ra, dec, flux in
                   zip(truth["ra"], truth["dec"], truth["flux"])]
        ra, dec = truth["ra"], truth["dec"]
        l = np.cos(dec) * np.sin(ra - ra[0])
        m = np.sin(dec) * np.cos(dec[0]) - np.cos(dec) * np.sin(dec[0]) * np.cos(ra - ra[0])
        model = [f"{a!r}rad {b!r}rad {flux}Jy" for a, b, flux in
                 zip(l.tolist(), m.tolist(), truth["flux"])]
        options = {"width": 8, "size": 1152, "cell": "6arcsec", "image.weighting": "uniform",
                   "rephase.to": f"{np.degrees(ra[0])!r}deg {np.degrees(dec[0])!r}deg"}
        return folder, sources, model, options

    def test_unprojected_sky_without_calibration(self):
        folder, sources, _, options = self.generate()
        prefix = self.folder / "look"
        self.run_description("quicklook", input=folder, output=prefix, code=2)
        self.assertIn("declination", self.last.stderr)
        self.run_description("quicklook", input=folder, output=prefix, **{
            "image.niter": 3000, "image.threshold": "20mJy", **options})
        self.assertEqual(self.check_sources(prefix, sources), 4 * 4)

    def test_delays_and_bandpasses_are_calibrated_by_channel(self):
        folder, sources, model, options = self.generate("--gains")
        prefix = self.folder / "cal"
        self.run_description("dsa110", input=folder, output=prefix, model=as_list(model),
                             threshold="20mJy", **options)
        self.assertEqual(self.check_sources(prefix, sources), 4 * 4)


SIMULATE_SUBBANDS = """\
skymill: 1
parameters:
  output: { required: true }
stages:
  simulate:
    telescope: dsa110
    antennas: 6
    times: 3
    nchan: 4
    start_mjd: 60950.27
    sources: [0arcsec 0arcsec 10Jy]
    autocorrelations: true
  subbands: { use: uvh5_writer, output: $(output) }
"""


class UnusableInput(CubeTest):
    def setUp(self):
        super().setUp()
        file = self.folder / "simulate.yaml"
        file.write_text(SIMULATE_SUBBANDS)
        self.incoming = self.folder / "incoming"
        self.run_description(file, output=self.incoming)
        self.fifth = next(self.incoming.glob("*_sb05.hdf5"))

    def assert_refused(self, *words, before_work=True):
        for name in ("convert", "quicklook", "dsa110"):
            with self.subTest(description=name):
                products = self.folder / name
                flux = {"flux": "10Jy"} if name == "dsa110" else {}
                self.run_description(name, input=self.incoming, output=products / "x", code=5,
                                     **flux)
                lines = self.last.stderr.strip().splitlines()
                if before_work:
                    self.assertEqual(len(lines), 1, self.last.stderr)
                for word in words:
                    self.assertIn(word, lines[-1])
                left = [p.name for p in products.rglob("*")] if products.exists() else []
                self.assertIn(left, ([], ["x.run.json"]))
                self.assertEqual(self.leftovers(), [])

    def test_a_file_that_was_cut_short(self):
        size = self.fifth.stat().st_size
        with open(self.fifth, "r+b") as file:
            file.truncate(size // 2)
        self.assert_refused(self.fifth.name, "cut short")

    def test_a_text_file(self):
        self.fifth.write_text("no visibilities\n")
        self.assert_refused(self.fifth.name, "no HDF5 file")

    def test_hdf5_of_another_kind(self):
        with h5py.File(self.fifth, "w") as file:
            file["catalogue/flux"] = np.arange(5.0)
        self.assert_refused(self.fifth.name, "no UVH5 file", "Header")

    def test_a_missing_subband(self):
        self.fifth.unlink()
        self.assert_refused("1 of 16 subbands", "sb05", "missing: drop")
        made = self.folder / "fifteen.ms"
        self.run_description("convert", input=self.incoming, output=made, missing="drop")
        record = json.loads(pathlib.Path(f"{made}.run.json").read_text())
        self.assertEqual(record["verdict"], "degraded")
        self.assertIn("sb05", record["degraded_because"][0])
        with table(f"{made}/SPECTRAL_WINDOW", ack=False) as windows:
            self.assertEqual(windows.nrows(), 15)

    def test_another_antenna_list(self):
        with h5py.File(self.fifth, "r+") as file:
            names = file["Header/antenna_names"][()]
            file["Header/antenna_names"][...] = names[[0, 2, 1, *range(3, len(names))]]
        self.assert_refused(self.fifth.name, "antenna lists")

    def test_another_order_of_rows(self):
        with h5py.File(self.fifth, "r+") as file:
            for key in ("ant_1_array", "ant_2_array"):
                values = file["Header"][key][()]
                values[[0, -1]] = values[[-1, 0]]
                file["Header"][key][...] = values
        # The arrays of the rows are read with the data.
        self.assert_refused(self.fifth.name, "antennas of their rows", before_work=False)

    def test_the_same_subband_twice(self):
        shutil.copy(self.fifth, self.incoming / "copy_sb05.hdf5")
        self.assert_refused(self.fifth.name, "copy_sb05.hdf5", "both hold subband sb05")


if __name__ == "__main__":
    unittest.main()
