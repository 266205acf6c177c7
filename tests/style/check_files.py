#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every file must have and must not have."""
import re

import tree

LICENCE = "SPDX-License-Identifier: GPL-3.0-or-later"
LICENSED = tree.CPP + ("CMakeLists.txt", ".cmake", ".cmake.in", ".py", ".sh")
MOST_LINES = 700
TEXT = LICENSED + (".md", ".yaml", ".json", ".txt")

# Written so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
MACHINE_PATH = re.compile(r"(?<![\w.\-/$}])/(wo" r"rk|ho" r"me|ro" r"ot)/")
COUT = re.compile(r"\bstd::c(out|err)\b")
CATCH_ALL = re.compile(r"\bcatch\s*\(\s*\.\.\.\s*\)")


def is_licensed(path):
    return path.endswith(LICENSED) or path.startswith(".ci/")


def faults_of(path, lines):
    found = []

    def fault(number, words):
        found.append(f"{path}:{number}: {words}")

    if is_licensed(path):
        first = lines[1] if lines[0].startswith("#!") and len(lines) > 1 else lines[0]
        if LICENCE not in first:
            fault(1, f"the first line is not '{LICENCE}'")
    if path.endswith((".h", ".h.in")) and "#pragma once" not in lines:
        fault(1, "a header begins with #pragma once")
    if path.endswith(tree.CPP + (".py", ".sh")) and len(lines) - 1 > MOST_LINES:
        fault(MOST_LINES, f"{len(lines) - 1} lines; cut it by ideas, {MOST_LINES} is the most")
    cpp = path.endswith(tree.CPP)
    product = cpp and not path.startswith(("tests/", "perf/"))
    for number, line in enumerate(lines, 1):
        if product and COUT.search(line):
            fault(number, "print through the log or cli::print, not std::cout")
        # Core carries any exception from a worker's thread to the run's.
        if product and not path.startswith("core/src/") and CATCH_ALL.search(line):
            fault(number, "catch what you can name, not (...)")
        if UNFINISHED.search(line):
            fault(number, "a note of unfinished work")
        if MACHINE_PATH.search(line):
            fault(number, "a path of somebody's machine")
        if "\r" in line or (cpp and "\t" in line):
            fault(number, "a carriage return or a tab")
    return found


def faults(root):
    found = []
    for path in tree.files(root):
        if path.endswith(TEXT) or path.startswith(".ci/"):
            found += faults_of(path, tree.lines(root, path))
    return found


if __name__ == "__main__":
    raise SystemExit(tree.report(faults(tree.root_of_arguments()), "files"))
