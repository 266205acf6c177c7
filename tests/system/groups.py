# SPDX-License-Identifier: GPL-3.0-or-later
"""Small observations of the DSA-110 as UVH5 subbands, and batches over them."""
import json
import os
import pathlib
import shutil

from skymill_runs import RunTest, SOURCE

SIMULATE = """\
skymill: 1
parameters:
  { output: { required: true }, start: { required: true }, times: 2, antennas: 4, nchan: 4 }
stages:
  simulate:
    telescope: dsa110
    antennas: $(antennas)
    times: $(times)
    nchan: $(nchan)
    subbands: 4
    start_mjd: $(start)
    sources: [0arcsec 0arcsec 1Jy]
  subbands: { use: uvh5_writer, output: $(output) }
"""
PIPELINE = SOURCE / "pipelines/convert_batch.yaml"
STARTS = [60950.27, 60950.28, 60950.29, 60950.30, 60950.31]
# Centres of the first integrations at STARTS, to the second.
NAMES = ["2025-10-02T06:28:54", "2025-10-02T06:43:18", "2025-10-02T06:57:42",
         "2025-10-02T07:12:06", "2025-10-02T07:26:30"]


class GroupsTest(RunTest):
    """Each observation has four subbands; three of them are enough unless a test says otherwise."""

    def setUp(self):
        super().setUp()
        self.incoming = self.folder / "in"
        self.incoming.mkdir()
        self.products = self.folder / "out"

    def observe(self, number, folder=None, **parameters):
        """The four files of an observation, by subband."""
        description = self.folder / "simulate.yaml"
        description.write_text(SIMULATE)
        made = self.folder / "made"
        arguments = ["run", description, "--record", self.folder / "simulate.json", "--param",
                     f"output={made}"]
        for key, value in dict({"start": STARTS[number]}, **parameters).items():
            arguments += ["--set" if "." in key else "--param", f"{key}={value}"]
        self.skymill(*arguments)
        files = []
        for file in sorted(made.iterdir()):
            files.append(pathlib.Path(shutil.move(file, (folder or self.incoming) / file.name)))
        made.rmdir()
        self.assertEqual(len(files), 4)
        return files

    @staticmethod
    def arguments(*extra, **parameters):
        values = dict({"input": "in", "output": "out", "min_subbands": 3}, **parameters)
        return [PIPELINE, *[word for item in values.items() for word in
                            ("--param", f"{item[0]}={item[1]}")],
                "--set", "each.expect_subbands=4", *extra]

    def batch(self, *extra, code=0, before=(), **parameters):
        """Runs the batch; returns {item: row} of its record."""
        self.last = self.skymill("run", *self.arguments(*extra, **parameters), code=code,
                                 before=before)
        return self.rows() if "--dry-run" not in extra else None

    def record(self):
        return json.loads((self.products / "batch.json").read_text())

    def rows(self):
        return {row["item"]: row for row in self.record()["items"]}

    def made(self):
        """Names of the MeasurementSets, which must all be whole."""
        self.assertEqual(self.leftovers(), [])
        if not self.products.exists():
            return []
        for path in self.products.glob("*.ms"):
            self.assertTrue((path / "table.dat").exists(), path)
        return sorted(path.stem for path in self.products.glob("*.ms"))

    @staticmethod
    def truncate(path, keep=0.7):
        os.truncate(path, int(path.stat().st_size * keep))
