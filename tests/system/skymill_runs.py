# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the program in a folder of its own and reads what it leaves."""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SKYMILL"]
SOURCE = pathlib.Path(os.environ["SKYMILL_SOURCE"])
DATA = os.environ.get("SKYMILL_TEST_DATA")

# Runs a program without root's right to read and write everything, for tests run by root. It stays
# the same user: another one could not reach a program below a private folder.
PLAIN_RIGHTS = (["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
                if os.geteuid() == 0 else [])

needs_data = unittest.skipUnless(DATA, "SKYMILL_TEST_DATA is not set")


class RunTest(unittest.TestCase):
    """A test with a scratch folder, removed afterwards."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="skymill-system-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def skymill(self, *arguments, code=0, before=(), **options):
        """Runs `skymill ARGUMENTS`, checks its exit code and returns the finished process.

        before: a program, with its arguments, that runs it."""
        done = subprocess.run([*before, PROGRAM, *map(str, arguments)], capture_output=True,
                              text=True, cwd=options.pop("cwd", self.folder), timeout=600,
                              **options)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def cube(self, measurement_set, name, *extra, code=0, **parameters):
        """Makes a cube by the shipped description; returns the prefix of its products."""
        prefix = self.folder / name
        arguments = ["run", SOURCE / "pipelines/cube.yaml", *extra]
        for key, value in dict(parameters, input=measurement_set, output=prefix).items():
            arguments += ["--param", f"{key}={value}"]
        self.last = self.skymill(*arguments, code=code)
        return prefix

    def simulate(self, name="sim.ms", **parameters):
        """Simulates an observation; returns the MeasurementSet and its true sources."""
        path = self.folder / name
        arguments = ["run", SOURCE / "pipelines/simulate.yaml", "--param", f"output={path}"]
        for key, value in parameters.items():
            option = "--set" if "." in key else "--param"
            arguments += [option, f"{key}={value}"]
        self.skymill(*arguments)
        return path, json.loads(pathlib.Path(f"{path}.truth.json").read_text())

    def leftovers(self):
        """Everything in the scratch folder that looks unfinished."""
        return [str(p) for p in self.folder.rglob("*") if ".partial" in p.name or ".lock" in p.name
                and p.name != "table.lock"]
