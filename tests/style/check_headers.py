#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles every installed header alone, as C++20, and as C++17 where it promises that.

    check_headers.py REPOSITORY GENERATED_INCLUDE_FOLDER [COMPILER ...]
"""
import concurrent.futures
import os
import shutil
import subprocess
import sys

import tree
from installed_headers import c17_headers, included_by_wall, installed_headers

NO_MARK_NEEDED = {"core/export.h"}  # one attribute macro; compiled as C++17 all the same


def compile_alone(root, generated, compiler, standard, name):
    """The compiler's words when `name` does not stand alone, else nothing."""
    command = [
        compiler, f"-std={standard}", "-fsyntax-only", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow",
        "-Werror", "-x", "c++", "-I", os.path.join(root, "core/include"), "-I", generated,
        "-I", root, "-"]
    # Twice: a header must also bear being included again.
    text = f"#include <{name}>\n#include <{name}>\n"
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return None
    return f"{name}: does not compile alone with {os.path.basename(compiler)} {standard}\n{done.stderr}"


def marks(root, names17):
    """Headers that the C++17 wall includes without their promising C++17."""
    return [
        f"{place}: <{name}> does not promise C++17 ('Kept in the common subset of C++17 and C++20')"
        for name, place in included_by_wall(root).items()
        if name not in names17 and name not in NO_MARK_NEEDED
    ]


def faults(root, generated, compilers):
    headers = installed_headers(root)
    names17 = c17_headers(root)
    jobs = [(c, "c++20", name) for c in compilers for name in headers]
    jobs += [(compilers[0], "c++17", name) for name in sorted(names17 | NO_MARK_NEEDED)]
    with concurrent.futures.ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        words = list(pool.map(lambda job: compile_alone(root, generated, *job), jobs))
    print(f"{len(headers)} headers, {len(names17)} of them also as C++17, with "
          + ", ".join(compilers))
    return marks(root, names17) + [text for text in words if text]


def main():
    root, generated = sys.argv[1:3]
    compilers = sys.argv[3:] or [c for c in ("g++", "clang++") if shutil.which(c)]
    if not compilers:
        raise SystemExit("no compiler found")
    return tree.report(faults(root, generated, compilers), "headers")


if __name__ == "__main__":
    raise SystemExit(main())
