# SPDX-License-Identifier: GPL-3.0-or-later
"""The headers that `cmake --install` gives to authors of plugins."""
import re

import tree

FOLDERS = {"core/include/": "", "stages/data/": "stages/data/"}
C17_MARK = "common subset of C++17 and C++20"


def installed_headers(root):
    """{name as included: path in the repository}; version.h stands as its template."""
    headers = {}
    for path in tree.files(root, (".h", ".h.in")):
        for folder, prefix in FOLDERS.items():
            if path.startswith(folder):
                headers[(prefix + path[len(folder):]).removesuffix(".in")] = path
    return headers


def c17_headers(root):
    """Names of the installed headers that promise to be C++17 too."""
    return {
        name
        for name, path in installed_headers(root).items()
        if C17_MARK in "\n".join(tree.lines(root, path)[:4])
    }


def included_by_wall(root):
    """{name: place} of the installed headers that stages/ms includes."""
    names = {}
    for path in tree.files(root, tree.CPP):
        if not path.startswith("stages/ms/"):
            continue
        for number, line in enumerate(tree.lines(root, path), 1):
            include = re.match(r"#include <((core|stages/data)/[^>]+)>", line)
            if include:
                names.setdefault(include[1], f"{path}:{number}")
    return names
