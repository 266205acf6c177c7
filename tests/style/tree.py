# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the repository, as the checks of this folder see them."""
import os
import sys

CPP = (".h", ".cpp", ".h.in")
SKIPPED = {"build", "__pycache__"}


def files(root, suffixes=None):
    """Paths of the source tree, relative to `root` and sorted; no builds, no hidden folders but .ci."""
    found = []
    for folder, folders, names in os.walk(root):
        folders[:] = [
            name
            for name in folders
            if name not in SKIPPED and (name == ".ci" or not name.startswith("."))
        ]
        for name in names:
            if suffixes is None or name.endswith(suffixes):
                found.append(os.path.relpath(os.path.join(folder, name), root))
    return sorted(found)


def lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read().split("\n")


def report(faults, what):
    """Prints `file:line: message` of every fault and gives the exit code."""
    for fault in faults:
        print(fault)
    print(f"{what}: {len(faults)} faults" if faults else f"{what}: good")
    return 1 if faults else 0


def root_of_arguments():
    """The repository: the first argument, or where this script stands."""
    if len(sys.argv) > 1:
        return sys.argv[1]
    return os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
