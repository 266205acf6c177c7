#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our headers cost those who include them.

    header_cost.py GENERATED_INCLUDE_FOLDER [--turns N] [--compiler CXX ...] [--json FILE]

Two ratios, in seconds of CPU, the least of several turns in which all cases alternate:
  header_parse    <core/plugin.h>, as every plugin includes it, to <functional>; at most 3
  plugin_compile  tests/consumer/clip.cpp to perf/clip_std_only.cpp, -O2; at most 2
What is above its limit is marked; perf/gates.yaml has the bounds that fail.
"""
import argparse
import pathlib
import resource
import shutil
import subprocess
import tempfile

import figures

ROOT = pathlib.Path(__file__).resolve().parents[1]
LIMITS = {"header_parse": 3.0, "plugin_compile": 2.0}


def cpu_seconds(command, text):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, input=text, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cases(compiler, generated, output):
    """{(bench, part): (command, text on its input)}"""
    include = [f"-I{ROOT}/core/include", f"-I{generated}", f"-I{ROOT}"]
    parse = [compiler, "-std=c++20", "-fsyntax-only", *include, "-x", "c++", "-"]
    compile_it = [compiler, "-std=c++20", "-O2", "-fPIC", "-fvisibility=hidden", *include, "-c",
                  "-o", str(output)]
    return {
        ("header_parse", "ours"): (parse, "#include <core/plugin.h>\n"),
        ("header_parse", "standard"): (parse, "#include <functional>\n"),
        ("plugin_compile", "ours"): ([*compile_it, str(ROOT / "tests/consumer/clip.cpp")], None),
        ("plugin_compile", "standard"): ([*compile_it, str(ROOT / "perf/clip_std_only.cpp")], None),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("generated", help="folder with core/version.h, such as BUILD/core/include")
    parser.add_argument("--turns", type=int, default=9)
    parser.add_argument("--compiler", nargs="+",
                        default=[cxx for cxx in ("g++", "clang++") if shutil.which(cxx)])
    figures.add_option(parser)
    options = parser.parse_args()
    measured = figures.Figures("header_cost", options.json)
    with tempfile.TemporaryDirectory() as folder:
        for compiler in options.compiler:
            work = cases(compiler, options.generated, pathlib.Path(folder) / "object.o")
            least = {}
            for _ in range(options.turns):
                for case, (command, text) in work.items():
                    seconds = cpu_seconds(command, text)
                    least[case] = min(seconds, least.get(case, seconds))
            for bench, limit in LIMITS.items():
                ours, standard = least[bench, "ours"], least[bench, "standard"]
                ratio = ours / standard
                print(f"{compiler:8} {bench:15} {ours:.3f} s to {standard:.3f} s: {ratio:.2f} x, "
                      f"limit {limit:g} x{'  OVER' if ratio > limit else ''}")
                measured.add(f"{bench}_{compiler}", ours, "s", peer=standard)


if __name__ == "__main__":
    main()
