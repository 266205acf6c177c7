# SPDX-License-Identifier: GPL-3.0-or-later
"""A cube with few bright channels: each is what it is alone, and the longest come first."""
import json
import shutil
import unittest

import numpy as np
from astropy.io import fits
from casacore import tables

from skymill_runs import RunTest

CHANNELS = 9
BRIGHT = [1, 5, 6]
PRODUCTS = ["image", "residual", "psf", "model"]


class UnevenSky(RunTest):
    options = dict(column="data", size=128, cell="8arcsec", niter=100000, threshold="20mJy",
                   fits=f"[{', '.join(PRODUCTS)}]")

    def setUp(self):
        super().setUp()
        array = {"nchan": CHANNELS, "antennas": 15, "times": 10, "noise": "0.05Jy"}
        self.ms, _ = self.simulate("dim.ms", sources=3, **array,
                                   **{"simulate.flux_min": "1mJy", "simulate.flux_max": "2mJy"})
        other, _ = self.simulate("bright.ms", sources=12, **array)
        with tables.table(str(other), ack=False) as bright, \
                tables.table(str(self.ms), ack=False, readonly=False) as dim:
            data = dim.getcol("DATA")
            data[:, BRIGHT] = bright.getcol("DATA")[:, BRIGHT]
            dim.putcol("DATA", data)
        shutil.rmtree(other)

    @staticmethod
    def rows(prefix, table):
        stages = json.loads((prefix.parent / f"{prefix.name}.run.json").read_text())["stages"]
        image = next(stage for stage in stages if stage["name"] == "image")
        return {row["channel"]: row for row in image["tables"][table]}

    def test_every_channel_is_what_it_is_alone(self):
        cube = self.cube(self.ms, "cube", "--threads", "2", **self.options)
        rows = self.rows(cube, "channels")
        self.assertEqual(len(rows), CHANNELS)
        for channel, row in rows.items():
            self.assertEqual(row["major_cycles"] > 1, channel in BRIGHT, row)
            self.assertEqual(row["stop"], "threshold")
            alone = self.cube(self.ms, f"alone{channel}", "--threads", str(1 + channel % 3),
                              spw=f"0:{channel}", **self.options)
            for product in PRODUCTS:
                np.testing.assert_array_equal(
                    fits.getdata(f"{alone}.{product}.fits")[0, 0],
                    fits.getdata(f"{cube}.{product}.fits")[0, channel],
                    err_msg=f"{product} of channel {channel}", strict=True)
            self.assertEqual({**self.rows(alone, "channels")[0], "channel": channel}, row)

    def test_the_longest_come_first_and_threads_change_nothing(self):
        one = self.cube(self.ms, "one", "--threads", "1", "--events", "events.jsonl",
                        **self.options)
        text = (self.folder / "events.jsonl").read_text()
        events = [json.loads(line) for line in text.splitlines()]
        first = [row["row"]["channel"] for event in events if event["event"] == "unit_done"
                 for row in event.get("rows", []) if row["table"] == "channels"][:len(BRIGHT)]
        self.assertEqual(sorted(first), BRIGHT)
        # More threads than planes: those that are left over help inside the planes.
        many = self.cube(self.ms, "many", "--threads", str(CHANNELS + 7), **self.options)
        for product in PRODUCTS:
            a, b = (fits.getdata(f"{prefix}.{product}.fits") for prefix in (one, many))
            np.testing.assert_array_equal(a, b, err_msg=product, strict=True)


if __name__ == "__main__":
    unittest.main()
