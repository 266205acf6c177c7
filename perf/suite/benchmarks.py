# SPDX-License-Identifier: GPL-3.0-or-later
"""What perf/run runs.

A command's first word is a program of the build or a script of perf/; `{work}` is a folder of the
benchmark's own, removed afterwards, `{build}` the build, `{skymill}` its program. Figures come by `--json`, which is
added, under the benchmark's name. A command that names nothing else runs with its usual arguments.
"""
import dataclasses
import importlib.util
import os
import shutil
from pathlib import Path

GROUPS = ("micro", "io", "convert", "calibrate", "image", "cube", "concat", "framework")


def has_module(name):
    return importlib.util.find_spec(name) is not None


# What is not ours: a benchmark or a gate that needs one that is not there is skipped, and said so.
PEERS = {
    "wsclean": ("WSClean", lambda: shutil.which("wsclean") is not None),
    "casacore": ("python-casacore", lambda: has_module("casacore")),
    "h5py": ("h5py", lambda: has_module("h5py")),
    "aoflagger": ("aoflagger-dev", lambda: Path("/usr/include/aoflagger.h").exists()),
    "valgrind": ("Valgrind", lambda: shutil.which("valgrind") is not None),
    "ducc": ("SKYMILL_DUCC, a library of ducc", lambda: "SKYMILL_DUCC" in os.environ),
    "bench": ("SKYMILL_BENCH, makers of reference data", lambda: "SKYMILL_BENCH" in os.environ),
    "two_cores": ("a second processor", lambda: len(os.sched_getaffinity(0)) > 1),
}


def is_there(peer):
    return PEERS[peer][1]()


@dataclasses.dataclass(frozen=True)
class Benchmark:
    name: str
    group: str
    quick: tuple = ()  # commands; none: not in this form
    full: tuple = ()
    needs: tuple = ()  # of PEERS

    def commands(self, form):
        return getattr(self, form)


BENCHMARKS = (
    Benchmark("counts", "micro", quick=("counts.py {build}",), full=("counts.py {build}",),
              needs=("valgrind",)),
    Benchmark("wgridder", "micro",
              quick=("perf_wgridder 512 5 {work}/wisdom",),
              full=("perf_wgridder 0 0 {work}/wisdom",)),
    Benchmark("image_steps", "micro",
              quick=("perf_image_steps 5 {work}/wisdom {work} 1e-4 2048",),
              full=("perf_image_steps 7 {work}/wisdom {work}",)),
    Benchmark("uvh5_access", "io",
              quick=("uvh5_access {work} --only-files --files 4 --rounds 3",),
              full=("uvh5_access {work} --full",)),
    Benchmark("subbands", "io",
              quick=("perf_subbands {work} --files 4 --rounds 5",),
              full=("perf_subbands {work} --rounds 7",)),
    Benchmark("ms_writer", "io",
              quick=("perf_ms_writer {work}/24.ms 48 4 24", "perf_ms_writer {work}/96.ms 48 4 96"),
              full=("perf_ms_writer {work}/24.ms 96 16 24", "perf_ms_writer {work}/96.ms 96 16 96")),
    Benchmark("against_copy", "convert",
              quick=("against_copy.py --skymill {skymill} --work {work} --times 3 --peaks 3,6 "
                     "--runs 2",),
              full=("against_copy.py --skymill {skymill} --work {work}",), needs=("h5py",)),
    Benchmark("centres", "convert", quick=("perf_centres",), full=("perf_centres",)),
    Benchmark("apply", "calibrate", quick=("perf_apply 48 384 15",), full=("perf_apply",)),
    Benchmark("solve", "calibrate", quick=("perf_solve 3",), full=("perf_solve",)),
    Benchmark("flag", "calibrate", quick=("perf_flag 24 384 30 3",), full=("perf_flag",)),
    Benchmark("calibration_memory", "calibrate",
              quick=("calibration_memory.py --skymill {skymill} --work {work} --times 96,192 "
                     "--memory 256MiB --window 24",),
              full=("calibration_memory.py --skymill {skymill} --work {work}",)),
    Benchmark("against_wsclean", "image",
              quick=("against_wsclean.py --skymill {skymill} --runs 2 --nchan 8",),
              full=("against_wsclean.py --skymill {skymill}",), needs=("wsclean",)),
    Benchmark("imaging", "image",
              full=("imaging.py --skymill {skymill} --work {work}",), needs=("wsclean", "bench")),
    Benchmark("makespan", "image",
              quick=("makespan.py --skymill {skymill} --work {work} --runs 1 --size 512 --few ''",),
              full=("makespan.py --skymill {skymill} --work {work}",), needs=("casacore",)),
    Benchmark("cube_writers", "cube",
              quick=("perf_cube_writers {work} 2048 8 3",), full=("perf_cube_writers {work}",)),
    Benchmark("budgets", "cube",
              quick=("budgets.py --quick --skymill {skymill} --work {work} --budgets 192MiB",),
              full=("budgets.py --quick --skymill {skymill} --work {work}",), needs=("casacore",)),
    Benchmark("large_budgets", "cube",
              full=("budgets.py --skymill {skymill} --work {work} --peer",),
              needs=("casacore", "bench")),
    Benchmark("concat", "concat",
              quick=("concat.py --skymill {skymill} --work {work} --cases small,planar --count 100 "
                     "--size 256 --runs 2",),
              full=("concat.py --skymill {skymill} --work {work}",), needs=("casacore",)),
    Benchmark("framework", "framework",
              quick=("perf_framework --quick",), full=("perf_framework",)),
    Benchmark("header_cost", "framework",
              quick=("header_cost.py {build}/core/include --turns 3 --compiler g++",),
              full=("header_cost.py {build}/core/include",)),
    Benchmark("load", "framework",
              quick=("load.py --skymill {skymill} --work {work} --pipelines 2 --observations 4",),
              full=("load.py --skymill {skymill} --work {work} --observations 12",)),
    Benchmark("units", "framework",
              quick=("perf_units {work} 1",), full=("perf_units {work}",)),
    Benchmark("unit_events", "framework",
              quick=("perf_unit_events",), full=("perf_unit_events",)),
    Benchmark("startup", "framework",
              quick=("startup.py --skymill {skymill}",), full=("startup.py --skymill {skymill}",)),
)


def chosen(groups, form, names=None):
    """Those of some groups that have commands in a form; a word that names nothing is an error."""
    for group in groups:
        if group not in GROUPS:
            raise ValueError(f"there is no group '{group}'; there are {', '.join(GROUPS)}")
    for name in names or ():
        if name not in {b.name for b in BENCHMARKS}:
            raise ValueError(f"there is no benchmark '{name}'; there are "
                             + ", ".join(b.name for b in BENCHMARKS))
    return [b for b in BENCHMARKS
            if b.group in groups and b.commands(form) and (not names or b.name in names)]
