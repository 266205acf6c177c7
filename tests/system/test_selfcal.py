# SPDX-License-Identifier: GPL-3.0-or-later
"""Self-calibration of simulated skies whose antennas' phases wander."""
import json
import re
import unittest

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
                    "simulate.drift_period": "1500s", "simulate.gain_drift": drift,
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

    def rounds(self, name):
        batch = json.loads((self.folder / f"{name}.batch.json").read_text())
        return [item["item"] for item in batch["items"]]


class Selfcal(SelfcalTest):
    def test_phases_that_wander_are_found_and_the_image_is_nearly_that_without_errors(self):
        clean, _ = self.selfcal(self.observe("clean.ms"), "clean", max_rounds=0)
        ms = self.observe("wandering.ms", drift="20deg")
        prefix, summary = self.selfcal(ms, "my")
        first = self.dynamic_range(f"{prefix}.r0")
        last = self.dynamic_range(prefix)
        perfect = self.dynamic_range(clean)
        print(f"dynamic range {first:.0f} -> {last:.0f}, without errors {perfect:.0f}, "
              f"{summary['outcome']}")
        for one in summary["rounds"]:
            print(one)

    def test_data_without_errors_keep_the_first_image(self):
        ms = self.observe("clean.ms")
        prefix, summary = self.selfcal(ms, "my")
        print(summary)

    def test_rounds_that_go_wrong_are_stopped_and_named(self):
        ms = self.observe("faint.ms", drift="5deg", noise="8Jy",
                          sources="[0arcsec 0arcsec 1Jy]")
        wrong = {"phase_solints": "[60s]", "phase_minsnr": 0}
        for name, extra in (
                ("low_antenna_snr", {}),
                ("noisy_gains", {"each.min_antenna_snr_phase": 0}),
                ("diverged", {"each.min_antenna_snr_phase": 0, "max_phase_spread": "179deg",
                              "uvmin": 9000}),
                ("failed", {"min_snr": 1000})):
            with self.subTest(name):
                _, summary = self.selfcal(ms, name, **wrong, **extra)
                print(name, summary)


if __name__ == "__main__":
    unittest.main()
