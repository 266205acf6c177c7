#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may include whom: the table in CONTRIBUTING.md, checked over all `#include` lines."""
import os
import re

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')

# Headers by the libraries they belong to; the first pattern that fits decides.
LIBRARIES = [
    ("posix", r"(sys/|linux/|unistd\.h|fcntl\.h|malloc\.h|dlfcn\.h|fnmatch\.h|glob\.h|signal\.h|pthread\.h|sched\.h|x86intrin\.h"
              r"|immintrin\.h)"),
    ("yaml-cpp", r"yaml-cpp/"),
    ("tbb", r"(tbb|oneapi)/"),
    ("boost", r"boost/"),
    ("spdlog", r"(spdlog|fmt)/"),
    ("json", r"nlohmann/"),
    ("cli11", r"CLI/"),
    ("casacore", r"(casacore|casa|tables|ms|measures|images|coordinates)/"),
    ("cairo", r"(cairo/|cairo(-[a-z]+)?\.h)"),
    ("cfitsio", r"(cfitsio/)?fitsio2?\.h"),
    ("fftw", r"fftw3\.h"),
    ("erfa", r"erfam?\.h"),
    ("sqlite", r"sqlite3\.h"),
    ("hdf5", r"hdf5(_hl)?\.h"),
    ("ducc", r"ducc0/"),
    ("aoflagger", r"aoflagger\.h"),
    ("codecs", r"((liblzf/)?lzf|blosc|libdeflate|lz4)\.h"),
    ("xxhash", r"xxhash\.h"),
    ("sanitizer", r"sanitizer/"),
    ("catch2", r"catch2/"),
    ("std", r"[a-z_0-9]+$"),
]

CORE_PRIVATE = {"yaml-cpp", "tbb", "boost", "spdlog", "json", "cli11", "posix", "sanitizer", "xxhash"}
CORE_SAFE_FOR_17 = {"core/lane.h", "core/error.h", "core/export.h", "core/data_kind.h",
                    "core/placed_file.h"}

# Headers with a foreign library in them, and those that include them. Nothing else but sources of
# their folder may include them, so that the library stays in that folder.
PRIVATE_HEADERS = {
    "stages/kernels/parallel_ranges.h": {"tbb"},
    "stages/formats/fits_file.h": {"cfitsio"},
    "stages/formats/fits_header.h": set(),
    "stages/uvh5/hdf5_file.h": {"hdf5"},
    "stages/uvh5/cell_types.h": set(),
    "stages/uvh5/chunk_filters.h": set(),
    "stages/uvh5/chunk_index.h": set(),
    "stages/uvh5/dataset_layout.h": set(),
    "stages/uvh5/dataset_reader.h": set(),
    "stages/uvh5/header_parts.h": set(),
}

# Projects of their own: they see what is installed, and whatever they need besides.
OUTSIDE = ("docs/examples/", "core/cli/new_plugin/")

# Libraries under stages that every stage may include, and what else of stages they include.
SHARED_FOLDERS = {
    "stages/data": set(),
    "stages/kernels": set(),
    "stages/geometry": {"stages/data"},
    "stages/ms": {"stages/data"},
    "stages/formats": {"stages/data", "stages/ms"},
    "stages/uvh5": {"stages/data", "stages/geometry"},
    "stages/checks": {"stages/data", "stages/geometry", "stages/ms"},
    "stages/gains": {"stages/data", "stages/kernels"},
    "stages/flags": {"stages/data", "stages/kernels"},
    "stages/calsets": {"stages/data", "stages/ms"},
    "stages/sky": {"stages/data", "stages/formats", "stages/geometry", "stages/kernels"},
}

# Foreign libraries for sources of a folder, besides its private headers.
SOURCE_LIBRARIES = {
    "stages/image": {"posix", "json", "codecs"},
    "stages/calibration_store": {"sqlite"},
    "stages/aoflagger": {"aoflagger"},
    "stages/kernels": {"tbb", "fftw", "posix"},
    "stages/geometry": {"erfa", "posix", "json"},
    "stages/ms": {"posix"},
    "stages/formats": {"cairo", "cfitsio", "posix", "json"},
    "stages/concat": {"posix", "tbb"},
    "stages/uvh5_reader": {"tbb"},
    "stages/uvh5": {"hdf5", "codecs", "tbb", "posix", "json"},
}


def library_of(name):
    for library, pattern in LIBRARIES:
        if re.match(pattern, name):
            return library
    return None


def folder_of(path):
    """The row of the table to which a file belongs, such as `core/include` or `stages/image`."""
    parts = path.split("/")
    if parts[0] == "core" and len(parts) > 2:
        return f"core/{parts[1]}"
    if parts[0] in ("stages", "plugins") and len(parts) > 2:
        return f"{parts[0]}/{parts[1]}"
    return parts[0]


def own_headers_fault(path, folder, target):
    """Why a file of `folder` may not include our header `target`, or None."""
    to_core = target.startswith("core/")
    if folder in ("tests", "perf", "cmake"):
        return None
    if folder.startswith("core/"):
        return None if to_core else "core knows nothing of the stages"
    to = folder_of(target)
    if folder.startswith("plugins/"):
        if to_core or to == "stages/" + folder.split("/")[1]:
            return None
        return f"a plugin includes core and stages/{folder.split('/')[1]} only"
    if to_core:
        return core_fault(folder, target)
    if to != folder and to not in SHARED_FOLDERS.get(folder, SHARED_FOLDERS.keys()):
        if folder in SHARED_FOLDERS:
            allowed = ", ".join(sorted(SHARED_FOLDERS[folder])) or "no other folder of stages"
            return f"{folder} includes {allowed}"
        return f"stages meet through data kinds: {folder} does not include {to}"
    return private_fault(path, target)


def core_fault(folder, target):
    """Why a library or stage may not include `target` of core, or None."""
    if folder == "stages/kernels":
        return "kernels know nothing of core"
    if folder == "stages/ms" and target not in CORE_SAFE_FOR_17:
        return ("the casacore wall is C++17; of core it includes "
                + ", ".join(sorted(CORE_SAFE_FOR_17)))
    return None


def private_fault(path, target):
    """Why a file may not include our header `target`, if that is a private one."""
    if target not in PRIVATE_HEADERS or path in PRIVATE_HEADERS:
        return None
    if folder_of(path) == folder_of(target) and path.endswith(".cpp"):
        return None
    return f"{target} is for sources of its folder only"


def library_fault(path, folder, library):
    """Why a file of `folder` may not include a header of `library`, or None."""
    header = not path.endswith(".cpp")
    if library == "std":
        return None
    if library == "casacore":
        return None if folder == "stages/ms" else "casacore is included in stages/ms only"
    if folder in ("tests", "perf"):
        return None
    if folder == "cmake" and library == "catch2":
        return None
    allowed = PRIVATE_HEADERS.get(path, set())
    if folder in ("core/src", "core/cli"):
        allowed = CORE_PRIVATE
    elif folder.startswith("stages/") and folder != "stages/data" and not header:
        allowed = SOURCE_LIBRARIES.get(folder, {"posix", "json"})
    if library in allowed:
        return None
    return f"{library} is not for {'headers' if header else 'sources'} of {folder}"


def quoted_fault(root, path, folder, target):
    """`"x.h"` is for a header beside the file; the program, core's tests and perf also see core/src."""
    beside = os.path.join(os.path.dirname(path), target)
    if folder in ("tests", "perf"):
        return None
    if os.path.exists(os.path.join(root, beside)):
        return private_fault(path, beside)
    if folder == "core/cli" and os.path.exists(os.path.join(root, "core/src", target)):
        return None
    return f'"{target}" is not beside this file; write <core/...> or <stages/...>'


def fault_of(root, path, quote, target):
    folder = folder_of(path)
    if quote == '"':
        return quoted_fault(root, path, folder, target)
    if re.match(r"(core|stages|plugins)/", target):
        if target.startswith("plugins/"):
            return "nobody includes a plugin"
        return own_headers_fault(path, folder, target)
    library = library_of(target)
    if library is None:
        return f"<{target}> belongs to no library that tests/style/check_includes.py knows"
    return library_fault(path, folder, library)


def faults(root):
    found = []
    for path in tree.files(root, tree.CPP):
        if path.startswith(OUTSIDE):
            continue
        for number, line in enumerate(tree.lines(root, path), 1):
            include = INCLUDE.match(line)
            if include:
                fault = fault_of(root, path, include[1], include[2])
                if fault:
                    found.append(f"{path}:{number}: {fault}")
    return found


if __name__ == "__main__":
    raise SystemExit(tree.report(faults(tree.root_of_arguments()), "includes"))
