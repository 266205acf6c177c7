# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-calibration of simulated skies whose antennas' phases wander."""
import json
import unittest

import casacore.tables
import numpy as np
from astropy.io import fits

from skymill_runs import SOURCE, RunTest

SKY = ("[0arcsec 0arcsec 1Jy, 120arcsec 60arcsec 0.5Jy, -90arcsec 150arcsec 0.3Jy, "
       "60arcsec -180arcsec 0.2Jy, -160arcsec -100arcsec 0.15Jy]")
ANTENNAS = 20


class SelfcalTest(RunTest):
    def observe(self, name, drift="0deg", noise="0.05Jy", **settings):
        """A MeasurementSet of 15 minutes."""
        settings = {"simulate.sources": SKY, "simulate.interval": "20s",
                    "simulate.drift_period": "3000s", "simulate.gain_drift": drift,
                    **{f"simulate.{key}": value for key, value in settings.items()}}
        path, _ = self.simulate(name, antennas=ANTENNAS, times=45, nchan=2, noise=noise, **settings)
        return path

    def selfcal(self, ms, name, code=0, **parameters):
        """Runs the shipped description; returns the prefix of its products and its summary."""
        prefix = self.folder / name
        arguments = ["run", SOURCE / "pipelines/selfcal.yaml"]
        parameters = dict({"size": 256, "cell": "3arcsec", "niter": 2000, "input": ms,
                           "output": prefix}, **parameters)
        for key, value in parameters.items():
            arguments += ["--set" if "." in key else "--param", f"{key}={value}"]
        self.last = self.skymill(*arguments, code=code)
        summary = prefix.with_name(name + ".selfcal.json")
        return prefix, json.loads(summary.read_text()) if summary.exists() else None

    @staticmethod
    def dynamic_range(prefix):
        with fits.open(f"{prefix}.image.fits") as image, \
                fits.open(f"{prefix}.residual.fits") as residual:
            return np.nanmax(image[0].data) / np.nanstd(residual[0].data)

    @staticmethod
    def column(ms, name):
        with casacore.tables.table(str(ms), ack=False) as table:
            return table.getcol(name)

    @staticmethod
    def columns(ms):
        with casacore.tables.table(str(ms), ack=False) as table:
            return table.colnames()

    def without_shift(self, ms, data, truth):
        """How far the sky of `data` is from that of `truth`, arcsec, and the data moved back.

        The mean slope of the antennas' phases moves the first image and with it the model of all
        rounds: self-calibration cannot know it."""
        metres = self.column(ms, "UVW")[:, :2]
        with casacore.tables.table(f"{ms}/SPECTRAL_WINDOW", ack=False) as windows:
            turns = np.outer(np.ones(len(data)), windows.getcol("CHAN_FREQ")[0]) / 299792458
        slopes = 2 * np.pi * metres[:, None, None, :] * turns[:, :, None, None]
        slopes = np.broadcast_to(slopes, (*data.shape, 2)).reshape(-1, 2)
        weight = np.abs(truth).ravel()
        shift = np.linalg.lstsq(slopes * weight[:, None], weight *
                                np.angle(data * truth.conj()).ravel(), rcond=None)[0]
        moved = data * np.exp(-1j * (slopes @ shift)).reshape(data.shape)
        return np.degrees(np.hypot(*shift)) * 3600, moved

    def rounds(self, name):
        batch = json.loads((self.folder / f"{name}.batch.json").read_text())
        return [item["item"] for item in batch["items"]]


class Selfcal(SelfcalTest):
    def test_phases_that_wander_are_found_and_the_image_is_nearly_that_without_errors(self):
        clean, _ = self.selfcal(self.observe("clean.ms"), "clean", max_rounds=0)
        ms = self.observe("wandering.ms", drift="20deg")
        before = self.column(ms, "DATA")
        prefix, summary = self.selfcal(ms, "my")
        self.assertEqual(summary["outcome"], "success")
        self.assertEqual(self.rounds("my"), ["r0", "r1", "r2", "r3", "r4", "r5", "final"])
        self.assertEqual(summary["tables"], [f"{prefix}.r5.gcal", f"{prefix}.r5.2gcal"])
        first, last, perfect = map(self.dynamic_range, (f"{prefix}.r0", prefix, clean))
        # The last image is that of the best round, now of CORRECTED_DATA, and DATA stays.
        self.assertAlmostEqual(last / self.dynamic_range(f"{prefix}.r5"), 1, delta=1e-3)
        self.assertTrue(np.array_equal(self.column(ms, "DATA"), before))
        truth = self.column(self.folder / "clean.ms", "DATA")
        corrected = self.column(ms, "CORRECTED_DATA")
        shift_arcsec, placed = self.without_shift(ms, corrected, truth)
        left, left_placed = (
            np.sqrt(np.mean(np.abs(data - truth) ** 2) / np.mean(np.abs(before - truth) ** 2))
            for data in (corrected, placed))
        print(f"dynamic range {first:.0f}, {last:.0f} of {perfect:.0f}; {left:.3f} of the error is "
              f"left, {left_placed:.3f} besides a shift of {shift_arcsec:.2f} arcsec", flush=True)
        self.assertGreater(last, 15 * first)
        self.assertGreater(last, 0.4 * perfect)
        self.assertLess(left_placed, 0.1)
        self.assertLess(shift_arcsec, 3)  # the cell

    def test_data_without_errors_keep_the_first_image(self):
        ms = self.observe("clean.ms")
        prefix, summary = self.selfcal(ms, "my")
        self.assertEqual(summary["outcome"], "no_improvement")
        self.assertEqual(summary["best"], f"{prefix}.r0")
        self.assertEqual([one["verdict"] for one in summary["rounds"]], ["start", "stalled"])
        self.assertEqual(self.rounds("my"), ["r0", "r1", "final"])
        with fits.open(f"{prefix}.r0.image.fits") as first, \
                fits.open(f"{prefix}.image.fits") as last:
            self.assertTrue(np.array_equal(first[0].data, last[0].data))
        self.assertNotIn("CORRECTED_DATA", self.columns(ms))

    def test_rounds_that_go_wrong_are_stopped_and_named(self):
        ms = self.observe("faint.ms", drift="5deg", noise="8Jy",
                          sources="[0arcsec 0arcsec 1Jy]")
        lax = {"each.min_antenna_snr_phase": 0, "max_phase_spread": "179deg"}
        cases = (
            ("low_antenna_snr", "solutions have SNR", 0, {}),
            ("noisy_gains", "phases scatter", 0, {"each.min_antenna_snr_phase": 0}),
            # Few baselines are solved with, and the others are ruined by it.
            ("diverged", "SNR times 0.", 0, dict(lax, uvmin=6000)),
            ("failed", "no solutions", 1, dict(lax, uvmin=100000)),
            ("failed", "not begun: the image has SNR", 0, {"min_snr": 1000}))
        for number, (outcome, reason, code, extra) in enumerate(cases):
            with self.subTest(outcome, reason=reason):
                prefix, summary = self.selfcal(ms, f"my{number}", code, phase_solints="[60s]",
                                               phase_minsnr=0, **extra)
                self.assertEqual(summary["outcome"], outcome)
                self.assertIn(reason, summary["reason"])
                self.assertEqual(summary["best"], f"{prefix}.r0")
                self.assertEqual(self.dynamic_range(prefix), self.dynamic_range(f"{prefix}.r0"))
        self.assertNotIn("CORRECTED_DATA", self.columns(ms))

    def test_a_dry_run_shows_the_first_round_and_makes_nothing(self):
        ms = self.observe("clean.ms")
        before = sorted(path.name for path in self.folder.iterdir())
        done = self.skymill("run", SOURCE / "pipelines/selfcal.yaml", "--dry-run", "--param",
                            f"input={ms}", "--param", f"output={self.folder / 'my'}")
        self.assertRegex(done.stdout, r"^r0  ready\n(  would make .*\n)+$")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), before)


if __name__ == "__main__":
    unittest.main()
