# SPDX-License-Identifier: GPL-3.0-or-later
"""Subbands of the simulated DSA-110 as h5py reads them: the same bits at every run and with every
number of threads, in every layout, with the noise that the SEFD gives and the defects asked for."""
import hashlib
import json
import pathlib
import unittest

import h5py
import numpy as np

from skymill_runs import RunTest, SOURCE

DESCRIPTION = """\
skymill: 1
parameters:
  output: { required: true }
stages:
  simulate:
    telescope: dsa110
    antennas: 12
    times: 5
    nchan: 48
    subbands: 3
    autocorrelations: true
    start_mjd: 60950.27
    random_sources: 4
    flux_slope: 1.7
    flux_min: 5mJy
    flux_max: 50mJy
    beam: airy
    delay: 5ns
    outrigger_delay: 300ns
    bandpass_ripple: 0.1
    rfi_carriers: 2
    truth: $(output).truth.json
  subbands: { use: uvh5_writer, output: $(output) }
record: $(output).run.json
"""


class SimulatedFiles(RunTest):
    def write(self, name, *settings, threads=2):
        """Simulates into a folder; returns its files, sorted."""
        description = self.folder / "simulate.yaml"
        description.write_text(DESCRIPTION)
        output = self.folder / name
        arguments = ["run", description, "--param", f"output={output}", "--threads", threads]
        for setting in settings:
            arguments += ["--set", setting]
        self.skymill(*arguments)
        return sorted(output.iterdir())

    def digests(self, *arguments, **options):
        return [(path.name, hashlib.sha256(path.read_bytes()).hexdigest())
                for path in self.write(*arguments, **options)]

    def test_bits_depend_on_neither_the_run_nor_the_threads(self):
        first = self.digests("one", threads=1)
        self.assertEqual(len(first), 3)
        self.assertEqual(self.digests("again", threads=1), first)
        self.assertEqual(self.digests("eight", threads=8), first)
        self.assertEqual((self.folder / "eight.truth.json").read_text(),
                         (self.folder / "one.truth.json").read_text())
        other = self.digests("other", "simulate.seed=2")
        self.assertEqual([name for name, _ in other], [name for name, _ in first])
        self.assertFalse({digest for _, digest in other} & {digest for _, digest in first})

    def test_noise_and_autocorrelations_follow_the_sefd(self):
        truth = None
        real, autos = [], []
        for path in self.write("noise", "simulate.times=24", "simulate.rfi_carriers=0",
                               "simulate.bandpass_ripple=0"):
            truth = json.loads((self.folder / "noise.truth.json").read_text())
            with h5py.File(path) as file:
                cross = file["Header/ant_1_array"][:] != file["Header/ant_2_array"][:]
                data = file["Data/visdata"][:]
            real += [data[cross].real.ravel(), data[cross].imag.ravel()]
            autos.append(data[~cross].ravel())
        noise = np.concatenate(real)
        # 6500 Jy / sqrt(2 * 244140.625 Hz * 12.884901888 s); the sources are far below that.
        self.assertLess(abs(noise.std() / 2.5915 - 1), 0.01)
        self.assertLess(abs(noise.mean()), 0.02)
        self.assertLess(abs(truth["noise_jy"] / 2.5915 - 1), 1e-4)
        auto = np.concatenate(autos)
        self.assertTrue(np.all(auto.imag == 0))
        self.assertLess(abs(auto.real.mean() / 6500 - 1), 1e-3)

    def test_all_layouts_hold_the_same_for_h5py(self):
        expected = [self.contents(path) for path in self.write("writer")]
        for layout in ("seed", "generic", "contiguous"):
            for form in ("earliest", "latest"):
                with self.subTest(layout=layout, format=form):
                    files = self.write(layout + form, f"subbands.layout={layout}",
                                       f"subbands.format={form}", "subbands.append=2")
                    for path, wanted in zip(files, expected, strict=True):
                        found = self.contents(path)
                        for name, values in wanted.items():
                            np.testing.assert_array_equal(found[name], values, name)

    @staticmethod
    def contents(path):
        with h5py.File(path) as file:
            found = {name: item[()] for group in ("Header", "Data")
                     for name, item in file[group].items() if isinstance(item, h5py.Dataset)}
            found["epoch"] = file["Header/extra_keywords/phase_center_epoch"][()]
        for name in ("visdata", "flags", "nsamples"):  # with or without the axis of windows
            found[name] = found[name].reshape(found[name].shape[0], 48, 2)
        found["uvw_array"] = found["uvw_array"].astype(np.float32)
        found["freq_array"] = found["freq_array"].ravel()
        found["channel_width"] = np.unique(found["channel_width"])
        return found

    def test_shipped_description_makes_groups_with_defects(self):
        output = self.folder / "incoming"
        arguments = ["run", SOURCE / "pipelines/simulate_dsa110.yaml"]
        for parameter in (f"output={output}", "antennas=6", "times=4", "subbands=2", "groups=2",
                          "layout=seed", "name_jitter=2s",
                          "defects=[missing sb01 group 0, truncated any group 1]"):
            arguments += ["--param", parameter]
        self.skymill(*arguments, "--set", "simulate.rfi_bursts=1", "--set", "simulate.delay=5ns")
        files = sorted(output.iterdir())
        self.assertEqual(len(files), 3)
        readable = [path for path in files if h5py.is_hdf5(path) and self.opens(path)]
        self.assertEqual(len(readable), 2)
        truth = json.loads(pathlib.Path(f"{output}.truth.json").read_text())
        self.assertEqual(len(truth["sources"]), 20)
        self.assertEqual(len(truth["receivers"]), 6)
        self.assertEqual([event["kind"] for event in truth["interference"]], ["burst"])

    @staticmethod
    def opens(path):
        try:
            h5py.File(path).close()
            return True
        except OSError:
            return False

    def test_defects_stand_in_the_record(self):
        files = self.write("bad", "subbands.defects=[missing sb00, corrupted sb01, short sb02]")
        self.assertEqual([path.name[-9:-5] for path in files], ["sb01", "sb02"])
        record = json.loads(pathlib.Path(f"{self.folder}/bad.run.json").read_text())
        rows = {row["kind"]: row for row in table_of(record, "defects")}
        self.assertEqual(sorted(rows), ["corrupted", "missing", "short"])
        self.assertTrue(rows["missing"]["file"].endswith("_sb00.hdf5"))
        # The bytes named are those that differ from a file without the defect.
        good = self.write("good")[1].read_bytes()
        bad = files[0].read_bytes()
        self.assertEqual(len(good), len(bad))
        first, count = rows["corrupted"]["damaged_from_byte"], rows["corrupted"]["damaged_bytes"]
        self.assertEqual(count, 4096)
        self.assertEqual(good[:first], bad[:first])
        self.assertEqual(good[first + count:], bad[first + count:])
        self.assertNotEqual(good, bad)


def table_of(value, name):
    """The table of this name, rows of figures, wherever it stands in a record."""
    if isinstance(value, dict):
        rows = value.get(name)
        if isinstance(rows, list) and rows and isinstance(rows[0], dict) and "kind" in rows[0]:
            return rows
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            found = table_of(one, name)
            if found:
                return found
    return []


if __name__ == "__main__":
    unittest.main()
