# SPDX-License-Identifier: GPL-3.0-or-later
"""An installed skymill, used as someone would who has nothing else.

    SKYMILL_PREFIX  where it is installed
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

PREFIX = pathlib.Path(os.environ.get("SKYMILL_PREFIX", ""))
SOURCE = pathlib.Path(__file__).resolve().parents[2]


class Installed(unittest.TestCase):
    """A folder of its own for every test, and commands in it."""

    @classmethod
    def setUpClass(cls):
        if not (PREFIX / "bin/skymill").is_file():
            raise AssertionError(f"SKYMILL_PREFIX: there is no skymill in '{PREFIX}'")

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="skymill_consumer_"))
        self.addCleanup(shutil.rmtree, self.folder)

    def environment(self):
        names = ("CXX", "CXXFLAGS", "HOME", "CCACHE_DIR")
        kept = {name: os.environ[name] for name in names if name in os.environ}
        if shutil.which("ccache"):  # the main function of Catch2 takes long, and is always the same
            kept["CMAKE_CXX_COMPILER_LAUNCHER"] = "ccache"
        return {**kept, "PATH": f"{PREFIX}/bin:/usr/local/bin:/usr/bin:/bin", "TMPDIR": str(self.folder),
                "CMAKE_PREFIX_PATH": str(PREFIX), "CMAKE_GENERATOR": "Ninja",
                "CMAKE_BUILD_PARALLEL_LEVEL": os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", "2")}

    def shell(self, commands, code=0, folder=None):
        """Runs commands as they stand; gives what they said. The first that fails ends them."""
        done = subprocess.run(["sh", "-eu", "-c", commands], cwd=folder or self.folder,
                              env=self.environment(), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, check=False)
        if os.environ.get("SKYMILL_SHOW"):
            print(commands, done.stdout, sep="\n", file=sys.stderr)
        self.assertEqual(done.returncode, code, f"{commands}\n{done.stdout}")
        return done.stdout

    def build(self, folder, code=0):
        return self.shell("cmake -S . -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build",
                          code, folder)
