#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Joining 1000 channel images that exist, beside what it cannot do without, in turn.

small: virtual and moved-in cubes of 128 x 128 images beside opening every image once with
python-casacore; planar: a paged cube of 1024 x 1024 images of one tile beside `cp` of them with
fsync; tiled: the same of casacore's default tiles. Ours runs with 256 open files at most. The last
cube of each kind is read back through python-casacore and compared with its images. The ratio of
walls is the median of those of neighbouring runs, because machines drift.

    perf/concat.py --skymill build/release/bin/skymill --work FOLDER [--cases small,planar,tiled]
                   [--runs 3] [--size 1024] [--count 1000] [--json FILE]
"""
import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

import casacore.images
import casacore.tables
import numpy as np

import figures

OPEN_FILES = 256
DESCRIPTION = """skymill: 1
description: join images
stages:
  concat_images: {{ inputs: ['{inputs}/sub.*.image'], output: '{output}', mode: {mode} }}
"""
OPEN_ALL = """import casacore.images, pathlib, sys
for path in pathlib.Path(sys.argv[1]).iterdir():
    casacore.images.image(str(path)).shape()
"""


def make_images(folder, count, size, planar):
    """Images that differ in frequency and first pixel; `planar` keeps each in one tile."""
    folder.mkdir()
    template = folder / "template"
    tiles = {"tileshape": [1, 1, size, size]} if planar else {}
    image = casacore.images.image(str(template), shape=[1, 1, size, size], **tiles)
    image.putdata(np.random.default_rng(1).normal(size=(1, 1, size, size)).astype("f4"))
    del image
    for k in range(count):
        path = folder / f"sub.{k}.image"
        shutil.copytree(template, path)
        with casacore.tables.table(str(path), readonly=False, ack=False) as table:
            coordinates = table.getkeyword("coords")
            coordinates["spectral2"]["wcs"].update(crval=1.4e9 + 1e6 * k, cdelt=1e6)
            table.putkeyword("coords", coordinates)
            table.putkeyword("units", "Jy/beam")
        with open(path / "table.f0_TSM0", "r+b") as pixels:
            pixels.write(np.float32(k).tobytes())
    shutil.rmtree(template)


def measured(command, open_files=None, cwd=None):
    """Wall and CPU seconds of a program."""
    def limit():
        if open_files:
            resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, open_files))

    os.sync()
    start = time.perf_counter()
    process = subprocess.Popen(command, preexec_fn=limit, cwd=cwd,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} failed: {message.decode()}")
    return time.perf_counter() - start, usage.ru_utime + usage.ru_stime


def remove(path):
    shutil.rmtree(path, ignore_errors=True)


def join(skymill, images, output, mode):
    remove(output)
    description = output.with_suffix(".yaml")
    description.write_text(DESCRIPTION.format(inputs=images, output=output, mode=mode))
    return measured([str(skymill), "run", str(description)], OPEN_FILES, output.parent)


def copy_with_fsync(images, target):
    """`cp` of the folder, then fsync of every file of pixels."""
    remove(target)
    code = ("import os, pathlib, subprocess, sys\n"
            "subprocess.run(['cp', '-r', sys.argv[1], sys.argv[2]], check=True)\n"
            "for path in pathlib.Path(sys.argv[2]).glob('*/table.f0_TSM0'):\n"
            "    handle = os.open(path, os.O_RDONLY); os.fsync(handle); os.close(handle)\n")
    used = measured([sys.executable, "-c", code, str(images), str(target)])
    remove(target)
    return used


def check(output, count, size, reference):
    """The cube as python-casacore reads it: pixels of each channel, axis, unit."""
    cube = casacore.images.image(str(output))
    assert cube.shape() == [count, 1, size, size], cube.shape()
    assert cube.unit() == "Jy/beam"
    axis = cube.coordinates().get_coordinate("spectral")
    assert (axis.get_referencevalue(), axis.get_increment()) == (1.4e9, 1e6)
    block = 100  # a call costs casacore a look at every member of a virtual cube
    for first in range(0, count, block):
        last = min(count, first + block)
        planes = cube.getdata((first, 0, 0, 0), (last - 1, 0, size - 1, size - 1))
        for k, plane in enumerate(np.reshape(planes, (last - first, size, size)), first):
            reference.flat[0] = k
            assert np.array_equal(plane, reference), f"channel {k}"


def ratio(ours, theirs):
    """Ours / theirs: the median of walls of neighbouring runs, and the least CPU times."""
    walls = np.median([a / b for (a, _), (b, _) in zip(ours, theirs)])
    return walls, min(c for _, c in ours) / min(c for _, c in theirs)


def seconds(runs):
    return " ".join(f"{wall:.2f}" for wall, _ in runs) + \
        f" s (CPU {min(cpu for _, cpu in runs):.2f} s)"


def keep(kept, metric, ours, theirs):
    for name, place in (("wall", 0), ("cpu", 1)):
        kept.add(f"{metric}_{name}", min(run[place] for run in ours), "s",
                 peer=min(run[place] for run in theirs))


def small_images(skymill, work, count, runs, kept):
    """Virtual and moved in, beside opening once."""
    size = 128
    small, copy, output = work / "small", work / "copy", work / "cube.image"
    make_images(small, count, size, True)
    with open(small / "sub.0.image/table.f0_TSM0", "rb") as file:
        reference = np.frombuffer(file.read(), "f4").reshape(size, size).copy()
    opened, virtual, moved = [], [], []
    for run in range(runs):
        remove(copy)
        shutil.copytree(small, copy)
        opened.append(measured([sys.executable, "-c", OPEN_ALL, str(small)]))
        virtual.append(join(skymill, small, output, "virtual"))
        if run == runs - 1:
            check(output, count, size, reference)
        moved.append(join(skymill, copy, output, "movevirtual"))
        assert list(copy.iterdir()) == []
    check(output, count, size, reference)
    print(f"{count} images of {size} x {size}\n  opened once   {seconds(opened)}")
    for name, used in ("virtual", virtual), ("movevirtual", moved):
        wall, cpu = ratio(used, opened)
        print(f"  {name:13} {seconds(used)}: {wall:.2f} of the wall, {cpu:.2f} of the CPU",
              flush=True)
        keep(kept, name, used, opened)
    for folder in (small, copy, output):
        remove(folder)


def large_images(skymill, work, count, size, runs, planar, kept):
    """Paged, beside cp."""
    large, output = work / "large", work / "cube.image"
    make_images(large, count, size, planar)
    copied, paged = [], []
    for _ in range(runs):
        copied.append(copy_with_fsync(large, work / "copied"))
        paged.append(join(skymill, large, output, "paged"))
    image = casacore.images.image(str(large / "sub.0.image"))
    reference = np.reshape(image.getdata(), (size, size)).copy()
    del image
    check(output, count, size, reference)
    wall, cpu = ratio(paged, copied)
    print(f"{count} images of {size} x {size}, {'one tile each' if planar else 'default tiles'}\n"
          f"  cp and fsync  {seconds(copied)}\n  paged         {seconds(paged)}: {1 / wall:.2f} of "
          f"the rate of cp, {cpu:.2f} of its CPU", flush=True)
    keep(kept, "paged_planar" if planar else "paged_tiled", paged, copied)
    remove(large)
    remove(output)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--skymill", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder with 13 GB of room")
    parser.add_argument("--cases", default="small,planar,tiled")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--size", type=int, default=1024, help="of the images for the paged cube")
    figures.add_option(parser)
    arguments = parser.parse_args()
    kept = figures.Figures("concat", arguments.json)
    skymill, count, runs = arguments.skymill.resolve(), arguments.count, arguments.runs
    work = arguments.work.resolve() / "concat"
    remove(work)
    work.mkdir(parents=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (4 * count, 4 * count))
    try:
        for case in arguments.cases.split(","):
            if case == "small":
                small_images(skymill, work, count, runs, kept)
            else:
                large_images(skymill, work, count, arguments.size, runs, case == "planar", kept)
    finally:
        remove(work)


if __name__ == "__main__":
    main()
